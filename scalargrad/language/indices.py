"""Indices: the places in x[i] and W[1, 2], and the ranges of sums, as tokens have them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from scalargrad.language.steps import Range
from scalargrad.language.tokens import Token
from scalargrad.notation.names import SUBSCRIPTS, SUPERSCRIPTS, level, parsed

_OVER = "a sum goes over for i = 1..3"
_ELEMENT = "an element is written x[1], W[1, 2] or x[i]"
_PIECE = re.compile(r"([a-z])([-+][0-9]{1,6}+)?|([0-9]{1,6}+)")
_BELOW = re.compile(rf"(?=[a-z])(?:{_PIECE.pattern})++")
_INDEX = re.compile(r"_\{?([a-z](?:,?[a-z])*)(?:=([0-9]{1,9}|[A-Za-z]))?(?:\}|\^|$)")
_END = re.compile(r"\^\{?([0-9]{1,9}|[A-Za-z])(?:\}|_|$)")
_LOWERED, _RAISED = re.compile(rf"[{SUBSCRIPTS}₌]+"), re.compile(rf"[{SUPERSCRIPTS}]+")


def place_of(tokens: Sequence[Token], opening: int) -> tuple[Place, int]:
    """The indices in brackets behind a name, and the place of the closing one.

    An index is a whole number, a name, or a name and a number: [1], [i], [t-1].
    """
    place = opening + 1
    indices: list[tuple[str, int]] = []
    while True:
        token = tokens[place]
        name, shift = "", 0
        if token.kind == "name":
            name, place = token.text, place + 1
            if tokens[place].kind in ("+", "-"):
                sign = -1 if tokens[place].kind == "-" else 1
                shift = sign * _whole(tokens[place + 1], _ELEMENT)
                place += 2
        else:
            shift, place = _whole(token, _ELEMENT), place + 1
            if shift == 0:
                raise token.refused("indices begin at 1: the first element is [1]")
        indices.append((name, shift))
        if tokens[place].kind == ",":
            place += 1
        elif tokens[place].kind != "]":
            raise tokens[place].refused(_ELEMENT)
        elif tokens[place + 1].kind == "[" and not tokens[place + 1].spaced:
            place += 2  # W[1][2]
        else:
            break
    if len(indices) > 2:
        raise tokens[opening].refused("an element has one index or two, as in x[1] and W[1, 2]")
    return tuple(indices), place


def ranges_of(tokens: Sequence[Token], place: int) -> tuple[tuple[Range, ...], int]:
    """The ranges behind for, as in i = 1..3, j = 1..2, and the place of what follows them."""
    ranges = []
    while True:
        name = tokens[place]
        if name.kind != "name":
            raise name.refused(_OVER)
        between = tokens[place + 1]
        is_between = between.kind in ("=", "∈") or between.text == "in"
        if not is_between or place + 5 > len(tokens):
            raise between.refused(_OVER)
        first, to, last = tokens[place + 2 : place + 5]
        if to.kind != ".." and to.text != "to":
            raise first.refused(_OVER)
        ranges.append(Range(name.text, _bound(first), _bound(last), name.position))
        place += 5
        if tokens[place].kind != ",":
            return tuple(ranges), place
        place += 1


def ranges_of_sum(token: Token) -> tuple[Range, ...]:
    r"""The ranges of Σ_{i=1}^{3}, Σᵢ₌₁³, Σ_{i,j} or \sum_i; one without an end goes over all."""
    text = _LOWERED.sub(lambda low: f"_{{{level(low[0]).replace('₌', '=')}}}", token.text)
    text = _RAISED.sub(lambda high: f"^{{{level(high[0])}}}", text).replace(" ", "")
    index, end = _INDEX.search(text), _END.search(text)
    if index is None or (index[2] and not end) or ("^" in text and not end):
        raise token.refused("a sum is written Σ_{i=1}^{3}, or sum(x[i] for i = 1..3)")
    first = _whole_or_name(index[2] or "1")
    last = _whole_or_name(end[1]) if end else None
    return tuple(Range(name, first, last, token.position) for name in index[1].replace(",", ""))


Place = tuple[tuple[str, int], ...]  # of an element: letters, and what is added to each


def elements_among(name: str, indices: Collection[str]) -> list[tuple[str, Place]]:
    """The vectors and places that a name may mean where there are some indices."""
    return [
        (base, place)
        for base, place in (elements(name) if indices else ())
        if all(not letter or letter in indices for letter, _ in place)
    ]


def elements(name: str) -> Iterator[tuple[str, Place]]:
    """The vectors and places that a name may mean in a sum: x_i, W_ij, A_{1j}, h_{t-1}.

    >>> list(elements("h_tminus1")), list(elements("A1_j"))
    ([('h', (('t', -1),))], [('A1', (('j', 0),)), ('A', (('', 1), ('j', 0)))])
    """
    parts = parsed(name) if "_" in name else None
    if parts is None or not _BELOW.fullmatch(parts.below):
        return
    pieces = _PIECE.findall(parts.below)
    place = tuple((letter, int(shift or number or 0)) for letter, shift, number in pieces)
    whole = parts._replace(below="")
    yield whole.plain, place
    if parts.indices:
        before = tuple(("", int(number)) for number in parts.indices)
        yield whole._replace(indices=()).plain, before + place


def _whole_or_name(bound: str) -> int | str:
    return int(bound) if bound.isdigit() else bound


def _bound(token: Token) -> int | str:
    """Where an index begins or ends."""
    if token.kind == "name":
        return token.text
    return _whole(token, "an index goes over whole numbers, as in for i = 1..3")


def _whole(token: Token, message: str) -> int:
    if token.kind == "number" and token.text.isdigit() and len(token.text) < 10:
        return int(token.text)
    raise token.refused(message)
