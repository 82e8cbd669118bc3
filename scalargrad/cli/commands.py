"""The command line: one thin function for each command.

Exit codes: 0; 1 when a check failed; 2 for bad input, which gets one clear message on stderr; 130
when interrupted.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from scalargrad import __version__
from scalargrad.cli import doctor
from scalargrad.cli.manual import Manual, complaint, is_plain
from scalargrad.cli.streams import is_pipe, save, save_new, source, standard_input
from scalargrad.errors import DomainError, DrawingError, GradientMismatch, ProgramError
from scalargrad.graph.derivation import derive
from scalargrad.graph.table import table
from scalargrad.language.reading import Program, program
from scalargrad.lectures import LECTURES, STUDENT
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import fraction
from scalargrad.view.drawing import FRAME_SUFFIXES, SUFFIXES, draw

if TYPE_CHECKING:
    from scalargrad.checking.answer_key import AtKinks
    from scalargrad.checking.report import Report

app = typer.Typer(
    cls=Manual,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_START, _SHOW, _MARK = "To begin", "Show a program", "Set and mark worksheets"

ProgramArgument = Annotated[
    str,
    typer.Argument(
        metavar="PROGRAM", help="A program file, - for standard input, or the text itself."
    ),
]
AtOption = Annotated[
    list[str] | None,
    typer.Option("--at", help="Inputs: x=2 is exact, x=~2.0 a float; several with commas."),
]


def _one_of(*words: str) -> Callable[[str], list[str]]:
    """What the shell offers to complete an option with."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


@app.callback(invoke_without_command=True)
def manual(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Draw and check worked examples of backpropagation.

    What to do first:
      scalargrad demo                                            the lecture, whole
      scalargrad new lecture.sg                                  a program to edit
      scalargrad draw lecture.sg --wrt w2 -o lecture.svg         its picture
      scalargrad derive lecture.sg --wrt w2                      its chain rule
      scalargrad worksheet lecture.sg -o sheet.md --key key.md   a sheet, its key
      scalargrad check key.md                                    a sheet, marked

    A program is lines of name = expression: in a file that ends in .sg, in standard input (-), or
    as the argument itself. Each command has a page: scalargrad draw --help.
    """
    if version:
        typer.echo(f"scalargrad {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(rich_help_panel=_START)
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write to.")] = Path(
        "demo"
    ),
) -> None:
    """Draw the lecture example, print its derivatives, and check them against the slide.

    Example: scalargrad demo -o demo
    """
    from scalargrad.checking.gradcheck import assert_gradients
    from scalargrad.checking.marking import check
    from scalargrad.sheets.worksheet import read_sheet

    _make(output)
    for lecture in LECTURES:
        example = program(lecture.text)
        loss = example.output
        loss.backward()
        typer.echo(f"{lecture.title}\n\n{table(loss)}\n")
        assert_gradients(loss, lecture.gradients)
        checked = ", ".join(
            f"{_derivative(example, name)} = {fraction(example[name].grad)}"
            for name in lecture.gradients
        )
        typer.echo(f"{derive(loss, 'w2')}\n")
        typer.echo(f"as on the slide: {checked}\n")
        drawing = draw(loss, wrt="w2")
        for suffix in (".svg", ".pdf", ".png", ".tex", ".dot"):
            typer.echo(f"wrote {drawing.save(output / (lecture.name + suffix))}")
        steps = draw(loss).frames().save(output / f"{lecture.name}_steps.html")
        typer.echo(f"wrote {steps}\n")
    sheet = read_sheet(STUDENT)
    typer.echo(f"a student's sheet, marked\n\n{_shown(check(sheet.program, sheet.rows))}")


@app.command(rich_help_panel=_START)
def new(
    path: Annotated[
        Path, typer.Argument(metavar="PROGRAM", help="The file to write, - for standard output.")
    ] = Path("lecture.sg"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a program with comments to start from: the lecture example.

    Example: scalargrad new lecture.sg
    """
    if path.suffix != ".sg" and str(path) != "-":
        raise typer.BadParameter(f"a program file ends in .sg; got {path}")
    text = (resources("scalargrad.cli") / "starter.sg").read_text(encoding="utf-8")
    if path.suffix:
        text = text.replace("lecture.sg", shlex.quote(path.name))
    save_new([(path, text)], force)


@app.command("draw", rich_help_panel=_SHOW)
def draw_command(
    text: ProgramArgument,
    at: AtOption = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help=f"A file to write: {' '.join(SUFFIXES)}; frames: {' '.join(FRAME_SUFFIXES)}; "
            "- is standard output.",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="Of standard output: svg, dot, tex, …, as the suffixes."),
    ] = None,
    style: Annotated[
        str | None,
        typer.Option(
            help="network, circuit or record.",
            autocompletion=_one_of("network", "circuit", "record"),
        ),
    ] = None,
    theme: Annotated[
        str,
        typer.Option(
            help="light, dark, print or colour-blind.",
            autocompletion=_one_of("light", "dark", "print", "colour-blind"),
        ),
    ] = "light",
    wrt: Annotated[
        str, typer.Option(help="Names, with commas: the paths from them and their chain rule.")
    ] = "",
    path: Annotated[
        str | None, typer.Option(help="A name: of several paths those through it.")
    ] = None,
    detail: Annotated[
        str | None,
        typer.Option(
            help="named, all or layers.", autocompletion=_one_of("named", "all", "layers")
        ),
    ] = None,
    direction: Annotated[
        str, typer.Option(help="LR or TB.", autocompletion=_one_of("LR", "TB"))
    ] = "LR",
    digits: Annotated[int | None, typer.Option(help="Significant digits of the numbers.")] = None,
    fractions: Annotated[bool, typer.Option("--fractions", help="Exact numbers as 6/25.")] = False,
    engine: Annotated[str | None, typer.Option(help="Of the layout: own, or dot.")] = None,
    biases: Annotated[bool, typer.Option(help="Biases of a network.")] = True,
    dropped: Annotated[str, typer.Option(help="Names, with commas, of nodes to grey.")] = "",
    frames: Annotated[
        bool, typer.Option("--frames", help="Forward and backward, one picture a step.")
    ] = False,
) -> None:
    """Draw the graph of a program with value and gradient on every node.

    Example: scalargrad draw "loss = (w*x - y)^2" --at w=0.5,x=2,y=3 --wrt w -o loss.svg
    """
    example = _program(text, at)
    example.output.backward()
    options: dict[str, Any] = {
        "style": style, "theme": theme, "path": path, "detail": detail, "direction": direction,
        "digits": digits, "fractions": fractions, "engine": engine, "biases": biases,
        "dropped": _names(dropped),
    }  # fmt: skip
    drawing = draw(example.output, wrt=_names(wrt), **options)
    made = drawing.frames() if frames else drawing
    form = form or ("html" if frames else "svg")
    save(
        [
            (file, made.content(f".{form}" if is_pipe(file) else file.suffix))
            for file in output or [Path(f"graph.{form}")]
        ]
    )


@app.command("derive", rich_help_panel=_SHOW)
def derive_command(
    text: ProgramArgument,
    wrt: Annotated[str, typer.Option(help="The name of the node to differentiate by.")],
    at: AtOption = None,
    path: Annotated[
        str, typer.Option(help="Names, with commas: of several paths the one through them.")
    ] = "",
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="text, latex or markdown.",
            autocompletion=_one_of("text", "latex", "markdown"),
        ),
    ] = "text",
    digits: Annotated[int | None, typer.Option(help="Significant digits of the numbers.")] = None,
    fractions: Annotated[bool, typer.Option("--fractions", help="Exact numbers as 6/25.")] = False,
) -> None:
    """Print the chain rule for one derivative: symbols, formulas, numbers, result.

    Example: scalargrad derive "loss = (w*x - y)^2" --at w=0.5,x=2,y=3 --wrt w --format latex
    """
    if form not in ("text", "latex", "markdown"):
        raise typer.BadParameter(f"--format is text, latex or markdown; got {form!r}")
    rule = derive(
        _program(text, at).output, wrt, path=_names(path), digits=digits, fractions=fractions
    )
    typer.echo(getattr(rule, form))


@app.command("worksheet", rich_help_panel=_MARK)
def worksheet_command(
    text: ProgramArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The sheet to write: .md, .csv, or - to print.")
    ],
    key: Annotated[
        Path | None, typer.Option(help="The key to write: the answers filled in.")
    ] = None,
    ask: Annotated[str, typer.Option(help="all, named, or path:w2.")] = "all",
    count: Annotated[
        int, typer.Option("--variants", help="Sheets of other numbers; names get -1, -2, ….")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Draws the numbers of variants.")] = 0,
    convention: Annotated[
        str, typer.Option(help="For the sheet to state, as relu'(0) = 0; by default none counts.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write a worksheet on a program, and its key.

    Example: scalargrad worksheet lecture.sg -o sheet.md --key key.md --ask path:w2
    """
    from scalargrad.checking.kinks import stated_slopes
    from scalargrad.sheets.variants import variants
    from scalargrad.sheets.worksheet import worksheet

    if not 1 <= count <= 1000:
        raise typer.BadParameter(f"--variants is 1 to 1000; got {count}")
    if count > 1 and any(path and is_pipe(path) for path in (output, key)):
        raise typer.BadParameter("--variants are several sheets, which need files; got -")
    if convention and not stated_slopes(convention):
        raise typer.BadParameter(f'--convention is like "relu\'(0) = 0"; got {convention!r}')
    given = source(text)
    programs = [given] if count == 1 else variants(given, count, seed)
    files: list[tuple[Path, str]] = []
    for number, changed in enumerate(programs, 1):
        sheet = worksheet(changed, ask=ask)
        if convention:
            sheet = replace(sheet, prose=f"{sheet.prose}\n\nConvention: {convention.strip(' .')}.")
        for path, answers in ((output, False), (key, True)):
            if path is not None:
                name = path if count == 1 else path.with_stem(f"{path.stem}-{number}")
                is_csv = path.suffix.lower() == ".csv"
                files.append((name, sheet.csv(answers) if is_csv else sheet.markdown(answers)))
    save_new(files, force)


@app.command("check", rich_help_panel=_MARK)
def check_command(
    sheet: Annotated[
        Path, typer.Argument(help="A worksheet with answers: .md, .csv, or - for standard input.")
    ],
    program_text: Annotated[
        str, typer.Option("--program", help="The program, where the sheet holds none.")
    ] = "",
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="text, markdown, html or json.",
            autocompletion=_one_of("text", "markdown", "html", "json"),
        ),
    ] = "text",
    at_kinks: Annotated[
        str | None,
        typer.Option(
            help="any, convention, or relu'(0) = 0; by default what the sheet states.",
            autocompletion=_one_of("any", "convention"),
        ),
    ] = None,
    solutions: Annotated[bool, typer.Option(help="Show the true values.")] = True,
) -> None:
    """Mark a worksheet: where it first goes wrong, and why. Exit code 1 when it does.

    Example: scalargrad check sheet.md
    """
    from scalargrad.checking.marking import check
    from scalargrad.sheets.worksheet import read_sheet, sheet_text

    if form not in ("text", "markdown", "html", "json"):
        raise typer.BadParameter(f"--format is text, markdown, html or json; got {form!r}")
    stated = None if at_kinks is None else _at_kinks(at_kinks)
    given = source(program_text) if program_text else None
    read = read_sheet(standard_input() if is_pipe(sheet) else sheet_text(sheet), given)
    kinks = read.slopes if stated is None else stated
    report = check(read.program, read.rows, at_kinks=kinks, solutions=solutions)
    typer.echo(_shown(report) if form == "text" else getattr(report, form))
    if not report.ok:
        raise typer.Exit(1)


@app.command("grade", rich_help_panel=_MARK)
def grade_command(
    key: Annotated[
        Path,
        typer.Argument(
            help="A sheet with the program and what is asked for; of variants a folder of them, "
            "or key.md for key-1.md, key-2.md, …."
        ),
    ],
    submissions: Annotated[list[Path], typer.Argument(help="Sheets, or folders of them.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The gradebook to write, .csv.")
    ] = Path("gradebook.csv"),
    report: Annotated[
        Path | None, typer.Option(help="A folder for a report on each submission.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("-j", help="Worker processes.")] = None,
    at_kinks: Annotated[
        Literal["any", "convention"],
        typer.Option(help="any value of the subdifferential, or the convention of the table."),
    ] = "any",
    solutions: Annotated[bool, typer.Option(help="Show the true values in reports.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace a gradebook.")] = False,
) -> None:
    """Mark a whole class; one bad file never stops it, and a second run marks only what is new.

    Example: scalargrad grade key.md submissions -o gradebook.csv --report reports
    """
    from tqdm import tqdm

    from scalargrad.sheets.grading import grade_to, submissions_in
    from scalargrad.sheets.keys import Rules

    if jobs is not None and jobs < 1:
        raise typer.BadParameter(f"-j is 1 or more; got {jobs}")
    files = [
        file
        for place in submissions
        for file in (submissions_in(place) if place.is_dir() else [place])
    ]
    with tqdm(total=len(files), desc="marking", disable=None, delay=1) as bar:
        grade_to(
            output, key, files, Rules(at_kinks, solutions), executor=jobs, reports=report,
            force=force, each=lambda _: bar.update(),
        )  # fmt: skip
    typer.echo(f"wrote {output}: {len(files)} submission{'s' * (len(files) != 1)}")


@app.command("lectures", rich_help_panel="Run the lectures")
def lectures_command(
    which: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WHICH]...", help="claims, backprop, networks, slips, or rows such as B20."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder for the pictures and plots.")
    ] = None,
) -> None:
    """Run what the lecture decks state; exit code 1 when anything comes out differently.

    Example: scalargrad lectures B20 N17
    """
    from scalargrad.lectures.decks import chosen, summary

    if output is not None:
        _make(output)
    outcomes = []
    for text, outcome in chosen(which or []):
        typer.echo(text)
        outcomes.append(outcome)
        for path in outcome.save(output) if output else ():
            typer.echo(f"    wrote {path}")
    typer.echo(f"\n{summary(outcomes)}")
    if not all(outcome.is_met for outcome in outcomes):
        raise typer.Exit(1)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DrawingError(f"cannot make the folder {folder}: {error.strerror}") from None


@app.command("doctor", rich_help_panel="When something is missing")
def doctor_command() -> None:
    """Say what is found of layout engines, fonts, TeX, browsers and extras, and what each adds.

    Example: scalargrad doctor
    """
    typer.echo(doctor.text(doctor.report()))


@app.command("table", rich_help_panel=_SHOW)
def table_command(
    text: ProgramArgument,
    at: AtOption = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
) -> None:
    """Print name, value and gradient of every named node of a program.

    Example: scalargrad table "loss = (w*x - y)^2" --at w=0.5,x=2,y=3
    """
    example = _program(text, at)
    example.output.backward()
    shown = table(example.output)
    typer.echo(shown.markdown if markdown else str(shown))


def _shown(report: Report) -> str:
    """The text of a report, in colours on a terminal that has them; see no-color.org."""
    has_colours = sys.stdout.isatty() and not is_plain(os.environ)
    return report.coloured if has_colours else report.text


def _at_kinks(written: str) -> AtKinks | dict[str, Any]:
    """What is right at kinks: any, the convention, or what is stated as relu'(0) = 0."""
    from scalargrad.checking.kinks import stated_slopes

    if written == "any":
        return "any"
    if written == "convention":
        return "convention"
    stated = stated_slopes(written)
    if stated:
        return stated
    raise typer.BadParameter(f"--at-kinks is any, convention or relu'(0) = 0; got {written!r}")


def _names(written: str) -> list[str]:
    """The names in a list with commas."""
    return [name.strip() for name in written.split(",") if name.strip()]


def _derivative(example: Program, name: str) -> str:
    return f"∂{typeset(example.output.label)}/∂{typeset(name)}"


def _program(text: str, at: list[str] | None) -> Program:
    inputs: dict[str, object] = {}
    for assignment in [part for given in at or [] for part in given.split(",")]:
        name, equals, number = (piece.strip() for piece in assignment.partition("="))
        if not (name and equals and number):
            raise typer.BadParameter(f"--at takes name=number; got {assignment!r}")
        if name in inputs:
            raise typer.BadParameter(f"--at gives {name} twice")
        inputs[name] = _float(number[1:]) if number.startswith("~") else number
    try:
        return program(source(text), inputs)
    except TypeError as error:
        raise typer.BadParameter(f"--at: {error}") from None


def _float(number: str) -> float:
    try:
        return float(number)
    except ValueError:
        raise typer.BadParameter(f"a float is written like ~2.0; got ~{number}") from None


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    try:
        code = app(arguments, prog_name="scalargrad", standalone_mode=False)
        return _complain("interrupted", 130) if code == 130 else int(code or 0)
    except GradientMismatch as error:
        return _complain(error, 1)
    except (DomainError, DrawingError, ProgramError, ValueError) as error:
        return _complain(error, 2)
    except BrokenPipeError:  # the reader of a pipe has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(f"{error.filename or 'standard output'}: {error.strerror}", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("interrupted", 130)
    except Exception as error:
        if hasattr(error, "format_message"):  # what typer says of a wrong argument
            return _complain(complaint(error), 2)
        raise


def _complain(message: object, code: int) -> int:
    typer.echo(f"scalargrad: {message}", err=True)
    return code
