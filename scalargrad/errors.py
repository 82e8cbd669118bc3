"""The exceptions of scalargrad: each subclasses the nearest builtin."""

from __future__ import annotations

from scalargrad.notation.words import printable

_EXCERPT = 70


class DomainError(ValueError):
    """An operation was asked for a value outside its domain, as in log(-1) or 1/0."""


class ProgramError(ValueError):
    """A program text that cannot be read: the message, the line, and a caret under the place.

    Args:
        message: what was found and what would do, in one line.
        text: the whole program.
        position: index into `text` of the character at fault (0 ≤ position ≤ len(text)).
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(located(message, text, position))
        self.message = message
        self.line, self.column = _line_and_column(text, position)


class GradientMismatch(AssertionError):
    """A gradient worked out by hand, or a derivative in the table, is not the true one."""


class CompilerError(RuntimeError):
    """A program that cannot be compiled here: no compiler, or one that fails."""


class DrawingError(ValueError):
    """A picture that cannot be made as asked."""


class FileError(OSError):
    """A file or folder that cannot be written."""


def located(message: str, text: str, position: int) -> str:
    r"""The message with its line and column, the source line, and a caret under the place.

    >>> print(located("unknown function 'tnah'", "y = tnah(x)", 4))
    line 1, column 5: unknown function 'tnah'
    y = tnah(x)
        ^
    """
    line, column = _line_and_column(text, position)
    start = position - (column - 1)
    end = text.find("\n", position)
    first = max(start, position - _EXCERPT // 2)
    last = min(len(text) if end < 0 else end, first + _EXCERPT)
    excerpt = printable(text[first:last], 0)
    cut_left = "…" if first > start else ""
    caret = " " * (position - first + len(cut_left)) + "^"
    return f"line {line}, column {column}: {message}\n{cut_left}{excerpt}\n{caret}"


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    before = text.rfind("\n", 0, position) + 1
    return text.count("\n", 0, position) + 1, position - before + 1
