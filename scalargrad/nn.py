"""Networks of neurons: modules whose parameters carry the names that the slides write.

A module is called on a list of inputs (Values, numbers, text, or arrays with a lane per example)
and gives a list of Values. Parameters are Values of any kind of scalar: floats for training,
Fractions from text for an exact network.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from random import Random
from typing import Any, TypeVar

from scalargrad import ops, scalars
from scalargrad.ops import Operation
from scalargrad.scalars import Scalar
from scalargrad.value import Row, Value, constant, dot_of, unique_names

Activation = Callable[[Value], Value]
Rows = list[list[Scalar]]  # the weights of a layer: a row for each unit, a column for each input
Initialisation = Callable[[Random, int, int], Rows]
WeightName = Callable[[str, str, int], str]

_T = TypeVar("_T")


# Modules -----------------------------------------------------------------------------------------


class Module:
    """Something with parameters, perhaps within modules of its own: the attributes that are one.

    Attributes:
        training: whether it behaves as in training (dropout drops, batch norm uses its batch).
    """

    training = True

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """The outputs for one example, or for one lane of examples."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes")

    def batch(self, examples: Sequence[Sequence[Any]]) -> list[Any]:
        """The outputs for several examples; batch normalisation mixes them, nothing else does."""
        return list(map(self, examples))

    def children(self) -> list[Module]:
        """The modules among the attributes, in the order in which they were set."""
        return list(_held(self, Module))

    def modules(self) -> Iterator[Module]:
        """The module itself, and all within it, each once."""
        found: dict[Module, None] = {}
        waiting: list[Module] = [self]
        while waiting:
            module = waiting.pop()
            if module not in found:
                found[module] = None
                waiting += reversed(module.children())
        return iter(found)

    def parameters(self) -> list[Value]:
        """θ: the leaves that are learned, in a fixed order, each once."""
        return list(dict.fromkeys(p for module in self.modules() for p in _held(module, Value)))

    def named_parameters(self) -> dict[str, Value]:
        """The parameters by name, in their order."""
        parameters = self.parameters()
        return dict(zip(unique_names(parameters), parameters, strict=True))

    def train(self, training: bool = True) -> None:
        """Behave as in training from here on."""
        for module in self.modules():
            module.training = training

    def eval(self) -> None:
        """Behave as in testing from here on."""
        self.train(False)

    def zero_grad(self) -> None:
        """Set the gradients of the parameters to 0."""
        for parameter in self.parameters():
            parameter.grad = scalars.whole(0, parameter.data)

    def assign(self, values: Mapping[str, Any] | Sequence[Any]) -> None:
        """Set parameters: some by name, or all in their order.

        Raises:
            ValueError: for an unknown name or a wrong count; nothing is set then.
        """
        known = self.named_parameters()
        if not isinstance(values, Mapping):
            if len(values) != len(known):
                raise ValueError(f"{self!r} has {len(known)} parameters; got {len(values)}")
            values = dict(zip(known, values, strict=True))
        if unknown := [name for name in values if name not in known]:
            raise ValueError(f"{self!r} has no parameter {unknown[0]}; it has {_listed(known)}")
        read = {known[name]: scalars.scalar(value) for name, value in values.items()}
        for parameter, data in read.items():
            parameter.data = data

    def extra_state(self) -> Any:
        """What else a module of its own has to remember, as JSON can hold it."""
        return None

    def load_extra_state(self, state: Any) -> None:
        """Take up what `extra_state` gave."""

    def state(self) -> dict[str, Any]:
        """Everything that `load_state` needs, as JSON can hold it; exact numbers as text."""
        return {
            "architecture": repr(self),
            "parameters": {name: to_json(p.data) for name, p in self.named_parameters().items()},
            "extra": [module.extra_state() for module in self.modules()],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state.

        Raises:
            ValueError: for the state of another architecture; the module is untouched then.
        """
        modules = list(self.modules())
        check_state("a module", state, architecture=str, parameters=Mapping, extra=list)
        architecture, values, extra = state["architecture"], state["parameters"], state["extra"]
        read = {name: from_json(value, name) for name, value in values.items()}
        if architecture != repr(self):
            raise ValueError(f"a state of {architecture} cannot be loaded into {self!r}")
        if list(read) != list(self.named_parameters()) or len(extra) != len(modules):
            raise ValueError(f"the state of {architecture} has other parameters than {self!r}")
        before = [module.extra_state() for module in modules]
        try:
            for module, own in zip(modules, extra, strict=True):
                own_name = repr(module)
                module.load_extra_state(own)
        except (KeyError, OverflowError, TypeError, ValueError):
            for module, own in zip(modules, before, strict=True):
                module.load_extra_state(own)
            raise ValueError(
                f"the state of {self!r} is damaged: {own_name} cannot take up its part"
            ) from None
        self.assign(read)

    def compile(
        self,
        loss: Callable[[Any, Any], Value],
        inputs: int | None = None,
        *,
        backend: str = "auto",
        reduce: Any = "mean",
        fast: bool = False,
    ) -> Any:
        """A program for a loss of one example and its gradients; see `scalargrad.compile`.

        Its inputs are those of the module, x1, x2, …, then the target y, then the parameters, which
        are what they are now where they are left out. Random masks are drawn at each call. It
        gives gradients with respect to the parameters, and the predictions as further outputs.

        Args:
            loss: of a prediction and a target.
            inputs: how many the module takes; by default as many as its first layer.
            backend: "python", "numpy", "c", "jax", "torch" or "auto".
            reduce: over lanes: "mean", "sum", or None.
            fast: C only: fused multiplications and additions.

        >>> step = MLP(2, [1]).compile(lambda yhat, y: (yhat - y) ** 2, backend="python")
        >>> step.inputs
        ('x1', 'x2', 'y', 'w11_1', 'w21_1', 'b1_1')
        """
        from scalargrad.compiler.compiled import Compiled
        from scalargrad.compiler.program import traced
        from scalargrad.compiler.source import Tape

        tape = Tape()
        count = _input_count(self) if inputs is None else _size(inputs)
        xs = [Value(0, f"x{i}" if count > 1 else "x") for i in range(1, count + 1)]
        shared = {id(r): r for m in self.modules() for r in vars(m).values()
                  if isinstance(r, Random)}  # fmt: skip
        twin = deepcopy(self, shared)  # it draws from the module's own random numbers
        target = Value(0, "y")
        nodes = [*xs, target, *twin.parameters()]
        named = dict(zip(unique_names(nodes), nodes, strict=True))
        for name, node in named.items():
            node.data = tape.input(name)
        prediction = twin(xs)
        output = loss_of(loss, prediction, target)
        more = list(prediction) if isinstance(prediction, list | tuple) else [prediction]
        parameters = dict(list(named.items())[count + 1 :])
        program = traced(tape, output, parameters, more)
        given = dict(zip(parameters, self.parameters(), strict=True))
        return Compiled(program, backend=backend, reduce=reduce, given=given, fast=fast)

    def __repr__(self) -> str:
        """The architecture."""
        return f"{type(self).__name__}({', '.join(map(repr, self.children()))})"


def loss_of(loss: Callable[[Any, Any], Value], prediction: Any, target: Any) -> Value:
    """What a loss function returns, which must be a Value.

    Raises:
        TypeError: when it returns something else.
    """
    found = loss(prediction, target)
    if not isinstance(found, Value):
        raise TypeError(
            f"a loss is a function that returns a Value; got {type(found).__name__} {found!r}"
        )
    return found


def _held(module: Module, kind: type[_T]) -> Iterator[_T]:
    """The attributes of a kind, and those in lists."""
    for attribute in vars(module).values():
        for thing in attribute if isinstance(attribute, list | tuple) else (attribute,):
            if isinstance(thing, kind):
                yield thing


def _input_count(module: Module) -> int:
    for inner in module.modules():
        count = getattr(inner, "inputs", None)
        if isinstance(count, int):
            return count
    raise ValueError(f"{module!r} does not say how many inputs it takes; give compile(…, inputs=2)")


def _listed(known: Iterable[str]) -> str:
    listed = list(known)
    return ", ".join(listed[:6]) + ("" if len(listed) <= 6 else f", … ({len(listed)})")


def is_bias(parameter: Value) -> bool:
    """Whether a parameter is a bias: by its name, which begins with b (β of batch norm too)."""
    return parameter.label.startswith("b")


def to_json(scalar: Scalar) -> Any:
    """A number as JSON can hold it without loss: floats as numbers, fractions as text.

    Raises:
        TypeError: for lanes, formulas and other scalars that are not one number.
    """
    if not scalars.is_number(scalar):
        raise TypeError(f"only numbers can be written to a state; got {scalars.shown(scalar)}")
    return str(scalar) if scalars.is_exact(scalar) else float(scalar)


def from_json(written: Any, name: str) -> Scalar:
    """The finite number that `to_json` wrote.

    Raises:
        ValueError: for anything else; it is named.
    """
    try:
        number = scalars.scalar(written)
    except TypeError:
        number = math.nan
    if not (scalars.is_number(number) and math.isfinite(scalars.to_float(number))):
        raise ValueError(f"the state needs a finite number for {name}; got {written!r}")
    return number


def check_state(whose: str, state: Any, **parts: type) -> None:
    """Raise a ValueError where a state read from a file lacks a part, or has one of another type.

    >>> check_state("a module", {"extra": 3}, extra=list)
    Traceback (most recent call last):
    ValueError: the state of a module has extra (list); got 3 for it
    """
    if not isinstance(state, Mapping):
        got = type(state).__name__
        raise ValueError(f"the state of {whose} is what its state() gave, a dict; got {got}")
    for part, kind in parts.items():
        wanted = f"the state of {whose} has {part} ({kind.__name__.lower()})"
        if part not in state:
            raise ValueError(f"{wanted}; got one without")
        if not isinstance(state[part], kind):
            raise ValueError(f"{wanted}; got {scalars.shortened(state[part])} for it")


# Initialisations ---------------------------------------------------------------------------------


def uniform(random: Random, inputs: int, units: int) -> Rows:
    """Weights between -1 and 1, as micrograd draws them: from equal seeds the same ones."""
    return _drawn(lambda: random.uniform(-1, 1), inputs, units)


def xavier(random: Random, inputs: int, units: int) -> Rows:
    """Weights between ±√(6/(inputs + units)), for tanh and sigmoid (Glorot and Bengio 2010)."""
    bound = math.sqrt(6 / (inputs + units))
    return _drawn(lambda: random.uniform(-bound, bound), inputs, units)


def he(random: Random, inputs: int, units: int) -> Rows:
    """Normal weights of variance 2/inputs, for ReLU (He et al. 2015)."""
    return _drawn(lambda: random.gauss(0, math.sqrt(2 / inputs)), inputs, units)


def zeros(random: Random, inputs: int, units: int) -> Rows:
    """Zeros: units that start equal stay equal, which is why one draws."""
    return _drawn(lambda: 0.0, inputs, units)


def given(rows: Sequence[Sequence[Any]]) -> Initialisation:
    """An initialisation with these weights, a row for each unit: numbers, or text to be exact.

    >>> Layer(2, 1, initial=given([["0.5", "-1/4"]])).parameters()[1]
    Value(data=-1/4, grad=None, label='w21_1')
    """

    def initial(random: Random, inputs: int, units: int) -> Rows:
        if [len(row) for row in rows] != [inputs] * units:
            raise ValueError(
                f"a layer of {units} units on {inputs} inputs needs {units} rows of {inputs} "
                f"weights; got rows of {[len(row) for row in rows]}"
            )
        return [list(row) for row in rows]

    return initial


def _drawn(draw: Callable[[], float], inputs: int, units: int) -> Rows:
    return [[draw() for _ in range(inputs)] for _ in range(units)]


# Names -------------------------------------------------------------------------------------------


def input_first(i: str, j: str, layer: int) -> str:
    """w12_1: the weight from input 1 to unit 2 of layer 1."""
    return f"w{i}{j}_{layer}"


def output_first(i: str, j: str, layer: int) -> str:
    """w21_1: the weight to unit 2 from input 1 of layer 1."""
    return f"w{j}{i}_{layer}"


# Neurons and layers ------------------------------------------------------------------------------


class Neuron(Module):
    """f(b + w₁x₁ + w₂x₂ + …), the sum as one node.

    Args:
        weights: one for each input: numbers, text, or Values with names of their own.
        bias: None for a neuron without.
        activation: any function of a Value; None for none.
        label: the name of its output.
    """

    def __init__(
        self,
        weights: Sequence[Any],
        bias: Any = None,
        activation: Activation | None = None,
        label: str = "",
    ) -> None:
        if not weights:
            raise ValueError("a neuron needs at least one weight; got none")
        self.weights = [_named(w, f"w{i}") for i, w in enumerate(weights, 1)]
        self.bias = None if bias is None else _named(bias, "b")
        self.activation = activation
        self.label = label
        self._activate = _method(activation)

    def __call__(self, inputs: Sequence[Any]) -> Value:
        """The output, named."""
        return self.of(Row(_inputs(inputs, len(self.weights))), Row(self.weights))

    def of(self, inputs: Row, weights: Row) -> Value:
        """The output for as many Values as there are weights, which is not checked."""
        y = dot_of(_ZERO if self.bias is None else self.bias, weights, inputs)
        if self._activate:
            y = self._activate(y)
        if self.label:
            y.label = self.label
        return y

    def __repr__(self) -> str:
        """How many inputs, and the activation."""
        return f"Neuron({len(self.weights)}{_shown(self.activation)})"


_ZERO = constant(0)


def _named(number: Any, label: str) -> Value:
    return number if isinstance(number, Value) else Value(number, label)


def _method(activation: Activation | None) -> Activation | None:
    """The method of Value for a row of the table, which does the same in less time."""
    if activation is not None and not callable(activation):
        raise TypeError(
            f"an activation is a function of a Value, such as ops.tanh; got {activation!r}"
        )
    return getattr(Value, activation.name) if isinstance(activation, Operation) else activation


def _shown(activation: Activation | None) -> str:
    name = getattr(activation, "name", getattr(activation, "__name__", repr(activation)))
    return "" if activation is None else f", {name}"


class Layer(Module):
    """Neurons side by side, each on all inputs.

    Args:
        inputs: how many.
        units: how many neurons.
        activation: any function of a Value; None for none.
        initial: the weights (uniform, xavier, he, zeros, given(rows), or a function like them).
        layer: its number, as in w₁₁⁽¹⁾.
        biases: whether neurons have one; they start at 0.
        weight_name: which index is first, input_first or output_first.
        random: what the weights are drawn from.
        outputs: the names of the units; by default h1_1, h2_1, ….
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        activation: Activation | None = None,
        *,
        initial: Initialisation = xavier,
        layer: int = 1,
        biases: bool = True,
        weight_name: WeightName = input_first,
        random: Random | None = None,
        outputs: Sequence[str] = (),
    ) -> None:
        inputs, units = _size(inputs), _size(units)
        self.inputs = inputs
        rows = initial(random or Random(0), inputs, units)
        width = len(str(max(inputs, units)))  # w0111_1: of two digits each, 01 and 11
        self.neurons = []
        for j, row in enumerate(rows, 1):
            weights = [
                Value(weight, weight_name(f"{i:0{width}}", f"{j:0{width}}", layer))
                for i, weight in enumerate(row, 1)
            ]
            bias = Value(scalars.whole(0, weights[0].data), f"b{j}_{layer}") if biases else None
            label = outputs[j - 1] if outputs else f"h{j}_{layer}"
            self.neurons.append(Neuron(weights, bias, activation, label))

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The outputs of the units."""
        return self._outputs([inputs])[0]

    def batch(self, examples: Sequence[Sequence[Any]]) -> list[list[Value]]:
        """The outputs for several examples, which share what is captured of the weights."""
        is_overridden = type(self).__call__ is not Layer.__call__
        return super().batch(examples) if is_overridden else self._outputs(examples)

    def _outputs(self, examples: Sequence[Sequence[Any]]) -> list[list[Value]]:
        neurons = self.neurons
        rows = [Row(_inputs(x, self.inputs), len(neurons) > 1) for x in examples]
        weights = [Row(neuron.weights, len(rows) > 1) for neuron in neurons]
        return [[neuron.of(x, w) for neuron, w in zip(neurons, weights, strict=True)] for x in rows]

    def __repr__(self) -> str:
        """How many inputs and units, and the activation."""
        biases = "" if self.neurons[0].bias else ", biases=False"
        activation = _shown(self.neurons[0].activation)
        return f"Layer({self.inputs}, {len(self.neurons)}{activation}{biases})"


def _size(size: Any) -> int:
    try:
        count = operator.index(size)
    except TypeError:
        count = 0
    if count < 1 or isinstance(size, bool):
        raise ValueError(f"a layer needs a whole number of inputs and units from 1; got {size!r}")
    return count


def _inputs(inputs: Sequence[Any], count: int) -> list[Value]:
    """The inputs as Values; those that are numbers are named x1, x2, …."""
    if isinstance(inputs, str | Value) or not hasattr(inputs, "__len__"):
        raise TypeError(f"a network needs a list of {count} inputs; got {inputs!r}")
    if len(inputs) != count:
        raise ValueError(f"a network with {count} inputs was given a list of {len(inputs)}")
    if all(isinstance(x, Value) for x in inputs):
        return list(inputs)
    return [_named(x, f"x{i}" if count > 1 else "x") for i, x in enumerate(inputs, 1)]


class Sequential(Module):
    """Modules one after the other; `layers` is a list that can be changed.

    >>> net = MLP(2, [4, 1])
    >>> net.layers.insert(1, Dropout(0.5))
    """

    def __init__(self, *layers: Module) -> None:
        self.layers = list(layers)

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """A list of outputs, or one Value when there is only one."""
        outputs: Any = inputs
        for layer in self.layers:
            outputs = _as_list(layer(outputs))
        return _one_or_list(outputs)

    def batch(self, examples: Sequence[Sequence[Any]]) -> list[Any]:
        """The outputs for each of several examples, all of them going through a layer together."""
        outputs: Any = list(examples)
        for layer in self.layers:
            outputs = list(map(_as_list, layer.batch(outputs)))
        return list(map(_one_or_list, outputs))


def _as_list(outputs: Any) -> Any:
    """The outputs of a module that may be one Value, as those of a Sequential or a Neuron."""
    return [outputs] if isinstance(outputs, Value) else outputs


def _one_or_list(outputs: Any) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs


class MLP(Sequential):
    """A network of layers, each on the outputs of the one before.

    Args:
        inputs: how many.
        sizes: how many units each layer has, the outputs last.
        activation: of the hidden layers: any function of a Value (ops.tanh, Value.relu, a lambda).
        output: of the last layer; None for none.
        initial: the weights of a layer (uniform, xavier, he, zeros, given(rows)), or a list with
            one for each layer. Biases start at 0.
        seed: of the random weights.
        biases: whether neurons have one.
        weight_name: which index is first: w₁₂⁽¹⁾ is from input 1 to unit 2 by input_first, from
            input 2 to unit 1 by output_first.

    >>> net = MLP(2, [3, 1])
    >>> len(net.parameters()), list(net.named_parameters())[:3]
    (13, ['w11_1', 'w21_1', 'b1_1'])
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        activation: Activation | None = ops.tanh,
        output: Activation | None = None,
        *,
        initial: Initialisation | Sequence[Initialisation] = xavier,
        seed: int = 0,
        biases: bool = True,
        weight_name: WeightName = input_first,
    ) -> None:
        if not isinstance(sizes, Iterable):
            raise TypeError(f"sizes are a list, one for each layer, as in [8, 1]; got {sizes!r}")
        sizes = [_size(size) for size in sizes]
        if not sizes:
            raise ValueError("a network needs at least one layer; got no sizes")
        last = len(sizes)
        initials = [initial] * last if callable(initial) else list(initial)
        if len(initials) != last:
            raise ValueError(f"{last} layers need as many initialisations; got {len(initials)}")
        random = Random(seed)
        predicted = [f"yhat{k}" for k in range(1, sizes[-1] + 1)] if sizes[-1] > 1 else ["yhat"]
        super().__init__(*[
            Layer(
                inputs_of_layer, units, activation if layer < last else output,
                initial=weights, layer=layer, biases=biases, weight_name=weight_name,
                random=random, outputs=predicted if layer == last else (),
            )
            for layer, (inputs_of_layer, units, weights) in enumerate(
                zip([inputs, *sizes], sizes, initials, strict=False), 1
            )
        ])  # fmt: skip


# Modules on the way ------------------------------------------------------------------------------


class Residual(Module):
    """x + f(x): the gradient has a way around f (He et al. 2016).

    Args:
        inner: f, with as many outputs as inputs.
    """

    def __init__(self, inner: Module) -> None:
        self.inner = inner

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The sums."""
        xs = _inputs(inputs, len(inputs))
        return _sums(xs, self.inner(xs))

    def batch(self, examples: Sequence[Sequence[Any]]) -> list[list[Value]]:
        """The sums for each example."""
        rows = [_inputs(inputs, len(inputs)) for inputs in examples]
        return list(map(_sums, rows, self.inner.batch(rows)))


def _sums(xs: list[Value], ys: Any) -> list[Value]:
    ys = _as_list(ys)
    if len(ys) != len(xs):
        raise ValueError(f"a residual block needs as many outputs as inputs; got {len(ys)} outputs "
                         f"for {len(xs)} inputs")  # fmt: skip
    return [_in_place_of(y, x + y) for x, y in zip(xs, ys, strict=True)]


def _in_place_of(unit: Value, changed: Value) -> Value:
    """The changed unit, under the unit's name: a picture shows one circle for it, as the slide."""
    if not unit.is_leaf and changed is not unit:
        changed.label, unit.label = unit.label, ""
    return changed


class Elementwise(Module):
    """An activation by itself, for where it is not a layer's: after batch normalisation.

    Args:
        activation: any function of a Value.

    >>> net = Sequential(Layer(2, 3), BatchNorm(3), Elementwise(ops.relu), Layer(3, 1, layer=2))
    """

    def __init__(self, activation: Activation) -> None:
        _method(activation)  # that it can be called
        self.activation = activation

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The activation of each unit."""
        units = _inputs(inputs, len(inputs))
        return [_in_place_of(unit, self.activation(unit)) for unit in units]

    def __repr__(self) -> str:
        """Which activation."""
        return f"Elementwise({_shown(self.activation).removeprefix(', ')})"


class Dropout(Module):
    """Each unit kept or, in training, set to 0 at random (Srivastava et al. 2014).

    Args:
        drop: the probability that a unit is dropped, as PyTorch's p. The deck's p, with which a
            unit is present, is 1 - drop.
        inverted: True: what is kept is divided by 1 - drop in training, so that E[h′] = h and
            testing changes nothing. False, as on the slide: testing multiplies by 1 - drop.
        seed: of the masks.

    Attributes:
        mask: 0 or 1 for each unit (lanes: an array for each); None draws a new one for each call.

    >>> dropout = Dropout(0.5)
    >>> dropout.mask = [1, 0]
    >>> [h.data for h in dropout([3.0, 4.0])]
    [6.0, 0.0]
    """

    def __init__(self, drop: float, *, inverted: bool = True, seed: int = 0) -> None:
        if not 0 <= drop < 1:
            raise ValueError(f"dropout needs a probability in [0, 1) of dropping; got {drop}")
        self.drop = drop
        self.inverted = inverted
        self.mask: Sequence[Any] | None = None
        self.random = Random(seed)

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The units that are left; in testing all of them."""
        units = _inputs(inputs, len(inputs))
        kept = 1 - scalars.scalar(self.drop)
        if not self.training:
            return units if self.inverted else [_in_place_of(h, h * kept) for h in units]
        mask = self.drawn_mask(units) if self.mask is None else self.mask
        if len(mask) != len(units):
            raise ValueError(f"a mask for {len(mask)} units was given to {len(units)}")
        factors = map(scalars.condition, mask)
        return [
            _in_place_of(h, h * (scalars.divide(factor, kept) if self.inverted else factor))
            for h, factor in zip(units, factors, strict=True)
        ]

    def drawn_mask(self, units: Sequence[Value]) -> list[Scalar]:
        """A new mask: 0 or 1 for each unit, in every lane its own."""
        return [scalars.drawn(self._kept_or_not, h.data) for h in units]

    def _kept_or_not(self) -> int:
        return int(self.random.random() >= self.drop)

    def extra_state(self) -> Any:
        """Where the random numbers are."""
        version, numbers, following = self.random.getstate()
        return [version, list(numbers), following]

    def load_extra_state(self, state: Any) -> None:
        """Go on with the same random numbers."""
        version, numbers, following = state
        self.random.setstate((version, tuple(numbers), following))

    def __repr__(self) -> str:
        """The probability, and which form."""
        return f"Dropout({self.drop}{'' if self.inverted else ', inverted=False'})"


class BatchNorm(Module):
    """γ(x - mean)/√(variance + ε) + β for each unit (Ioffe and Szegedy 2015), as PyTorch's.

    In training mean and variance are those of the batch: call `model.batch(examples)`, because
    lanes never mix. In testing they are the running ones, and single examples and lanes work too.

    Args:
        units: how many.
        layer: its number, as in γ₁⁽¹⁾.
        epsilon: ε.
        momentum: the share of a new batch in the running statistics.
    """

    def __init__(
        self, units: int, *, layer: int = 1, epsilon: float = 1e-5, momentum: float = 0.1
    ) -> None:
        units = _size(units)
        self.gamma = [Value(1.0, f"gamma{j}_{layer}") for j in range(1, units + 1)]
        self.beta = [Value(0.0, f"beta{j}_{layer}") for j in range(1, units + 1)]
        self.epsilon = epsilon
        self.momentum = momentum
        self.means: list[Scalar] = [0.0] * units
        self.variances: list[Scalar] = [1.0] * units

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The normalised units, by the running statistics."""
        if self.training:
            raise ValueError(
                "BatchNorm needs a batch of examples in training: model.batch(examples), or "
                "model.eval() first; got one example"
            )
        units = _inputs(inputs, len(self.gamma))
        return [
            _in_place_of(x, gamma * ((x - mean) / self._deviation(constant(variance))) + beta)
            for gamma, beta, x, mean, variance in zip(
                self.gamma, self.beta, units, self.means, self.variances, strict=True
            )
        ]

    def batch(self, examples: Sequence[Sequence[Any]]) -> list[list[Value]]:
        """The normalised units of each example."""
        if not self.training:
            return list(map(self, examples))
        if len(examples) < 2:
            raise ValueError(f"BatchNorm needs at least 2 examples; got {len(examples)}")
        rows = [_inputs(inputs, len(self.gamma)) for inputs in examples]
        columns = [self._normalised(j, column) for j, column in enumerate(zip(*rows, strict=True))]
        return [list(row) for row in zip(*columns, strict=True)]

    def _normalised(self, j: int, xs: Sequence[Value]) -> list[Value]:
        """One unit over the batch."""
        mean = ops.mean(*xs)
        centered = [x - mean for x in xs]
        variance = ops.mean(*[c.square() for c in centered])
        unbiased = variance.data * len(xs) / (len(xs) - 1)
        self.means[j] += self.momentum * (mean.data - self.means[j])
        self.variances[j] += self.momentum * (unbiased - self.variances[j])
        deviation = self._deviation(variance)
        normalised = [self.gamma[j] * (c / deviation) + self.beta[j] for c in centered]
        return list(map(_in_place_of, xs, normalised))

    def _deviation(self, variance: Value) -> Value:
        return (variance + self.epsilon).sqrt()

    def extra_state(self) -> Any:
        """The running statistics."""
        return [list(map(to_json, self.means)), list(map(to_json, self.variances))]

    def load_extra_state(self, state: Any) -> None:
        """Take up running statistics."""
        means, variances = ([from_json(n, "its statistics") for n in numbers] for numbers in state)
        if not len(means) == len(variances) == len(self.gamma):
            raise ValueError(f"running statistics of {len(means)} units for {len(self.gamma)}")
        if min(variances) < 0:
            raise ValueError(f"a variance is 0 or more; got {min(variances)}")
        self.means, self.variances = means, variances

    def __repr__(self) -> str:
        """How many units."""
        return f"BatchNorm({len(self.gamma)})"
