"""Program: the steps of a value and its gradients, found by one backward pass on Sources."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, compress, count
from keyword import kwlist

from scalargrad.compiler.source import Ref, Source, Step, Tape
from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value


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
        of: what the user called the value.
        inner: nodes with a label between inputs and value: it, their step, that of the gradient.
        forward: how many of the steps belong to the forward pass.
        drawn: inputs that are drawn at random where they are not given, and how.
    """

    inputs: tuple[str, ...]
    steps: tuple[Step, ...]
    value: Ref
    gradients: tuple[Ref, ...]
    more: tuple[Ref, ...]
    wrt: tuple[str, ...]
    of: str
    inner: tuple[tuple[str, Ref, Ref], ...]
    forward: int
    drawn: Mapping[str, Callable[[], Scalar]] = field(default_factory=dict)

    @cached_property
    def outputs(self) -> tuple[Ref, ...]:
        """The value, the further outputs, and the gradients."""
        return (self.value, *self.more, *self.gradients)

    @property
    def size(self) -> int:
        """How many operations it takes."""
        sums = sum(len(args) - 2 for op, args in self.steps if op == "dot")
        return len(self.steps) - len(self.inputs) + sums

    @property
    def names(self) -> dict[int, str]:
        """Of steps, as the program writes them: h1, and d_h1 for the gradient of h1; or ""."""
        return self._naming[0]

    @property
    def labels(self) -> dict[int, str]:
        """What the user called the node, where `names` had to write it otherwise, and ∂ℓ/∂h1."""
        return self._naming[1]

    @cached_property
    def _naming(self) -> tuple[dict[int, str], dict[int, str]]:
        """Names and labels, which only a text that is read needs."""
        names: dict[int, str] = {}
        labels: dict[int, str] = {}
        taken: set[str] = set()

        def give(step: Ref, written: str, label: str, first: int = 0) -> None:
            if not isinstance(step, int) or step < first or step in names:
                return
            name = written if _is_plain(written) and written not in taken else ""
            taken.add(name)
            names[step] = name
            if name != label:
                labels[step] = label

        steps: list[tuple[Ref, str]] = [*enumerate(self.inputs)]
        for step, label in [*steps, *[(step, label) for label, step, _ in self.inner]]:
            give(step, label, label)
        steps = [*zip(self.gradients, self.wrt, strict=True)]
        for step, label in [*steps, *[(step, label) for label, _, step in self.inner]]:
            give(step, f"d_{label}", f"∂{self.of or 'y'}/∂{label}", self.forward)
        return names, labels

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

    def uses(self) -> list[int]:
        """How often each step is read, the outputs counted."""
        uses = [0] * len(self.steps)
        for args in (*[args for _, args in self.steps], self.outputs):
            for a in args:
                if a.__class__ is int:
                    uses[a] += 1
        return uses

    def without_gradients(self) -> Program:
        """The forward pass alone."""
        return replace(self, gradients=(), wrt=()).needed((self.value, *self.more))

    def straight(self) -> Program:
        """The same with a step for each product and each sum of a dot."""
        steps: list[Step] = []
        places: dict[int, int] = {}
        for index, (op, args) in enumerate(self.steps):
            operands = tuple([places[a] if isinstance(a, int) else a for a in args])
            if op == "dot":
                total = operands[0]
                for pair in zip(operands[1::2], operands[2::2], strict=True):
                    steps.append(("*", pair))
                    if repr(total) != "-0.0":  # with which a dot begins that adds to nothing
                        steps.append(("+", (total, len(steps) - 1)))
                    total = len(steps) - 1
            else:
                steps.append((op, operands))
            places[index] = len(steps) - 1
        return self._placed(steps, places)

    def needed(self, wanted: Iterable[Ref]) -> Program:
        """The program of what some steps are computed from, the inputs first.

        Outputs that are not wanted stand as 0.0.
        """
        kept = bytearray(len(self.steps))
        for ref in wanted:
            if isinstance(ref, int):
                kept[ref] = 1
        for index in range(len(self.steps) - 1, -1, -1):
            if kept[index]:
                for a in self.steps[index][1]:
                    if a.__class__ is int:
                        kept[a] = 1
        inputs = [index for index, (op, _) in enumerate(self.steps) if op == "input"]
        for index in inputs:
            kept[index] = 0
        others = list(compress(range(len(kept)), kept))
        places = dict(zip(chain(inputs, others), count()))
        steps = [
            (op, tuple([places[a] if a.__class__ is int else a for a in args]))
            for op, args in map(self.steps.__getitem__, others)
        ]
        return self._placed([*map(self.steps.__getitem__, inputs), *steps], places)

    def _placed(self, steps: Sequence[Step], places: Mapping[int, int]) -> Program:
        """The program with other steps, and what it says of them at their new places."""

        def ref(old: Ref) -> Ref:
            return places.get(old, 0.0) if isinstance(old, int) else old

        forward = [places[old] for old in range(self.forward) if old in places]
        return replace(
            self,
            steps=tuple(steps),
            value=ref(self.value),
            gradients=tuple(map(ref, self.gradients)),
            more=tuple(map(ref, self.more)),
            inner=tuple([(label, ref(step), ref(grad)) for label, step, grad in self.inner]),
            forward=1 + max(forward, default=-1),
        )


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
    refs = [_ref(data) for data in (output.data, *[node.data for node in more],
                                    *[found.get(node, 0.0) for node in wrt.values()])]  # fmt: skip
    nodes = [node for node in topological_order(output) if node.label and node.op]
    inner = [
        (node.label, _ref(node.data), _ref(found.get(node, 0.0) if node is not output else 0.0))
        for node in nodes if isinstance(node.data, Source)
    ]  # fmt: skip
    recorded = Program(
        tuple(tape.inputs),
        tuple(tape.steps),
        refs[0],
        tuple(refs[1 + len(more) :]),
        tuple(refs[1 : 1 + len(more)]),
        tuple(wrt),
        output.label,
        tuple(inner),
        forward,
        dict(tape.drawn),
    )
    tape.clear()
    return recorded.needed(refs)


def _ref(data: Scalar) -> Ref:
    """The step of a Source, or a constant."""
    if getattr(data, "shape", ()):
        raise TypeError("a constant of a program is a single number; got lanes: make them an input")
    return data.index if isinstance(data, Source) else scalars.to_float(data)


# Names -------------------------------------------------------------------------------------------


def _is_plain(name: str) -> bool:
    """Whether a name can stand in a program of any language as it is."""
    return _PLAIN.fullmatch(name) is not None and name not in RESERVED


_PLAIN = re.compile(r"(?![dv]\d+\Z|[A-Z_0-9]+\Z)[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?")

# Words of C's, of its library's, of Python's, and those that the programs use themselves.
_WORDS = """
auto break case char const default do double enum extern float goto int inline long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile asm
fortran linux unix main errno stdin stdout stderr signgam malloc free memcpy memset aligned_alloc
real mask lanes masks loaded stored kernel inputs gradients names printf exp expm1 log log1p sqrt
sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh
log2 log10 erf erfc power pow fabs where quotient log_sum_exp abs sum zip inf
nan math print value gradients name value_and_gradients over_lanes on_arrays
"""
RESERVED = frozenset((*_WORDS.split(), *kwlist))
