"""What sheets without work score, and sheets of honest work: rows (e) to (h) of students.py.

(e) One number on every line, random numbers, and the right answers of a neighbour's variant score
    no more than their share of exactly right lines and 3 points; on average over the nets 15 %.
(f) Right values and factors with one number for all gradients of the output: no more than the
    strict score and 5 points.
(g) Honest sheets with one mistake score 78 % on average, correct ones 100 %.
(h) No number with a wrong sign is right, in tests too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import mean

from students import Result, answers, sheet, slips

from scalargrad.checking.answer_key import AnswerKey, key_of
from scalargrad.checking.marking import mark
from scalargrad.checking.report import RIGHT, TOO_FEW
from scalargrad.engine.scalars import to_float
from scalargrad.sheets.variants import variants
from scalargrad.sheets.worksheet import worksheet

NETS = (
    "a = 2; b = 1.5; c = a + b; d = b + 1; e = c*d",
    "x = 2; u = 3*x + 1; v = x^2 + 1; f = u/v",
    "x = 2; y = 1; w1 = 0.3; w2 = 0.8; w3 = 0.4; w4 = 0.1; h1 = relu(w1*x); h2 = relu(w2*x); "
    "yhat = w3*h1 + w4*h2; loss = (yhat - y)^2",
    "x1 = 1; x2 = 2; w1 = 0.5; w2 = -0.4; b = 0.1; y = 1; z = w1*x1 + w2*x2 + b; p = sigmoid(z); "
    "loss = -(y*log(p) + (1-y)*log(1-p))",
    "x = 0.7; t = 0.3; w = 0.9; v = -0.6; a = w*x; h = tanh(a); o = v*h; loss = 1/2*(o - t)^2",
    "a = 2; b = 1; c = 0.1; ea = exp(a); eb = exp(b); ec = exp(c); Z = ea + eb + ec; "
    "pb = eb/Z; L = -log(pb)",
    "x1 = 1; x2 = -0.5; w = 0.5; u = 0.8; t = 0.6; a1 = w*x1; h1 = tanh(a1); "
    "a2 = w*x2 + u*h1; h2 = tanh(a2); L = 1/2*(h2 - t)^2",
    "x1 = 1; x2 = 3; y1 = 2; y2 = 5; w = 0.7; b = 0.4; p1 = w*x1 + b; p2 = w*x2 + b; "
    "r1 = (p1 - y1)^2; r2 = (p2 - y2)^2; J = (r1 + r2)/2",
    "w1 = 0.6; w2 = -0.4; x1 = 1.5; x2 = 2; y = 1; lam = 0.1; yh = w1*x1 + w2*x2; "
    "D = (yh - y)^2; R = lam/2*(w1^2 + w2^2); L = D + R",
    "x = 1.5; w1 = 0.4; w2 = -1.2; w3 = 0.7; y = 0.2; z1 = w1*x; h1 = sigmoid(z1); z2 = w2*h1; "
    "h2 = sigmoid(z2); yhat = w3*h2; loss = (yhat - y)^2",
    "x = 3; y = -2; z = 0.5; q = x + y; f = q*z",
    "q = 0.8; k1 = 0.3; k2 = -1.1; v1 = 2; v2 = 0.4; s1 = q*k1; s2 = q*k2; e1 = exp(s1); "
    "e2 = exp(s2); Z = e1 + e2; a1 = e1/Z; a2 = e2/Z; o = a1*v1 + a2*v2; L = (o - 1)^2",
)
NUMBERS = ("0", "0.0", "0.00", "≈0", "1", "1.0", "1.00", "-1", "0.5", "2", "0.1", "-0.25", "3.7")


class Net:
    """A program with the lines that a worksheet asks for, and what is true."""

    def __init__(self, text: str) -> None:
        self.key: AnswerKey = key_of(text)
        made = worksheet(text)
        self.asked = [line for line in made.lines if line.quantity]
        self.truth = {
            line.name: to_float(self.key.truth(self.key.key(line.quantity)))
            for line in self.asked
            if line.quantity
        }
        self.gradients = {
            line.name
            for line in self.asked
            if line.quantity
            and line.quantity.kind == "derivative"
            and self.key.names[line.quantity.of] is self.key.output
        }

    def written(self, places: int) -> dict[str, str]:
        """The right answers."""
        return {name: f"{number:.{places}f}" for name, number in self.truth.items()}

    def score(self, written: dict[str, str]) -> tuple[float, float]:
        """With follow-through and without."""
        report = mark(self.key, written)
        return report.score, report.strict_score

    def share_right(self, written: dict[str, str]) -> float:
        """The share of lines that happen to be exactly right, to the figures that are written."""

        def is_right(name: str) -> bool:
            text = written[name].strip("≈")
            unit = 10.0 ** -len(text.partition(".")[2])
            off = abs(float(text) - self.truth[name])
            is_short = unit / 2 > 0.2 * abs(self.truth[name])
            return off < 1e-9 or (off <= unit / 2 and not is_short)

        return mean(map(is_right, self.truth))


def without_work(net: Net, text: str, seed: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Sheets that show no work on these numbers."""
    for number in NUMBERS:
        yield f"every line {number}", dict.fromkeys(net.truth, number)
    draw = random.Random(seed)
    for places in (1, 2, 4):
        drawn = {name: f"{draw.uniform(-2, 2):.{places}f}" for name in net.truth}
        yield f"random numbers of {places} decimals", drawn
        few = {name: draw.choice(["0", "1", "-1", "2", "0.5"]) for name in net.truth}
        yield "random small numbers", few
    for other in variants(text, 3, seed):
        for places in (2, 4):
            yield f"a neighbour's sheet of {places} decimals", Net(other).written(places)


def idle(seed: int) -> Iterator[Result]:
    """(e) and (f)."""
    missed, scores, lazy = [], [], []
    for text in NETS:
        net = Net(text)
        for what, written in without_work(net, text, seed):
            score, _ = net.score(written)
            scores.append((what.partition(" of ")[0], score))
            if score > net.share_right(written) + 0.03:
                missed.append(f"{what}: {score:.0%} on {text[:60]}")
        for number in ("0", "0.00", "1", "1.00", "-1", "0.5", "2"):
            written = net.written(4) | dict.fromkeys(net.gradients, number)
            score, strict = net.score(written)
            if score > strict + 0.05:
                lazy.append(f"{number} for each gradient: {score:.0%} on {text[:60]}")
    kinds = sorted({what for what, _ in scores})
    highest = max(mean(score for what, score in scores if what == kind) for kind in kinds)
    count = len(scores)
    text = f"(e) {count} sheets without work on {len(NETS)} nets: {len(missed)} score more than"
    yield Result(f"{text} their right lines and 3 points (bound 0)", not missed, missed)
    yield Result(f"    highest mean over the nets {highest:.0%} (bound 15 %)", highest <= 0.15, [])
    text = f"(f) right factors, one number for every gradient: {len(lazy)} score more than"
    yield Result(f"{text} their strict score and 5 points (bound 0)", not lazy, lazy)


def honest(count: int, seed: int) -> Iterator[Result]:
    """(g)."""
    scores = []
    for slip in slips(count, random.Random(seed), (3, 4)):
        scores.append(mark(slip.asked.key, slip.written).score)
    right, low = [], []
    draw = random.Random(seed)
    for _ in range(count):
        asked = sheet(draw)
        _, numbers = answers(asked, 12, "keeper", draw)
        written = {name: f"{numbers[name]:#.4g}" for name in asked.steps}
        report = mark(asked.key, written)
        right.append(report.score)
        if report.score < 1:
            low.append(str(report).splitlines()[-1])
    text = f"(g) {count} honest sheets with one mistake: {mean(scores):.1%} on average (bound 78 %)"
    yield Result(text, mean(scores) >= 0.78, [])
    text = f"    {count} correct sheets: {mean(right):.1%} (bound 100 %)"
    yield Result(text, not low, low)


def signs(count: int, seed: int) -> Iterator[Result]:
    """(h)."""
    draw = random.Random(seed)
    accepted, tried = [], 0
    while tried < count:
        asked = sheet(draw)
        places = draw.choice([2, 3])
        written, numbers = answers(asked, places, draw.choice(["rounder", "keeper"]), draw)
        quantity = draw.choice(list(written))
        if not float(written[quantity]):
            continue
        tried += 1
        flipped = f"{-float(written[quantity]):.{places}f}"
        others = {name: text for name, text in written.items() if name != quantity}
        for sheet_of in ({quantity: flipped}, others | {quantity: flipped}):
            if mark(asked.key, sheet_of).lines[-1].verdict in (RIGHT, TOO_FEW):
                accepted.append(f"{quantity} = {flipped}, it is {numbers[quantity]}")
    text = f"(h) {count} wrong signs at 2 or 3 decimals: {len(accepted)} accepted (bound 0)"
    yield Result(text, not accepted, accepted)
