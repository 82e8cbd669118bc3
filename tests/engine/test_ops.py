"""The table of operations, held against SymPy and mpmath.

A new row is swept, differentiated and shown on every kind of scalar by the tests below without a
change to them: they read operands, domain, kinks and check points from the rows, and name an
operation only where a claim is about that one. The truth never comes from the derivatives in the
table: SymPy differentiates the value, and mpmath evaluates it in up to 1300 bits. Each check is a
function that returns what it found wrong, so that planted wrong rows can show that it finds it.
"""

from __future__ import annotations

import ast
import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from mpmath import mpf

import scalargrad
from scalargrad import DomainError
from scalargrad.engine.ops import OPERATIONS, Operation

INF, NAN = math.inf, math.nan
ROWS = list(OPERATIONS.values())
Operands = tuple[Any, ...]

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


# The truth ---------------------------------------------------------------------------------------

PRECISIONS = (400, 1300)  # bits; 1 - tanh(a)² near the least float takes 1074 + 53 + some
FAR, FARTHER = mpf("1e1000"), mpf("1e1400")
NEAR_ZERO = mpmath.ldexp(mpf(1), -(10**330))  # even its power of 5e-324 is near zero


def exp_of_huge(a: mpf) -> mpf:
    """mpmath's exp, which takes seconds for huge whole numbers beyond 600 bits."""
    with mpmath.workprec(600 if abs(a) > 2**50 else mpmath.mp.prec):
        return mpmath.exp(a)


def erfc_of_huge(a: mpf) -> mpf:
    """mpmath's erfc, which overflows beyond 1e154."""
    return mpmath.erfc(max(-(2**50), min(2**50, a)))


@cache
def truth(row: Operation, count: int) -> tuple[Callable[..., Any], ...]:
    """The value of a row on so many operands, and its derivatives, as functions of mpf."""
    operands = sympy.symbols(f"a1:{count + 1}", real=True)
    y = row(*operands)
    formulas = [y, *(sympy.diff(y, operand) for operand in operands)]
    mine = {"exp": exp_of_huge, "erfc": erfc_of_huge}
    return tuple(sympy.lambdify(operands, formula, [mine, "mpmath"]) for formula in formulas)


def number_or_none(f: Callable[..., Any], operands: Iterable[Any]) -> mpf | None:
    try:
        y = mpmath.mpmathify(f(*operands))
    except (ValueError, ZeroDivisionError):
        return None
    return y if isinstance(y, mpf) and mpmath.isfinite(y) else None


def in_enough_bits(f: Callable[..., Any], operands: Sequence[Any]) -> mpf | None:
    """f in so many bits that nothing is lost: until two precisions agree on a number but 0."""
    before = y = None
    for precision in PRECISIONS:
        with mpmath.workprec(precision):
            y = number_or_none(f, operands)
            if y and before and abs(y - before) < abs(y) * mpf(2) ** -100:
                return y
        before = y
    return y


def true_value(f: Callable[..., Any], operands: Operands) -> mpf | None:
    """f at operands; for infinite ones its limit, and None where there is none."""
    if not any(map(math.isinf, operands)):
        return in_enough_bits(f, [mpf(a) for a in operands])
    if len(operands) > 1 and is_indeterminate(f, operands):
        return None
    far, farther = (
        in_enough_bits(f, [mpmath.sign(a) * big if math.isinf(a) else mpf(a) for a in operands])
        for big in (FAR, FARTHER)
    )
    if far is None or farther is None:
        return None
    # No row oscillates out there: what has not settled grows beyond all bounds, as log does.
    return farther if float(far) == float(farther) else mpmath.sign(farther) * FAR


def is_indeterminate(f: Callable[..., Any], operands: Operands) -> bool:
    """Whether it is of the kind of inf - inf, so that nan is the answer."""
    try:
        return bool(mpmath.isnan(f(*map(mpf, operands))))
    except (ValueError, ZeroDivisionError):
        return False


def exactly(a: Any) -> mpf:
    return mpf(a.numerator) / a.denominator if isinstance(a, Fraction) else mpf(a)


def one_sided(row: Operation, index: int, operands: Operands) -> list[mpf]:
    """The derivative by an operand, just below and just above it, where the row is defined."""
    f, at = truth(row, len(operands))[index], index - 1
    found = []
    for sign in (-1, 1):
        with mpmath.workprec(PRECISIONS[-1]):
            moved = [*map(exactly, operands)]
            a = moved[at]
            moved[at] = a + sign * (abs(a) * mpf(2) ** -1000 or NEAR_ZERO)
            if row.inside and not row.inside(*moved):
                continue
            # 0·log 0 is nan to mpmath, so other zeros move too where there is no number
            for tried in (moved, [a or NEAR_ZERO for a in moved]):
                y = number_or_none(f, tried)
                if y is not None:
                    found.append(y)
                    break
    return found


def true_derivative(row: Operation, index: int, operands: Operands) -> mpf | None:
    """The derivative by an operand, as a limit at 0 and ±inf; None where there is none."""
    if operands[index - 1] != 0:
        y = true_value(truth(row, len(operands))[index], operands)
        if y is None and all(map(math.isfinite, operands)):  # at the edge of a domain it may grow
            near = one_sided(row, index, operands)
            y = mpmath.sign(near[0]) * FAR if near and abs(near[0]) > mpf(2) ** 400 else None
        return y
    sides = one_sided(row, index, operands)
    return sides[0] if sides and float(sides[0]) == float(sides[-1]) else None


def ulps(computed: float, true: mpf, of: mpf | None = None) -> float:
    """The distance from the truth in units of its last place; inf counts as 2¹⁰²⁴, as IEEE does."""
    if math.isnan(computed):
        return INF
    with mpmath.workprec(PRECISIONS[-1]):
        top = mpf(2) ** 1024
        near, far = (max(-top, min(top, mpf(y))) for y in (computed, true))
        size = mpmath.frexp(far if of is None else of)[1]
        return float(abs(near - far) / mpf(2) ** max(-1074, min(size, 1024) - 53))


# The points --------------------------------------------------------------------------------------

SIZES = (
    0.0, 5e-324, 1e-323, 2.225073858507201e-308, 2.2250738585072014e-308, 1e-300, 1e-160, 1e-154,
    1e-100, 1e-20, 1e-8, 2.0**-53, 2.0**-52, 0.5, 1 - 2.0**-53, 1.0, 1 + 2.0**-52, 2.0, 3.0, 5.0,
    20.0, 37.4, 38.3, 39.9, 40.1, 50.0, 599.9, 600.1, 700.0, 708.4, 709.782712893384, 709.8,
    710.4758600739439, 710.5, 744.44, 745.1332191019411, 745.2, 746.0, 1490.0, 1e8, 1e16, 1e100,
    1e154, 1.4e154, 1e155, 1e300, sys.float_info.max, INF,
)  # fmt: skip
SPECIAL = [sign * size for size in SIZES for sign in (1.0, -1.0)]


def random_number(generator: random.Random) -> float:
    """Of any size, or in ±50, or small and whole."""
    anything = generator.choice((-1, 1)) * 2.0 ** generator.uniform(-1074, 1024)
    usual = generator.choice((1, 2, 50, 50, 750))
    near, whole = generator.uniform(-usual, usual), generator.randint(-9, 9)
    return float(generator.choice((anything, near, whole)))


@cache
def roots(f: Callable[[mpf], Any]) -> list[float]:
    """Where f changes its sign in ±50: at roots and at poles."""
    found = []
    with mpmath.workprec(400):
        grid = [mpf(k) / 10 + mpf("0.0137") for k in range(-500, 500)]
        signs = [mpmath.sign(number_or_none(f, [a]) or 0) for a in grid]
        for (a, b), (below, above) in zip(pairwise(grid), pairwise(signs), strict=True):
            if below * above < 0:
                for _ in range(60):
                    middle = (a + b) / 2
                    on_left = mpmath.sign(number_or_none(f, [middle]) or 0) == below
                    a, b = (middle, b) if on_left else (a, middle)
                found.append(float(a))
    return found


def beside(a: float) -> list[float]:
    """The floats around a, from its very neighbours outward."""
    up, down = [a], [a]
    for _ in range(3):
        up.append(math.nextafter(up[-1], INF))
        down.append(math.nextafter(down[-1], -INF))
    return up + down + [a * (1 + s * 10.0**-k) for k in (15, 13, 11, 8, 5, 3) for s in (1, -1)]


def optional_operands(row: Operation) -> list[Operands]:
    """What to give for the operands that may be left out: nothing, and what the points give."""
    least, most = row.arity
    return sorted({point[least:] for point in row.points}) if most else [()]


@cache
def sweep(row: Operation) -> list[Operands]:
    """Operands in the domain: special, random, beside roots, equal to each other, whole."""
    generator = random.Random(row.name)
    count = min(map(len, row.points))
    if row.arity == (1, 1):
        near_roots = [b for f in truth(row, 1) for root in roots(f) for b in beside(root)]
        firsts = [*SPECIAL, *near_roots, *(random_number(generator) for _ in range(200))]
        points = [(a,) for a in firsts]
    elif count == 1:
        firsts = [*SPECIAL, *(random_number(generator) for _ in range(100))]
        points = [(a, *rest) for rest in optional_operands(row) for a in firsts]
    else:
        least, most = row.reach
        pool = [*SPECIAL, *(random_number(generator) for _ in range(200))]
        pool = [float(a) for a in pool if a == 0 or least <= abs(a) <= most]
        points = [tuple(generator.choices(pool, k=count)) for _ in range(1200)]
        points += [(*point[:-1], generator.choice(beside(-point[0]))) for point in points[:150]]
        points += [(a, *(b for b in point[1:])) for point in points[:50] for a in point[1:]]
        points = [point for point in points if max(map(abs, point)) <= most]
    return [point for point in points if row.inside is None or row.inside(*point)]


# The checks: each returns what it found wrong ----------------------------------------------------


def quantity(index: int) -> str:
    return f"∂/∂a{index}" if index else "value"


def result(row: Operation, index: int, operands: Operands) -> Any:
    """The value of a row, or a derivative; the error in its place where it raises one."""
    try:
        y, captured = row.evaluated(operands)
        return row.derivatives(y, *captured)[index - 1] if index else y
    except (ArithmeticError, ValueError, TypeError) as error:
        return error


def has_kink(row: Operation, operands: Operands) -> bool:
    return row.intervals(*row.evaluated(operands)[1]) is not None


def can_move(row: Operation, index: int, operands: Operands) -> bool:
    """Whether the domain lies on both sides of an operand, or the row has no other operand."""
    if row.inside is None or len(operands) == 1:
        return True
    moved = [list(operands), list(operands)]
    for point, end in zip(moved, (-INF, INF), strict=True):
        point[index - 1] = math.nextafter(point[index - 1], end)
    return all(row.inside(*point) for point in moved)


def errors(row: Operation, index: int) -> Iterator[tuple[float, Operands, Any, mpf | None]]:
    """The error of the value (index 0) or of a derivative over the sweep, in ulps, and its place.

    A jump or a missing limit that the row does not state as a kink counts as infinite.
    """
    for operands in sweep(row):
        count = len(operands)
        if index > count:
            continue
        if index and (has_kink(row, operands) or not can_move(row, index, operands)):
            continue
        f = truth(row, count)[index]
        true = true_derivative(row, index, operands) if index else true_value(f, operands)
        if true is None and count > 1 and is_indeterminate(f, operands):
            continue
        of = None
        if row.cancels and index == 0:
            of = mpf(row.evaluated([abs(a) for a in operands])[0])
            if not mpmath.isfinite(of):
                continue
        computed = result(row, index, operands)
        is_number = true is not None and not isinstance(computed, Exception)
        yield ulps(float(computed), true, of) if is_number else INF, operands, computed, true


def inaccuracies(row: Operation, index: int) -> list[str]:
    found = sorted(errors(row, index), key=lambda error: -error[0])
    assert len(found) > 80, "the sweep is empty"
    return [
        f"{quantity(index)} at {operands} is {computed!r}, truly "
        f"{true if true is None else mpmath.nstr(true, 20)}: {distance:.2f} ulp"
        for distance, operands, computed, true in found[:3]
        if distance > row.ulps
    ]


def all_inaccuracies(row: Operation) -> list[str]:
    indices = range(max(map(len, row.points)) + 1)
    return [text for index in indices if swept(row, index) for text in inaccuracies(row, index)]


def swept(row: Operation, index: int) -> bool:
    return index <= max(map(len, sweep(row)))


def formula_faults(row: Operation) -> list[str]:
    """Where the formulas of the slide differ from SymPy's derivatives, at random points."""
    found = []
    generator = random.Random(row.name)
    counts = {len(point) for point in row.points}
    if row.kink and row.arity[1] is None:
        counts = {min(counts)}  # SymPy needs minutes to compare three operands
    for count in counts:
        symbols = sympy.symbols(f"a1:{count + 1}", real=True)
        y, captured = row.evaluated(symbols)
        formulas = row.derivatives(y, *captured)
        for index, symbol in enumerate(symbols, start=1):
            difference = sympy.sympify(formulas[index - 1]) - sympy.diff(y, symbol)
            f = sympy.lambdify(symbols, difference, "mpmath")
            for _ in range(10):
                point = [mpf(generator.uniform(-3, 3)) for _ in symbols]
                if row.inside and not row.inside(*point):
                    point = [abs(a) for a in point]
                with mpmath.workdps(50):
                    if abs(f(*point)) > mpf(10) ** -40:
                        found.append(f"∂/∂a{index} at {point} is off by {f(*point)}")
    return found


def point_faults(row: Operation) -> list[str]:
    """Where the derivatives at the check points differ from differences of 25 digits."""
    found = []
    for point in row.points:
        y, captured = row.evaluated(point)
        for index, derivative in enumerate(row.derivatives(y, *captured)):
            if index >= len(point):
                break  # of an operand that was left out
            if not can_move(row, index + 1, point):
                continue
            with mpmath.workdps(60):
                step = mpf(10) ** -25
                ends = []
                for sign in (1, -1):
                    moved = [*map(mpf, point)]
                    moved[index] += sign * step
                    ends.append(row.evaluated(moved)[0])
                difference = (ends[0] - ends[1]) / (2 * step)
            if abs(difference - derivative) > 1e-13 * (1 + abs(difference)):
                found.append(f"∂/∂a{index + 1} at {point} is {derivative}, not {difference}")
    return found


def kinks(row: Operation) -> list[Operands]:
    """Operands on a kink of the row: zeros, and equal operands."""
    counts = {len(point) for point in row.points}
    candidates = [
        (a, *rest)
        for rest in (optional_operands(row) if row.arity[0] == 1 else ())
        for a in (0, 0.0, -0.0, Fraction(0))
    ]
    for count in counts:
        candidates += [(a,) * count for a in (0.0, 1.5, -2, 1e300, Fraction(1, 3))]
        candidates += [(a,) * (count - 1) + (a + s,) for a in (-4.0, 1.0) for s in (1, -1)]
    return [
        point for point in candidates
        if (row.inside is None or row.inside(*point)) and has_kink(row, point)
    ]  # fmt: skip


def kink_faults(row: Operation) -> list[str]:
    """Where a stated interval is not that of the one-sided derivatives, or excludes ours."""
    found = [] if row.kink is None or kinks(row) else ["no kink was found where it states one"]
    if row.kink and not row.convention:
        found.append("no convention is stated")
    for point in kinks(row):
        y, captured = row.evaluated(point)
        stated = row.intervals(*captured)
        for index in range(1, len(point) + 1):
            interval = stated[index - 1]
            sides = sorted(map(float, one_sided(row, index, captured)))
            ours = row.derivatives(y, *captured)[index - 1]
            if [float(end) for end in interval] != [sides[0], sides[-1]]:
                found.append(f"∂/∂a{index} at {point} goes over {sides}, not {interval}")
            if not interval[0] <= ours <= interval[1]:
                found.append(f"∂/∂a{index} at {point} is {ours}, outside {interval}")
    return found


DIRECTIONS = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (2, 1, -1), (-1, 3, 1), (-2, -2, -2))


def moved_along(operands: Operands, direction: Sequence[int], step: Fraction) -> list[Fraction]:
    return [Fraction(a) + step * d for a, d in zip(operands, direction, strict=False)]


def slope_faults(row: Operation) -> list[str]:
    """Where a stated slope at a kink differs from that of a small step, in exact numbers."""
    found = []
    for point in kinks(row):
        _, captured = row.evaluated([Fraction(a) for a in point])
        for direction in DIRECTIONS:
            direction = (*direction, *[0] * len(captured))[: len(captured)]
            step = Fraction(1, 2**60)
            ends = [row.value(*moved_along(captured, direction, s)) for s in (Fraction(0), step)]
            measured = (Fraction(ends[1]) - Fraction(ends[0])) / step
            stated = row.slope(direction, *captured) if row.slope else None
            if stated is None or abs(measured - Fraction(stated)) > 1e-9:
                found.append(f"along {direction} at {point} it is {measured}, not {stated}")
    return found


def jump_faults(row: Operation) -> list[str]:
    """Where a value jumps and the row does not say to what, in exact numbers."""
    found = []
    for a in (-3, -1, 0, 1, 2):
        for rest in {point[1:] for point in row.points} if not row.chooses else ():
            point = [Fraction(b) for b in (a, *rest)]
            if row.inside and not row.inside(*point):
                continue
            y, captured = row.evaluated(point)
            for direction in DIRECTIONS:
                direction = (*direction, *[0] * len(captured))[: len(captured)]
                moved = moved_along(captured, direction, Fraction(1, 2**60))
                if row.inside and not row.inside(*moved):
                    continue
                near = row.value(*moved)
                jumps = row.jump is not None and row.jump(*captured)
                stated = row.beside(direction, *captured) if jumps else y
                if abs(near - stated) > 1e-6:
                    found.append(f"along {direction} at {point} it is {near}, not {stated}")
    return found


def domain_faults(row: Operation) -> list[str]:
    """Where the predicate and the evaluation disagree, on floats, exact and mpmath numbers."""
    generator = random.Random(row.name)
    count = min(map(len, row.points))
    numbers = [*SPECIAL, *(float(random_number(generator)) for _ in range(100))]
    halves = [Fraction(n, 2) for n in range(-8, 9)] + [Fraction(-1, 3), Fraction(7, 3)]
    huge = [Fraction(10) ** 400, -(Fraction(10) ** 400), Fraction(10) ** -400] if count == 1 else []
    precise = [mpf(a) for a in numbers if abs(a) < 1e9]
    found = []
    for pool in (numbers, halves + huge, [0, 1, 2, -1, -2, -3], precise):
        points = [(a,) for a in pool]
        if count > 1:
            points = [tuple(generator.choices(pool, k=count)) for _ in range(500)]
        for point in points:
            inside = row.inside is None or bool(row.inside(*point))
            try:
                row(*point)
                agrees = inside
            except DomainError as error:
                agrees = not inside and str(error).startswith(f"{row.name} needs ")
            except (ArithmeticError, ValueError, TypeError) as error:
                found.append(f"raises {error!r} at {point}")
                continue
            if not agrees:
                found.append(f"the predicate says {inside} at {point}, the evaluation {not inside}")
    return found


def lane_faults(row: Operation) -> list[str]:
    """Where lanes differ from floats by more than 4 ulp, warn, or raise."""
    points = [point for point in sweep(row) if len(point) == len(sweep(row)[0])]
    numbers = [result(row, 0, point) for point in points]
    usual = [
        all(map(math.isfinite, (y, *map(float, row.derivatives(y, *row.evaluated(point)[1])))))
        for y, point in zip(numbers, points, strict=True)
    ]
    found = []
    for points_here, may_warn in (
        ([point for point, is_usual in zip(points, usual, strict=True) if is_usual], "raise"),
        ([point for point, is_usual in zip(points, usual, strict=True) if not is_usual], "ignore"),
    ):
        if not points_here:
            continue
        lanes = [np.array(column, dtype=float) for column in zip(*points_here, strict=True)]
        with np.errstate(over=may_warn, divide=may_warn, invalid=may_warn, under="ignore"):
            try:
                y, captured = row.evaluated(lanes)
                results = [y, *row.derivatives(y, *captured)]
            except FloatingPointError as error:
                found.append(f"warns: {error}")
                continue
        for index, column in enumerate(results[: len(lanes) + 1]):
            column = np.broadcast_to(column, lanes[0].shape)
            for point, computed in zip(points_here, column, strict=True):
                true = float(result(row, index, point))
                if not (np.isnan(computed) and math.isnan(true)):
                    distance = ulps(float(computed), mpf(true)) if not math.isnan(true) else INF
                    if distance > row.ulps:
                        found.append(
                            f"{quantity(index)} at {point} is {computed}, "
                            f"on floats {true}: {distance:.1f} ulp"
                        )
    return found


# The sweep, over the whole range of floats -------------------------------------------------------


def quantities(row):
    shortest = min(map(len, row.points))
    return range(max(shortest, max(map(len, optional_operands(row))) + row.arity[0]) + 1)


@pytest.mark.parametrize(
    ("row", "index"),
    [
        pytest.param(row, index, id=f"{row.name}-{quantity(index).rpartition('∂')[2]}")
        for row in ROWS
        for index in quantities(row)
    ],
)
def test_values_and_derivatives_keep_their_digits(row, index):
    assert inaccuracies(row, index) == [], "give the row a careful form: see stable.py"


def test_a_looser_bound_has_its_reason():
    for row in ROWS:
        is_usual = row.ulps == 4 and row.reach == (0, INF) and not row.cancels
        assert is_usual == (not row.because), row.name


@every_row
def test_lanes_are_as_accurate_as_floats_and_warn_where_these_overflow(row):
    assert lane_faults(row) == [], "write the careful form without branches: see stable.py"


@every_row
def test_the_formulas_of_the_slide_are_the_derivatives_of_the_value(row):
    assert formula_faults(row) == [], "state the derivative as the slide does, in formulas="


@every_row
def test_derivatives_at_the_check_points_are_those_of_differences(row):
    assert point_faults(row) == [], "mend the derivatives of the row, or its points"


@every_row
def test_kinks_are_stated_and_their_intervals_end_at_the_slopes_of_the_two_sides(row):
    assert kink_faults(row) == [], "state kink=, slope= and convention= in the row"


@every_row
def test_the_stated_slope_at_a_kink_is_that_of_small_steps(row):
    assert slope_faults(row) == [], "mend slope= of the row"


@every_row
def test_at_a_jump_the_value_beside_is_that_of_small_steps(row):
    assert jump_faults(row) == [], "state jump= and beside= in the row"


@every_row
def test_the_domain_is_where_it_can_be_evaluated(row):
    assert domain_faults(row) == [], "state domain= and inside= in the row"


# A row is all that an operation takes ------------------------------------------------------------

PACKAGE = Path(scalargrad.__file__).parent
TITLES = (
    "lectures",
    "language/library.py",
    "checking/slips.py",
)  # of experiments; other spellings; programs


def named_outside(name: str) -> list[str]:
    """Where the sources name an operation as text, the table itself aside."""
    return [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "ops.py" and not str(path.relative_to(PACKAGE)).startswith(TITLES)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == name
    ]


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in ROWS if row.activation and row.name != "tanh"],
                         ids=lambda row: row.name)  # fmt: skip
def test_nothing_outside_the_table_names_an_activation(row):
    assert named_outside(row.name) == [], "state it in the row, and read it there"


def test_a_name_outside_the_table_is_found():
    assert named_outside("tanh")  # the function of scalars, which each kind has


# Planted faults: each must be found --------------------------------------------------------------


def planted(name: str, **changed: Any) -> Operation:
    """A row of the table with some of its entries exchanged."""
    row = OPERATIONS[name]
    twin = Operation.__new__(Operation)  # a copy of a row is that row
    vars(twin).update(vars(row), **changed)
    return twin


def off(by: float, f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *a: tuple(part * (1 + by) for part in f(*a))


@pytest.mark.parametrize(
    ("check", "row"),
    [
        (all_inaccuracies, planted("sin", derivatives=off(5e-4, OPERATIONS["sin"].derivatives))),
        (all_inaccuracies, planted("mish", derivatives=OPERATIONS["mish"].formulas)),
        (all_inaccuracies, planted("sigmoid", value=OPERATIONS["sigmoid"].textbook)),
        (formula_faults, planted("tanh", derivatives=lambda y, a: (1 - y,))),
        (point_faults, planted("mul", derivatives=lambda y, a, b: (a, b))),
        (kink_faults, planted("relu", slope=lambda d, a: d[0])),
        (kink_faults, planted("abs", kink=lambda a: a == 1)),
        (kink_faults, planted("maximum", convention="")),
        (slope_faults, planted("minimum", slope=OPERATIONS["maximum"].slope)),
        (slope_faults, planted("norm", slope=lambda d, *a: sum(d))),
        (jump_faults, planted("sign", beside=lambda d, a: 1)),
        (jump_faults, planted("step", jump=None)),
        (domain_faults, planted("acosh", inside=lambda a: a >= 0)),
        (lane_faults, planted("silu", value=OPERATIONS["silu"].textbook)),
    ],
    ids=lambda part: part.name if isinstance(part, Operation) else part.__name__,
)  # fmt: skip
def test_a_planted_fault_is_found(check, row):
    assert check(row)
