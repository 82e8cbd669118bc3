import os
import subprocess
import sys
from dataclasses import replace

import pytest

from scalargrad.sheets.worksheet import worksheet

SHEET = worksheet("x = 2; w = 0.8; h = w*x; loss = (h - 1)^2", ask="path:w")
RIGHT = ("1.2", "2", "2.4")


def filled(*answers):
    lines = [replace(line, written=written)
             for line, written in zip(SHEET.lines, answers, strict=True)]  # fmt: skip
    return replace(SHEET, lines=tuple(lines)).markdown()


def run(folder, *arguments):
    """The exit code and what pytest prints of a folder, with our plugin and no other."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "scalargrad.sheets.plugin", "-p",
         "no:cacheprovider", "-W", "error", "-rs", "--rootdir", folder, *arguments],
        cwd=folder, env=environment, capture_output=True, check=False, text=True,
        encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert not done.stderr
    return done.returncode, done.stdout


def test_each_line_of_a_key_is_a_test(tmp_path):
    slides = tmp_path / "slides"
    slides.mkdir()
    (slides / "deck.sheet.md").write_text(filled(*RIGHT), encoding="utf-8")
    (slides / "notes.md").write_text(filled("9", "9", "9"), encoding="utf-8")
    code, printed = run(tmp_path, "-v", "slides/")
    assert code == 0
    assert "3 passed" in printed
    assert "slides/deck.sheet.md::∂ℓ/∂w PASSED" in printed


def test_a_wrong_line_fails_with_its_line_of_the_report(tmp_path):
    text = filled("1.2", "1", "1.2")
    (tmp_path / "deck.sheet.md").write_text(text, encoding="utf-8")
    code, printed = run(tmp_path)
    assert code == 1
    assert "2 failed, 1 passed" in printed
    place = next(n for n, line in enumerate(text.splitlines(), 1) if "∂h/∂w" in line)
    (line,) = (line for line in printed.splitlines() if "✗ ∂h/∂w" in line)
    assert line.startswith(f"deck.sheet.md:{place}: ✗ ∂h/∂w")
    assert "it is 2" in line
    assert "follows from your own earlier lines" in printed
    assert "Traceback" not in printed


def test_one_line_can_be_run_alone(tmp_path):
    (tmp_path / "deck.sheet.md").write_text(filled("1.2", "1", "2.4"), encoding="utf-8")
    assert run(tmp_path, "deck.sheet.md::∂ℓ/∂h")[0] == 0
    assert run(tmp_path, "deck.sheet.md::∂h/∂w")[0] == 1


def test_a_blank_is_skipped(tmp_path):
    (tmp_path / "deck.sheet.md").write_text(filled("", "2", "2.4"), encoding="utf-8")
    code, printed = run(tmp_path)
    assert code == 0
    assert "2 passed, 1 skipped" in printed
    assert "no answer is given" in printed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("| quantity | answer |\n|---|---|\n| dl/dw | 1 |\n", "the sheet has no program"),
        ("```sg\nw = 2; l = w*w\n```\n", "the sheet has no table"),
        ("```sg\nw = 2; l = w*tnah(w)\n```\n| quantity | answer |\n| w | 1 |\n", "tnah"),
    ],
    ids=["no-program", "no-table", "bad-program"],
)
def test_a_key_that_cannot_be_read_is_an_error_in_one_line(tmp_path, text, said):
    (tmp_path / "deck.sheet.md").write_text(text, encoding="utf-8")
    code, printed = run(tmp_path)
    assert code == 2
    assert any(line.startswith("deck.sheet.md: ") and said in line for line in printed.splitlines())
    assert "Traceback" not in printed


def test_a_quantity_that_is_unknown_or_stands_twice_fails_and_the_others_pass(tmp_path):
    rows = "| nobody | 1 |\n| w | 2 |\n| w | 2 |\n| dl/dw | 4 |\n"
    text = f"```sg\nw = 2; l = w*w\n```\n| quantity | answer |\n{rows}"
    (tmp_path / "deck.sheet.md").write_text(text, encoding="utf-8")
    code, printed = run(tmp_path)
    assert code == 1
    assert "2 failed, 2 passed" in printed
    assert "deck.sheet.md:5: ? nobody  1  no node is named 'nobody'; known are" in printed
    assert "deck.sheet.md:7: – w       2  line 2 answers this; that one counts" in printed


def test_a_deck_may_state_a_convention(tmp_path):
    text = "{}\n```sg\nw = 0; l = relu(w)\n```\n| quantity | answer |\n| dl/dw | 1 |\n"
    for prose, code in (("relu'(0) = 0", 1), ("relu'(0) = 1", 0), ("", 0)):
        (tmp_path / "deck.sheet.md").write_text(text.format(prose), encoding="utf-8")
        assert run(tmp_path)[0] == code


def test_on_a_slide_nothing_is_allowed_for_rounding_on_the_way(tmp_path):
    text = "```sg\nz = 0.7; h = tanh(z); l = (1.7*h - 1)^2\n```\n| quantity | answer |\n"
    rows = "| h | 0.604 |\n| l | {} |\n| dl/dz | 0 |\n"
    (tmp_path / "deck.sheet.md").write_text(text + rows.format("0.000720"), encoding="utf-8")
    code, printed = run(tmp_path)
    assert code == 1
    assert "2 failed, 1 passed" in printed  # 0 for 0.058 is no rounding here
    assert "the true value is about 0.00075214" in printed
    assert "last digit" not in printed


def test_a_binary_file_is_an_error_in_one_line(tmp_path):
    (tmp_path / "deck.sheet.md").write_bytes(b"\xff\xf0\0 quantity")
    code, printed = run(tmp_path)
    assert code == 2
    assert "deck.sheet.md: a sheet is a text" in printed


def test_another_suite_does_not_notice(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "import sys\n\n"
        "def test_mine():\n"
        "    loaded = {m for m in sys.modules if m.startswith('scalargrad')}\n"
        "    assert 'scalargrad.sheets.plugin' in loaded\n"
        "    assert not loaded & {'scalargrad.checking.marking', 'scalargrad.language.reading'}\n"
        "    assert not {'numpy', 'matplotlib'} & set(sys.modules)\n"
    )
    code, printed = run(tmp_path)
    assert code == 0
    assert "1 passed" in printed


def test_a_sheet_of_another_kind_is_left_alone(tmp_path):
    (tmp_path / "wizard.sheet.md").write_text("# Ice\n\n| skill | points |\n|-|-|\n| ice | 3 |\n")
    code, printed = run(tmp_path)
    assert code == 5
    assert "no tests ran" in printed


def test_a_folder_without_keys_has_no_tests(tmp_path):
    assert run(tmp_path)[0] == 5
