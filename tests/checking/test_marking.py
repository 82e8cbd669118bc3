import json
import random
import re
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest
import students
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad import Value, assert_gradients, program, worksheet
from scalargrad.checking import marking, recomputing, slips
from scalargrad.checking import report as reporting
from scalargrad.checking.marking import check, key_of, mark
from scalargrad.checking.precision import Precision, stated_precision
from scalargrad.checking.reading import read
from scalargrad.errors import GradientMismatch, ProgramError
from scalargrad.lectures import LECTURES
from scalargrad.notation.numbers import both

LECTURE = LECTURES[0].text
STUDENT = {"∂ℓ/∂ŷ": "−1.2", "∂ŷ/∂h₂": "0.1", "∂h₂/∂w₂": "1", "∂ℓ/∂w₂": "−0.12"}
TANH = "x = 2; w = 0.3; b = 0.1; y = 1; z = w*x + b; h = tanh(z); v = 1.7; loss = (v*h - y)^2"


def verdicts(report):
    return [line.verdict for line in report.lines]


def test_the_student_of_the_lecture_is_told_where_and_what():
    report = check(LECTURE, STUDENT)
    assert verdicts(report) == ["right", "right", "wrong", "follows from your line 3"]
    assert report.lines[2].message.startswith("∂h₂/∂w₂: you wrote 1, it is 2 (= x).")
    assert report.lines[3].message == "∂ℓ/∂w₂ = −0.12 follows from your own earlier lines."
    assert report.first_wrong == "∂h₂/∂w₂"
    assert report.mistakes == ("the inner derivative is lost",)
    assert (report.score, report.strict_score, report.ok) == (0.75, 0.5, False)
    assert report.lines[3].exact == Fraction(-6, 25)
    assert report.lines[3].expected == Fraction(-3, 25)


def test_a_lone_number_that_two_mistakes_give_is_not_explained():
    report = check(LECTURE, {"dl/dw2": "-0.12"})
    assert set(report.mistakes) >= {
        "the factor 2 of the square is lost",
        "a factor of the chain is lost",
    }
    assert "Cannot tell why" in report.lines[0].message


def test_the_order_of_the_lines_does_not_matter():
    forwards = check(LECTURE, STUDENT)
    backwards = check(LECTURE, dict(reversed(STUDENT.items())))
    assert backwards.first_wrong == forwards.first_wrong
    assert backwards.score == forwards.score
    assert verdicts(backwards)[0] == "follows from your line 2"


@pytest.mark.parametrize("work", ["text", "program", "output"])
def test_text_program_and_output_give_the_same_report(work):
    given = {"text": LECTURE, "program": program(LECTURE), "output": program(LECTURE).output}
    assert check(given[work], STUDENT).as_data() == check(LECTURE, STUDENT).as_data()


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({"dl/dw2": "-6/25"}, "right"),
        ({"dl/dw2": "-0.240"}, "right"),
        ({"h2": "1.6", "dl/dw2": "-0.2"}, "right, too few figures"),
        ({"dl/dw2": "0"}, "wrong"),
        ({"h2": "1.6", "dl/dw2": "≈-0.5"}, "wrong"),
        ({"dl/dyhat": "-1"}, "not confirmed"),
        ({"dl/dw2": "-0.23"}, "last digit"),
        ({"dl/dw2": "0.5"}, "wrong"),
        ({"dl/dw2": "-0,24"}, "right"),
        ({"dl/dw2": "-0.24 m/s^2"}, "unreadable"),
        ({"dl/dw2": "  "}, "blank"),
        ({"dl/dw7": "3"}, "unknown quantity"),
        ({"dl/dyhat": "-0.6", "dl/dw2": "-0.12"}, "follows from your line 1"),
        ({"dl/dw2": "-0.24", "w2_new = w2 - 0.1*dl/dw2": "0.824"}, "right"),
        ({"dl/dw2": "-0.5", "w2_new = w2 - 0.1*dl/dw2": "0.85"}, "follows from your line 1"),
        ({"dl/dw2": "-0.24", "w2_new = w2 - 0.1*dl/dw2": "0.776"}, "wrong"),
        ({"dl/dl": "1"}, "right"),
        ({"x_new = x - 0.1*dh1/dx": "1.97"}, "right"),
        ({"y_new = y - 0.1*dh1/dy": "1"}, "right"),
        ({"dx/dloss": "0"}, "right"),
    ],
)
def test_each_verdict(answers, verdict):
    assert check(LECTURE, answers).lines[-1].verdict == verdict


def test_a_quantity_that_is_answered_twice_counts_once():
    report = check(LECTURE, {"dl/dw2": "-0.24", "∂ℓ/∂w₂": "7"})
    assert verdicts(report) == ["right", "not asked"]
    assert "line 1" in report.lines[1].message
    assert report.ok


def test_what_was_asked_and_not_answered_is_blank_and_what_was_not_asked_does_not_count():
    report = check(LECTURE, {"h1": "7", "dl/dw2": "-0.24"}, asked=["dl/dw2", "dl/dw1"])
    assert verdicts(report) == ["not asked", "right", "blank"]
    assert report.score == 0.5
    assert report.lines[2].quantity == "∂ℓ/∂w₁"
    with pytest.raises(ValueError, match="no node is named 'w9'"):
        check(LECTURE, {}, asked=["dl/dw9"])


def exact_sheet(text):
    """The values and gradients of a program, in full."""
    p = program(text)
    p.output.backward()
    names = [name for name in p if not p[name].is_leaf]
    values = {name: p[name].data for name in names}
    return values | {f"dl/d{name}": p[name].grad for name in p if p[name] is not p.output}


@pytest.mark.parametrize("places", [2, 3, 4])
def test_who_keeps_all_digits_and_writes_few_passes(places):
    sheet = {name: f"{float(v):.{places}f}" for name, v in exact_sheet(TANH).items()}
    report = check(TANH, sheet)
    assert set(verdicts(report)) <= {"right", "not confirmed"}  # 0.00 tells no 0.0004 from nought
    assert report.ok == (places > 2)


def test_who_rounds_at_every_step_passes_where_half_a_unit_would_not_do():
    # v·h for h = 0.60: 1.02 and not 1.03; then everything behind it
    sheet = {"z": "0.7", "h": "0.60", "dl/dh": "0.07", "dl/dz": "0.04", "dl/dw": "0.09"}
    report = check(TANH, sheet)
    assert report.ok
    exact = exact_sheet(TANH)
    assert abs(float(sheet["dl/dw"]) - float(exact["dl/dw"])) > 0.005


def test_a_marking_rule_of_half_a_unit_alone_is_caught(monkeypatch):
    monkeypatch.setattr(recomputing, "_carried", lambda roundings, moved: (0.0, 0.0))
    monkeypatch.setattr(recomputing, "_TRIALS", 0)
    _, _, flags = students.careful(20, random.Random(1))
    assert flags


def test_a_marking_rule_that_accepts_all_is_caught(monkeypatch):
    monkeypatch.setattr(marking, "_reaches", lambda *_: True)
    _, missed = students.located(10, random.Random(1))
    assert missed


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_careful_sheets_are_never_flagged(seed):
    _, _, flags = students.careful(3, random.Random(seed))
    assert flags == []


def test_the_first_flagged_line_is_the_mistake():
    count, missed = students.located(25, random.Random(2))
    assert len(missed) <= 0.04 * count


def test_a_slip_of_the_pen_does_not_spoil_what_was_computed_with_the_right_number():
    sheet = {"z": "0.7", "h": "0.06", "dl/dh": "0.07", "dl/dz": "0.04", "dl/dw": "0.09"}
    assert verdicts(check(TANH, sheet)) == ["right", "wrong", "right", "right", "right"]


def test_a_lone_answer_that_rounding_may_put_off_by_many_units_asks_for_the_steps():
    report = check(TANH, {"dl/dw": "0.09"})
    assert (verdicts(report), report.score, report.ok) == (["not confirmed"], 0.5, False)
    assert "show the steps" in report.lines[0].message
    assert "until a person decides" in report.notes[0]


@pytest.mark.parametrize("written", ["0.09", "0.30", "1.02", "-0.66"])
def test_what_rounding_carries_is_what_it_does_carry_and_not_the_worst_case(written):
    text = "a = 2; b = 1; c = 0.1; ea = exp(a); eb = exp(b); ec = exp(c); Z = ea + eb + ec"
    text += "; pa = ea/Z; L = -log(eb/Z)"  # ∂L/∂a is 0.659
    assert check(text, {"dL/da": "0.66"}).ok
    assert check(text, {"dL/da": written}).lines[0].verdict == "wrong"


def test_a_lone_number_that_only_coarse_rounding_on_the_way_explains_is_not_confirmed():
    report = check(LECTURE, {"dl/dw2": "-0.3"})  # it is -0.24: -0.2
    assert (verdicts(report), report.score) == (["not confirmed"], 0.5)
    text = "x = 2; y = 1; w1 = 0.3; w2 = 0.8; v1 = 0.5; v2 = 0.1; h1 = relu(w1*x); h2 = relu(w2*x)"
    text += "; yhat = v1*h1 + v2*h2; l = (yhat - y)^2"
    assert verdicts(check(text, {"dl/dyhat": "-1.2"})) == ["not confirmed"]  # -1.08, by 0.46 as 0.4
    assert verdicts(check(text, {"dl/dyhat": "-1.1"})) == ["right"]
    assert verdicts(check(text, {"yhat": "0.4", "dl/dyhat": "-1.2"}))[1].startswith("follows")


@pytest.mark.parametrize("digits", ["-0.240000001", "-0.23999999"])
def test_only_digits_of_single_precision_are_taken_for_them(digits):
    assert verdicts(check(LECTURE, {"dl/dw2": digits})) == ["last digit"]


@pytest.mark.parametrize(
    ("prose", "score", "sentence"),
    [
        ("", 1, "no mark is lost"),
        ("Give numbers to 3 figures.", 0.5, "fewer figures than are asked for"),
        ("Answers within 0.001 count.", 0.5, "fewer figures than are asked for"),
    ],
)
def test_too_few_figures_are_half_a_mark_where_the_sheet_asks_for_more_and_no_test_passed(
    prose, score, sentence
):
    text = "x = 1.5; w = 0.4; b = -0.2; p = sigmoid(w*x + b); loss = -log(p)"
    report = mark(key_of(text, None, stated_precision(prose)), {"dl/dw": "-0.6"})  # it is -0.602
    assert (verdicts(report), report.score) == (["right, too few figures"], score)
    assert report.summary.endswith(f"1 with too few figures; score {100 * score:.0f} %")
    assert sentence in report.lines[0].message
    assert not report.ok
    assert not check(text, {"dl/dw": "-0.40"}).ok


@pytest.mark.parametrize(
    ("prose", "written", "verdict"),
    [
        ("", "1.4", "right"),  # as many figures as on other lines, and 5 % tell it apart
        ("Give numbers to 2 figures.", "1.4", "right"),
        ("Give numbers to 4 figures.", "1.41", "right, too few figures"),
        ("Answers count to within 0.01.", "1.42", "right"),
        ("Answers count to within 0.01.", "1.43", "wrong"),
        ("Answers count to within 0.01.", "1.4", "right, too few figures"),
        ("Tolerance: 5 %.", "1.35", "right"),
        ("Tolerance: 5 %.", "1.34", "wrong"),
        ("Answers ± 0,1 are right.", "1.5", "right"),
    ],
)
def test_a_sheet_states_how_precise_answers_shall_be(prose, written, verdict):
    key = key_of("x = 2; y = x^0.5", None, stated_precision(prose))
    assert verdicts(mark(key, {"y": written})) == [verdict]


def test_what_follows_may_be_off_by_the_tolerance_too():
    key = key_of("x = 1.41; a = 2*x; b = 5*a; c = b*3", None, Precision(tolerance=Fraction(1, 2)))
    sheet = {"a": "2.82", "b": "19.10", "c": "57.7"}
    assert verdicts(mark(key, sheet)) == ["right", "wrong", "follows from your line 2"]
    assert verdicts(mark(key, sheet | {"c": "58.1"})) == ["right", "wrong", "wrong"]


def test_a_row_without_a_quantity_is_told_so():
    line = check(LECTURE, [("", "h1"), ("dl/dw2", "-0.24")]).lines[0]
    assert (line.verdict, line.credit) == ("unknown quantity", 0)
    assert line.message.startswith("this row names no quantity: write it before the answer")


@pytest.mark.parametrize("slope", ["0", "1", "0.5"])
def test_at_a_kink_every_value_of_the_subdifferential_is_right(slope):
    text = "z = 0; h = relu(z); loss = 3*h"
    assert check(text, {"dh/dz": slope, "dl/dz": str(3 * Fraction(slope))}).ok
    assert check(text, {"dh/dz": slope}, at_kinks="convention").ok == (slope == "0")


def test_outside_the_subdifferential_is_wrong():
    assert check("z = 0; h = relu(z)", {"dh/dz": "2"}).lines[0].verdict == "wrong"


def test_a_path_that_was_missed_is_found_among_several():
    text = "x = 1.3; a = 0.7*x; b = 5.1*x^2; loss = a*b"
    report = check(text, {"dl/da": "8.619", "dl/db": "0.91", "dl/dx": "12.0666"})
    assert report.first_wrong == "∂ℓ/∂x"
    assert "one path is missed" in report.mistakes


def test_partial_derivatives_of_nodes_with_a_detour_are_total():
    text = "x = 3; a = 2*x; loss = a*x"
    assert check(text, {"dl/dx": "12", "da/dx": "2", "dl/da": "3"}).ok


def test_the_forward_values_that_are_wrong_carry_through_the_backward_pass():
    sheet = {"z": "1.7", "h": "0.94", "dl/dh": "2.02", "dl/dz": "0.24", "dl/dw": "0.47"}
    report = check(TANH, sheet)
    assert verdicts(report) == ["wrong"] + ["follows from your line 1"] * 4


HOSTILE = [
    "", " ", "nan", "inf", "-inf", "1e999999999", "0x10", "1_0", "--1", "9" * 300, "1/0", "０.５",
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "\x00", "💥", "1e400", "-1e-400", "10^10^10",
    "| a | b |", "`x`", "\n\n", "None", "±", "0±0", "1±-1",
]  # fmt: skip


@pytest.mark.parametrize("written", HOSTILE)
def test_hostile_answers_get_a_verdict(written):
    for name in exact_sheet(TANH):
        report = check(TANH, {name: written, "dl/dw": "0.08"})
        assert len(report.lines) == 1 + (name != "dl/dw")
        assert json.loads(report.json)["lines"][0]["verdict"] == report.lines[0].verdict
        assert report.text
        assert report.markdown
        assert report.without_solutions().text


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=5))
def test_any_text_gets_a_verdict(answers):
    report = check(LECTURE, answers)
    assert len(report.lines) == len(answers)
    assert all(line.verdict for line in report.lines)


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(exact_sheet(TANH))),
        st.decimals(allow_nan=False, allow_infinity=False).map(str),
    )
)
def test_any_numbers_get_a_verdict(answers):
    report = check(TANH, answers)
    assert all(line.verdict for line in report.lines)


def test_a_number_outside_the_domain_of_what_follows_is_no_error():
    text = "x = 2; a = x - 1; p = 0.5; b = log(a) + a^p; loss = 1/b"
    report = check(text, {"a": "-1", "b": "7", "dl/db": "1", "dl/dx": "3", "db/da": "0"})
    assert report.first_wrong == "a"


def test_a_quantity_that_is_not_finite_cannot_be_right():
    p = Value(1e308, "x")
    assert check((p * 100.0).named("y"), {"y": "5", "dy/dx": "100"}).lines[0].verdict == "wrong"


def test_long_chains_of_names_are_marked():
    text = "x = 1; " + "; ".join(f"a{i} = {f'a{i - 1}' if i else 'x'} + 1" for i in range(3000))
    assert check(text, {"a2999": "3001", "da2999/dx": "1"}).ok


WRONG_SHEETS = [
    {"dl/dw2": "-0.1", "h2": "", "dl/dw1": "-1"},
    {"dl/dyhat": "-0.6", "dh2/dw2": "1", "dl/dw2": "-0.06", "w2_new = w2 - 0.1*dl/dw2": "0.9"},
    {"dl/dyhat": "1.2", "h2": "16", "dl/dw3": "-.73", "dl/dw4": "7", "dl/dx": "0,7", "q": "1"},
]


@pytest.mark.parametrize("answers", WRONG_SHEETS, ids=["blank", "follows", "signs"])
def test_solutions_are_withheld(answers):
    full = check(LECTURE, answers)
    withheld = check(LECTURE, answers, solutions=False)
    found = re.compile(r"(?<![\d.])(?:\d+(?:\.\d+)?|\.\d+)(?![\d.])")
    secrets = {text for line in full.lines if line.exact is not None
               for number in (line.exact, line.expected) if number is not None
               for text in found.findall(f"{both(number)} {float(number):g}")}  # fmt: skip
    secrets -= {text for name, written in answers.items() for text in found.findall(written + name)}
    secrets -= set("0123456789")  # numbers of lines, and in 1 − σ
    assert secrets
    for form in ("text", "coloured", "markdown", "html", "json"):
        shown = getattr(full, form).replace("\\", "")
        assert any(secret in found.findall(shown) for secret in secrets), form
        kept = getattr(withheld, form).replace("\\", "").partition("lines right")[0]
        assert not secrets & set(found.findall(re.sub(r'"strict_score.*|"score.*', "", kept))), form
    assert all(line.exact is None and line.expected is None for line in withheld.lines)
    assert [line.verdict for line in full.lines] == [line.verdict for line in withheld.lines]


def test_no_name_of_a_mistake_holds_a_number_of_the_sheet():
    names = [slip.name for slip in slips.SLIPS]
    assert names
    known = ("float32", "base 10")
    for name in names:
        for part in known:
            name = name.replace(part, "")
        assert not re.search(r"\d\.\d|\d{2}", name)


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        (style,) = attrs or [("style", "text-align: left")]
        assert re.fullmatch(r"text-align: left(; color: #[0-9a-f]{6})?", style[1])


@pytest.mark.parametrize("written", ["<b onclick='x'>1</b>", "&lt;<img src=x>", "1 | 2"])
def test_html_and_markdown_are_escaped(written):
    report = check(LECTURE, {"dl/dw2": written, "<i>x</i>": written})
    tags = _Tags()
    tags.feed(report._repr_html_())
    assert tags.tags == {"table", "thead", "tbody", "tr", "th", "td", "p"}
    rows = report.markdown.split("\n\n")[0].splitlines()
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}
    assert not any("<" in row.replace("\\<", "") for row in rows)


def test_what_is_no_program_is_refused_in_one_line():
    with pytest.raises(ProgramError):
        check("x = = 2", {})
    with pytest.raises(TypeError, match="check takes a program or an output; got a int"):
        check(3, {})
    with pytest.raises(TypeError, match=r"answers are like .*; got the text 'dl/dw2'"):
        check(LECTURE, "dl/dw2")


def test_one_key_marks_many_sheets_alike():
    key = key_of(LECTURE)
    assert mark(key, STUDENT).as_data() == check(LECTURE, STUDENT).as_data()
    assert mark(key, {"dl/dw2": "-0.24"}).ok
    assert mark(key, STUDENT).as_data() == check(LECTURE, STUDENT).as_data()


def test_the_report_of_nothing_is_not_ok():
    report = check(LECTURE, {})
    assert (report.ok, report.score, report.first_wrong) == (False, 0.0, None)


@pytest.mark.slow
def test_the_checks_of_the_benchmark_hold_for_few_sheets():
    tellable, unnamed, _, over = students.named(20, random.Random(5))
    assert len(unnamed) <= tellable / 10
    assert not over
    assert students.claims()[1] == []


@pytest.mark.parametrize("written", ["3", "1", "-2"])
def test_a_whole_number_alone_is_not_right_for_want_of_figures(written):
    text = "x = 2; y = 1; w = 0.8; v = 0.3; h = relu(w*x); yhat = v*h; loss = (yhat - y)^2"
    assert not check(text, {"dl/dw": written}).ok
    assert check(text, {"dl/dw": "-0.624"}).ok


MEAN = "w = 0.5; l1 = (2*w-3)^2; l2 = (w-2)^2; l3 = (-w-1)^2; l4 = (3*w-1)^2; l = mean(l1,l2,l3,l4)"
SLOPES = {"dl1/dw": "-8", "dl2/dw": "-3", "dl3/dw": "3", "dl4/dw": "3"}  # their mean is -1.25


@pytest.mark.parametrize("written", ["-5", "-5.", "≈ -5", "-5e0", "-5±0.5", "-3", "2"])
def test_the_rounding_of_a_whole_number_is_not_carried_through_steps_that_were_not_written(written):
    report = check(MEAN, SLOPES | {"dl/dw": written})
    assert verdicts(report) == ["right"] * 4 + ["wrong"]
    assert report.ok is False
    if written == "-5":
        assert report.mistakes == ("the sum is taken for the mean",)


def test_who_rounds_to_whole_numbers_and_goes_on_from_there_passes():
    text = "x = 1.48; a = 2*x; b = 4*a; c = b + 0.3; l = c*a"
    for last in ({"dl/dc": "3"}, {"dl/da": "24"}):  # rounding; 12 + 4×3
        report = check(text, {"a": "3", "b": "12", "c": "12", "l": "36"} | last)
        assert set(verdicts(report)) == {"right", "right, too few figures"}


def test_who_keeps_all_digits_and_writes_whole_numbers_passes():
    # 2.52 + 0.96 is 3.48; from what was written it is the whole number 4, which is not exact here
    text = "x = 1.26; a = 2*x; c = 0.48*2; b = a + c"
    report = check(text, {"a": "3", "c": "1.0", "b": "3"})
    assert set(verdicts(report)) == {"right, too few figures"}


def test_who_rounds_at_every_step_and_leaves_final_zeros_out_passes():
    # with 0.33 for a third 300 of them are 99; the other line says that two decimals were kept
    assert check("n = 3; t = 300; a = 1/n; y = t*a; z = y/7", {"y": "99", "z": "14.14"}).ok
    assert not check("n = 3; t = 300; a = 1/n; y = t*a; z = y/7", {"y": "99", "z": "14.1429"}).ok


@pytest.mark.parametrize("wide", ["0.00±100", "1±5", "0e9", "-0.30±0.2", "99.00±100"])
def test_a_wide_interval_is_no_right_answer_and_does_not_make_later_lines_right(wide):
    report = check(LECTURE, {"dl/dyhat": wide, "dl/dw2": "7", "dl/dw4": "-30.0"})
    assert verdicts(report)[0] in ("wrong", "unreadable")
    assert "right" not in verdicts(report)[1:]
    assert not any(verdict.startswith("follows") for verdict in verdicts(report))


def test_an_interval_wider_than_a_unit_says_too_little():
    assert verdicts(check(LECTURE, {"dl/dw2": "-0.24±0.005"})) == ["right"]
    assert verdicts(check(LECTURE, {"dl/dw2": "-0.239±0.001"})) == ["right"]
    assert verdicts(check(LECTURE, {"dl/dw2": "-0.2412±0.003"})) == ["unreadable"]


def test_nought_is_no_rounding_of_what_the_decimals_of_other_lines_would_show():
    gate = check(LECTURE, {"h2": "1.6", "dl/dh2": "0", "dl/dw2": "0"})
    assert verdicts(gate) == ["right", "wrong", "consistent, no credit"]
    assert check(LECTURE, {"h2": "1.6", "dl/dw1": "0"}).mistakes == (
        "the ReLU gate is forced shut",
    )
    assert check(LECTURE, {"h2": "1.6", "dl/dw2": "0."}).lines[1].verdict == "wrong"
    small = "x = 0.5; w = 0.02; h = w*x; l = h^2"
    assert check(small, {"h": "0.01", "l": "0"}).lines[1].verdict == "not confirmed"
    assert check("x = 1; h = relu(-x); l = h*0.3 + 0.25", {"l": "0.25", "dl/dx": "0"}).ok


@pytest.mark.parametrize(
    "written", ["-1.2*0.1*2 = -0.24", "(−1.2) × (0.1) × (2) = −0.24", "dl/dw2 = -6/25 = -0.24"]
)
def test_the_working_may_stand_before_the_result(written):
    assert verdicts(check(LECTURE, {"dl/dw2": written})) == ["right"]
    assert verdicts(check(LECTURE, {"dl/dw2": written.replace("24", "12")}))[0] != "right"


@pytest.mark.parametrize("written", ["-0.12", "-0.48", "0.24", "-0.25", "-0.2"])
def test_factors_that_are_written_in_full_carry_no_rounding(written):
    factors = {"dl/dyhat": "-1.2", "dyhat/dh2": "0.1", "dh2/dw2": "2"}
    report = check(LECTURE, factors | {"dl/dw2": written})
    assert not report.ok
    assert (report.lines[3].verdict == "right, too few figures") == (written == "-0.2")
    assert check(LECTURE, factors | {"dl/dw2": "-0.24"}).ok
    if written == "-0.12":
        assert report.first_wrong == "∂ℓ/∂w₂"


# Credit ------------------------------------------------------------------------------------------


def whole_sheet(text, number=None):
    """Every line that a worksheet asks for, with its right answer or one number on every line."""
    rows = worksheet(text).csv(answers=True).splitlines()[1:]
    right = dict(row.rsplit(",", 1) for row in rows)
    return right if number is None else dict.fromkeys(right, number)


def share_exactly_right(text, answers):
    right = whole_sheet(text)
    return sum(read(right[name]).accepts(read(answers[name]).middle) for name in right) / len(right)


@pytest.mark.parametrize("number", ["0", "0.00", "≈0", "1", "1.00", "-1", "0.5", "2", "-0.7"])
@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.name)
def test_one_number_on_every_line_scores_what_is_exactly_right_by_chance(lecture, number):
    answers = whole_sheet(lecture.text, number)
    most = share_exactly_right(lecture.text, answers) + 0.03
    assert check(lecture.text, answers).score <= most


@pytest.mark.parametrize("lazy", ["0", "1", "0.0", "-1", "0.00"])
@pytest.mark.parametrize("lecture", LECTURES, ids=lambda lecture: lecture.name)
def test_the_same_for_every_gradient_after_right_factors_earns_next_to_nothing(lecture, lazy):
    right = whole_sheet(lecture.text)
    answers = {name: lazy if name.startswith("∂ℓ") else text for name, text in right.items()}
    report = check(lecture.text, answers)
    assert report.score <= report.strict_score + 0.05


def test_what_a_mistake_made_trivial_is_consistent_without_credit_and_says_why():
    report = check(LECTURE, {"dl/dyhat": "0", "dyhat/dh2": "0.1", "dl/dh2": "0"})
    assert verdicts(report) == ["wrong", "right", "consistent, no credit"]
    assert "only because of a mistake" in report.lines[2].message
    assert report.lines[2].follows == 1


def test_more_mistakes_than_a_fifth_of_the_lines_end_follow_through():
    text = "x = 3; a = 2*x; b = 5*a; c = 7*b; l = 4*c"
    sheet = {"a": "7", "b": "36", "c": "253", "l": "1012", "dl/dc": "4"}
    assert verdicts(check(text, sheet)) == ["wrong"] * 3 + ["consistent, no credit", "right"]
    assert verdicts(check(text, sheet | {"b": "35", "c": "245"}))[3] == "wrong"
    assert (
        verdicts(check(text, sheet | {"b": "35", "c": "245", "l": "980"}))[1:4]
        == ["follows from your line 1"] * 3
    )


def test_two_mistakes_need_as_many_right_lines_that_depend_on_the_numbers():
    text = "a = 2; b = 1.5; c = a + b; d = b + 1; e = c*d"
    neighbour = whole_sheet(text.replace("2;", "3;").replace("1.5", "2.5"))
    report = check(text, neighbour)
    assert report.score <= share_exactly_right(text, neighbour) + 0.03


def test_nothing_follows_from_another_number_for_what_is_given():
    report = check(LECTURE, {"x": "0", "h1": "0", "h2": "0", "yhat": "0"})
    assert (verdicts(report)[:3], report.score) == (["wrong"] * 3, 0)


def test_a_number_without_figures_does_not_widen_what_follows():
    report = check(LECTURE, {"dl/dyhat": "-1", "dl/dw4": "-2.4", "dl/dw2": "-0.2"})
    assert verdicts(report) == ["not confirmed", "wrong", "right, too few figures"]


def test_floats_that_are_short_decimals_have_all_their_figures():
    x, y, *w = (Value(n) for n in (2.0, 1.0, 0.3, 0.8, 0.4, 0.1))
    hidden = [(w[0] * x).relu().named("h1"), (w[1] * x).relu().named("h2")]
    yhat = (w[2] * hidden[0] + w[3] * hidden[1]).named("yhat")
    loss = ((yhat - y) * (yhat - y)).named("loss")
    report = check(loss, {"h1": "0.6", "h2": "1.6", "yhat": "0.4", "loss": "0.36",
                          "dl/dyhat": "-1.2", "dl/dh1": "-0.48", "dl/dh2": "-0.12"})  # fmt: skip
    assert (set(verdicts(report)), report.score) == ({"right"}, 1.0)


@pytest.mark.parametrize("written", ["≈0", "0", "0±0.5", "-0.24±1e9", "0e0", "-0", "-0.2", "≈-0.2"])
def test_too_few_figures_are_no_test_passed(written):
    loss = program(LECTURE).output
    assert_gradients(loss, {"w2": "-0.24"})
    with pytest.raises(GradientMismatch):
        assert_gradients(loss, {"w2": written})


# Kinks -------------------------------------------------------------------------------------------

KINK = "z = 0; y = 1; h = relu(z); l = (h - y)^2"
SMOOTH_SUM = "z = 0; a = relu(z); b = relu(-z); l = a - b"  # it is z: its slope is 1


@pytest.mark.parametrize("slope", ["0", "0.5", "1", "1/3"])
def test_a_slope_at_a_kink_is_chosen_once(slope):
    right = str(-2 * Fraction(slope))
    assert check(KINK, {"dh/dz": slope, "dl/dh": "-2", "dl/dz": right}).ok
    report = check(KINK, {"dh/dz": slope, "dl/dh": "-2", "dl/dz": "-1.4"})
    assert verdicts(report) == ["right", "right", "wrong"]
    assert "from your slope at the kink it is" in report.lines[2].message
    assert report.mistakes == ()
    assert check(KINK, {"dl/dz": "-1.4"}).ok
    with pytest.raises(GradientMismatch):
        assert_gradients(program(KINK).output, {"dh/dz": slope, "dl/dh": "-2", "dl/dz": "-1.4"})


def test_what_follows_from_accepted_slopes_is_no_mistake_and_no_test_passed():
    sheet = {"da/dz": "0", "db/dz": "0", "dl/dz": "0"}
    report = check(SMOOTH_SUM, sheet)
    assert verdicts(report) == ["right", "right", "follows, at a kink"]
    assert (report.score, report.strict_score, report.ok) == (1, 1, True)
    assert check(SMOOTH_SUM, {"dl/dz": "1"}).ok
    assert not check(SMOOTH_SUM, {"dl/dz": "0"}).ok
    with pytest.raises(GradientMismatch):
        assert_gradients(program(SMOOTH_SUM).output, sheet)
    assert_gradients(program(SMOOTH_SUM).output, sheet, at_kinks={"relu": 0})


def test_a_line_at_a_kink_is_told_what_follows_from_the_own_slope():
    text = "z = 0; y = 1; h = relu(z); l = (h - y)^2"
    report = check(text, {"dh/dz": "1", "dl/dz": "0", "dl/dh": "-2"})
    assert verdicts(report) == ["right", "wrong", "right"]
    assert "from your slope at the kink it is −2" in report.lines[1].message
    assert report.working == "∂l/∂z = ∂l/∂h × ∂h/∂z = (−2) × 1 = −2; you wrote 0"


def test_rounding_beside_a_kink_is_no_slope_of_a_kink():
    text = "x = 0.5; a = 0.38; h = relu(a*x - 0.19); u = 2*h + 0.5; v = 1.36; l = (v*u - 1.2)^2"
    sheet = {"h": "0", "u": "0.5", "l": "0.27", "dl/du": "-1.41", "dl/dh": "-2.82"}  # it is -2.8288
    assert verdicts(check(text, sheet)) == ["right"] * 5


def test_a_sign_that_rounding_may_turn_is_not_confirmed():
    text = (
        "x1 = -0.5; x2 = -1.57; w1 = -1.0; w2 = -1; b = 1; v = -0.3; c = 0.3; y = 1.3; "
        "z = w1*x1 + w2*x2 + b; h = sigmoid(z); yhat = v*h + c; loss = (yhat - y)^2"
    )  # the gradient is -0.0164
    for written in ("0.01", "-0.01"):
        assert verdicts(check(text, {"dl/dw1": written})) == ["not confirmed"]


# Working and picture -----------------------------------------------------------------------------

LONG = "x = 1.3; " + "; ".join(
    f"z{i} = 0.{i % 9 + 1}*{f'h{i - 1}' if i else 'x'}; h{i} = tanh(z{i})" for i in range(12)
)


def test_a_mistake_is_worked_out_in_the_numbers_of_the_own_lines():
    report = check(LECTURE, {"dl/dh2": "-0.13", "dh2/dw2": "2", "dl/dw2": "-0.5"})
    line = report.lines[2]
    assert (line.rule, line.working) == ("∂ℓ/∂h₂ × ∂h₂/∂w₂", "(−0.13) × 2")
    assert report.working == "∂ℓ/∂h₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ = (−1.2) × 0.1 = −0.12; you wrote -0.13"
    assert report.working in report.text
    data = json.loads(report.json)
    assert (data["working"], data["lines"][2]["rule"]) == (report.working, line.rule)
    assert "you wrote" in report.markdown.split("\n\n")[1]
    assert "(−1.2) × 0.1" in report.html
    withheld = report.without_solutions()
    assert (withheld.working, withheld.lines[2].rule, withheld.picture) == ("", "", None)
    assert check(LECTURE, STUDENT).working == ""  # x = 2 stands in the message


@pytest.mark.parametrize(
    ("text", "answers", "most"),
    [
        (LECTURE, {"dh2/dw2": "1"}, 10),
        (LECTURE, {"h2": "16"}, 10),
        (LECTURE, {"dl/dw2": "7"}, 10),
        (LONG, {"h7": "7", "dh11/dz2": "3"}, 3),
        (LONG, {"dh11/dz2": "3"}, 3),
        (LONG, {"dh6/dz5": "3"}, 4),
        ("x = 2; a = x^2; b = 3*x", {"da/dx": "7"}, 3),  # a leads to no output
    ],
)
def test_the_picture_marks_the_edges_of_the_first_wrong_line_and_no_others(text, answers, most):
    report = check(text, answers)
    drawn = report.picture
    labels = [node.label for node in drawn.graph.nodes]
    assert sum(bool(label) for label in labels) <= most
    of, _, by = report.first_wrong.replace("∂", "").partition("/")
    plain = {"h₂": "h2", "ℓ": "loss", "w₂": "w2", "h₁₁": "h11", "z₂": "z2", "h₇": "h7", "h₆": "h6",
             "z₅": "z5"}  # fmt: skip
    of, by = plain.get(of, of), plain.get(by, by)
    marked = [drawn.graph.edges[edge] for edge in drawn.look.path]
    ends = {labels[edge.target] for edge in marked} - {labels[edge.source] for edge in marked}
    assert marked
    assert ends - {""} == {of if of in labels else labels[drawn.graph.output]}
    if by:
        assert by in {labels[edge.source] for edge in marked}
    assert report.markdown.count("data:image/svg+xml;base64,") == 1
    assert "<img alt=" in report.html


def test_the_picture_has_the_gradients_of_the_output_and_leaves_the_program_as_it_is():
    work = program(LONG)
    drawn = check(work, {"dh6/dz5": "3"}).picture
    work_again = program(LONG)
    work_again.output.backward()
    shown = {node.label: node.gradient for node in drawn.graph.nodes if node.label}
    assert shown["z5"] == pytest.approx(work_again["z5"].grad)
    assert work["z5"].grad is None


def test_where_nothing_is_wrong_there_is_no_picture():
    assert check(LECTURE, {"dl/dw2": "-0.24"}).picture is None
    assert "<img" not in check(LECTURE, {"dl/dw2": "?"}).html


# Formulas ----------------------------------------------------------------------------------------

FORMULAS = [
    ("dl/dw2", "2(yhat-y)*w4*x", "right formula"),
    ("dl/dw2", "∂ℓ/∂w₂ = 2(ŷ − y) w₄ x", "right formula"),
    ("dl/dw2", r"$2(\hat{y}-y) w_4 x$", "right formula"),
    ("dl/dw2", "2*(w3*h1 + w4*h2 - y)*w4*x =", "right formula"),
    ("dl/dw2", "2*(yhat-y)*w4*x*1[w2*x>0]", "right formula"),
    ("h2", "relu(w2*x)", "right formula"),
    ("dh2/dw2", "x", "right formula"),
    ("dl/dyhat", "2(yhat-1)", "some of the numbers in it"),
    ("dl/dw2", "-2.4*w4", "some of the numbers in it"),
    ("dl/dw2", "2(yhat-y)*w4", "not the formula"),
    ("dl/dw2", "2(yhat-y)*w4*w2", "not the formula"),
    ("dl/dyhat", "yhat-y", "not the formula"),
    ("dh2/dw2", "w2", "not the formula"),
    ("h2", "h2", "a number is written like"),
    ("loss", "loss", "a number is written like"),
    ("dl/dw2", "dl/dw2", "a number is written like"),
    ("dl/dw2", "q*x", "a number is written like"),
    ("dl/dw2", "x^99999999", "a number is written like"),
    ("dl/dw2", "x^2^2^2^2^2^2^2", "a number is written like"),
    ("dl/dw2", "x/0", "a number is written like"),
    ("dl/dw2", "1e400*x - 1e400*x", "a number is written like"),
]


@pytest.mark.parametrize(("asked", "written", "said"), FORMULAS)
def test_a_formula_is_told_from_another_and_asked_for_its_number(asked, written, said):
    report = check(LECTURE, {asked: written})
    (line,) = report.lines
    assert said in (line.verdict, said if said in line.message else "")
    assert (line.verdict == "right formula") == (said == "right formula")
    assert (line.credit, report.ok, "0.24" in line.hint) == (0, False, False)


@pytest.mark.parametrize(
    ("prose", "credit"),
    [("", 0), ("A right formula alone counts half.", Fraction(1, 2)),
     ("Right formulas count in full.", 1)],
)  # fmt: skip
def test_a_sheet_says_what_a_right_formula_counts(prose, credit):
    key = key_of(LECTURE, None, stated_precision(prose))
    right, wrong = mark(key, {"dl/dyhat": "2(yhat-y)", "dl/dw2": "2(yhat-y)*w2*x"}).lines
    assert (right.credit, wrong.credit) == (credit, 0)


def test_formulas_of_the_question_earn_nothing_where_nothing_is_stated():
    answers = whole_sheet(LECTURE)
    assert check(LECTURE, {name: name for name in answers}).score == 0


def test_second_derivatives_are_marked_by_themselves():
    report = check(LECTURE, {"d2l/dw2^2": "0.08", "∂²ℓ/∂w₂∂w₄": "1.76", "d2l/dx2": "0.8"})
    assert verdicts(report) == ["right", "wrong", "wrong"]
    assert report.mistakes == ("the sign is wrong",)
    assert report.lines[1].exact == Fraction(-44, 25)
    assert report.lines[0].quantity == "∂²ℓ/∂w₂²"


def test_no_difference_is_shown_for_a_second_derivative():
    loss = program(LECTURE).output
    assert_gradients(loss, {"d2l/dw2^2": "0.08"})
    with pytest.raises(GradientMismatch) as caught:
        assert_gradients(loss, {"d2l/dw2^2": "0.09"})
    assert "finite difference" not in str(caught.value)


# One sentence for each verdict -------------------------------------------------------------------

EXPLAINED = {
    "right": ({"dl/dw2": "-0.24"}, "right"),
    "right, too few figures": ({"h2": "1.6", "dl/dw2": "-0.2"}, "too few figures for a test"),
    "follows from your line 1": (
        {"dl/dyhat": "-0.6", "dl/dw2": "-0.12"}, "follows from your own earlier lines"),
    "consistent, no credit": (
        {"dl/dyhat": "0", "dyhat/dh2": "0.1", "dl/dh2": "0"}, "so it shows no work: no credit"),
    "not confirmed": ({"dl/dyhat": "-1"}, "so few figures cannot be told from 0"),
    "last digit": ({"dl/dw2": "-0.23"}, "a slip in the last digit"),
    "wrong": ({"dl/dw2": "7.77"}, "you wrote 7.77, it is −0.24"),
    "right formula": ({"dl/dyhat": "2(yhat-y)"}, "now put the numbers in"),
    "unreadable": ({"dl/dw2": "0.2 or 0.3"}, "choose one number"),
    "blank": ({"dl/dw2": "idk"}, "blank"),
    "unknown quantity": ({"": "2"}, "this row names no quantity"),
    "not asked": ([("dl/dw2", "-0.24"), ("dL/dw2", "2")], "line 1 answers this"),
}  # fmt: skip


@pytest.mark.parametrize("verdict", EXPLAINED)
def test_each_verdict_is_explained_in_a_sentence_in_every_form(verdict):
    answers, said = EXPLAINED[verdict]
    report = check(LECTURE, answers)
    line = report.lines[-1]
    assert line.verdict == verdict
    assert said in line.message
    assert len(line.message) < 220
    forms = [report.text, report.markdown.replace("\\", ""), report.html, report.json]
    assert all(said in form.replace("&#x27;", "'") for form in forms)
    hint = report.without_solutions().lines[-1].message
    assert said in hint or verdict in ("wrong", "last digit")


def test_every_verdict_of_a_line_is_explained():
    kinds = {verdict.removesuffix(" 1") for verdict in EXPLAINED} | {"follows, at a kink"}
    assert kinds == set(reporting.INKS)


def test_lanes_are_marked_as_their_mean_their_sum_or_one():
    x, y = Value(np.array([1.0, 2.0, 3.0]), "x"), Value(np.array([0.0, 1.0, 5.0]), "y")
    w = Value(2.0, "w")
    h = (w * x).named("h")
    loss = ((h - y) ** 2).named("loss")
    each = 2 * (2 * x.data - y.data) * x.data
    for lanes, truth, words in [("mean", each.mean(), "mean over 3 lanes"),
                                ("sum", each.sum(), "sum over 3 lanes"),
                                (1, each[1], "lane 1 of 3")]:  # fmt: skip
        report = check(loss, {"dl/dw": f"{truth:.6g}"}, lanes=lanes)
        assert report.score == 1
        assert words in report.notes
        assert not check(loss, {"dl/dw": f"{truth + 1:.6g}"}, lanes=lanes).score
    assert check(loss, {"h": "6", "dl/dh": "2"}, lanes=2).score == 1
    with pytest.raises(ValueError, match="lane 3 is asked for"):
        check(loss, {}, lanes=3)
    with pytest.raises(TypeError, match="choose lanes="):
        check(loss, {"loss": 1})
