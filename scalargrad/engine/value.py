"""Value: a scalar that remembers how it was computed, and the backward pass."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from copy import deepcopy
from functools import reduce
from heapq import heappop, heappush, heappushpop
from itertools import count
from operator import add, attrgetter, mul
from typing import Any, Self

from scalargrad.engine import ops, scalars, stable
from scalargrad.engine.ops import CONSTANT, Operands, Operation
from scalargrad.engine.scalars import Kind, Scalar

_new = object.__new__
_next_index = count().__next__  # parents are older than children: sorting by age sorts the graph
_age = attrgetter("index")
_AS_WRITTEN = scalars.AS_WRITTEN
_DOT = ops.dot


def _unary(op: Operation) -> Callable[[Value], Value]:
    """The method of an operation on one operand."""
    value = op.value

    def method(self: Value) -> Value:
        a = self.data
        try:
            y = value(a)
        except (ArithmeticError, ValueError):
            return node_of(op, (self,))
        node = _new(Value)
        node.data = y  # a line for each: one assignment of many builds a tuple, and unpacks it
        node.grad = None
        node.label = ""
        node.op = op
        node.p = self
        node.q = None
        node.a = a
        node.index = _next_index()
        return node

    return _documented(method, op)


def _binary(op: Operation) -> Callable[[Value, Any], Value]:
    """The method of an operation on two operands."""
    value = op.value

    def method(self: Value, other: Any) -> Value:
        if not isinstance(other, Value):
            other = constant(other)
        a, b = self.data, other.data
        if a.__class__ is not b.__class__:
            a, b = scalars.paired(a, b)
        try:
            y = value(a, b)
        except (ArithmeticError, ValueError):
            return node_of(op, (self, other))
        node = _new(Value)
        node.data = y
        node.grad = None
        node.label = ""
        node.op = op
        node.p = self
        node.q = other
        node.a = a
        node.b = b
        node.index = _next_index()
        return node

    return _documented(method, op)


def _reflected(op: Operation) -> Callable[[Value, Any], Value]:
    """The method for a number on the left of a Value."""
    method_of_left = _binary(op)

    def method(self: Value, other: Any) -> Value:
        return method_of_left(constant(other), self)

    return _documented(method, op)


def _method(op: Operation) -> Callable[..., Value]:
    """The method of an operation on any number of operands, of which the Value is the first."""

    def method(self: Value, *others: Any, **named: Any) -> Value:
        operands = (self, *others)
        return _applied(op, op.in_order(operands, named) if named else operands)

    return _documented(method, op)


def _documented(method: Callable[..., Value], op: Operation) -> Callable[..., Value]:
    method.__name__, method.__qualname__ = op.name, f"Value.{op.name}"  # by which it is pickled
    method.__doc__ = f"The operation {op.name}, as a node."
    return method


class Value:
    """A scalar with its gradient and the operation that made it.

    Args:
        data: an int, Fraction, Decimal or text such as "0.1" or "-6/25" (exact), a float, a numpy
            scalar or array (one element per lane), a SymPy expression, an mpmath number, or a
            Value (for second derivatives).
        label: its name in pictures, tables and programs.

    Attributes:
        data: the scalar.
        grad: the gradient of the last backward pass with respect to it; None before the first.
        op: the operation that made it; None for a leaf.

    Raises:
        TypeError: when `data` is no scalar.

    >>> x, w = Value("2", "x"), Value("0.8", "w")
    >>> h = (w * x).relu().named("h")
    >>> h.backward()
    >>> w
    Value(data=4/5, grad=2, label='w')
    """

    # One or two parents are p and q, and their data when the operation ran are a and b; for other
    # counts p and a are tuples (of a neuron's dot: see Row), and without parents p is None. What is
    # not needed is not set. A tuple in every node, or a function object, would double the time of
    # the garbage collector.
    __slots__ = ("__weakref__", "a", "b", "data", "grad", "index", "label", "op", "p", "q")

    data: Scalar
    grad: Scalar | None
    label: str
    op: Operation | None
    index: int
    p: Any
    q: Any
    a: Any
    b: Any

    # numpy, and SymPy, leave a binary operation with a Value to the Value.
    __array_ufunc__ = None
    __sympy__ = False

    def __init__(self, data: Any, label: str = "") -> None:
        if label.__class__ is not str:
            self.named(label)
        self.data = data if data.__class__ in _AS_WRITTEN else scalars.scalar(data)
        self.grad = None
        self.label = label
        self.op = None
        self.p = None
        self.index = _next_index()

    # Arithmetic

    __neg__ = _unary(ops.neg)
    __abs__ = _unary(ops.abs)
    __add__ = _binary(ops.add)
    __sub__ = _binary(ops.sub)
    __mul__ = _binary(ops.mul)
    __truediv__ = _binary(ops.div)
    __radd__ = _reflected(ops.add)
    __rsub__ = _reflected(ops.sub)
    __rmul__ = _reflected(ops.mul)
    __rtruediv__ = _reflected(ops.div)
    __rpow__ = _reflected(ops.pow)

    def __pow__(self, exponent: Any) -> Value:
        """A power; the square, which is most of them, has a row of its own."""
        if isinstance(exponent, int) and exponent == 2:  # 2.0 makes an exact number a float
            return self.square()
        return _power(self, exponent)

    def __pos__(self) -> Self:
        """The node itself."""
        return self

    # Functions

    neg = _unary(ops.neg)
    add = _binary(ops.add)
    sub = _binary(ops.sub)
    mul = _binary(ops.mul)
    div = _binary(ops.div)
    pow = _binary(ops.pow)
    square = _unary(ops.square)
    abs = _unary(ops.abs)
    dot = _method(ops.dot)
    total = _method(ops.total)
    mean = _method(ops.mean)
    exp = _unary(ops.exp)
    expm1 = _unary(ops.expm1)
    log = _unary(ops.log)
    log1p = _unary(ops.log1p)
    sqrt = _unary(ops.sqrt)
    logsumexp = _method(ops.logsumexp)
    sin = _unary(ops.sin)
    cos = _unary(ops.cos)
    tan = _unary(ops.tan)
    sinh = _unary(ops.sinh)
    cosh = _unary(ops.cosh)
    tanh = _unary(ops.tanh)
    atan = _unary(ops.atan)
    erf = _unary(ops.erf)
    sigmoid = _unary(ops.sigmoid)
    log_sigmoid = _unary(ops.log_sigmoid)
    softplus = _unary(ops.softplus)
    relu = _unary(ops.relu)
    leaky_relu = _method(ops.leaky_relu)
    elu = _method(ops.elu)
    silu = _unary(ops.silu)
    gelu = _unary(ops.gelu)
    maximum = _method(ops.maximum)
    minimum = _method(ops.minimum)
    where = _method(ops.where_)

    # Comparisons are of the data; equality and hashing are of identity.

    def __lt__(self, other: Any) -> Any:
        """Whether the data is less."""
        return self.data < _data(other)

    def __le__(self, other: Any) -> Any:
        """Whether the data is less or equal."""
        return self.data <= _data(other)

    def __gt__(self, other: Any) -> Any:
        """Whether the data is greater."""
        return self.data > _data(other)

    def __ge__(self, other: Any) -> Any:
        """Whether the data is greater or equal."""
        return self.data >= _data(other)

    def __float__(self) -> float:
        """The data as a float."""
        return scalars.to_float(self.data)

    def __format__(self, spec: str) -> str:
        """The data in a format, as in f"{loss:.3f}"; without one, the repr."""
        return format(float(self), spec) if spec else repr(self)

    def __repr__(self) -> str:
        """Data, gradient and label."""
        grad = None if self.grad is None else scalars.shown(self.grad)
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={scalars.shown(self.data)}, grad={grad}{label})"

    def _repr_latex_(self) -> str:
        """Name, data and gradient as a formula: a notebook asks the node itself for its picture."""
        from scalargrad.notation.numbers import latex_line

        return latex_line(self.label, self.data, self.grad)

    # The graph

    def named(self, label: str) -> Self:
        """Give the node a name, and return it: `h = (w * x).relu().named("h")`."""
        if not isinstance(label, str):
            raise TypeError(f"a name is text; got {type(label).__name__} {label!r}")
        self.label = label
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it is a user's own number, to which backward adds its gradient."""
        return self.op is None

    @property
    def parents(self) -> tuple[Value, ...]:
        """The operands' nodes, in order."""
        if self.op is None or self.p is None:
            return ()
        if self.op is _DOT and self.p[-1].__class__ is Row:
            bias, weights, inputs = self.p
            return _in_pairs(bias, weights.p, inputs.p)
        count = self.op.count
        return (self.p, self.q) if count == 2 else (self.p,) if count == 1 else self.p

    @property
    def operands(self) -> Operands:
        """The scalars that were captured when the operation ran."""
        if self.op is None or self.p is None:
            return ()
        if self.op is _DOT and self.p[-1].__class__ is Row:
            _, weights, inputs = self.p
            return _in_pairs(self.a, weights.data, inputs.data)
        count = self.op.count
        return (self.a, self.b) if count == 2 else (self.a,) if count == 1 else self.a

    def local_derivatives(self) -> Operands:
        """The closure of the node: ∂y/∂aᵢ for each parent, at the operands that were captured."""
        if self.op is None or self.p is None:
            return ()
        return self.op.constants or self.op.derivatives(self.data, *self.operands)

    @property
    def is_at_kink(self) -> bool:
        """Whether a local derivative jumps at the operands, so that a convention was applied."""
        return self.local_intervals() is not None

    def local_intervals(self) -> tuple[tuple[Scalar, Scalar], ...] | None:
        """At a kink the interval of each local derivative (the subdifferential), else None.

        Lanes are not asked: each of them has kinks of its own.
        """
        if not (self.op and self.op.kink and scalars.is_number(self.data)):
            return None
        return self.op.intervals(*self.operands)

    def backward(self, seed: Any = None) -> None:
        """Set the gradient of this node with respect to every node below it.

        Interior nodes are set afresh; what reaches a leaf is added to it. The gradients are
        written in one step at the end, so that an interrupt leaves all of them as they were.

        Args:
            seed: the gradient of this node, a scalar; 1 if left out.
        """
        one = scalars.whole(1, self.data)
        found = gradients(self, one if seed is None else one * scalars.paired(_data(seed), one)[0])
        for leaf in [node for node in found if node.op is None and node.grad is not None]:
            found[leaf] = _sum_of_products(leaf.grad, found[leaf], 1)
        # A loop in C: Python can be interrupted between bytecodes, but not in here.
        any(map(_set_grad, found, found.values()))

    def zero_grad(self) -> None:
        """Set the gradients of this node and of every node below it to 0."""
        for node in topological_order(self):
            node.grad = scalars.whole(0, node.data)

    # Copies

    def __copy__(self) -> Value:
        """A node of its own, with the same parents."""
        return _restored((), self.op, self.parents, self.data, self.operands, self.label, self.grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        """The whole graph below, copied; nodes that other objects share stay shared."""
        for node in topological_order(self, until=_Copied(memo)):
            if id(node) not in memo:
                parents = tuple([memo[id(parent)] for parent in node.parents])
                held = deepcopy((node.data, node.operands), memo)
                memo[id(node)] = _restored(
                    (), node.op, parents, *held, node.label, deepcopy(node.grad, memo)
                )
        twin = memo[id(self)]
        assert isinstance(twin, Value)
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        """The nodes below, oldest first, then this one: each finds its parents pickled."""
        below = () if self in _being_pickled else _Below(self)
        held = self.data, self.operands, self.label, self.grad
        return _restored, (below, self.op, self.parents, *held)


class _Copied:
    """The nodes of which a deepcopy holds a copy."""

    def __init__(self, memo: dict[int, Any]) -> None:
        self.memo = memo

    def __contains__(self, node: object) -> bool:
        return id(node) in self.memo


_being_pickled: set[Value] = set()  # nodes whose parents are in the pickle before them


class _Below:
    """The nodes below one, pickled as a list: one after the other, so that nothing recurses."""

    def __init__(self, node: Value) -> None:
        self.node = node

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self.nodes()

    def nodes(self) -> Iterator[Value]:
        order = topological_order(self.node)[:-1]
        added = {node for node in order if node not in _being_pickled}
        _being_pickled.update(added)
        try:
            yield from order
        finally:
            _being_pickled.difference_update(added)


_set_grad: Callable[[Value, Scalar], None] = Value.__dict__["grad"].__set__
_power = Value.pow
_VALUES = {Value}


def constant(number: Any) -> Value:
    """A number written inside an expression: a node without parents that is no leaf.

    Raises:
        TypeError: when it is no scalar.
    """
    node = _new(Value)
    node.data, node.grad, node.label, node.op = scalars.scalar(number), None, "", CONSTANT
    node.p, node.index = None, _next_index()
    return node


def topological_order(*outputs: Value, until: Container[Value] = ()) -> list[Value]:
    """All nodes below some outputs, and these, oldest first: parents come before children.

    Args:
        outputs: where to begin.
        until: nodes below which not to look.

    >>> x = Value(3, "x")
    >>> [node.data for node in topological_order((x + 1) * x)]
    [3, 1, 4, 12]
    """
    found = set(outputs)
    waiting = list(found)
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in found:
                found.add(parent)
                if parent not in until:
                    waiting.append(parent)
    return sorted(found, key=_age)


def gradients(
    output: Value,
    seed: Scalar,
    local_derivatives: Callable[[Value], Iterable[Scalar]] | None = None,
    until: Container[Value] = (),
) -> dict[Value, Scalar]:
    """The chain rule: the gradient of an output with respect to every node below it.

    Args:
        output: the node to differentiate.
        seed: its own gradient.
        local_derivatives: of a node with respect to its parents, in their order; by default the
            closure's.
        until: nodes that are taken for leaves.
    """
    adapt = scalars.kind_of(seed).adapt
    if adapt is None and local_derivatives is None:
        try:
            return _of_numbers(output, seed, until)
        except OverflowError:  # an exact number beyond the range of floats
            pass
    derivatives = local_derivatives or Value.local_derivatives
    found = {output: seed}
    waiting = [(-output.index, output)]
    while waiting:
        node = heappop(waiting)[1]
        locals_ = derivatives(node)
        _pass_on(node, map(adapt, locals_) if adapt else locals_, found, waiting, until)
    return found


def _of_numbers(output: Value, seed: Scalar, until: Container[Value]) -> dict[Value, Scalar]:
    """The same with the loop over one or two parents written out, which halves the time.

    Shared rows are nodes to it, whose gradient is the list of what has reached them: see Row.
    """
    found: dict[Any, Any] = {output: seed}
    waiting: list[tuple[int, Any]] = []
    node: Any = output if output.p is not None else None
    while node is not None:
        gradient = found[node]
        op, p, q = node.op, node.p, node.q
        if q is not None:
            local, other = op.constants or op.derivatives(node.data, node.a, node.b)
            if q in found:
                found[q] += gradient * other
            else:
                found[q] = gradient * other
                if q.p is not None and q not in until:
                    heappush(waiting, (-q.index, q))
        elif op is _DOT and p[-1].__class__ is Row:
            p, local = p[0], _pass_on_to_rows(node, found, waiting, until)
        elif op is None or not op.count:
            if op is None:
                _pass_on_from_row(node, found, waiting, until)
            else:
                _pass_on(node, op.derivatives(node.data, *node.a), found, waiting, until)
            node = heappop(waiting)[1] if waiting else None
            continue
        else:
            (local,) = op.constants or op.derivatives(node.data, node.a)
        if p in found:
            found[p] += gradient * local
        else:
            found[p] = gradient * local
            if p.p is not None and p not in until:
                node = heappushpop(waiting, (-p.index, p))[1]
                continue
        node = heappop(waiting)[1] if waiting else None
    return found


def _pass_on_to_rows(
    dot: Any, found: dict[Any, Any], waiting: list[tuple[int, Any]], until: Container[Value]
) -> Scalar:
    """Add what a dot's gradient contributes to its rows; return the derivative by its bias."""
    gradient = found[dot]
    _, weights, inputs = dot.p
    by_bias, xs, ws = dot.op.derivatives(dot.data, dot.a, weights.data, inputs.data)
    for row, locals_ in ((weights, xs), (inputs, ws)):
        if row in found:
            found[row].append((gradient, locals_))
        elif row.is_shared:
            found[row] = [(gradient, locals_)]
            heappush(waiting, (-row.index, row))
        else:
            for member, local in zip(row.p, locals_, strict=True):
                before = found.get(member)
                if before is not None:
                    found[member] = before + gradient * local
                else:
                    found[member] = gradient * local
                    if member.p is not None and member not in until:
                        heappush(waiting, (-member.index, member))
    return by_bias


def _pass_on_from_row(
    row: Row, found: dict[Any, Any], waiting: list[tuple[int, Any]], until: Container[Value]
) -> None:
    """Add what has reached a shared row to the gradients of its members, dot by dot.

    So the sums are to the last bit those of a graph whose dots share no rows, unless another node,
    made between the dots, uses a member too.
    """
    multipliers, locals_by_dot = zip(*found.pop(row), strict=True)
    for member, locals_ in zip(row.p, zip(*locals_by_dot, strict=True), strict=True):
        products = map(mul, multipliers, locals_)
        before = found.get(member)
        if before is not None:
            found[member] = reduce(add, products, before)
        else:
            found[member] = reduce(add, products)
            if member.p is not None and member not in until:
                heappush(waiting, (-member.index, member))


def _pass_on(
    node: Value,
    local_derivatives: Iterable[Scalar],
    found: dict[Value, Scalar],
    waiting: list[tuple[int, Value]],
    until: Container[Value],
) -> None:
    """Add what a node's gradient contributes to its parents; the new ones among them wait."""
    gradient = found[node]
    for parent, local in zip(node.parents, local_derivatives, strict=False):
        if parent not in found and parent.p is not None and parent not in until:
            heappush(waiting, (-parent.index, parent))
        found[parent] = _sum_of_products(found.get(parent), gradient, local)


def _sum_of_products(before: Scalar | None, gradient: Scalar, local: Scalar) -> Scalar:
    """before + gradient·local; where an exact number is beyond the range of floats, IEEE's."""
    try:
        return gradient * local if before is None else before + gradient * local
    except OverflowError:
        product = scalars.to_float(gradient) * scalars.to_float(local)
        return product if before is None else scalars.to_float(before) + product


def partial(y: Value, x: Value) -> Scalar:
    """The total derivative of any node by any node, over all paths; no gradient is touched.

    Raises:
        TypeError: when one of them is no Value.

    >>> x = Value(3)
    >>> partial(x * x + x, x)
    7
    """
    for node in (y, x):
        if not isinstance(node, Value):
            raise TypeError(f"partial takes two Values; got {type(node).__name__} {node!r}")
    return gradients(y, scalars.whole(1, y.data)).get(x, scalars.whole(0, y.data))


def unique_names(nodes: Iterable[Value]) -> list[str]:
    """A name for each node: its label, numbered where that is not the first of its kind.

    >>> unique_names([Value(1, "w"), Value(2, "b"), Value(3, "w"), Value(4)])
    ['w', 'b', 'w#2', 'p']
    """
    labels = [node.label or "p" for node in nodes]
    taken = {label for label in labels if "#" in label}
    used: dict[str, int] = {}
    found = []
    for label in labels:
        name = label
        while name in used or (name != label and name in taken):
            used[label] += 1
            name = f"{label}#{used[label]}"
        used[name] = 1
        found.append(name)
    return found


def _data(other: Any) -> Scalar:
    return other.data if isinstance(other, Value) else scalars.scalar(other)


def _applied(op: Operation, operands: Operands) -> Value:
    if set(map(type, operands)) == _VALUES:
        return node_of(op, operands)
    return node_of(op, tuple([v if isinstance(v, Value) else constant(v) for v in operands]))


def node_of(op: Operation, parents: tuple[Value, ...]) -> Value:
    """An operation applied to Values of any kinds, its errors explained."""
    op.check_count(len(parents))
    captured = tuple([parent.data for parent in parents])
    if not op.count and not op.defaults and len(set(map(type, captured))) == 1:
        try:
            return _restored((), op, parents, op.value(*captured), captured)
        except (ArithmeticError, ValueError):
            pass
    names = [parent.label for parent in parents]
    y, captured = op.evaluated(captured, names)
    return _restored((), op, parents, y, captured)


class Row:
    """Values side by side, with their data: the weights, or the inputs, of the dots of neurons.

    The neurons of a layer share the row of their inputs, and the examples of a batch the rows of
    weights. The backward pass takes a shared row for a node above its members: it is younger than
    these, and older than the dots. What comes from the dots, pairs of a gradient and the local
    derivatives by the members, waits there until the last has come.

    Args:
        members: the Values.
        is_shared: whether it serves several dots.
    """

    __slots__ = ("data", "index", "is_shared", "p", "type")
    op = q = None

    def __init__(self, members: Iterable[Value], is_shared: bool = False) -> None:
        self.p = tuple(members)
        self.data = tuple([member.data for member in self.p])
        types = set(map(type, self.data))
        self.type = types.pop() if len(types) == 1 else None
        self.is_shared = is_shared
        self.index = _next_index()


def dot_of(bias: Value, weights: Row, inputs: Row) -> Value:
    """The node dot(b, w₁, x₁, w₂, x₂, …) of as many weights as inputs, which is not checked.

    It keeps the rows, where their data are of one kind.
    """
    b = bias.data
    if weights.type is inputs.type is b.__class__:
        try:
            y = stable.dot_of_rows(b, weights.data, inputs.data)
        except (ArithmeticError, ValueError):
            pass
        else:
            node = _new(Value)
            node.data = y
            node.grad = None
            node.label = ""
            node.op = _DOT
            node.p = bias, weights, inputs
            node.q = None
            node.a = b
            node.index = _next_index()
            return node
    return node_of(_DOT, _in_pairs(bias, weights.p, inputs.p))


def _in_pairs(b: Any, ws: tuple[Any, ...], xs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands of dot in their order: b, w₁, x₁, w₂, x₂, …."""
    operands = [b, *ws, *xs]
    operands[1::2], operands[2::2] = ws, xs
    return tuple(operands)


def _restored(
    below: object,
    op: Operation | None,
    parents: tuple[Value, ...],
    data: Scalar,
    operands: Operands,
    label: str = "",
    grad: Scalar | None = None,
) -> Value:
    """A node as it was; what is below it need only have been restored before."""
    node = _new(Value)
    node.data, node.grad, node.label, node.op = data, grad, label, op
    node.index = _next_index()
    node.p = None
    if op and parents:
        node.p, node.a = (parents[0], operands[0]) if op.count else (parents, operands)
        node.q, node.b = (parents[1], operands[1]) if op.count == 2 else (None, None)
    return node


def _equal(a: Any, b: Any) -> Any:
    return scalars.equal(_data(a), _data(b))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(Value, name) for name in scalars.FLOAT.functions if hasattr(Value, name)
}
_FUNCTIONS |= {
    "power": lambda a, b: a**b,
    "equal": _equal,
    "erfc": lambda a: 1 - a.erf(),
    "where": lambda condition, a, b: scalars.where(condition.data, a, b),
}

scalars.register(Value, Kind("Value", 5, _FUNCTIONS, apply=_applied))
