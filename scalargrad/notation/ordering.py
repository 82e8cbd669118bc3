"""The order in which a formula's names stand: as they were typed, functions behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scalargrad.notation.formula import MOST, Formula, has_minus, names_in


def ordered(written: Formula, names: Iterable[str]) -> Formula:
    """The formula with the names in its products, and its like terms, in a given order.

    Args:
        written: a derivative, whose factors and terms stand as the chain rule gave them.
        names: in the order in which they were typed; other names go in front.

    >>> from scalargrad.notation.formula import name
    >>> x, w = name("x"), name("w")
    >>> str(ordered(2 * x * w, ["w", "x"])), str(ordered((x + w) * x, ["w", "x"]))
    ('2w x', '(w + x)x')
    """
    place = {label: number for number, label in enumerate(names)}

    def sorted_in(part: Formula) -> Formula:
        parts = part.mapped(sorted_in).parts
        if part.head == "*":
            parts = _sorted_factors(parts, place)
        if part.head == "+" and len(set(map(_kind_of_term, parts))) == 1:
            parts = tuple(sorted(parts, key=lambda term: _places(term, place)))
        return Formula(part.head, parts)

    return sorted_in(written)


def _sorted_factors(parts: tuple[Formula, ...], place: Mapping[str, int]) -> tuple[Formula, ...]:
    """Names in their order, Greek ones first; functions and powers such as xⁿ behind them.

    The node's own name, as in h(1 − h)x, stands in front, but not before a name: x f, never f x.
    """
    movable = [slot for slot, factor in enumerate(parts) if _kind(factor)]
    own = -1 if len(movable) < len(parts) - (parts[0].head == "number") else len(place)

    def rank(factor: Formula) -> tuple[int, int]:
        label = _base(factor).parts[0] if _kind(factor) == 1 else ""
        is_greek = len(label) == 1 and "α" <= label <= "ω"
        return _kind(factor), -2 if is_greek else place.get(label, own)

    chosen = sorted((parts[slot] for slot in movable), key=rank)
    moved = dict(zip(movable, chosen, strict=True))
    return tuple(moved.get(slot, factor) for slot, factor in enumerate(parts))


def _kind_of_term(term: Formula) -> tuple[int, bool, bool]:
    return term.size, has_minus(term), term.head == "number"


def _base(factor: Formula) -> Formula:
    return factor.parts[0] if factor.head == "^" else factor


def _kind(factor: Formula) -> int:
    """1 for a name and its powers, 2 for a function and a power with a name on high, else 0."""
    if factor.head == "^" and factor.parts[1].head != "number":
        return 2
    return {"name": 1, "call": 2}.get(_base(factor).head, 0)


def _places(term: Formula, place: Mapping[str, int]) -> list[int]:
    return sorted(place.get(label, -1) for label in names_in(term, MOST))
