"""Decks in Markdown: the sg blocks of a file checked, or put where they stand as pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scalargrad.authoring.blocks import Block, block, markdown
from scalargrad.checking.report import BLANK, RIGHT
from scalargrad.errors import ProgramError
from scalargrad.sheets.documents import SheetError
from scalargrad.sheets.tables import Fenced, fenced, plain
from scalargrad.sheets.worksheet import read_sheet, strict_report

FILTER = Path(__file__).with_name("sg.lua")  # for Pandoc

# What opens a block: ```sg draw --wrt w2, ```{sg} draw --wrt w2 (MyST), ```{.sg} (Pandoc, Quarto).
_OPENING = re.compile(r"(?:(?:sg|\{(?:sg|scalargrad)\}|scalargrad)(?:\s+([^{].*))?|\{\.sg\b.*\})\Z")
_ANY = re.compile(r"^ *(?:`{3,}|~{3,}) *[{.]*(?:sg|scalargrad)\b", re.MULTILINE)
_OPTION = re.compile(r"[ \t]*:\w[\w-]*:.*")  # of a directive of MyST


def problems(text: str, folder: Path) -> Iterator[tuple[int, str]]:
    """What is wrong with the blocks of a deck: a line of the file, and one of words."""
    try:
        for fence in _ours(text):
            place = fence.first + 1
            try:
                read = _read(fence, folder)
                wrong = read.problems
                if not wrong:
                    _ = read.things
            except ProgramError as error:
                place, wrong = place + error.line, [error.message]
            except (ValueError, ArithmeticError) as error:
                wrong = [str(error).partition("\n")[0]]
            yield from ((place, problem) for problem in wrong)
    except SheetError as error:  # of a fence that is not closed
        yield 1, str(error)


def problems_of_sheet(text: str) -> Iterator[tuple[int, str]]:
    """The same of a worksheet that is filled in: what is wrong with its answers."""
    try:
        sheet = read_sheet(text)
        report = strict_report(sheet)
    except SheetError as error:
        yield 1, str(error)
        return
    for row, line in zip(sheet.lines, report.lines, strict=True):
        if line.verdict not in (RIGHT, BLANK):
            yield row.place, line.message


def rendered(text: str, folder: Path, suffix: str = ".svg") -> str:
    """A deck in which each block is what it shows; nothing else is changed.

    Args:
        text: of the deck.
        folder: where the programs are that its blocks name.
        suffix: of the format of its pictures.

    Raises:
        ValueError: for a block that cannot be shown, or a wrong number.
    """
    lines = plain(text).split("\n")
    made: list[str] = []
    place = 0
    for fence in _ours(text):
        try:
            things = _read(fence, folder).things
        except (ValueError, ArithmeticError) as error:
            raise SheetError(f"line {fence.first + 1}: {error}") from None
        shown = "\n\n".join(markdown(thing, suffix) for thing in things)
        made += [*lines[place : fence.first], shown]
        place = fence.last + 1
    return "\n".join(made + lines[place:])


def _ours(text: str) -> Iterator[Fenced]:
    if not _ANY.search(text):
        return iter(())  # whatever else is wrong with it is no concern of ours
    return (fence for fence in fenced(plain(text).split("\n")) if _OPENING.match(fence.info))


def _read(fence: Fenced, folder: Path) -> Block:
    opened = _OPENING.match(fence.info)
    assert opened
    lines = ["" if _OPTION.fullmatch(line) else line for line in fence.text.split("\n")]
    return block("\n".join(lines), opened[1] or "", folder)
