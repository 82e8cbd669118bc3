"""A stepper in a notebook with a kernel: the anywidget that shows what a function replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from scalargrad.view.export.html import MILLISECONDS, STEPPING, controls

_HERE = Path(__file__)

Reply = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Live(anywidget.AnyWidget):
    """Figures to step through, and inputs to edit.

    Args:
        reply: what is to be shown after a request of the reader, which is {"index": 2, "text":
            "0.9"} for an input, and {} for the first figures again: `figures`, `fields`.
    """

    _esm = STEPPING + _HERE.with_suffix(".js").read_text(encoding="utf-8")
    _css = _HERE.with_suffix(".css").read_text(encoding="utf-8")

    figures = traitlets.Unicode().tag(sync=True)
    controls = traitlets.Unicode(controls(1)).tag(sync=True)
    fields: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    milliseconds = traitlets.Int(MILLISECONDS).tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)

    def __init__(self, reply: Reply) -> None:
        super().__init__(**reply({}))
        self._reply = reply
        self.on_msg(self._answer)

    def _answer(self, widget: Live, request: Any, buffers: Any) -> None:
        """Show what a request of the page leads to, in one message."""
        with self.hold_sync():
            for name, shown in self._reply(request).items():
                setattr(self, name, shown)
            self.answered += 1
