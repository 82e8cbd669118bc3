"""A plugin of pytest: each line of a `*.sheet.md` key is a test, so `pytest slides/` checks a deck.

A claim is right where the truth rounds to it, whatever the lines above it say. The plugin does
nothing where there are no such files, and loads the checker when it meets one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scalargrad.checking.report import Report
    from scalargrad.sheets.worksheet import Sheet

SUFFIX = ".sheet.md"
# A file that has neither a program nor a table of ours is somebody else's: other games have sheets.
_OURS = re.compile(r"^[ >]*(?:(?:`{3,}|~{3,})[ {.]*(?:sg|scalargrad)\b|.*\bquantity\b.*\|)",
                   re.MULTILINE | re.IGNORECASE)  # fmt: skip


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A collector for a key; None for every other file."""
    if not file_path.name.endswith(SUFFIX):
        return None
    found: pytest.Collector = SheetFile.from_parent(parent, path=file_path)
    return found


class SheetFile(pytest.File):
    """A key: its lines are tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each line of the table."""
        from scalargrad.sheets.documents import SheetError, sheet_text

        try:
            text = sheet_text(self.path)
            if not _OURS.search(text):
                return
            self._text = text
            quantities = [name for name, _ in self.sheet.rows]
        except SheetError as error:
            raise self.CollectError(f"{self.path.name}: {error}") from None
        for index, quantity in enumerate(quantities):
            yield SheetLine.from_parent(self, name=quantity, index=index)

    @cached_property
    def sheet(self) -> Sheet:
        """What stands in the file."""
        from scalargrad.sheets.worksheet import read_sheet

        return read_sheet(self._text)

    @cached_property
    def report(self) -> Report:
        """The sheet, marked once for all its lines."""
        from scalargrad.sheets.worksheet import strict_report

        return strict_report(self.sheet)


class SheetLine(pytest.Item):
    """A line of a key: it passes if its answer is right; a blank is skipped."""

    def __init__(self, *, index: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.index = index

    def runtest(self) -> None:
        """Mark the line."""
        from scalargrad.checking.report import BLANK, RIGHT

        report = self._file.report
        verdict = report.lines[self.index].verdict
        if verdict == BLANK:
            pytest.skip("no answer is given")
        if verdict != RIGHT:
            raise WrongLine(report.text.split("\n")[self.index])

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        """The line of the report, with its place."""
        if isinstance(excinfo.value, WrongLine):
            place = self._file.sheet.lines[self.index].place
            return f"{self.path.name}:{place}: {excinfo.value}"
        return super().repr_failure(excinfo, *args)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the line stands, counted from 0, and its quantity."""
        return self.path, self._file.sheet.lines[self.index].place - 1, self.name

    @property
    def _file(self) -> SheetFile:
        assert isinstance(self.parent, SheetFile)
        return self.parent


class WrongLine(AssertionError):
    """A line of a key that is not right."""
