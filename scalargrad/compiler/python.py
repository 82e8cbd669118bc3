"""The program as Python text, which runs on floats, on numpy, under JAX and under PyTorch."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scalargrad.compiler import runtime
from scalargrad.compiler.listing import (
    BINDING,
    CHOICE,
    COMPARED,
    Listing,
    Text,
    binary,
    call,
    negated,
)
from scalargrad.compiler.program import Program
from scalargrad.notation.words import printable

_INDENT = "    "


def scalar_source(program: Program, name: str = "value_and_gradients") -> str:
    """A function of floats that returns the value and the tuple of its gradients.

    The text is Python; names that are not its own are those of `runtime`.
    """
    program = program.straight()
    listing = _listing(program, _choice)
    body, (value, *others) = listing.texts("%s = %s", _comment)
    labels = "".join(
        f"{_INDENT}{_comment(f'{listing.variables[i]} is {program.labels[i]}')}\n"
        for i in range(len(program.inputs)) if i in program.labels
    )  # fmt: skip
    parameters = ", ".join(_parameters(program, listing))
    header = f"def {name}({parameters}):\n{labels}"
    body.append(f"return {value}, {_tuple(others)}")
    return header + "".join(f"{_INDENT}{line}\n" for line in body)


def lanes_source(program: Program, lanes: Sequence[str], summed: frozenset[int]) -> str:
    """A function that loops over the lanes: of the numbers and of the columns among the inputs.

    It returns the list of sums and the list of rows.

    Args:
        program: the steps.
        lanes: the inputs that are sequences, one element for each lane.
        summed: the places of the outputs that are added up over the lanes.
    """
    program = program.straight()
    listing = _listing(program, _choice, names=False)
    body, outputs = listing.texts("%s = %s", _comment)
    body += [f"s{i}_ += {says}" if i in summed else f"row{i}_.append({says})"
             for i, says in enumerate(outputs)]  # fmt: skip
    start = [f"s{i}_ = 0.0" if i in summed else f"row{i}_ = []" for i in range(len(outputs))]
    numbers, columns = _numbers_and_columns(program, listing, lanes)
    loop = "for _ in (0,):"
    if columns:
        loop = f"for {_tuple(columns)} in zip(*columns_):"
    sums, rows = _handed_back(
        summed, [f"{'s' if i in summed else 'row'}{i}_" for i in range(len(outputs))]
    )
    read = [f"{_tuple(numbers)} = numbers_"] * bool(numbers)
    lines = ["def over_lanes(numbers_, columns_):"]
    lines += [_INDENT + line for line in (*read, *start, loop)]
    lines += [2 * _INDENT + line for line in body or ["pass"]]
    return "\n".join([*lines, f"{_INDENT}return {sums}, {rows}", ""])


def array_source(program: Program, lanes: Sequence[str], summed: frozenset[int]) -> str:
    """The same on arrays, with one call for each step; what is to be summed is not summed yet."""
    program = program.straight()
    listing = array_listing(program)
    body, outputs = listing.texts("%s = %s", _comment)
    numbers, columns = _numbers_and_columns(program, listing, lanes)
    sums, rows = _handed_back(summed, outputs)
    lines = ["def on_arrays(numbers_, columns_):"]
    lines += [f"{_INDENT}{_tuple(numbers)} = numbers_"] * bool(numbers)
    lines += [f"{_INDENT}{_tuple(columns)} = columns_"] * bool(columns)
    lines += [_INDENT + line for line in body]
    return "\n".join([*lines, f"{_INDENT}return {sums}, {rows}", ""])


def _numbers_and_columns(
    program: Program, listing: Listing, lanes: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The variables of the inputs that are numbers, and of those that are lanes."""
    named = list(zip(program.inputs, _parameters(program, listing), strict=True))
    many = set(lanes)
    return [v for name, v in named if name not in many], [v for name, v in named if name in many]


def _handed_back(summed: frozenset[int], outputs: Sequence[str]) -> tuple[str, str]:
    """The lists of the outputs that are summed, and of the others."""
    sums = ", ".join(says for place, says in enumerate(outputs) if place in summed)
    rows = ", ".join(says for place, says in enumerate(outputs) if place not in summed)
    return f"[{sums}]", f"[{rows}]"


def defined(source: str, names: Mapping[str, Any], function: str) -> Callable[..., Any]:
    """A function of a text, run with these names."""
    namespace = dict(names)
    exec(compile(source, f"<scalargrad {function}>", "exec"), namespace)
    made: Callable[..., Any] = namespace[function]
    return made


def runtime_names() -> dict[str, Any]:
    """What a program of floats calls."""
    return {
        **{name: getattr(runtime, name) for name in runtime.__all__},
        "inf": math.inf,
        "nan": math.nan,
    }


def standalone(program: Program, inputs: Mapping[str, float]) -> str:
    """A file of Python that needs nothing else: the program, and a main that runs it once.

    Args:
        program: the steps.
        inputs: the numbers that main prints value and gradients for.
    """
    text = scalar_source(program)
    called = [name for name in runtime.__all__ if re.search(rf"\b{name}\(", text)]
    own = [name for name in called if inspect.getmodule(getattr(runtime, name)) is runtime]
    plain = sorted({*called} - {*own})
    head = ['"""Value and gradients, written by scalargrad."""', "", "import math"]
    if "log_sum_exp" in own:
        head.append("from decimal import Context, Decimal, localcontext")
    head.append(f"from math import {', '.join([*plain, 'inf', 'nan'])}")
    functions = [inspect.getsource(getattr(runtime, name)) for name in own]
    arguments = ", ".join(number_text(inputs[name]) for name in program.inputs)
    print_all = "\n".join(
        [
            'if __name__ == "__main__":',
            f"{_INDENT}value, gradients = value_and_gradients({arguments})",
            f'{_INDENT}print("value", value)',
            f"{_INDENT}for name, gradient in zip({list(program.wrt)!r}, gradients):",
            f"{2 * _INDENT}print(name, gradient)",
            "",
        ]
    )
    blocks = ["\n".join(head), *map(str.rstrip, functions), text.rstrip(), print_all]
    return "\n\n\n".join(blocks)


# Lines -------------------------------------------------------------------------------------------


def array_listing(
    program: Program, apart: Mapping[int, bool] | None = None, leaf: str = ""
) -> Listing:
    """The lines of a program that runs on arrays: see `Listing`."""
    return _listing(program, lambda c, a, b: call("where", (c, a, b)), False, apart, leaf)


def _listing(
    program: Program,
    choose: Callable[[Text, Text, Text], Text],
    names: bool = True,
    apart: Mapping[int, bool] | None = None,
    leaf: str = "",
) -> Listing:
    def write(index: int, op: str, operands: Sequence[Text]) -> Text:
        if op in BINDING:
            return binary(op, *operands)
        if op == "neg":
            return negated(operands[0])
        if op == "where":
            return choose(operands[0], operands[1], operands[2])
        if op in ("&", "|"):
            return Text(f" {op} ".join(f"({a.says})" for a in operands), COMPARED - 1)
        if op in ("<", "<=", ">", ">=", "==", "!="):
            a, b = operands
            depth = max(a.depth, b.depth) + 1
            return Text(f"{a.within(COMPARED + 1)} {op} {b.within(COMPARED + 1)}", COMPARED, depth)
        return call(op, operands)

    return Listing(program, write, number_text, names, apart, leaf)


def _parameters(program: Program, listing: Listing) -> list[str]:
    return [listing.variables[i] for i in range(len(program.inputs))]


def _choice(condition: Text, a: Text, b: Text) -> Text:
    says = f"{a.within(CHOICE + 1)} if {condition.within(CHOICE + 1)} else {b.within(CHOICE + 1)}"
    return Text(says, CHOICE, max(a.depth, b.depth, condition.depth) + 1)


def _comment(text: str) -> str:
    """A comment, which is one line."""
    return f"# {printable(text, 60)}"


def number_text(number: float) -> str:
    """A constant, as Python writes it."""
    return repr(float(number))


def _tuple(texts: Sequence[str]) -> str:
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
