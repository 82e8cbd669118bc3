"""The targets of the benchmark, over few sheets, and that faults which are planted miss them."""

import random

import credit
import fresh
import pytest
import students

from scalargrad.checking import diagnosis, marking
from scalargrad.checking.slips import SLIPS

pytestmark = pytest.mark.slow  # a benchmark is no part of a quick run


@pytest.fixture(autouse=True)
def few_nets(monkeypatch):
    monkeypatch.setattr(credit, "NETS", (credit.NETS[0], credit.NETS[3], credit.NETS[10]))
    monkeypatch.setattr(credit, "NUMBERS", ("0", "0.00", "1", "0.5"))


def are_met(results):
    """Whether all bounds hold, but for that of the mean over all nets."""
    return all(result.is_met for result in results if "mean over" not in result.text)


def test_sheets_without_work_score_what_is_right_by_chance():
    assert are_met(credit.idle(1))


def test_credit_for_all_that_follows_is_caught(monkeypatch):
    def settle(sheet, asked):
        for answer in sheet.answers.values():
            verdict = answer.verdict
            follows = verdict.startswith(marking.FOLLOWS)
            answer.credit = marking._CREDIT.get(marking.FOLLOWS if follows else verdict, 0)

    monkeypatch.setattr(marking._Sheet, "settle", settle)
    assert not are_met(credit.idle(1))


def test_credit_for_mistaken_noughts_and_ones_is_caught(monkeypatch):
    monkeypatch.setattr(marking, "_TRIVIAL", ())
    assert not are_met(credit.idle(1))


def test_honest_sheets_keep_their_marks():
    assert are_met(credit.honest(20, 1))


def test_marks_without_follow_through_are_caught(monkeypatch):
    monkeypatch.setitem(marking._CREDIT, marking.FOLLOWS, 0)
    mistakes, _ = credit.honest(20, 1)
    assert not mistakes.is_met


def test_no_wrong_sign_is_right():
    assert are_met(credit.signs(20, 1))


def test_wrong_signs_that_are_right_are_caught(monkeypatch):
    reaches = marking._reaches
    monkeypatch.setattr(
        marking, "_reaches", lambda middle, *rest: reaches(middle, *rest) or reaches(-middle, *rest)
    )
    monkeypatch.setattr(marking._Sheet, "_by_figures", lambda *_: marking.RIGHT)
    assert not are_met(credit.signs(20, 1))


def test_most_fresh_slips_are_named_and_without_recipes_they_are_not(monkeypatch):
    monkeypatch.undo()
    assert are_met(fresh.fresh(30, 3))
    rest = tuple(slip for slip in SLIPS if slip.name)
    monkeypatch.setattr(diagnosis, "SLIPS", rest)
    share, *_ = fresh.fresh(30, 3)
    assert not share.is_met


def test_the_benchmark_names_mistakes_and_does_not_without_their_recipes(monkeypatch):
    tellable, unnamed, _, _ = students.named(20, random.Random(6))
    assert len(unnamed) <= 0.1 * tellable
    rest = tuple(slip for slip in SLIPS if slip.name != students.POINT)
    monkeypatch.setattr(diagnosis, "SLIPS", rest)
    tellable, unnamed, _, _ = students.named(20, random.Random(6))
    assert len(unnamed) > 0.1 * tellable


@pytest.mark.parametrize("is_met", [True, False])
def test_the_benchmark_fails_where_a_bound_is_missed(monkeypatch, capsys, is_met):
    rows = [students.Result("(a)", True, []), students.Result("(b)", is_met, ["this one"])]
    monkeypatch.setattr(students, "results", lambda share, seed: iter(rows))
    monkeypatch.setattr("sys.argv", ["students.py", "--quick"])
    assert students.main() == (not is_met)
    assert ("MISSED (b)" in capsys.readouterr().out) == (not is_met)


@pytest.mark.parametrize("number", ["1", "1.0", "1.00"])
def test_one_number_on_every_line_of_a_recurrent_net_earns_its_right_lines(monkeypatch, number):
    monkeypatch.undo()
    net = credit.Net(credit.NETS[6])
    written = dict.fromkeys(net.truth, number)
    assert net.score(written)[0] <= net.share_right(written) + 0.03
