"""compile: a function of Values, or a graph, as a program that gives value and gradients."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, Literal

from scalargrad.compiler import c, python
from scalargrad.compiler.backends import Kernel, chosen
from scalargrad.compiler.library import compiler
from scalargrad.compiler.program import Program, traced, uncollected
from scalargrad.compiler.source import Tape
from scalargrad.engine import ops
from scalargrad.engine.backward import topological_order
from scalargrad.engine.rebuild import rebuilt
from scalargrad.engine.scalars import Scalar, is_known, kind_of, to_float
from scalargrad.engine.value import Value, unique_names
from scalargrad.graph.model import outputs_of
from scalargrad.notation.words import listed

Reduction = Literal["mean", "sum"]
Gradients = dict[str, Any]


@dataclass(frozen=True)
class _Plan:
    """How a program runs for certain lanes.

    Attributes:
        program: the steps.
        kernel: what runs them.
        numbers: the names of the inputs that are numbers.
        columns: those of the inputs that are lanes.
        apart: the places of the outputs that are not added up over the lanes.
        sorted: puts the outputs that the kernel gives into the order of the program.
        is_given: whether the numbers are what was given with the program, in its order.
    """

    program: Program
    kernel: Kernel
    numbers: list[str]
    columns: list[str]
    apart: list[int]
    sorted: Callable[[Sequence[Any]], Sequence[Any]]
    is_given: bool


class Compiled:
    """A program that computes a value and its gradients; what `compile` returns.

    Call it with new inputs, by place or by name. An input that is left out is what it was when
    the program was written, or, where it is the leaf of a graph or the parameter of a model, what
    that leaf is now. Inputs are numbers, or lanes: arrays of one length.

    Attributes:
        inputs: the names of the inputs, in order.
        wrt: the inputs with respect to which it gives gradients.
        backend: "python", "numpy", "c", "jax" or "torch".
        reduce: "mean" or "sum" over the lanes; None where each lane gives a result of its own.
    """

    def __init__(
        self,
        program: Program,
        *,
        backend: str = "auto",
        reduce: Reduction | None = None,
        given: Mapping[str, Any] | None = None,
        fast: bool = False,
    ) -> None:
        if reduce not in (None, "mean", "sum"):
            raise ValueError(f"reduce is 'mean', 'sum' or None; got {reduce!r}")
        self.program = program
        self.reduce = reduce
        self.fast = fast
        self.given = dict(given or {})
        self.backend, self._backend = chosen(backend, program, fast)
        if backend == "auto" and compiler() is None:
            warnings.warn(
                "no C compiler was found (cc, gcc or clang): the program runs on numpy",
                RuntimeWarning,
                stacklevel=3,
            )
        leaves = tuple(self.given.values())
        self._leaves = leaves if set(map(type, leaves)) == {Value} else ()
        self._names = frozenset(program.inputs)
        known = self.given.keys() | program.drawn.keys()
        self._unknown = [name for name in program.inputs if name not in known]
        self._plans: dict[tuple[bool, frozenset[str]], _Plan] = {}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return self.program.inputs

    @property
    def wrt(self) -> tuple[str, ...]:
        """The inputs with respect to which it gives gradients."""
        return self.program.wrt

    @property
    def source(self) -> str:
        """The program, for one example: C for the C backend, else Python."""
        if self.backend == "c":
            return c.standalone(self.program, self._traced_inputs())
        return python.scalar_source(self.program)

    def __call__(self, *inputs: Any, **named: Any) -> tuple[Any, Gradients]:
        """The value, and its gradients by name."""
        value, _, gradients = self._run(inputs, named)
        return value, gradients

    value_and_grad = __call__

    def value(self, *inputs: Any, **named: Any) -> Any:
        """The value alone."""
        return self._run(inputs, named, with_gradients=False)[0]

    def grad(self, *inputs: Any, **named: Any) -> Gradients:
        """The gradients alone, by name."""
        return self._run(inputs, named)[2]

    def outputs(self, *inputs: Any, **named: Any) -> tuple[Any, list[Any]]:
        """The value and the further outputs, such as a model's predictions, one for each lane."""
        value, more, _ = self._run(inputs, named, with_gradients=False)
        return value, more

    def save(self, path: str | Path) -> Path:
        """Write a file that needs nothing of ours: .py, or .c (compile it with `cc net.c -lm`).

        Run, it prints the value and the gradients for the inputs that the program was written
        with; those of a function or a model that were not known are 0, and masks keep all units.

        Raises:
            ValueError: for another suffix, and for a graph on lanes.
        """
        path = Path(path)
        if path.suffix not in (".py", ".c"):
            raise ValueError(f"a program is saved as .py or .c; got {path.name!r}")
        write = python.standalone if path.suffix == ".py" else c.standalone
        from scalargrad.files import write_all

        write_all([(path, write(self.program, self._traced_inputs()).encode())])
        return path

    def __repr__(self) -> str:
        """What goes in and how it runs."""
        reduced = f", reduce={self.reduce!r}" if self.reduce else ""
        names = ", ".join(self.inputs[:6]) + ", …" * (len(self.inputs) > 6)
        return (
            f"<compiled: {self.program.size} operations of ({names}), "
            f"backend={self.backend!r}{reduced}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as the program; it is compiled anew when it is first called."""
        given = {name: _now(number) for name, number in self.given.items()}
        again = partial(Compiled, self.program, backend=self.backend, reduce=self.reduce,
                        given=given, fast=self.fast)  # fmt: skip
        return again, ()

    def _traced_inputs(self) -> dict[str, float]:
        unknown = {name: float(name in self.program.drawn) for name in self.inputs}
        found = {**unknown, **self.given}
        numbers = {name: _now(number) for name, number in found.items()}
        if lanes := [name for name, number in numbers.items() if getattr(number, "shape", ())]:
            raise ValueError(f"a file prints the gradients of one example; got lanes in {lanes[0]}")
        return {name: float(number) for name, number in numbers.items()}

    def vectors(
        self, lanes: Sequence[str], with_gradients: bool = True
    ) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
        """The program as a function of vectors, for those who hold their numbers in arrays.

        Args:
            lanes: the names of the inputs that are lanes.
            with_gradients: whether to compute them; their vector is empty else.

        Returns:
            A function of a vector (the other inputs, in order) and a matrix (a row for each of the
            lanes). It gives the value, the further outputs, and the vector of the gradients; it
            needs `reduce`, and a `wrt` without lanes.
        """
        kernel = self.kernel(lanes, with_gradients)

        def run(numbers: Any, columns: Any) -> tuple[Any, Any, Any]:
            count = len(columns[0])
            sums, rows = kernel(numbers, columns, count)
            if self.reduce == "mean":
                sums = _divided(sums, count)
            return sums[0], rows, sums[1:]

        return run

    def kernel(self, lanes: Sequence[str], with_gradients: bool = True) -> Kernel:
        """What `vectors` calls: it gives sums in place of means."""
        unknown = [name for name in lanes if name not in self.inputs]
        if unknown:
            raise ValueError(f"lanes name inputs; got {unknown[0]!r}, and they are "
                             f"{listed(self.inputs)}")  # fmt: skip
        if not self.reduce or set(lanes) & set(self.wrt):
            raise ValueError("vectors need a program with reduce=…, and gradients of numbers only")
        return self._plan(frozenset(lanes), with_gradients).kernel

    def _run(
        self, placed: Sequence[Any], named: Mapping[str, Any], with_gradients: bool = True
    ) -> tuple[Any, list[Any], Gradients]:
        held, inputs, lanes = self._bound(placed, named)
        count = _one_length(lanes) if lanes else 1
        for name, draw in self.program.drawn.items():
            if name not in inputs:
                inputs[name] = _drawn(draw, count if lanes else None)
                lanes |= {name: count} if lanes else {}
        plan = self._plan(frozenset(lanes), with_gradients)
        if not (plan.is_given and held and len(lanes) == len(inputs)):
            inputs = {**dict(zip(self.given, held, strict=False)), **inputs}
            held = list(map(inputs.__getitem__, plan.numbers))
        columns = [inputs[name] for name in plan.columns]
        sums, rows = plan.kernel(held, columns, count)
        if not lanes and not isinstance(rows, list):
            rows = rows[:, 0].tolist()
        if lanes and self.reduce == "mean":
            more = range(1, 1 + len(plan.program.more))
            sums = _divided(sums, count)
            rows = [x if place in more else x / count
                    for place, x in zip(plan.apart, rows, strict=True)]  # fmt: skip
        if not isinstance(sums, list):
            # numbers of Python's own; those of JAX stay its own, which it may be tracing
            sums = list(sums) if self.backend == "jax" else sums.tolist()
        outputs = list(plan.sorted([*sums, *rows]))
        first = 1 + len(plan.program.more)
        gradients = dict(zip(plan.program.wrt, outputs[first:], strict=True))
        return outputs[0], outputs[1:first], gradients

    def _plan(self, lanes: frozenset[str], with_gradients: bool) -> _Plan:
        """What runs for these lanes, made when it is first asked for."""
        key = with_gradients, lanes
        if key not in self._plans:
            program = self.program if with_gradients else self.program.without_gradients()
            first = 1 + len(program.more)
            summed: set[int] = set()
            if self.reduce:
                places = enumerate(program.wrt, first)
                summed = {0, *(place for place, name in places if name not in lanes)}
            columns = [name for name in program.inputs if name in lanes]
            with uncollected():
                kernel = self._backend(program, columns, frozenset(summed))
            apart = [k for k in range(len(program.outputs)) if k not in summed]
            handed_over = [*sorted(summed), *apart]
            order = sorted(range(len(handed_over)), key=handed_over.__getitem__)
            numbers = [name for name in program.inputs if name not in lanes]
            self._plans[key] = _Plan(
                program, kernel, numbers, columns, apart,
                itemgetter(slice(None)) if len(order) == 1 else itemgetter(*order),
                is_given=numbers == list(self.given),
            )  # fmt: skip
        return self._plans[key]

    def _bound(
        self, placed: Sequence[Any], named: Mapping[str, Any]
    ) -> tuple[list[float], dict[str, Any], dict[str, int]]:
        """What leaves hold, where it is floats; all other inputs by name; how long lanes are."""
        if len(placed) > len(self.inputs):
            raise TypeError(f"the program takes {len(self.inputs)} inputs; got {len(placed)}")
        bound = dict(zip(self.inputs, placed, strict=False))
        for name, number in named.items():
            if name not in self._names:
                raise TypeError(f"the program has no input {name!r}; it has {listed(self.inputs)}")
            if name in bound:
                raise TypeError(f"the input {name!r} was given twice")
            bound[name] = number
        held = list(map(_data, self._leaves))  # most often what is left out are leaves with floats
        if set(map(type, held)) != {float}:
            held, bound = [], {**self.given, **bound}
        if missing := [name for name in self._unknown if name not in bound]:
            raise TypeError(f"the program needs a number for {listed(missing)}")
        inputs = {name: _now(number) for name, number in bound.items()}
        lanes = {
            name: x.shape[0] for name, x in inputs.items() if x.__class__ is not float and x.shape
        }
        return held, inputs, lanes


def _divided(sums: Any, count: int) -> Any:
    """Sums as means; what a kernel gave is nobody else's."""
    if isinstance(sums, list):
        return [x / count for x in sums]
    sums /= count
    return sums


_data = attrgetter("_data")


def _now(number: Any) -> Any:
    """What an input is at the moment: the data of a leaf; a list as an array."""
    if number.__class__ is Value:
        number = number.data
    if number.__class__ is float:
        return number
    if isinstance(number, list | tuple):
        import numpy as np

        number = np.array(number)
        number = number.astype(float) if number.dtype.kind in "biuf" else number
    shape, dtype = getattr(number, "shape", None), getattr(number, "dtype", None)
    if shape is None:
        data = Value(number).data
        if not is_known(data):
            raise TypeError(f"a program runs on numbers and lanes; got a {kind_of(data).name}")
        return to_float(data)
    kind = getattr(dtype, "kind", "c" if getattr(dtype, "is_complex", False) else "f")
    if kind in "cmM":
        raise TypeError(f"lanes are an array of real numbers; got an array of {dtype}")
    if len(shape) > 1:
        raise TypeError(f"lanes are an array of one dimension; got one of shape {tuple(shape)}")
    if kind in "OSU":  # fractions, texts: told one by one, as numbers are
        each = number.tolist()
        return _now([_now(one) for one in each] if shape else each)
    return number


def _one_length(lanes: Mapping[str, int]) -> int:
    lengths = sorted(set(lanes.values()))
    if len(lengths) > 1:
        sizes = ", ".join(f"{name} {length}" for name, length in lanes.items())
        raise ValueError(f"lanes are of one length; got {sizes}")
    if lengths == [0]:
        raise ValueError(f"lanes need one element or more; got none in {listed(lanes)}")
    return lengths[0] if lengths else 1


def _drawn(draw: Callable[[], Scalar], count: int | None) -> Any:
    if count is None:
        return float(draw())
    import numpy as np

    return np.array([draw() for _ in range(count)], dtype=float)


# From Values -------------------------------------------------------------------------------------


def compile(
    what: Callable[..., Value] | Value | Sequence[Value] | Mapping[str, Value],
    wrt: Sequence[str | Value] | str | Value | None = None,
    *,
    backend: str = "auto",
    reduce: Reduction | None = None,
    fast: bool = False,
) -> Compiled:
    """A program for the value and the gradients of a function, or of a graph.

    Backward runs once, on scalars that write code instead of computing; nothing of the derivatives
    is written twice. What it costs to compile grows in step with the graph. C programs are split
    into functions, and layers are loops; beyond 30,000 statements, for which a C compiler takes
    seconds, "auto" is numpy. On numpy and JAX a layer is an operation on arrays. A program without
    layers is a straight line, of which JAX compiles up to 20,000 operations as one.

    Args:
        what: a function of Values that returns one, or a node, whose named leaves are the inputs.
            Of several, or of a program with several outputs, the last is differentiated, and
            `outputs` gives the others too.
        wrt: the inputs (names, or leaves; or one) with respect to which to differentiate; all if
            left out.
        backend: "python", "numpy", "c", "jax" or "torch"; "auto" is C where there is a compiler,
            else numpy.
        reduce: over lanes, whether to give the "mean" or the "sum" of the value, with its
            gradients; else each lane has its own.
        fast: lets the C compiler fuse multiplications and additions, and numpy add the products of
            a layer in its own order, which changes last bits.

    Raises:
        TypeError: for a function that branches on a value, or returns none.
        ValueError: for an unknown name or backend.
        CompilerError: where the C backend is asked for and there is no compiler.

    >>> f = compile(lambda w, x, y: (w * x - y) ** 2, wrt=["w"], backend="python")
    >>> f(0.5, 2.0, 3.0)
    (4.0, {'w': -8.0})
    """
    with uncollected():
        if callable(what) and not isinstance(what, Value):
            program, given = _of_function(what, wrt)
        else:
            outputs = outputs_of(what, "compile takes a function of Values,")
            program, given = _of_graph(outputs, wrt)
    return Compiled(program, backend=backend, reduce=reduce, given=given, fast=fast)


def _of_graph(outputs: Sequence[Value], wrt: Any) -> tuple[Program, dict[str, Value]]:
    wrt = [wrt] if isinstance(wrt, str | Value) else wrt
    asked = [node for node in wrt or () if isinstance(node, Value)]
    leaves = [
        node for node in topological_order(*outputs)
        if node.is_leaf and (node.label or node in asked)
    ]  # fmt: skip
    given = dict(zip(unique_names(leaves), leaves, strict=True))
    tape = Tape()
    whole = outputs[0] if len(outputs) == 1 else ops.total(*outputs)
    twins = rebuilt(whole, {leaf: tape.input(name) for name, leaf in given.items()})
    nodes = {name: twins[leaf] for name, leaf in given.items()}
    for name, node in nodes.items():
        node.label = node.label or name
    names = {leaf: name for name, leaf in given.items()}
    chosen_names = None if wrt is None else [
        names.get(node, node.label or "a node that is no leaf of the graph")
        if isinstance(node, Value) else node for node in wrt
    ]  # fmt: skip
    *more, output = [twins[output] for output in outputs]
    program = traced(tape, output, chosen_inputs(nodes, chosen_names), more)
    return program, given


def _of_function(function: Callable[..., Value], wrt: Any) -> tuple[Program, dict[str, Any]]:
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(
                f"compile needs a parameter for each input; got {parameter}, whose count is open"
            )
    tape = Tape()
    nodes = {p.name: Value(tape.input(p.name), p.name) for p in parameters}
    placed = [nodes[p.name] for p in parameters if p.kind is not p.KEYWORD_ONLY]
    named = {p.name: nodes[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}
    output = function(*placed, **named)
    if not isinstance(output, Value):
        raise TypeError(
            f"compile needs a function that returns a Value; got {type(output).__name__} {output!r}"
        )
    given = {p.name: p.default for p in parameters if p.default is not p.empty}
    return traced(tape, output, chosen_inputs(nodes, wrt)), given


def chosen_inputs(nodes: Mapping[str, Value], wrt: Sequence[Any] | None) -> dict[str, Value]:
    """The inputs to differentiate by."""
    if wrt is None:
        return dict(nodes)
    if isinstance(wrt, str | Value):
        wrt = [wrt]
    for name in wrt:
        if name not in nodes:
            raise ValueError(f"wrt names inputs; got {name!r}, and they are {listed(nodes)}")
    return {name: nodes[name] for name in wrt}
