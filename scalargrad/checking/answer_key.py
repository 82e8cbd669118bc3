"""What sheets are marked against: a computation, its true numbers and the formulas of messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from scalargrad.checking.kinks import ANY, Interval, pullback_at, slopes_at_kinks
from scalargrad.checking.precision import UNSTATED, Precision
from scalargrad.checking.quantities import Quantity, canonical_label, shown
from scalargrad.checking.recomputing import FAILURES, Key, Outline, Recomputation
from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients, topological_order
from scalargrad.engine.one_sided import Slopes, is_among, is_smooth
from scalargrad.engine.rebuild import second_derivative
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.language.reading import Program, program
from scalargrad.notation.formula import Formula

AtKinks = Literal["any", "convention"]


@dataclass
class AnswerKey:
    """A computation to mark sheets against; one of them serves for a whole class.

    Attributes:
        names: its nodes by canonical name.
        output: the node that "the gradient" is of.
        outline: its named nodes and what lies between.
        shared: names that several nodes have, so that they mean none.
        precision: what the sheet asks for.
        rules: the formulas of lines that were asked for, as `working` finds them.
    """

    names: Mapping[str, Value]
    output: Value
    outline: Outline
    shared: Collection[str] = ()
    precision: Precision = UNSTATED
    rules: dict[Key, Formula | None] = field(default_factory=dict)
    _gradients: dict[Value, dict[Value, Scalar]] = field(default_factory=dict)
    _at_kinks: dict[tuple[Value, Value], Slopes] = field(default_factory=dict)
    _is_smooth: dict[Value, bool] = field(default_factory=dict)
    _constant: dict[Key, bool] = field(default_factory=dict)

    def key(self, asked: Quantity) -> Key:
        """The nodes of a quantity."""
        of = self.names[asked.of] if asked.of else self.output
        if asked.kind == "value":
            return (of,)
        by = self.names[asked.by]
        if asked.kind == "second":
            return of, by, self.names[asked.also], 2
        return (of, by) if asked.step is None else (of, by, asked.step)

    def truth(self, key: Key, at_kinks: AtKinks = "any") -> Scalar:
        """The true value of a quantity; at a kink backward's number, if it is one of the slopes."""
        of, *rest = key
        if not rest:
            return of.data
        if len(key) == 4:
            return second_derivative(*key[:3])
        by, *step = rest
        derivative = self.gradients(of).get(by, 0)
        both = self.slopes(key) if at_kinks == "any" else None
        if both and both.outcome == "slopes" and not is_among(derivative, both):
            derivative = (both.left + both.right) / 2 if both.left != both.right else both.left
        return by.data - step[0] * derivative if step else derivative

    def gradients(self, of: Value) -> Mapping[Value, Scalar]:
        """The derivatives of a node by all that are below it, by the conventions at kinks."""
        if of not in self._gradients:
            pullback = pullback_at(self.outline.slopes)
            self._gradients[of] = gradients(of, scalars.whole(1, of.data), pullback)
        return self._gradients[of]

    def slopes(self, key: Key) -> Slopes | None:
        """The slopes of a first derivative to both sides; None where it is smooth, or none."""
        if len(key) in (1, 4):
            return None
        of, by = key[:2]
        if of not in self._is_smooth:
            self._is_smooth[of] = is_smooth(of)
        if self._is_smooth[of]:
            return None
        if (of, by) not in self._at_kinks:
            self._at_kinks[of, by] = slopes_at_kinks(of, by, self.outline.slopes)
        return self._at_kinks[of, by]

    def allowed(self, key: Key, at_kinks: AtKinks) -> Interval:
        """The values that are right: more than one at a kink, and any where there is no slope."""
        exact = self.truth(key, at_kinks)
        both = self.slopes(key) if at_kinks == "any" else None
        if both is None or (both.left == both.right and both.outcome == "slopes"):
            return Interval(exact, exact)
        if both.outcome != "slopes":
            return ANY
        _, by, *step = key
        between = Interval(both.low, both.high)
        return (by.data + between * -step[0]) if step else between

    def is_constant(self, key: Key) -> bool:
        """Whether a quantity would be the same with other inputs, as ∂z/∂b = 1 is."""
        if key not in self._constant:
            moved = {
                (node,): 1.03125 * scalars.to_float(node.data) + 0.01
                for node in self.outline.place
                if not node.parents
            }
            try:
                other = Recomputation(self.outline, moved, in_floats=True).quantity(key)
                is_same = abs(scalars.to_float(other) - scalars.to_float(self.truth(key))) < 1e-9
            except FAILURES:
                is_same = False
            self._constant[key] = is_same
        return self._constant[key]

    def shown(self, asked: Quantity) -> str:
        """A quantity as mathematics writes it, the output by its name."""
        if asked.of or asked.kind == "value":
            return shown(asked)
        return shown(replace(asked, of=self.output_name))

    @property
    def output_name(self) -> str:
        """The canonical name of the output."""
        return next((name for name, node in self.names.items() if node is self.output), "result")


def key_of(
    work: Program | Value | str,
    slopes: Mapping[str, Scalar] | None = None,
    precision: Precision = UNSTATED,
) -> AnswerKey:
    """What sheets are marked against.

    Args:
        work: the program, its text, or the output of a graph with named nodes.
        slopes: by name of an operation its slope at the kink, {"relu": 0} for relu′(0) = 0.
        precision: how precise answers shall be, where the sheet says so.

    Raises:
        ProgramError: for a text that is no program.
        TypeError: for data that are no numbers, and for what is neither.
    """
    if isinstance(work, str):
        work = program(work)
    shared: Collection[str] = ()
    if isinstance(work, Program):
        names, output = dict(work), work.output
    elif isinstance(work, Value):
        names, shared = _named_below(work)
        output = work
    else:
        raise TypeError(f"check takes a program or an output; got a {type(work).__name__}")
    for name, node in names.items():
        if not scalars.is_number(node.data):
            kind = scalars.kind_of(node.data).name
            how = '; choose lanes="mean", "sum" or the number of one' if kind == "lanes" else ""
            raise TypeError(f"only numbers can be marked; {name} holds another kind, {kind}{how}")
    return AnswerKey(names, output, Outline(names.values(), slopes), shared, precision)


def _named_below(output: Value) -> tuple[dict[str, Value], set[str]]:
    """The nodes that have a name of their own, and the names that several have.

    The output is `result` if it has none.
    """
    names: dict[str, Value] = {}
    shared: set[str] = set()
    for node in topological_order(output):
        name = canonical_label(node) or ("result" if node is output else "")
        shared |= {name} & names.keys()
        if name:
            names[name] = node
    return {name: node for name, node in names.items() if name not in shared}, shared
