import base64
import csv
import io
import os
import random
import re
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import peer

from scalargrad import FileError, check, program
from scalargrad.checking.answer_key import AnswerKey, key_of
from scalargrad.checking.marking import mark as marked
from scalargrad.checking.quantities import Quantity, shown, truth
from scalargrad.checking.reading import read
from scalargrad.cli.commands import main
from scalargrad.engine.scalars import to_float
from scalargrad.lectures import LECTURES
from scalargrad.sheets import variants as variants_module
from scalargrad.sheets.documents import sheet_text
from scalargrad.sheets.variants import variants
from scalargrad.sheets.worksheet import (
    MOST_CHARACTERS,
    Line,
    Sheet,
    SheetError,
    answer,
    read_sheet,
    save_all_new,
    worksheet,
)

LECTURE = LECTURES[0].text
SMALL = "x = 3; w = 0.8\nloss = (w*x - 1)^2"
CROSS_ENTROPY = """x1 = 1.5; x2 = -2
w1 = 0.5; w2 = 0.25; b = 0.1; y = 1
yhat = sigmoid(w1*x1 + w2*x2 + b)
loss = -y*log(yhat) - (1-y)*log(1-yhat)"""
PROGRAMS = {
    "lecture": LECTURE,
    "biases": LECTURES[1].text,
    "small": SMALL,
    "cross-entropy": CROSS_ENTROPY,
    "several-paths": "w = 0.3; x = 0.7; h = tanh(w*x); g = sigmoid(w*h); y = h + g*w",
    "no-name": "a = 3; b = 0.4; (a*b - 0.5)^2",
    "alias": "a = 3; b = 0.4; h = a*b; g = h; loss = (g - 0.5)^2; L = loss",
    "crlf": "x = 3\r\nw = 0.8\r\nloss = w*x",
    "fence": "x = 3 # ``` and ~~~\n# ````\nw = 0.8\nloss = w*x",
    "fractions": "x = 2/3; w = -1/7; h = w*x; loss = h^3",
}
table = pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)


def quantities(sheet):
    return [shown(line.quantity) for line in sheet.lines]


# Making


def test_a_path_asks_for_the_factors_of_the_slide_and_their_product():
    sheet = worksheet(LECTURE, ask="path:w2")
    assert quantities(sheet) == ["∂ℓ/∂ŷ", "∂ŷ/∂h₂", "∂h₂/∂w₂", "∂ℓ/∂w₂"]
    key = dict(csv.reader(io.StringIO(sheet.csv(answers=True))))
    assert list(key.values())[1:] == ["−1.2", "0.1", "2", "−0.24"]
    assert worksheet(LECTURE, ask="path: w₂") == worksheet(LECTURE, ask="path:dl/dw2") == sheet


def test_named_asks_for_values_forwards_and_gradients_backwards():
    asked = quantities(worksheet(LECTURE, ask="named"))
    assert asked == ["h₁", "h₂", "ŷ", "ℓ", *(f"∂ℓ/∂{name}" for name in
                     ("ŷ", "h₂", "h₁", "w₄", "w₃", "w₂", "w₁", "y", "x"))]  # fmt: skip


@table
def test_all_asks_for_more_and_for_nothing_twice(text):
    named, every = (quantities(worksheet(text, ask=ask)) for ask in ("named", "all"))
    assert set(named) <= set(every)
    assert len(set(every)) == len(every)


@table
def test_the_key_is_right_by_finite_differences(text):
    sheet = worksheet(text)
    names = list(sheet.program.inputs)
    key = read_sheet(sheet.markdown(answers=True))
    assert [line.quantity for line in key.lines] == [line.quantity for line in sheet.lines]
    rows = {line.quantity: line.written for line in key.lines}
    data = {name: sheet.program[name].data for name in names}
    tiny = Fraction(1, 10**6)
    for name in names:
        low, high = (
            program(text, {**data, name: data[name] + step}).output.data for step in (-tiny, tiny)
        )
        slope = (to_float(high) - to_float(low)) / (2 * to_float(tiny))
        output = sheet.program.output
        asked = next(q for q in rows if q.by == name and sheet.program[q.of] is output)
        assert abs(float(read(rows[asked]).middle) - slope) < 1e-4 * max(1, abs(slope))


@table
def test_every_answer_of_the_key_is_accepted(text):
    sheet = worksheet(text)
    for line in read_sheet(sheet.markdown(answers=True)).lines:
        assert read(line.written).accepts(truth(line.quantity, sheet.program))


@given(st.fractions() | st.floats(-1e12, 1e12))
def test_a_right_answer_reads_as_right(exact):
    assert read(answer(exact)).accepts(exact)


@pytest.mark.parametrize(("text", "ask", "message"), [
    (SMALL, "some", "all, named or path:NAME; got 'some'"),
    (SMALL, "path", "all, named or path:NAME"),
    (SMALL, "all:w", "all, named or path:NAME"),
    (SMALL, "path:w9", "no node is named 'w9'; known are w"),
    ("x = 3; w = 2; z = 4*w; loss = x*x", "path:w", "no path leads from w to the output loss"),
    ("x = 3", "all", "no named nodes"),
    ("loss = w*x", "all", "the program of the sheet, line 1, column 8"),
    ("x = 0; loss = 1/x", "all", "the program of the sheet, line 1, column 16"),
    ("", "all", "the program is empty"),
    ("h0 = 1\n" + "".join(f"h{i + 1} = h{i} + 2\n" for i in range(1500)), "all",
     "at most 2000 lines, not 4"),
    ("x = ~1e300; y = x*x; z = y*x", "all", "is not finite; choose other inputs"),
])  # fmt: skip
def test_what_no_sheet_can_be_made_of_is_one_line(text, ask, message):
    with pytest.raises(SheetError) as caught:
        worksheet(text, ask=ask)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_node_without_a_value_in_a_branch_that_is_not_taken_is_not_asked_for():
    text = "x = -1; w = 2; b = log(x); y = where(x > 0, b, w*x^2)"
    sheet = worksheet(text)
    assert [line.name for line in sheet.lines] == ["y", "∂y/∂b", "∂y/∂w", "∂y/∂x"]
    assert check(text, dict(zip(sheet.answers, ("2", "0", "1", "-4"), strict=True))).ok
    with pytest.raises(SheetError, match="y is not finite"):
        worksheet("x = 2; y = where(x > 0, x, 0) * exp(1000)")


def test_a_derivative_with_a_path_around_it_is_asked_of_the_output_only():
    text = "w = 0.3; x = 0.7; h = w*x; g = w*h; y = g*x"
    asked = quantities(worksheet(text))
    assert "∂g/∂w" not in asked  # is it h, or h + wx?
    assert "∂g/∂h" in asked
    assert asked[-2:] == ["∂y/∂x", "∂y/∂w"]
    assert quantities(worksheet(text, ask="path:w")) == ["∂y/∂g", "∂g/∂h", "∂h/∂w", "∂y/∂w"]


def test_a_seed_gives_other_numbers_to_the_same_questions():
    first, again, other = (worksheet(LECTURE, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.text != other.text
    assert quantities(first) == quantities(other) == quantities(worksheet(LECTURE))


# Writing and reading


@table
@pytest.mark.parametrize("ask", ["all", "named"])
def test_reading_a_sheet_that_was_written_gives_the_same_sheet(text, ask):
    sheet = worksheet(text, ask=ask)
    assert read_sheet(sheet.markdown()) == sheet
    assert read_sheet(sheet.csv(), sheet.text) == sheet
    key = read_sheet(sheet.markdown(answers=True))
    assert key == read_sheet(sheet.csv(answers=True), sheet.text)
    assert key.markdown(answers=False) == sheet.markdown(answers=True)


answers = st.sampled_from(
    [
        "",
        "-0.24",
        "−6/25",
        "≈4×10^17",
        "-2.4 x 10^-1",
        "= 0.1",
        "+1",
        "@",
        "-x",
        "a|b",
        "|",
        "=cmd()",
        "'1",
        "0.24±0.005",
        '"',
        ",",
        ";",
        "nan",
        "½",
    ]
)


@given(st.sampled_from(list(PROGRAMS.values())), st.lists(answers, min_size=40, max_size=40))
@settings(max_examples=60)
def test_answers_come_back_as_they_were_written(text, written):
    empty = worksheet(text)
    filled = replace(empty, lines=tuple(
        replace(line, written=text) for line, text in zip(empty.lines, written, strict=False)
    ))  # fmt: skip
    assert read_sheet(filled.markdown()) == filled
    assert read_sheet(filled.csv(), filled.text) == filled


def random_program(seed):
    chance = random.Random(seed)
    names = [f"x{i}" for i in range(1, chance.randint(2, 4))]
    lines = [f"{name} = {chance.randint(-99, 99)}/{chance.randint(2, 30)}" for name in names]
    for i in range(1, chance.randint(2, 8)):
        a, b = chance.choice(names), chance.choice(names)
        forms = (f"{a}*{b} + 2", f"relu({a} - {b})", f"tanh({a})", f"{a} + {b}/3", f"({a} - {b})^2")
        lines.append(f"h_{i} = {chance.choice(forms)}")
        names.append(f"h_{i}")
    return chance.choice(("\n", "; ")).join(lines)


@given(st.integers(0, 10**6))
def test_random_programs_come_back(seed):
    sheet = worksheet(random_program(seed))
    assert read_sheet(sheet.markdown()) == sheet
    for line in read_sheet(sheet.markdown(answers=True)).lines:
        assert read(line.written).accepts(truth(line.quantity, sheet.program))


def test_a_cell_of_the_csv_is_no_formula():
    lines = tuple(
        Line(Quantity("derivative", "loss", name), text)
        for name, text in (("x", "=1+1"), ("w", "@SUM(A1)"))
    )
    text = Sheet(SMALL, (*lines, Line(Quantity("value", "loss"), "-2+3+cmd|' /C calc'!A0"))).csv()
    for row in list(csv.reader(io.StringIO(text)))[1:]:
        assert row[1].startswith("'")
    assert "\n∂ℓ/∂w,-0.24\n" in Sheet(SMALL, (replace(lines[1], written="-0.24"),)).csv()


# What people do to tables

BLOCK = f"```sg\n{LECTURE}```\n\n"
ROWS = [("∂ℓ/∂ŷ", "-1.2"), ("dL/dw2", "-0.24"), ("h1", "")]
KEPT = {"∂ℓ/∂ŷ": "-1.2", "∂ℓ/∂w₂": "-0.24", "h₁": ""}


def table_of(header, *rows):
    return "\n".join((header, *rows))


TABLES = {
    "as-written": BLOCK + table_of("| quantity | answer |", "| --- | --- |",
                                   "| ∂ℓ/∂ŷ | -1.2 |", "| dL/dw2 | -0.24 |", "| h1 |  |"),
    "no-outer-pipes": BLOCK + table_of("quantity | answer", "--- | ---", "∂ℓ/∂ŷ | -1.2",
                                       "dL/dw2 | -0.24", "h1 |"),
    "left-pipes-only": BLOCK + table_of("| quantity | answer", "|---|---", "| ∂ℓ/∂ŷ | -1.2",
                                        "| dL/dw2 | -0.24", "| h1 | "),
    "no-rule": BLOCK + table_of("|quantity|answer|", "|∂ℓ/∂ŷ|-1.2|", "|dL/dw2|-0.24|", "|h1||"),
    "alignment": BLOCK + table_of("|  Quantity   |  ANSWER (decimal):|", "|:---:|-----:|",
                                  "|   ∂ℓ/∂ŷ   |    -1.2|", "|dL/dw2 |  -0.24  |", "|h1|"),
    "extra-columns": BLOCK + table_of("| n | quantity | why | Your answer | points |",
                                      "|---|---|---|---|---|", "| 1 | ∂ℓ/∂ŷ | chain | -1.2 | 2 |",
                                      "| 2 | dL/dw2 | \\|a\\| | -0.24 | | |", "| 3 | h1 |"),
    "bold": BLOCK + table_of("| **quantity** | *answer* |", "|---|---|", "| **∂ℓ/∂ŷ** | **-1.2** |",
                             "| `dL/dw2` | `-0.24` |", "| $h_1$ | |"),
    "escapes": BLOCK + table_of("| quantity | answer |", "|---|---|", "| ∂ℓ/∂ŷ | \\-1.2 |",
                                "| dL\\_dw2 | &#45;0.24<br> |", "| h\\_1 | &nbsp; |"),
    "blank-lines": BLOCK + table_of("| quantity | answer |", "|---|---|", "", "| ∂ℓ/∂ŷ | -1.2 |",
                                    "  ", "| dL/dw2 | -0.24 |", "| | |", "| h1 | |"),
    "quoted": BLOCK + table_of("> | quantity | answer |", "> |---|---|", "> | ∂ℓ/∂ŷ | -1.2 |",
                               "> | dL/dw2 | -0.24 |", "> | h1 | |"),
    "tex": BLOCK + table_of("| quantity | answer |", "|---|---|",
                            r"| $\frac{\partial \ell}{\partial \hat{y}}$ | -1.2 |",
                            r"| $\frac{\partial \ell}{\partial w_2}$ | -0.24 |", "| $h_1$ | |"),
    "blank-lines-no-pipes": BLOCK + table_of("quantity | answer", "", "∂ℓ/∂ŷ | -1.2", "",
                                             "dL/dw2 | -0.24", "", "h1 |"),
    "two-tables": BLOCK + table_of("| name | value |", "|---|---|", "| x | 2 |", "", "first:", "",
                                   "| quantity | answer |", "|---|---|", "| ∂ℓ/∂ŷ | -1.2 |", "",
                                   "then:", "", "| answer | quantity |", "|---|---|",
                                   "| -0.24 | dL/dw2 |", "| | h1 |", "", "a|b"),
    "table-first": table_of("| quantity | answer |", "|---|---|", "| ∂ℓ/∂ŷ | -1.2 |",
                            "| dL/dw2 | -0.24 |", "| h1 | |", "", BLOCK),
    "other-blocks": "```python\n| quantity | answer |\n```\n" + BLOCK
                    + table_of("| quantity | answer |", "|---|---|", "| ∂ℓ/∂ŷ | -1.2 |",
                               "| dL/dw2 | -0.24 |", "| h1 | |"),
    "tildes": BLOCK.replace("```sg", "~~~~ {.sg}").replace("```", "~~~~")
              + table_of("| quantity | answer |", "| ∂ℓ/∂ŷ | -1.2 |", "| dL/dw2 | -0.24 |",
                         "| h1 | |"),
    "no-language": BLOCK.replace("```sg", "```")
                   + table_of("| quantity | answer |", "| ∂ℓ/∂ŷ | -1.2 |", "| dL/dw2 | -0.24 |",
                              "| h1 | |"),
}  # fmt: skip
ENDINGS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_tables_are_read_whatever_people_did_to_them(text, ending):
    for mark in ("", "\ufeff"):
        sheet = read_sheet(mark + text.replace("\n", ending))
        assert sheet.answers == KEPT
        assert program(sheet.text).output.data == Fraction(9, 25)


CSVS = {
    "commas": "quantity,answer\n∂ℓ/∂ŷ,-1.2\ndL/dw2,-0.24\nh1,\n",
    "semicolons": "Quantity;Answer\n∂ℓ/∂ŷ;-1.2\ndL/dw2;-0.24\nh1;\n",
    "tabs": "quantity\tanswer\n∂ℓ/∂ŷ\t-1.2\ndL/dw2\t-0.24\nh1\n",
    "quotes": '"quantity","answer"\n"∂ℓ/∂ŷ","-1.2"\n"dL/dw2", "-0.24"\n"h1",""\n',
    "columns": "n,answer,quantity\n1,-1.2,∂ℓ/∂ŷ\n\n2,'-0.24,dL/dw2\n3,,h1\n,,\n",
}


@pytest.mark.parametrize("text", CSVS.values(), ids=CSVS)
def test_csv_is_read_as_spreadsheets_write_it(text, tmp_path):
    assert read_sheet(text, LECTURE).answers == KEPT
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        file = tmp_path / "answers.csv"
        file.write_bytes(text.replace("\n", "\r\n").encode(encoding))
        assert read_sheet(sheet_text(file), LECTURE).answers == KEPT


def test_a_line_knows_its_place_in_the_file():
    text = TABLES["as-written"]
    for line in read_sheet(text).lines:
        assert line.written in text.split("\n")[line.place - 1]
        assert text.split("\n")[line.place - 1].startswith("| ")


def test_aliases_and_spellings_are_one_quantity():
    text = "```sg\na = 3; h = 2*a; g = h; loss = g^2; L = loss\n```\n| quantity | answer |\n"
    assert list(read_sheet(text + "| dL/dg | 1 |").answers) == ["∂ℓ/∂h"]
    assert list(read_sheet(text + "| g.grad | 1 |").answers) == ["∂ℓ/∂h"]
    assert read_sheet(text + "| dL/dg | 1 |\n| ∇h | |").rows == [("∂ℓ/∂h", "1"), ("∂ℓ/∂h", "")]


# What cannot be read

HEAD = "| quantity | answer |\n|---|---|\n"
BAD = {
    "empty": ("", "no table"),
    "no-table": (BLOCK + "my answers: 1, 2", "no table with the header"),
    "other-table": (BLOCK + "| a | b |\n|---|---|\n| q | 2 |", "no table with the header"),
    "no-rows": (BLOCK + HEAD, "the table of the sheet has no lines"),
    "no-program": (HEAD + "| h1 | 2 |", "the sheet has no program"),
    "csv-alone": (CSVS["commas"], "the sheet has no program"),
    "open-block": ("```sg\nx = 2\n" + HEAD, "the block that begins on line 1 is not closed"),
    "two-programs": (BLOCK + BLOCK + HEAD + "| h1 | |", "two programs, on lines 1 and"),
    "wrong-program": ("```sg\nx = 2 +\n```\n" + HEAD + "| x | 1 |", "the sheet, line 1"),
    "domain": ("```sg\nx = 0; y = log(x)\n```\n" + HEAD + "| y | 1 |", "the sheet, line 1"),
    "binary": ("\0\1\2", "binary file"),
    "large": ("x" * (MOST_CHARACTERS + 1), "at most 1,000,000 characters"),
    "many-lines": (BLOCK + HEAD + "| h1 | 2 |\n" * 5000, "at most 2000 lines"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_one_clear_line(text, message):
    with pytest.raises(SheetError) as caught:
        read_sheet(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_line_that_cannot_be_marked_leaves_the_others():
    table = (
        HEAD
        + "| dl/dw9 | 1 |\n| h1 | 0.6 |\n| | 7 |\n| w2.grad | see above |\n| dl/dw2 | -0.24 |\n"
    )
    sheet = read_sheet(BLOCK + table)
    assert [line.name for line in sheet.lines] == ["dl/dw9", "h₁", "", "∂ℓ/∂w₂", "∂ℓ/∂w₂"]
    assert read_sheet(sheet.markdown()).rows == sheet.rows
    report = check(sheet.program, sheet.rows)
    assert [line.verdict for line in report.lines] == [
        "unknown quantity", "right", "unknown quantity", "unreadable", "not asked",
    ]  # fmt: skip
    assert "no node is named 'w9' in 'dl/dw9'; known are ∂ℓ/∂w₄, " in report.lines[0].message
    assert "no quantity" in report.lines[2].message
    assert "write the number again" in report.lines[3].message
    assert (report.score, report.ok) == (0.5, False)
    assert "1 of 2 lines right, 2 of unknown quantity" in report.summary


def test_of_two_answers_to_one_quantity_the_first_counts_that_is_not_blank():
    for written, verdicts in (
        (("", "-0.24", "7"), ["not asked", "right", "not asked"]),
        (("7", "-0.24", ""), ["wrong", "not asked", "not asked"]),
        (("", "", ""), ["blank", "not asked", "not asked"]),
    ):
        table = "".join(f"| dl/dw2 | {answer} |\n" for answer in written)
        sheet = read_sheet(BLOCK + HEAD + table)
        assert [line.verdict for line in check(sheet.program, sheet.rows).lines] == verdicts


@pytest.mark.parametrize(("written", "slope"), [
    ("relu'(0) = 0", 0), ("ReLU′(0)=1", 1), ("We set $\\text{ReLU}'(0) = 0.5$.", Fraction(1, 2)),
    ("relu’(0) := 1/2.", Fraction(1, 2)), ("$\\mathrm{relu}^{\\prime}(0) = 1$", 1),
    ("$relu^\\prime(0) = 1$, as ever", 1),
])  # fmt: skip
def test_a_sheet_may_state_a_convention_for_a_kink(written, slope):
    program = "x = 2; w = 0; h = relu(w*x); loss = (h - 1)^2"
    table = HEAD + "| dh/dw | {} |\n"
    block = f"```sg\n{program}\n```\n\n"
    for own in ("0/1", "1/1", "2/1", "3/5"):
        sheet = read_sheet(f"{written}\n\n{block}" + table.format(own))
        assert sheet.slopes == {"relu": slope}
        report = check(sheet.program, sheet.rows, at_kinks=sheet.slopes)
        assert report.ok == (Fraction(own) == 2 * slope)
        assert check(sheet.program, sheet.rows).ok
    key = read_sheet(sheet.markdown(answers=True))
    assert check(key.program, key.rows, at_kinks=key.slopes).ok
    assert read_sheet(block + table.format(1)).slopes == {}


@pytest.mark.parametrize(("prose", "message"), [
    ("relu'(0) = 2", "relu′(0) is 0 to 1; got 2"),
    ("abs'(0) = 0 and |.| as abs'(0) = 1", "abs′(0) is stated twice, as 0 and as 1"),
])  # fmt: skip
def test_a_convention_that_cannot_be_is_one_line(prose, message):
    sheet = read_sheet(f"{prose}\n\n" + BLOCK + HEAD + "| h1 | 2 |")
    with pytest.raises(SheetError, match=re.escape(message)):
        _ = sheet.slopes


def test_what_follows_from_a_stated_convention_is_marked_by_it():
    program = "x = 2; w = 0; h = relu(w*x); loss = (h - 1)^2"
    answers = {"dl/dh": "-2", "dl/dw": "-4"}
    assert check(program, answers, at_kinks={"relu": 1}).ok
    report = check(program, answers, at_kinks={"relu": 0})
    assert report.first_wrong == "∂ℓ/∂w"
    assert "the ReLU gate is ignored" in report.mistakes
    follows = check(program, {"dl/dh": "-1", "dl/dw": "-2"}, at_kinks={"relu": 1})
    assert [line.kind for line in follows.lines] == ["wrong", "follows from your line"]


YAML = "---\na: &a [x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n---\n"
BOMBS = {
    "yaml": YAML * 15_000,
    "html": "<div>" * 190_000,
    "entities": "| " + "&amp;" * 190_000,
    "pipes": HEAD + "|" * 900_000,
    "escaped": HEAD + "\\|" * 450_000,
    "stars": HEAD + "| " + "*" * 900_000,
    "headers": "| quantity | answer |\n" * 45_000,
    "rows": BLOCK + HEAD + "|a|\n" * 200_000,
    "backticks": "`" * 900_000,
    "fences": "```\n" * 240_000,
    "longer-fences": "\n".join("`" * n for n in range(3, 1300)),
    "spaces": " " * 900_000,
    "dashes": HEAD + "| " + "-" * 900_000 + " |",
    "csv-quotes": 'quantity,answer\n"' + "x" * 900_000,
    "csv-rows": "quantity,answer\n" + "a,b\n" * 200_000,
    "program-long": "```sg\n" + "x = 1\n" * 150_000 + "```\n" + HEAD + "| x | 1 |",
    "program-deep": "```sg\nx = " + "(" * 90_000 + "1\n```\n" + HEAD + "| x | 1 |",
}
TOWERS = {
    "power": "```sg\nx = 9; y = x^x^x^x\n```\n" + HEAD + "| y | 1 |",
    "squares": "```sg\nx0 = 3\n" + "".join(f"x{i + 1} = x{i}^2\n" for i in range(900))
               + "```\n" + HEAD + "| x0 | 1 |",
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_are_one_line_and_quick(text):
    start = time.process_time()
    with pytest.raises(SheetError) as caught:
        read_sheet(text)
    assert time.process_time() - start < 12
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.filterwarnings("ignore:an exact number grew beyond")
@pytest.mark.parametrize("text", TOWERS.values(), ids=TOWERS)
def test_numbers_that_grow_without_bound_are_marked_quickly(text):
    start = time.process_time()
    sheet = read_sheet(text)
    report = check(sheet.program, sheet.rows)
    assert time.process_time() - start < 12
    assert [line.verdict for line in report.lines] == ["wrong"]


def test_two_thousand_quantities_that_are_none_are_marked_quickly():
    start = time.process_time()
    sheet = read_sheet(BLOCK + HEAD + "".join(f"| {'d' * 250}{i} | |\n" for i in range(2000)))
    report = check(sheet.program, sheet.rows)
    assert time.process_time() - start < 12
    assert {line.verdict for line in report.lines} == {"unknown quantity"}
    assert max(len(line.message) for line in report.lines) < 250


def test_a_bomb_beside_a_sheet_does_no_harm():
    text = TABLES["as-written"]
    assert read_sheet(YAML * 1000 + "<div>" * 20_000 + "\n\n" + text).answers == KEPT


pieces = st.sampled_from(
    [
        BLOCK,
        HEAD,
        "| h1 | 2 |\n",
        "|",
        "\\",
        "```",
        "~~~\n",
        "\n",
        "`",
        "**",
        "quantity,answer\n",
        "&",
        "\ufeff",
        "'",
        '"',
        "sg",
        "é",
    ]
)


@given(st.lists(pieces))
def test_any_text_is_read_or_refused_in_one_line(parts):
    try:
        sheet = read_sheet("".join(parts))
    except SheetError as error:
        sheet, message = None, str(error)
    if sheet:
        assert {line.name for line in sheet.lines if line.quantity} <= {"h₁"}
    else:
        assert "\n" not in message


def test_only_so_much_of_a_file_is_read(tmp_path):
    huge = tmp_path / "huge.md"
    with huge.open("wb") as file:
        file.truncate(50_000_000)
    start = time.process_time()
    with pytest.raises(SheetError, match="at most 1,000,000 characters"):
        sheet_text(huge)
    assert time.process_time() - start < 4


@pytest.mark.parametrize(("content", "message"), [
    (b"\x89PNG\r\n\x1a\n\0\0\0", "it is a picture"),
    (b"\0\0\0\0", "binary file"),
    (b"\xff\xfe\x00\xd8", "a sheet is a text"),
    (b"\xe9\x01\x02", "byte 0 is 0xe9"),
], ids=["png", "zeros", "utf-16", "controls"])  # fmt: skip
def test_a_file_that_is_no_text_is_one_line(content, message, tmp_path):
    (tmp_path / "sheet.md").write_bytes(content)
    with pytest.raises(SheetError, match=message):
        sheet_text(tmp_path / "sheet.md")


def test_a_path_that_is_no_file_is_one_line(tmp_path):
    with pytest.raises(SheetError, match="is not there"):
        sheet_text(tmp_path / "none.md")
    with pytest.raises(SheetError, match="is no file"):
        sheet_text(tmp_path)
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(SheetError, match="is no file"):
        sheet_text(tmp_path / "pipe.md")
    with pytest.raises(SheetError):
        sheet_text("a\0b")


# Saving


def test_what_is_there_is_not_replaced_without_force(tmp_path):
    path = tmp_path / "sheet.md"
    assert save_all_new([(path, "ŷ")]) == [path]
    with pytest.raises(SheetError, match=r"sheet\.md is there and may hold .* --force"):
        save_all_new([(path, "other")])
    assert path.read_text(encoding="utf-8") == "ŷ"
    save_all_new([(path, "other")], force=True)
    assert path.read_text() == "other"
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.md"]


def test_sheet_and_key_are_written_together_or_not_at_all(tmp_path):
    (tmp_path / "key.md").write_text("mine")
    files = [(tmp_path / "sheet.md", "a"), (tmp_path / "key.md", "b")]
    with pytest.raises(SheetError, match=r"key\.md is there"):
        save_all_new(files)
    assert [file.name for file in tmp_path.iterdir()] == ["key.md"]
    (tmp_path / "loose.md").symlink_to("nowhere")
    with pytest.raises(SheetError):
        save_all_new([(tmp_path / "loose.md", "a")])
    with pytest.raises(FileError, match="cannot write"):
        save_all_new([(tmp_path / "none" / "sheet.md", "a")])


# Variants


@table
def test_variants_are_other_short_numbers_in_the_same_program(text):
    made = variants(text, 4, seed=7)
    given = program(text)
    assert len({*made, text}) == 5
    for variant in map(program, made):
        assert list(variant) == list(given)
        assert [variant[name].op for name in variant] == [given[name].op for name in given]
        inputs = [abs(variant[name].data) for name in variant.inputs]
        assert len(set(inputs)) == len(inputs)
        for name in variant.inputs:
            if text is not CROSS_ENTROPY or name != "y":
                assert abs(variant[name].data) not in (0, 1, abs(given[name].data))


@table
def test_variants_depend_on_the_seed_alone(text):
    assert variants(text, 3, seed=1) == variants(text, 5, seed=1)[:3]
    assert variants(text, 3, seed=1) != variants(text, 3, seed=2)
    assert variants(text, 0, seed=1) == []


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("lecture", LECTURES, ids=[lecture.name for lecture in LECTURES])
def test_mistakes_can_be_told_apart_in_variants_of_the_lecture(lecture, seed):
    (text,) = variants(lecture.text, 1, seed)
    made = program(text)
    loss = made.output
    loss.backward()
    assert abs(made["x"].data) not in (2, Fraction(1, 2))
    weights = [abs(made[name].grad) for name in made.inputs if name.startswith("w")]
    assert made["h1"].data or made["h2"].data  # not both gates are shut
    alive = [weight for weight in weights if weight]
    assert len(set(alive)) == len(alive)
    factors = [made["yhat"].grad, made["w4"].data, made["x"].data]
    lost = {made["yhat"].grad / 2 * factors[1] * factors[2], factors[0] * factors[1]}
    assert len(lost) == 2  # a lost power-rule 2 is not a lost x
    assert "#" not in text  # what is said there is of the old numbers


def test_a_label_stays_what_it_is():
    for text in variants(CROSS_ENTROPY, 5, seed=3):
        assert program(text)["y"].data == 1


def test_numbers_keep_their_form():
    text = "n = 12; a = -0.25; b = ~1.5; c = 2/3; d = 1e-3\nloss = n*a + b*c + d*a"
    for variant in variants(text, 6, seed=4):
        values = program(variant)
        assert values["n"].data.denominator == 1
        assert (100 * values["a"].data).denominator == 1
        assert isinstance(values["b"].data, float)
        assert values["c"].data.denominator in range(2, 10)
        assert "e-3" in variant


@pytest.mark.parametrize(("text", "count", "message"), [
    ("y = relu(0)", 1, "no inputs"),
    ("x = 2; y = relu(-1 - x^2)", 1, "shut every ReLU"),
    (SMALL, -1, "at least 0"),
    ("x = 2; y = x*z", 1, "z"),
])  # fmt: skip
def test_what_has_no_variants_is_said(text, count, message):
    with pytest.raises(ValueError, match=message):
        variants(text, count, seed=1)


# Planted faults


def test_a_key_with_a_wrong_derivative_is_caught(monkeypatch):
    right = AnswerKey.truth

    def wrong(key, asked):
        return right(key, asked) / (2 if asked[-1].label == "w2" else 1)

    monkeypatch.setattr(AnswerKey, "truth", wrong)
    with pytest.raises(AssertionError):
        test_every_answer_of_the_key_is_accepted(LECTURE)


def test_a_table_that_swaps_its_columns_is_caught(monkeypatch):
    monkeypatch.setattr("scalargrad.sheets.tables._columns", lambda cells: (1, 0))
    with pytest.raises((AssertionError, SheetError)):
        test_tables_are_read_whatever_people_did_to_them(TABLES["as-written"], "\n")


def test_variants_that_do_not_look_for_twos_are_caught(monkeypatch):
    monkeypatch.setattr(variants_module, "_faults", lambda made: 0)
    caught = 0
    for seed in range(8):
        try:
            test_mistakes_can_be_told_apart_in_variants_of_the_lecture(LECTURES[0], seed)
        except AssertionError:
            caught += 1
    assert caught


def test_a_notebook_shows_the_sheet_and_no_answer():
    sheet = worksheet("x = 2; y = x^2")
    assert sheet._repr_markdown_() == sheet.markdown() != sheet.markdown(answers=True)


# How many figures are wanted ----------------------------------------------------------------------

ROOT_OF_TWO = "```sg\nx = 2\ny = x^0.5\n```\n" + HEAD + "| y | {} |"


@pytest.mark.parametrize(
    ("prose", "written", "verdict"),
    [
        ("Give numbers to 3 significant figures.", "1.41", "right"),
        ("Give numbers to 3 significant figures.", "1.4", "right, too few figures"),
        ("Write y to 2 figures.", "1.4", "right"),
        ("Write y to 2 figures.", "≈ 1.4", "right"),
        ("Write y to 5 figures.", "1.414", "right, too few figures"),
        ("Write y to 1 figure.", "7", "wrong"),
        ("Figures to 3 pages.", "1.4", "right"),
    ],
)
def test_a_sheet_says_how_many_figures_it_wants(prose, written, verdict):
    sheet = read_sheet(f"{prose}\n{ROOT_OF_TWO.format(written)}")
    key = key_of(sheet.program, sheet.slopes, sheet.precision)
    (line,) = marked(key, sheet.rows).lines
    assert line.verdict == verdict


def test_the_command_asks_for_figures(run_in, tmp_path):
    assert run_in(tmp_path, "worksheet", "x = 2; y = x^0.5", "-o", "a.md", "--figures", "3") == 0
    assert read_sheet((tmp_path / "a.md").read_text(encoding="utf-8")).precision.figures == 3


@pytest.fixture
def run_in(monkeypatch):
    def run(folder, *arguments):
        monkeypatch.chdir(folder)
        return main(list(arguments))

    return run


def test_a_sheet_may_carry_its_graph_to_be_filled_in_by_hand():
    sheet = worksheet(LECTURE, picture=True)
    image = re.search(r"!\[(.*)\]\(data:image/svg\+xml;base64,(.*)\)", sheet.markdown())
    drawn = base64.b64decode(image[2]).decode()
    assert drawn.startswith("<?xml")
    said = re.search(r"<desc>(.*)</desc>", drawn, re.DOTALL)[1]
    assert "ŷ" in said
    assert not re.search(r"\d\.\d|value|gradient", said)
    again = read_sheet(sheet.markdown())
    assert (again.prose, again.rows) == (sheet.prose, sheet.rows)
    assert sheet.slopes == {}
    assert "data:image" not in worksheet(LECTURE).markdown()


def test_a_sheet_is_printed_as_a_page_of_html():
    sheet = worksheet("a = 2; b = 3; c = a b", picture=True)
    sheet = replace(sheet, prose=f"{sheet.prose}\n\nIs 1 < 2 & 3?")
    empty, key = sheet.html(), sheet.html(answers=True)
    cells = re.findall(r"<td>(.*?)</td>", key)
    assert cells == [cell for row in sheet.key for cell in row]
    assert re.findall(r"<td>(.*?)</td>", empty)[1::2] == [""] * len(sheet.key)
    for page in (empty, key):
        assert page.count("<h1>Worksheet</h1>") == page.count('<img alt="The graph') == 1
        assert "<p>Is 1 &lt; 2 &amp; 3?</p>" in page
        assert not re.search(r'(?:src|href)="(?!data:)', page)


def spoken(printed):
    """What the pages of a PDF say in words; they are of A4."""
    reader = peer("pypdf").PdfReader(io.BytesIO(printed))
    assert {tuple(map(round, page.mediabox[2:])) for page in reader.pages} == {(595, 842)}
    tree = reader.trailer["/Root"]["/StructTreeRoot"]["/K"]
    return "\n".join(figure.get_object()["/Alt"] for figure in tree)


def test_a_sheet_is_printed_on_pages_with_room_for_the_answers():
    sheet = worksheet(LECTURE, picture=True).with_id(7)
    empty, key = spoken(sheet.pdf()), spoken(sheet.pdf(answers=True))
    for name, right in sheet.key:
        assert f"{name}\n{'_' * 24}" in empty
        assert f"{name}\n{right}" in key
    assert sheet.id in empty
    assert "h2 = relu(w2" in empty


def test_what_lines_are_worth_is_printed():
    sheet = worksheet("a = 2; b = 3; c = a b")
    worth = replace(sheet, lines=tuple(replace(line, points=2.0) for line in sheet.lines))
    assert "<th>points</th>" in worth.html()
    assert "points" not in spoken(sheet.pdf())
    assert f"quantity\nanswer\npoints\nc\n{'_' * 24}\n2\n" in spoken(worth.pdf())


def test_letters_that_no_font_has_are_named_where_a_sheet_is_printed():
    code = (
        "from dataclasses import replace\n"
        "from scalargrad import worksheet\n"
        "from scalargrad.view.glyphs import system\n"
        "system.folders = list\n"
        "replace(worksheet('a = 2; b = a^2'), prose='入力').pdf()\n"
    )
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", code], capture_output=True,
                          encoding="utf-8", check=True, timeout=60)  # fmt: skip
    assert "no font of this machine has 入 力: a .pdf shows boxes" in done.stderr
