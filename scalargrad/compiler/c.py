"""The program as C text: expressions, and a file that stands alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scalargrad.compiler.listing import (
    ATOM,
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
from scalargrad.compiler.source import CONDITIONS
from scalargrad.notation.words import printable

_BITWISE = 0  # & and | bind less tightly than comparisons do

# Functions of doubles that C's library names otherwise.
C_NAMES = {"abs": "fabs", "power": "pow"}


def standalone(program: Program, inputs: Mapping[str, float]) -> str:
    """A file of C that needs the mathematics library alone: the program, and a main that runs it.

    Args:
        program: the steps.
        inputs: the numbers that main prints value and gradients for.
    """
    program = program.straight()
    listing = listing_of(program, [False] * len(program.steps))
    body, (value, *gradients) = listing.texts("const double %s = %s;", _comment)
    body += [f"gradients[{place}] = {says};" for place, says in enumerate(gradients)]
    body.append(f"return {value};")
    variables = [listing.variables[i] for i in range(len(program.inputs))]
    labels = [_comment(f"{v} is {program.labels[i]}")
              for i, v in enumerate(variables) if i in program.labels]  # fmt: skip
    read = [f"const double {v} = inputs[{i}];" for i, v in enumerate(variables)]
    unused = [f"(void){v};" for v in variables or ["inputs"]]
    numbers = ", ".join(number_text(inputs[name]) for name in program.inputs) or "0"
    names = ", ".join(_text(name) for name in program.wrt) or '""'
    lines = [
        "/* Value and gradients, written by scalargrad. */",
        "#include <math.h>",
        "#include <stdio.h>",
        "",
        "double value_and_gradients(const double *inputs, double *gradients)",
        "{",
        *("    " + line for line in (*labels, *read, *unused, "(void)gradients;", *body)),
        "}",
        "",
        "int main(void)",
        "{",
        f"    static const double inputs[] = {{{numbers}}};",
        f"    static const char *const names[] = {{{names}}};",
        f"    static double gradients[{max(len(program.wrt), 1)}];",
        '    printf("value %.17g\\n", value_and_gradients(inputs, gradients));',
        f"    for (int k = 0; k < {len(program.wrt)}; k++)",
        '        printf("%s %.17g\\n", names[k], gradients[k]);',
        "    return 0;",
        "}",
        "",
    ]
    return "\n".join(lines)


# Lines -------------------------------------------------------------------------------------------


def listing_of(
    program: Program,
    varying: Sequence[bool],
    apart: Mapping[int, bool] | None = None,
    leaf: str = "",
) -> Listing:
    """The lines of a program in C; steps that vary are vectors of lanes, the others doubles.

    Args:
        program: what to write.
        varying: for each step whether it differs from lane to lane.
        apart: steps that get a line of their own (True), or none (False), in any case.
        leaf: how every variable is written, where each line is a pattern; else by its name.
    """

    def is_wide(ref: int | float) -> bool:
        return isinstance(ref, int) and varying[ref]

    def write(index: int, op: str, operands: Sequence[Text]) -> Text:
        if op in BINDING:
            return binary(op, *operands)
        if op == "dot":  # a loop, which is no expression
            return Text("")
        args = program.steps[index][1]
        wide = varying[index]
        if op == "quotient":
            return binary("/", *operands)
        if op == "neg":
            return negated(operands[0])
        if op == "where":
            return _choice(operands, [is_wide(a) for a in args])
        if op == "log_sum_exp":  # 60 digits are not to be had in C
            return operands[0]
        if op in CONDITIONS:
            return _condition(op, operands, [is_wide(a) for a in args])
        if wide:
            return call(f"{op}_lanes", _lifted("lanes", operands, list(map(is_wide, args))))
        return call(C_NAMES.get(op, op), operands)

    return Listing(program, write, number_text, not leaf, apart, leaf)


def _choice(operands: Sequence[Text], wide: Sequence[bool]) -> Text:
    condition, *branches = operands
    if any(wide):
        branches = _lifted("lanes", branches, wide[1:])
    if wide[0]:
        return call("where", [condition, *branches])
    a, b = branches
    depth = max(condition.depth, a.depth, b.depth) + 1
    says = f"{condition.within(CHOICE + 1)} ? {a.within(CHOICE + 1)} : {b.within(CHOICE + 1)}"
    return Text(says, CHOICE, depth)


def _condition(op: str, operands: Sequence[Text], wide: Sequence[bool]) -> Text:
    if any(wide):
        operands = _lifted("masks" if op in ("&", "|") else "lanes", operands, wide)
    a, b = operands
    depth = max(a.depth, b.depth) + 1
    if op in ("&", "|"):
        return Text(f"{a.within(ATOM)} {op} {b.within(ATOM)}", _BITWISE, depth)
    return Text(f"{a.within(COMPARED + 1)} {op} {b.within(COMPARED + 1)}", COMPARED, depth)


def _lifted(name: str, operands: Sequence[Text], wide: Sequence[bool]) -> list[Text]:
    """The operands as registers: those that are single numbers by a call."""
    return [part if is_wide else call(name, [part])
            for part, is_wide in zip(operands, wide, strict=True)]  # fmt: skip


def number_text(number: float) -> str:
    """A constant, as C writes it."""
    if math.isfinite(number):
        return repr(float(number))
    sign = "-" if number < 0 else ""
    return f"{sign}INFINITY" if number == number else "NAN"


def _comment(text: str) -> str:
    """A comment, which no name within it can end or begin again."""
    return f"/* {printable(text, 60).replace('*/', '* /').replace('/*', '/ *')} */"


def _text(name: str) -> str:
    """A name as a literal: what is not plain ASCII in octal, which ends by itself."""
    plain = (
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?%' else f"\\{b:03o}"
        for b in name.encode("utf-8", "backslashreplace")
    )
    return '"' + "".join(plain) + '"'
