"""The numbers on the slides as claim files: worksheets that are filled in with what is stated.

The pytest plugin checks the same files; here a claim is checked by itself, with nothing allowed for
rounding in earlier lines.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib.resources import files

from scalargrad.checking.answer_key import AnswerKey, key_of
from scalargrad.checking.marking import mark
from scalargrad.checking.report import RIGHT, TOO_FEW
from scalargrad.lectures.statements import HOLDS, WRONG, Claim, Row, number
from scalargrad.sheets.worksheet import read_sheet

_SUFFIX = ".sheet.md"  # the pytest plugin's


def claim_files() -> dict[str, str]:
    """The texts of the claim files, by name."""
    found = [file for file in files(__package__).iterdir() if file.name.endswith(_SUFFIX)]
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted(found, key=lambda file: file.name)
    }


def checked(text: str) -> list[Claim]:
    r"""The claims of a file, each with its verdict; of a wrong one it is said why.

    Raises:
        SheetError: for what is no filled-in worksheet.

    >>> sheet = "```sg\nw = 3; l = w^2\n```\n| quantity | answer |\n| dl/dw | 5 |"
    >>> print(*checked(sheet))
    ✗ ∂l/∂w = 5  wrong: you wrote 5, it is 6 (= 2w). ...
    """
    sheet = read_sheet(text)
    key = key_of(sheet.program, sheet.slopes, sheet.precision)
    return [_checked(key, *row) for row in sheet.rows]


def _checked(key: AnswerKey, asked: str, written: str) -> Claim:
    (line,) = mark(key, [(asked, written)], strict=True).lines
    if line.verdict not in (RIGHT, TOO_FEW):
        return Claim(asked, written, line.message.removeprefix(f"{asked}: "), WRONG)
    assert line.exact is not None
    claim = number(asked, written, line.exact)
    return claim if claim.is_met else replace(claim, computed="at a kink", verdict=HOLDS)


ROWS = tuple([
    Row(name, partial(checked, text), text.partition("\n")[0].lstrip("# "))
    for name, text in claim_files().items()
])  # fmt: skip
