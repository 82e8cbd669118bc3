"""Program: the steps of a value and its gradients, found by one backward pass on Sources."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from keyword import iskeyword

from scalargrad.compiler.source import POSITIVE, Source, Tape, facts_of
from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value

Ref = int | float  # a step by its index, or a constant
Step = tuple[str, tuple[Ref, ...]]


@dataclass(frozen=True)
class Program:
    """A straight line of steps from inputs to a value, its gradients, and more outputs.

    Attributes:
        inputs: their names; the first steps are the inputs, in this order.
        steps: an operation and its operands each; operands come before what uses them.
        value: the output that was differentiated.
        gradients: of the value with respect to `wrt`, in its order.
        more: further outputs, such as the predictions that a loss was made of.
        wrt: names of inputs.
        names: of steps, as the program writes them: h1, and d_h1 for the gradient of h1.
        labels: what the user called the node, where `names` had to write it otherwise, and ∂ℓ/∂h1.
        forward: how many of the steps belong to the forward pass.
        drawn: inputs that are drawn at random where they are not given, and how.
    """

    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    value: Ref
    gradients: tuple[Ref, ...]
    more: tuple[Ref, ...]
    wrt: tuple[str, ...]
    names: Mapping[int, str]
    labels: Mapping[int, str]
    forward: int
    drawn: Mapping[str, Callable[[], Scalar]] = field(default_factory=dict)

    @cached_property
    def outputs(self) -> tuple[Ref, ...]:
        """The value, the further outputs, and the gradients."""
        return (self.value, *self.more, *self.gradients)

    @property
    def size(self) -> int:
        """How many operations it takes."""
        return len(self.steps) - len(self.inputs)

    def lanes(self, inputs: Sequence[str]) -> list[bool]:
        """For each step, whether it differs from lane to lane when these inputs do."""
        varying = set(inputs)
        found: list[bool] = []
        for index, (op, args) in enumerate(self.steps):
            if op == "input":
                found.append(self.inputs[index] in varying)
            else:
                found.append(True in [found[a] for a in args if a.__class__ is int])
        return found

    def without_gradients(self) -> Program:
        """The forward pass alone."""
        return replace(self, gradients=(), wrt=()).needed((self.value, *self.more))[0]

    def needed(self, wanted: Iterable[Ref]) -> tuple[Program, dict[int, int]]:
        """The program of what some steps are computed from, and where each step is found in it.

        Outputs that are not wanted stand as 0.0.
        """
        kept = {ref for ref in wanted if isinstance(ref, int)} | set(range(len(self.inputs)))
        for index in range(len(self.steps) - 1, -1, -1):
            if index in kept:
                kept |= {a for a in self.steps[index][1] if isinstance(a, int)}
        places = {index: place for place, index in enumerate(sorted(kept))}

        def ref(old: Ref) -> Ref:
            return places.get(old, 0.0) if isinstance(old, int) else old

        shorter = replace(
            self,
            steps=tuple([(op, tuple(map(ref, args))) for op, args in
                         map(self.steps.__getitem__, places)]),
            value=ref(self.value),
            gradients=tuple(map(ref, self.gradients)),
            more=tuple(map(ref, self.more)),
            names={places[k]: name for k, name in self.names.items() if k in places},
            labels={places[k]: label for k, label in self.labels.items() if k in places},
            forward=sum(index < self.forward for index in places),
        )  # fmt: skip
        return shorter, places


@contextmanager
def uncollected() -> Iterator[None]:
    """Trace without the garbage collector: it would go through all steps time and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def traced(
    tape: Tape, output: Value, wrt: Mapping[str, Value], more: Sequence[Value] = ()
) -> Program:
    """The program of an output that was computed from the inputs of a tape.

    Args:
        tape: what recorded it.
        output: a node whose data is a Source, or a constant.
        wrt: inputs of the tape by name, as nodes.
        more: further outputs.
    """
    forward = len(tape.steps)
    found = gradients(output, 1.0) if wrt else {}
    asked = [found.get(node, 0.0) for node in wrt.values()]
    outputs = [_number(v) for v in (output.data, *[node.data for node in more], *asked)]
    names, labels = _named(output, found, forward)
    inputs = [step for step in tape.steps if step.op == "input"]
    kept = _needed(tape, outputs)
    order = inputs + [step for step in tape.steps if step.op != "input" and step.index in kept]
    places = {step.index: place for place, step in enumerate(order)}

    def ref(number: Source | float) -> Ref:
        return places[number.index] if isinstance(number, Source) else number

    steps: list[Step] = [("input", ()) for _ in inputs]
    for step in order[len(inputs) :]:
        steps.append((_written(step), tuple(map(ref, step.args))))
    refs = list(map(ref, outputs))
    return Program(
        tuple(step.args[0] for step in inputs),
        tuple(steps),
        refs[0],
        tuple(refs[1 + len(more) :]),
        tuple(refs[1 : 1 + len(more)]),
        tuple(wrt),
        {places[index]: name for index, name in names.items() if index in places},
        {places[index]: label for index, label in labels.items() if index in places},
        sum(step.index < forward for step in order),
        dict(tape.drawn),
    )


def _number(data: Scalar) -> Source | float:
    if getattr(data, "shape", ()):
        raise TypeError("a constant of a program is a single number; got lanes: make them an input")
    return data if isinstance(data, Source) else scalars.to_float(data)


def _written(step: Source) -> str:
    """The operation; a division that may be by zero is told apart, because Python raises there."""
    if step.op != "/":
        return step.op
    divisor = step.args[1]
    is_known = isinstance(divisor, float) and divisor != 0
    return "/" if is_known or facts_of(divisor) & POSITIVE else "quotient"


def _needed(tape: Tape, outputs: Sequence[Source | float]) -> set[int]:
    """The indices of the steps that some outputs are computed from."""
    kept = {number.index for number in outputs if isinstance(number, Source)}
    for step in reversed(tape.steps):
        if step.index in kept:
            kept |= {a.index for a in step.args if isinstance(a, Source)}
    return kept


# Names -------------------------------------------------------------------------------------------


def _named(
    output: Value, found: Mapping[Value, Scalar], forward: int
) -> tuple[dict[int, str], dict[int, str]]:
    """Names for the steps that hold the data, or the gradient, of nodes with a label."""
    names: dict[int, str] = {}
    labels: dict[int, str] = {}
    taken: set[str] = set()

    def give(step: Scalar, written: str, label: str, first: int = 0) -> None:
        if not isinstance(step, Source) or step.index < first or step.index in names:
            return
        name = written if _is_plain(written) and written not in taken else ""
        taken.add(name)
        names[step.index] = name
        if name != label:
            labels[step.index] = label

    labelled = [node for node in topological_order(output) if node.label]
    for node in labelled:
        give(node.data, node.label, node.label)
    of = output.label or "y"
    for node in labelled:
        if node is not output:
            give(found.get(node), f"d_{node.label}", f"∂{of}/∂{node.label}", forward)
    return names, labels


def _is_plain(name: str) -> bool:
    """Whether a name can stand in a program of any language as it is."""
    return (
        re.fullmatch(r"[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?", name) is not None
        and re.fullmatch(r"[dv]\d+|[A-Z_0-9]+", name) is None
        and name not in RESERVED
        and not iskeyword(name)
    )


# Words of C's, of its library's, and those that the programs use themselves.
_WORDS = """
auto break case char const default do double enum extern float goto int inline long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile asm
fortran linux unix main errno stdin stdout stderr signgam malloc free memcpy memset aligned_alloc
real mask lanes masks loaded stored kernel inputs gradients names printf exp expm1 log log1p sqrt
sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh
log2 log10 erf erfc power pow fabs where quotient log_sum_exp abs sum zip inf
nan math print value gradients name value_and_gradients over_lanes on_arrays
"""
RESERVED = frozenset(_WORDS.split())
