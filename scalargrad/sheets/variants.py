"""Variants of a worked example: the same program with other short numbers."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from scalargrad.engine import ops, scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError, ProgramError
from scalargrad.language.reading import Program, program
from scalargrad.notation.names import NotAName, canonical

_TRIES = 60  # draws from which the best is taken
_IMPOSSIBLE = 10_000  # the fault of inputs that will not do

_NUMBER = re.compile(
    r"(?P<float>[~≈]?) *(?P<sign>[-−]?) *(?P<whole>[0-9]*)(?P<point>\.?)(?P<decimals>[0-9]*)"
    r"(?P<rest>(?:[eE][-+]?[0-9]+)?)"
)
_RATIO = re.compile(r"(?P<sign>[-−]?) *(?P<top>[0-9]+) */ *(?P<bottom>[0-9]+)")


def variants(program_text: str, count: int, seed: int) -> list[str]:
    """Programs that differ from one another and from the given one by their inputs.

    An integer stays an integer and a number of one decimal has one decimal. No input is 0 or 1,
    no two are equal, ReLUs are not all shut, and as far as can be had gradients differ and
    mistakes can be told apart: no 2 beside a square. A label, y in 1 − y, stays what it is.
    Comments are left out: they were about the old numbers.

    Args:
        program_text: with a number for every input.
        count: how many.
        seed: the same seed gives the same variants, of which more begin with the fewer.

    Raises:
        ValueError: when there are none.

    >>> for text in variants("x = 2; w = 0.8; loss = (w*x - 3)^2", 2, seed=1):
    ...     print(text)
    x = ...; w = ...; loss = (w*x - 3)^2
    x = ...; w = ...; loss = (w*x - 3)^2
    """
    example = program(program_text)
    literals = _literals(program_text, example)
    if count < 0:
        raise ValueError(f"the number of variants is at least 0; got {count}")
    if not literals:
        raise ValueError("the program has no inputs, as in x = 2, that variants could change")
    made: list[str] = []
    given = tuple(_number(example[name]) for name in literals)
    seen = {given}
    enough = 0  # faults: what the form of the program brings with it no draw can avoid
    for index in range(count):
        chance = random.Random(f"{seed} {index}")
        chosen, faults = _best(program_text, literals, chance, seen, enough)
        if chosen is None:
            raise ValueError(
                f"found {len(made)} variants of {count}: other inputs are equal, leave the "
                "domain or shut every ReLU"
            )
        made.append(chosen)
        enough = faults if index == 0 else min(enough, faults)
    return made


@dataclass(frozen=True)
class _Literal:
    """An input's number: its text, its size, and whether it stays as it is."""

    text: str
    size: Fraction
    is_kept: bool

    def candidates(self, chance: random.Random) -> Iterator[str]:
        """Other numbers of the same form, in random order; longer ones when these are used up."""
        ratio = _RATIO.fullmatch(self.text)
        match = _NUMBER.fullmatch(self.text)
        minus = chance.random() < 0.2
        if ratio:
            sign = "-" if bool(ratio["sign"]) != minus else ""
            pairs = [(p, q) for p in range(2, 10) for q in range(2, 10) if math.gcd(p, q) == 1]
            is_below_one = int(ratio["top"]) < int(ratio["bottom"])
            chance.shuffle(pairs)
            yield from (f"{sign}{p}/{q}" for p, q in pairs if (p < q) == is_below_one)
        elif match:
            sign = "-" if bool(match["sign"]) != minus else ""
            whole, places = int(match["whole"] or 0), len(match["decimals"])
            for extra in range(3):
                for number in _drawn(whole, places, extra, chance):
                    yield f"{match['float']}{sign}{number}{match['rest']}"


def _drawn(whole: int, places: int, extra: int, chance: random.Random) -> list[str]:
    """Numbers of so many decimals and of about the size of the whole part, in random order."""
    if not places:
        low, high = (2, min(9, 2 * whole + 4)) if whole < 10 else (whole // 2, 2 * whole)
        numbers = [str(n) for n in range(low, min(high * 10**extra, low + 900) + 1)]
    else:
        places += extra
        unit = 10**places
        low, high = (unit // 10, unit - 1) if whole == 0 else (unit + 1, (2 * whole + 1) * unit - 1)
        picks = range(low, high + 1)
        picked = chance.sample(picks, min(60, len(picks)))
        numbers = [f"{n // unit}.{n % unit:0{places}d}" for n in sorted(picked) if n % 10]
    chance.shuffle(numbers)
    return numbers


def _literals(text: str, example: Program) -> dict[str, _Literal]:
    """The inputs that the text assigns a number, by name."""
    labels = _labels(example)
    found = {}
    for name, written in _assigned(text):
        if name in example.inputs:
            is_plain = _RATIO.fullmatch(written) or _NUMBER.fullmatch(written)
            size = abs(_number(example[name]))
            found[name] = _Literal(written, size, name in labels or not is_plain)
    return {name: found[name] for name in example.inputs if name in found}


def _assigned(text: str) -> Iterator[tuple[str, str]]:
    """Names and what is assigned to them, as text."""
    for line in text.replace("\r", "\n").split("\n"):
        for statement in line.partition("#")[0].split(";"):
            name, equals, written = statement.partition("=")
            if equals:
                with suppress(NotAName):
                    yield canonical(name.strip()), written.strip()


def _replaced(text: str, numbers: Mapping[str, str]) -> str:
    """The text with other numbers for some names, and without comments."""
    lines = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        code, hash_, _ = line.partition("#")
        statements = [_statement(statement, numbers) for statement in code.split(";")]
        if code.strip() or not hash_:
            lines.append(";".join(statements).rstrip())
    return "\n".join(lines).strip("\n")


def _statement(statement: str, numbers: Mapping[str, str]) -> str:
    name, equals, written = statement.partition("=")
    with suppress(NotAName):
        number = numbers.get(canonical(name.strip())) if equals else None
        if number is not None:
            return f"{name}={written.replace(written.strip(), number)}"
    return statement


def _best(
    text: str,
    literals: Mapping[str, _Literal],
    chance: random.Random,
    seen: set[tuple[Fraction, ...]],
    enough: int,
) -> tuple[str | None, int]:
    """Of many draws the one with the fewest faults, and these; None where none will do."""
    best, fewest = None, _IMPOSSIBLE
    for _ in range(_TRIES):
        numbers = _draw(literals, chance)
        if numbers is None:
            continue
        candidate = _replaced(text, numbers)
        try:
            made = program(candidate)
        except (DomainError, ProgramError):
            continue
        inputs = tuple(_number(made[name]) for name in literals)
        if inputs in seen:
            continue
        faults = _faults(made)
        if faults < fewest:
            best, fewest, chosen = candidate, faults, inputs
        if fewest <= enough:
            break
    if best is not None:
        seen.add(chosen)
    return best, fewest


def _draw(literals: Mapping[str, _Literal], chance: random.Random) -> dict[str, str] | None:
    """A number for each input, no two of the same size; None where they run out."""
    used: set[Fraction] = {Fraction(0), Fraction(1)}
    numbers = {}
    for name, literal in literals.items():
        if literal.is_kept:
            numbers[name] = literal.text
            continue
        taken = used | {literal.size}
        drawn = next((n for n in literal.candidates(chance) if _size(n) not in taken), None)
        if drawn is None:
            return None
        used.add(_size(drawn))
        numbers[name] = drawn
    return numbers


def _size(number: str) -> Fraction:
    return abs(Fraction(number.lstrip("~≈")))


def _number(node: Value) -> Fraction:
    return Fraction(node.data)


# Faults ------------------------------------------------------------------------------------------


def _labels(example: Program) -> set[str]:
    """Inputs that are 0 or 1 and are subtracted from 1: labels of a cross-entropy."""
    order = topological_order(example.output)
    subtracted = {
        node.parents[1] for node in order if node.op is ops.sub and node.parents[0].data == 1
    }
    return {
        name
        for name in example.inputs
        if example[name] in subtracted and example[name].data in (0, 1)
    }


def _faults(made: Program) -> int:
    """How much is wrong with the inputs of a program: 0 is best."""
    order = topological_order(made.output)
    values = [scalars.to_float(node.data) for node in order]
    if not all(map(math.isfinite, values)) or any(node.is_at_kink for node in order):
        return _IMPOSSIBLE
    gates = [node for node in order if node.op is ops.relu]
    if gates and not any(node.data for node in gates):
        return _IMPOSSIBLE
    try:
        found = gradients(made.output, scalars.whole(1, made.output.data))
    except (DomainError, OverflowError):
        return _IMPOSSIBLE
    derivatives = [abs(scalars.to_float(found[made[name]])) for name in made.inputs
                   if made[name] in found]  # fmt: skip
    tiny = sum(derivative < 1e-4 for derivative in derivatives)
    flat = sum(
        bool(abs(node.operands[0]) > 3) for node in order if node.op in (ops.sigmoid, ops.tanh)
    )
    named = [node for node in order if node.label and node in found]
    alike = sum(_rounded(node.data) == _rounded(found[node]) for node in named)
    faults = (
        4 * _repetitions(derivatives)
        + 3 * _twos(order)
        + 2 * (tiny + flat)
        + 2 * alike
        + _repetitions([node.data for node in named])
        + sum(abs(value) > 1000 for value in values)
    )
    return int(faults)


def _repetitions(numbers: list[scalars.Scalar]) -> int:
    return len(numbers) - len({_rounded(number) for number in numbers})


def _rounded(number: scalars.Scalar) -> float:
    return round(abs(scalars.to_float(number)), 9)


def _twos(order: list[Value]) -> int:
    """How many factors of the chain rule are 2 or ½ where a rule or a number has a 2 of its own.

    A lost 2 and a lost x = 2 give the same number.
    """
    has_two = any(
        node.op and (node.op is ops.square or (not node.parents and abs(node.data) in (2, 0.5)))
        for node in order
    )
    if not has_two:
        return 0
    constants = {node for node in order if node.op and not node.parents}
    return sum(
        abs(local) in (2, 0.5)
        for node in order
        for parent, local in zip(node.parents, node.local_derivatives(), strict=False)
        if parent not in constants
    )
