"""The decks by name, and the running of their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scalargrad.lectures import backpropagation, claims, networks, slips
from scalargrad.lectures.statements import Claim, Outcome, Row, counted

DECKS: dict[str, tuple[Row, ...]] = {
    "claims": claims.ROWS,
    "backprop": backpropagation.ROWS,
    "networks": networks.ROWS,
    "slips": slips.ROWS,
}
_TITLES = {
    "claims": "The numbers on the slides",
    "backprop": "The backpropagation deck, row by row",
    "networks": "The deck Neural Networks III, row by row",
    "slips": "Slips of the decks, and traps of the example",
}


def chosen(which: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
    """The rows that were asked for, run one after the other, and what is to be printed of each.

    Args:
        which: names of decks, labels of rows, or slides in them, as "B20"; nothing for all decks,
            whose rows get one line each.

    Raises:
        ValueError: for a name that there is not; nothing is run then.
    """
    selected = [(name, _rows(name)) for name in which or DECKS]
    return _run(selected, in_full=bool(which))


def _run(
    selected: Iterable[tuple[str, Iterable[Row]]], in_full: bool
) -> Iterator[tuple[str, Outcome]]:
    for name, rows in selected:
        title = f"\n{_TITLES[name]}\n\n" if name in _TITLES else ""
        for row in rows:
            outcome = row.outcome()
            if row in claims.ROWS:
                text = outcome.table
            else:
                text = outcome.text if in_full or name == "slips" else outcome.line
            yield title + text, outcome
            title = ""


def _rows(name: str) -> tuple[Row, ...]:
    if name in DECKS:
        return DECKS[name]
    rows = [row for deck in DECKS.values() for row in deck if name in (row.label, *row.slides)]
    if not rows:
        raise ValueError(
            f"the lectures are {', '.join(DECKS)}, or a row of them such as B20; got {name!r}"
        )
    return tuple(rows)


def summary(outcomes: Iterable[Outcome]) -> str:
    """One line: how many claims had which verdict."""
    every: list[Claim] = [claim for outcome in outcomes for claim in outcome.claims]
    return counted(every)
