"""What make quick runs: the rooms that it names, and from here a picture of each style."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scalargrad import draw, program
from scalargrad.lectures import LECTURES
from scalargrad.view.drawing import STYLES

ROOT = Path(__file__).parent.parent
(PATHS,) = re.findall(
    r"^QUICK = (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.mark.parametrize("style", STYLES)
def test_the_lecture_is_drawn_in_every_style(style):
    example = program(LECTURES[0].text)
    example.output.backward()
    drawing = draw(example.output, wrt="w2", style=style)
    picture = ElementTree.fromstring(drawing.content(".svg"))
    shapes = picture.findall(".//{*}path")
    assert len(shapes) > 20
    named = picture.find("{*}desc").text
    for value, gradient in re.findall(r"value (\S+), gradient (\S+)", repr(drawing)):
        assert value in named
        assert gradient in named
    assert "−0.24" in named


@pytest.mark.slow
def test_a_quick_run_takes_of_each_room_some_cases_and_no_slow_ones():
    command = [sys.executable, "-m", "pytest", "--quick", "--collect-only", "-q", *PATHS.split()]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300,
                            env={**os.environ, "PYTEST_ADDOPTS": ""})  # fmt: skip
    assert listed.returncode == 0, listed.stdout
    chosen = [line for line in listed.stdout.splitlines() if "::" in line]
    for path in PATHS.split():
        assert any(line.startswith(path) for line in chosen), path
    families = {}
    for line in chosen:
        families.setdefault(line.partition("[")[0], []).append(line)
    assert max(map(len, families.values())) == 12
    assert not any("million_nodes" in line or "no_slow_ones" in line for line in chosen)
