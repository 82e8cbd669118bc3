"""Runs of `scalargrad grade` as processes: killed, at the same time, and with hostile files."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from handed_in import PROGRAM, zipped
from peers import peer

from scalargrad.sheets.variants import variants
from scalargrad.sheets.worksheet import worksheet

SHEET = worksheet(PROGRAM, ask="all")
COUNT = 40


def answered(sheet, *answers):
    lines = zip(sheet.lines, answers, strict=True)
    return replace(sheet, lines=tuple(replace(a, written=b) for a, b in lines)).markdown()


@pytest.fixture
def folder(tmp_path):
    """A class, and its key."""
    draw = random.Random(6)
    (tmp_path / "class").mkdir()
    for number in range(COUNT):
        answers = [f"{draw.uniform(-2, 2):.3f}" for _ in SHEET.lines]
        (tmp_path / "class" / f"{number:02}.md").write_text(answered(SHEET, *answers))
    (tmp_path / "key.md").write_text(SHEET.markdown(answers=True))
    return tmp_path


def started(place, *more):
    command = [sys.executable, "-m", "scalargrad", "grade", "key.md", "class", *more]
    return subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, start_new_session=True)  # fmt: skip


def ended(process):
    out, err = process.communicate(timeout=200)
    return process.returncode, out, err


def whole(path, reports):
    """The gradebook, where it and all its reports are whole."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == COUNT
    assert all(row["version"] and row["asked"] == str(len(SHEET.lines)) for row in rows)
    assert len(list(reports.glob("*.report.md"))) == COUNT
    return path.read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills a group of processes")
def test_killed_at_any_moment_a_second_run_completes_it(folder):
    begun = time.monotonic()
    assert ended(started(folder, "-o", "right.csv", "--report", "right"))[0] == 0
    length = time.monotonic() - begun
    right = whole(folder / "right.csv", folder / "right")
    kept = set()
    for share in (0.4, 0.7, 0.95):
        process = started(folder, "-j", "2", "-o", f"{share}.csv", "--report", f"{share}")
        time.sleep(share * length)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        journal = folder / f"{share}.csv.marks.jsonl"
        kept.add(len(journal.read_bytes().split(b"\n")) if journal.exists() else 0)
        if not (folder / f"{share}.csv").exists():  # there, it is whole
            assert ended(started(folder, "-o", f"{share}.csv", "--report", f"{share}"))[0] == 0
        assert whole(folder / f"{share}.csv", folder / f"{share}") == right
    assert len(kept) > 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="starts groups of processes")
def test_three_runs_at_once_leave_one_whole_gradebook(folder):
    runs = [started(folder, "-j", "1", "-o", "g.csv", "--report", "r") for _ in range(3)]
    codes = [ended(run)[0] for run in runs]
    assert 0 in codes
    assert set(codes) <= {0, 2}  # it is there
    right = whole(folder / "g.csv", folder / "r")
    runs = [started(folder, "-o", "g.csv", "--report", "r", "--force") for _ in range(3)]
    assert [ended(run)[0] for run in runs] == [0, 0, 0]
    assert whole(folder / "g.csv", folder / "r") == right
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


# Bad input ---------------------------------------------------------------------------------------

ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><w:document>&i;</w:document>"
).encode()
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b"<w:document>&a;</w:document>"
)
TYPES = (
    b'<?xml version="1.0"?>'
    b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def packed(document, **more):
    files = {"[Content_Types].xml": TYPES, "word/document.xml": document, "word/vba.bin": b"x"}
    return zipped(files | more)


def test_hostile_files_are_a_row_each_and_the_class_is_marked(tmp_path):
    peer("docx")
    sheets = [worksheet(text, ask="path:w").with_id(number)
              for number, text in enumerate(variants(PROGRAM, 4, 5), 1)]  # fmt: skip
    for name in ("keys", "class"):
        (tmp_path / name).mkdir()
    texts = [sheet.markdown(answers=True) for sheet in sheets]
    for number, text in enumerate(texts, 1):
        (tmp_path / "keys" / f"key-{number}.md").write_text(text)
        (tmp_path / "class" / f"right-{number}.md").write_text(text)
    (tmp_path / "keys" / "key-2.md").write_text(texts[1].replace(sheets[1].id, sheets[0].id))
    (tmp_path / "keys" / "key-4.md").write_text(texts[3].replace("| ∂h/∂w |", "| ∂h/∂w | 7.77 |"))
    hostile = {
        "large.md": b"a" * 50_000_000, "bomb.docx": packed(b" " * 60_000_000),
        "entities.docx": packed(ENTITIES), "outside.docx": packed(OUTSIDE),
        "macro.docm": packed(b"<w:document/>"), "x\\..\\..\\up.docx": zipped({"../../up": b"x"}),
        "page.html": b"<td>" * 100_000, "deep.ipynb": b"[" * 100_000,
        "quine.pdf": b"%PDF-1.4\n" + b"1 0 obj<</Length 9 0 R>>stream\n" * 1000,
    }  # fmt: skip
    for name, content in hostile.items():
        (tmp_path / "class" / name).write_bytes(content)
    (tmp_path / "roster.csv").write_text("id,name\na1,../../Ada\na1,Bob\nc3,Cy\n")
    command = ["grade", "keys", "class", "--roster", "roster.csv", "--report", "r", "-j", "2"]
    done = subprocess.run([sys.executable, "-m", "scalargrad", *command], cwd=tmp_path,
                          capture_output=True, text=True, timeout=200, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (tmp_path / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert len(rows) == 4 + len(hostile)
    problems = {name: row["problem"] for name, row in rows.items() if row["problem"]}
    assert len(problems) == len(hostile) + 1  # of the sheets that of the key which is left out
    assert not any("\n" in problem or "root:" in problem for problem in problems.values())
    assert [rows[f"right-{number}.md"]["score"] for number in (1, 2, 3)] == ["1", "1", "1"]
    for said in (
        "have one id, sg-1-",
        "the key is wrong itself: key-4.md, line",
        "the id a1 twice",
    ):
        assert len([line for line in done.stderr.split("\n") if said in line]) == 1, done.stderr
    assert done.stderr.count("\n") == 4, done.stderr
    assert len(list((tmp_path / "r").iterdir())) == len(rows)
    assert not (tmp_path.parent / "up").exists()
