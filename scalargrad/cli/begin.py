"""The commands to begin with: the lecture, whole, and a program to edit."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from scalargrad.cli.options import FILE
from scalargrad.cli.streams import save_new, say
from scalargrad.files import make_folder


@click.command()
@click.option("--output", "-o", type=FILE, default="demo", help="The folder to write to.")
def demo(output: Path) -> None:
    """Draw the lecture example, print its derivatives, and check them against the slide.

    Example: scalargrad demo -o demo
    """
    from scalargrad.checking.gradcheck import assert_gradients
    from scalargrad.checking.marking import check
    from scalargrad.cli.mark import shown
    from scalargrad.graph.derivation import derive
    from scalargrad.graph.table import table
    from scalargrad.language.reading import program
    from scalargrad.lectures import LECTURES, STUDENT
    from scalargrad.notation.names import typeset
    from scalargrad.notation.numbers import fraction
    from scalargrad.sheets.worksheet import read_sheet
    from scalargrad.view.drawing import draw

    make_folder(output)
    for lecture in LECTURES:
        example = program(lecture.text)
        loss = example.output
        loss.backward()
        say(f"{lecture.title}\n\n{table(loss)}\n")
        assert_gradients(loss, lecture.gradients)
        checked = {
            name: f"∂{typeset(loss.label)}/∂{typeset(name)} = {fraction(example[name].grad)}"
            for name in lecture.gradients
        }
        say(f"{derive(loss, 'w2')}\n")
        printed = [f"{checked[name]} ({slide})" for name, slide in lecture.printed.items()]
        ours = [text for name, text in checked.items() if name not in lecture.printed]
        say(f"as on the slides: {', '.join(printed)}")
        say(f"by hand, from weights of our own: {', '.join(ours)}\n")
        drawing = draw(loss, wrt="w2")
        for suffix in (".svg", ".pdf", ".png", ".tex", ".dot"):
            say(f"wrote {drawing.save(output / (lecture.name + suffix))}")
        steps = draw(loss).frames().save(output / f"{lecture.name}_steps.html")
        say(f"wrote {steps}\n")
    sheet = read_sheet(STUDENT)
    say(f"a student's sheet, marked\n\n{shown(check(sheet.program, sheet.rows))}")


@click.command()
@click.argument(
    "path",
    metavar="[PROGRAM]",
    type=FILE,
    default="lecture.sg",
    help="The file to write, - for standard output.",
)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def new(path: Path, force: bool) -> None:
    """Write a program with comments to start from: the lecture example.

    Example: scalargrad new lecture.sg
    """
    from importlib.resources import files

    if path.suffix != ".sg" and str(path) != "-":
        raise click.BadParameter(f"a program file ends in .sg; got {path}")
    text = (files("scalargrad.cli") / "starter.sg").read_text(encoding="utf-8")
    if path.suffix:
        text = text.replace("lecture.sg", shlex.quote(path.name))
    save_new([(path, text)], force)
