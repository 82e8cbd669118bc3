"""The commands that show a program: its picture, a chain rule, its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scalargrad.cli.options import AT, DIGITS, FILE, FRACTIONS, PROGRAM, Listed, names, read_program
from scalargrad.cli.streams import is_pipe, save, say, whenever_written

if TYPE_CHECKING:
    from scalargrad.language.reading import Program
    from scalargrad.view.drawing import Drawing
    from scalargrad.view.picture import Frames, Picture


def _choices(name: str, module: str = "drawing") -> Any:
    """Reads a list of words in a module of drawings when it is needed."""
    return lambda: list(getattr(import_module(f"scalargrad.view.{module}"), name))


def _formats() -> list[str]:
    return [suffix[1:] for suffix in _choices("SUFFIXES", "export.formats")()]


@click.command()
@PROGRAM
@AT
@click.option(
    "--output",
    "-o",
    cls=Listed,
    words=_choices("SUFFIXES", "export.formats"),
    type=FILE,
    multiple=True,
    help="A file to write: {}; - is standard output.",
)
@click.option("--format", "form", cls=Listed, words=_formats, help="Of standard output: {}.")
@click.option("--style", cls=Listed, words=_choices("STYLES"), help="{}.")
@click.option("--theme", cls=Listed, words=_choices("THEMES", "scene"), default="auto", help="{}.")
@click.option("--wrt", help="Names, with commas: the paths from them and their chain rule.")
@click.option("--path", help="A name: of several paths those through it.")
@click.option("--detail", cls=Listed, words=_choices("DETAILS"), help="{}.")
@click.option("--direction", cls=Listed, words=_choices("DIRECTIONS"), default="LR", help="{}.")
@DIGITS
@FRACTIONS
@click.option("--size", cls=Listed, words=_choices("PLACES"), default="slide",
              help="Of its place: {}, or points as 400x300.")  # fmt: skip
@click.option("--engine", cls=Listed, words=_choices("ENGINES"), help="Of the layout: {}.")
@click.option("--biases/--no-biases", default=True, help="Biases of a network.")
@click.option("--dropped", help="Names, with commas, of nodes to grey.")
@click.option("--refine", help="Methods of a Drawing, as in .hide(y).titled('Backward').")
@click.option(
    "--frames",
    cls=Listed,
    words=_choices("FRAME_SUFFIXES", "export.formats"),
    is_flag=True,
    help="Forward and backward, one picture a step, in a file {}.",
)
@click.option("--watch", is_flag=True, help="Draw again when the file changes, until Ctrl-C.")
def draw(
    text: str,
    at: Sequence[str],
    output: Sequence[Path],
    form: str | None,
    watch: bool,
    **options: Any,
) -> None:
    """Draw the graph of a program with value and gradient on every node.

    A last statement that gives a vector is several outputs, drawn together, without gradients;
    with --wrt the last of them is drawn.

    Example: scalargrad draw "loss = (w*x - y)^2" --at w=0.5,x=2,y=3 --wrt w -o loss.svg
    """
    from scalargrad.view.picture import Frames

    def drawn() -> None:
        picture = pictured(read_program(text, at), **options)
        usual = form or ("html" if isinstance(picture, Frames) else "svg")
        save(
            [
                (file, picture.content(f".{usual}" if is_pipe(file) else file.suffix))
                for file in output or [Path(f"graph.{usual}")]
            ]
        )

    if watch:
        whenever_written(Path(text), drawn)
    else:
        drawn()


def pictured(
    example: Program, *, wrt: str | None, frames: bool, **options: Any
) -> Picture | Frames:
    """What the options of `draw` make of a program."""
    from scalargrad.view.drawing import Drawing, draw

    refine, options = refinement(**options)
    if len(example.outputs) > 1 and not wrt:
        drawing = draw(example.outputs, **options)
    else:
        example.output.backward()
        drawing = draw(example.output, wrt=names(wrt), **options)
    picture = refine(drawing)
    return picture.frames() if frames and isinstance(picture, Drawing) else picture


def refinement(
    *,
    dropped: str | None,
    biases: bool,
    digits: int | None,
    fractions: bool,
    refine: str | None,
    **options: Any,
) -> tuple[Callable[[Drawing], Picture | Frames], dict[str, Any]]:
    """What refines a drawing as those options ask that are methods of it, and the other options."""
    from scalargrad.view.refining import refined

    def made(drawing: Drawing) -> Picture | Frames:
        drawing = drawing.numbers(digits=digits, fractions=fractions)
        return refined(drawing.biases(biases).dropped(*names(dropped)), refine or "")

    return made, options


@click.command()
@PROGRAM
@click.option("--wrt", required=True, help="The name of the node to differentiate by.")
@AT
@click.option("--path", help="Names, with commas: of several paths the one through them.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "latex", "markdown"]),
    default="text",
    help="What is printed.",
)
@DIGITS
@FRACTIONS
@click.option("--order", type=click.IntRange(1, 2), default=1, help="2 for the second derivative.")
def derive(
    text: str, wrt: str, at: Sequence[str], path: str | None, form: str, **options: Any
) -> None:
    """Print the chain rule for one derivative: symbols, formulas, numbers, result.

    Example: scalargrad derive "loss = (w*x - y)^2" --at w=0.5,x=2,y=3 --wrt w --format latex
    """
    from scalargrad.graph.derivation import derive

    rule = derive(read_program(text, at), wrt, path=names(path), **options)
    say(getattr(rule, form))


@click.command()
@PROGRAM
@AT
@click.option("--markdown", is_flag=True, help="Print Markdown.")
def table(text: str, at: Sequence[str], markdown: bool) -> None:
    """Print name, value and gradient of every named node of a program.

    Example: scalargrad table "loss = (w*x - y)^2" --at w=0.5,x=2,y=3
    """
    from scalargrad.graph.table import table

    example = read_program(text, at)
    example.output.backward()
    rows = table(example)
    say(rows.markdown if markdown else str(rows))
