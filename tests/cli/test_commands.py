import csv
import io
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scalargrad import GradientMismatch
from scalargrad.checking import gradcheck
from scalargrad.cli import commands as cli
from scalargrad.lectures import LECTURES

PROGRAM = "loss = (w*x - y)^2"
AT = ("--at", "w=0.5,x=2,y=3")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        return (code, *capsys.readouterr())

    return run


def test_demo_leaves_the_pictures_and_prints_derivation_and_fraction(run):
    code, out, err = run("demo", "-o", "a/b")
    assert (code, err) == (0, "")
    assert out.count("∂ℓ/∂w₂ = −6/25") == 2
    assert out.count("= (−1.2) × (0.1) × (2)\n") == 2
    endings = (".svg", ".pdf", ".png", ".tex", ".dot", "_steps.html")
    names = {f"{lecture.name}{ending}" for lecture in LECTURES for ending in endings}
    assert set(os.listdir("a/b")) == names
    assert all(f"wrote a/b/{name}" in out for name in names)
    golden = Path(__file__).parents[1] / "golden" / "backprop.svg"
    assert Path("a/b/backprop.svg").read_bytes() == golden.read_bytes()


def test_draw_takes_style_theme_path_and_frames(run):
    lecture = LECTURES[0].text
    options = ("--style", "circuit", "--theme", "dark", "--wrt", "x", "--path", "h1",
               "--direction", "TB", "--digits", "5", "--detail", "all")  # fmt: skip
    assert run("draw", lecture, *options, "-o", "p.svg", "-o", "p.html") == (
        0, "wrote p.svg\nwrote p.html\n", "",
    )  # fmt: skip
    assert "#111827" in Path("p.svg").read_text()
    assert run("draw", lecture, "--frames", "-o", "f.gif")[0] == 0
    assert Path("f.gif").read_bytes().startswith(b"GIF89a")
    assert run("draw", lecture, "--frames")[1] == "wrote graph.html\n"
    assert run("draw", lecture, "--wrt", "w1,w2", "--fractions", "-o", "q.dot")[0] == 0
    assert "−6/25" in Path("q.dot").read_text()


def test_draw_shows_all_outputs_of_a_last_vector(run):
    text = "x = [1, 2]; W = [[1, 2], [3, 4]]; p = softmax(W x)"
    assert run("draw", text, "-o", "all.dot")[0] == 0
    assert {"p₁", "p₂"} <= set(re.findall("p[₁₂]", Path("all.dot").read_text()))
    assert run("draw", text, "--wrt", "W11", "-o", "last.dot")[0] == 0
    assert set(re.findall("p[₁₂]", Path("last.dot").read_text())) == {"p₂"}


def test_derive_prints_text_latex_and_markdown(run):
    lecture = LECTURES[0].text
    text = run("derive", lecture, "--wrt", "w2")[1]
    assert text.splitlines()[0] == "∂ℓ/∂w₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ × ∂h₂/∂w₂"
    assert "= −0.24" in text
    assert r"\begin{align*}" in run("derive", lecture, "--wrt", "w2", "--format", "latex")[1]
    assert run("derive", lecture, "--wrt", "w₂", "--format", "markdown")[1].startswith("$$")
    assert "along x → h₁" in run("derive", lecture, "--wrt", "x", "--path", "h1")[1]
    assert "−6/25" in run("derive", lecture, "--wrt", "w2", "--fractions")[1]


SHEET = """```
{program}
```

| quantity | answer |
|---|---|
| dl/dyhat | -1.2 |
| dh2/dw2 | {answer} |
"""


def test_check_marks_a_sheet_and_its_exit_code_says_whether_all_is_right(run):
    for answer, wanted in (("2", 0), ("1", 1)):
        Path("s.md").write_text(SHEET.format(program=LECTURES[0].text, answer=answer))
        code, out, err = run("check", "s.md")
        assert (code, err) == (wanted, "")
        assert ("you wrote 1, it is 2 (= x)" in out) == bool(wanted)
    assert "it is 2" not in run("check", "s.md", "--no-solutions")[1]
    assert run("check", "s.md", "--format", "json")[1].startswith("{")
    assert run("check", "s.md", "--format", "html")[1].startswith("<table>")
    assert "\x1b" not in run("check", "s.md")[1]


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_the_report_has_colours_on_a_terminal_that_wants_them(run, environment, coloured):
    import pty

    Path("s.md").write_text(SHEET.format(program=LECTURES[0].text, answer="1"))
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "scalargrad", "check", "s.md"]
    done = subprocess.run(command, stdout=theirs, env={**kept, "TERM": "xterm", **environment},
                          check=False, timeout=60)  # fmt: skip
    printed = os.read(ours, 100_000).decode()
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 1
    assert ("\x1b[31m✗ ∂h₂/∂w₂" in printed) == coloured
    assert ("\x1b[" in printed) == coloured


HOSTILE = {
    "missing-table": ("```sg\nx = 2\n```\n", 2, "no table with the header"),
    "missing-program": ("| quantity | answer |\n| x | 2 |\n", 2, "the sheet has no program"),
    "missing-program.csv": ("quantity,answer\nx,2\n", 2, "give it with --program"),
    "unknown": ("```sg\nx = 2; y = x*x\n```\n|quantity|answer|\n|xx|2|\n|x|2|\n", 1, "named 'xx'"),
    "twice": ("```sg\nx = 2; y = x*x\n```\n|quantity|answer|\n|x|2|\n|x|3|\n", 0, "line 1 answers"),
    "windows": ("```sg\r\nx = 2\r\ny = x*x\r\n```\r\n|quantity|answer|\r\n|x|2|\r\n", 0, "right"),
    "bom": ("\ufeff```sg\nx = 2; y = x*x\n```\n|quantity|answer|\n|x|2|\n", 0, "right"),
    "html": (f"```sg\nx = 2\n```\n|quantity|answer|\n|x|{'<i>' * 50_000}|\n", 1, "is written like"),
    "yaml": ("---\na: &a [*a,*a]\n---\n```sg\nx = 2\n```\n|quantity|answer|\n|x|2|\n", 0, "right"),
    "fifty-megabytes": (f"{'x' * 50_000_000}", 2, "at most 1,000,000 characters"),
    "binary": (bytes(range(256)), 2, "a sheet is a text in UTF-8"),
    "utf-16": ("```sg\nx = 2\n```\n|quantity|answer|\n|x|2|\n".encode("utf-16"), 0, "right"),
}


def written(name, content):
    """The content in a file, which is CSV where the name says so."""
    path = Path(name if name.endswith(".csv") else f"{name}.md")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_sheet_holds_check_says_in_one_line(run, name):
    content, wanted, said = HOSTILE[name]
    code, out, err = run("check", written(name, content))
    assert code == wanted
    assert said in out + err
    assert (err.count("\n"), out) == (1, "") if code == 2 else err == ""


def test_whatever_a_class_holds_the_rest_is_marked(run):
    Path("class").mkdir()
    for name, (content, _, _) in HOSTILE.items():
        written(f"class/{name}", content)
    for place in ("key.md", "class/zoe.md"):
        Path(place).write_text("```sg\nx = 2; y = x*x\n```\n|quantity|answer|\n|x|2|\n")
    assert run("grade", "key.md", "class", "-j", "1", "--report", "r")[0] == 0
    rows = list(csv.DictReader(io.StringIO(Path("gradebook.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(HOSTILE) + 1 == len(os.listdir("r"))
    assert rows[-1]["submission"] == "zoe.md"
    assert [row["score"] == "1" for row in rows] == [
        row["submission"].partition(".")[0] not in ("html", "binary", "fifty-megabytes")
        and row["submission"] != "missing-table.md"
        for row in rows
    ]
    assert not any("\n" in row["problem"] for row in rows)


def test_a_sheet_states_its_convention_and_the_option_has_the_last_word(run):
    text = "x = 2; w = 0; h = relu(w*x); loss = (h - 1)^2"
    made = ("worksheet", text, "-o", "s.md", "--key", "k.md", "--ask", "path:w")
    assert run(*made, "--convention", "relu'(0) = 1")[0] == 0
    assert "Convention: relu'(0) = 1." in Path("s.md").read_text()
    assert run("check", "k.md")[0] == 0
    assert run("check", "k.md", "--at-kinks", "convention")[0] == 1
    assert run("check", "k.md", "--at-kinks", "relu'(0) = 0")[0] == 1
    assert run("check", "k.md", "--at-kinks", "any")[0] == 0


def test_grade_marks_a_class_whatever_is_in_it(run):
    Path("class").mkdir()
    Path("key.md").write_text(SHEET.format(program=LECTURES[0].text, answer="2"))
    for name, answer in (("ann", "2"), ("bob", "1")):
        sheet = SHEET.format(program=LECTURES[0].text, answer=answer)
        Path(f"class/{name}.md").write_text(sheet)
    Path("class/eve.md").write_bytes(bytes(range(256)))
    code, out, err = run("grade", "key.md", "class", "-o", "g.csv", "--report", "r", "-j", "1")
    assert (code, out) == (0, "wrote g.csv: 3 submissions\nwrote r\n"), err
    rows = Path("g.csv").read_text().splitlines()
    assert len(rows) == 4
    assert [next(name for name in ("ann", "bob", "eve") if name in row) for row in rows[1:]]
    assert len(os.listdir("r")) == 3
    code, _, err = run("grade", "key.md", "class", "-o", "g.csv")
    assert code == 2
    assert "g.csv" in err


def test_a_class_with_variants_is_graded_by_its_keys_without_solutions(run):
    Path("class").mkdir()
    Path("keys").mkdir()
    text = LECTURES[0].text
    made = ("worksheet", text, "-o", "class/s.md", "--key", "keys/k.md", "--variants", "3")
    assert run(*made)[0] == 0
    blank = Path("class/s-2.md").read_text()
    Path("class/s-2.md").write_text(Path("keys/k-2.md").read_text())
    for key, book in (("keys", "a.csv"), ("keys/k.md", "b.csv")):
        code, out, err = run("grade", key, "class", "-o", book, "--report", f"{book}.d", "-j", "1",
                             "--no-solutions")  # fmt: skip
        assert (code, out) == (0, f"wrote {book}: 3 submissions\nwrote {book}.d\n"), err
    rows = Path("a.csv").read_text().splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == ["0", "1", "0"]
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    assert "it is" not in Path("a.csv.d/s-1.md.report.md").read_text()
    assert blank != Path("class/s-1.md").read_text()


def test_a_worksheet_has_a_picture_to_be_filled_in_where_it_is_asked_for(run):
    made = ("worksheet", LECTURES[0].text, "-o", "s.md", "--ask", "path:w2")
    image = "](data:image/svg+xml;base64,"
    assert run(*made)[0] == 0
    assert image not in Path("s.md").read_text(encoding="utf-8")
    assert run(*made, "--picture", "--force")[0] == 0
    assert image in Path("s.md").read_text(encoding="utf-8")
    assert run(*made[:2], "-o", "s.html", "--picture", "--key", "k.pdf")[0] == 0
    assert "<img" in Path("s.html").read_text(encoding="utf-8")
    assert Path("k.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("option", "name", "suffixes"),
    [("-o", "s.docx", ".md, .txt, .csv, .html or .pdf"), ("-o", "s", ".md, .txt, .csv"),
     ("--key", "k.xlsx", ".html or .pdf"), ("--moodle", "m.csv", ".xml"), ("--qti", "q", ".zip"),
     ("--nbgrader", "n.py", ".ipynb"), ("--otter", "o.ipynb", ".py")],
)  # fmt: skip
def test_a_name_that_says_another_format_is_refused_with_those_there_are(
    run, option, name, suffixes
):
    rest = () if option == "-o" else ("-o", "s.md")
    code, out, err = run("worksheet", LECTURES[0].text, option, name, *rest)
    assert (code, out) == (2, "")
    assert name in err
    assert suffixes in err
    assert not Path("s.md").exists()


def test_a_worksheet_and_its_key_are_written_once(run):
    made = ("worksheet", LECTURES[0].text, "-o", "sheet.md", "--key", "key.csv", "--ask", "path:w2")
    assert run(*made) == (0, "wrote sheet.md\nwrote key.csv\n", "")
    assert "∂ℓ/∂w₂,−0.24" in Path("key.csv").read_text()
    sheet = Path("sheet.md").read_text()
    assert "0.24" not in sheet
    code, out, err = run(*made)
    assert (code, out) == (2, "")
    assert "sheet.md" in err
    assert "--force" in err
    assert run(*made, "--force")[0] == 0
    assert run("worksheet", LECTURES[0].text, "-o", "v.md", "--variants", "2")[0] == 0
    assert Path("v-1.md").read_text() != Path("v-2.md").read_text()


def test_doctor_says_what_is_found(run):
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    assert "matplotlib" in out
    assert "pip install" in out or "found" in out


def test_a_failed_check_has_exit_code_1(run, monkeypatch):
    def wrong(*_):
        raise GradientMismatch("1 of 1 lines is not right:\n✗")

    monkeypatch.setattr(gradcheck, "assert_gradients", wrong)
    code, _, err = run("demo")
    assert code == 1
    assert err.startswith("scalargrad: 1 of 1 lines")


def test_draw_takes_a_file_standard_input_or_the_text(run, monkeypatch):
    Path("p.sg").write_text(PROGRAM)
    assert run("draw", "p.sg", *AT, "-o", "file.dot") == (0, "wrote file.dot\n", "")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PROGRAM.encode())))
    assert run("draw", "-", *AT, "-o", "stdin.dot")[0] == 0
    assert run("draw", PROGRAM, *AT, "-o", "text.dot", "-o", "text.svg")[0] == 0
    assert run("draw", PROGRAM, *AT)[1] == "wrote graph.svg\n"
    sources = {Path(f"{name}.dot").read_bytes() for name in ("file", "stdin", "text")}
    assert len(sources) == 1
    assert Path("text.svg").read_bytes() == Path("graph.svg").read_bytes()


def test_table_prints_exact_numbers_and_floats(run):
    exact = run("table", PROGRAM, *AT)[1]
    assert exact.splitlines()[-1].split() == ["ℓ", "4", "1"]
    assert [line for line in exact.splitlines() if line.startswith("w ")] == ["w     1/2 = 0.5  −8"]
    rounded = run("table", PROGRAM, "--at", "w=~0.7", "--at", "x=2, y=3")[1]
    assert "≈ 0.7" in rounded
    assert run("table", PROGRAM, *AT, "--markdown")[1].startswith("| name | value | gradient |")
    assert "✓" not in exact


BAD = {
    "unknown-command": ["drawn"], "unknown-option": ["draw", "y=1", "--foo"],
    "no-program": ["draw"], "missing-file": ["table", "missing.sg"],
    "missing-path": ["table", "no/such/file.sg"], "folder": ["draw", "folder"],
    "binary": ["table", "binary"], "binary.sg": ["table", "binary.sg"], "ten-megabytes":
    ["table", "large.sg"], "ten-megabytes-of-two-byte-letters": ["table", "letters.sg"],
    "empty": ["table", ""], "syntax": ["table", "y = 2 +"], "function": ["table", "y = tnah(1)"],
    "domain": ["table", "y = log(0-1)"], "no-input": ["table", "y = x"],
    "at-nothing": ["table", "y = x", "--at", ""], "at-no-number": ["table", "y = x", "--at", "x"],
    "at-word": ["table", "y = x", "--at", "x=two"], "at-float-word": ["table", "y=x", "--at",
    "x=~two"], "at-twice": ["table", "y = x", "--at", "x=1,x=2"], "at-unknown":
    ["table", "y = x", "--at", "x=1,z=2"], "at-zero-division": ["table", "y = x", "--at", "x=1/0"],
    "suffix": ["draw", "y = 1", "-o", "p.jpg"], "no-suffix": ["draw", "y = 1", "-o", "p"],
    "missing-folder": ["draw", "y = 1", "-o", "no/p.svg"], "target-folder":
    ["draw", "y = 1", "-o", "folder.svg"], "second-suffix": ["draw", "y = 1", "-o", "p.svg", "-o",
    "p.x"], "second-folder": ["draw", "y = 1", "-o", "p.svg", "-o", "no/p.svg"],
    "digits": ["draw", "y = 1", "--digits", "0"], "digits-word": ["draw", "y=1", "--digits", "x"],
    "demo-on-a-file": ["demo", "-o", "binary"], "null": ["table", "a\x00b"], "long-name":
    ["draw", "y = 1", "-o", "x" * 300 + ".svg"], "surrogate": ["table", "y = \udcff"],
    "huge-power": ["table", "y = 2^(1e401)"], "style": ["draw", "y = 1", "--style", "net"],
    "theme": ["draw", "y = 1", "--theme", "pink"], "wrt": ["draw", "y = 1", "--wrt", "w"],
    "detail": ["draw", "y = 1", "--detail", "most"], "direction": ["draw", "y = 1", "--direction",
    "RL"], "engine": ["draw", "y = 1", "--engine", "neato"], "path": ["draw", "y = x", "--at",
    "x=1", "--wrt", "x", "--path", "q"], "frames-suffix": ["draw", "y = 1", "--frames", "-o",
    "p.dot"], "derive-nothing": ["derive", "y = 1"], "derive-unknown": ["derive", "y = 1", "--wrt",
    "w"], "derive-format": ["derive", "y = 1", "--wrt", "y", "--format", "pdf"],
    "derive-path": ["derive", "y = x", "--at", "x=1", "--wrt", "x", "--path", "q"],
    "check-missing": ["check", "missing.md"], "check-folder": ["check", "folder"],
    "check-binary": ["check", "binary"], "check-format": ["check", "binary", "--format", "pdf"],
    "check-kinks": ["check", "binary", "--at-kinks", "some"],
    "worksheet-bad": ["worksheet", "y = 2 +", "-o", "w.md"],
    "worksheet-ask": ["worksheet", "x = 1; y = 2*x", "-o", "w.md", "--ask", "path:q"],
    "worksheet-count": ["worksheet", "x = 1; y = 2*x", "-o", "w.md", "--variants", "0"],
    "worksheet-place": ["worksheet", "x = 1; y = 2*x", "-o", "no/w.md"],
    "grade-missing": ["grade", "missing.md", "folder"],
    "worksheet-convention": ["worksheet", "x = 1; y = 2*x", "-o", "w.md", "--convention", "none"],
    "worksheet-slope": ["worksheet", "x = 1; y = 2*x", "-o", "w.md", "--convention", "relu'(0)=2"],
    "check-slope": ["check", "binary", "--at-kinks", "relu'(0) = 2"],
    "grade-jobs": ["grade", "binary", "folder", "-j", "0"],
    "grade-binary": ["grade", "binary", "folder"], "grade-no-keys": ["grade", "folder", "folder"],
    "worksheet-twice": ["worksheet", "x = 1; y = 2*x", "-o", "s.md", "--key", "s.md"],
    "worksheet-twice-by-another-way":
    ["worksheet", "x = 1; y = 2*x", "-o", "s.md", "--key", "folder/../s.md", "--force"],
    "worksheet-variants-twice":
    ["worksheet", "x = 1; y = 2*x", "-o", "s.md", "--key", "s.md", "--variants", "2"],
    "draw-twice": ["draw", "y = 1", "-o", "p.svg", "-o", "p.svg"],
    "grade-kinks": ["grade", "binary", "folder", "--at-kinks", "some"],
}  # fmt: skip


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_message_and_writes_nothing(run, arguments):
    Path("folder").mkdir()
    Path("folder.svg").mkdir()
    for name in ("binary", "binary.sg"):
        Path(name).write_bytes(bytes(range(256)))
    if "large.sg" in arguments:
        Path("large.sg").write_text("x = 1\n" * 1_700_000)
    if "letters.sg" in arguments:
        Path("letters.sg").write_text("#" + "é" * 5_000_000)
    before = sorted(Path().rglob("*"))
    code, out, err = run(*arguments)
    assert code == 2
    assert err.startswith("scalargrad: ")
    assert "Traceback" not in err
    assert len(err) < 1_500
    assert out == ""
    assert sorted(Path().rglob("*")) == before


def test_no_command_shows_the_help(run):
    code, out, err = run()
    assert code in (0, 2)
    assert all(command in out + err for command in ("demo", "draw", "table", "derive", "doctor"))
    assert "Traceback" not in err


def test_the_message_names_what_is_wrong(run):
    assert "did you mean 'tanh'" in run("table", "y = tnah(1)")[2]
    assert "folder is a folder" in (Path("folder").mkdir(), run("draw", "folder"))[1][2]
    assert "no such file: missing.sg" in run("table", "missing.sg")[2]
    wrong = run("table", "y=x", "--at", "x")[2]
    assert wrong == "scalargrad: --at takes name=number; got 'x'\n"


def test_an_old_picture_survives_bad_input(run):
    Path("p.svg").write_text("old")
    assert run("draw", "y = 1", "-o", "p.svg", "-o", "no/p.svg")[0] == 2
    assert run("draw", "y = log(0)", "-o", "p.svg")[0] == 2
    assert Path("p.svg").read_text() == "old"


def spawn(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "scalargrad", *arguments], timeout=60, capture_output=True, **more
    )


def test_the_program_runs_as_a_process():
    done = spawn("table", "-", *AT, input=PROGRAM.encode(), env={**os.environ, "PYTHONUTF8": "1"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert "ℓ" in done.stdout.decode()
    done = spawn("table", "y = 2 +")
    assert done.returncode == 2
    assert done.stderr.startswith(b"scalargrad: line 1")
    assert b"Traceback" not in done.stderr


def test_what_is_only_noted_is_said_once_on_a_line_of_its_own():
    done = spawn("table", "a = 3^20000; b = 5^20000; y = a b")
    assert done.returncode == 0
    assert done.stderr.startswith(b"scalargrad: an exact number grew beyond 20,000 bits")
    assert done.stderr.count(b"\n") == 1


def test_a_closed_pipe_is_silent():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "scalargrad", "table", "y = 1"],
        stdout=write, stderr=subprocess.PIPE, timeout=60,
    )  # fmt: skip
    os.close(write)
    assert done.stderr == b""
    assert done.returncode in (0, 1)


def test_output_that_the_terminal_cannot_show_is_no_traceback():
    done = spawn("table", PROGRAM, *AT, env={**os.environ, "PYTHONIOENCODING": "ascii",
                                             "PYTHONUTF8": "0", "LC_ALL": "C"})  # fmt: skip
    assert b"Traceback" not in done.stderr


def test_a_part_that_is_not_installed_is_named(run, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "scalargrad.view.drawing", None)
        with pytest.raises(ModuleNotFoundError):  # a part of ours is a mistake of ours
            run("draw", "y = 1")
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setattr("scalargrad.view.drawing.draw", lambda *_, **__: __import__("numpy"))
    code, out, err = run("draw", "y = 1")
    assert (code, out) == (2, "")
    assert err == "scalargrad: this needs numpy, which is not installed; see scalargrad doctor\n"


def test_draw_watches_a_file_until_it_is_interrupted():
    file = Path("lecture.sg")
    file.write_text("x = 2; y = x^2")
    command = [sys.executable, "-m", "scalargrad", "draw", file, "--watch", "-o", "y.svg"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, "PYTHONUNBUFFERED": "1"}) as watching:  # fmt: skip
        limit = threading.Timer(60, watching.kill)
        limit.start()
        lines = iter(watching.stdout.readline, "")
        assert next(lines) == "wrote y.svg\n"
        before = Path("y.svg").read_bytes()
        file.write_text("x = 2; y = tnah(x)")
        assert next(lines).startswith("line 1, column 12: unknown function 'tnah'; did you mean")
        assert Path("y.svg").read_bytes() == before
        Path("new.sg").write_text("x = 2; y = tanh(x)")
        os.replace("new.sg", file)  # as some editors save
        assert next(lines) == "wrote y.svg\n"
        assert Path("y.svg").read_bytes() != before
        watching.send_signal(signal.SIGINT)
        assert list(lines) == []
        limit.cancel()
    assert watching.returncode == 0


def test_only_a_file_is_watched(run):
    assert run("draw", PROGRAM, *AT, "--watch")[::2] == (
        2, f"scalargrad: --watch takes a program file; got {PROGRAM}\n"
    )  # fmt: skip
