import csv
import io
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalargrad import program
from scalargrad.cells import defused, undefused
from scalargrad.checking.quantities import Quantity
from scalargrad.checking.report import WRONG
from scalargrad.sheets.gradebooks import canvas, moodle
from scalargrad.sheets.grading import Gradebook
from scalargrad.sheets.results import Marked, Result
from scalargrad.sheets.reviewing import items_csv
from scalargrad.sheets.roster import Roster, Student
from scalargrad.sheets.worksheet import Line, Sheet

SMALL = program("w = 2; loss = w*w")

SPACES = ["", " ", "\t", "\r", "\n", "\r\n\t", "\v", "\f", "\xa0", "\u2028", "\u3000"]
UNSEEN = ["\0", "\u200b", "\ufeff", "\u202e", "\xad", "\x1f"]
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"
FORMULAS = ["1+1", "cmd|' /C calc'!A0", "SUM(A1:A9)", 'HYPERLINK("x")', "0.5-2", "x", ""]


@pytest.mark.parametrize("before", SPACES + UNSEEN, ids=ascii)
def test_a_formula_becomes_text_and_is_read_as_it_was_written(before):
    for sign, formula in itertools.product(SIGNS, FORMULAS):
        written = f"{before}{sign}{formula}"
        cell = defused(written)
        assert cell[0] == "'", written
        assert not set(cell) & set("\t\r\n\v\f\u2028")
        assert undefused(cell).split() == written.split()
        assert defused(f"1,5; {written};x").split(";")[1][0] == "'"


@pytest.mark.parametrize(
    "number", ["0", "-0.24", "+1", "-1,5", "-.5", "-2e-3", "-6", "1e400", "-3.", "\t-1 "]
)
def test_a_number_keeps_its_sign(number):
    assert defused(number).strip() == number.strip()


@pytest.mark.parametrize("text", ["-6/25", "-1-1", "--1", "-", "+", "-x", "- 1", "-1 e", "-1,5,6"])
def test_what_is_no_plain_number_is_text_where_it_begins_with_a_sign(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["1=1", "x + y", "a-b", "", "∂ℓ/∂w₂", "it's", "−0.24"])
def test_what_is_no_formula_stays(text):
    assert defused(text) == text


@given(st.text(st.sampled_from("=+-@＝ '\t\n\u200b1,.ex"), max_size=8))
def test_what_is_written_comes_back(text):
    assert undefused(defused(text)).split() == text.split()


@pytest.mark.parametrize("start", ["=", "\t=", "＝", "\ufeff@", "x;=", "\r\n+"])
def test_every_table_that_we_write_goes_through_here(start):
    bad = f"{start}HYPERLINK(1)"
    line = Marked(bad, bad, WRONG, 0.0, f"It looks as if {bad}.")
    result = Result(bad, bad, first_wrong=bad, mistakes=(bad,), student=bad, lines=(line,))
    book = Gradebook((result,)).csv()
    sheet = Sheet(SMALL, (Line(Quantity("value", "loss"), bad),)).csv()
    roster = Roster((Student(bad, bad, bad, bad),))
    tables = {
        book: 6, sheet: 1, roster.csv(): 4, items_csv([result]): 1,
        canvas([result], bad, roster): 3, moodle([result], bad, roster): 5,
    }  # fmt: skip
    for text, number in tables.items():
        rows = list(csv.reader(io.StringIO(text, newline="")))
        cells = [cell for row in rows for cell in row if "HYPERLINK" in cell]
        assert cells.count(defused(bad)) == number
        assert all(cell == defused(cell[1:] if cell[0] == "'" else cell) for cell in cells)
