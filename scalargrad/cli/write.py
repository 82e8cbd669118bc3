"""The command for those who write lectures in Markdown: the blocks of a deck."""

from __future__ import annotations

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
