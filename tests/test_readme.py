"""Everything in the README runs, and does what it says."""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from scalargrad.view.drawing import STYLES
from scalargrad.view.export.formats import FRAME_SUFFIXES, SUFFIXES
from scalargrad.view.scene import THEMES

README = Path(__file__).parent.parent / "README.md"


def shell_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def test_every_python_example_prints_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, attempted = doctest.testfile(
        str(README), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert failed == 0
    assert attempted >= 12
    assert (tmp_path / "backprop.svg").stat().st_size > 1000


@pytest.mark.parametrize(
    "command", [line for line in shell_commands() if line.startswith("scalargrad ")]
)
def test_every_scalargrad_command_works(command, tmp_path):
    words = [sys.executable, "-m", *shlex.split(command)]
    if words[3:5] == ["check", "key.md"]:  # the command before it writes the key
        made = next(line for line in shell_commands() if "--key key.md" in line)
        subprocess.run([sys.executable, "-m", *shlex.split(made)], cwd=tmp_path, check=True)
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    for written in re.findall(r"-o (\S+)", command):
        assert (tmp_path / written).stat().st_size > 100


def test_every_make_command_is_a_target():
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    used = {line.split()[1] for line in shell_commands() if line.startswith("make ")}
    assert used >= {"demo", "test"}
    assert used <= targets


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert links
    missing = [link for link in links if not (README.parent / link).exists()]
    assert missing == []


def test_every_suffix_style_and_theme_is_named_as_the_program_has_it():
    text = README.read_text(encoding="utf-8")
    for pattern, known in (
        (r"^\| `draw\(loss\)` \|.*`\.save\(\)` as (.*) \|$", SUFFIXES),
        (r"^\| `draw\(loss\)\.frames\(\)` \|.*a step: (.*) \|$", FRAME_SUFFIXES),
    ):
        (listed,) = re.findall(pattern, text, re.MULTILINE)
        named = re.findall(r"\.[a-z]+", listed)
        assert set(named) <= set(known)
        assert len(named) >= len(known) - 2  # .svg and .png of frames stand side by side
    assert re.findall(r'^\| `style="(\w+)"`', text, re.MULTILINE) == list(STYLES)
    themes = re.search(r"^\| `theme=` \| (.*) \|$", text, re.MULTILINE)[1]
    assert re.findall(r'"([\w-]+)"', themes) == list(THEMES)
