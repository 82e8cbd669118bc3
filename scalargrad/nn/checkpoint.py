"""States: numbers as JSON can hold them without loss, and checks of what a file holds."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar


def to_json(scalar: Scalar) -> Any:
    """A number as JSON can hold it without loss: floats as numbers, fractions as text.

    Raises:
        TypeError: for lanes, formulas and other scalars that are not one number.
    """
    if not scalars.is_number(scalar):
        raise TypeError(f"only numbers can be written to a state; got {scalars.shown(scalar)}")
    return str(scalar) if scalars.is_exact(scalar) else float(scalar)


def from_json(written: Any, name: str) -> Scalar:
    """The finite number that `to_json` wrote.

    Raises:
        ValueError: for anything else; it is named.
    """
    try:
        number = scalars.scalar(written)
    except TypeError:
        number = math.nan
    if isinstance(written, bool) or not (
        scalars.is_number(number) and math.isfinite(scalars.to_float(number))
    ):
        raise ValueError(f"the state needs a finite number for {name}; got {written!r}")
    return number


def check_state(whose: str, state: Any, **parts: Any) -> None:
    """Raise a ValueError where a state read from a file lacks a part, or has one of another type.

    >>> check_state("a module", {"extra": 3}, extra=list)
    Traceback (most recent call last):
    ValueError: the state of a module has extra (list); got 3 for it
    """
    if not isinstance(state, Mapping):
        got = type(state).__name__
        raise ValueError(f"the state of {whose} is what its state() gave, a dict; got {got}")
    for part, kind in parts.items():
        called = getattr(kind, "__name__", str(kind)).lower()
        wanted = f"the state of {whose} has {part} ({called})"
        if part not in state:
            raise ValueError(f"{wanted}; got one without")
        if not isinstance(state[part], kind):
            raise ValueError(f"{wanted}; got {scalars.shortened(state[part])} for it")


def function_name(function: Callable[..., Any]) -> str:
    """What a loss or a schedule is called, with the arguments that functools.partial fixed."""
    if isinstance(function, functools.partial):
        return f"{function_name(function.func)}{function.args}{sorted(function.keywords.items())}"
    return getattr(function, "__qualname__", type(function).__qualname__)
