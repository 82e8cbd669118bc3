"""Everything in the README runs, and does what it says."""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

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
