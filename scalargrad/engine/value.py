"""Value: a scalar that remembers how it was computed, and the backward pass."""

from __future__ import annotations

import math
import operator
import sys
import warnings
from _thread import RLock  # as functools does: threading would have to be loaded
from collections.abc import Callable, Iterable
from itertools import islice
from types import FrameType
from typing import Any, Self

from scalargrad.engine import branches, copying, fast, ops, scalars
from scalargrad.engine.backward import Pullback, gradients, multiplying, topological_order
from scalargrad.engine.fast import next_index
from scalargrad.engine.inplace import in_place
from scalargrad.engine.ops import CONSTANT, Operands, Operation
from scalargrad.engine.scalars import Kind, Scalar

_new = object.__new__
_AS_WRITTEN = scalars.AS_WRITTEN


def _unary(op: Operation) -> Callable[[Value], Value]:
    """The method of an operation on one operand."""
    value = op.value

    def method(self: Value) -> Value:
        a = self._data
        try:
            y = value(a)
        except (ArithmeticError, ValueError):
            return node_of(op, (self,))
        node = _new(Value)
        if y.__class__ is not float:
            y = scalars.kept(y)
        node._data = y  # a line for each: one assignment of many builds a tuple, and unpacks it
        node.grad = None
        node.label = ""
        node.op = op
        node.p = self
        node.q = None
        node.a = a
        node.index = next_index()
        return node

    return _documented(method, op)


def _binary(op: Operation) -> Callable[[Value, Any], Value]:
    """The method of an operation on two operands."""
    value = op.value

    def method(self: Value, other: Any) -> Any:
        if not isinstance(other, Value):
            if _holds_objects(other):
                return _one_by_one(method, self, other)
            other = constant(other)
        a, b = self._data, other._data
        if a.__class__ is not b.__class__:
            a, b = scalars.paired(a, b)
        try:
            y = value(a, b)
        except (ArithmeticError, ValueError):
            return node_of(op, (self, other))
        node = _new(Value)
        if y.__class__ is not float:
            y = scalars.kept(y)
        node._data = y
        node.grad = None
        node.label = ""
        node.op = op
        node.p = self
        node.q = other
        node.a = a
        node.b = b
        node.index = next_index()
        return node

    return _documented(method, op)


def _reflected(op: Operation) -> Callable[[Value, Any], Value]:
    """The method for a number on the left of a Value."""
    method_of_left = _binary(op)

    def method(self: Value, other: Any) -> Any:
        if _holds_objects(other):
            return _one_by_one(method, self, other)
        left = other if isinstance(other, Value) else constant(other)
        return method_of_left(left, self)

    return _documented(method, op)


def _holds_objects(other: Any) -> bool:
    """Whether it is a numpy array of Values, as numpy makes of a list of them."""
    return getattr(other, "dtype", None) == "object"


def _one_by_one(method: Callable[[Value, Any], Value], self: Value, others: Any) -> Any:
    """An operation with each of an array of objects, as numpy does it."""
    import numpy as np

    return np.frompyfunc(lambda other: method(self, other), 1, 1)(others)


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


class Elsewhere:
    """An attribute that other libraries have: whoever asks for it is told what to use."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def __get__(self, node: object, owner: type) -> Self:
        """The attribute of the class itself, else an AttributeError."""
        if node is None:
            return self
        raise AttributeError(self.answer)

    def __set__(self, node: object, value: object) -> None:
        """An AttributeError, too."""
        raise AttributeError(self.answer)


_MADE_BY_HAND = (
    "a Value is made of data and a name, as in Value(3.0, 'a'); its parents come from the "
    "operation that makes it, a + b or a.tanh(), or one of your own: see scalargrad.ops.row"
)


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
    # counts p and a are tuples, or what gives them, and without parents p is None. What is not
    # needed is not set. A tuple in every node, or a function object, would double the time of the
    # garbage collector.
    __slots__ = ("__weakref__", "_data", "a", "b", "grad", "index", "label", "op", "p", "q")

    _data: Scalar
    grad: Scalar | None
    label: str
    op: Operation | None
    index: int
    p: Any
    q: Any
    a: Any
    b: Any

    __sympy__ = False  # SymPy leaves a binary operation with a Value to the Value

    def __init__(
        self, data: Any, label: str = "", _op: object = None, _children: object = None
    ) -> None:
        if label.__class__ is not str or _op is not None or _children is not None:
            if _op or _children or isinstance(label, tuple | list | set):  # as in micrograd
                raise TypeError(_MADE_BY_HAND)
            self.named(label)
        if data.__class__ is float:
            self._data = data
        else:
            self.data = data
        self.grad = None
        self.label = label
        self.op = None
        self.p = None
        self.index = next_index()

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

    __iadd__ = in_place(__add__, "+=")
    __isub__ = in_place(__sub__, "-=")
    __imul__ = in_place(__mul__, "*=")
    __itruediv__ = in_place(__truediv__, "/=")
    __ipow__ = in_place(__pow__, "**=")

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
    prod = _method(ops.prod)
    mean = _method(ops.mean)
    exp = _unary(ops.exp)
    expm1 = _unary(ops.expm1)
    log = _method(ops.log)
    log2 = _unary(ops.log2)
    log10 = _unary(ops.log10)
    log1p = _unary(ops.log1p)
    sqrt = _unary(ops.sqrt)
    norm = _method(ops.norm)
    hypot = _binary(ops.hypot)
    logsumexp = _method(ops.logsumexp)
    sin = _unary(ops.sin)
    cos = _unary(ops.cos)
    tan = _unary(ops.tan)
    sinh = _unary(ops.sinh)
    cosh = _unary(ops.cosh)
    tanh = _unary(ops.tanh)
    asin = _unary(ops.asin)
    acos = _unary(ops.acos)
    atan = _unary(ops.atan)
    asinh = _unary(ops.asinh)
    acosh = _unary(ops.acosh)
    atanh = _unary(ops.atanh)
    erf = _unary(ops.erf)
    sigmoid = _unary(ops.sigmoid)
    log_sigmoid = _unary(ops.log_sigmoid)
    softplus = _unary(ops.softplus)
    relu = _unary(ops.relu)
    leaky_relu = _method(ops.leaky_relu)
    elu = _method(ops.elu)
    silu = _unary(ops.silu)
    mish = _unary(ops.mish)
    hardtanh = _method(ops.hardtanh)
    gelu = _unary(ops.gelu)
    maximum = _method(ops.maximum)
    minimum = _method(ops.minimum)
    clip = _method(ops.clip)
    sign = _unary(ops.sign)
    step = _method(ops.step)
    where = _method(ops.where_)
    share = _method(ops.share)
    less = _binary(ops.less)
    less_equal = _binary(ops.less_equal)
    greater = _binary(ops.greater)
    greater_equal = _binary(ops.greater_equal)

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
        _warn_of_math(sys._getframe(1))
        return scalars.to_float(self.data)

    def item(self) -> int | float:
        """The data as a number of Python's own: an int where it is whole and exact, else a float.

        >>> Value("0.25").item(), Value("6/2").item()
        (0.25, 3)
        """
        if not scalars.is_number(self.data):
            raise TypeError(f"item gives one number; got {scalars.shortened(self.data)}")
        if scalars.is_exact(self.data) and self.data == self.data // 1:
            return int(self.data)
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

    @property
    def data(self) -> Scalar:
        """The scalar; what is assigned is converted as `Value(…)` converts it, or refused."""
        return self._data

    @data.setter
    def data(self, written: Any) -> None:
        data = written if written.__class__ in _AS_WRITTEN else scalars.scalar(written)
        self._data = data if data.__class__ is float else scalars.bounded(data)

    def __array_ufunc__(self, function: Any, how: str, *operands: Any, **more: Any) -> Any:
        """The node for which numpy asks: of array * v by the operator, of np.exp(v) by its name."""
        name = function.__name__
        if how == "__call__" and not more:
            if name in _REFLECTED and operands[1] is self:
                left = operands[0]
                left = left[()] if getattr(left, "shape", None) == () else left
                return _REFLECTED[name](self, left)
            for row in ops.OPERATIONS.values():
                if name in (row.name, *row.spellings):
                    return row(*operands)
        raise TypeError(f"numpy's {name} takes no Values; operators do, and {_OPERATIONS_ARE}")

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
        if self.op.count:
            return (self.p, self.q) if self.op.count == 2 else (self.p,)
        return fast.parents_of(self)

    @property
    def operands(self) -> Operands:
        """The scalars that were captured when the operation ran."""
        if self.op is None or self.p is None:
            return ()
        if self.op.count:
            return (self.a, self.b) if self.op.count == 2 else (self.a,)
        return fast.operands_of(self)

    def local_derivatives(self) -> Operands:
        """∂y/∂aᵢ for each parent, at the operands that were captured."""
        if self.op is None or self.p is None:
            return ()
        is_nan = scalars.is_known(self.data) and self.data != self.data
        if is_nan and self.op.inside and not self.op.inside(*self.operands):
            return (math.nan,) * len(self.parents)  # in a branch of where that is not taken
        return self.op.derivatives(self.data, *self.operands)

    @property
    def pullback(self) -> Pullback:
        """The closure for the local derivative: from g, the gradient of this node, to g·∂y/∂aᵢ.

        That is what each parent gets, in their order; None, which is nothing, for a branch that was
        not taken. The operands are in the closure's cells, as they were when the operation ran. It
        is made when it is asked for: a function in every node would make building a graph four
        times as slow.

        >>> product = Value(3) * Value(4)
        >>> product.pullback(10)
        (40, 30)
        """
        op, y, operands = self.op, self.data, self.operands

        def parts(g: Scalar) -> Iterable[Scalar]:
            if op and op.chooses:
                return branches.shared(g, operands[0])
            return multiplying(op.derivatives(y, *operands) if op else ())(g)

        return parts

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
        """Set the gradient of this node, 1 or the seed, with respect to every node below it.

        Interior nodes are set afresh; what reaches a leaf is added to it, and from several threads
        nothing is lost. The gradients are written in one step at the end, so that an interrupt
        leaves all of them as they were.
        """
        data = self._data
        one = 1.0 if data.__class__ is float else scalars.whole(1, data)
        found = gradients(self, one if seed is None else one * scalars.paired(_data(seed), one)[0])
        with _one_at_a_time:
            for leaf in [node for node in found if node.op is None and node.grad is not None]:
                found[leaf] = scalars.plus(leaf.grad, found[leaf])
            # A loop in C: Python can be interrupted between bytecodes, but not in here.
            any(map(_set_grad, found, found.values()))

    def zero_grad(self) -> None:
        """Set the gradients of this node and of every node below it to 0."""
        for node in topological_order(self):
            node.grad = scalars.whole(0, node.data)

    # What other libraries call it

    _prev = property(lambda self: set(self.parents), doc="The parents, as micrograd draws them.")
    _op = property(lambda self: self.op.symbol if self.op else "", doc="The symbol of `op`.")
    _backward = Elsewhere(
        "a node's closure is v.pullback, made by its operation; for an operation of your own see "
        "scalargrad.ops.row"
    )
    name = Elsewhere("the name of a Value is its label: v.label, or v.named(…)")
    requires_grad = Elsewhere("every leaf gets a gradient; what has none is written as a number")

    # Copies

    __copy__ = copying.copied
    __deepcopy__ = copying.deeply_copied
    __reduce__ = copying.reduced


_one_at_a_time = RLock()  # which a thread that is interrupted here can take again
_set_grad: Callable[[Value, Scalar], None] = Value.__dict__["grad"].__set__
_power = Value.pow
_VALUES = {Value}
_OPERATIONS_ARE = (
    "the operations of the table, as methods: v.exp(), v.maximum(0); see scalargrad.ops"
)
_REFLECTED: dict[str, Callable[[Value, Any], Any]] = {
    "add": Value.__radd__, "subtract": Value.__rsub__, "multiply": Value.__rmul__,
    "divide": Value.__rtruediv__, "true_divide": Value.__rtruediv__, "power": Value.__rpow__,
    "less": Value.__gt__, "less_equal": Value.__ge__, "greater": Value.__lt__,
    "greater_equal": Value.__le__, "equal": operator.is_, "not_equal": operator.is_not,
}  # fmt: skip


def constant(number: Any) -> Value:
    """A number written inside an expression: a node without parents that is no leaf.

    Raises:
        TypeError: when it is no scalar.
    """
    node = _new(Value)
    if number is True or number is False:  # as Python itself counts them: True * v
        number = int(number)
    node._data, node.grad, node.label, node.op = scalars.scalar(number), None, "", CONSTANT
    node.p, node.index = None, next_index()
    return node


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
    captured = tuple([parent._data for parent in parents])
    if not op.count and not op.defaults and len(set(map(type, captured))) == 1:
        try:
            y = scalars.bounded(op.value(*captured))
            return copying.restored(Value, (), op, parents, y, captured)
        except (ArithmeticError, ValueError):
            pass
    names = [parent.label for parent in parents]
    y, captured = op.evaluated(captured, names)
    return copying.restored(Value, (), op, parents, scalars.bounded(y), captured)


def _warn_of_math(frame: FrameType) -> None:
    """Say that a graph ends where math.exp(v), or its like, asks for a float."""
    code = frame.f_code
    if ops.OPERATIONS.keys().isdisjoint(code.co_names):
        return
    line, _, column, _ = next(islice(code.co_positions(), frame.f_lasti // 2, None))
    if line is None or column is None:
        return
    import linecache  # with the first of them only

    text = linecache.getline(code.co_filename, line).encode()[column:].decode()
    called = text.partition("(")[0]
    name = called.rpartition(".")[2]
    if name in ops.OPERATIONS and called.replace(".", "").isidentifier():
        warnings.warn(f"{called} of a Value is a float, and the graph ends there; v.{name}(…) "
                      "is a node", stacklevel=3)  # fmt: skip


def _equal(a: Any, b: Any) -> Any:
    return scalars.equal(_data(a), _data(b))


def _where(condition: Any, a: Any, b: Any) -> Any:
    """A choice by lanes or symbols: a node where it is between Values, for second derivatives."""
    if isinstance(a, Value) or isinstance(b, Value):
        return ops.where_(condition, a, b)
    return scalars.where(condition.data, a, b)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(Value, name) for name in scalars.FLOAT.functions if hasattr(Value, name)
}
_FUNCTIONS |= {
    "power": lambda a, b: a**b,
    "equal": _equal,
    "erfc": lambda a: 1 - a.erf(),
    "where": _where,
}


def _whole(number: int, like: Value) -> Value:
    return constant(scalars.whole(number, like.data))


scalars.register(Value, Kind("Value", 5, _FUNCTIONS, whole=_whole, apply=_applied))
