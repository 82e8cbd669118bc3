import pytest

from scalargrad.notation.words import did_you_mean, listed, nearest, one_line, printable


def test_text_is_cut_and_what_cannot_be_printed_is_a_dot():
    assert printable("a\nb\x00c") == "a·b·c"
    assert printable("x" * 100) == "x" * 39 + "…"
    assert printable("x" * 100, 0) == "x" * 100
    assert printable("a\tb\n", 0, keep="\t") == "a\tb·"
    assert one_line(" a\n  b\u202e ") == "a b·"


@pytest.mark.parametrize("length", range(1, 9))
def test_what_is_cut_is_as_long_as_was_asked(length):
    assert len(printable("abcdefgh", length)) == length


def test_the_nearest_name_is_proposed():
    assert did_you_mean("tnah", ["sin", "tanh"]) == "; did you mean 'tanh'?"
    assert did_you_mean("qqqq", ["sin", "tanh"]) == ""
    assert nearest("w1", ["w12", "x1", "b"], most=2, likeness=0.4) == ["w12", "x1"]


def test_a_name_of_a_million_letters_is_answered_at_once():
    assert did_you_mean("x" * 1_000_000, ["tanh"] * 5000) == ""


def test_a_long_list_says_how_many_there_are():
    assert listed("abcdef") == "a, b, c, d, e, f"
    assert listed("abcdefg") == "a, b, c, d, e, f, … (7)"
