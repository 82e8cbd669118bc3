"""Changing a leaf in place, as the training loop does: `with no_grad(): w -= rate * w.grad`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_is_on: ContextVar[bool] = ContextVar("no_grad", default=False)


@contextmanager
def no_grad() -> Iterator[None]:
    """Inside, `w -= …` and its kin change a leaf in place and build no node, as in PyTorch.

    Other operations still build nodes, which is harmless: nobody calls their `backward`.

    >>> from scalargrad import Value
    >>> w = Value("0.8", "w")
    >>> (w * w).backward()
    >>> with no_grad():
    ...     w -= Value("0.1") * w.grad
    >>> w
    Value(data=16/25, grad=8/5, label='w')
    """
    token = _is_on.set(True)
    try:
        yield
    finally:
        _is_on.reset(token)


def in_place(operation: Callable[[Any, Any], Any], sign: str) -> Callable[[Any, Any], Any]:
    """The method for `w -= …` and its kin: inside `no_grad` in place, elsewhere a new node.

    Args:
        operation: the method of the node that is built.
        sign: as it is typed, "-=".
    """

    def method(self: Any, other: Any) -> Any:
        changed = operation(self, other)
        if _is_on.get():
            _check(self, changed, sign)
            self.data = changed.data
            return self
        if self.op is None and self.grad is not None and not hasattr(other, "parents"):
            warnings.warn(
                f"{self.label or 'a leaf'} {sign} … builds a new node and leaves the leaf as it "
                f"is; to change it: with no_grad(): {self.label or 'w'} {sign} …",
                stacklevel=2,
            )
        return changed

    method.__doc__ = f"In place on a leaf inside no_grad(), elsewhere a new node: `w {sign} …`."
    return method


def _check(leaf: Any, changed: Any, sign: str) -> None:
    name = leaf.label or "the node"
    if leaf.op is not None:
        raise TypeError(f"inside no_grad() {sign} changes a leaf in place; {name} was computed")
    lanes = getattr(changed.data, "shape", ())
    if lanes and not getattr(leaf.data, "shape", ()):
        raise TypeError(
            f"{name} is one number, and {sign} would make it {lanes[0]} lanes; "
            "take one number of its gradient, as in w.grad.mean()"
        )
