"""The decks by name, and the running of their rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from scalargrad.lectures.rows import Outcome, Row, by_origin, read_rows
from scalargrad.lectures.statements import counted

DECKS: dict[str, tuple[Row, ...]] = {
    name: read_rows((files(__package__) / f"{name}.md").read_text(encoding="utf-8"))
    for name in ("backprop", "networks", "slips")
}
_SLIDES = re.compile(r"([BN])([0-9]+)(?:-[BN]?([0-9]+))?")  # B20, B20-B25, B20-25
_TITLES = {
    "backprop": "The backpropagation deck, slide by slide",
    "networks": "The deck Neural Networks III, slide by slide",
    "slips": "Slips of the decks, and traps of the example",
}


def chosen(which: Sequence[str]) -> list[tuple[str, tuple[Row, ...]]]:
    """The rows that were asked for, each group with its title.

    Args:
        which: names of decks, slides as "B20", ranges as "B20-B25"; nothing for all decks.

    Raises:
        ValueError: for a name that there is not.
    """
    return [(_TITLES.get(name, ""), _rows(name)) for name in which or DECKS]


def _rows(name: str) -> tuple[Row, ...]:
    if name in DECKS:
        return DECKS[name]
    every = [row for deck in DECKS.values() for row in deck]
    labels = [row.label for row in every]
    slides = _SLIDES.fullmatch(name.upper())
    first = f"{slides[1]}{slides[2]}" if slides else name
    last = f"{slides[1]}{slides[3] or slides[2]}" if slides else name
    if first in labels and last in labels[labels.index(first) :]:
        return tuple(every[labels.index(first) : labels.index(last) + 1])
    raise ValueError(
        f"the lectures are {', '.join(DECKS)}, or slides of them, B1 to B36 and N1 to N46; "
        f"got {name!r}"
    )


def run(
    groups: Iterable[tuple[str, Iterable[Row]]], seeds: Sequence[int] = range(3)
) -> Iterator[tuple[str, Outcome]]:
    """The rows, run one after the other, each with the title that stands before it."""
    for title, rows in groups:
        for row in rows:
            yield title, row.outcome(seeds)
            title = ""


def summary(outcomes: Sequence[Outcome]) -> str:
    """Two lines: how many claims had which verdict, and how many are of which origin."""
    claims = [claim for outcome in outcomes for claim in outcome.claims]
    return f"{counted(claims)}\nby origin, with the numbers of programs: {by_origin(outcomes)}"
