"""The rows of LECTURES.md: each is run, and verified by a route that does not use the engine."""

import math
import re
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from time import process_time

import pytest
from peers import peer
from students import with_answer, wrong_for

from scalargrad import program
from scalargrad.checking.reading import read
from scalargrad.cli import commands as cli
from scalargrad.graph.model import contracted
from scalargrad.lectures import backpropagation, decks, networks, slips
from scalargrad.lectures.claims import checked, claim_files
from scalargrad.lectures.statements import (
    FLAGGED,
    HOLDS,
    WRONG,
    Claim,
    Identity,
    Picture,
    Row,
    fact,
    identity,
    number,
    same,
    verdict,
)
from scalargrad.train import optim

sympy = pytest.importorskip("sympy")
pytest.importorskip("numpy")

ROWS = {row.label: row for name in ("backprop", "networks") for row in decks.DECKS[name]}
SLIPS = {row.label: row for row in slips.ROWS}
WITHOUT_STATEMENT = {"B15", "B27", "N11", "N18"}  # LECTURES.md has no row for them
SECONDS = 60  # of processor time, for all rows


@cache
def timed(label):
    start = process_time()
    found = {**ROWS, **SLIPS}[label].outcome()
    return found, process_time() - start


def outcome(label):
    return timed(label)[0]


def stated(label):
    """The numbers that a row states, by quantity."""
    return {c.what: Fraction(read(c.stated).middle) for c in outcome(label).claims
            if re.fullmatch(r"≈?[-−0-9./ ]+", c.stated) and c.stated.strip()}  # fmt: skip


# The rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ROWS)
def test_row(label):
    found = outcome(label)
    assert found.is_met, found.text
    assert found.row.states
    assert found.row.label in found.text
    assert len({(c.what, c.stated) for c in found.claims}) >= 2


def test_every_slide_that_states_something_has_its_row():
    slides = {f"B{n}" for n in range(1, 37)} | {f"N{n}" for n in range(1, 46)}
    covered = [slide for row in ROWS.values() for slide in row.slides]
    assert len(covered) == len(set(covered))
    assert set(covered) == slides - WITHOUT_STATEMENT


def test_all_rows_and_slips_run_in_a_minute_of_processor_time():
    assert sum(timed(label)[1] for label in [*ROWS, *SLIPS]) < SECONDS


# By another route --------------------------------------------------------------------------------


def forward(w, b=(0, 0, 0), x=Fraction(2), y=Fraction(1)):
    """The lecture's network in plain Fractions."""
    h = [max(Fraction(0), w[i] * x + b[i]) for i in range(2)]
    yhat = w[2] * h[0] + w[3] * h[1] + b[2]
    return [*h, yhat, (y - yhat) ** 2]


W = (Fraction(3, 10), Fraction(8, 10), Fraction(4, 10), Fraction(1, 10))
B = (Fraction(7, 10), Fraction(2, 10), Fraction(-3, 10))


def slope(function, at, h=Fraction(1, 1000)):
    """A central difference, which is exact for a parabola."""
    return (function(at + h) - function(at - h)) / (2 * h)


def loss_at(i, x=Fraction(2), y=Fraction(1)):
    return lambda w: forward([*W[:i], w, *W[i + 1 :]], x=x, y=y)[-1]


def the_forward_pass():
    assert forward(W, B)[:3] == [Fraction(13, 10), Fraction(9, 5), stated("B1-B3")["ŷ"]]


def the_parabola():
    for what, value in stated("B4-B5").items():
        change = Fraction(what.rpartition("+ ")[2])
        assert value == loss_at(1)(W[1] + change) == (Fraction(-3, 5) + change / 5) ** 2


def the_loss_and_its_slope():
    assert stated("B6-B7")["ℓ"] == forward(W)[-1] == forward(W, B)[-1]
    assert stated("B6-B7")["∂ℓ/∂w₂"] == slope(loss_at(1), W[1])


def all_slopes():
    found = stated("B8-B11")
    assert [found[f"∂ℓ/∂w{i}"] for i in "₁₂₃₄"] == [slope(loss_at(i), W[i]) for i in range(4)]
    means = [c.computed for c in outcome("B8-B11").claims if "mean" in c.what]
    points = [(Fraction(2), Fraction(1)), (Fraction(1), Fraction(0)), (Fraction(-1), Fraction(1))]
    expected = [sum(slope(loss_at(i, x, y), W[i]) for x, y in points) / 3 for i in range(4)]
    assert [Fraction(mean.replace("−", "-")) for mean in means] == expected


def the_step():
    assert stated("B12-B14")["w₂ after it, η = 0.1"] == W[1] - slope(loss_at(1), W[1]) / 10


def the_order_of_the_frames():
    example = program(backpropagation.SLIDE)
    graph = contracted(example.output)
    (picture,) = (p for p in outcome("B16").shown if isinstance(p, Picture))
    frames = [scene.description for scene in picture.drawn.scenes]
    names = [node.label for node in graph.nodes]
    spelled = {"yhat": "ŷ", "loss": "ℓ"}

    def first(name, what):
        name = spelled.get(name, name.translate(str.maketrans("1234", "₁₂₃₄")))
        line = re.compile(f"^{name}: .*{what}", re.MULTILINE)
        return next(i for i, text in enumerate(frames) if line.search(text))

    for edge in graph.edges:
        source, target = names[edge.source], names[edge.target]
        assert first(source, "value") < first(target, "value")
        assert first(source, "gradient") > first(target, "gradient")


def the_three_factors():
    _, _, yhat, _ = forward(W)
    factors = [2 * (yhat - 1), W[3], Fraction(2)]
    assert [stated("B20-B25")[what] for what in ("∂ℓ/∂ŷ", "∂ŷ/∂h₂", "∂h₂/∂w₂")] == factors
    assert stated("B20-B25")["∂ℓ/∂w₂"] == math.prod(factors) == slope(loss_at(1), W[1])


def the_edges():
    sums = {
        c.what.split()[3]: Fraction(c.computed.replace("−", "-")) for c in outcome("B26").claims
    }
    for i, name in enumerate(("w₁", "w₂", "w₃", "w₄")):
        assert sums[name] == slope(loss_at(i), W[i])
    assert sums["x"] == slope(lambda x: forward(W, x=x)[-1], Fraction(2))
    assert sums["y"] == slope(lambda y: forward(W, y=y)[-1], Fraction(1))


def the_mean_of_batches():
    points = [(2, 1), (1, 0), (-1, 1), (3, 2), (0, -1), (4, 3)]
    full = sum(2 * (Fraction(1, 2) * x - y) * x for x, y in points) / len(points)
    claim = next(c for c in outcome("N1-N3").claims if "full" in c.what)
    assert Fraction(claim.computed.replace("−", "-")) == full


def softmax_and_saturation():
    f = [Fraction(1), Fraction(-2), Fraction(1, 2)]
    s = sum(math.exp(x) for x in f)
    made = program("s = exp(f1) + exp(f2) + exp(f3); l = -log(exp(f2)/s)",
                   {f"f{i}": x for i, x in enumerate(f, 1)})  # fmt: skip
    made.output.backward()
    expected = [math.exp(x) / s - (i == 1) for i, x in enumerate(f)]
    assert [made[f"f{i}"].grad for i in (1, 2, 3)] == pytest.approx(expected)


def the_products():
    assert f"{float(Fraction(3, 2) ** 100):.0e}" == "4e+17"
    assert f"{float(Fraction(4, 5) ** 100):.0e}" == "2e-10"
    assert Fraction(1, 4) ** 10 < Fraction(1, 10**6)
    z = sympy.Symbol("z")
    sigma = 1 / (1 + sympy.exp(-z))
    assert sympy.diff(sigma, z).subs(z, 0) == sympy.Rational(1, 4)
    assert sympy.simplify(sympy.diff(sigma, z) - sigma * (1 - sigma)) == 0
    stated_ = {c.what: c.computed for c in outcome("N19-N25").claims}
    assert stated_["1.5¹⁰⁰"] == f"{float(Fraction(3, 2) ** 100):.6e}".replace("e+", "e")


def the_cures():
    x, w = sympy.symbols("x w")
    chain, residual = w * x, x + w * x
    assert sympy.diff(residual, x) == sympy.diff(chain, x) + 1  # plus in place of a product
    g = [Fraction(3), Fraction(4)]
    assert [c / math.hypot(*g) for c in g] == [0.6, 0.8]
    held = [program("p = 0; l = g*p", g=c) for c in g]
    for p in held:
        p.output.backward()
    parameters = [p["p"] for p in held]
    optim.clip_norm(parameters, 1)
    assert [p.grad for p in parameters] == pytest.approx([0.6, 0.8])


def leaky_relu():
    for what, value in stated("N28-N30").items():
        x = Fraction(re.search(r"\((-?[0-9]+)\)", what)[1])
        assert value == (max(x / 10, x) if "′" not in what else (1 if x >= 0 else Fraction(1, 10)))


def the_counts():
    for c in outcome("N31-N37").claims:
        if c.what.startswith("parameters of"):
            d, m, k = map(int, re.findall("[0-9]+", c.what))
            layers = ((d, m), (m, k))
            weights = sum(len(list(product(range(a), range(b)))) for a, b in layers)
            assert int(c.stated) == weights + m + k


def the_soft_optimum():
    w, a, decay, bound = sympy.symbols("w a lambda B", positive=True)
    (best,) = sympy.solve(sympy.diff((w - a) ** 2 + decay / 2 * w**2, w), w)
    assert sympy.simplify(best - 2 * a / (decay + 2)) == 0
    (matching,) = sympy.solve(best - sympy.sqrt(bound), decay)
    assert sympy.simplify(matching - (2 * a / sympy.sqrt(bound) - 2)) == 0
    found = stated("N38-N41")
    assert found["the λ that matches B = 1: 2a/√B − 2"] == matching.subs({a: 3, bound: 1})
    assert found["w* of the soft constraint"] == best.subs({a: 3, decay: 4})


def the_moments():
    h, p = sympy.symbols("h p")
    mean = p * 0 + (1 - p) * h / (1 - p)
    variance = p * (0 - h) ** 2 + (1 - p) * (h / (1 - p) - h) ** 2
    assert sympy.simplify(mean - h) == 0
    assert sympy.simplify(variance - h**2 * p / (1 - p)) == 0
    claim = next(c for c in outcome("N42-N45").claims if "variance" in c.what)
    at = [variance.subs({h: value, p: sympy.Rational(1, 5)})
          for value in (3, sympy.Rational(-1, 2), 5)]  # fmt: skip
    assert [Fraction(x) for x in claim.computed.split(", ")] == [Fraction(str(x)) for x in at]


def pytorch_loop():
    torch = peer("torch")
    data = networks.xor(8, noise=0.1)
    start = networks.MLP(2, [4, 1], seed=7).named_parameters()
    first, last = torch.nn.Linear(2, 4), torch.nn.Linear(4, 1)
    net = torch.nn.Sequential(first, torch.nn.Tanh(), last).double()
    with torch.no_grad():
        for layer, linear in ((1, first), (2, last)):
            for j in range(linear.out_features):
                linear.bias[j] = float(start[f"b{j + 1}_{layer}"])
                for i in range(linear.in_features):
                    linear.weight[j, i] = float(start[f"w{i + 1}{j + 1}_{layer}"])
    criterion = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    for epoch in range(30):
        for batch in data.minibatches(1, seed=0, epoch=epoch):
            inputs = torch.tensor(batch.inputs, dtype=torch.float64)
            labels = torch.tensor([batch.targets], dtype=torch.float64)
            optimizer.zero_grad()
            loss = criterion(net(inputs), labels)
            loss.backward()
            optimizer.step()
    seen = next(c.computed for c in outcome("N17").claims if "fit" in c.what)
    ours = [float(x.replace("−", "-")) for x in seen.split(", ")[:3]]
    theirs = [first.weight[0, 0].item(), first.weight[0, 1].item(), first.bias[0].item()]
    assert ours == pytest.approx(theirs, rel=1e-10)  # the row prints twelve digits


ROUTES = {
    "B1-B3": the_forward_pass,
    "B4-B5": the_parabola,
    "B6-B7": the_loss_and_its_slope,
    "B8-B11": all_slopes,
    "B12-B14": the_step,
    "B16": the_order_of_the_frames,
    "B20-B25": the_three_factors,
    "B26": the_edges,
    "N1-N3": the_mean_of_batches,
    "N12-N16": softmax_and_saturation,
    "N17": pytorch_loop,
    "N19-N25": the_products,
    "N26-N27": the_cures,
    "N28-N30": leaky_relu,
    "N31-N37": the_counts,
    "N38-N41": the_soft_optimum,
    "N42-N45": the_moments,
}


@pytest.mark.parametrize("label", ROUTES)
def test_row_is_verified_by_another_route(label):
    ROUTES[label]()


# Identities: by SymPy, which gets the text and nothing from the engine ---------------------------


def meaning(text, of, kept=""):
    """A name of a program as a SymPy expression; one name is kept as a symbol."""
    assigned = dict(
        map(str.strip, part.split("=")) for part in re.split("[;\n]", text) if part.strip()
    )

    def opened(expression):
        names = set(re.findall(r"[a-z][a-z0-9_]*", expression)) - {"log", "exp", "sigmoid"}
        plain = sympy.sympify(expression.replace("^", "**"), locals={
            **{name: sympy.Symbol(name, positive=True) for name in names},
            "sigmoid": lambda z: 1 / (1 + sympy.exp(-z)),
        })  # fmt: skip
        inside = {sympy.Symbol(name, positive=True): opened(assigned[name])
                  for name in names if name in assigned and name != kept}  # fmt: skip
        return plain.subs(inside, simultaneous=True)

    return opened(assigned.get(of, of))


SPELLED = {"ℓ": "loss", "ŷ": "yhat"}
IDENTITIES = {
    f"{label} {claim.what} = {claim.formula} of {claim.text.strip()[:20]}": claim
    for label in ("B17-B19", "B28-B33", "B34-B36", "N12-N16")
    for claim in outcome(label).claims
    if isinstance(claim, Identity)
}


def is_proved(claim):
    of, by = re.fullmatch("∂(.+)/∂(.+)", claim.what).groups()
    of, by = SPELLED.get(of, of), SPELLED.get(by, by)
    derivative = sympy.diff(meaning(claim.text, of, by), sympy.Symbol(by, positive=True))
    difference = derivative - meaning(claim.text, claim.formula, by)
    if sympy.simplify(difference) == 0:
        return True
    draw = Random(1)  # where simplify is at a loss: fifty digits at five rational points
    return all(
        abs(difference.subs({s: sympy.Rational(draw.randint(1, 19), 20)
                             for s in difference.free_symbols}).evalf(50)) < 1e-40
        for _ in range(5)
    )  # fmt: skip


@pytest.mark.parametrize("name", IDENTITIES)
def test_identity_is_proved(name):
    assert is_proved(IDENTITIES[name])


def test_the_rows_with_identities_have_them():
    counts = {label: sum(name.startswith(label) for name in IDENTITIES)
              for label in ("B17-B19", "B28-B33", "B34-B36", "N12-N16")}  # fmt: skip
    assert counts == {"B17-B19": 11, "B28-B33": 7, "B34-B36": 5, "N12-N16": 5}
    assert ROWS["N4-N8"].run is ROWS["B28-B33"].run
    assert ROWS["N9-N10"].run is ROWS["B34-B36"].run
    assert set(ROWS) == {*ROUTES, *counts, "N4-N8", "N9-N10"}


@pytest.mark.parametrize(
    ("text", "asked", "formula"),
    [
        ("f = c*x^2", "∂f/∂x", "c*x"),
        (backpropagation.ONE_LAYER, "∂ℓ/∂w11", "(y - yhat)*x1"),
        (backpropagation.ONE_LAYER, "∂ŷ/∂z", "yhat"),
        (backpropagation.TWO_LAYERS, "∂ℓ/∂w11_1", "(yhat - y)*w11_2*a11*x1"),
        (networks.SOFTMAX, "∂ℓ/∂f2", "p2"),
    ],
)
def test_a_wrong_identity_is_found_by_both(text, asked, formula):
    claim = identity(text, asked, formula)
    assert claim.verdict == WRONG
    assert "off by" in claim.computed
    assert not is_proved(claim)


# Claim files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", claim_files())
def test_every_claim_of_a_file_is_right(name):
    assert [str(c) for c in checked(claim_files()[name]) if not c.is_met] == []


@pytest.mark.parametrize("name", claim_files())
def test_a_planted_wrong_claim_is_flagged_and_no_other(name):
    text = claim_files()[name]
    for place, claim in enumerate(checked(text)):
        shown = wrong_for(claim.stated)[0]
        found = checked(with_answer(text, place, shown))
        assert [n for n, c in enumerate(found) if c.verdict == WRONG] == [place]
        assert "it is" in found[place].computed


def test_the_files_hold_the_numbers_that_the_slides_state():
    texts = "\n".join(claim_files().values())
    for line in ("| ℓ | .36 |", "| ∂ℓ/∂w₂ | −.24 |", "| ∂ℓ/∂ŷ | −1.2 |", "| ∂ŷ/∂h₂ | 0.1 |",
                 "| ∂h₂/∂w₂ | 2 |", "| large | ≈ 4×10^17 |", "| small | ≈ 2×10^-10 |",
                 "| loss1 | 0.3364 |", "| digits | 79510 |"):  # fmt: skip
        assert line in texts


def test_an_unreadable_claim_is_wrong():
    (claim,) = checked(
        "```sg\nw = 3\nl = w^2\n```\n| quantity | answer |\n|---|---|\n| l | 9 or 3 |"
    )
    assert claim.verdict == WRONG
    assert "choose one number" in claim.computed


def test_a_claim_at_a_kink_holds_unless_the_file_states_a_convention():
    text = "{}\n```sg\nz = 0; h = relu(z)\n```\n| quantity | answer |\n|---|---|\n| dh/dz | 1 |"
    assert [c.verdict for c in checked(text.format(""))] == [HOLDS]
    assert [c.verdict for c in checked(text.format("Here relu′(0) = 0."))] == [WRONG]


def test_every_line_of_a_claim_file_is_a_claim():
    table = "| quantity | answer |\n| q | 1 |\n| m | |\n| m | .09 |\n| m | 0 |"
    claims = checked(f"```sg\nw = 0.3; m = w^2\n```\n{table}")
    assert [c.is_met for c in claims] == [False, False, True, False]
    assert claims[0].computed.startswith("no node is named 'q'")
    assert claims[3].computed == "you wrote 0, it is 0.09 (= w²)."


# Slips -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", SLIPS)
def test_slip_is_flagged(label):
    found = outcome(label)
    assert found.is_met, found.text
    assert any(claim.verdict == FLAGGED for claim in found.claims)


def test_a_slip_that_is_not_flagged_is_wrong():
    right, wrong = {"∂L/∂l₁": "0.25"}, {"∂L/∂l₁": "1"}
    assert slips.flagged(slips.MEAN, wrong).verdict == FLAGGED
    assert slips.flagged(slips.MEAN, right).verdict == WRONG
    assert slips.flagged(slips.MEAN, wrong, "the sign is wrong").verdict == WRONG
    assert slips.passes(slips.MEAN, right).verdict == HOLDS
    assert slips.passes(slips.MEAN, wrong).verdict == WRONG


def test_the_slips_are_those_of_the_list():
    assert list(SLIPS) == [
        "mean-or-sum", "gate", "indices", "keep-or-drop", "jacobians", "acyclic", "kink",
        "two-and-two", "two-gradients",
    ]  # fmt: skip


# Claims, rows and the command --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "computed", "found"),
    [
        ("-.24", Fraction(-6, 25), "exact"),
        ("-0.240", Fraction(-6, 25), "exact"),
        ("-0.2", Fraction(-6, 25), "rounds to"),
        ("-0.25", Fraction(-6, 25), "wrong"),
        ("0", Fraction(1, 10), "wrong"),
        ("0.25", 0.25, "rounds to"),
        ("≈ 0.5", Fraction(1, 2), "rounds to"),
        ("4×10^17", 1.5**100, "rounds to"),
        ("4×10^18", 1.5**100, "wrong"),
        ("1.0", math.nan, "wrong"),
        ("1.0", math.inf, "wrong"),
    ],
)
def test_verdict(written, computed, found):
    assert verdict(written, computed) == found


def test_claims_that_do_not_hold_are_wrong():
    assert number("w", "0.3", Fraction(1, 2)).verdict == WRONG
    assert fact("it is so", False).verdict == WRONG
    assert same("counts", 2, 3).verdict == WRONG
    assert not Row("x", lambda: [fact("no", False)], "x").outcome().is_met
    assert not Row("x", lambda: ["nothing stated"], "x").outcome().is_met


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = cli.main(["lectures", *map(str, arguments)])
        return (code, *capsys.readouterr())

    return run


def test_a_row_is_run_by_its_slide_and_its_picture_written(run):
    code, out, err = run("B22", "-o", "pictures")
    assert (code, err) == (0, "")
    assert "∂ℓ/∂w₂ = −.24  exact: −6/25" in out
    assert "= (−1.2) × (0.1) × (2)" in out
    assert "wrote pictures/B20-B25-path.svg" in out
    assert Path("pictures/B20-B25-path.svg").read_bytes().startswith((b"<svg", b"<?xml"))
    assert out.endswith("6 claims: 6 exact\n")


def test_a_plot_of_a_row_is_written(run):
    assert run("N28-N30", "-o", "plots")[0] == 0
    assert b"<svg" in Path("plots/N28-N30-leaky.svg").read_bytes()


def test_claims_are_printed_as_a_table(run):
    code, out, _ = run("claims")
    assert code == 0
    assert "    ✓ ∂ℓ/∂w₂                    −.24   exact  −6/25" in out
    assert "✓ large  ≈ 4×10^17   rounds to  4.065612e17" in out
    assert " wrong" not in out


def test_everything_is_the_four_decks(run, monkeypatch):
    for name in decks.DECKS:
        row = Row(f"row of {name}", lambda: [fact("it is so", True)], "a title")
        monkeypatch.setitem(decks.DECKS, name, (row,))
    code, out, _ = run()
    assert code == 0
    assert all(f"row of {name}" in out for name in decks.DECKS)
    assert out.endswith("4 claims: 4 hold\n")


def test_what_comes_out_differently_is_exit_code_1(run, monkeypatch):
    wrong = Row("B98", lambda: [Claim("∂ℓ/∂w₂", "−.24", "−0.12", WRONG)], "a planted claim")
    monkeypatch.setitem(decks.DECKS, "backprop", (wrong,))
    code, out, err = run("backprop")
    assert (code, err) == (1, "")
    assert "✗ ∂ℓ/∂w₂ = −.24  wrong: −0.12" in out
    assert out.endswith("1 claim: 1 wrong\n")


@pytest.mark.parametrize("name", ["B15", "B99", "backprob", ""])
def test_an_unknown_row_is_refused_in_one_line_before_any_is_run(run, name):
    code, out, err = run("networks", name)
    assert (code, out) == (2, "")
    assert err.startswith("scalargrad: the lectures are claims, backprop, networks, slips, or a ")
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_one_line(run):
    Path("file").write_text("")
    code, _, err = run("B20", "-o", "file")
    assert code == 2
    assert err.startswith("scalargrad: cannot make the folder file")
