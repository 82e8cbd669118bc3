import math
import random
from decimal import Decimal
from fractions import Fraction

import mpmath
import pytest

from scalargrad import (
    DomainError,
    GradientMismatch,
    Value,
    assert_gradients,
    check,
    gradcheck,
    nn,
    partial,
    program,
)
from scalargrad.checking.gradcheck import finite_difference
from scalargrad.checking.kinks import subdifferential
from scalargrad.checking.reading import read
from scalargrad.checking.together import first_impossible, of_line
from scalargrad.engine import ops
from scalargrad.engine.backward import gradients, multiplying, topological_order
from scalargrad.engine.ops import OPERATIONS
from scalargrad.lectures import LECTURES
from scalargrad.notation.numbers import decimal
from scalargrad.sheets.worksheet import read_sheet, worksheet


def lecture():
    return program(LECTURES[0].text).output


@pytest.mark.parametrize("lecture", LECTURES, ids=[lecture.name for lecture in LECTURES])
def test_the_gradients_on_the_slide_are_right(lecture):
    assert_gradients(program(lecture.text).output, lecture.gradients)


def test_a_wrong_product_of_right_factors_is_no_slip_in_the_last_digit():
    factors = {"yhat": "-1.2", "dyhat/dh2": "0.1", "dh2/dw2": "2"}
    with pytest.raises(GradientMismatch, match="It looks as if a factor of the chain is lost"):
        assert_gradients(lecture(), factors | {"w2": "-0.12"})


ACCEPTED = ["-0.24", "−0.24", "-.24", "-6/25", "-0.240", "-2.4e-1", " -0.24 ", "-12/50",
            Fraction(-6, 25), -0.24]  # fmt: skip
REJECTED = ["0.24", "-0.25", "-0.241", "-0.2401", "-7/25", "-0.3", "0", "-1", "-2.5e-1",
            Fraction(-6, 26), -0.2401, 0, float("nan"), float("inf")]  # fmt: skip


@pytest.mark.parametrize("written", ACCEPTED, ids=repr)
def test_a_right_gradient_is_accepted_in_every_writing(written):
    assert_gradients(lecture(), {"w2": written})


@pytest.mark.parametrize("written", REJECTED, ids=repr)
def test_a_wrong_gradient_is_rejected(written):
    with pytest.raises(GradientMismatch):
        assert_gradients(lecture(), {"w2": written})


@pytest.mark.parametrize(("written", "accepted"), [
    ("0.12", True), ("0.13", True), ("0.125", True), ("0.1", False), ("0.2", False),
    ("0.1249", False), ("0.1250", True), ("1/8", True), ("12/100", False), ("0.11", False),
    ("0", False),
])  # fmt: skip
def test_a_decimal_stands_for_half_a_unit_of_its_last_place(written, accepted):
    y = Value("1/8", "w") * Value(3, "x")
    try:
        assert_gradients(y, {"x": written})
        assert accepted
    except GradientMismatch:
        assert not accepted


@pytest.mark.parametrize("text", ["", "abc", "1_000", "nan", "inf", "1/0", "0x10", "1e500", "1 5",
                                  "٣", "9" * 101, "1 2/3", "--1", "\x00"])  # fmt: skip
def test_text_that_is_no_number_is_one_clear_line(text):
    with pytest.raises(ValueError, match="a number is written like") as caught:
        read(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 150


STUDENT = {"dl/dyhat": "-1.2", "dyhat/dh2": "0.1", "dh2/dw2": "1", "dl/dw2": "-0.12"}


def failure(output, written, **options):
    with pytest.raises(GradientMismatch) as caught:
        assert_gradients(output, written, **options)
    return str(caught.value)


def test_the_failure_is_the_report_of_check_and_the_finite_differences():
    report = check(LECTURES[0].text, STUDENT)
    head, *lines, last = failure(lecture(), STUDENT).splitlines()
    assert head == "2 of 4 lines are not right:"
    assert lines == report.text.splitlines()
    assert "you wrote 1, it is 2 (= x)" in lines[2]
    assert last == "finite differences: ∂h₂/∂w₂ = 2, ∂ℓ/∂w₂ = −6/25 = −0.24"


def test_a_name_alone_means_the_gradient():
    (head, line, *_, last) = failure(lecture(), {"w2": "-0.12"}).splitlines()
    assert head == "1 of 1 lines is not right:"
    assert line.startswith("✗ ∂ℓ/∂w₂  -0.12")
    assert last == "finite difference: ∂ℓ/∂w₂ = −6/25 = −0.24"
    assert_gradients(lecture(), {"loss": "1", "value of yhat": "0.4", "h2.data": "1.6"})


@pytest.mark.parametrize("written", [
    {"dl/dyhat": "-0.6", "w2": "-0.12"},  # the second follows from the first
    {"dl/dyhat": "-1.2", "dyhat/dh2": "0.1", "w2": "-0.25"},
    {"w2_new = w2 - 0.1*dl/dw2": "0.776"}, {"w2": "0,24"}, {"w2": ""}, {"w2": None},
])  # fmt: skip
def test_what_is_not_right_by_itself_fails(written):
    lines = failure(lecture(), written).splitlines()
    wrong = [line for line in lines if line[0] in "✗→?–"]
    assert lines[0].startswith(f"{len(wrong)} of {len(written)} lines ")


@pytest.mark.slow
@pytest.mark.parametrize("lecture", LECTURES, ids=[lecture.name for lecture in LECTURES])
def test_every_line_of_a_key_is_right_and_no_other_number_in_its_place(lecture):
    sheet = worksheet(lecture.text, ask="all")
    key = read_sheet(sheet.markdown(answers=True)).rows
    answers = {f"value of {name}" if "∂" not in name else name: text for name, text in key}
    assert_gradients(sheet.program.output, answers)
    for name, text in answers.items():
        right = read(text).middle
        for wrong in (-right, right + Fraction(1, 100), right * Fraction(10001, 10000), 0):
            if wrong != right:
                said = failure(sheet.program.output, {**answers, name: str(Fraction(wrong))})
                assert f"✗ {name.removeprefix('value of ')} " in said


def test_the_finite_difference_of_an_update_is_that_of_its_derivative():
    last = failure(lecture(), {"w2_new = w2 - 0.1*dl/dw2": "0.776"}).splitlines()[-1]
    assert last == "finite difference: ∂ℓ/∂w₂ = −6/25 = −0.24"


def test_rounding_on_the_way_that_check_allows_is_not_right_here():
    text = "x = 2; w = 1/3; h = w*x; loss = h^2"
    rounded = {"h": "0.67", "dl/dh": "1.34", "dl/dw": "2.68"}
    assert check(text, rounded).ok
    said = failure(program(text).output, {"value of h": "0.67", "dl/dh": "1.34", "dl/dw": "2.68"})
    assert "dl/dh = 1.34" not in said
    assert "∂ℓ/∂h: you wrote 1.34, " in said


@pytest.mark.parametrize("number", [-0.24, -0.24000000000000005, Fraction(-6, 25),
                                    Decimal("-0.24"), -0.2400001])  # fmt: skip
def test_numbers_are_compared_to_their_last_digits(number):
    assert_gradients(lecture(), {"dl/dw2": number})
    assert check(LECTURES[0].text, {"dl/dw2": number}).ok
    assert not check(LECTURES[0].text, {"dl/dw2": float(number) + 1e-5}).ok


def test_names_are_found_in_every_spelling():
    assert_gradients(lecture(), {"ŷ": "-1.2", "w₂": "-6/25", "dL/dw_1": "-0.96"})
    for label in ("my input", "a/b", "dy/dx", "w.grad", "∂ℓ"):
        y = Value(2, label) * 3
        assert_gradients(y, {label: "3"})
        assert "finite difference: " in failure(y, {label: "7"})


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(ValueError, match="no node is named 'yhatt'; known are ŷ"):
        assert_gradients(lecture(), {"yhatt": "1"})


def test_a_quantity_that_is_given_twice_is_refused():
    with pytest.raises(ValueError, match="∂ℓ/∂w₂: line 1 answers this"):
        assert_gradients(lecture(), {"w2": "-0.24", "dl/dw2": "-0.24"})


def test_a_name_of_two_nodes_is_refused():
    y = Value(1, "x") * Value(2, "x")
    with pytest.raises(ValueError, match="several nodes are named x: give them different names"):
        assert_gradients(y, {"x": "1"})


def test_checking_touches_no_gradient():
    loss = lecture()
    assert_gradients(loss, LECTURES[0].gradients)
    assert all(node.grad is None for node in topological_order(loss))
    loss.backward()
    before = [node.grad for node in topological_order(loss)]
    with pytest.raises(GradientMismatch):
        assert_gradients(loss, {"w2": "1"})
    assert [node.grad for node in topological_order(loss)] == before


# Kinks


@pytest.mark.parametrize("written", ["0", "1", "0.5", "1/3", 0.25])
def test_at_a_kink_every_value_of_the_subdifferential_is_right(written):
    x = Value(0, "x")
    assert_gradients(x.relu(), {"x": written})


@pytest.mark.parametrize("written", ["-0.1", "1.1", "2", -1e-3])
def test_at_a_kink_other_values_are_wrong(written):
    with pytest.raises(GradientMismatch):
        assert_gradients(Value(0, "x").relu(), {"x": written})


def test_at_a_kink_the_convention_can_be_asked_for():
    x = Value(0, "x")
    assert_gradients(x.relu(), {"x": "0"}, at_kinks="convention")
    with pytest.raises(GradientMismatch):
        assert_gradients(x.relu(), {"x": "1"}, at_kinks="convention")


def test_a_kink_reaches_what_lies_below_it_and_nothing_else():
    x, w, b = Value(3, "x"), Value(0, "w"), Value(5, "b")
    y = -2 * (w * x).relu() + b
    found = subdifferential(y, {})
    assert (found[w].low, found[w].high) == (-6, 0)
    assert (found[b].low, found[b].high) == (1, 1)
    assert_gradients(y, {"w": "-4", "b": "1"})
    for wrong in ({"w": "1"}, {"w": "-7"}, {"b": "0"}):
        with pytest.raises(GradientMismatch):
            assert_gradients(y, wrong)


IDENTITIES = {  # at x = 0, each with the slope that it has there
    "relu": (lambda x: x.relu() - (-x).relu(), 1),
    "abs": (lambda x: abs(x) - abs(x), 0),
    "abs and relu": (lambda x: abs(x) - 2 * x.relu(), -1),
    "max and min": (lambda x: x.maximum(0) + x.minimum(0), 1),
    "leaky": (lambda x: x.leaky_relu("1/4") - (-x).leaky_relu("1/4"), Fraction(5, 4)),
    "cross-entropy": (lambda x: x.relu() - x * 0.3 + (1 + (-abs(x)).exp()).log(), 0.2),
    "a kink of a square": (lambda x: (x * x).relu() + x, 1),
}


@pytest.mark.parametrize(("f", "slope"), IDENTITIES.values(), ids=IDENTITIES)
def test_where_the_slopes_to_both_sides_are_equal_only_that_one_is_right(f, slope):
    x = Value(0, "x")
    assert_gradients(f(x), {"x": slope})
    for off in (1, -1, 2, Fraction(1, 2), Fraction(-1, 10)):
        with pytest.raises(GradientMismatch):
            assert_gradients(f(x), {"x": slope + off})
        assert not check(f(x), {"x.grad": str(float(slope + off))}).ok


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (lambda x: x.step(), "step jumps there"),
        (lambda x: x.sqrt(), "sqrt has an infinite slope where x is 0"),
        (lambda x: (x * x).sqrt(), "first order cannot tell what follows"),
        (lambda x: Value(-2) ** (x - 3), "pow leaves its domain beside where its operand is -3"),
    ],
)
def test_where_there_is_no_slope_a_warning_says_that_nothing_is_checked(f, reason):
    y = f(Value(0, "x")).named("y")
    for slope in ("0", "7"):
        with pytest.warns(UserWarning, match=f"^∂y/∂x is not checked: .*{reason}"):
            assert_gradients(y, {"x": slope})


@pytest.mark.parametrize(("f", "slope"), IDENTITIES.values(), ids=IDENTITIES)
def test_gradcheck_fails_where_the_conventions_give_no_slope_of_the_function(f, slope):
    x = Value(0, "x")
    backward = partial(f(x), x)
    if backward == pytest.approx(slope):
        gradcheck(f, 0)
        return
    with pytest.raises(GradientMismatch, match="at kinks, backward follows conventions"):
        gradcheck(f, 0)
    (note,) = check(f(x), {"x.grad": str(float(slope))}).notes
    assert "by its conventions at kinks" in note
    (line,) = check(f(x), {"x.grad": str(float(backward))}).lines
    said = f", it is {decimal(slope)}."  # no rule, and no other number
    assert said in line.message.replace("about ", "")


def test_a_net_of_noughts_has_one_slope_for_its_shared_bias():
    x, b = Value("1", "x"), Value(0, "b")
    y = ((0 * x + b).relu() - (0 * x - b).relu()) * 2
    assert_gradients(y, {"b": "2"})
    for wrong in ("0", "-2", "1", "4"):
        with pytest.raises(GradientMismatch):
            assert_gradients(y, {"b": wrong})


TOGETHER = {
    "a tie": (lambda a, b: a.maximum(b),
              [(1, 0), ("1", "0"), ("0.5", "0.5"), ("1/4", "3/4"), ("0.33", "0.67")],
              [(1, 1), ("1", "1"), ("1.0", "1.0"), ("0", "0"), ("0.50", "0.60")]),
    "a tie of the smallest": (lambda a, b: 3 * a.minimum(b), [(3, 0), ("1.5", "1.5"), ("1", "2")],
                              [(3, 3), ("3", "3"), ("2", "2")]),
    "one ReLU": (lambda a, b: (a + 2 * b).relu() ** 1 - 3 * (a + b), [(-3, -3), (-2, -1)],
                 [(-3, -1), (-2, -3)]),
    "two of one": (lambda a, b: (a - b).relu() * 2 + a, [(1, 0), (3, -2), (2, -1)], [(3, 0)]),
}  # fmt: skip


@pytest.mark.parametrize(("f", "possible", "impossible"), TOGETHER.values(), ids=TOGETHER)
def test_a_node_on_its_kink_has_one_slope_for_all_lines(f, possible, impossible):
    a, b = Value(0, "a"), Value(0, "b")
    y = f(a, b)
    for by_a, by_b in possible:
        assert_gradients(y, {"a": by_a, "b": by_b})
    for by_a, by_b in impossible:
        assert_gradients(y, {"a": by_a})
        assert_gradients(y, {"b": by_b})
        with pytest.raises(GradientMismatch, match="not possible together with the other lines"):
            assert_gradients(y, {"a": by_a, "b": by_b})


@pytest.mark.parametrize(
    ("by_v", "by_u", "is_possible"),
    [
        ("3", "1", True), ("3", "0.4", True), ("1.5", "0.5", True), ("1.5", "0", True),
        ("0", "0", True), ("0", "1", False), ("0", "0.1", False), ("1.5", "0.75", False),
    ],
)  # fmt: skip
def test_a_kink_above_a_kink_has_no_more_than_its_slope(by_v, by_u, is_possible):
    x = Value(0, "x")
    inner = x.relu()
    u, v = inner.relu().named("u"), (3 * inner).named("v")
    written = {"dv/dx": by_v, "du/dx": by_u}
    if is_possible:
        assert_gradients((u + v).named("y"), written)
    else:
        with pytest.raises(GradientMismatch, match="not possible together with the other lines"):
            assert_gradients((u + v).named("y"), written)


@pytest.mark.parametrize("seed", range(100))
def test_lines_that_follow_from_slopes_at_the_kinks_are_possible_together(seed):
    draw = random.Random(seed)
    x = Value(0, "x")
    nodes = [x]
    for _ in range(draw.randint(2, 5)):
        a, b = draw.choice(nodes), draw.choice(nodes)
        nodes.append(draw.choice([a.relu(), abs(a), a * draw.choice([1, 2, -1]) + b]))
    chosen = {
        node: Fraction(draw.randint(0, 4), 4)
        if node.op.name == "relu"
        else Fraction(draw.randint(-2, 2), 2)
        for node in nodes[1:]
        if node.is_at_kink
    }

    def pullback(node):
        return multiplying([chosen[node]]) if node in chosen else node.pullback

    slopes = [gradients(node, 1, pullback).get(x, 0) for node in nodes]
    lines = [of_line(y, x, slope, slope) for y, slope in zip(nodes, slopes, strict=True)]
    assert first_impossible(lines) == []


def test_an_update_says_what_its_slope_at_a_kink_was():
    p = program("m = max(a, b); y = 2m", a=1, b=1)
    assert_gradients(p.output, {"dm/da": "1", "b_new = b - 0.1*dy/db": "1"})
    assert_gradients(p.output, {"dm/da": "0.5", "b_new = b - 0.1*dy/db": "0.9"})
    assert_gradients(p.output, {"b_new = b - 0.1*dy/db": "0.8"})
    with pytest.raises(GradientMismatch, match="not possible together with the other lines"):
        assert_gradients(p.output, {"dm/da": "1", "b_new = b - 0.1*dy/db": "0.8"})


NO_SLOPE = {
    "∞ × 0": lambda x: (x * x).sqrt(),
    "infinite slope": lambda x: abs(x) ** 0.5,
    "the branches of where differ": lambda x: ops.where_(x, 1 + x, x),
    "the condition of where is 0": lambda x: ops.where_(x * x, x, -x),
}


@pytest.mark.parametrize(("reason", "f"), NO_SLOPE.items(), ids=NO_SLOPE)
def test_where_there_is_no_slope_nothing_is_wrong_and_the_reason_is_said(reason, f):
    y = f(Value(0.0, "x"))
    for written in ("0", "1", "-7"):
        report = check(y, {"x.grad": written})
        assert report.ok
        assert reason in report.notes[0]


@pytest.mark.parametrize(("reason", "f"), NO_SLOPE.items(), ids=NO_SLOPE)
def test_gradcheck_fails_where_there_is_no_slope_unless_the_differences_settle(reason, f):
    if "branches" in reason:  # of which the value at the point alone is another
        gradcheck(f, 0.0)
        return
    with pytest.raises(GradientMismatch, match=reason):
        gradcheck(f, 0.0)


# gradcheck


@pytest.mark.parametrize("size", [1, 7, 1e6])
@pytest.mark.parametrize("at", [0.0, 0.5, -3.0])
def test_gradcheck_passes_no_slope_at_a_jump(size, at):
    with pytest.raises(GradientMismatch, match="the differences do not settle"):
        gradcheck(lambda x: size * x if x.data > at else size * x - 1, at)


def test_gradcheck_passes_no_function_of_chance():
    generator = random.Random(0)
    with pytest.raises(GradientMismatch, match="the differences do not settle"):
        gradcheck(lambda x: 3 * x + generator.random(), 0.3)


def test_gradcheck_takes_a_module_and_names_its_parameters():
    net = nn.MLP(2, [3, 1], ops.tanh, seed=1)
    before = [p.data for p in net.parameters()]
    gradcheck(lambda net: net([0.5, -1.0]).square(), net)
    gradcheck(lambda net, x: net([x, 0.5]), net, 0.25)
    assert [p.data for p in net.parameters()] == before
    wrong = planted(ops.tanh, 1.1)
    with pytest.raises(GradientMismatch, match=r"w11_1") as caught:
        gradcheck(lambda net: wrong(net([0.5, -1.0])), net)
    assert f"{len(before)} of {len(before)}" in str(caught.value)


def test_what_checks_nothing_is_an_error():
    with pytest.raises(ValueError, match="needs an input"):
        gradcheck(lambda: Value(1.0))
    with pytest.raises(ValueError, match="nothing was written"):
        assert_gradients(Value(1, "x") * 2, {})


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=OPERATIONS)
def test_every_row_passes_at_its_points(row):
    for point in row.points:
        try:
            gradcheck(row, *point)
        except DomainError:
            assert row is ops.pow  # a negative base: there is no step to the side of its exponent
            assert point[0] < 0


def planted(row, factor):
    wrong = object.__new__(ops.Operation)
    vars(wrong).update(vars(row), constants=())
    wrong.derivatives = lambda y, *a: tuple(d * factor for d in row.derivatives(y, *a))
    return wrong


SMOOTH = ["mul", "exp", "tanh", "sigmoid", "sin", "div", "dot", "logsumexp", "square"]


@pytest.mark.parametrize("factor", [1.0001, 0.9999, -1.0], ids=str)
@pytest.mark.parametrize("name", SMOOTH)
def test_a_wrong_derivative_is_caught(name, factor):
    row = OPERATIONS[name]
    point = row.points[0]
    gradcheck(row, *point)
    with pytest.raises(GradientMismatch, match="not the finite difference") as caught:
        gradcheck(planted(row, factor), *point)
    assert "input 1" in str(caught.value)


def test_polynomials_are_differenced_exactly():
    third = Fraction(1, 3)
    measured = finite_difference(lambda x: x**4 - 2 * x**3 + x, third)
    assert measured == 4 * third**3 - 6 * third**2 + 1
    gradcheck(lambda a, b: (a * a - b / 3) * (a + b), "1/3", "-7/2")
    with pytest.raises(GradientMismatch):
        gradcheck(planted(ops.mul, Fraction(10001, 10000)), "1/3", "-7/2")


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "float"])
@pytest.mark.parametrize("seed", range(15))
def test_random_graphs_pass(seed, exact):
    def f(*leaves):
        chance = random.Random(seed)
        made = list(leaves)
        for _ in range(12):
            a, b = chance.choice(made), chance.choice(made)
            made.append(chance.choice([a + b, a - b, a * b / 4, a.tanh(), b.sigmoid(), a.sin()]))
        return made[-1].total(*made)

    chance = random.Random(seed)
    numbers = [Fraction(chance.randint(-8, 8), 5) for _ in range(3)]
    gradcheck(f, *(numbers if exact else map(float, numbers)))


@pytest.mark.parametrize("x", [1e150, -1e150, 1e-150, 1e-300, 0.0, 5e-324, 1e10])
def test_huge_and_tiny_inputs_pass(x):
    gradcheck(lambda a: 3 * a + 1, x)
    gradcheck(lambda a: a.atan(), x)


@pytest.mark.parametrize("x", [1e-8, 1e-200, 0.5, 1e200])
def test_points_near_the_end_of_a_domain_pass(x):
    gradcheck(lambda a: a.log(), x)
    gradcheck(lambda a: a.sqrt(), x)


@pytest.mark.parametrize(("f", "x"), [
    (lambda a: a.sqrt(), 0.0), (lambda a: (1 - a).log(), 1 - 1e-12), (lambda a: a * a, 1e200),
    (lambda a: a, math.inf), (lambda a: a, math.nan), (lambda a: a.exp(), 1e4),
    (lambda a: a.exp(), 10**400),
])  # fmt: skip
def test_a_point_without_a_difference_is_one_clear_line(f, x):
    with pytest.raises(DomainError, match=r"input 1 = .* has no finite difference, ") as caught:
        gradcheck(f, x)
    assert "\n" not in str(caught.value)
    assert "further inside" in str(caught.value)


def flipped(row, where):
    """A row whose derivative has the wrong sign where a condition holds, as in a tail."""
    wrong = planted(row, 1)
    wrong.derivatives = lambda y, a: tuple(-d if where(a) else d for d in row.derivatives(y, a))
    return wrong


@pytest.mark.parametrize(("row", "x"), [
    (ops.sigmoid, -20.0), (ops.sigmoid, -300.0), (ops.exp, -50.0), (ops.softplus, -40.0),
    (ops.atan, 1e6), (ops.tanh, 4.0), (ops.silu, -30.0), (ops.exp, 100.0), (ops.sin, 1000.0),
], ids=lambda given: str(getattr(given, "name", given)))  # fmt: skip
def test_a_sign_that_is_flipped_in_the_tail_is_caught(row, x):
    gradcheck(row, x)
    with pytest.raises(GradientMismatch):
        gradcheck(flipped(row, lambda a: abs(a) > 3), x)


@pytest.mark.parametrize("x", [20.0, -300.0, 4.0, 0.0])
def test_mpmath_tells_where_floats_cannot(x):
    gradcheck(ops.tanh, x, method="mpmath")
    gradcheck(ops.tanh, x)
    for wrong in (flipped(ops.tanh, lambda a: True), planted(ops.tanh, 1.00001)):
        with pytest.raises(GradientMismatch, match="not the finite difference"):
            gradcheck(wrong, x, method="mpmath")


@pytest.mark.parametrize("method", ["floats", "mpmath"])
@pytest.mark.parametrize("x", [0.5, 1.0, 1.7, 40.0])
def test_digits_that_cancel_on_the_way_are_no_wrong_derivative(x, method):
    gradcheck(lambda a: 1 - (20 * a).sigmoid(), x, method=method)
    gradcheck(lambda a: 1 - (20 * a).tanh(), x, method=method)
    gradcheck(lambda a: (1e8 + a) - 1e8, x, method=method)
    gradcheck(lambda a: (a.exp() + 1).log() - a, x, method=method)
    for wrong in (planted(ops.sigmoid, 1.0001), planted(ops.sigmoid, -1)):
        with pytest.raises(GradientMismatch):
            gradcheck(lambda a, row=wrong: 1 - row(a), x / 2, method=method)


def test_numbers_of_mpmath_are_differenced_in_their_own_digits():
    with mpmath.workdps(40):
        third = mpmath.mpf(1) / 3
        gradcheck(lambda a, b: (a * b).sigmoid() + a.exp(), third, -2 * third, tolerance=1e-30)
        with pytest.raises(GradientMismatch):
            gradcheck(planted(ops.exp, 1 + mpmath.mpf(10) ** -25), third, tolerance=1e-26)


def test_the_method_can_be_asked_for():
    gradcheck(lambda a: a * a / 3, 0.1, method="exact")
    gradcheck(lambda a: a * a / 3, "1/3", method="mpmath")
    gradcheck(lambda a: a * a / 3, "1/3", method="floats")
    with pytest.raises(GradientMismatch):
        gradcheck(planted(ops.square, 1 + 1e-5), 0.1, method="exact")
    with pytest.raises(DomainError, match="not exact; try method='mpmath'"):
        gradcheck(ops.tanh, "1/3", method="exact")
    with pytest.raises(ValueError, match="method is automatic, floats, exact or mpmath; got 'x'"):
        gradcheck(ops.tanh, 1, method="x")


@pytest.mark.parametrize(("method", "near"), [
    ("floats", 1 + 1e-15), ("automatic", 1 + 1e-15), ("exact", Fraction(10**30 + 1, 10**30)),
])  # fmt: skip
def test_a_kink_that_the_graph_does_not_know_is_no_wrong_derivative(method, near):
    def f(a):  # a kink at 1 that hides behind a square and a root
        return ((a - 1) ** 2).sqrt()

    gradcheck(f, 1.5, method=method)
    gradcheck(f, 1.0001, method=method)
    with pytest.raises(DomainError, match="at a kink, or too near one: the slope is −"):
        gradcheck(f, near, method=method)
    gradcheck(f, near, method="mpmath")  # its steps get as small as need be
    with pytest.raises(GradientMismatch):
        gradcheck(lambda a: planted(ops.square, 3)(a - 1).sqrt(), near, method=method)


def test_a_derivative_that_no_convention_gives_at_a_kink_is_wrong_and_the_kink_is_said():
    wrong = planted(ops.relu, 1)
    wrong.derivatives = lambda y, a: (2,)
    with pytest.raises(GradientMismatch, match="kink: 0 to 1"):
        gradcheck(wrong, 0.0)


def test_gradcheck_accepts_a_kink_and_no_wrong_value_there():
    gradcheck(ops.relu, 0.0)
    gradcheck(ops.abs, "0")
    gradcheck(lambda a, b: a.maximum(b), 1.0, 1.0)
    wrong = planted(ops.relu, 1)
    wrong.derivatives = lambda y, a: (2,)
    with pytest.raises(GradientMismatch):
        gradcheck(wrong, 0.0)


def test_an_input_without_influence_has_gradient_zero():
    gradcheck(lambda a, b: a * 2, 1.0, 2.0)
    with pytest.raises(GradientMismatch):
        gradcheck(lambda a, b: Value(b.data) * a, 1.0, 2.0)


def test_a_function_that_returns_no_value_is_one_clear_line():
    with pytest.raises(TypeError, match=r"returns a Value; got float 3\.0"):
        gradcheck(lambda x: 3.0, 1.0)
