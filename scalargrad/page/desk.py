"""What the page asks Python for: a request and its answer are JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from scalargrad.authoring.blocks import block
from scalargrad.errors import ProgramError
from scalargrad.notation.names import typeset
from scalargrad.view.export.html import MILLISECONDS
from scalargrad.view.stepper.stepper import Editing

_MOST_STEPPERS = 20
_editings: dict[str, Editing] = {}


def answer(request: str) -> str:
    """The answer to a request, or {"error": …} with the line of the program where it has one.

    >>> answer('{"do": "asked", "program": "x = 2; y = x^2", "options": "path:x"}')
    '{"quantities": ["∂y/∂x"]}'
    """
    asked = json.loads(request)
    try:
        said = _ANSWERS[asked.pop("do")](**asked)
    except ProgramError as error:
        said = {"error": error.message, "line": error.line, "column": error.column}
    except (ValueError, ArithmeticError, TypeError) as error:
        said = {"error": str(error)}
    return json.dumps(said, ensure_ascii=False)


def _draw(program: str, options: str) -> dict[str, Any]:
    """The picture, as the command line draws it, and the names there are."""
    read = block(program, f"draw {options}")
    (picture,) = read.things
    names = [{"name": name, "text": typeset(name)} for name in read.program()]
    return {"svg": picture.content(".svg").decode(), "words": repr(picture), "names": names}  # type: ignore[union-attr]


def _derive(program: str, options: str) -> dict[str, Any]:
    return {"text": str(block(program, f"derive {options}").things[0])}


def _asked(program: str, options: str) -> dict[str, Any]:
    """The quantities that a worksheet asks for."""
    from scalargrad.sheets.worksheet import worksheet

    return {"quantities": [name for name, _ in worksheet(program, ask=options or "all").rows]}


def _check(program: str, answers: str) -> dict[str, Any]:
    """The report on lines of quantity = number."""
    from scalargrad.checking.marking import check
    from scalargrad.checking.report import mark

    rows = [line.rpartition("=")[::2] for line in answers.splitlines() if line.strip()]
    report = check(program, [(name.strip() or number.strip(), number.strip() if name else "")
                             for name, number in rows])  # fmt: skip
    lines = [{"mark": mark(line), "quantity": line.quantity, "kind": line.kind,
              "message": line.message} for line in report.lines]  # fmt: skip
    return {"lines": lines, "summary": report.summary}


def _steps(key: str, program: str, options: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The stepper of an element, after a request of its reader."""
    if key not in _editings or "index" not in request:
        while len(_editings) >= _MOST_STEPPERS:
            del _editings[next(iter(_editings))]
        _editings[key] = Editing(block(program, f"step {options}").things[0])  # type: ignore[arg-type]
    return {**_editings[key].reply(request), "milliseconds": MILLISECONDS}


def _file(program: str, options: str, suffix: str) -> dict[str, Any]:
    """The bytes of a file."""
    if suffix == ".element":
        return {"base64": base64.b64encode(element(program, options).encode()).decode()}
    (picture,) = block(program, f"draw {options}").things
    return {"base64": base64.b64encode(picture.content(suffix)).decode()}  # type: ignore[union-attr]


def element(program: str, options: str) -> str:
    """The steps as an element for a page or a slide, which shows them before Python has started."""
    first = _steps("", program, options, {})
    del _editings[""]
    figures = first.pop("figures")
    data = json.dumps(first, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<scalargrad-steps program="{escape(program)}" options="{escape(options)}">\n'
        f'{figures}\n<script type="application/json">{data}</script>\n</scalargrad-steps>\n'
    )


_ANSWERS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "draw": _draw, "derive": _derive, "asked": _asked, "check": _check, "steps": _steps,
    "file": _file,
}  # fmt: skip
