"""From the sheets of a class to the gradebook of a course: whose they are, what to look at."""

import csv
import io
import json
import os
import random
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import click
import pytest
from handed_in import PROGRAM, TEXTS, docx_of, pdf_of, zipped
from peers import peer
from students import sheet as simulated

from scalargrad import __version__
from scalargrad.cli.mark import DueDate
from scalargrad.sheets.documents import SheetError
from scalargrad.sheets.gradebooks import canvas, moodle
from scalargrad.sheets.gradescope import autograder
from scalargrad.sheets.grading import Gradebook, grade, grade_to
from scalargrad.sheets.reviewing import Course, Override, items, items_csv, read_overrides
from scalargrad.sheets.roster import Roster, Student, read_roster
from scalargrad.sheets.submissions import submissions_in
from scalargrad.sheets.variants import variants
from scalargrad.sheets.worksheet import read_sheet, worksheet

COUNT = 31  # variants: thirty students with a friend
VARIANTS = [worksheet(text, ask="path:w").with_id(number)
            for number, text in enumerate(variants(PROGRAM, COUNT, 3), 1)]  # fmt: skip


def right(sheet):
    return sheet.markdown(answers=True).replace("≈ ", "")


def answered(sheet, *answers):
    lines = zip(sheet.lines, answers, strict=True)
    return replace(sheet, lines=tuple(replace(a, written=b) for a, b in lines)).markdown()


def graded(key, paths, course=None):
    with ThreadPoolExecutor(1) as pool:
        return grade(key, list(paths), None, course, executor=pool)


@pytest.fixture
def keys(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    for number, sheet in enumerate(VARIANTS, 1):
        (folder / f"key-{number}.md").write_text(sheet.markdown(answers=True))
    return folder


@pytest.fixture
def hand_in(tmp_path):
    """Write submissions by name into a folder of the class; returns their paths in order."""
    folder = tmp_path / "class"

    def write(texts):
        for name, content in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path)
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content)
        return submissions_in(folder)

    return write


# Forty files -------------------------------------------------------------------------------------


def test_a_folder_of_forty_odd_files_is_as_many_rows_and_none_is_silently_nought(tmp_path, hand_in):
    peer("docx")
    peer("pypdf")
    rows = list(zip(worksheet(PROGRAM, ask="path:w").answers, ("-1.04", "0.3", "2", "-0.624"),
                    strict=True))  # fmt: skip
    names = ["dl/dyhat", "dyhat/dh", "dh/dw", "dl/dw"]
    lines = [(text, x, 700 - 20 * n)
             for n, (name, (_, answer)) in enumerate(zip(names, rows, strict=True))
             for text, x in ((name, 72), (answer, 250))]  # fmt: skip
    sheet, german = TEXTS["as-is.md"], TEXTS["commas.csv"]
    readable = {
        **TEXTS,
        "a.docx": lambda path: docx_of(rows, path),
        "b.pdf": pdf_of(lines),
        "bom.md": sheet.encode("utf-8-sig"), "utf16.csv": german.encode("utf-16"),
        "le.md": sheet.encode("utf-16-le"), "dos.md": sheet.replace("\n", "\r\n").encode(),
        "windows.csv": german.encode("cp1252", "replace"),
        "n.ipynb": json.dumps({"cells": [{"cell_type": "markdown", "source": sheet}]}),
        "doejane_47_98_sheet-1.md": sheet, "roejoe_LATE_48_99_sheet.md": sheet,
        "Ada L_47_assignsubmission_file_/sheet.md": sheet,
        "Bob M_48_assignsubmission_file_/sheet.md": sheet,
        "submission_311/sheet.md": sheet,
        "Week 3_cy9_attempt_2026-11-02-10-15-00_sheet.md": sheet,
        "eve/my sheet (final).md": sheet, "weiß, ßtefan.md": sheet, "=cmd.md": sheet,
    }  # fmt: skip
    others = {
        "photo.png": b"\x89PNG\r\n\x1a\n", "all.zip": zipped({"a": b"b"}), "scan.pdf": pdf_of([]),
        "empty.md": "", "essay.txt": "sorry", "noise.md": bytes(range(256)),
        "pipe.md": os.mkfifo, "huge.csv": b"a" * 5_000_000,
        "bomb.docx": zipped({"word/document.xml": b" " * 30_000_000}),
        "gone.md": lambda path: path.symlink_to("/etc/passwd"),
    }  # fmt: skip
    noise = {".DS_Store": b"x", "README.md": "# Week 3", "eve/.hidden.md": sheet}
    key = tmp_path / "key.md"
    key.write_text(sheet)
    paths = hand_in(readable | others | noise)
    book = graded(key, paths)
    assert len(book.results) == len(readable) + len(others) >= 40
    marked = [result for result in book.results if not result.problem]
    assert len(marked) == len(readable) >= 34
    assert [(result.name, result.score) for result in marked if result.score < 1] == []
    problems = [result.problem for result in book.results if result.problem]
    assert len(problems) == len(others)
    assert all(problem and "\n" not in problem for problem in problems)
    by_student = {result.name: result.student for result in book.results}
    assert by_student["doejane_47_98_sheet-1.md"] == "doejane"
    assert by_student["Ada L_47_assignsubmission_file_/sheet.md"] == "Ada L"
    assert [r.name for r in book.results if r.late] == ["roejoe_LATE_48_99_sheet.md"]


def test_a_class_that_writes_decimal_commas_scores_what_its_twin_with_points_scores(
    tmp_path, hand_in
):
    key = tmp_path / "key.md"
    sheet = worksheet(PROGRAM, ask="all")
    key.write_text(sheet.markdown())
    draw = random.Random(5)
    texts = {}
    for number in range(20):
        answers = [line.written for line in read_sheet(sheet.markdown(answers=True)).lines]
        for index in draw.sample(range(len(answers)), 3):
            answers[index] = f"{draw.uniform(-2, 2):.3f}"
        texts[f"point-{number:02}.md"] = answered(sheet, *answers)
        texts[f"comma-{number:02}.md"] = answered(sheet, *[a.replace(".", ",") for a in answers])
    results = graded(key, hand_in(texts)).results
    scores = [[(r.score, r.first_wrong) for r in results if r.name.startswith(sign)]
              for sign in ("comma", "point")]  # fmt: skip
    assert scores[0] == scores[1]
    assert len(scores[0]) == 20 > sum(score == 1 for score, _ in scores[0])


# Whose sheet -------------------------------------------------------------------------------------

EDITS = {
    "spaces": lambda text: text.replace("w*x", "w * x").replace(" = ", "="),
    "letters": lambda text: text.replace("yhat", "ŷ"),
    "signs": lambda text: text.replace("- y", "− y").replace("v*h", "v·h"),
    "comments": lambda text: text.replace("```sg\n", "```sg\n# by Ada\n\n"),
    "a word before": lambda text: "Hello!\n\n" + text,
    "another key's id": lambda text: text.replace("sg-2-", "sg-2-").replace("Sheet sg", "sg"),
    "no program": lambda text: text.partition("```sg")[0] + text.rpartition("```")[2],
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_sheet_that_was_edited_finds_its_key(keys, hand_in, edit):
    (result,) = graded(keys, hand_in({"ada.md": EDITS[edit](right(VARIANTS[1]))})).results
    assert (result.problem, result.score, result.key) == ("", 1, VARIANTS[1].id)
    assert not result.edited


def test_without_an_id_the_program_as_parsed_finds_the_key(keys, hand_in):
    text = EDITS["signs"](EDITS["letters"](right(VARIANTS[3]))).replace(VARIANTS[3].id, "")
    (result,) = graded(keys, hand_in({"ada.md": text})).results
    assert (result.problem, result.score, result.key) == ("", 1, VARIANTS[3].id)


def test_a_key_that_was_corrected_marks_the_sheets_that_were_handed_out_before(keys, hand_in):
    old = VARIANTS[1]
    corrected = worksheet(re.sub("y = [^;\n]*", "y = 11", old.text), ask="path:w").with_id(2)
    assert corrected.id != old.id
    (keys / "key-2.md").write_text(corrected.markdown(answers=True))
    (result,) = graded(keys, hand_in({"ada.md": right(old)})).results
    assert (result.problem, result.key, result.edited) == (
        "",
        corrected.id,
        old.text != corrected.text,
    )
    assert result.score < 1


def test_an_id_that_two_keys_have_tells_nothing_and_the_program_finds_the_key(keys, hand_in):
    doubled = right(VARIANTS[1]).replace(VARIANTS[1].id, VARIANTS[0].id)
    (keys / "key-2.md").write_text(doubled)
    book = graded(keys, hand_in({"ada.md": doubled, "bob.md": right(VARIANTS[0])}))
    assert book.notes == (
        f"the keys key-1.md and key-2.md have one id, {VARIANTS[0].id}: it tells nothing",
    )
    assert [(result.problem, result.score) for result in book.results] == [("", 1), ("", 1)]


ROSTER = Roster(tuple(
    Student(f"id{number}", f"Name{number} Last{number}", str(number), f"n{number}@x.org")
    for number in range(1, COUNT + 1)
))  # fmt: skip


@pytest.mark.parametrize("own", range(1, COUNT))
def test_a_friends_variant_is_flagged_whatever_was_edited(keys, hand_in, own):
    friends = right(VARIANTS[own])  # variant own + 1, handed in by the student of variant `own`
    disguised = friends.replace(VARIANTS[own].id, VARIANTS[own - 1].id)
    table = "| quantity |" + friends.partition("| quantity |")[2]
    text = VARIANTS[own - 1].markdown().partition("| quantity |")[0] + table
    names = (f"id{own}_sheet.md", f"last{own}name{own}_{own}_7_x.md", f"Name{own} Last{own}/s.md")
    paths = hand_in(dict(zip(names, (friends, disguised, text), strict=True)))
    results = {r.name: r for r in graded(keys, paths, Course(ROSTER)).results}
    assert f"the sheet is variant {own + 1}, the roster says {own}" in results[names[0]].flags[0]
    assert "the program is edited" in results[names[1]].flags
    for result in results.values():
        assert result.score < 1
        assert f"answers of variant {own + 1}" in " ".join(result.flags)
    assert not any(r.flags for r in graded(
        keys, hand_in({name: right(VARIANTS[own - 1]) for name in names}), Course(ROSTER)
    ).results)  # fmt: skip


def test_a_roster_is_read_in_any_order_and_doubled_ids_are_told(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("Name;ID;Variant\nAda Lovelace;al1;3\nBob;b2;1\nBea;b2;2\n\nCy;'=c3;\n")
    roster = read_roster(path)
    assert [student.name for student in roster.students] == ["Ada Lovelace", "Cy"]
    assert roster.notes == ("the roster has the id b2 twice: neither line counts",)
    path.write_text(roster.csv())
    assert read_roster(path) == roster
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SheetError, match="has no column id or name; its columns are a, b"):
        read_roster(path)


@pytest.mark.parametrize("name", [
    "Ada Lovelace.md", "lovelace, ada.md", "ada_lovelace_sheet/x.md".replace("_sheet", ""),
    "lovelaceada_77_88_x.md", "AL1.md", "sheet al1.md",
    "Ada Lovelace_9_assignsubmission_file_/x.md",
    "form.csv: ada@x.org", "Week 1_ada_attempt_2026-11-02-10-15-00_x.md",
])  # fmt: skip
def test_a_student_is_found_by_every_name_that_a_system_gives(name):
    roster = Roster((Student("al1", "Ada Lovelace", "3", "ada@x.org"), Student("b2", "Bob Roe")))
    assert roster.of(name) == roster.students[0]


def test_a_name_that_two_share_finds_neither():
    roster = Roster((Student("1a", "Ada Roe", "1"), Student("2b", "Roe, Ada", "2")))
    assert roster.of("Ada Roe.md") is None
    assert roster.of("2b.md") == roster.students[1]


# Wrong answers that are alike ---------------------------------------------------------------------


def of_student(asked, draw, slips):
    """The answers of one who makes some mistakes and goes on with them."""
    numbers = {name: float(text) for name, text in asked.inputs.items()}
    written = {}
    for quantity, step in asked.steps.items():
        numbers[quantity] = slips.get(quantity, step)(numbers)
        written[quantity] = f"{numbers[quantity]:.4f}"
    return written


def as_sheet(asked, written):
    rows = [f"| {quantity} | {text} |" for quantity, text in written.items()]
    return "\n".join(["```sg", asked.text, "```", "", "| quantity | answer |", "|---|---|", *rows])


@pytest.mark.slow
def test_copied_wrong_sheets_are_flagged_and_independent_ones_are_not(tmp_path, hand_in):
    draw = random.Random(8)
    asked = next(made for made in iter(lambda: simulated(draw), None) if len(made.steps) == 20)
    texts = {}
    for number in range(300):
        chosen = draw.sample(list(asked.steps), draw.choice([0, 1, 2, 3, 4]))
        slips = {quantity: draw.choice(asked.wrong[quantity])[1] for quantity in chosen}
        texts[f"own-{number:03}.md"] = as_sheet(asked, of_student(asked, draw, slips))
    for number in range(30):
        written = of_student(asked, draw, {})
        for quantity in draw.sample(list(written), 4):
            written[quantity] = f"{draw.uniform(-3, 3):.3f}"
        texts[f"copy-{number:02}-a.md"] = as_sheet(asked, written)
        own = {quantity: text.replace(".", ",") for quantity, text in written.items()}
        own[draw.choice(list(own))] = ""
        texts[f"copy-{number:02}-b.md"] = as_sheet(asked, own)
    key = tmp_path / "key.md"
    key.write_text(as_sheet(asked, dict.fromkeys(asked.steps, "")))
    paths = hand_in(texts)
    flagged = {result.name: result.flags for result in grade(key, paths, executor=2).results}
    assert [name for name, flags in flagged.items() if flags and name.startswith("own")] == []
    missed = [n for n in range(30) if f"as in copy-{n:02}-b.md" not in
              " ".join(flagged[f"copy-{n:02}-a.md"])]  # fmt: skip
    assert missed == []


@pytest.mark.slow
def test_who_makes_mistakes_of_his_own_has_nobody_elses_variant(keys, hand_in):
    draw = random.Random(9)
    texts = {}
    for number in range(300):
        sheet = VARIANTS[number % COUNT]
        answers = [line.written for line in read_sheet(right(sheet)).lines]
        for index in draw.sample(range(4), draw.choice([1, 2, 3, 4])):
            exact = float(Fraction(answers[index].replace("−", "-")))
            answers[index] = f"{exact * draw.choice([-1, 0.5, 2, 3, 1.1]):.4g}"
        texts[f"id{number % COUNT + 1}_{number}.md"] = answered(sheet, *answers)
    results = grade(keys, hand_in(texts), None, Course(ROSTER), executor=2).results
    assert [result.flags for result in results if result.flags] == []
    assert sum(result.score < 1 for result in results) > 290


def test_right_answers_accuse_nobody(keys, hand_in):
    paths = hand_in({f"{n}.md": right(VARIANTS[0]) for n in range(20)})
    assert not any(result.flags for result in graded(keys, paths).results)


# What counts -------------------------------------------------------------------------------------


def test_of_several_submissions_the_latest_counts_or_the_best(keys, hand_in):
    good, bad = right(VARIANTS[0]), answered(VARIANTS[0], "1", "2", "3", "4")
    paths = hand_in({"roejo_1_10_s.md": good, "roejo_1_12_s-2.md": bad, "roejo_1_13_s-10.md": ".",
                     "other_2_11_s.md": bad})  # fmt: skip
    latest = graded(keys, paths).results
    assert [result.name for result in latest if result.counts] == [
        "other_2_11_s.md", "roejo_1_12_s-2.md",
    ]  # fmt: skip
    best = graded(keys, paths, Course(is_best=True)).results
    assert [result.name for result in best if result.counts] == [
        "other_2_11_s.md", "roejo_1_10_s.md",
    ]  # fmt: skip
    assert len(best) == 4


def with_points(sheet, *points):
    lines = zip(sheet.lines, points, strict=True)
    return replace(sheet, lines=tuple(replace(line, points=each) for line, each in lines))


def test_lines_are_worth_what_the_key_says(tmp_path, hand_in):
    key = tmp_path / "key.md"
    sheet = with_points(VARIANTS[0], 2, 0.5, 0, 4)
    key.write_text(sheet.markdown(answers=True))
    assert "| quantity | answer | points |" in key.read_text()
    assert read_sheet(key.read_text()).lines[3].points == 4
    answers = [line.written for line in read_sheet(right(VARIANTS[0])).lines]
    (result,) = graded(key, hand_in({"a.md": answered(VARIANTS[0], *answers[:3], "7.77")})).results
    assert (result.points, result.most) == (2.5, 6.5)
    assert result.score == 0.75  # the share of the lines, as ever
    with ThreadPoolExecutor(1) as pool:  # what was marked before is worth what the key says now
        for points in (4, 6):
            key.write_text(with_points(VARIANTS[0], 0, 0, 0, points).markdown(answers=True))
            book = grade_to(tmp_path / "g.csv", key, [key], executor=pool, force=True)
            assert book.results[0].points == points
    key.write_text(sheet.markdown(answers=True))
    for wrong in ("many", "-1", "nan"):
        key.write_text(sheet.markdown(answers=True).replace("| 4 |", f"| {wrong} |"))
        with pytest.raises(SheetError, match="points are a number from 0; got"):
            graded(key, [])


def test_overrides_decide_and_survive_a_second_run(keys, hand_in, tmp_path):
    paths = hand_in({"Name1 Last1.md": answered(VARIANTS[0], "no idea!", "2", "3", "4"),
                     "bob.md": right(VARIANTS[0])})  # fmt: skip
    file = tmp_path / "overrides.csv"
    name = VARIANTS[0].lines[3].name
    file.write_text(f"student,line,mark,note\nid1,1,1,said it\nlast1 name1,{name},\"0,5\",\n"
                    "bob,9,1,\nnobody,1,1,\n")  # fmt: skip
    overrides = read_overrides(file)
    assert overrides[0] == Override("id1", "1", 1.0, "said it")
    course = Course(ROSTER, overrides)
    book = graded(keys, paths, course)
    decided = {result.name: result for result in book.results}["Name1 Last1.md"]
    assert [line.mark for line in decided.lines] == [1.0, -1.0, -1.0, 0.5]
    assert decided.points == 1.5
    assert any("no line '9' of 'bob' is there" in note for note in book.notes)
    assert any("no line '1' of 'nobody' is there" in note for note in book.notes)
    assert any(f"{COUNT - 1} of the roster handed in nothing" in note for note in book.notes)
    target = tmp_path / "book.csv"
    for force in (False, True):
        with ThreadPoolExecutor(1) as pool:
            again = grade_to(target, keys, paths, None, course, executor=pool, force=force)
        assert again.csv() == book.csv() == target.read_text()
    assert "Last1" not in (tmp_path / "book.csv.marks.jsonl").read_text()  # names are no part of it
    for wrong in ("x", "-1", "inf"):
        file.write_text(f"student,line,mark\na,1,{wrong}\n")
        with pytest.raises(SheetError, match="line 2: a mark is points from 0; got"):
            read_overrides(file)


def test_what_a_person_should_look_at_is_said(keys, hand_in):
    texts = {"a.md": answered(VARIANTS[0], "see above", "2", "3", "4"), "b.md": right(VARIANTS[1]),
             "c.md": right(VARIANTS[2]).replace("w*x", "w*x + 0"), "d.png": b"\x89PNG"}  # fmt: skip
    looks = {r.name: "; ".join(r.look) for r in graded(keys, hand_in(texts)).results}
    assert looks.pop("d.png").startswith("it is a picture: hand in the sheet as")
    assert looks == {"a.md": "1 unreadable", "b.md": "", "c.md": "the program is edited"}


def test_a_second_run_says_whose_mark_changed_and_why(keys, hand_in):
    paths = hand_in({"a.md": right(VARIANTS[0]), "b.md": right(VARIANTS[1])})
    before = graded(keys, paths).csv()
    assert graded(keys, paths).changes(before) == []
    overrides = (Override("a", "1", 0.0),)
    now = graded(keys, paths, Course(overrides=overrides))
    assert now.changes(before) == [
        "a.md: 4 → 3 points: you decided otherwise"
    ]  # fmt: skip
    corrected = worksheet(re.sub("y = [^;\n]*", "y = 11", VARIANTS[1].text), ask="path:w")
    (keys / "key-2.md").write_text(corrected.with_id(2).markdown(answers=True))
    (change,) = graded(keys, paths).changes(before)
    assert change.startswith("b.md: 4 → ")
    assert change.endswith("points: the key is another")
    assert Gradebook(()).changes("other,columns\n1,2\n") == []
    (change,) = graded(keys, paths[:1]).changes("submission,points,key hash\na.md,1,12345678\n")
    assert change == "a.md: 1 → 4 points: the key is another"


def test_the_lines_of_a_class_are_counted_with_the_commonest_mistakes(tmp_path, hand_in):
    key = tmp_path / "key.md"
    sheet = worksheet(PROGRAM, ask="path:w")
    key.write_text(sheet.markdown())
    answers = {"a": ("-1.04", "0.3", "2", "-0.624"), "b": ("-0.52", "0.3", "2", "-0.312"),
               "c": ("-0.52", "0.3", "2", "-0.312"), "d": ("", "x?", "2", "")}  # fmt: skip
    results = graded(key, hand_in({f"{n}.md": answered(sheet, *a) for n, a in answers.items()}))
    found = items(results.results)
    assert [item.quantity for item in found] == list(sheet.answers)
    assert found[0].counts == {"right": 1, "follows": 0, "wrong": 2, "blank": 1, "unreadable": 0}
    assert found[1].counts["unreadable"] == 1
    assert found[3].counts["follows"] == 2
    assert found[0].commonest == (("-0.52", 2, "the factor 2 of the square is lost"),)
    table = list(csv.DictReader(io.StringIO(items_csv(results.results))))
    assert table[0]["1. commonest wrong answer"] == (
        "'-0.52 (2: the factor 2 of the square is lost)"
    )  # fmt: skip


def test_an_anonymous_run_writes_no_name(keys, hand_in, tmp_path):
    hand_in({
        "Name1 Last1.md": right(VARIANTS[0]), "last2name2_LATE_2_3_x.md": "x",
        "Name4 Last4_9_assignsubmission_file_/id4.md": answered(VARIANTS[3], "1", "2", "3", "?!"),
        "Last3/name3.docx": b"PK", "name5.md": lambda path: path.symlink_to("/Last5"),
        "form.csv": f"Name,{','.join(line.name for line in VARIANTS[5].lines)}\nLast6,1,2,3,4\n",
    })  # fmt: skip
    (tmp_path / "class" / "name7.md").mkdir()
    (tmp_path / "class" / "name7.md" / "Last7.png").write_bytes(b"\x89PNG")
    (tmp_path / "roster.csv").write_text(ROSTER.csv())
    (tmp_path / "overrides.csv").write_text("student,line,mark,note\nName1 Last1,1,0,\n")
    before = {*tmp_path.rglob("*")}
    command = ["grade", "keys", "class", "-j", "1", "--anonymous", "--roster", "roster.csv",
               "--overrides", "overrides.csv", "--report", "out/reports", "--items", "out/i.csv",
               "--items", "out/i.svg", "-o", "out.csv", *["--format", "md", "--format", "html"],
               "--due", "2026-01-01"]  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "scalargrad", *command], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = [path for path in {*tmp_path.rglob("*")} - before if path.is_file()]
    assert len(written) == 2 * 7 + 4
    told = {path: path.name + path.read_text() for path in written} | {
        0: done.stdout,
        1: done.stderr,
    }
    whose = re.compile(r"name[1-7]|last[1-7]|id[1-7]\b|n[1-7]@", re.IGNORECASE)
    assert [(path, whose.findall(text)) for path, text in told.items() if whose.search(text)] == []
    assert "student 2" in (tmp_path / "out.csv").read_text()


def test_how_late_a_submission_is_stands_in_its_row(keys, hand_in):
    sheet = right(VARIANTS[0])
    paths = hand_in({
        "a_LATE_1_2_x.md": sheet, "b.md": sheet, "c.md": sheet, "d.md": sheet, "e.png": b"\x89PNG",
        "W_f_attempt_2026-11-03-10-20-30_s.md": sheet,
        "W_g_attempt_2026-11-02-10-20-30_s.md": sheet,
        "form.csv": f"Name,{VARIANTS[0].lines[0].name},{VARIANTS[0].lines[1].name}\nh,1,2\n",
    })  # fmt: skip
    due = datetime(2026, 11, 2, 23, 59, 59)
    after = {"b": timedelta(minutes=3), "c": timedelta(days=2, hours=5), "d": timedelta(0),
             "e": timedelta(hours=2, minutes=-1), "W": timedelta(days=9),
             "f": timedelta(days=9)}  # fmt: skip
    for path in paths:
        changed = (due + after.get(path.name[0], -timedelta(days=1))).timestamp()
        os.utime(path, (changed, changed))
    for given, wanted in (
        (due, {"a": "late", "b": "0 h 3 min late", "c": "2 d 5 h late", "e": "1 h 59 min late",
               "f": "10 h 21 min late"}),
        (None, {"a": "late"}),
    ):  # fmt: skip
        results = graded(keys, paths, Course(due=given)).results
        assert {result.student: result.late for result in results if result.late} == wanted
        assert len(results) == 8


@pytest.mark.parametrize(("written", "due"), [
    ("2026-11-02", datetime(2026, 11, 2, 23, 59, 59)),
    ("20261102", datetime(2026, 11, 2, 23, 59, 59)),
    ("2026-11-02 12:00", datetime(2026, 11, 2, 12)),
    ("2026-11-02T12:00", datetime(2026, 11, 2, 12)),
])  # fmt: skip
def test_a_day_that_is_due_ends_at_midnight(written, due):
    assert DueDate().convert(written) == due
    with pytest.raises(click.BadParameter, match="--due is like"):
        DueDate().convert(f"{written} o'clock")


def test_every_row_records_version_policy_and_key_and_a_second_run_says_what_is_other(
    keys, hand_in
):
    sheet = right(VARIANTS[0])
    paths = hand_in({"a.md": sheet})
    book = graded(keys, paths)
    (row,) = csv.DictReader(io.StringIO(book.csv()))
    assert (row["key"], row["version"]) == (VARIANTS[0].id, __version__)
    assert row["policy"] == "any at kinks, latest counts"
    assert all(re.fullmatch("[0-9a-f]{8}", row[name]) for name in ("key hash", "content"))
    wrong = answered(VARIANTS[0], "9.87", "2", "3", "4")
    (said,) = graded(keys, hand_in({"a.md": wrong})).changes(book.csv())
    assert said.endswith("points: it was handed in again")
    key = keys / "key-1.md"
    worth = replace(VARIANTS[0], lines=tuple(replace(a, points=2) for a in VARIANTS[0].lines))
    key.write_text(worth.markdown(answers=True))
    (said,) = graded(keys, hand_in({"a.md": sheet})).changes(book.csv())
    assert said == "a.md: 4 → 8 points: the key is another"
    older = book.csv().replace(__version__, "0.0.9").replace(",4,4,", ",3,4,")
    (said,) = graded(keys, paths).changes(older)
    assert said.endswith("points: the key is another and the version is another")


# Systems -----------------------------------------------------------------------------------------


def read_back(text):
    return list(csv.reader(io.StringIO(text)))


def test_canvas_finds_its_students_by_its_own_number_or_by_the_roster(keys, hand_in):
    paths = hand_in({"last1name1_4711_98_x.md": right(VARIANTS[0]), "id2.md": right(VARIANTS[1]),
                     "last3name3_LATE_4713_99_x.md": answered(VARIANTS[2], "1", "2", "3", "4"),
                     "=evil()_4_5_x.md": "?"})  # fmt: skip
    book = graded(keys, paths, Course(ROSTER))
    header, possible, *rows = read_back(canvas(book.results, "Sheet 3", ROSTER))
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert possible == ["    Points Possible", "", "", "", "", "4"]
    marks = {row[0]: row[1:3] + row[5:] for row in rows}
    assert marks["Name1 Last1"] == ["4711", "id1", "4"]
    assert marks["Name2 Last2"] == ["", "id2", "4"]
    assert float(marks["Name3 Last3"][2]) < 4
    assert marks["'=evil()"] == ["4", "", ""]


def test_moodle_finds_its_participants(keys, hand_in):
    folder = "Name1 Last1_4711_assignsubmission_file_"
    paths = hand_in({f"{folder}/x.md": right(VARIANTS[0]), f"{folder}/notes.zip": zipped({}),
                     "id2.md": answered(VARIANTS[1], "9.99", "2", "3", "4")})  # fmt: skip
    book = graded(keys, paths, Course(ROSTER))
    header, *rows = read_back(moodle(book.results, "Sheet 3", ROSTER))
    first, second = (dict(zip(header, row, strict=True)) for row in rows)
    assert (first["Identifier"], first["Grade"]) == ("Participant 4711", "4")
    assert (second["ID number"], second["Email address"]) == ("id2", "n2@x.org")
    assert "it first goes wrong at" in second["Feedback comments"]
    assert {first["Maximum grade"], second["Maximum grade"]} == {"4"}


def test_a_system_gets_no_anonymous_marks(keys, hand_in):
    course = Course(is_anonymous=True)
    book = graded(keys, hand_in({"a.md": right(VARIANTS[0])}), course)
    with pytest.raises(SheetError, match="needs the names"):
        canvas(book.results, "x", ROSTER)


@pytest.fixture
def gradescope(keys, tmp_path):
    """An autograder as Gradescope unpacks it, and what it writes for a submission."""
    place = tmp_path / "autograder"
    for name in ("source", "submission"):
        (place / name).mkdir(parents=True)
    content = autograder(sorted(keys.iterdir()), solutions=False)
    assert content == autograder(sorted(keys.iterdir()), solutions=False)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(place / "source")
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes["run_autograder"] == modes["setup.sh"] == 0o755

    def run(texts):
        for name, text in texts.items():
            (place / "submission" / name).write_text(text)
        command = [
            sys.executable,
            "-I",
            "-c",
            "import sys; sys.path.insert(0, '.');"
            "from scalargrad.sheets.gradescope import main; main(sys.argv[1:])",
            str(place),
        ]
        done = subprocess.run(command, cwd=place / "source", capture_output=True, text=True,
                              timeout=120, check=False)  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads((place / "results" / "results.json").read_text())

    return run


def test_gradescope_shows_a_test_for_each_line_and_no_solution(gradescope):
    found = gradescope({"sheet.md": answered(VARIANTS[1], "9.87", "2", "3", "4")})
    assert [test["max_score"] for test in found["tests"]] == [1, 1, 1, 1]
    assert found["score"] == sum(test["score"] for test in found["tests"]) < 4
    assert all({"name", "score", "max_score", "output", "visibility"} == set(test)
               for test in found["tests"])  # fmt: skip
    assert "9.87" in found["tests"][0]["output"]
    assert "it is" not in found["tests"][0]["output"]


def test_gradescope_marks_the_best_of_the_files_and_names_what_is_none(gradescope):
    found = gradescope({"a.txt": "notes", "sheet.md": right(VARIANTS[2])})
    assert found["score"] == 4


def test_gradescope_says_what_is_wrong_with_a_submission(gradescope):
    found = gradescope({"photo.png": "\x89PNG"})
    assert found["score"] == 0
    assert found["tests"] == []
    assert found["output"]
