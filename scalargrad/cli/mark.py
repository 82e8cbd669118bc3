"""The commands that set worksheets and mark them: one sheet, or a class."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scalargrad.cli.manual import is_plain
from scalargrad.cli.options import FILE, PROGRAM, SOLUTIONS, Listed, Written
from scalargrad.cli.streams import is_pipe, save_new, say, source, standard_input

if TYPE_CHECKING:
    from scalargrad.checking.answer_key import AtKinks
    from scalargrad.checking.report import Report
    from scalargrad.sheets.grading import Gradebook
    from scalargrad.sheets.worksheet import Sheet

_AT_KINKS = ("any", "convention")
_SHEET = Written(".md", ".txt", ".csv", ".html", ".pdf")
_TABLE = Written(".csv")


class DueDate(click.ParamType[datetime]):
    """A day, which ends at midnight, or a time of this machine's clock."""

    name = "date"

    def convert(self, value: Any, *context: Any) -> datetime:
        """The date that was typed."""
        try:
            due = datetime.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(
                f'--due is like 2026-11-02 or "2026-11-02 12:00"; got {value!r}'
            ) from None
        if len(value) <= len("2026-11-02"):
            return due.replace(hour=23, minute=59, second=59)
        return due


@click.command()
@PROGRAM
@click.option(
    "--output",
    "-o",
    type=_SHEET,
    required=True,
    help="The sheet to write: .md, .csv, .html, .pdf, or - to print.",
)
@click.option("--key", type=_SHEET, help="The key to write: the answers filled in.")
@click.option("--ask", default="all", help="all, named, or path:w2.")
@click.option("--picture", is_flag=True, help="The graph above it, to be filled in.")
@click.option(
    "--variants",
    "count",
    type=int,
    default=1,
    help="Sheets of other numbers; names get -1, -2 and so on.",
)
@click.option("--seed", type=int, default=0, help="Draws the numbers of variants.")
@click.option(
    "--convention", help="For the sheet to state, as relu'(0) = 0; by default none counts."
)
@click.option("--figures", type=click.IntRange(1, 15), help="Significant figures to ask for.")
@click.option(
    "--moodle", type=Written(".xml"), help="A question for each sheet to write for Moodle, .xml."
)
@click.option(
    "--qti", type=Written(".zip"), help="A quiz for each sheet to write for Canvas, .zip."
)
@click.option(
    "--nbgrader", type=Written(".ipynb"), help="A notebook for nbgrader to write, .ipynb."
)
@click.option("--otter", type=Written(".py"), help="A test file for otter-grader to write, .py.")
@click.option(
    "--roster", type=FILE, help="Your students (id, name; .csv), to deal the variants to."
)
@click.option("--force", is_flag=True, help="Replace files that exist.")
def worksheet(
    text: str,
    output: Path,
    key: Path | None,
    ask: str,
    picture: bool,
    count: int,
    seed: int,
    convention: str | None,
    figures: int | None,
    moodle: Path | None,
    qti: Path | None,
    nbgrader: Path | None,
    otter: Path | None,
    roster: Path | None,
    force: bool,
) -> None:
    """Write a worksheet on a program, and its key.

    Example: scalargrad worksheet lecture.sg -o sheet.md --key key.md --ask path:w2
    """
    from scalargrad.checking.kinks import stated_slopes
    from scalargrad.sheets import notebooks
    from scalargrad.sheets.moodle import moodle_xml
    from scalargrad.sheets.qti import canvas_qti
    from scalargrad.sheets.roster import read_roster
    from scalargrad.sheets.variants import variants
    from scalargrad.sheets.worksheet import worksheet

    if not 1 <= count <= 1000:
        raise click.BadParameter(f"--variants is 1 to 1000; got {count}")
    if count > 1 and any(path and is_pipe(path) for path in (output, key, nbgrader, otter)):
        raise click.BadParameter("--variants are several sheets, which need files; got -")
    if roster and is_pipe(output):
        raise click.BadParameter("--roster writes a roster beside the sheet, which needs a file")
    if convention and not stated_slopes(convention):
        raise click.BadParameter(f'--convention is like "relu\'(0) = 0"; got {convention!r}')
    asked = source(text)
    programs = [asked] if count == 1 else variants(asked, count, seed)
    files: list[tuple[Path, str | bytes]] = []
    sheets = []
    for number, changed in enumerate(programs, 1):
        sheet = worksheet(changed, ask=ask, picture=picture).with_id(number)
        if convention:
            sheet = replace(sheet, prose=f"{sheet.prose}\n\nConvention: {convention.strip(' .')}.")
        if figures:
            wanted = f"Give numbers to {figures} significant figure{'s' * (figures > 1)}."
            sheet = replace(sheet, prose=f"{sheet.prose}\n\n{wanted}")
        sheets.append(sheet)
        files += [
            (path if count == 1 else path.with_stem(f"{path.stem}-{number}"), text)
            for path, text in (
                (output, _written(sheet, output)),
                (key, key and _written(sheet, key, answers=True)),
                (nbgrader, nbgrader and notebooks.nbgrader(sheet)),
                (otter, otter and notebooks.otter(sheet, otter.stem)),
            )
            if path and text
        ]
    if moodle:
        files.append((moodle, moodle_xml(sheets, output.stem)))
    if qti:
        files.append((qti, canvas_qti(sheets, output.stem)))
    if roster:
        dealt = read_roster(roster).dealt(count)
        files.append((output.with_name(f"{output.stem}-roster.csv"), dealt.csv()))
    save_new(files, force)


def _written(sheet: Sheet, path: Path, answers: bool = False) -> str | bytes:
    forms: dict[str, Callable[[bool], str | bytes]]
    forms = {".csv": sheet.csv, ".html": sheet.html, ".pdf": sheet.pdf}
    return forms.get(path.suffix.lower(), sheet.markdown)(answers)


@click.command()
@click.argument(
    "sheet", type=FILE, help="A worksheet with answers: .md, .csv, or - for standard input."
)
@click.option("--program", "text", help="The program, where the sheet holds none.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    help="What is printed.",
)
@click.option(
    "--at-kinks",
    cls=Listed,
    words=lambda: _AT_KINKS,
    help="{}, or relu'(0) = 0; by default what the sheet states.",
)
@SOLUTIONS
def check(sheet: Path, text: str | None, form: str, at_kinks: str | None, solutions: bool) -> None:
    """Mark a worksheet: where it first goes wrong, and why. Exit code 1 when it does.

    Example: scalargrad check sheet.md
    """
    from scalargrad.checking.answer_key import key_of
    from scalargrad.checking.marking import mark
    from scalargrad.sheets.documents import sheet_text
    from scalargrad.sheets.worksheet import read_sheet

    stated = None if at_kinks is None else _read_at_kinks(at_kinks)
    program = source(text) if text else None
    read = read_sheet(standard_input() if is_pipe(sheet) else sheet_text(sheet), program)
    kinks = read.slopes if stated is None else stated
    key = key_of(read.program, kinks if isinstance(kinks, dict) else None, read.precision)
    convention: AtKinks = "convention" if kinks == "convention" else "any"
    report = mark(key, read.rows, at_kinks=convention, solutions=solutions)
    say(shown(report) if form == "text" else getattr(report, form))
    if not report.ok:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument(
    "key",
    type=FILE,
    help="A sheet with the program and what is asked for; of variants a folder of them, or key.md "
    "for key-1.md, key-2.md and so on.",
)
@click.argument("submissions", type=FILE, nargs=-1, required=True, help="Sheets, or their folders.")
@click.option(
    "--output", "-o", type=_TABLE, default="gradebook.csv", help="The gradebook to write, .csv."
)
@click.option("--report", type=FILE, help="A folder, or a .zip, for a report on each submission.")
@click.option(
    "--format",
    "forms",
    type=click.Choice(["md", "html", "pdf"]),
    default=["md"],
    multiple=True,
    help="Of the reports; may be given again.",
)
@click.option("--roster", type=FILE, help="Who has which variant: id, name, variant, email; .csv.")
@click.option("--overrides", type=FILE, help="Your own marks: student, line, mark, note; .csv.")
@click.option("--due", type=DueDate(), help='When it was due: 2026-11-02, or "2026-11-02 12:00".')
@click.option("--best", is_flag=True, help="Of several submissions the best counts, not the last.")
@click.option("--anonymous", is_flag=True, help="Write no names.")
@click.option(
    "--items",
    type=FILE,
    multiple=True,
    help="How the class did on each line, to write: a table, .csv; a plot, .svg, .pdf or .png.",
)
@click.option("--canvas", type=_TABLE, help="A gradebook for Canvas to write, .csv.")
@click.option("--moodle", type=_TABLE, help="A gradebook for Moodle to write, .csv.")
@click.option(
    "--gradescope", type=Written(".zip"), help="An autograder for Gradescope to write, .zip."
)
@click.option("-j", "jobs", type=int, help="Worker processes.")
@click.option(
    "--at-kinks",
    type=click.Choice(_AT_KINKS),
    default="any",
    help="Any value of the subdifferential, or the convention of the table.",
)
@SOLUTIONS
@click.option("--force", is_flag=True, help="Replace a gradebook.")
def grade(
    key: Path,
    submissions: Sequence[Path],
    output: Path,
    report: Path | None,
    forms: Sequence[str],
    roster: Path | None,
    overrides: Path | None,
    due: datetime | None,
    best: bool,
    anonymous: bool,
    items: Sequence[Path],
    gradescope: Path | None,
    jobs: int | None,
    at_kinks: Any,
    solutions: bool,
    force: bool,
    **systems: Path | None,
) -> None:
    """Mark a whole class; one bad file never stops it, and a second run marks only what is new.

    Example: scalargrad grade key.md submissions -o gradebook.csv --report reports

    From the worksheet to the gradebook of the course:

    1. Write sheets: scalargrad worksheet lecture.sg -o sheet.md --key key.md --variants 30

    2. Hand out sheet-1.md to sheet-30.md, and note in roster.csv who has which: a line
    "id,name,variant" above lines "al1,Ada Lovelace,3". With --roster class.csv step 1 deals the
    variants to your students and writes sheet-roster.csv.

    3. Collect: unpack what Canvas, Moodle, Gradescope or Blackboard gives into one folder.

    4. Grade: scalargrad grade key.md submissions --roster roster.csv --report reports

    5. Look at the column "look" of gradebook.csv. Decide in overrides.csv, a line
    "student,line,mark,note" above lines "al1,3,0.5,a slip"; then the same command again with
    --overrides overrides.csv --force. It says whose marks changed.

    6. Hand back: --report back.zip --format html for the feedback, and --canvas or --moodle for
    the marks.
    """
    from scalargrad.notation.words import listed
    from scalargrad.sheets.feedback import reports
    from scalargrad.sheets.gradebooks import FORMS
    from scalargrad.sheets.gradescope import autograder
    from scalargrad.sheets.grading import grade_to
    from scalargrad.sheets.keys import Rules, keys_in
    from scalargrad.sheets.reviewing import Course, read_overrides
    from scalargrad.sheets.roster import Roster, read_roster
    from scalargrad.sheets.submissions import passed_over, submissions_in

    if jobs is not None and jobs < 1:
        raise click.BadParameter(f"-j is 1 or more; got {jobs}")
    for place in submissions:
        if not os.path.lexists(place):
            raise click.BadParameter(f"{place} is not there; give sheets, or their folders")
    students = read_roster(roster) if roster else Roster()
    decided = read_overrides(overrides) if overrides else ()
    folders = [place for place in submissions if place.is_dir()]
    files = [
        file
        for place in submissions
        for file in (submissions_in(place) if place in folders else [place])
    ]
    skipped = [file.name for place in folders for file in passed_over(place)]
    if skipped:
        say(f"passed over, as nobody's sheets: {listed(skipped)}", err=True)
    before = output.read_text() if force and output.is_file() else ""

    def beside(book: Gradebook) -> list[tuple[Path, bytes]]:
        made = [(path, FORMS[name](book.results, output.stem, students).encode())
                for name, path in systems.items() if path]  # fmt: skip
        made += [(path, _items(book, path)) for path in items]
        made += [(gradescope, autograder(keys_in(key), solutions))] if gradescope else []
        return made + (reports(book.results, report, forms) if report else [])

    hidden = not sys.stderr.isatty()
    with click.progressbar(files, label="marking", hidden=hidden, file=sys.stderr) as bar:
        book = grade_to(
            output, key, files, Rules(at_kinks, solutions),
            Course(students, decided, best, anonymous, due), executor=jobs, beside=beside,
            force=force, each=lambda _: bar.update(1),
        )  # fmt: skip
    for note in (*book.notes, *book.changes(before)):
        say(note, err=True)
    count = len(book.results)
    say(f"wrote {output}: {count} submission{'s' * (count != 1)}")
    for path in (*filter(None, (*systems.values(), gradescope, report)), *items):
        say(f"wrote {path}")


def _items(book: Gradebook, path: Path) -> bytes:
    from scalargrad.sheets.reviewing import items, items_csv

    if path.suffix.lower() == ".csv":
        return items_csv(book.results).encode()
    from scalargrad.plots import content
    from scalargrad.plots import items as plot_of_items

    return content(plot_of_items(items(book.results)), path.suffix.lower())


def shown(report: Report) -> str:
    """The text of a report, in colours on a terminal that has them; see no-color.org."""
    has_colours = sys.stdout.isatty() and not is_plain(os.environ)
    return report.coloured if has_colours else report.text


def _read_at_kinks(written: str) -> AtKinks | dict[str, Any]:
    """What is right at kinks: any, the convention, or what is stated as relu'(0) = 0."""
    from scalargrad.checking.kinks import stated_slopes

    if written == "any":
        return "any"
    if written == "convention":
        return "convention"
    stated = stated_slopes(written)
    if stated:
        return stated
    raise click.BadParameter(f"--at-kinks is any, convention or relu'(0) = 0; got {written!r}")
