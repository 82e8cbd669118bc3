"""Everything that needs no library, in a process that finds none and in one that finds all."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "programs" / "without_libraries.py"


def files_of(folder, *options):
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), *options],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in folder.iterdir()}, done.stdout


def test_files_are_the_same_without_a_single_library(tmp_path):
    alone, loaded = files_of(tmp_path / "alone")
    assert loaded.split(maxsplit=1)[1].strip() == "[]"
    beside, _ = files_of(tmp_path / "beside", "with all libraries")
    assert len(alone) > 150
    assert [name for name in alone if alone[name] != beside.get(name)] == []
    assert alone.keys() == beside.keys()


def test_drawing_by_the_command_line_loads_no_library(tmp_path):
    code = (
        "import sys; from scalargrad.cli.commands import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(sorted({'matplotlib', 'numpy', 'PIL', 'graphviz', 'tqdm', 'platformdirs', 'xml.sax',"
        " 'sympy', 'pptx'} & set(sys.modules)))"
    )
    lecture = PROGRAM.parents[2] / "scalargrad" / "lectures" / "backprop.sg"
    for suffix in ("svg", "pdf", "tex"):
        file = str(tmp_path / f"x.{suffix}")
        done = subprocess.run(
            [sys.executable, "-c", code, "draw", str(lecture), "--wrt", "w2", "-o", file],
            capture_output=True, text=True, timeout=100, check=True,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1] == "[]"
