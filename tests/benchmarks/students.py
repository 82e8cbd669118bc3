"""Simulated students whose sheets are marked: false flags, first wrong lines, named mistakes.

`python tests/benchmarks/students.py` prints counts with their bounds, exit code 1 when one is
missed; `--quick` marks fewer sheets. The students compute in plain floats with formulas of their
own, which share nothing with the package: a sheet is a list of steps, each a function of the
numbers that the student goes on with, and for each step the ways in which it may go wrong.

(a) Careful sheets at 2, 3 and 4 decimals: a rounder goes on with what he wrote, a keeper with all
    digits, a mixer with either. Every third sheet asks for some of the lines only, and on every
    third final zeros are left out, as in 2 for 2.00. No false flag.
(b) One mistake is made and carried on. It counts where the line is off by more than rounding can
    explain: by 20 units of the last place and 5 %. The first flagged line must be that line.
(c) At 3 and 4 decimals. A mistake is tellable where no other mistake at this line gives a number
    within 20 units, and untellable where another gives the same text. The report must name the one,
    and say that it cannot tell the other.
(d) Claims of the decks, in programs and claim files, right and planted wrong: by a unit of the last
    place, a sign, a factor.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from time import perf_counter

from scalargrad.checking.answer_key import AnswerKey, key_of
from scalargrad.checking.marking import mark
from scalargrad.checking.reading import read
from scalargrad.lectures import LECTURES
from scalargrad.lectures.decks import DECKS

Numbers = dict[str, float]
Step = Callable[[Numbers], float]

SIGN, POINT = "the sign is wrong", "the decimal point is misplaced"
LOST, ADDED = "a factor of the chain is lost", "factors of the chain are added, not multiplied"


@dataclass(frozen=True)
class Result:
    """A count with its bound, and examples of what was missed."""

    text: str
    is_met: bool
    missed: list[str]


@dataclass
class Sheet:
    """What is asked for: a program, and for each quantity how it is computed, rightly and not."""

    inputs: dict[str, str] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)
    wrong: dict[str, list[tuple[str, Step]]] = field(default_factory=dict)

    def add(self, quantity: str, step: Step, wrong: list[tuple[str, Step]]) -> None:
        """Ask for one more quantity."""
        self.steps[quantity] = step
        slips = [
            (SIGN, lambda n: -step(n)),
            (POINT, lambda n: 10 * step(n)),
            (POINT, lambda n: step(n) / 10),
        ]
        self.wrong[quantity] = wrong + slips

    @property
    def text(self) -> str:
        """The program."""
        given = [f"{name} = {text}" for name, text in self.inputs.items()]
        return "\n".join([*given, *self.statements])

    @property
    def key(self) -> AnswerKey:
        """What it is marked against."""
        return key_of(self.text)


ACTIVATIONS: dict[str, Step] = {
    "relu": lambda n: max(n, 0.0),
    "tanh": math.tanh,
    "sigmoid": lambda n: 1 / (1 + math.exp(-n)),
}
OTHER = {"tanh": "sigmoid", "sigmoid": "tanh"}


def slope(name: str, h: float) -> float:
    """The slope of an activation from its result, as it is done by hand."""
    return {"relu": float(h > 0), "tanh": 1 - h * h, "sigmoid": h * (1 - h)}[name]


def weighted(terms: list[tuple[str, str]], bias: str) -> tuple[Step, list[tuple[str, Step]]]:
    """A pre-activation, and how it goes wrong."""

    def parts(n: Numbers) -> list[float]:
        return [n[bias], *(n[w] * n[a] for w, a in terms)]

    wrong: list[tuple[str, Step]] = [
        ("a term of the sum is lost", lambda n, i=i: sum(parts(n)) - parts(n)[i])
        for i in range(len(terms) + 1)
    ]
    wrong += [
        ("the sign of a term is wrong", lambda n, i=i: sum(parts(n)) - 2 * parts(n)[i])
        for i in range(len(terms) + 1)
    ]
    wrong += [
        (
            "factors are added, not multiplied",
            lambda n, w=w, a=a: sum(parts(n)) - n[w] * n[a] + n[w] + n[a],
        )
        for w, a in terms
    ]
    return lambda n: sum(parts(n)), wrong


def slopes_gone_wrong(name: str, upstream: str, h: str) -> list[tuple[str, Step]]:
    """How the gradient of a pre-activation goes wrong."""
    wrong: dict[str, dict[str, Step]] = {
        "relu": {
            "the ReLU gate is ignored": lambda h: 1,
            "the ReLU gate is forced shut": lambda h: 0,
        },
        "tanh": {
            "tanh is taken for 1 − tanh²": lambda h: h,
            "the square in 1 − tanh² is lost": lambda h: 1 - h,
            "tanh² is taken for 1 − tanh²": lambda h: h * h,
            "the slope of another activation is taken": lambda h: h * (1 - h),
        },
        "sigmoid": {
            "σ is taken for σ(1 − σ)": lambda h: h,
            "1 − σ is taken for σ(1 − σ)": lambda h: 1 - h,
            "the slope of another activation is taken": lambda h: 1 - h * h,
        },
    }
    always: list[tuple[str, Step]] = [
        (LOST, lambda n: n[upstream]),
        (LOST, lambda n: slope(name, n[h])),
        (ADDED, lambda n: n[upstream] + slope(name, n[h])),
    ]
    return always + [
        (said, lambda n, change=change: n[upstream] * change(n[h]))
        for said, change in wrong[name].items()
    ]


def sheet(draw: random.Random) -> Sheet:
    """A random network with 10 to 30 lines."""
    while True:
        made = _sheet(draw)
        if 10 <= len(made.steps) <= 30:
            return made


def _sheet(draw: random.Random) -> Sheet:
    made = Sheet()
    name = draw.choice(sorted(ACTIVATIONS))

    def number(low: float, high: float) -> str:
        if draw.random() < 0.25:  # where many mistakes look alike
            return draw.choice(["2", "1", "-1", "0.5", "-2"])
        return f"{draw.choice([-1, 1]) * draw.uniform(low, high):.{draw.choice([1, 2])}f}"

    below = [f"x{i + 1}" for i in range(draw.randint(1, 2))]
    for unit in below:
        made.inputs[unit] = number(0.3, 2.5)
    layers: list[tuple[list[str], list[str]]] = []
    for layer in range(1, draw.randint(1, 2) + 1):
        width = draw.randint(1, 2)
        units = []
        for j in range(1, width + 1):
            terms = [(f"w{i}{j}_{layer}", a) for i, a in enumerate(below, 1)]
            for w, _ in terms:
                made.inputs[w] = number(0.2, 1.5)
            bias, z, h = f"b{j}_{layer}", f"z{j}_{layer}", f"h{j}_{layer}"
            made.inputs[bias] = number(0.1, 0.6)
            made.statements.append(
                f"{z} = {' + '.join(f'{w}*{a}' for w, a in terms)} + {bias}\n{h} = {name}({z})"
            )
            made.add(z, *weighted(terms, bias))
            wrong: list[tuple[str, Step]] = [("the activation is left out", lambda n, z=z: n[z])]
            if name in OTHER:
                other = ACTIVATIONS[OTHER[name]]
                wrong.append(
                    ("another activation is taken", lambda n, z=z, other=other: other(n[z]))
                )
            made.add(h, lambda n, z=z: ACTIVATIONS[name](n[z]), wrong)
            units.append(h)
        layers.append((below, units))
        below = units
    outs = [(f"v{j}", h) for j, h in enumerate(below, 1)]
    for v, _ in outs:
        made.inputs[v] = number(0.2, 1.5)
    made.inputs |= {"c": number(0.1, 0.5), "y": number(0.2, 1.5)}
    made.statements.append(f"yhat = {' + '.join(f'{v}*{h}' for v, h in outs)} + c")
    made.statements.append("loss = (yhat - y)^2")
    made.add("yhat", *weighted(outs, "c"))
    made.add(
        "loss",
        lambda n: (n["yhat"] - n["y"]) ** 2,
        [
            ("the square is lost", lambda n: n["yhat"] - n["y"]),
            ("it is doubled, not squared", lambda n: 2 * (n["yhat"] - n["y"])),
        ],
    )
    _add_backward(made, name, layers, outs)
    return made


def _add_backward(
    made: Sheet, name: str, layers: list[tuple[list[str], list[str]]], outs: list[tuple[str, str]]
) -> None:
    made.add(
        "dl/dyhat",
        lambda n: 2 * (n["yhat"] - n["y"]),
        [("the factor 2 of the square is lost", lambda n: n["yhat"] - n["y"])],
    )
    for v, h in outs:
        made.add(f"dl/d{v}", *product("dl/dyhat", h))
    above = {h: [("dl/dyhat", v)] for v, h in outs}
    for layer in range(len(layers), 0, -1):
        inputs, units = layers[layer - 1]
        for h in units:
            made.add(f"dl/d{h}", *paths(above[h]))
            z = h.replace("h", "z")
            made.add(
                f"dl/d{z}",
                lambda n, h=h: n[f"dl/d{h}"] * slope(name, n[h]),
                slopes_gone_wrong(name, f"dl/d{h}", h),
            )
        for j, h in enumerate(units, 1):
            z = h.replace("h", "z")
            for i, a in enumerate(inputs, 1):
                made.add(f"dl/dw{i}{j}_{layer}", *product(f"dl/d{z}", a))
        above = {
            a: [(f"dl/d{h.replace('h', 'z')}", f"w{i}{j}_{layer}") for j, h in enumerate(units, 1)]
            for i, a in enumerate(inputs, 1)
        }


def product(upstream: str, local: str) -> tuple[Step, list[tuple[str, Step]]]:
    """Upstream × local, and how it goes wrong."""
    return paths([(upstream, local)])


def paths(terms: list[tuple[str, str]]) -> tuple[Step, list[tuple[str, Step]]]:
    """A sum over paths, and how it goes wrong."""

    def right(n: Numbers) -> float:
        return sum(n[g] * n[d] for g, d in terms)

    wrong: list[tuple[str, Step]] = []
    for g, d in terms:
        wrong += [
            (LOST, lambda n, g=g, d=d: right(n) - n[g] * n[d] + n[g]),
            (LOST, lambda n, g=g, d=d: right(n) - n[g] * n[d] + n[d]),
            (ADDED, lambda n, g=g, d=d: right(n) - n[g] * n[d] + n[g] + n[d]),
        ]
        if len(terms) > 1:
            wrong += [
                ("one path is missed", lambda n, g=g, d=d: right(n) - n[g] * n[d]),
                ("one path is counted twice", lambda n, g=g, d=d: right(n) + n[g] * n[d]),
            ]
    return right, wrong


# Students ----------------------------------------------------------------------------------------


def answers(
    asked: Sheet, places: int, kind: str, draw: random.Random, slip: tuple[str, Step] | None = None
) -> tuple[dict[str, str], Numbers]:
    """What a student writes, and the numbers that he goes on with."""
    numbers: Numbers = {name: float(text) for name, text in asked.inputs.items()}
    written: dict[str, str] = {}
    for quantity, step in asked.steps.items():
        value = (slip[1] if slip and slip[0] == quantity else step)(numbers)
        written[quantity] = f"{value:.{places}f}"
        rounds = kind == "rounder" or (kind == "mixer" and draw.random() < 0.5)
        numbers[quantity] = float(written[quantity]) if rounds else value
    return written, numbers


def without_final_zeros(text: str) -> str:
    """A decimal as many people copy it: 0.5 for 0.50, and 2 for 2.00."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def some_of(written: dict[str, str], draw: random.Random) -> dict[str, str]:
    """Half of the lines, in any order."""
    chosen = draw.sample(sorted(written), max(3, len(written) // 2))
    return {quantity: written[quantity] for quantity in chosen}


def careful(count: int, draw: random.Random) -> tuple[int, int, list[str]]:
    """Sheets marked, lines on them, and the false flags."""
    flags: list[str] = []
    lines = 0
    for i in range(count):
        asked = sheet(draw)
        places, kind = draw.choice([2, 3, 4]), ("rounder", "keeper", "mixer")[i % 3]
        written, _ = answers(asked, places, kind, draw)
        if draw.random() < 1 / 3:
            written = some_of(written, draw)
        if draw.random() < 1 / 3:
            written = {quantity: without_final_zeros(text) for quantity, text in written.items()}
        report = mark(asked.key, written)
        lines += len(report.lines)
        flags += [
            f"{kind}, {places} decimals: {line.message}"
            for line in report.lines
            if line.kind not in ("right", "right, too few figures", "not confirmed")
        ]
    return count, lines, flags


def slips(count: int, draw: random.Random, places: tuple[int, ...]) -> Iterator[Slip]:
    """Sheets with one mistake that rounding cannot explain."""
    found = 0
    while found < count:
        asked = sheet(draw)
        decimals, kind = draw.choice(places), draw.choice(["rounder", "keeper", "mixer"])
        quantity = draw.choice(list(asked.steps))
        said, step = draw.choice(asked.wrong[quantity])
        seed = draw.random()
        _, numbers = answers(asked, decimals, kind, random.Random(seed))
        right, wrong = asked.steps[quantity](numbers), step(numbers)
        unit = 10.0**-decimals
        if abs(wrong - right) < max(20 * unit, 0.05 * abs(right)):
            continue
        written, _ = answers(asked, decimals, kind, random.Random(seed), (quantity, step))
        others = [(name, other(numbers)) for name, other in asked.wrong[quantity] if name != said]
        yield Slip(asked, quantity, said, written, wrong, others, unit)
        found += 1


@dataclass(frozen=True)
class Slip:
    """A sheet with a mistake."""

    asked: Sheet
    quantity: str
    said: str
    written: dict[str, str]
    wrong: float
    others: list[tuple[str, float]]
    unit: float

    @property
    def is_tellable(self) -> bool:
        """Whether no other mistake comes near."""
        return all(abs(other - self.wrong) > 20 * self.unit for _, other in self.others)

    @property
    def is_untellable(self) -> bool:
        """Whether another mistake gives the same text."""
        places = round(-math.log10(self.unit))
        text = f"{self.wrong:.{places}f}"
        return any(f"{other:.{places}f}" == text for _, other in self.others)


def located(count: int, draw: random.Random) -> tuple[int, list[str]]:
    """Mistakes made, and those whose line is not the first that is flagged."""
    missed = []
    for slip in slips(count, draw, (2, 3, 4)):
        report = mark(slip.asked.key, slip.written)
        place = list(slip.written).index(slip.quantity)
        if report.first_wrong != report.lines[place].quantity:
            missed.append(f"{slip.said} at {slip.quantity}; flagged {report.first_wrong}")
    return count, missed


def named(count: int, draw: random.Random) -> tuple[int, list[str], int, list[str]]:
    """Tellable mistakes and those not named; untellable ones and those called tellable."""
    tellable, untellable = 0, 0
    unnamed, overclaimed = [], []
    for slip in slips(count, draw, (3, 4)):
        if not (slip.is_tellable or slip.is_untellable):
            continue
        report = mark(slip.asked.key, slip.written)
        got = f"{slip.said} at {slip.quantity}: {report.first_wrong}: {report.mistakes}"
        if slip.is_tellable:
            tellable += 1
            if report.mistakes != (slip.said,):
                unnamed.append(got)
        else:
            untellable += 1
            if len(report.mistakes) < 2:
                overclaimed.append(got)
    return tellable, unnamed, untellable, overclaimed


def claims() -> tuple[int, list[str]]:
    """Wrong claims planted in the decks, and those not caught; a right one flagged counts too."""
    planted, missed = 0, []
    for lecture in LECTURES:
        key = key_of(lecture.text)
        for name, text in lecture.gradients.items():
            if not mark(key, {f"{name}.grad": text}).ok:
                missed.append(f"{lecture.name}: {name} {text} is right")
            for shown in wrong_for(text):
                planted += 1
                if mark(key, {f"{name}.grad": shown}).ok:
                    missed.append(f"{lecture.name}: {name} = {shown} passes")
    for row in (row for deck in DECKS.values() for row in deck):
        is_refuted = False  # what an option that is refuted states is wrong by itself
        for item in row.items:
            is_refuted = item.option == "refuted" if item.option else is_refuted
            what, relation, written = item.rest.rpartition(" = ")
            if item.word not in ("slide", "follows", "ours") or not relation or "≡" in what:
                continue
            if is_refuted or "'(0)" in item.called:  # at a kink other numbers are right too
                continue
            if not row.claimed(item.rest).is_met:
                missed.append(f"{row.label}: {item.rest} is right")
            for shown in wrong_for(written):
                planted += 1
                if row.claimed(f"{what} = {shown}").is_met:
                    missed.append(f"{row.label}: {what} = {shown} passes")
    return planted, missed


def wrong_for(text: str) -> list[str]:
    """What might be claimed in place of a number: another sign, factor, or last digit."""
    reading = read(text)
    right, unit = reading.middle, reading.unit or Fraction(1, 100)
    numbers = {-right, right / 2, right * 2, right + unit, right - unit, 10 * right}
    if right:
        numbers.add(1 / right)
    places = 4 if reading.is_exact_form else max(1, reading.places or 0)
    shown = [f"{float(n):.{places}f}" for n in sorted(numbers)]
    return [n for n in shown if not reading.accepts(Fraction(n))]


def results(share: int, seed: int) -> Iterator[Result]:
    """All counts, of one share of the sheets."""
    import credit  # they take the students from here
    import fresh

    sheets, lines, flags = careful(3000 // share, random.Random(seed))
    text = f"(a) {sheets} careful sheets, {lines} lines: {len(flags)} false flags (bound 0)"
    yield Result(text, not flags, flags)
    count, missed = located(1000 // share, random.Random(seed + 1))
    rate = 1 - len(missed) / count
    yield Result(f"(b) {count} mistakes: line found {rate:.1%} (bound 98 %)", rate >= 0.98, missed)
    tellable, unnamed, untellable, over = named(1000 // share, random.Random(seed + 2))
    rate = 1 - len(unnamed) / tellable
    text = f"(c) {tellable} tellable mistakes: named {rate:.1%} (bound 90 %)"
    yield Result(text, rate >= 0.9, unnamed)
    rate = 1 - len(over) / max(1, untellable)
    text = f"    {untellable} untellable: said so {rate:.1%} (bound 95 %)"
    yield Result(text, rate >= 0.95 and untellable > 0, over)
    planted, missed = claims()
    text = f"(d) {planted} wrong claims planted in the decks: {len(missed)} not caught (bound 0)"
    yield Result(text, not missed, missed)
    yield from credit.idle(seed)
    yield from credit.honest(300 // share, seed)
    yield from credit.signs(600 // share, seed)
    yield from fresh.fresh(100 // min(share, 2), seed)


def main() -> int:
    """Print (a) to (i); 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer sheets")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--show", type=int, default=3, help="examples of what was missed")
    given = parser.parse_args()
    started = perf_counter()
    met = True
    for result in results(8 if given.quick else 1, given.seed):
        met &= result.is_met
        print(f"{'ok    ' if result.is_met else 'MISSED'} {result.text}", flush=True)
        for example in result.missed[: given.show]:
            print(f"         {example}", flush=True)
    print(f"{perf_counter() - started:.0f} s")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
