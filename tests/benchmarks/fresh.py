"""Fresh slips, each a formula in plain floats: row (i) of students.py.

Every slip is a wrong formula for one line of a net of credit.py, over the values and gradients of
the net with other inputs; all other lines are right to four decimals. It counts as named where the
report has one name with the words beside the formula, as wrong where it has one without them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from statistics import mean

from credit import NETS, Net
from students import Result

from scalargrad.checking.marking import mark
from scalargrad.engine.backward import partial
from scalargrad.engine.scalars import to_float
from scalargrad.sheets.variants import variants

# net, quantity, wrong formula (g[...] a gradient of the output), words of the name
SLIPS = (
    (0, "∂e/∂a", "c", "c stands"),
    (0, "∂e/∂b", "g['c']*g['d']", "multiplied|stands"),
    (0, "∂e/∂b", "c", "path"),
    (0, "∂e/∂b", "c - d", "subtracted|sign"),
    (1, "∂f/∂x", "3/(2*x)", "apart"),
    (1, "∂f/∂x", "(3*v + u*2*x)/v**2", "added, not sub"),
    (1, "∂f/∂x", "(3*v - u*2*x)/v", "not squared"),
    (1, "∂f/∂v", "-u/v", "square in the slope|factor"),
    (1, "∂v/∂x", "x", "factor 2"),
    (1, "∂f/∂x", "3/v", "path"),
    (2, "∂ℓ/∂w₂", "g['h2']*h2", "h₂ stands"),
    (2, "∂ℓ/∂ŷ", "yhat - y", "factor 2"),
    (2, "∂ℓ/∂ŷ", "2*(yhat + y)", "target is added"),
    (2, "∂ℓ/∂w₄", "g['yhat']*h1", "h₁ stands"),
    (2, "∂ℓ/∂x", "g['h1']*w1", "path"),
    (2, "∂ℓ/∂h₁", "g['yhat']*w4", "w₄ stands|another node"),
    (2, "∂ℓ/∂x", "(g['h1']*w1 + g['h2']*w2)/2", "averaged|doubled|factor 2"),
    (2, "∂ℓ/∂w₃", "g['yhat'] + h1", "added, not mul"),
    (3, "∂p/∂z", "z*(1 - z)", "went into"),
    (3, "∂p/∂z", "p", "σ is taken"),
    (3, "∂p/∂z", "1 - p", "1 − σ"),
    (3, "∂p/∂z", "1 - p*p", "another activation"),
    (3, "∂ℓ/∂z", "p", "target|label|other branch"),
    (3, "∂ℓ/∂z", "(p - y)*p*(1 - p)", "twice"),
    (3, "∂ℓ/∂b", "g['z']*b", "b stands"),
    (3, "∂ℓ/∂w₂", "g['z']*x1", "x₁ stands|factor of the chain"),
    (3, "∂ℓ/∂x₁", "g['z']*w2", "w₂ stands"),
    (3, "∂ℓ/∂w₁", "g['p']*x1", "slope|chain"),
    (4, "∂h/∂a", "1 - a*a", "went into"),
    (4, "∂h/∂a", "1 - h", "square in 1"),
    (4, "∂ℓ/∂o", "2*(o - t)", "constant"),
    (4, "∂ℓ/∂o", "(o - t)/2", "factor 2"),
    (4, "∂ℓ/∂v", "g['o']*a", "a stands"),
    (4, "∂ℓ/∂h", "g['o']*h", "h stands"),
    (4, "∂ℓ/∂a", "g['h']", "chain"),
    (4, "∂ℓ/∂w", "g['a']*w", "w stands"),
    (5, "∂L/∂a", "ea/Z - 1", "wrong class"),
    (5, "∂L/∂b", "eb/Z", "label"),
    (5, "∂L/∂a", "ea/Z*(1 - ea/Z)", "slope of a softmax"),
    (5, "∂L/∂c", "ec/(Z - ec)", "own term"),
    (5, "∂L/∂c", "-ec/Z", "sign"),
    (5, "pb", "eb/(Z - eb)", "own term"),
    (6, "∂L/∂w", "g['a2']*x2", "path"),
    (6, "∂L/∂u", "g['a2']*a1", "a₁ stands"),
    (6, "∂L/∂w", "(g['a1']*x1 + g['a2']*x2)/2", "averaged|factor 2"),
    (6, "∂L/∂w", "g['a2']*x2 - g['a1']*x1", "subtracted|sign"),
    (6, "∂L/∂x₂", "g['a2']*u", "u stands"),
    (6, "∂h₁/∂a₁", "h1*(1 - h1)", "another activation"),
    (7, "∂J/∂w", "g['p1']*x1", "path"),
    (7, "∂J/∂w", "2*(g['p1']*x1 + g['p2']*x2)", "constant|doubled"),
    (7, "∂J/∂b", "g['p1']*g['p2']", "multiplied"),
    (7, "∂J/∂x₁", "g['p1']*b", "b stands"),
    (7, "∂J/∂r₁", "1.0", "constant"),
    (8, "∂R/∂w₁", "2*lam*w1", "constant"),
    (8, "∂L/∂w₁", "g['yh']*x1 - lam*w1", "subtracted|sign"),
    (8, "∂L/∂w₂", "g['yh']*x2 + lam*(w1 + w2)", "siblings"),
    (8, "∂L/∂w₁", "g['yh']*x1 + lam", "base"),
    (8, "∂L/∂w₁", "g['yh']*x1", "path"),
    (8, "∂D/∂yh", "2*yh", "target is forgotten"),
    (9, "∂ℓ/∂h₁", "g['z2']*w1", "w₁ stands"),
    (9, "∂ℓ/∂w₂", "g['z2']*z1", "z₁ stands"),
    (9, "∂ℓ/∂z₂", "g['h2']", "chain"),
    (9, "∂h₂/∂z₂", "s(h2)*(1 - s(h2))", "at the output"),
    (9, "∂ℓ/∂w₁", "g['z1']*h1", "h₁ stands"),
    (10, "∂f/∂x", "q", "q stands"),
    (10, "∂f/∂z", "z", "z stands"),
    (11, "∂L/∂v₁", "g['o']*e1", "e₁ stands"),
    (11, "∂L/∂o", "o - 1", "factor 2"),
    (11, "∂L/∂q", "g['s1']*k1", "path"),
    (11, "∂L/∂e₁", "g['a1']/Z", "path"),
)


def sheets(count: int, seed: int) -> Iterator[tuple[Net, dict[str, str], str, str]]:
    """Nets with what is written, the quantity that is wrong, and the words of its name."""
    draw = random.Random(seed)
    made = 0
    while made < count:
        index, quantity, formula, words = draw.choice(SLIPS)
        (text,) = variants(NETS[index], 1, draw.randrange(10**6))
        net = Net(text)
        names, output = net.key.names, net.key.output
        values = {name: to_float(node.data) for name, node in names.items()}
        gradients = {name: to_float(partial(output, node)) for name, node in names.items()}
        known = {"g": gradients, "s": lambda x: 1 / (1 + math.exp(-x)), **values}
        wrong = eval(formula, {"__builtins__": {}}, known)
        right = net.truth[quantity]
        if abs(wrong - right) < max(0.02, 0.05 * abs(right)) or abs(wrong) < 0.005:
            continue
        made += 1
        yield net, net.written(4) | {quantity: f"{wrong:.4f}"}, quantity, f"{words}: {formula}"


def fresh(count: int, seed: int) -> Iterator[Result]:
    """(i)."""
    named, wrong, sizes, missed = 0, [], [], []
    for net, written, quantity, said in sheets(count, seed):
        report = mark(net.key, written)
        words = said.partition(":")[0].split("|")
        sizes.append(len(report.mistakes))
        fits = any(word in name for name in report.mistakes for word in words)
        is_one = len(report.mistakes) == 1 and report.first_wrong == quantity
        named += is_one and fits
        if is_one and not fits:
            wrong.append(f"{quantity}, {said}: {report.mistakes}")
        elif not is_one:
            missed.append(f"{quantity}, {said}: {report.first_wrong} {report.mistakes}")
    share, least, most = named / count, 0.85, 0.02 * count
    text = f"(i) {count} fresh slips: {share:.0%} named (bound 85 %)"
    yield Result(text, share >= least, missed)
    text = f"    {len(wrong)} wrong single names (bound {most:g})"
    yield Result(text, len(wrong) <= most, wrong)
    text = f"    {mean(sizes):.2f} names a line (bound 1.2)"
    yield Result(text, mean(sizes) <= 1.2, [])
