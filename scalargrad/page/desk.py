"""What the page asks Python for: a request and its answer are JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from scalargrad.authoring.blocks import block
from scalargrad.errors import ProgramError
from scalargrad.notation.names import typeset
from scalargrad.view.export.html import MILLISECONDS
from scalargrad.view.stepper.stepper import Editing

if TYPE_CHECKING:
    from scalargrad.sheets.worksheet import Sheet


class Desk:
    """Answers the requests of a page: each but `answer` is one, an argument a part of it."""

    def __init__(self) -> None:
        self._editing = lru_cache(maxsize=20)(_editing)  # of each element, by its key

    def answer(self, request: str) -> str:
        r"""The answer to a request, or {"error": …} with its line of the program if it has one.

        >>> Desk().answer('{"do": "derive", "program": "x = 2; y = x^2", "options": "--wrt x"}')
        '{"text": "∂y/∂x = 2x\\n      = 4"}'
        """
        asked = json.loads(request)
        try:
            said = getattr(self, asked.pop("do"))(**asked)
        except ProgramError as error:
            said = {"error": error.message, "line": error.line, "column": error.column}
        except (ValueError, ArithmeticError, TypeError) as error:
            said = {"error": str(error)}
        return json.dumps(said, ensure_ascii=False)

    def draw(self, program: str, options: str) -> dict[str, Any]:
        """The picture, as the command line draws it, and the names there are."""
        read = block(program, f"draw {options}")
        svg = _bytes(read.things[0], ".svg").decode()
        names = [{"name": name, "text": typeset(name)} for name in read.program()]
        return {"svg": svg, "words": repr(read.things[0]), "names": names}

    def derive(self, program: str, options: str) -> dict[str, Any]:
        """The chain rule."""
        return {"text": str(block(program, f"derive {options}").things[0])}

    def sheet(self, program: str, ask: str, answers: Mapping[str, str]) -> dict[str, Any]:
        """A worksheet with answers, marked: each line with what is said of it."""
        from scalargrad.checking.marking import check
        from scalargrad.checking.report import BLANK, mark

        sheet = _filled(program, ask, answers)
        report = check(sheet.program, sheet.answers)
        lines = [
            {"quantity": line.quantity, "written": line.written, "mark": mark(line),
             "message": "" if line.verdict == BLANK else line.message}
            for line in report.lines
        ]  # fmt: skip
        return {"lines": lines, "summary": report.summary}

    def steps(
        self, key: str, program: str, options: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The stepper of an element, after a request of its reader."""
        editing = self._editing(key, program, options)
        return {**editing.reply(request), "milliseconds": MILLISECONDS}

    def file(
        self, program: str, options: str, name: str, ask: str, answers: Mapping[str, str]
    ) -> dict[str, Any]:
        """The bytes of a file that is called so."""
        if name.endswith(".element.html"):
            content = element(program, options).encode()
        elif name.endswith(".sheet.md"):
            content = _filled(program, ask, answers).markdown().encode()
        else:
            suffix = name[name.index(".") :]
            frames = " --frames" if suffix == ".html" else ""
            content = _bytes(block(program, f"draw {options}{frames}").things[0], suffix)
        return {"base64": base64.b64encode(content).decode()}


def element(program: str, options: str) -> str:
    """The steps as an element for a page or a slide, which shows them before Python has started."""
    first = Desk().steps("", program, options, {})
    figures = first.pop("figures")
    data = json.dumps(first, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<scalargrad-steps program="{escape(program)}" options="{escape(options)}">\n'
        f'{figures}\n<script type="application/json">{data}</script>\n</scalargrad-steps>\n'
    )


def _bytes(picture: Any, suffix: str) -> bytes:
    content: bytes = picture.content(suffix)
    return content


def _editing(key: str, program: str, options: str) -> Editing:
    return Editing(block(program, f"step {options}").things[0])  # type: ignore[arg-type]


def _filled(program: str, ask: str, answers: Mapping[str, str]) -> Sheet:
    """A worksheet with its answers, and a line more for each other quantity that is answered."""
    from scalargrad.checking.quantities import quantity, resolved, shown
    from scalargrad.sheets.worksheet import quantities_of, worksheet

    sheet = worksheet(program, ask=ask)
    names, is_quantity = tuple(sheet.program), quantities_of(sheet.program)
    lines = {line.name: line for line in sheet.lines}
    for spelled, written in answers.items():
        if is_quantity(spelled):
            asked = resolved(quantity(spelled, names), sheet.program.output.label)
            line = lines.get(shown(asked), replace(sheet.lines[0], quantity=asked))
            lines[shown(asked)] = replace(line, written=written)
    return replace(sheet, lines=tuple(lines.values()))
