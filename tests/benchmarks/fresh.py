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
from scalargrad.engine.rebuild import partial
from scalargrad.engine.scalars import to_float
from scalargrad.sheets.variants import variants

# Nets that no case has: three steps of an RNN, an LSTM cell, a convolution, a hinge, L2, a softmax,
# the mean over examples, a residual unit, a normalised pair
FURTHER = (
    "x1 = 1; x2 = -0.7; x3 = 0.3; h0 = 0.1; w = 0.5; u = 0.8; y = 0.4; a1 = w*x1 + u*h0; "
    "h1 = tanh(a1); a2 = w*x2 + u*h1; h2 = tanh(a2); a3 = w*x3 + u*h2; h3 = tanh(a3); "
    "L = (h3 - y)^2",
    "x = 0.6; c0 = 0.45; wf = 0.7; wi = -0.3; wk = 1.1; zf = wf*x; zi = wi*x; zk = wk*x; "
    "f = sigmoid(zf); i = sigmoid(zi); k = tanh(zk); c = f*c0 + i*k; t = tanh(c); o = 0.8; "
    "h = o*t; L = (h - 0.15)^2",
    "x1 = 0.5; x2 = 1.3; x3 = 2.1; k1 = 0.4; k2 = 0.7; z1 = k1*x1 + k2*x2; z2 = k1*x2 + k2*x3; "
    "a1 = relu(z1); a2 = relu(z2); s = a1 + a2; L = (s - 1.7)^2",
    "x = 1.2; w = 0.5; b = -0.3; y = -1; s = w*x + b; m = 1 - y*s; L = max(0, m)",
    "x = 1.2; w = 0.9; b = 0.35; y = 2; lam = 0.15; p = w*x + b; D = (p - y)^2; R = lam*w^2; "
    "J = D + R",
    "z1 = 1.1; z2 = -0.3; z3 = 0.4; e1 = exp(z1); e2 = exp(z2); e3 = exp(z3); S = e1 + e2 + e3; "
    "p2 = e2/S; L = -log(p2)",
    "x1 = 0.5; x2 = 1.5; x3 = 2.2; w = 0.7; b = -0.2; y1 = 0.9; y2 = 1.6; y3 = 2.9; "
    "p1 = w*x1 + b; p2 = w*x2 + b; p3 = w*x3 + b; L = mean((p1 - y1)^2, (p2 - y2)^2, (p3 - y3)^2)",
    "x = 0.9; w1 = 1.4; b1 = 0.2; w2 = -0.8; z = w1*x + b1; h = x + tanh(z); y = w2*h; "
    "L = 0.5*(y - 0.3)^2",
    "x1 = 1.2; x2 = 3.1; m = (x1 + x2)/2; d1 = x1 - m; d2 = x2 - m; v = (d1^2 + d2^2)/2; "
    "s = sqrt(v + 0.1); n1 = d1/s; n2 = d2/s; L = n1^2*1.7 + n2",
)

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
    (12, "∂L/∂u", "g['a3']*h2", "all paths but one"),
    (12, "∂L/∂w", "g['a1']*x1 + g['a2']*x2", "path"),
    (12, "∂L/∂h₂", "g['a3']*w", "w stands"),
    (12, "∂L/∂a₃", "g['h3']*(1 - h3)", "square in 1"),
    (12, "∂L/∂a₂", "g['h2']*h2", "tanh is taken"),
    (12, "∂L/∂h₁", "g['a2']", "chain"),
    (12, "∂L/∂h₃", "2*h3", "target is forgotten"),
    (12, "∂L/∂x₂", "g['a2']*u", "u stands"),
    (13, "∂L/∂c", "g['t']*(1 - t)", "square in 1"),
    (13, "∂L/∂f", "g['c']*k", "k stands"),
    (13, "∂f/∂zf", "f*f", "σ²"),
    (13, "∂f/∂zf", "1 - f", "1 − σ"),
    (13, "∂k/∂zk", "k*(1 - k)", "another activation"),
    (13, "∂t/∂c", "1 - c*c", "went into"),
    (13, "∂L/∂zi", "g['i']*i", "σ is taken"),
    (13, "∂L/∂i", "g['c']*c0", "stands"),
    (13, "∂L/∂h", "2*(h + 0.15)", "target is added"),
    (13, "∂L/∂wk", "g['zk']*wk", "wk stands"),
    (14, "∂L/∂k₁", "g['z1']*x1", "path"),
    (14, "∂L/∂k₂", "g['z1']*x2 - g['z2']*x3", "subtracted|sign"),
    (14, "∂L/∂s", "s - 1.7", "factor 2"),
    (15, "∂L/∂w", "-y*w", "w stands"),
    (15, "∂L/∂s", "y", "sign"),
    (16, "∂J/∂w", "g['p']*x", "path"),
    (16, "∂J/∂w", "g['p']*x + lam*w", "factor 2"),
    (16, "∂J/∂w", "g['p']*x - 2*lam*w", "subtracted|sign"),
    (16, "∂R/∂w", "2*w", "in front"),
    (16, "∂R/∂w", "lam*w", "factor 2"),
    (17, "∂L/∂z₁", "e1/S - 1", "wrong class"),
    (17, "∂L/∂z₂", "p2", "label"),
    (17, "∂L/∂z₃", "e3/S*(1 - e3/S)", "slope of a softmax"),
    (17, "∂L/∂p₂", "1/p2", "sign"),
    (18, "∂L/∂p₁", "2*(p1 - y1)", "constant|mean"),
    (18, "∂L/∂p₁", "(p1 - y1)/3", "factor 2"),
    (18, "∂L/∂w", "g['p1']*x1 + g['p2']*x2", "path"),
    (19, "∂L/∂x", "g['z']*w1", "path"),
    (19, "∂L/∂y", "2*(y - 0.3)", "constant"),
    (20, "∂L/∂n₁", "2*n1", "constant"),
    (20, "∂v/∂d₁", "2*d1", "constant"),
    (20, "∂d₁/∂m", "1", "sign"),
)


def sheets(count: int, seed: int) -> Iterator[tuple[Net, dict[str, str], str, str]]:
    """Nets with what is written, the quantity that is wrong, and the words of its name."""
    draw = random.Random(seed)
    made = 0
    while made < count:
        index, quantity, formula, words = draw.choice(SLIPS)
        (text,) = variants((NETS + FURTHER)[index], 1, draw.randrange(10**6))
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
