"""The program as text of arrays: statements that are alike are one operation on all of them.

Every array has a row for each of the numbers that it holds, and a column for each lane, or one for
all. What is added up is added in the order of the straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

from scalargrad.compiler.listing import Listing
from scalargrad.compiler.loops import nests, with_dots
from scalargrad.compiler.program import Program
from scalargrad.compiler.python import array_listing, number_text
from scalargrad.compiler.source import Ref
from scalargrad.compiler.statements import (
    DOT,
    MARK,
    Product,
    Statement,
    are_many,
    grouped,
    rows,
    statements,
)

Function = Callable[..., Any]

_APART = 2**32  # more than an array has rows
_NOWHERE = "", 0  # where a constant stands


def looped_source(program: Program, lanes: Sequence[str], summed: frozenset[int]) -> str:
    """A function `on_arrays(numbers_, columns_)`; "" where no statements are alike.

    It takes the inputs that are numbers and those that are columns, as arrays, and returns two: of
    the outputs that are summed, and of the others. What it calls is in `functions`.

    Args:
        program: the steps.
        lanes: the inputs that are columns, with an element for each lane.
        summed: the places of the outputs that are added up over the lanes.
    """
    return _Writer(program, lanes, summed).text()


class _Writer:
    """The statements of such a function.

    Attributes:
        held: where each step stands: the name of an array, and its row.
        sizes: how many rows each array has.
        body: the statements.
        tables: what is computed once, by its text: its name.
        outputs: for those that are summed and for the others, texts and the places of their rows.
    """

    def __init__(self, program: Program, lanes: Sequence[str], summed: frozenset[int]) -> None:
        self.program = with_dots(program)
        self.varying = self.program.lanes(lanes)
        self.summed = summed
        self.held: dict[Ref, tuple[str, int]] = {}
        self.sizes: dict[str, int] = {}
        columns = set(lanes)
        for home, is_column in (("columns_", True), ("numbers_", False)):
            self._hold(home, [index for index, name in enumerate(self.program.inputs)
                              if (name in columns) is is_column])  # fmt: skip
        self.body: list[str] = []
        self.tables: dict[str, str] = {}
        self.outputs: dict[bool, list[tuple[str, list[int]]]] = {True: [], False: []}

    def text(self) -> str:
        """All of it."""
        found, added = statements(
            self.program, self.varying, self.summed, self._listed, number_text
        )
        groups = grouped(found, len(self.program.steps), self._key)
        if not added and not any(map(are_many, groups)):
            return ""
        for group in groups:
            self._write(group)
        self._add(added)
        sums, others = self._in_order("flat", True), self._in_order("rows", False)
        tables = [f"{name} = {text}" for text, name in self.tables.items()]
        body = [*self.body, f"return {sums}, {others}"]
        lines = ["def on_arrays(numbers_, columns_):", *[f"    {line}" for line in body]]
        return "\n".join([*tables, *lines, ""])

    def _listed(self, apart: Mapping[int, bool]) -> Listing:
        return array_listing(self.program, apart, MARK)

    def _key(self, line: Statement) -> tuple[object, ...]:
        """What statements have in common that can be one."""
        is_wide = any(ref.__class__ is int and self.varying[ref] for ref in line.operands)
        is_summed = line.output in self.summed if line.step is None else None
        return line.pattern, len(line.operands), is_wide, is_summed

    # Statements

    def _hold(self, name: str, steps: Sequence[int]) -> None:
        self.held |= {step: (name, row) for row, step in enumerate(steps)}
        self.sizes[name] = len(steps)

    def _write(self, group: list[Statement]) -> None:
        """One statement for all that are alike, in the order in which their operands stand."""
        alike = sorted(group, key=lambda line: [self.held.get(ref, _NOWHERE)
                                                for ref in line.operands])  # fmt: skip
        first = alike[0]
        if first.is_dot:
            says = self._dots(alike)
        else:
            columns = list(zip(*[line.operands for line in alike], strict=True))
            says = first.filled(list(map(self._row, columns)))
            if all(len(set(column)) == 1 for column in columns) and (len(alike) > 1 or not columns):
                says = f"full({says}, {len(alike)})"
        if first.step is None:
            is_summed = first.output in self.summed
            says = f"over_lanes({says}, columns_)" if is_summed else says
            self.outputs[is_summed].append((says, [line.output for line in alike]))
            return
        name = f"m{len(self.body) + 1}"
        self.body.append(f"{name} = {says}")
        self._hold(name, [line.step for line in alike])

    def _dots(self, alike: list[Statement]) -> str:
        """The text of sums of products, a row for each."""
        *starts, ws, xs = zip(*[rows(line.operands) for line in alike], strict=True)
        begin = alike[0].pattern.removeprefix(DOT)
        if starts:
            begin = self._row([start for (start,) in starts[0]])
        return f"dots({begin}, {self._side(ws)}, {self._side(xs)})"

    def _side(self, factors: Sequence[tuple[Ref, ...]]) -> str:
        """Factors by sum and by product; of one sum, where it serves all."""
        if all(row == factors[0] for row in factors):
            return f"{self._row(factors[0], len(factors[0]))}[None]"
        shape = len(factors), len(factors[0])
        return self._all([ref for row in factors for ref in row], shape)

    def _add(self, added: list[Product]) -> None:
        """Hand over products that are added up over the lanes: those of two rows as a table."""
        if not added:
            return
        homes = dict.fromkeys([self.held[ref][0] for a, b, _ in added for ref in (a, b)])
        first = {home: _APART * k for k, home in enumerate(homes)}

        def place(ref: int) -> int:
            home, row = self.held[ref]
            return first[home] + row

        rest = iter(added)
        for nest in nests([[place(a), place(b), output] for a, b, output in added]):
            part = [next(rest) for _ in range(prod(nest.counts))]
            self.outputs[True].append((self._table_of(part), [output for *_, output in part]))

    def _table_of(self, part: list[Product]) -> str:
        """The text of products of a row and another, each with each; or one by one."""
        lefts, rights, _ = zip(*part, strict=True)
        for a, b in ((lefts, rights), (rights, lefts)):
            outer, inner = tuple(dict.fromkeys(a)), tuple(dict.fromkeys(b))
            if (
                len(outer) * len(inner) == len(part)
                and a == tuple(chain.from_iterable([one] * len(inner) for one in outer))
                and b == inner * len(outer)
            ):
                return f"products({self._row(outer, len(outer))}, {self._row(inner, len(inner))})"
        product = f"{self._row(lefts, len(part))} * {self._row(rights, len(part))}"
        return f"over_lanes({product}, columns_)"

    def _in_order(self, join: str, is_summed: bool) -> str:
        """The text of all outputs of a kind, in the order of their places."""
        outputs = self.outputs[is_summed]
        texts = [text for text, _ in outputs]
        places = [part for _, part in outputs]
        says = f"{join}({', '.join(texts)})" if texts else "full(0.0, 0)"
        flat = list(chain.from_iterable(places))
        if flat == sorted(flat):
            return says
        return f"{says}[{self._named(f'argsort({_flat(map(_places_text, places))})')}]"

    # Operands

    def _row(self, refs: Sequence[Ref], count: int = 0) -> str:
        """Operands side by side; one that serves all stands alone, unless the count is given."""
        if len(set(map(repr, refs))) > 1:
            return self._all(refs)
        is_step = refs[0].__class__ is int
        one = self._piece(*self._runs(refs[:1])[0]) if is_step else number_text(refs[0])
        return f"full({one}, {count})" if count > 1 or not is_step else one

    def _all(self, refs: Sequence[Ref], shape: tuple[int, ...] = ()) -> str:
        """Operands side by side, or in another shape."""
        runs = self._runs(refs)
        shaped = f".reshape({', '.join(map(str, shape))}, -1)" if shape else ""
        homes = {name for name, _ in runs}
        if len(homes) == 1 and runs[0][1] and len(runs) > 1:
            return f"{homes.pop()}[{self._table([self.held[ref][1] for ref in refs], shape)}]"
        pieces = [self._piece(name, places) for name, places in runs]
        says = pieces[0] if len(pieces) == 1 else f"rows({', '.join(pieces)})"
        return says + shaped

    def _runs(self, refs: Sequence[Ref]) -> list[tuple[str, list[int]]]:
        """Operands that stand in one array at even distances; a constant by its text."""
        runs: list[tuple[str, list[int]]] = []
        for ref in refs:
            name, row = self.held[ref] if ref.__class__ is int else (number_text(ref), -1)
            before, places = runs[-1] if runs else ("", [])
            step = places[1] - places[0] if len(places) > 1 else row - places[0] if places else 0
            if before == name and row >= 0 and row == places[-1] + step and step > 0:
                places.append(row)
            else:
                runs.append((name, [row] if row >= 0 else []))
        return runs

    def _piece(self, name: str, places: list[int]) -> str:
        """The text of such a run."""
        if not places:
            return f"full({name}, 1)"
        if len(places) == self.sizes[name]:
            return name
        step = places[1] - places[0] if len(places) > 1 else 1
        return f"{name}[{places[0]}:{places[-1] + 1}{f':{step}' if step > 1 else ''}]"

    def _table(self, places: list[int], shape: tuple[int, ...] = ()) -> str:
        """The name of an array of places."""
        says = _places_text(places)
        return self._named(f"{says}.reshape({', '.join(map(str, shape))})" if shape else says)

    def _named(self, table: str) -> str:
        """The name of what is computed once."""
        return self.tables.setdefault(table, f"table{len(self.tables) + 1}")


def _places_text(places: list[int]) -> str:
    """Numbers as grids, unless that takes too many of them."""
    grids = nests([[place] for place in places])
    if grids[0].tables:
        return f"array({places})"
    return _flat([f"grid({start}, {counts or (1,)}, {[stride for stride, in strides] or [1]})"
                  for counts, (start,), strides, _ in grids])  # fmt: skip


def _flat(arrays: Iterable[str]) -> str:
    """Arrays one after the other, as one row."""
    texts = ", ".join(arrays)
    return f"flat({texts})"


# What the text calls -----------------------------------------------------------------------------


def functions(xp: Any, sums: tuple[Function, Function]) -> dict[str, Function]:
    """The functions that such a text calls, beside those of the operations.

    Args:
        xp: numpy, or a library with its functions.
        sums: `in_order`, or what `at_once` gives.
    """
    import numpy as np

    def full(row: Any, count: int) -> Any:
        """A row, or a number, as many rows."""
        return xp.repeat(row, count, axis=0) if hasattr(row, "shape") else xp.full((count, 1), row)

    def rows(*parts: Any) -> Any:
        """The rows of some arrays, one after the other."""
        widths = {part.shape[1] for part in parts}
        if len(widths) > 1:
            return rows(*[xp.repeat(p, max(widths) // p.shape[1], axis=1) for p in parts])
        return xp.concatenate(parts)

    def flat(*parts: Any) -> Any:
        """The numbers of some arrays, one after the other."""
        join = np if all(isinstance(part, np.ndarray) for part in parts) else xp
        return join.concatenate([part.reshape(-1) for part in parts])

    def over_lanes(rows: Any, columns: Any) -> Any:
        """The sum of each row, of which one number may stand for all lanes."""
        if not len(columns):
            return rows[:, 0]
        each = rows.shape[1] == columns.shape[1]
        return (rows if each else xp.repeat(rows, columns.shape[1], axis=1)).sum(axis=1)

    def grid(start: int, counts: tuple[int, ...], strides: Sequence[int]) -> Any:
        """Numbers that grow by a stride for each index."""
        found = np.array(start)
        for count, stride in zip(counts, strides, strict=True):
            found = found[..., None] + stride * np.arange(count)
        return found

    dots, products = sums
    return {"full": full, "rows": rows, "flat": flat, "over_lanes": over_lanes, "grid": grid,
            "dots": dots, "products": products, "array": np.array, "argsort": np.argsort,
            }  # fmt: skip


def _dots(start: Any, left: Any, right: Any) -> Any:
    """Sums of products on numpy, from a start, and factors by sum, product and lane."""
    total = start + left[:, 0] * right[:, 0]
    for k in range(1, left.shape[1]):
        total += left[:, k] * right[:, k]
    return total


def _products(left: Any, right: Any) -> Any:
    """Each row times each of another array, added up over the lanes."""
    import numpy as np

    return np.array([(row * right).sum(axis=1) for row in left])


in_order = _dots, _products  # each number is added as in the straight line


def at_once(matmul: Function) -> tuple[Function, Function]:
    """The same sums as products of matrices, which add in an order of their own."""

    def dots(start: Any, left: Any, right: Any) -> Any:
        if left.shape[2] == right.shape[0] == 1:
            return start + matmul(left[:, :, 0], right[0])
        return start + (left * right).sum(axis=1)

    def products(left: Any, right: Any) -> Any:
        return matmul(left, right.T)

    return dots, products
