"""Which mistake a wrong number looks like.

Where one slip gives the written number, that is its name; where several do, nobody can tell from
the number alone. The slips and how each is made stand in `slips` and `recipes`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scalargrad.checking.reading import UnreadableNumber, read
from scalargrad.checking.recipes import Case
from scalargrad.checking.recomputing import Way, Work, computed, expected, farthest
from scalargrad.checking.slips import SLIPS, Slip
from scalargrad.engine.scalars import to_float

SWAPPED = "two digits are swapped"
_RANK_OF_DIGITS = 2
_WIDE, _NARROW = 0.1, 0.02  # of the number; most numbers are near one of those of a high rank


@dataclass(frozen=True)
class Mistake:
    """A slip that gives what was written.

    Attributes:
        name: goes on from "It looks as if".
        detail: which operand it is about; "" where the name says it, or several would do.
    """

    name: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.detail})" if self.detail else self.name


def mistakes(case: Case) -> tuple[Mistake, ...]:
    """The slips that give what was written.

    One is the likely mistake; several mean that one cannot tell; none, that no recipe fits. Slips
    of a higher rank are looked for where none of a lower one fits.
    """
    if case.expected is not None and case.reading.accepts(case.expected):
        return ()  # it follows from the own lines: no step is wrong
    near, far = case.views()
    here = [case, near] if len(near.own) < len(case.own) else [case]
    for rank in sorted({slip.rank for slip in SLIPS}):
        slips = [slip for slip in SLIPS if slip.rank == rank
                 if slip.gives_nought or case.reading.middle]  # fmt: skip
        found = _found(slips, here)
        if all(slip.is_weak for slip in found.values()) and len(far.own) < len(near.own):
            found |= _found([slip for slip in slips if slip.is_anywhere], [far])
        if rank == _RANK_OF_DIGITS and _has_swapped_digits(case):
            return (*found, Mistake(SWAPPED))
        if found:
            return _not_hidden(found)
    return ()


def _found(slips: Iterable[Slip], views: Sequence[Case]) -> dict[Mistake, Slip]:
    """The slips that fit in some view of a line."""
    found: dict[Mistake, Slip] = {}
    for slip in slips:
        details = dict.fromkeys(
            detail
            for view in views
            for work, detail in slip.recipe(view)
            if _fits(view, work, _WIDE if slip.rank < _RANK_OF_DIGITS else _NARROW)
        )
        if slip.name and details:
            found[Mistake(slip.name, next(iter(details)) if len(details) == 1 else "")] = slip
        elif details:
            found |= {Mistake(detail): slip for detail in details}
    return found


def _not_hidden(found: Mapping[Mistake, Slip]) -> tuple[Mistake, ...]:
    """The slips without those that a more special one explains."""
    hidden = [part for slip in found.values() for part in slip.hides]
    kept: dict[str, Mistake] = {}
    for mistake in found:
        if not any(part in mistake.name for part in hidden):
            kept.setdefault(mistake.name.partition(" belongs")[0].partition(" where ")[0], mistake)
    return tuple(kept.values())


def _fits(case: Case, work: Work, share: float) -> bool:
    """Whether a way with a mistake gives what was written, give or take the rounding.

    With few figures nearly everything comes within reach, so half a unit counts only as far as it
    is a small share of the number.
    """
    way = Way(case.own)
    number = computed(case.outline, way, work)
    if number is None:
        return False
    written, half = to_float(case.reading.middle), to_float(case.half)
    if not math.isfinite(written):
        return False
    distance = abs(to_float(number) - written)
    if not distance <= farthest(written, half):
        return False
    if distance <= min(half, share * abs(written)) + 1e-10 * abs(written):
        return True
    if half > share * abs(written):
        return False
    if case.reading.places is None:  # a fraction or a float comes of numbers that were not rounded
        return False
    outcome = expected(case.outline, way, work, case.strays, case.unseen)
    return outcome is not None and outcome.low - half <= written <= outcome.high + half


def _has_swapped_digits(case: Case) -> bool:
    """Whether exchanging two neighbouring digits makes the answer right."""
    text, wanted = case.reading.text, case.expected
    for pair in re.finditer(r"(?=([0-9])([0-9]))", text[:40]):
        at = pair.start()
        if pair[1] == pair[2]:
            continue
        try:
            other = read(text[:at] + pair[2] + pair[1] + text[at + 2 :])
        except UnreadableNumber:
            continue
        if any(right is not None and other.is_rounding_of(right) for right in (wanted, case.exact)):
            return True
    return False
