import csv
import io
import json
import multiprocessing
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from peers import peer

from scalargrad import FileError, check
from scalargrad.lectures import LECTURES
from scalargrad.sheets import grading, workers
from scalargrad.sheets.documents import SheetError
from scalargrad.sheets.feedback import markdown, reports
from scalargrad.sheets.grading import Gradebook, grade, grade_to
from scalargrad.sheets.keys import Rules, keys_in
from scalargrad.sheets.results import Result, save_result, saved_results
from scalargrad.sheets.submissions import submissions_in
from scalargrad.sheets.variants import variants
from scalargrad.sheets.worksheet import read_sheet, worksheet

PROGRAM = "x = 2; y = 1; w = 0.8; v = 0.3; h = relu(w*x); yhat = v*h; loss = (yhat - y)^2"
SHEET = worksheet(PROGRAM, ask="path:w")


def filled(*answers):
    """The sheet with these answers."""
    lines = [replace(line, written=written)
             for line, written in zip(SHEET.lines, answers, strict=True)]  # fmt: skip
    return replace(SHEET, lines=tuple(lines)).markdown()


RIGHT = ("-1.04", "0.3", "2", "-0.624")
WRONG = ("-1.04", "0.3", "1", "-0.312")


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key.md"
    path.write_text(SHEET.markdown(answers=True))
    return path


@pytest.fixture
def folder(tmp_path):
    """A class with everything that comes in."""
    root = tmp_path / "class"
    (root / "Eve").mkdir(parents=True)
    (root / "ada.md").write_text(filled(*RIGHT))
    (root / "bob.md").write_text(filled(*WRONG))
    (root / "carl.csv").write_text(read_sheet(filled(*WRONG)).csv())
    (root / "Eve" / "sheet.md").write_text(filled("", "", "", "0.24"))
    (root / "=cmd|'calc'!A1.md").write_text(filled(*RIGHT))
    (root / "binary.md").write_bytes(bytes(range(256)) * 100)
    (root / "empty.md").write_bytes(b"")
    (root / "twice.md").write_text(filled(*RIGHT) + "\n| dl/dw | 3 |\n")
    with (root / "zhuge.md").open("wb") as file:
        file.truncate(50_000_000_000)
    return root


def rows(book):
    table = list(csv.DictReader(io.StringIO(book.csv())))
    return {row["submission"]: row for row in table}


def test_every_file_of_a_class_is_marked_or_has_its_problem(key, folder):
    book = grade(key, submissions_in(folder), executor=1)
    found = rows(book)
    assert list(found) == ["'=cmd|'calc'!A1.md", "Eve/sheet.md", "ada.md", "binary.md", "bob.md",
                           "carl.csv", "empty.md", "twice.md", "zhuge.md"]  # fmt: skip
    problems = {name: row["problem"] for name, row in found.items() if row["problem"]}
    assert {name: bool(row["score"]) for name, row in found.items()} == {
        name: name not in problems for name in found
    }
    assert sorted(problems) == ["binary.md", "empty.md", "zhuge.md"]
    assert "UTF-8" in problems["binary.md"]
    assert "no table" in problems["empty.md"]
    assert (found["twice.md"]["score"], found["twice.md"]["asked"]) == ("1", "4")
    assert "at most" in problems["zhuge.md"]
    assert not any("\n" in problem for problem in problems.values())


def test_a_submission_gets_what_check_gives(key, folder):
    (result,) = grade(key, [folder / "bob.md"], executor=ThreadPoolExecutor(1)).results
    report = check(PROGRAM.replace("; ", "\n"), dict(zip(SHEET.answers, WRONG, strict=True)))
    assert (result.score, result.strict_score) == (report.score, report.strict_score)
    assert 0 < result.strict_score < result.score < 1
    assert (result.first_wrong, result.mistakes) == (report.first_wrong, report.mistakes)
    assert list(result.remarks) == report.remarks
    assert [line.message for line in result.lines] == [line.message for line in report.lines]
    assert result.name == "bob.md"


def test_what_was_not_answered_counts(key, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("quantity,answer\ndl/dw,-0.624\n")
    (result,) = grade(key, [path], executor=ThreadPoolExecutor(1)).results
    assert (result.right, result.asked, result.score) == (1, 4, 0.25)


def test_a_sheet_is_marked_against_the_program_of_the_key(key, tmp_path):
    path = tmp_path / "cheat.md"
    path.write_text("```sg\nw = 1; loss = w\n```\n\n|quantity|answer|\n|-|-|\n|dl/dw|1.000|\n")
    (result,) = grade(key, [path], executor=ThreadPoolExecutor(1)).results
    assert result.score == 0
    assert "another program" in markdown(result)
    (honest,) = grade(key, [key], executor=ThreadPoolExecutor(1)).results
    assert honest.score == 1
    assert "another program" not in markdown(honest)


def test_reports_can_withhold_the_solutions(key, folder):
    with ThreadPoolExecutor(1) as pool:
        (shown,) = grade(key, [folder / "bob.md"], executor=pool).results
        (withheld,) = grade(key, [folder / "bob.md"], Rules(solutions=False),
                            executor=pool).results  # fmt: skip
    assert "it is 2" in markdown(shown)
    assert "it is 2" not in markdown(withheld)
    assert shown.digest != withheld.digest


@pytest.mark.parametrize("executor", ["own", "threads", "processes"])
def test_every_executor_gives_the_same_gradebook(key, folder, executor, tmp_path):
    made = {
        "own": lambda: 2,
        "threads": lambda: ThreadPoolExecutor(2),
        "processes": lambda: ProcessPoolExecutor(
            2, mp_context=multiprocessing.get_context("spawn")
        ),
    }[executor]()
    files = submissions_in(folder) * 3
    with ThreadPoolExecutor(1) as one:
        alone = grade(key, files, executor=one)
    book = grade(key, files, executor=made)
    if executor != "own":
        made.shutdown()
    assert book == alone
    assert book.csv() == alone.csv()


def test_dask_gives_the_same_gradebook(key, folder):
    distributed = peer("distributed")
    files = submissions_in(folder) * 3
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        book = grade(key, files, executor=client.get_executor())
    assert book == grade(key, files, executor=1)


def test_results_come_one_by_one(key, folder):
    seen = []
    with ThreadPoolExecutor(2) as pool:
        book = grade(key, submissions_in(folder), executor=pool, each=seen.append)
    marks = [
        sorted((r.name, r.score, r.problem) for r in results) for results in (seen, book.results)
    ]
    assert marks[0] == marks[1]


# Faults of the checker ---------------------------------------------------------------------------


def planted(monkeypatch, fault):
    """Make the checker do something else with a sheet that says so."""
    mark = workers._mark
    monkeypatch.setattr(
        workers, "_mark", lambda job, text: fault() if "FAULT" in text else mark(job, text)
    )


def turn_for_ever():
    while True:
        time.sleep(0)


def forked(monkeypatch):
    """Workers that have the planted fault."""
    context = multiprocessing.get_context("fork")
    monkeypatch.setattr(workers, "_pool", lambda n: ProcessPoolExecutor(n, mp_context=context))


def workers_end():
    """Whether no process is left; the pool's own thread may need a moment to notice."""
    end = time.monotonic() + 5
    while multiprocessing.active_children() and time.monotonic() < end:
        time.sleep(0.01)
    return not multiprocessing.active_children()


@pytest.fixture
def faulty(folder):
    (folder / "fault.md").write_text(filled(*RIGHT) + "\nFAULT\n")
    return submissions_in(folder)


def check_others(book, fault):
    """Everyone but one is marked as ever."""
    problems = {result.name: result.problem for result in book.results}
    assert fault in problems.pop("fault.md")
    assert [name for name, problem in problems.items() if not problem] == [
        "=cmd|'calc'!A1.md", "Eve/sheet.md", "ada.md", "bob.md", "carl.csv",
        "twice.md",
    ]  # fmt: skip


def test_a_sheet_that_hangs_is_given_up(monkeypatch, key, faulty):
    planted(monkeypatch, turn_for_ever)
    with ThreadPoolExecutor(2) as pool:
        book = grade(key, faulty, Rules(limit=0.3), executor=pool)
    check_others(book, "longer than 0.3 s")


def test_an_error_of_the_checker_is_the_problem_of_one(monkeypatch, key, faulty):
    planted(monkeypatch, lambda: 1 // 0)
    with ThreadPoolExecutor(2) as pool:
        check_others(grade(key, faulty, executor=pool), "ZeroDivisionError")


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_worker_that_dies_takes_one_sheet_along(monkeypatch, key, faulty):
    planted(monkeypatch, lambda: os._exit(3))
    forked(monkeypatch)
    check_others(grade(key, faulty, executor=2), "ended")


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_worker_that_no_limit_reaches_is_killed(monkeypatch, key, faulty):
    planted(monkeypatch, lambda: time.sleep(3600))  # nothing is raised in a thread that sleeps
    forked(monkeypatch)
    monkeypatch.setattr(workers, "_GRACE", 1.0)
    check_others(grade(key, faulty, Rules(limit=0.2), executor=2), "longer than 0.2 s")
    assert workers_end()


def test_an_executor_that_cannot_start_is_said(monkeypatch, key, folder):
    def broken(processes):
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, mp_context=context, initializer=os._exit, initargs=(1,))

    monkeypatch.setattr(workers, "_pool", broken)
    with pytest.raises(RuntimeError, match="__main__"):
        grade(key, submissions_in(folder), executor=1)


def test_the_limit_is_kept_in_any_thread_and_leaves_no_trace():
    caught = []

    def work():
        try:
            with workers.time_limit(0.05):
                turn_for_ever()
        except workers.TimeUp:
            caught.append(threading.get_ident())
        with workers.time_limit(0.05):
            pass
        time.sleep(0.1)
        caught.append("after")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert caught == [thread.ident, "after"]


# Resuming ----------------------------------------------------------------------------------------


def test_after_an_interrupt_nothing_is_marked_again(monkeypatch, key, folder, tmp_path):
    counted = []
    mark = workers._mark

    def counting(job, text):
        counted.append(text)
        return mark(job, text)

    monkeypatch.setattr(workers, "_mark", counting)
    monkeypatch.setattr(grading, "_BATCH", 1)
    target = tmp_path / "gradebook.csv"
    files = [path for path in submissions_in(folder) if path.stem not in ("binary", "zhuge")]

    def interrupt(result):
        if result.name == "ada.md":
            raise KeyboardInterrupt

    def run(**options):
        with ThreadPoolExecutor(1) as pool:
            return grade_to(target, key, files, executor=pool, **options)

    with pytest.raises(KeyboardInterrupt):
        run(each=interrupt)
    assert not target.exists()
    kept = saved_results(f"{target}.marks.jsonl")
    assert len(kept) == 2  # of Eve, and of the two that are alike: ada.md and =cmd
    counted.clear()
    book = run()
    assert filled(*RIGHT) not in counted
    assert len(counted) == len(files) - 3
    with ThreadPoolExecutor(1) as pool:
        assert book == grade(key, files, executor=pool)
    counted.clear()
    run(force=True)
    assert counted == []
    (folder / "bob.md").write_text(filled(*RIGHT[:3], "5"))
    run(force=True)
    assert counted == [filled(*RIGHT[:3], "5")]


def test_an_interrupt_leaves_no_workers(key, folder):
    def interrupt(result):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(key, [folder / "bob.md"] * 40, executor=2, each=interrupt)
    assert workers_end()


def test_results_survive_being_kept(tmp_path):
    path = tmp_path / "marks.jsonl"
    results = [Result(score=0.1, mistakes=("a", "b"), remarks=("ℓ\n",), digest=d) for d in "xyz"]
    for result in results[:2]:
        save_result(path, result)
    with path.open("ab") as file:
        file.write(b'{"score": 0.5, "dig')  # cut off
    save_result(path, results[2])
    assert saved_results(path) == {result.digest: result for result in results}


@pytest.mark.parametrize("line", [
    "", "[]", "{}", "nonsense", "[" * 100_000, '{"mistakes": []}', '{"mistakes": [], "other": 1}',
    json.dumps({"digest": "a", "mistakes": [1]}), json.dumps({"digest": ["a"], "mistakes": []}),
    json.dumps({"digest": "a", "mistakes": [], "score": "1"}),
], ids=range(10))  # fmt: skip
def test_a_line_that_is_no_result_is_passed_over(tmp_path, line):
    path = tmp_path / "marks.jsonl"
    path.write_text(f"{line}\n")
    save_result(path, Result(digest="b"))
    assert list(saved_results(path)) == ["b"]


def test_results_that_time_decided_are_not_kept(monkeypatch, key, faulty, tmp_path):
    planted(monkeypatch, turn_for_ever)
    with ThreadPoolExecutor(2) as pool:
        book = grade_to(tmp_path / "g.csv", key, faulty, Rules(limit=0.3), executor=pool)
    assert "longer" in rows(book)["fault.md"]["problem"]
    kept = saved_results(tmp_path / "g.csv.marks.jsonl").values()
    assert kept
    assert not any("longer" in result.problem for result in kept)


# The gradebook -----------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " \n@", " =", "＝"])
def test_no_cell_is_a_formula(start):
    bad = f"{start}HYPERLINK(1)"
    book = Gradebook((Result(bad, bad, first_wrong=bad, mistakes=(bad,)),))
    _, row = csv.reader(io.StringIO(book.csv(), newline=""))
    texts = [cell for cell in row if "HYPERLINK" in cell]
    assert len(texts) == 5  # the problem stands among what to look at too
    assert all(cell[0] == "'" and cell[1:].split() == bad.split() for cell in texts)


def test_a_gradebook_that_exists_is_kept(key, folder, tmp_path):
    target = tmp_path / "gradebook.csv"
    target.write_text("mine")
    seen = []
    with pytest.raises(SheetError, match="force"):
        grade_to(target, key, submissions_in(folder), each=seen.append)
    with pytest.raises(SheetError, match="force"):
        Gradebook(()).save(target)
    assert target.read_text() == "mine"
    assert seen == []
    assert not (tmp_path / "gradebook.csv.marks.jsonl").exists()


def test_reports_are_written_side_by_side(key, folder, tmp_path):
    (folder / "A").mkdir()
    (folder / "A" / "b.md").write_text(filled(*WRONG))
    (folder / "a_b.md").write_text(filled(*RIGHT))
    target = tmp_path / "gradebook.csv"
    with ThreadPoolExecutor(1) as pool:
        book = grade_to(
            target, key, submissions_in(folder), executor=pool,
            beside=lambda book: reports(book.results, tmp_path / "reports"),
        )  # fmt: skip
    written = sorted((tmp_path / "reports").iterdir())
    assert len(written) == len(book.results)
    assert len({path.name.casefold() for path in written}) == len(written)
    assert {"A_b.md.report.md", "a_b.md-2.report.md"} <= {path.name for path in written}
    assert "✗ wrong" in (tmp_path / "reports" / "A_b.md.report.md").read_text()
    assert "no table" in (tmp_path / "reports" / "empty.md.report.md").read_text()
    assert target.read_text() == book.csv()


@pytest.mark.parametrize("names", [("a_b", "A/b"), ("A/b", "a_b"), ("a", "a", "a-2")])
def test_no_report_replaces_another(names):
    made = reports([Result(name) for name in names], Path("reports"))
    assert len({str(path).casefold() for path, _ in made}) == len(names)


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "..", "/", "a" * 500, "con\n", "`x`", "x_1_assignsubmission_file_/../../a",
    "../x_1_assignsubmission_file_/a.md", "/x_1_2_a.md", "C:\\x.md",
    "名" * 120, "名" * 80 + "_1_2_a.md", "é" * 120 + "_1_assignsubmission_file_/a.md",
])  # fmt: skip
def test_the_name_of_a_report_stays_in_its_folder(name, tmp_path):
    ((path, _),) = reports([Result(name)], tmp_path / "reports")
    assert (tmp_path / "reports") in path.resolve().parents
    assert not path.name.startswith(".")
    assert len(path.name.encode()) < 220


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes")
def test_a_name_that_is_no_text_is_shown(key, tmp_path):
    path = os.fsencode(tmp_path) + b"/a\xff\n.md"
    with open(path, "w") as file:
        file.write(filled(*RIGHT))
    (result,) = grade(key, [os.fsdecode(path)], executor=ThreadPoolExecutor(1)).results
    assert result.name == "a\ufffd·.md"
    assert result.score == 1


def test_a_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot make the folder"):
        Gradebook(()).save(tmp_path / "g.csv", [(tmp_path / "file" / "reports" / "a.md", b"")])
    assert not (tmp_path / "g.csv").exists()


@pytest.mark.parametrize("change", [("2", "1"), ("2", "two")])
def test_a_key_that_is_wrong_itself_is_refused(tmp_path, change):
    path = tmp_path / "key.md"
    path.write_text(filled(*RIGHT[:2], change[1], RIGHT[3]))
    with pytest.raises(SheetError, match="key is wrong"):
        grade(path, [])


def test_an_empty_sheet_is_a_key(tmp_path):
    path = tmp_path / "key.md"
    path.write_text(SHEET.markdown())
    assert grade(path, []) == Gradebook(())


@pytest.mark.parametrize("row", ["| dl/dq | 1 |", "| dl/dw | -0.624 |", "| | 7 |"])
def test_a_key_with_a_line_that_cannot_be_marked_is_refused(tmp_path, row):
    path = tmp_path / "key.md"
    path.write_text(SHEET.markdown(answers=True) + row)
    with pytest.raises(SheetError, match=r"the key is wrong itself: key\.md, line 15: "):
        grade(path, [])


# Variants ----------------------------------------------------------------------------------------


@pytest.fixture
def variant(tmp_path):
    """The sheets of three variants, their keys saved as key-1.md, …."""
    sheets = [worksheet(text, ask="path:w") for text in variants(PROGRAM, 3, 1)]
    (tmp_path / "keys").mkdir()
    for number, sheet in enumerate(sheets, 1):
        (tmp_path / "keys" / f"key-{number}.md").write_text(sheet.markdown(answers=True))
    return sheets


def test_each_submission_is_marked_by_the_key_of_its_program(variant, tmp_path):
    (tmp_path / "class").mkdir()
    for number, sheet in enumerate(variant, 1):
        right = sheet.markdown(answers=True)
        (tmp_path / "class" / f"{number}.md").write_text(right.replace("\n", "\r\n"))
        first, *others = read_sheet(right).lines
        wrong = replace(sheet, lines=(replace(first, written="7.00"), *others))
        (tmp_path / "class" / f"{number}-wrong.md").write_text(wrong.markdown())
    (tmp_path / "class" / "other.md").write_text(filled(*RIGHT))
    (tmp_path / "class" / "table.csv").write_text(variant[0].csv(answers=True))
    files = submissions_in(tmp_path / "class")
    keys = submissions_in(tmp_path / "keys")
    books = [
        grade(key, files, executor=ThreadPoolExecutor(1))
        for key in (tmp_path / "keys", tmp_path / "keys" / "key.md", keys)
    ]
    assert books[0] == books[1] == books[2]
    results = {result.name: result for result in books[0].results}
    for number in (1, 2, 3):
        right, wrong = results[f"{number}.md"], results[f"{number}-wrong.md"]
        assert (right.score, right.asked, right.problem) == (1, 4, "")
        assert f"Marked against the key key-{number}.md." in right.remarks
        assert wrong.score < 1
    assert "its program is that of none of the 3 keys" in results["other.md"].problem
    assert "hand in the Markdown sheet" in results["table.csv"].problem


def test_numbered_keys_come_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 1):
        (tmp_path / f"key-{number}.md").write_text("")
    assert [path.name for path in keys_in(tmp_path / "key.md")] == [
        "key-1.md", "key-9.md", "key-10.md",
    ]  # fmt: skip
    (tmp_path / "key.md").write_text("")
    assert keys_in(tmp_path / "key.md") == [tmp_path / "key.md"]
    assert keys_in(tmp_path / "no.md") == [tmp_path / "no.md"]


def test_of_two_keys_with_one_program_the_first_counts(variant, tmp_path):
    sheet = variant[0]
    (tmp_path / "keys" / "sheet-1.md").write_text(sheet.markdown())  # as good a key
    assert grade(tmp_path / "keys", []).notes == ()
    fewer = replace(sheet, lines=sheet.lines[1:])
    (tmp_path / "keys" / "sheet-1.md").write_text(fewer.markdown())
    own = tmp_path / "own.md"
    own.write_text(sheet.markdown(answers=True))
    book = grade(tmp_path / "keys", [own], executor=ThreadPoolExecutor(1))
    assert [note for note in book.notes if "key-1.md and sheet-1.md have one program" in note]
    assert (book.results[0].right, book.results[0].asked) == (4, 4)
    (tmp_path / "none").mkdir()
    with pytest.raises(SheetError, match="no key is in"):
        grade(tmp_path / "none", [])


@pytest.mark.parametrize("fault", ["| 7.77 |", "| about two |", "unreadable", "two programs"])
def test_a_key_that_contradicts_itself_is_left_out_and_the_others_mark_the_class(
    variant, tmp_path, fault
):
    path = tmp_path / "keys" / "key-2.md"
    good = path.read_text()
    path.write_text({
        "unreadable": "\0", "two programs": good + "```sg\nx = 1\n```\n",
    }.get(fault, re.sub(r"\|[^|]*\|\n$", f"{fault}\n", good)))  # fmt: skip
    (tmp_path / "class").mkdir()
    for number, sheet in enumerate(variant, 1):
        (tmp_path / "class" / f"{number}.md").write_text(sheet.markdown(answers=True))
    book = grade(tmp_path / "keys", submissions_in(tmp_path / "class"),
                 executor=ThreadPoolExecutor(1))  # fmt: skip
    (note,) = book.notes
    assert "key-2.md" in note
    assert "\n" not in note
    assert [result.score for result in book.results] == [1, 0, 1]
    assert "its program is that of none" in book.results[1].problem


def test_a_class_is_marked_by_the_convention_of_its_key(tmp_path):
    text = "x = 2; w = 0; h = relu(w*x); loss = (h - 1)^2"
    sheet = replace(worksheet(text, ask="path:w"), prose="relu'(0) = 1")
    key, own = tmp_path / "key.md", tmp_path / "own.md"
    key.write_text(sheet.markdown(answers=True))
    other = sheet.markdown(answers=True).replace("| 2 |", "| 0 |").replace("| −4 |", "| 0 |")
    own.write_text(other)
    results = grade(key, [key, own], executor=ThreadPoolExecutor(1)).results
    assert [result.score == 1 for result in results] == [True, False]


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_limit_that_is_none_is_refused(key, limit):
    with pytest.raises(ValueError, match="above 0"):
        grade(key, [], Rules(limit=limit))


def test_a_limit_may_be_infinite(key, folder):
    with ThreadPoolExecutor(1) as pool:
        book = grade(key, [folder / "ada.md"], Rules(limit=float("inf")), executor=pool)
    assert book.results[0].score == 1


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.name)
def test_the_key_of_a_lecture_gets_full_marks(lecture, tmp_path):
    key = tmp_path / "key.md"
    key.write_text(worksheet(lecture.text, ask="all").markdown(answers=True))
    (result,) = grade(key, [key], executor=ThreadPoolExecutor(1)).results
    assert (result.problem, result.right) == ("", result.asked)


def test_a_script_can_grade(key, folder, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from scalargrad.sheets.grading import grade\n"
        "from scalargrad.sheets.submissions import submissions_in\n"
        "if __name__ == '__main__':\n"
        f"    print(len(grade({str(key)!r}, submissions_in({str(folder)!r})).results))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60,
                          check=False)  # fmt: skip
    assert (done.stdout, done.stderr) == (f"{len(submissions_in(folder))}\n", "")
