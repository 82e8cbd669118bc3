"""Blocks: a program in a lecture, what is shown of it, and the numbers that its slide states.

Lines at the top of a block that begin with #| say it, with the options of the command line:

    #| draw --wrt w2 --style circuit
    #| derive --wrt w2
    #| states ∂ℓ/∂w₂ = −0.24; ŷ = 0.4

They are comments to everything else. A block without such a line is drawn.
"""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlencode

import click

from scalargrad.cli import show
from scalargrad.cli.manual import complaint
from scalargrad.cli.options import names, with_inputs
from scalargrad.cli.streams import source
from scalargrad.notation.words import did_you_mean, in_markdown, listed, printable

if TYPE_CHECKING:
    from scalargrad.graph.derivation import Derivation
    from scalargrad.graph.table import Table
    from scalargrad.language.reading import Program
    from scalargrad.view.picture import Frames, Picture
    from scalargrad.view.stepper.stepper import Stepper

    Shown: TypeAlias = "Picture | Frames | Stepper | Derivation | Table | Answers"

STATES = "states"
MIMES = {".svg": "image/svg+xml", ".pdf": "application/pdf", ".png": "image/png"}
_LINE = re.compile(r"[ \t]*#\|[ \t]*(.*)")


class BlockError(ValueError):
    """A block that asks for what there is not, or states a number that is wrong."""


@dataclass(frozen=True)
class Block:
    """A program in a lecture.

    Attributes:
        text: the program.
        shows: the commands, each with its options.
        states: quantities with the numbers that a slide states.
    """

    text: str
    shows: tuple[tuple[str, Mapping[str, Any]], ...]
    states: tuple[tuple[str, str], ...] = ()

    def program(self, at: Sequence[str] = ()) -> Program:
        """The Values of the program, made anew; `at` as for the option --at."""
        return with_inputs(self.text, at)

    @cached_property
    def things(self) -> list[Shown]:
        """What the block shows: pictures, frames, steppers, derivations, tables, answers.

        Raises:
            BlockError: for a number that is stated and wrong.
            ValueError: for a program or an option that cannot be.
        """
        wrong = self.problems
        if wrong:
            raise BlockError(wrong[0])
        return [thing for name, options in self.shows for thing in _MAKERS[name](self, **options)]

    @property
    def problems(self) -> list[str]:
        """What is wrong with the stated numbers, one line each."""
        from scalargrad.checking.answer_key import key_of
        from scalargrad.checking.marking import mark
        from scalargrad.checking.report import RIGHT

        if not self.states:
            return []
        lines = mark(key_of(self.program()), self.states, strict=True).lines
        return [
            f"{line.quantity} = {line.written} is stated: {line.message}"
            for line in lines
            if line.verdict != RIGHT
        ]


@dataclass(frozen=True)
class Answers:
    """The answers of an exercise, to be unfolded."""

    table: Table

    @property
    def markdown(self) -> str:
        """A part of a page that is folded."""
        return f"<details><summary>Answers</summary>\n\n{self.table.markdown}\n\n</details>"

    def _repr_markdown_(self) -> str:
        return self.markdown


def block(text: str, line: str = "", folder: Path | None = None) -> Block:
    r"""Read a block.

    Args:
        text: of the block; it may be empty where a line names a file.
        line: what stands where a block is opened, as one more of its lines.
        folder: where the files are that a line may name; None for none.

    Raises:
        BlockError: for a command or an option that does not exist.

    >>> block("#| states dy/dx = 5\nx = 2; y = x^2", "derive --wrt x").problems
    ['∂y/∂x = 5 is stated: ∂y/∂x: you wrote 5, it is 4 (= 2x).']
    """
    own = [found[1] for found in map(_LINE.fullmatch, text.splitlines()) if found]
    shows: list[tuple[str, Mapping[str, Any]]] = []
    states: list[tuple[str, str]] = []
    for written in filter(None, map(str.strip, (line, *own))):
        command, _, rest = written.partition(" ")
        if command.rstrip(":") == STATES:
            states += _stated(rest)
            continue
        try:
            words = shlex.split(written)
        except ValueError as error:  # of a quotation that is not closed
            raise BlockError(f"{printable(written)}: {error}") from None
        if command.startswith("-") or command.endswith(".sg"):
            words, command = ["draw", *words], "draw"
        file, options = _options(command, words[1:])
        text = _text_of(file, text, folder) if file else text
        shows.append((command, options))
    return Block(text, tuple(shows or [("draw", _options("draw", [])[1])]), tuple(states))


def _stated(written: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, map(str.strip, written.split(";"))):
        quantity, equals, number = part.rpartition("=")
        if not (equals and quantity.strip() and number.strip()):
            raise BlockError(f"a block states quantity = number; got {printable(part)!r}")
        yield quantity.strip(), number.strip()


def _text_of(file: str, text: str, folder: Path | None) -> str:
    if folder is None:
        raise BlockError(f"the program stands in the block; got the file {printable(file)}")
    if any(line.strip() and not _LINE.fullmatch(line) for line in text.splitlines()):
        raise BlockError(f"the program stands in the block or in {printable(file)}, not in both")
    if not (folder / file).is_file():
        raise BlockError(f"no such file: {folder / file}")
    return source(str(folder / file))


def fragment(program: str, **fields: str) -> str:
    """What stands behind the address of the page for a program, and fields as wrt="w2".

    >>> fragment("y = x^2", wrt="x")
    '#program=y%20%3D%20x%5E2&wrt=x'
    """
    return f"#{urlencode({'program': program} | fields, quote_via=quote)}"


# Commands ----------------------------------------------------------------------------------------


_OF_FILES = ("text", "output", "form", "watch")  # options about files, which a block does not write


def _command(name: str, base: click.Command, *more: click.Parameter) -> click.Command:
    """A command as on the command line, whose program stands in the block; it writes no file."""
    kept = [option for option in base.params if option.name not in _OF_FILES]
    file = click.Argument(["file"], required=False)
    return click.Command(name, params=[file, *kept, *more])


_ASK = click.Option(["--ask"], default="all", help="all, named, or path:w2.")
COMMANDS = {
    "draw": _command("draw", show.draw),
    "derive": _command("derive", show.derive),
    "table": _command("table", show.table),
    "step": _command("step", show.draw),
    "exercise": _command("exercise", click.Command("exercise"), _ASK),
}


def _options(name: str, words: Sequence[str]) -> tuple[str | None, dict[str, Any]]:
    """The file of a program, and the options of a command."""
    if name not in COMMANDS:
        hint = did_you_mean(name, COMMANDS, likeness=0.5)
        raise BlockError(
            f"a block shows {listed(COMMANDS)}, or {STATES} numbers; got {printable(name)!r}{hint}"
        )
    try:
        options = dict(COMMANDS[name].make_context(name, list(words)).params)
        return options.pop("file"), options
    except click.exceptions.Exit:  # the page of --help was printed
        raise BlockError(f"these are the options of {name}") from None
    except click.ClickException as error:
        raise BlockError(complaint(error).partition("; see ")[0]) from None


def _draw(block: Block, at: Sequence[str], **options: Any) -> Iterator[Picture | Frames]:
    yield show.pictured(block.program(at), **options)


def _derive(
    block: Block, at: Sequence[str], wrt: str, path: str | None, **options: Any
) -> Iterator[Derivation]:
    from scalargrad.graph.derivation import derive

    yield derive(block.program(at), wrt, path=names(path), **options)


def _table(block: Block, at: Sequence[str], markdown: bool) -> Iterator[Table]:
    from scalargrad.graph.table import table

    example = block.program(at)
    example.output.backward()
    yield table(example)


def _step(
    block: Block, at: Sequence[str], wrt: str | None, frames: bool, **options: Any
) -> Iterator[Stepper]:
    from scalargrad.view.stepper.stepper import step

    refine, options = show.refinement(**options)
    output = block.program(at).output
    yield step(output, refine=refine, wrt=names(wrt), **options)  # type: ignore[arg-type]


def _exercise(block: Block, ask: str) -> Iterator[Picture | Table | Answers]:
    from scalargrad.graph.table import Table
    from scalargrad.sheets.worksheet import worksheet
    from scalargrad.view.drawing import draw

    sheet = worksheet(block.text, ask=ask)
    sheet.program.output.backward()
    yield draw(sheet.program.output).show("names")
    header = ("quantity", "answer")
    yield Table(tuple(sheet.rows), header=header)
    yield Answers(Table(tuple(sheet.key), header=header))


_MAKERS: Mapping[str, Callable[..., Iterator[Any]]] = {
    "draw": _draw, "derive": _derive, "table": _table, "step": _step, "exercise": _exercise,
}  # fmt: skip


# Markdown ----------------------------------------------------------------------------------------


def markdown(thing: Shown, suffix: str = ".svg") -> str:
    """What a block shows as Markdown that needs no other file.

    Args:
        thing: one of `things`.
        suffix: of the format of pictures: .svg, .pdf or .png.
    """
    from scalargrad.view.picture import Frames, Picture
    from scalargrad.view.stepper.stepper import Stepper

    if isinstance(thing, Picture):
        return f"![{in_markdown(repr(thing))}]({data_uri(thing, suffix)})"
    if isinstance(thing, Stepper | Frames):
        frames = thing.frames if isinstance(thing, Stepper) else thing
        return frames._repr_html_() if suffix == ".svg" else markdown(frames.pictures[-1], suffix)
    return thing.markdown


def data_uri(picture: Picture, suffix: str) -> str:
    """A picture as the address that holds it."""
    return f"data:{MIMES[suffix]};base64,{b64encode(picture.content(suffix)).decode()}"
