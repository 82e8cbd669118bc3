"""The rows of both decks: every slide has one, and what it states holds by another route too."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from time import process_time

import mpmath
import origins
import pytest
from students import wrong_for

from scalargrad.checking.quantities import UnknownQuantity, quantity
from scalargrad.checking.reading import read
from scalargrad.cli import commands as cli
from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import OPERATIONS
from scalargrad.engine.rebuild import rebuilt
from scalargrad.language.reading import program
from scalargrad.lectures import decks, demonstrations, statements
from scalargrad.lectures.rows import Item, read_rows
from scalargrad.lectures.statements import (
    FLAGGED,
    HOLDS,
    ORIGINS,
    WRONG,
    Claim,
    Option,
    Picture,
    fact,
    identity,
    number,
    same,
    verdict,
)

pytest.importorskip("numpy")

ROWS = {row.label: row for deck in decks.DECKS.values() for row in deck}
SLIDES = [*(f"B{n}" for n in range(1, 37)), *(f"N{n}" for n in range(1, 47))]
SILENT = {"N25"}  # a question: there is nothing to run
SLIPS = [row.label for row in decks.DECKS["slips"]]
QUIZZES = {"N11": "A", "N18": "C", "N28": "AB", "N29": "ACD", "N30": "A", "N36": "A", "N37": "ABD",
           "N45": "C"}  # fmt: skip
SECONDS = 90  # of processor time, for all rows
DIGEST = json.loads(origins.DIGEST.read_text(encoding="utf-8"))


@cache
def timed(label):
    start = process_time()
    found = ROWS[label].outcome()
    return found, process_time() - start


def outcome(label):
    return timed(label)[0]


# The rows ----------------------------------------------------------------------------------------


def test_every_slide_has_its_row():
    assert [label for label in ROWS if label not in SLIPS] == SLIDES


@pytest.mark.parametrize("label", ROWS)
def test_row(label):
    found = outcome(label)
    assert found.is_met, found.text
    assert found.row.title
    assert found.row.states
    assert bool(found.claims) == (label not in SILENT)
    assert label in found.text


def test_all_rows_run_in_a_minute_and_a_half_of_processor_time():
    assert sum(timed(label)[1] for label in ROWS) < SECONDS


@pytest.mark.parametrize("label", QUIZZES)
def test_every_option_of_a_quiz_is_confirmed_or_refuted_with_its_reason(label):
    options = [thing for thing in outcome(label).shown if isinstance(thing, Option)]
    confirmed = [option.letter for option in options if option.found == "confirmed"]
    assert confirmed == list(QUIZZES[label])
    assert len(options) == {"N30": 2, "N36": 5, "N37": 5}.get(label, 4)
    for option in options:
        assert option.found == option.expected
        assert ": " in option.claim.computed


# By another route: values of the graph alone, and central differences with sixty digits -----------

ROUNDED = 1e-9


@cache
def made(label, expression=""):
    text = ROWS[label].text
    return program(f"{text}\nclaimed = {expression}" if expression else text)


def wanted(label, asked):
    """The node that is asked for, the node by which it is differentiated, and the step."""
    try:
        found = quantity(asked, tuple(made(label)) if ROWS[label].text else ())
    except UnknownQuantity:
        return made(label, asked).output, None, None
    end = made(label)[found.of] if found.of else made(label).output
    return end, made(label)[found.by] if found.by else None, found.step


def value(end, at):
    twins = rebuilt(
        end, {node: at(node) for node in topological_order(end) if at(node) is not None}
    )
    return mpmath.mpf(twins[end].data)


def measured(label, asked, at):
    """A quantity, from values alone: `at` gives the numbers of leaves."""
    end, by, step = wanted(label, asked)
    if by is None:
        return value(end, at)
    middle, h = value(by, at), mpmath.mpf(10) ** -20
    sides = [value(end, lambda n, x=middle + d: x if n is by else at(n)) for d in (h, -h)]
    slope = (sides[0] - sides[1]) / (2 * h)
    return slope if step is None else middle - mpmath.mpf(step.numerator) / step.denominator * slope


def leaf_numbers(draw=None):
    """The numbers of the program, or random ones, each the same for the same name."""

    def at(node):
        if node.parents:
            return None
        if draw is None or node.label in ("", "claimed"):
            return mpmath.mpmathify(node.data)
        return mpmath.mpf(Random(f"{draw} {node.label}").uniform(0.2, 1.8))

    return at


CLAIMS = [
    pytest.param(label, item.rest, id=f"{label} {item.rest}")
    for label, row in ROWS.items()
    for item in row.items
    if item.word in (*ORIGINS, *SLIDES)
]


def holds(label, text):
    with mpmath.workdps(60):
        asked, sign, formula = text.partition(" ≡ ")
        if sign:
            at = leaf_numbers(1)
            terms = [[measured(label, factor, at) for factor in term.split(" × ")]
                     for term in formula.split(" + ")] if "∂" in formula else [[
                         measured(label, f"({formula})", at)]]  # fmt: skip
            return abs(measured(label, asked, at) - sum(map(mpmath.fprod, terms))) < ROUNDED
        asked, relation, other = re.fullmatch(r"(.+) ([=≈<>≠]) (.+)", text).groups()
        found, reading = measured(label, asked, leaf_numbers()), read(other)
        right = mpmath.mpf(reading.middle.numerator) / reading.middle.denominator
        if relation in "<>≠":
            return {"<": found < right, ">": found > right, "≠": abs(found - right) > ROUNDED}[
                relation
            ]
        written = f"≈ {other}" if relation == "≈" else other
        return abs(found - right) < ROUNDED or verdict(written, float(found)) != WRONG


@pytest.mark.parametrize(("label", "text"), CLAIMS)
def test_claim_holds_by_values_alone_exactly_where_the_engine_says_so(label, text):
    if (label, text) == ("N30", "∂f₃/∂c = 1"):
        return  # at the kink, by the slide's convention
    assert holds(label, text) == ROWS[label].claimed(text).is_met


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("B25", "∂ℓ/∂w₂ = -.12"),
        ("B32", "∂ℓ/∂w₁₁ ≡ (y − ŷ) x₁"),
        ("B36", "∂ℓ/∂x₁ ≡ ∂ℓ/∂a₁₁ × ∂a₁₁/∂x₁"),
        ("N20", "1.5^100 ≈ 4×10^18"),
        ("N23", "0.25^10 > 1e-6"),
    ],
)
def test_a_wrong_claim_is_wrong_by_both_routes(label, text):
    assert not holds(label, text)
    assert ROWS[label].claimed(text).verdict == WRONG


def numbers_claimed():
    for label, row in ROWS.items():
        for item in row.items:
            if item.word in (*ORIGINS, *SLIDES) and re.search(" [=≈] ", item.rest):
                what, relation, written = re.fullmatch("(.+) ([=≈]) (.+)", item.rest).groups()
                if not any(i.option for i in row.items) and " ≡ " not in item.rest:
                    yield label, what, relation, written


@pytest.mark.parametrize(("label", "what", "relation", "written"), [*numbers_claimed()])
def test_another_number_in_its_place_is_wrong(label, what, relation, written):
    for other in wrong_for(written)[:3]:
        if read(other).middle != read(written).middle:
            assert ROWS[label].claimed(f"{what} {relation} {other}").verdict == WRONG


# Planted faults ----------------------------------------------------------------------------------

FAULTS = {
    "mul": lambda y, a, b: (a, b),
    "square": lambda y, a: (a,),
    "relu": lambda y, a: (0.5 * (a > 0),),
    "sigmoid": lambda y, a: (y * (1 + y),),
    "log": lambda y, a: (1 / a**2 + 1,),
}


def states_derivative_of(label, name):
    """Whether a claim's derivative leads through the operation, and not with a factor of 0."""
    for item in ROWS[label].items:
        if item.word not in (*ORIGINS, *SLIDES) or any(r in item.rest for r in "<>≠"):
            continue
        asked = (
            re.split(" ≡ ", item.rest)[0].rpartition(" = ")[0] or re.split(" [≡≈] ", item.rest)[0]
        )
        end, by, _ = wanted(label, asked)
        if by is None:
            continue
        above = {by}
        for node in topological_order(end):
            if any(parent in above for parent in node.parents):
                above.add(node)
        if any(node.op and node.op.name == name for node in above - {by}):
            return True
    return False


@pytest.mark.parametrize("name", FAULTS)
def test_every_row_that_states_such_a_derivative_fails_under_a_planted_fault(name, monkeypatch):
    rows = [label for label in ROWS if states_derivative_of(label, name)]
    assert len(rows) >= {"relu": 8, "log": 8}.get(name, 10)
    row = OPERATIONS[name]
    monkeypatch.setattr(row, "derivatives", FAULTS[name])
    monkeypatch.setattr(row, "constants", ())
    passing = []
    for label in rows:
        items = tuple(i for i in ROWS[label].items if i.word in (*ORIGINS, *SLIDES) or i.option)
        if replace(ROWS[label], items=items).outcome().is_met:
            passing.append(label)
    assert passing == []


# Origins -----------------------------------------------------------------------------------------


def test_every_number_called_slide_stands_on_that_slide_beside_its_symbol():
    assert origins.misattributed(list(ROWS.values()), DIGEST) == []


@pytest.mark.parametrize(
    ("label", "line"),
    [
        ("B25", "- slide: ŷ = 0.4"),
        ("B25", "- slide: h₂ = 1.6"),
        ("B25", "- slide: ∂ℓ/∂w₁ = -.24"),
        ("B25", "- slide: ∂ŷ/∂h₂ = 2"),
        ("B2", "- slide: w₄ = 0.1"),
        ("B7", "- B23: ∂ℓ/∂w₂ = -0.24"),
        ("N20", "- slide: 0.8^100 ≈ 4×10^17"),
        ("N38", "```sg\nunits = 0.02  # N38(Units)\n```"),
        ("N38", "```sg\nλ = 0.02  # N38(Units)\n```"),
        ("B28", "- slide: z ≡ w₁₁ x₁ + w₂₁ x₂"),
        ("N9", "- slide: ∂ℓ/∂a₁₂ ≡ (ŷ − y) w₂₁⁽²⁾"),
        ("B22", "- slide: ℓ ≡ (y − ŷ)²"),
        ("B23", "- slide: ∂ℓ/∂ŷ ≡ 2 (y − ŷ)"),
        ("B33", "- slide: ∂ℓ/∂x₁ ≡ (ŷ − y) x₁"),
        ("B17", "- slide(f): ∂f₁/∂x ≡ 2 c x^2"),
        ("N6", "- slide: ∂ℓ/∂w₁₁ ≡ ((1 − y)/(1 − ŷ) + y/ŷ) × ∂ŷ/∂z × ∂z/∂w₁₁"),
    ],
)
def test_a_planted_misattribution_is_found(label, line):
    (planted,) = read_rows(f"## {label} A row\nIt states.\n\n{line}\n")
    (said,) = origins.misattributed([planted], DIGEST)
    assert said.startswith(f"{label}: ")


@pytest.mark.parametrize(
    ("label", "line"),
    [
        ("B22", "slide: ∂ℓ/∂w₂ ≡ ∂ℓ/∂ŷ × ∂ŷ/∂h₂ × ∂h₂/∂w₂"),
        ("B34", "slide: ∂ℓ/∂a₁₂ ≡ (ŷ − y) w₂₁⁽²⁾"),
        ("N12", "f = W⁽⁴⁾ h₃ + b⁽⁴⁾"),
    ],
)
def test_a_formula_of_a_slide_that_its_row_leaves_out_is_found(label, line):
    assert origins.left_out(list(ROWS.values()), DIGEST) == []
    items = tuple(item for item in ROWS[label].items if f"{item.word}: {item.rest}" != line)
    shorter = replace(ROWS[label], items=items, text=ROWS[label].text.replace(line, ""))
    (said,) = origins.left_out([shorter], DIGEST)
    assert said.startswith(f"{label} has ")


def test_formulas_are_read_from_a_slides_text():
    text = r"""$$\frac{\partial l}{\partial w_{11}^{(1)}} = (\hat{y} - y)w_{11}^{(2)} = -0.5$$ so
    $f(x) = \frac{1}{1 + e^{-x}} \quad \sigma'(x) = \sigma(x)(1 - \sigma(x))$, see $w_{12}$"""
    assert origins.formulas_of(text) == [
        "dl/dw11(1) = (y^-y)w11(2)", "f = 1/(1+e^(-x))", "sigma'(x) = sigma(x)(1-sigma(x))",
    ]  # fmt: skip


def test_the_digest_holds_no_sentence():
    numbers = [word for entry in DIGEST.values() for pair in entry["numbers"] for word in pair]
    assert max(map(len, numbers)) < 20
    words = {word for entry in DIGEST.values() for formula in entry["formulas"]
             for word in re.findall("[A-Za-z]{5,}", formula)}  # fmt: skip
    assert words == {"sigma", "sigmoid", "softmax", "dropout", "etadL"}  # the last: η ∂L


def test_numbers_are_read_from_a_slides_text():
    text = "$$\\frac{\\partial \\ell}{\\partial w_2} = a \\times b$$\n" \
           "$$\\frac{\\partial \\ell}{\\partial w_2} = (-1.2) \\times (2) = -2.4$$\n" \
           "on input x = 2, decay=0.02, 30 units"  # fmt: skip
    assert origins.numbers_of(text) == [
        ("(-1.2)×(2)", "-2.4"), ("a", "-1.2"), ("b", "2"), ("decay", "0.02"), ("dl/dw2", "-2.4"),
        ("units", "30"), ("x", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize("label", SLIDES)
def test_all_numbers_of_a_program_have_an_origin(label):
    for entry in ROWS[label].inputs:
        assert entry.origin in ORIGINS
        assert bool(entry.slide) == (entry.origin == "slide")


def test_a_number_without_an_origin_is_refused():
    (row,) = read_rows("## B99 A row\nIt states.\n\n```sg\nx = 2  # ours\nw = 3\nl = w x\n```\n")
    with pytest.raises(ValueError, match="B99: where are w from"):
        _ = row.inputs


@pytest.mark.parametrize("line", ["- slide ∂ℓ/∂w₂ = 2", "- : x = 2", "- slide:"])
def test_a_line_that_is_not_read_is_refused(line):
    with pytest.raises(ValueError, match="B99: a line is written like"):
        read_rows(f"## B99 A row\nIt states.\n\n{line}\n")


def test_an_unknown_origin_is_refused():
    (row,) = read_rows("## B99 A row\nIt states.\n\n```sg\nw = 3  # ours\n```\n- folows: w = 3\n")
    with pytest.raises(ValueError, match="an origin is slide, follows, ours or a slide; got 'fol"):
        row.outcome()


# Slips -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", SLIPS)
def test_slip_is_flagged(label):
    verdicts = [claim.verdict for claim in outcome(label).claims]
    assert FLAGGED in verdicts or label in ("two-gradients",)


def test_a_slip_that_is_not_flagged_is_wrong():
    text = ROWS["mean-or-sum"].text
    right, wrong = {"∂L/∂ℓ₁": "0.25"}, {"∂L/∂ℓ₁": "1"}
    assert statements.marked(text, wrong, []).verdict == FLAGGED
    assert statements.marked(text, right, []).verdict == WRONG
    assert statements.marked(text, wrong, ["the sign is wrong"]).verdict == WRONG
    assert statements.marked(text, right).verdict == HOLDS
    assert statements.marked(text, wrong).verdict == WRONG


# Claims and options ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "computed", "found"),
    [
        ("-.24", "-6/25", "exact"),
        ("-0.240", "-6/25", "exact"),
        ("-0.2", "-6/25", "rounds to"),
        ("-0.25", "-6/25", "wrong"),
        ("0", "1/10", "wrong"),
        ("≈ 0.5", "1/2", "rounds to"),
    ],
)
def test_verdict(written, computed, found):
    assert verdict(written, read(computed).middle) == found


@pytest.mark.parametrize("computed", [float("nan"), float("inf")])
def test_what_is_no_number_is_wrong(computed):
    assert verdict("1.0", computed) == WRONG


def test_claims_that_do_not_hold_are_wrong():
    text = "w = 3; l = w²"
    assert number(text, "l", "=", "8").verdict == WRONG
    assert number(text, "∂l/∂w", ">", "6").verdict == WRONG
    assert identity(text, "∂l/∂w", "w").computed.startswith("off by")
    assert fact("it is so", False).verdict == WRONG
    assert same("counts", 2, 3).verdict == WRONG


def test_at_a_kink_any_slope_between_the_sides_holds():
    text = "z = 0; h = relu(z)"
    assert [number(text, "∂h/∂z", "=", n).verdict for n in ("1", "0.5", "2")] == [
        HOLDS,
        HOLDS,
        WRONG,
    ]


def test_an_option_is_what_its_claims_are():
    yes, no = fact("so", True, "seen"), fact("not so", False, "seen")
    assert Option("A", "it is", (yes, no), "refuted").claim.is_met
    assert not Option("A", "it is", (yes, no), "confirmed").claim.is_met
    assert Option("A", "it is", (yes,), "confirmed").claim.is_met
    assert not Option("A", "it is", (), "confirmed").claim.is_met


def test_the_ten_lines_of_the_loop_are_the_same_everywhere():
    root = Path(origins.__file__).parent.parent
    readme = (root / "README.md").read_text(encoding="utf-8")
    notebook = (root / "notebooks" / "05_gradient_descent.py").read_text(encoding="utf-8")
    assert demonstrations.LOOP in notebook
    assert demonstrations.LOOP in re.sub("^(>>>|\\.\\.\\.) ", "", readme, flags=re.MULTILINE)
    assert len(demonstrations.LOOP.splitlines()) == 10


def test_the_order_of_the_frames_is_that_of_the_layers():
    row = replace(ROWS["B16"], items=(Item("picture", "", "", "frames=layer"),))
    (picture,) = (thing for thing in row.outcome().shown if isinstance(thing, Picture))
    texts = [scene.description for scene in picture.drawn.scenes]
    first = [next(i for i, text in enumerate(texts) if f"{name}: " in text and re.search(
        f"^{name}: .*gradient", text, re.MULTILINE)) for name in ("ŷ", "h₂", "w₂")]  # fmt: skip
    assert first == sorted(set(first))


# The command -------------------------------------------------------------------------------------


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = cli.main(["lectures", *map(str, arguments)])
        return (code, *capsys.readouterr())

    return run


def test_a_row_is_printed_with_its_origins_and_its_picture_written(run):
    code, out, err = run("B25", "-o", "pictures")
    assert (code, err) == (0, "")
    assert re.search("✓ ∂ℓ/∂w₂ = -.24 +slide B25 +exact: −6/25", out)
    assert re.search("✓ ∂ℓ/∂w₁ = -0.96 +ours ", out)
    assert "x = 2, y = 1, w₄ = 0.1 are the slides'; w₁, w₂, w₃ are ours" in out
    assert "wrote pictures/B25-picture.svg" in out
    assert Path("pictures/B25-picture.svg").read_bytes().startswith((b"<svg", b"<?xml"))
    assert "by origin, with the numbers of programs: 9 slide, 1 follows, 6 ours" in out


def test_ranges_are_read_and_programs_printed(run):
    code, out, _ = run("b23", "B24-25", "--format", "program")
    assert code == 0
    assert out.count("yhat = w3*h1 + w4*h2") == 3
    assert program(out.split("\n\n#")[0]).output.data > 0


def test_json_has_the_origin_of_every_number(run):
    code, out, _ = run("B24", "--format", "json")
    (record,) = json.loads(out)
    assert code == 0
    assert record["slide"] == "B24"
    assert {entry["name"]: (entry["origin"], entry["slide"]) for entry in record["inputs"]} == {
        "x": ("slide", "B3"), "y": ("slide", "B4"), "w₄": ("slide", "B24"),
        "w₁": ("ours", ""), "w₂": ("ours", ""), "w₃": ("ours", ""),
    }  # fmt: skip
    assert all(claim["origin"] in ORIGINS for claim in record["claims"])


def test_what_comes_out_differently_is_exit_code_1(run, monkeypatch):
    planted = read_rows("## B98 A row\nIt states.\n\n```sg\nw = 3  # ours\nl = w²\n```\n"
                        "\n- slide: ∂l/∂w = 5\n")  # fmt: skip
    monkeypatch.setitem(decks.DECKS, "backprop", planted)
    code, out, err = run("backprop")
    assert (code, err) == (1, "")
    assert re.search(r"✗ ∂l/∂w = 5 +slide B98 +wrong: 6", out)


def test_everything_is_a_line_for_each_row(run, monkeypatch):
    for name in decks.DECKS:
        row = replace(ROWS["N25"], label=f"row of {name}")
        monkeypatch.setitem(decks.DECKS, name, (row,))
    code, out, _ = run()
    assert code == 0
    assert all(f"row of {name}" in out for name in decks.DECKS)
    assert out.endswith("0 claims: \nby origin, with the numbers of programs: nothing to run\n")


@pytest.mark.parametrize("name", ["B99", "backprob", "", "B20-", "B25-B20", "B0-B3", "B2-N3x"])
def test_an_unknown_row_is_refused_in_one_line_before_any_is_run(run, name):
    code, out, err = run("networks", name)
    assert (code, out) == (2, "")
    assert err.startswith("scalargrad: the lectures are backprop, networks, slips, or slides of ")
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_one_line(run):
    Path("file").write_text("")
    code, _, err = run("B20", "-o", "file")
    assert code == 2
    assert err.startswith("scalargrad: cannot make the folder file")


def test_a_claim_reads_on_one_line():
    claim = Claim("∂ℓ/∂w₂", "= -.24", "−6/25", "exact", "slide", "B25")
    assert str(claim) == "✓ ∂ℓ/∂w₂ = -.24  slide B25  exact: −6/25"
