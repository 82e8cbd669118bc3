"""Files as they come: every one is a row, in whatever form, and nothing outside is followed."""

import json
import os
import socket
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from handed_in import ANSWERS, PROGRAM, ROWS, SHEET, TEXTS, docx_of, filled, pdf_of, zipped
from peers import peer

from scalargrad.sheets.documents import SheetError, submission_text, text_of
from scalargrad.sheets.feedback import markdown
from scalargrad.sheets.grading import grade, grade_to
from scalargrad.sheets.results import saved_results
from scalargrad.sheets.roster import Roster, Student
from scalargrad.sheets.submissions import origins, passed_over, person, submissions_in
from scalargrad.sheets.worksheet import read_sheet


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key.md"
    path.write_text(SHEET.markdown(answers=True))
    return path


def graded(key, path, **options):
    paths = path if isinstance(path, list) else [path]
    with ThreadPoolExecutor(1) as pool:
        return grade(key, paths, executor=pool, **options).results


# Forms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_a_sheet_is_read_in_the_form_in_which_it_comes(key, tmp_path, name):
    (tmp_path / name).write_text(TEXTS[name])
    (result,) = graded(key, tmp_path / name)
    assert (result.problem, result.score, result.asked) == ("", 1, 4)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["as-is.md", "commas.csv", "tabs.txt"])
def test_a_sheet_is_read_in_every_encoding_that_editors_write(key, tmp_path, name, encoding):
    (tmp_path / name).write_bytes(TEXTS[name].replace("\n", "\r\n").encode(encoding))
    (result,) = graded(key, tmp_path / name)
    assert (result.problem, result.score) == ("", 1)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_windows_1252_has_no_partial_and_the_lines_are_taken_in_their_order(key, tmp_path, ending):
    text = "Größe;Antwort\n" + "\n".join(f"{a};{b}".replace(".", ",") for a, b in ROWS)
    (tmp_path / "excel.csv").write_bytes(text.replace("\n", ending).encode("cp1252", "replace"))
    (result,) = graded(key, tmp_path / "excel.csv")
    assert (result.problem, result.score) == ("", 1)
    shorter = text.rpartition("\n")[0]  # a line is missing: which one cannot be told
    (tmp_path / "excel.csv").write_bytes(shorter.encode("cp1252", "replace"))
    (result,) = graded(key, tmp_path / "excel.csv")
    assert "no table" in result.problem


def test_spelling_of_quantities_in_a_table_with_another_header_is_free(key, tmp_path):
    (tmp_path / "a.md").write_text(
        "Grad | Zahl\n--- | ---\nd loss/d yhat | -1.04\ndyhat/dh | 0.3\n"
        "dh/dw | 2\nw.grad | -0.624\n"
    )
    (result,) = graded(key, tmp_path / "a.md")
    assert (result.problem, result.score) == ("", 1)


BY_HAND = {
    "chains": "∂ℓ/∂ŷ = 2(ŷ − y) = 2(0.48 − 1) = −1.04\n∂ŷ/∂h = v = 0.3\n∂h/∂w = x = 2\n"
    "∂ℓ/∂w = (−1.04)(0.3)(2) = −0.624",
    "lines of a chain": "∂ℓ/∂ŷ = 2(ŷ − y)\n  = 2(0.48 − 1)\n  = −1.04\n∂ŷ/∂h = 0.3\n∂h/∂w = 2\n"
    "∂ℓ/∂w = ∂ℓ/∂ŷ × ∂ŷ/∂h × ∂h/∂w\n  = (−1.04) × (0.3) × (2)\n  = −0.624",
    "one line": "dl/dyhat = -1.04; dyhat/dh = 0.3, dh/dw = 2   dl/dw = -0.624",
    "TeX": r"\begin{align*} \frac{\partial \ell}{\partial \hat{y}} &= 2(\hat y - y) = -1.04 \\"
    r"\frac{\partial \hat{y}}{\partial h} &= 0.3 \\ \frac{\partial h}{\partial w} &= 2 \\"
    r"\frac{\partial \ell}{\partial w} &= -0.624 \end{align*}",
    "an equation editor": "𝜕ℓ/𝜕𝑦̂ = −1.04\v𝜕𝑦̂/𝜕ℎ = 0.3\v𝜕ℎ/𝜕𝑤 = 2\u2028𝜕ℓ/𝜕𝑤 = −0.624",
    "wide signs": "dl/dyhat ＝ －1.04\ndyhat/dh ＝ 0.3\ndh/dw ＝ ２\ndl/dw ＝ －0.624",
    "ruled": "=========  =======\nquantité    réponse\n=========  =======\ndl/dyhat   -1.04\n"
    "dyhat/dh   0.3\ndh/dw      2\ndl/dw      -0.624\n=========  =======",
    "nearly": "dl/dyhat ≈ -1.04\ndyhat/dh = 3/10 ≈ 0.30\ndh/dw≃2.0\ndl/dw = -1.04*0.3*2 ≈ -0.624",
    "words": "dl/dyhat is -1.04\ndyhat/dh is 0.3\ndh/dw ist 2\ndl/dw est -0.624",
    "PyTorch": "yhat.grad = tensor(-1.0400, grad_fn=<MulBackward0>)\ndyhat/dh = tensor(0.3000)\n"
    "dh/dw = tensor(2.)\nw.grad = tensor([-0.6240])",
}


@pytest.mark.parametrize("text", BY_HAND.values(), ids=BY_HAND)
def test_a_derivation_in_plain_text_is_marked_by_what_its_chains_come_to(key, tmp_path, text):
    (tmp_path / "ada.txt").write_text(text, encoding="utf-8")
    (result,) = graded(key, tmp_path / "ada.txt")
    assert [line.kind for line in result.lines] == ["right"] * 4


def test_the_program_of_a_sheet_is_no_row_of_its_table(key, tmp_path):
    (tmp_path / "a.txt").write_text(PROGRAM.replace("; ", "\n") + "\n\n∂ℓ/∂ŷ   -1.04\nh = 9\n")
    (result,) = graded(key, tmp_path / "a.txt")
    assert [line.quantity for line in result.lines if line.written] == ["∂ℓ/∂ŷ"]


def test_a_notebook_is_its_markdown_and_its_programs(key, tmp_path):
    table = "| quantity | answer |\n|---|---|\n" + "\n".join(f"| {a} | {b} |" for a, b in ROWS)
    cells = [
        {"cell_type": "markdown", "source": ["# Ada\n", "my answers"]},
        {"cell_type": "code", "source": "%%sg\n" + PROGRAM, "outputs": []},
        {"cell_type": "code", "source": "h = 3", "outputs": []},
        {"cell_type": "markdown", "source": table},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    (result,) = graded(key, tmp_path / "n.ipynb")
    assert (result.problem, result.score, result.edited) == ("", 1, False)


def test_a_word_file_is_read_with_its_table_and_its_id(key, tmp_path):
    docx_of(ROWS, tmp_path / "a.docx")
    (result,) = graded(key, tmp_path / "a.docx")
    assert (result.problem, result.score, result.shown) == ("", 1, SHEET.id)


def test_a_pdf_with_text_is_read_and_a_scan_is_named(key, tmp_path):
    peer("pypdf")
    names = ["dl/dyhat", "dyhat/dh", "dh/dw", "dl/dw"]
    lines = [(text, x, 700 - 20 * n) for n, row in enumerate(zip(names, ANSWERS, strict=True))
             for text, x in zip(row, (72, 250), strict=True)]  # fmt: skip
    (tmp_path / "a.pdf").write_bytes(pdf_of([("Ada Lovelace", 72, 760), *lines]))
    (tmp_path / "scan.pdf").write_bytes(pdf_of([]))
    (tmp_path / "torn.pdf").write_bytes(pdf_of(lines)[:60])
    read, scan, torn = graded(key, [tmp_path / f"{n}.pdf" for n in ("a", "scan", "torn")])
    assert (read.problem, read.score) == ("", 1)
    assert "without text" in scan.problem
    assert torn.problem


@pytest.mark.parametrize(("suffix", "library", "module"), [
    (".docx", "python-docx", "docx"), (".pdf", "pypdf", "pypdf"),
])  # fmt: skip
def test_without_its_library_a_form_says_what_to_install(monkeypatch, suffix, library, module):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(SheetError, match=f"pip install {library}"):
        text_of(b"PK", suffix)


WIDE = "Timestamp,Name,∂ℓ/∂ŷ,dyhat/dh,∂h/∂w,w.grad\n" + "\n".join(
    f"2026-11-0{n},{name},-1.04,0.3,{answer},-0.624"
    for n, (name, answer) in enumerate([("Ada Lovelace", "2"), ("Bob", "1"), ("Cy", "")], 1)
)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_form_with_a_line_for_each_student_is_as_many_submissions(key, tmp_path, separator):
    (tmp_path / "form.csv").write_text(WIDE.replace(",", separator))
    results = graded(key, tmp_path / "form.csv")
    assert [result.name for result in results] == [
        "form.csv: Ada Lovelace", "form.csv: Bob", "form.csv: Cy",
    ]  # fmt: skip
    assert [result.score == 1 for result in results] == [True, False, False]
    assert [line.kind for line in results[2].lines] == ["right", "right", "blank", "right"]


@pytest.mark.parametrize(("name", "content", "said"), [
    ("sheets.zip", zipped({"a.md": b"x"}), "a zip archive"),
    ("work.xlsx", zipped({"a.xml": b"x"}), "an Excel workbook"),
    ("photo.png", b"\x89PNG\r\n\x1a\n", "a picture"),
    ("photo.jpg", b"\xff\xd8\xff\xe0", "a picture"),
    ("photo.heic", b"\x00\x00\x00\x18ftypheic", "a picture"),
    ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word file"),
    ("a.rtf", b"{\\rtf1 x}", "an RTF file"),
    ("really.docx", b"no zip", "cannot be read as .docx"),
    ("other.docx", zipped({"a.txt": b"x"}), "cannot be read as .docx"),
    ("bomb.docx", zipped({"word/document.xml": b" " * 30_000_000}), "unpacks to more"),
    ("n.ipynb", b"[1, 2", "cannot be read as .ipynb"),
    ("n2.ipynb", b"{}", "cannot be read as .ipynb"),
    ("empty.txt", b"", "no table"),
    ("essay.txt", b"I could not do it, sorry.", "no table"),
], ids=lambda value: value if isinstance(value, str) and "." in value[-5:] else "")  # fmt: skip
def test_what_is_no_sheet_is_a_row_that_says_what_it_is(key, tmp_path, name, content, said):
    if name.endswith(".docx"):
        peer("docx")
    (tmp_path / name).write_bytes(content)
    (result,) = graded(key, tmp_path / name)
    assert said in result.problem
    assert "\n" not in result.problem


def test_entities_in_a_word_file_are_not_expanded_and_nothing_is_fetched(key, tmp_path):
    docx = peer("docx")
    docx.Document().save(tmp_path / "plain.docx")
    (tmp_path / "secret.txt").write_text("the secret")
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">' + "".join(
        f'<!ENTITY c{n} "{f"&c{n - 1};" * 10 if n else "&b;"}">' for n in range(9)
    )
    outside = f'<!DOCTYPE a [<!ENTITY c8 SYSTEM "file://{tmp_path}/secret.txt">'
    for number, doctype in enumerate((bomb + "]>", outside + "]>")):
        with zipfile.ZipFile(tmp_path / "plain.docx") as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        body = files["word/document.xml"].decode()
        head, _, rest = body.partition("?>")
        rest = rest.replace("<w:body>", "<w:body><w:p><w:r><w:t>&c8;</w:t></w:r></w:p>")
        files["word/document.xml"] = f"{head}?>{doctype}{rest}".encode()
        path = tmp_path / f"{number}.docx"
        path.write_bytes(zipped(files))
        (result,) = graded(key, path)
        assert result.problem
        assert "secret" not in result.problem + markdown(result)


# Folders -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "class"
    root.mkdir()
    (root / "ada.md").write_text(filled(*ANSWERS))
    return root


def test_links_pipes_and_sockets_are_rows_and_are_not_followed(key, folder, tmp_path):
    (tmp_path / "outside.md").write_text(filled(*ANSWERS))
    (folder / "link.md").symlink_to(tmp_path / "outside.md")
    (folder / "broken.md").symlink_to(tmp_path / "nowhere.md")
    (folder / "loop").symlink_to(folder)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.md")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(folder / "socket.md"))
        results = graded(key, submissions_in(folder))
    problems = {result.name: result.problem for result in results}
    assert problems.pop("ada.md") == ""
    assert problems.pop("pipe.md") == "it is a pipe, and no file"
    assert problems.pop("socket.md") == "it is a socket, and no file"
    assert set(problems) == {"link.md", "broken.md", "loop", "itself", "elsewhere"}
    assert all("is a link, which is not followed" in problem for problem in problems.values())


def test_hidden_files_and_those_of_systems_are_named_and_passed_over(key, folder):
    for name in (".DS_Store", "._ada.md", "Thumbs.db", "README.md", "readme.txt", "LICENSE",
                 "submission_metadata.yml"):  # fmt: skip
        (folder / name).write_text("x")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "ada.md").write_text("x")
    (folder / ".git").mkdir()
    (folder / ".git" / "ada.md").write_text(filled(*ANSWERS))
    (folder / "ada.md.report.md").write_text("ours")
    assert [path.name for path in submissions_in(folder)] == ["ada.md"]
    assert {path.name for path in passed_over(folder)} == {
        ".DS_Store", ".git", "._ada.md", "LICENSE", "README.md", "Thumbs.db", "__MACOSX",
        "readme.txt", "submission_metadata.yml",
    }  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="pipes")
def test_a_journal_that_is_a_link_or_a_pipe_is_neither_read_nor_written(key, folder, tmp_path):
    book, victim = tmp_path / "gradebook.csv", tmp_path / "victim"
    journal = tmp_path / "gradebook.csv.marks.jsonl"
    victim.write_text("mine")
    journal.symlink_to(victim)
    with pytest.raises(SheetError, match="is a link; it keeps what is marked: remove it"):
        grade_to(book, key, submissions_in(folder), executor=1)
    assert victim.read_text() == "mine"
    journal.unlink()
    os.mkfifo(journal)
    with pytest.raises(SheetError, match="is no file"):
        saved_results(journal)


def test_a_gradebook_replaces_neither_a_key_nor_a_submission(key, folder):
    for target in (key, folder / "ada.md"):
        before = target.read_text()
        with pytest.raises(SheetError, match="is a key or a submission"):
            grade_to(target, key, submissions_in(folder), force=True)
        assert target.read_text() == before


# Whose it is -------------------------------------------------------------------------------------

NAMES = {
    "lovelaceada_4711_98765_sheet-1.md": ("lovelaceada", "canvas", False, "4711"),
    "lovelaceada_LATE_4711_98765_sheet.docx": ("lovelaceada", "canvas", True, "4711"),
    "Ada Lovelace_4711_assignsubmission_file_/sheet.md": ("Ada Lovelace", "moodle", False, "4711"),
    "Ada Lovelace_4711_assignsubmission_file/sheet.md": ("Ada Lovelace", "moodle", False, "4711"),
    "Ada Lovelace_4711_assignsubmission_file_sheet.md": ("Ada Lovelace", "moodle", False, "4711"),
    "Ada_L_47_assignsubmission_onlinetext_/onlinetext.html": ("Ada_L", "moodle", False, "47"),
    "export/submission_311/sheet.md": ("submission_311", "gradescope", False, "311"),
    "Sheet 3_al12_attempt_2026-11-02-10-15-00_sheet.md": ("al12", "blackboard", False, ""),
    "ada.md": ("ada", "", False, ""),
    "ada lovelace/sheet.md": ("ada lovelace", "", False, ""),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_that_a_system_gives_says_whose_it_is(name):
    (origin,) = origins([name])
    assert (origin.student, origin.system, origin.is_late, origin.number) == NAMES[name]


def test_the_attempts_of_a_student_are_in_their_order():
    names = [f"doej_12_{n}_sheet{end}.md" for n, end in ((5, ""), (6, "-1"), (7, "-2"), (8, "-10"))]
    attempts = [origin.attempt for origin in origins(names)]
    assert attempts == sorted(attempts)
    assert {origin.student for origin in origins(names)} == {"doej"}


def test_a_folder_of_several_is_a_group_and_of_one_a_student():
    assert [o.student for o in origins(["a/x.md", "a/y.md", "b/x.md"])] == ["a/x", "a/y", "b"]


def test_two_spellings_of_a_name_are_one_person():
    assert person("Lovelace, Ada") == person("ada LOVELACE") != person("Ada Byron")
    assert person("Müller, Änne-Marie") == person("anne marie muller")


def test_an_id_of_the_roster_is_no_part_of_anothers_name():
    roster = Roster((Student("1175", "Ada"), Student("1117", "-5 117")))  # 117 5 run together
    assert roster.of("1175.md") == roster.students[0]


def test_submission_text_says_what_is_wrong_with_a_path(tmp_path):
    for path in ("a\0b", tmp_path / "none.md", tmp_path):
        with pytest.raises(SheetError):
            submission_text(path)


def test_a_sheet_reads_back_with_its_id_in_both_forms():
    assert SHEET.id.startswith("sg-7-")
    assert read_sheet(SHEET.markdown()) == SHEET
    assert SHEET.csv().splitlines()[-1] == f"sheet id,{SHEET.id}"
    assert read_sheet(SHEET.csv(), SHEET.text).lines == SHEET.lines
