"""What no test noticed when `make mutants` changed it: a test for each, so that one does now."""

import re
from fractions import Fraction

import pytest

from scalargrad import ProgramError, Value, check, derive, partial, program
from scalargrad.checking.reading import comma_of, of_number, read
from scalargrad.checking.recomputing import _ALWAYS, _carried, _Habits
from scalargrad.engine.value import unique_names
from scalargrad.graph.derivation import named_value

GATE = "x = 2; w = 0.8; h = relu(w*x); loss = (h - 1)^2"
DETOUR = "x = 3; a = x^2; b = a*x; l = a*b"
TIE = "a = 2; b = {}; m = max(a, b); l = m^2"


def derived(text, by):
    return derive(program(text).output, by)


def test_the_conditions_stand_below_a_derivation_in_text_and_in_latex():
    found = derived(GATE, "w")
    assert found.text.split("\n")[-1] == "where 1[w x > 0] = 1"
    *_, last, end = found.latex.split("\n")
    assert (last, end) == (
        r"&\text{where } \mathbf{1}[w x > 0] = 1", r"\end{align*}",
    )  # fmt: skip
    assert r"\text{where }" not in derived(GATE.replace("relu", ""), "w").latex


@pytest.mark.parametrize(("b", "said"), [(2, True), (1, False)])
def test_a_tie_is_said_where_there_is_one(b, said):
    assert ("is a tie, shared alike" in derived(TIE.format(b), "a").text) == said


def test_a_relu_at_its_kink_is_no_tie():
    assert "tie" not in derived("x = 2; w = 0; h = relu(w*x); loss = (h - 1)^2", "w").text


def test_the_factors_of_every_path_stand_from_the_output_down():
    found = derived(DETOUR, "x")
    first, second, third = found.text.split("\n")[0].partition(" = ")[2].split(" + ")
    assert first == "∂l/∂b × ∂b/∂a × ∂a/∂x"
    assert second == "(∂l/∂a)_direct × ∂a/∂x"
    assert third == "∂l/∂b × (∂b/∂x)_direct"
    latex = found.latex.split(r"\\")[0]
    places = [latex.index(part) for part in (r"{\partial b} \times", r"{\partial a} \times")]
    assert places == sorted(places)
    assert re.search(r"\\right\)_\{\\mathrm\{direct\}\} \\times \\frac\{\\partial a\}", latex)


def test_a_node_is_found_below_an_output_by_any_spelling_of_its_name():
    yhat = Value(3, "yhat")
    output = (yhat * yhat).named("loss")
    assert named_value(output, "ŷ") is yhat
    assert named_value(output, "yhat") is yhat


@pytest.mark.parametrize("paths", [5, 6, 7, 8])
def test_up_to_six_paths_are_one_sum(paths):
    terms = "; ".join(f"h{n} = w*{n}" for n in range(1, paths + 1))
    text = f"w = 2; {terms}; l = {' + '.join(f'h{n}' for n in range(1, paths + 1))}"
    first = derived(text, "w").text.split("\n")[0]
    assert (first.count("∂l/∂h") == paths) == (paths <= 6)


def test_the_derivative_of_a_quantity_by_itself_is_one():
    a = Value(3.0)
    assert partial(a, a) == partial(a * 1 + 0, a) == 1
    text = "a = 2; l = a^2"
    for asked in ("da/da", "dl/dl"):
        assert [check(text, {asked: number}).lines[0].verdict for number in ("1", "0", "2")] == [
            "right", "wrong", "wrong",
        ]  # fmt: skip
    assert partial(5, a) == 0


def test_two_roundings_that_pull_one_way_carry_further_than_each_alone():
    # a = 2 ± 1 and b = 3 ± 1: of ab − 6 each alone gives 3 and 2, both together 3·4 − 6 = 6
    def moved(carried):
        return carried("a", 2.0) * carried("b", 3.0) - 6

    assert _carried({"a": (-1.0, 1.0), "b": (-1.0, 1.0)}, moved) == (6.0, -5.0)
    assert _carried({"a": (-1.0, 1.0)}, moved) == (3.0, -3.0)


def test_the_slash_of_fractions_is_a_slash():
    assert read("6⁄25").is_exact
    assert read("6⁄25").middle == Fraction(6, 25)


def test_a_comma_in_a_function_says_nothing_of_decimals():
    assert [comma_of(text) for text in ("1,5", "f(1,5", "max 1,5", "(1,5)")] == [
        "decimal", None, None, None,
    ]  # fmt: skip


def test_a_float_stands_for_what_is_within_a_millionth():
    number = of_number(0.24)
    near, far = (Fraction(24, 100) * (1 + Fraction(1, 10**n)) for n in (7, 5))
    assert number.accepts(near)
    assert not number.accepts(far)


def test_the_decimals_of_arithmetic_are_those_that_its_rounding_leaves():
    # 1.25 ± 0.005 times 0.5 ± 0.05 is 0.625 ± 0.065: no decimal is sure; with more digits two are
    assert [read(text).places for text in ("1.25*0.5", "1.250*0.500", "0.2500*100")] == [0, 2, 2]


@pytest.mark.parametrize(("truth", "verdict"), [("1.02", "right"), ("0.98", "few figures")])
def test_half_a_unit_that_is_a_twentieth_of_the_truth_is_figures_enough(truth, verdict):
    line = check(f"x = {truth}; y = x * 1", {"y": "1.0"}).lines[0]
    assert verdict in line.verdict


AT_KINK = "x = 0; y = (relu(x) - relu(-x)) * ~0.3333333333"


@pytest.mark.parametrize("answer", ["0.3333333333", "0"])
def test_what_backward_gives_at_a_kink_is_said_where_anything_between_the_slopes_is_right(answer):
    said = "∂y/∂x is about 0.333333; backward gives 0, by its conventions at kinks."
    assert check(AT_KINK, {"dy/dx": answer}).notes == (said,)
    assert check(AT_KINK, {"dy/dx": answer}, at_kinks="convention").notes == ()


def test_a_matrix_in_latex_may_end_its_last_row():
    for end in ("", r"\\"):
        text = rf"x = \begin{{matrix}}1\\2\\4{end}\end{{matrix}}; y = sum(x)"
        assert program(text).output.data == 7


def test_names_in_brackets_are_taken_apart_without_them():
    with pytest.raises(ProgramError, match="names are taken apart without brackets: p, q = …"):
        program("(p, q) = 1, 2")


def test_a_name_that_is_none_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match=r"no node is named 'zzz'; there are x, y$"):
        derived("x = 2; y = (x + 1)*x", "zzz")


def test_of_several_outputs_a_derivation_finds_a_node_by_its_name():
    both = program("w = 2; y = w^2; z = 3 w")
    lines = str(derive([both["y"], both["z"]], "w")).split("\n")
    assert [lines[0], lines[-1]] == ["∂y/∂w = 2w", "∂z/∂w = 3"]


def test_the_remark_of_a_derivation_stands_in_its_latex_too():
    *_, first, second, _ = derived("x = 0; y = sqrt(x^2)", "x").latex.split("\n")
    assert "sqrt has an infinite slope" in first
    assert "first order cannot tell" in second


def test_a_habit_of_rounding_has_a_way_for_values_for_the_last_derivatives_and_for_factors():
    x = Value(2.0, "x")
    inner = (x * 3.0).named("a")
    last = (inner * inner).named("l")
    keys = [(inner,), (last, inner), (inner, x)]
    became = {"round": 0.3, "cut": 0.2, "keep": 0.26, "more": 0.26}
    for trial, ways in enumerate(_ALWAYS):
        habits = _Habits(trial, last, (), {}, 0.1)
        carried = [habits.carried(key, 0.26) for key in keys]
        assert carried == pytest.approx([became[way] for way in ways])
    assert habits.carried((x,), 0.26) == 0.26  # a number of the sheet is nobody's


@pytest.mark.parametrize(("factor", "sign"), [("~0.123456789012", "≈"), ("0.125", "=")])
def test_a_formula_with_one_number_that_is_cut_is_only_about_right(factor, sign):
    first = derived(f"w = 2; y = {factor} w + w^2", "w").text.split("\n")[0]
    assert first.split(" ")[1] == sign


@pytest.mark.parametrize(
    ("labels", "names"),
    [("w w#2 w", "w w#2 w#3"), ("w w w#2", "w w#3 w#2"), ("w#2 w#2 w", "w#2 w#2#2 w")],
)
def test_a_name_with_a_number_that_somebody_gave_stays_his(labels, names):
    assert unique_names([Value(1, label) for label in labels.split()]) == names.split()


def test_the_derivative_by_a_node_that_is_not_below_is_0():
    assert partial(Value(3) * 2, Value(1)) == 0
