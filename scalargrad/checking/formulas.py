"""Answers that are a formula, as 2(ŷ − y)·w₄·x, compared to the quantity at other numbers."""

from __future__ import annotations

import contextlib
import math
import random
import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from scalargrad.checking.answer_key import AnswerKey
from scalargrad.checking.quantities import canonical_label
from scalargrad.checking.reading import MOST_CHARACTERS, bare
from scalargrad.checking.recomputing import FAILURES, Key, Recomputation
from scalargrad.engine.scalars import Scalar, to_float
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError
from scalargrad.language.reading import program
from scalargrad.notation.names import canonical

_POINTS = 4
_MOST_POINTS = 12  # tried, for some may lie outside a domain
_CLOSE = 1e-9  # relative
_WORD = re.compile(r"\\(?:hat|bar|tilde)\s*\{[^{}]*\}(?:_(?:\{\w+\}|\w))?|[^\W\d]\w*\u0302?")
_TOWER = re.compile(r"(?:\^|\*\*)[^*/+]*\^|(?:\^|\*\*)\s*[({]?\s*-?[0-9]{3}")  # it might never end

Judgement = Literal["right formula", "formula with numbers", "another formula"]


def judged(key: AnswerKey, asked: Key, text: str) -> Judgement | None:
    """What a text is as a formula of a quantity; None where it is no formula of the nodes.

    Both are worked out at random numbers near those of the program. Where they agree only at the
    numbers of the program itself, some of these stand in the formula. A node does not explain
    itself.

    >>> from scalargrad.checking.answer_key import key_of
    >>> key = key_of("x = 2; y = 1; w = 0.8; h = w*x; loss = (h - y)^2")
    >>> loss, w, h = (key.names[name] for name in ("loss", "w", "h"))
    >>> judged(key, (loss, w), "2(h - y) w"), judged(key, (loss, w), "2(w x - y) x")
    ('another formula', 'right formula')
    >>> judged(key, (loss, w), "2(w x - 1) x"), judged(key, (h,), "h")
    ('formula with numbers', None)
    """
    if len(text) > MOST_CHARACTERS or _TOWER.search(text):
        return None
    plain = unicodedata.normalize("NFC", text)
    plain = plain.strip("$ ") if "\\" in plain else bare(plain)[0]
    written = plain.strip(" =").rpartition("=")[2].strip()
    nodes = _nodes(key, written)
    if not nodes or (len(asked) == 1 and any(_hangs_on(key, n, asked[0]) for n in nodes.values())):
        return None
    draw = random.Random(written)
    there = _agrees(key, asked, written, nodes, {})
    elsewhere: list[bool] = []
    for _ in range(_MOST_POINTS):
        moved = {(node,): _moved(node.data, draw) for node in key.outline.place if not node.parents}
        agrees = _agrees(key, asked, written, nodes, moved)
        elsewhere += [] if agrees is None else [agrees]
        if False in elsewhere or len(elsewhere) == _POINTS:
            break
    if there is None or not elsewhere:
        return None
    if all(elsewhere):
        return "right formula"
    return "formula with numbers" if there else "another formula"


def _agrees(
    key: AnswerKey, asked: Key, written: str, nodes: Mapping[str, Value], own: Mapping[Key, Scalar]
) -> bool | None:
    """Whether a formula gives the quantity at some numbers; None where there is nothing to tell."""
    first = Recomputation(key.outline, own, in_floats=True)
    try:
        right = to_float(first.quantity(asked))
        inputs = {name: to_float(first.value(node)) for name, node in nodes.items()}
        number = program(f"formula_of_the_line = {written}", inputs).output.data
        off = abs(to_float(number) - right)
    except (*FAILURES, AttributeError, DomainError):
        return None
    return off <= _CLOSE * abs(right) if math.isfinite(off) else None


def _nodes(key: AnswerKey, written: str) -> dict[str, Value]:
    """The nodes that a text names."""
    by_label = {canonical_label(node): node for node in key.outline.place}
    names: dict[str, Value] = {}
    for word in _WORD.findall(written):
        with contextlib.suppress(ValueError):
            name = canonical(word)
            names |= {name: by_label[name]} if name in by_label else {}
    return names


def _hangs_on(key: AnswerKey, node: Value, other: Value) -> bool:
    return node is other or key.outline.depends(node, other)


def _moved(number: Scalar, draw: random.Random) -> float:
    return (to_float(number) or 0.5) * draw.uniform(0.75, 1.25)
