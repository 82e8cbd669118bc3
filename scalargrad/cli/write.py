"""The commands for lectures elsewhere: the page that students open, and the blocks of a deck."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from scalargrad.cli.options import FILE
from scalargrad.cli.streams import is_pipe, save, say, source, standard_input


@click.command()
@click.argument("files", type=FILE, nargs=-1, help="Markdown files, or - for standard input.")
@click.option("--output", "-o", type=FILE, help="The deck to write, with pictures for its blocks.")
@click.option(
    "--pictures",
    type=click.Choice(["svg", "pdf", "png"]),
    default="svg",
    help="The format of the pictures in it.",
)
@click.option("--filter", "is_filter", is_flag=True, help="Print the path of a filter for Pandoc.")
def deck(files: Sequence[Path], output: Path | None, pictures: str, is_filter: bool) -> None:
    """Check the sg blocks of decks and the *.sheet.md among them; exit code 1 for a wrong number.

    Example: scalargrad deck slides.md -o slides_with_pictures.md

    A block is a program after ```sg. Lines in it that begin with #| say what is shown, and which
    numbers the slide states: #| draw --wrt w2, #| derive --wrt w2, #| states dl/dw2 = -0.24.
    """
    from scalargrad.authoring.decks import FILTER, problems, problems_of_sheet, rendered

    if is_filter:
        say(str(FILTER))
        return
    if not files:
        raise click.BadParameter("which decks? give Markdown files, or -")
    if output is None:
        wrong = [
            f"{file}:{place}: {problem}"
            for file in files
            for place, problem in (
                problems_of_sheet(_text(file))
                if file.name.endswith(".sheet.md")
                else problems(_text(file), file.parent)
            )
        ]
        say("\n".join(wrong or [f"{len(files)} file{'s' * (len(files) != 1)}: all is right"]))
        if wrong:
            raise click.exceptions.Exit(1)
        return
    if len(files) > 1:
        raise click.BadParameter(f"-o writes one deck; got {len(files)}")
    (file,) = files
    save([(output, rendered(_text(file), file.parent, f".{pictures}").encode())])


def _text(file: Path) -> str:
    if is_pipe(file):
        return standard_input()
    if not file.is_file():
        raise click.BadParameter(f"no such file: {file}")
    return source(str(file))


@click.command()
@click.argument(
    "text",
    metavar="[PROGRAM]",
    required=False,
    help="A program file, - for standard input, or the text itself.",
)
@click.option("--output", "-o", type=FILE, help="Write the page into this folder, to be published.")
@click.option("--from", "built", type=FILE, help="A folder that the page was written into.")
@click.option(
    "--port", type=int, default=0, help="Of the page on this machine; 0 takes a free one."
)
def play(text: str | None, output: Path | None, built: Path | None, port: int) -> None:
    """Open the page on which students draw, step and check programs; nothing leaves the browser.

    Example: scalargrad play lecture.sg --output play

    It is built with npm, which fetches Python for browsers. With --output it is written into a
    folder that any web server can publish as it is; without, it is opened from this machine.
    """
    from scalargrad.authoring.blocks import fragment
    from scalargrad.page.build import build, opened

    behind = fragment(source(text)) if text else ""
    if output is not None:
        say(f"wrote {build(output) / 'index.html'}{behind}")
    elif built is not None:
        opened(built, behind, port, say)
    else:
        with tempfile.TemporaryDirectory() as place:
            opened(build(Path(place)), behind, port, say)
