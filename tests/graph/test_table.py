import re
from fractions import Fraction

import numpy as np
import pytest

from scalargrad import Value, program, table
from scalargrad.lectures import LECTURES


def lecture():
    example = program(LECTURES[0].text)
    example.output.backward()
    return example


def test_the_lecture_table_has_the_exact_numbers_of_the_slide():
    rows = {name: (value, gradient) for name, value, gradient in table(lecture().output).rows}
    assert rows["w₂"] == ("4/5 = 0.8", "−6/25 = −0.24")
    assert rows["ŷ"] == ("2/5 = 0.4", "−6/5 = −1.2")
    assert rows["ℓ"] == ("9/25 = 0.36", "1")
    assert len(rows) == 10


def test_every_row_states_the_number_of_its_node():
    example = lecture()
    for (_, value, gradient), name in zip(table(example.output).rows, example, strict=True):
        for written, number in ((value, example[name].data), (gradient, example[name].grad)):
            assert Fraction(re.split(" [=≈] ", written)[0].replace("−", "-")) == number


def test_columns_of_the_text_are_aligned():
    lines = str(table(lecture().output)).splitlines()
    starts = [m.start() for m in re.finditer("─+", lines[1])]
    for line in [lines[0], *lines[2:]]:
        for start in starts:
            assert line[start] != " "
            assert start == 0 or line[start - 1] == " "
    assert not any(line != line.rstrip() for line in lines)


def test_unnamed_nodes_are_shown_when_asked_for_or_when_nothing_has_a_name():
    x = Value("2", "x")
    y = (x * 3 + 1).named("y")
    assert [row[0] for row in table(y).rows] == ["x", "y"]
    assert [row[0] for row in table(y, "all").rows] == ["x", "(number)", "(×)", "(number)", "y"]
    assert len(table(Value(1) + Value(2)).rows) == 3
    assert len(table((Value(1) + Value(2)).named("y")).rows) == 3
    assert len(table(y * 2, "named").rows) == 3


def test_the_gradient_before_backward_is_a_dash():
    x = Value("2", "x")
    assert [row[2] for row in table(x * x).rows] == ["–", "–"]


def test_inexact_numbers_carry_a_sign_for_it():
    x = Value(0.5, "x")
    y = x.exp()
    y.backward()
    assert table(y).rows[0] == ("x", "0.5", "≈ 1.64872")


HOSTILE = ["a|b", "*b*", "`c`", "<script>alert(1)</script>", "[a](b)", "$x$", "&lt;", "a\nb",
           "\\", "_x_", "\x00\x1b[31m", "x" * 10_000, "😀", "שלום", "~~s~~", "# h"]  # fmt: skip


@pytest.mark.parametrize("label", HOSTILE, ids=lambda label: ascii(label)[:12])
def test_hostile_labels_stay_text_in_one_cell(label):
    v = Value(1, label)
    (_, _, row, *rest) = table(v * 2, "named").markdown.splitlines()
    assert len(rest) == 1
    cells = re.findall(r"(?<!\\)(?:\\\\)*\|", row)
    assert len(cells) == 4
    assert len(row) < 300
    markup = re.sub(r"\\.", "", row.removeprefix("|").removesuffix("|"))
    assert not set("`*_[]<>$&~") & set(markup)
    text = str(table(v * 2, "named"))
    assert all(c.isprintable() for line in text.splitlines() for c in line)
    assert len(text.splitlines()) == 4
    assert max(map(len, text.splitlines())) < 100


def test_markdown_has_header_rule_and_rows():
    x = Value("2", "x")
    y = (x * x).named("y")
    y.backward()
    assert table(y).markdown.splitlines() == [
        "| name | value | gradient |",
        "| --- | --- | --- |",
        "| x | 2 | 4 |",
        "| y | 4 | 1 |",
    ]
    assert table(y)._repr_markdown_() == table(y).markdown


def test_lanes_and_huge_numbers_have_rows():
    y = Value(np.arange(100.0), "lanes") * 2
    y.backward()
    assert table(y).rows[0][1].startswith("[0, 1, 2, ")
    z = Value(10**5000, "huge") * Fraction(1, 3)
    z.backward()
    assert [row[1] for row in table(z, "named").rows] == ["1e5000", "≈ 3.33333e4999"]


def test_lanes_are_listed_as_their_mean_and_that_is_said():
    x = Value(np.array([1.0, 3.0]), "x")
    y = (x * x).named("y")
    y.backward()
    assert table(y, lanes="mean").rows == (("x", "2", "4"), ("y", "5", "1"))
    assert str(table(y, lanes=1)).endswith("lane 1 of 2")
    assert table(y, lanes="sum").markdown.endswith("sum over 2 lanes")
