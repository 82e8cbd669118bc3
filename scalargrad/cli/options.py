"""What several commands take: a program, the numbers of its inputs, words of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from scalargrad.cli.streams import source

if TYPE_CHECKING:
    from scalargrad.language.reading import Program


class Written(click.Path):
    """A file to write, whose format its name tells; - is a standard stream."""

    def __init__(self, *suffixes: str) -> None:
        super().__init__(path_type=Path)
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, where its format is one of those."""
        path = Path(super().convert(value, param, ctx))  # type: ignore[arg-type]
        if str(path) != "-" and path.suffix.lower() not in self.suffixes:
            *others, last = self.suffixes
            formats = f"{', '.join(others)} or {last}" if others else last
            self.fail(
                f"{click.format_filename(path)}: a name for this ends with {formats}", param, ctx
            )
        return path


FILE = click.Path(path_type=Path)
PROGRAM = click.argument(
    "text", metavar="PROGRAM", help="A program file, - for standard input, or the text itself."
)
AT = click.option(
    "--at",
    multiple=True,
    help="Inputs: x=2 is exact, x=~2.0 a float; several with commas.",
)
DIGITS = click.option("--digits", type=int, help="Significant digits of the numbers.")
FRACTIONS = click.option("--fractions", is_flag=True, help="Exact numbers as 6/25.")
SOLUTIONS = click.option(
    "--solutions/--no-solutions", default=True, help="Show the true values in what is printed."
)


class Listed(click.Option):
    """An option whose words another module states: {} in its help lists them, the shell too.

    They are read when they are shown, so that no other command waits for that module.
    """

    def __init__(self, *names: Any, words: Callable[[], Sequence[str]], **more: Any) -> None:
        super().__init__(*names, **more)
        self.words = words

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and its help, with the words in it."""
        *most, last = self.words()
        written = super().get_help_record(ctx)
        return written and (written[0], written[1].replace("{}", f"{', '.join(most)} or {last}"))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The words that begin as what was typed; the names of files for a file."""
        if self.type is FILE:
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(word) for word in self.words() if word.startswith(incomplete)]


_COMMA = re.compile(r",(?=[^][]*=)")  # between assignments, and not between numbers of a vector


def read_program(text: str, at: Sequence[str]) -> Program:
    """The program that an argument stands for, with its inputs."""
    return with_inputs(source(text), at)


def with_inputs(text: str, at: Sequence[str]) -> Program:
    """A program, with the inputs that options --at give it."""
    from scalargrad.language.reading import program

    inputs: dict[str, object] = {}
    for assignment in [part for written in at for part in _COMMA.split(written)]:
        name, equals, number = (piece.strip() for piece in assignment.partition("="))
        if not (name and equals and number):
            raise click.BadParameter(f"--at takes name=number; got {assignment!r}")
        if name in inputs:
            raise click.BadParameter(f"--at gives {name} twice")
        inputs[name] = _float(number[1:]) if number.startswith("~") else number
    try:
        return program(text, inputs)
    except TypeError as error:
        raise click.BadParameter(f"--at: {error}") from None


def names(written: str | None) -> list[str]:
    """The names in a list with commas.

    >>> names("w1, w2,"), names(None)
    (['w1', 'w2'], [])
    """
    return [name.strip() for name in (written or "").split(",") if name.strip()]


def _float(number: str) -> float:
    try:
        return float(number)
    except ValueError:
        raise click.BadParameter(f"a float is written like ~2.0; got ~{number}") from None
