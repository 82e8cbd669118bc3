"""The numbers on the slides as claim files: worksheets that are filled in with what is stated.

The pytest plugin checks the same files; here a claim is checked by itself, with nothing allowed for
rounding in earlier lines.
"""

from __future__ import annotations

from functools import partial
from importlib.resources import files

from scalargrad.checking.marking import AnswerKey, key_of, mark
from scalargrad.checking.quantities import Quantity, shown, truth
from scalargrad.checking.reading import UnreadableNumber
from scalargrad.checking.worksheet import read_sheet
from scalargrad.expression import Program
from scalargrad.lectures.statements import WRONG, Claim, Row, number

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
    key = key_of(sheet.program)
    return [_checked(line.quantity, line.written, sheet.program, key) for line in sheet.lines]


def _checked(asked: Quantity, written: str, made: Program, key: AnswerKey) -> Claim:
    what = shown(asked)
    try:
        claim = number(what, written, truth(asked, made))
    except UnreadableNumber as error:
        return Claim(what, written, str(error), WRONG)
    if claim.verdict != WRONG:
        return claim
    (marked,) = mark(key, {what: written}, at_kinks="convention").lines
    said = marked.message if marked.is_mistake else f"it is {claim.computed}"
    return Claim(what, written, said.removeprefix(f"{what}: "), WRONG)


ROWS = tuple([
    Row(name, partial(checked, text), text.partition("\n")[0].lstrip("# "))
    for name, text in claim_files().items()
])  # fmt: skip
