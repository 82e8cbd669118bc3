"""Where a C program keeps what its loops read and write: registers of lanes, and doubles."""

from __future__ import annotations

from collections.abc import Sequence

from scalargrad.compiler.c import number_text
from scalargrad.compiler.source import Ref

LOADED = "loaded(columns_ + (%s) * n_, i_, rest_)"  # lanes of a column


class Memory:
    """The places of what loops read and write: in wide_ registers of lanes, in single_ doubles.

    Args:
        lanes: the inputs that are columns.
        inputs: all of them, in order.
        varying: for each step whether it differs from lane to lane.

    Attributes:
        homes: for each step the array that holds it; a column is read from wide_ by loops.
        counts: how many places each array has.
        copies: what is still to be copied before a loop can read it: to where, and from where.
        kept: the steps that are variables and are stored too.
    """

    def __init__(
        self, inputs: Sequence[str], lanes: Sequence[str], varying: Sequence[bool]
    ) -> None:
        many = set(lanes)
        self.homes = ["columns_" if name in many else "numbers_" for name in inputs]
        self.homes += ["wide_" if varies else "single_" for varies in varying[len(inputs) :]]
        self.counts = {"wide_": 0, "single_": 0, "columns_": 0, "numbers_": 0}
        self.copies: list[tuple[str, int, str, int | str]] = []
        self.kept: set[int] = set()
        self._places: dict[str, dict[int | str, int]] = {array: {} for array in self.counts}
        for index, array in enumerate(self.homes[: len(inputs)]):
            self._give(array, index)

    def array(self, refs: Sequence[Ref]) -> str:
        """The array in which a loop reads operands."""
        held = {self.homes[ref] if ref.__class__ is int else "" for ref in refs}
        if held == {"numbers_"}:
            return "numbers_"
        return "wide_" if held & {"wide_", "columns_"} else "single_"

    def row(self, array: str, refs: Sequence[Ref]) -> list[int]:
        """The places of operands in an array, those that are new there side by side."""
        known = self._places[array]
        return [known[ref] if ref.__class__ is int and ref in known else self._place(array, ref)
                for ref in refs]  # fmt: skip

    def new(self, steps: Sequence[int]) -> tuple[str, list[int]]:
        """An array and places side by side there for steps that a loop computes."""
        array = self.homes[steps[0]]
        return array, [self._give(array, step) for step in steps]

    def read(self, step: int) -> str:
        """The expression that reads an input, or a step from its place."""
        array = self.homes[step]
        place = self._place(array, step)
        return LOADED % place if array == "columns_" else f"{array}[{place}]"

    def _give(self, array: str, key: int | str) -> int:
        place = self._places[array][key] = self.counts[array]
        self.counts[array] += 1
        return place

    def _place(self, array: str, ref: Ref) -> int:
        key = ref if isinstance(ref, int) else repr(ref)  # 0.0 is not -0.0
        if key in self._places[array]:
            return self._places[array][key]
        place = self._give(array, key)
        if not isinstance(ref, int):
            self.copies.append((array, place, "", number_text(ref)))
        elif self.homes[ref] == array:
            self.kept.add(ref)
        else:
            home = self.homes[ref]
            self.copies.append((array, place, home, self._place(home, ref)))
        return place
