"""Where a C program keeps what its loops read: rows of doubles, and of registers of lanes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeGuard

from scalargrad.compiler.program import Ref

Input = tuple[str, int]  # "numbers_" or "columns_", and the place there


class Memory:
    """The arrays wide_ (a register of lanes each) and single_ (a double each).

    Args:
        varying: for each step whether it differs from lane to lane.
        inputs: where each of the first steps is found.

    Attributes:
        tables: declarations of the places of operands that do not lie side by side.
    """

    def __init__(self, varying: Sequence[bool], inputs: Sequence[Input]) -> None:
        self.tables: list[str] = []
        self._varying = varying
        self._inputs = inputs
        self._places: dict[tuple[str, Ref, type], int] = {}
        self._arrays: dict[int, list[str]] = {}
        self._counts = {"wide_": 0, "single_": 0}

    @property
    def steps(self) -> set[int]:
        """The steps that are kept, inputs left out."""
        return {step for step in self._arrays if step >= len(self._inputs)}

    def count(self, array: str) -> int:
        """How many places an array has."""
        return self._counts[array]

    def place(self, step: int) -> str:
        """The place of a step."""
        return self._row("wide_" if self._varying[step] else "single_", [step])[0]

    def pairs(self, operands: Sequence[Ref]) -> tuple[str, str]:
        """Two expressions in k_ for the operands w₁, x₁, w₂, x₂, …; what is single comes first."""
        pairs = [
            (b, a) if self._is_wide(a) and not self._is_wide(b) else (a, b)
            for a, b in zip(operands[::2], operands[1::2], strict=True)
        ]
        first, second = zip(*pairs, strict=True)
        return self.rows(first), self.rows(second)

    def rows(self, operands: Sequence[Ref], array: str = "") -> str:
        """An expression in k_ for the operands, the first at k_ = 0, perhaps in a certain array."""
        held = [self._inputs[ref] for ref in operands if self._is_input(ref)]
        if (
            not array
            and len(held) == len(operands)
            and {where for where, _ in held} == {"numbers_"}
        ):
            return self._at("numbers_", [place for _, place in held])
        array = array or ("wide_" if any(map(self._is_wide, operands)) else "single_")
        self._row(array, operands)
        return self._at(array, [self._places[array, ref, ref.__class__] for ref in operands])

    def stored(self, step: int, variable: str) -> list[str]:
        """The statements that keep a step."""
        return [
            f"{array}[{self._places[array, step, int]}] = "
            + (f"lanes({variable});" if self._is_lifted(array, step) else f"{variable};")
            for array in self._arrays.get(step, ())
        ]

    def filled(self) -> list[str]:
        """The statements that keep inputs and constants, before everything else."""
        runs: list[tuple[str, int, str, int, int]] = []  # two arrays, a place in each, how many
        said = []
        for (array, ref, _), place in self._places.items():
            if ref.__class__ is float:
                says = f"lanes({ref!r})" if array == "wide_" else repr(ref)
                said.append(f"{array}[{place}] = {says};")
            elif self._is_input(ref):
                held, first = self._inputs[ref]
                if runs and runs[-1] == (array, place - runs[-1][4], held, first - runs[-1][4],
                                         runs[-1][4]):  # fmt: skip
                    runs[-1] = (*runs[-1][:4], runs[-1][4] + 1)
                else:
                    runs.append((array, place, held, first, 1))
        for array, place, held, first, count in runs:
            says = f"{held}[{first} + k_]"
            if held == "columns_":
                says = f"loaded({says}, i_, rest_)"
            elif array == "wide_":
                says = f"lanes({says})"
            said.append(f"for (int k_ = 0; k_ < {count}; k_++) {array}[{place} + k_] = {says};")
        return said

    def _row(self, array: str, operands: Iterable[Ref]) -> list[str]:
        """Places for operands, those that have none yet side by side."""
        found = []
        for ref in operands:
            key = array, ref, ref.__class__
            if key not in self._places:
                self._places[key] = self._counts[array]
                self._counts[array] += 1
                if isinstance(ref, int):
                    self._arrays.setdefault(ref, []).append(array)
            found.append(f"{array}[{self._places[key]}]")
        return found

    def _at(self, array: str, places: Sequence[int]) -> str:
        if len(places) == 1:
            return f"{array}[{places[0]}]"
        step = places[1] - places[0]
        if all(b - a == step for a, b in pairwise(places)):
            return f"{array}[{places[0]} + {step} * k_]"
        table = f"places{len(self.tables)}_"
        numbers = ", ".join(map(str, places))
        self.tables.append(f"static const int {table}[] = {{{numbers}}};")
        return f"{array}[{table}[k_]]"

    def _is_wide(self, ref: Ref) -> bool:
        return isinstance(ref, int) and self._varying[ref]

    def _is_input(self, ref: Ref) -> TypeGuard[int]:
        return isinstance(ref, int) and ref < len(self._inputs)

    def _is_lifted(self, array: str, ref: Ref) -> bool:
        return array == "wide_" and not self._is_wide(ref)
