"""Refinements as text, as in .hide(y).titled("…"): read here, never evaluated."""

from __future__ import annotations

import inspect
import re
from typing import Any

from scalargrad.errors import DrawingError
from scalargrad.notation.words import did_you_mean, printable
from scalargrad.view.drawing import Drawing
from scalargrad.view.picture import Frames, Picture

_NO_REFINEMENTS = ("save", "content", "compare")
_OPEN = re.compile(r"\s*\.\s*([A-Za-z]\w*)\s*\(\s*")
_KEYWORD = re.compile(r"([A-Za-z_]\w*)\s*=\s*")
_TEXT = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|“([^”]*)”|‘([^’]*)’", re.DOTALL)
_BARE = re.compile(r"[^\s,()\"'“‘]+(?: +[^\s,()\"'“‘]+)*")
_END = re.compile(r"\s*([,)])\s*")
_WORDS = {"true": True, "yes": True, "false": False, "no": False, "none": None}


def refined(picture: Drawing, written: str) -> Picture | Frames:
    """What becomes of a drawing by refinements, one behind the other.

    Names and numbers need no quotes; `frames` is a refinement too, and what follows it is one of
    Frames.

    Raises:
        DrawingError: for what is none, or what a refinement does not take.

    >>> from scalargrad import Value, draw
    >>> x = Value(2, "x")
    >>> refined(draw((x * x).named("y")), '.show(names).rename(y, "the area")')
    x
    the area = mul(x, x)
    """
    made: Any = picture
    place = 0
    text = written.strip()
    while place < len(text):
        opened = _OPEN.match(text, place)
        if not opened:
            raise _wrong(text, place, 'refinements are written like .hide(y).titled("…")')
        arguments, keywords, place = _arguments(text, opened.end())
        made = _applied(made, opened[1], arguments, keywords)
    return made  # type: ignore[no-any-return]


def refinements(kind: type) -> list[str]:
    """The names of the methods that give something refined."""
    members = inspect.getmembers(kind, inspect.isfunction)
    return [name for name, _ in members if name[0] != "_" and name not in _NO_REFINEMENTS]


def _applied(made: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    known = refinements(type(made))
    if name not in known:
        what = "frames are" if isinstance(made, Frames) else "a picture is"
        hint = did_you_mean(name, known, likeness=0.5)
        raise DrawingError(f"{what} refined by {', '.join(known)}; got {printable(name)!r}{hint}")
    method = getattr(made, name)
    try:
        inspect.signature(method).bind(*arguments, **keywords)
    except TypeError as error:
        takes = ", ".join(inspect.signature(method).parameters)
        raise DrawingError(f".{name} takes ({takes}): {error}") from None
    try:
        return method(*arguments, **keywords)
    except TypeError as error:
        raise DrawingError(f".{name}: {error}") from None


def _arguments(text: str, place: int) -> tuple[list[Any], dict[str, Any], int]:
    """The arguments from a place on, and where what follows them begins."""
    arguments: list[Any] = []
    keywords: dict[str, Any] = {}
    if text[place : place + 1] == ")":
        return arguments, keywords, place + 1
    while True:
        keyword = _KEYWORD.match(text, place)
        place = keyword.end() if keyword else place
        argument, place = _argument(text, place)
        if keyword:
            keywords[keyword[1]] = argument
        elif keywords:
            raise _wrong(text, place, "what has no name= comes first")
        else:
            arguments.append(argument)
        ended = _END.match(text, place)
        if not ended:
            raise _wrong(text, place, "a comma or a closing parenthesis is missing")
        place = ended.end()
        if ended[1] == ")":
            return arguments, keywords, place


def _argument(text: str, place: int) -> tuple[Any, int]:
    quoted = _TEXT.match(text, place)
    if quoted:
        inside = next(group for group in quoted.groups() if group is not None)
        return re.sub(r"\\(.)", r"\1", inside), quoted.end()
    bare = _BARE.match(text, place)
    if not bare:
        raise _wrong(text, place, "a name, a number or a text in quotes is missing")
    word = bare[0]
    if word.lower() in _WORDS:
        return _WORDS[word.lower()], bare.end()
    number = word.replace("−", "-")
    for kind in (int, float):
        try:
            return kind(number), bare.end()
        except ValueError:
            continue
    return word, bare.end()


def _wrong(text: str, place: int, why: str) -> DrawingError:
    return DrawingError(f"{why}; got {printable(text[place:], 30)!r} in {printable(text)!r}")
