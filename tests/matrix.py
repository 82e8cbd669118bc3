"""Every row of the table on every backend and every kind of scalar, held against mpmath.

`make matrix` prints the table: rows down, backends and kinds across. A cell holds the value, the
first and the second derivatives at the check points of the row, of numbers, lanes and both; its
truth are differences of values in 100 digits, never the derivatives in the table. Kinds have second
derivatives by Values of Values, programs by compiling a first derivative.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from itertools import product
from time import perf_counter
from typing import Any

import mpmath
import numpy as np
import sympy
from mpmath import mpf

from scalargrad import Value, compile, partial
from scalargrad.engine.ops import OPERATIONS, Operation

BACKENDS = ("python", "numpy", "c", "jax", "torch")
SHAPES = ("numbers", "lanes", "mixed")
KINDS = ("float", "lanes", "exact", "mpmath", "sympy", "Value")
COLUMNS = (*KINDS, *BACKENDS)
TOLERANCE = {0: 1e-14, 1: 1e-13, 2: 1e-11}  # of the value, the first and the second derivatives

Point = tuple[float, ...]
Table = dict[tuple[int, ...], Any]  # derivatives by the places of operands: () is the value


# The truth ---------------------------------------------------------------------------------------


@cache
def truth(row: Operation, point: Point) -> dict[tuple[int, ...], mpf]:
    """The value and its derivatives of the first two orders, by differences of values."""
    with mpmath.workdps(100):
        step = mpf(10) ** -25

        def at(*moves: int) -> mpf:
            return row.evaluated([mpf(a) + step * m for a, m in zip(point, moves, strict=True)])[0]

        count = len(point)
        unit = [[int(i == j) for j in range(count)] for i in range(count)]
        origin = [0] * count
        found = {(): +at(*origin)}
        if row.chooses:  # a condition is 0 or not, and there is nothing beside it
            unit[0] = origin
        for i in range(count):
            minus = [-m for m in unit[i]]
            found[i,] = (at(*unit[i]) - at(*minus)) / (2 * step)
            for j in range(count):
                corners = [
                    (s * t, at(*[s * a + t * b for a, b in zip(unit[i], unit[j], strict=True)]))
                    for s, t in product((1, -1), repeat=2)
                ]
                found[i, j] = sum(sign * y for sign, y in corners) / (4 * step * step)
        return found


def points(row: Operation) -> list[Point]:
    """The check points inside the domain with room on every side."""
    return [point for point in row.points if row.inside is None or _has_room(row, point)]


def _has_room(row: Operation, point: Point) -> bool:
    moved = product((-1e-9, 1e-9), repeat=len(point))
    return all(row.inside(*map(sum, zip(point, move, strict=True))) for move in moved)  # type: ignore[misc]


# What is held against it: tables of value and derivatives ---------------------------------------


def on_numbers(row: Operation, point: tuple[Any, ...], scalar: Callable[[Any], Any]) -> Table:
    """Value and derivatives of a node; the second ones on Values of Values."""
    leaves = [Value(scalar(a)) for a in point]
    y = row(*leaves)
    found: Table = {(): y.data}
    nested = [Value(Value(scalar(a))) for a in point]
    z = row(*nested)
    for i, leaf in enumerate(leaves):
        found[i,] = partial(y, leaf)
        slope = partial(z, nested[i])
        for j, other in enumerate(nested):
            found[i, j] = partial(slope, other.data)
    return found


def as_float(number: Any) -> float:
    while isinstance(number, Value):
        number = number.data
    if isinstance(number, sympy.Basic):
        return float(number.evalf(30))
    return float(number)


def of_kind(row: Operation, kind: str) -> Iterator[tuple[Point, Table]]:
    """A table for each check point."""
    if kind == "lanes":
        for together in by_count(row):
            whole = on_numbers(row, tuple(map(np.array, zip(*together, strict=True))), np.array)
            for k, point in enumerate(together):
                yield point, {key: _lane(column, k) for key, column in whole.items()}
        return
    make: dict[str, Callable[[float], Any]] = {
        "float": float,
        "exact": Fraction,
        "mpmath": mpf,
        "sympy": lambda a: sympy.Rational(*a.as_integer_ratio()),
        "Value": lambda a: Value(a),
    }
    for point in points(row):
        yield point, on_numbers(row, point, make[kind])


def _lane(column: Any, k: int) -> float:
    while isinstance(column, Value):
        column = column.data
    return float(column[k]) if getattr(column, "shape", ()) else float(column)


def by_count(row: Operation) -> list[list[Point]]:
    """The check points, those of one length together."""
    every = points(row)
    return [[p for p in every if len(p) == count] for count in sorted({len(p) for p in every})]


def compiled(row: Operation, backend: str, shape: str) -> Iterator[tuple[Point, Table]]:
    """A table of value and first derivatives for each check point."""
    for together in by_count(row):
        count = len(together[0])
        names = [f"a{k}" for k in range(count)]
        nodes = [Value(a, name) for a, name in zip(together[0], names, strict=True)]
        program = compile(row(*nodes), backend=backend)
        seconds = slopes(row, count, backend)
        runs: list[list[Point]] = [[point] for point in together]
        if shape == "lanes":
            runs = [together]
        elif shape == "mixed":  # the first operand is one number for all lanes
            runs = [[(first, *rest) for _, *rest in together] for first, *_ in together]
            runs = [[p for p in run if row.inside is None or _has_room(row, p)] for run in runs]
        for run in filter(None, runs):
            columns = list(map(np.array, zip(*run, strict=True)))
            wide = {"numbers": 0, "lanes": count, "mixed": count - 1}[shape]
            given = [column if k >= count - wide else float(column[0])
                     for k, column in enumerate(columns)]  # fmt: skip
            value, gradients = program(*given)
            further = [slope.grad(*given) for slope in seconds]
            for k, point in enumerate(run):
                table: Table = {(): _lane(value, k)}
                for i, name in enumerate(names):
                    table[i,] = _lane(gradients[name], k)
                    for j, other in enumerate(names):
                        table[i, j] = _lane(further[i][other], k)
                yield point, table


def slopes(row: Operation, count: int, backend: str) -> list[Any]:
    """A program for each first derivative, whose own gradients are the second ones."""
    found = []
    for i in range(count):
        names = [f"a{k}" for k in range(count)]

        def slope(*a: Value, i: int = i) -> Value:
            inner = list(map(Value, a))
            first = partial(row(*inner), inner[i])
            return first if isinstance(first, Value) else Value(first)

        slope.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
        )
        found.append(compile(slope, backend=backend))
    return found


# The matrix --------------------------------------------------------------------------------------


def faults(row: Operation, column: str) -> Iterator[str]:
    """What is wrong in one cell."""
    if column in KINDS:
        cells = [("", of_kind(row, column))]
    else:
        cells = [(shape, compiled(row, column, shape)) for shape in SHAPES
                 if shape != "mixed" or min(map(len, points(row))) > 1]  # fmt: skip
    for shape, tables in cells:
        try:
            for point, table in tables:
                for places, number in table.items():
                    yield from _difference(row, shape, point, places, number)
        except Exception as error:  # what it raises is what is wrong
            yield f"{shape} raises {type(error).__name__}: {error}"


def _difference(
    row: Operation, shape: str, point: Point, places: tuple[int, ...], number: Any
) -> Iterator[str]:
    if places and row.chooses and 0 in places:
        return  # of a condition there is no derivative
    true = float(truth(row, point)[places])
    computed = as_float(number)
    if not abs(computed - true) <= TOLERANCE[len(places)] * (1 + abs(true)):
        what = "value" if not places else "∂" + "∂".join(map(str, places))
        yield f"{shape} {what} at {point} is {computed}, truly {true}"


def available(column: str) -> bool:
    """Whether a backend is installed."""
    return column not in ("jax", "torch") or find_spec(column) is not None


def main(columns: Sequence[str] = COLUMNS) -> int:
    """Print the table, and what is wrong below it."""
    prepare()
    start = perf_counter()
    wrong: list[str] = []
    print(f"{'':12}" + "".join(f"{column:>8}" for column in columns))
    for row in OPERATIONS.values():
        marks = []
        for column in columns:
            found = list(faults(row, column)) if available(column) else None
            marks.append("–" if found is None else "✗" if found else "·")
            wrong += [f"{row.name}, {column}: {text}" for text in found or ()]
        print(f"{row.name:12}" + "".join(f"{mark:>8}" for mark in marks), flush=True)
    print(f"{len(OPERATIONS)} rows × {len(columns)} in {perf_counter() - start:.0f} s")
    print(*wrong, sep="\n", end="\n" * bool(wrong))
    return int(bool(wrong))


def prepare() -> None:
    """Let JAX compute in double precision, and numpy give inf without a word."""
    if available("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
    np.seterr(all="ignore")
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or COLUMNS))
