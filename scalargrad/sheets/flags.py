"""What a person should look at in a class: another's sheet, and wrong answers that two share."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations

from scalargrad.checking.answer_key import key_of
from scalargrad.checking.quantities import quantity
from scalargrad.checking.reading import Reading, UnreadableNumber, read
from scalargrad.checking.report import CONSISTENT, FOLLOWS, LAST_DIGIT, WRONG
from scalargrad.engine.scalars import to_float
from scalargrad.sheets.keys import Job, Jobs
from scalargrad.sheets.results import Marked, Result
from scalargrad.sheets.roster import Roster
from scalargrad.sheets.worksheet import variant_in

_ALIKE = 3  # wrong answers that two sheets share, at least
_BITS = 8.0  # of surprise that they come to: 1 in 256
_NAMED = 0.25  # the share of it that is left where a common mistake explains the answer
_MANY = 12  # who give one wrong answer: a pair of them is no surprise
_WRONG = (WRONG, LAST_DIGIT)


def flagged(results: Sequence[Result], jobs: Jobs, roster: Roster) -> list[Result]:
    """The results with their flags."""
    shared = _shared(results)
    truths = {job.variant: _truths(job) for job in jobs.all if job.variant}
    return [
        replace(result, flags=tuple(filter(None, (
            _other_sheet(result, roster),
            _other_answers(result, truths),
            "the program is edited" if result.edited else "",
            *shared.get(place, ()),
        ))))
        for place, result in enumerate(results)
    ]  # fmt: skip


def _other_sheet(result: Result, roster: Roster) -> str:
    """Whether it is the sheet of somebody else."""
    own, shown = roster.variant_of(result.name), variant_in(result.shown)
    if not own or not shown or own == shown:
        return ""
    return f"not this student's variant: the sheet is variant {shown}, the roster says {own}"


def _other_answers(result: Result, truths: dict[str, dict[str, float]]) -> str:
    """Whether answers that are not right are the right ones of another variant.

    What follows from copied lines is copied too.
    """
    own = variant_in(result.key)
    kinds = (*_WRONG, FOLLOWS, CONSISTENT)
    wrong = [(line.quantity, _reading(line)) for line in result.lines if line.kind in kinds]
    fitting = {
        variant: sum(
            found is not None and name in truth and _fits(found, truth[name])
            for name, found in wrong
        )
        for variant, truth in truths.items() if variant != own
    }  # fmt: skip
    best = max(fitting, key=fitting.__getitem__, default="")
    if not best or fitting[best] < max(_ALIKE, len(wrong) / 2):
        return ""
    return f"{fitting[best]} answers of variant {best}"


def _truths(job: Job) -> dict[str, float]:
    key = key_of(job.program, dict(job.slopes), job.precision)
    return {name: to_float(key.truth(key.key(quantity(name, key.names)))) for name in job.asked}


def _fits(found: Reading, truth: float) -> bool:
    """Whether a number rounds to another; noughts and ones are everywhere, and say nothing."""
    trivial = abs(truth) in (0.0, 1.0) or not math.isfinite(truth)
    return not trivial and found.low <= Fraction(truth) <= found.high


def _reading(line: Marked) -> Reading | None:
    try:
        return read(line.written)
    except UnreadableNumber:
        return None


def _shared(results: Sequence[Result]) -> dict[int, list[str]]:
    """Pairs with the same wrong answers, weighted by how rare these are; right ones say nothing."""
    counting = [place for place, result in enumerate(results) if result.counts and result.lines]
    givers: dict[tuple[str, Fraction], list[int]] = defaultdict(list)
    named: set[tuple[str, Fraction]] = set()
    for place in counting:
        for line in results[place].lines:
            found = _reading(line) if line.kind in _WRONG else None
            if found is not None:
                answer = (line.quantity, found.middle)
                givers[answer].append(place)
                if line.slip:
                    named.add(answer)
    bits: dict[tuple[int, int], float] = defaultdict(float)
    alike: dict[tuple[int, int], int] = defaultdict(int)
    for answer, places in givers.items():
        if len(places) > _MANY:
            continue
        surprise = math.log2(len(counting) / len(places)) * (_NAMED if answer in named else 1)
        for pair in combinations(places, 2):
            bits[pair] += surprise
            alike[pair] += 1
    flags: dict[int, list[str]] = defaultdict(list)
    for (first, second), surprise in bits.items():
        if alike[first, second] >= _ALIKE and surprise >= _BITS:
            for place, other in ((first, second), (second, first)):
                name = results[other].name
                flags[place].append(f"{alike[first, second]} wrong answers as in {name}")
    return flags
