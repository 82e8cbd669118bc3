"""Networks of neurons: modules whose parameters carry the names that the slides write.

A module is called on a list of inputs (Values, numbers, text, or arrays with a lane per example)
and gives a list of Values. Parameters are Values of any kind of scalar: floats for training,
Fractions from text for an exact network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from scalargrad.engine import ops, scalars
from scalargrad.engine.fast import Row, dot_of
from scalargrad.engine.value import Value, constant
from scalargrad.nn.initialisation import (
    Initialisation,
    WeightName,
    input_first,
    xavier,
)
from scalargrad.nn.module import (
    Activation,
    Module,
    as_list,
    as_values,
    check_function,
    method_of,
    named,
    shown_after,
    whole_size,
)


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
        if isinstance(weights, str | Value) or not hasattr(weights, "__len__"):
            raise TypeError(f"a neuron needs a list of weights; got {weights!r}")
        if not weights:
            raise ValueError("a neuron needs at least one weight; got none")
        self.weights = [named(w, f"w{i}") for i, w in enumerate(weights, 1)]
        self.bias = None if bias is None else named(bias, "b")
        self.activation = activation
        self.label = label
        self._activate = method_of(activation)

    def __call__(self, inputs: Sequence[Any]) -> Value:
        """The output, named."""
        return self.of(Row(as_values(inputs, len(self.weights))), Row(self.weights))

    def of(self, inputs: Row, weights: Row) -> Value:
        """The output for as many Values as there are weights, which is not checked."""
        y: Value = dot_of(_ZERO if self.bias is None else self.bias, weights, inputs)
        if self._activate:
            y = self._activate(y)
        if self.label:
            y.label = self.label
        return y

    def __repr__(self) -> str:
        """How many inputs, and the activation."""
        return f"Neuron({len(self.weights)}{shown_after(self.activation)})"


_ZERO = constant(0)


class Layer(Module):
    """Neurons side by side, each on all inputs.

    `neurons` is a list that can be changed: a Neuron of one's own, or any function of a list of
    inputs, may stand in it.

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
        inputs, units = whole_size(inputs), whole_size(units)
        check_function("a layer", "such as nn.input_first as weight_name", weight_name)
        self.inputs = inputs
        check_function("a layer", "such as nn.he, that draws its initial weights", initial)
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
        if any(type(neuron).__call__ is not Neuron.__call__ for neuron in neurons):
            values = [as_values(x, self.inputs) for x in examples]
            return [[neuron(x) for neuron in neurons] for x in values]
        rows = [Row(as_values(x, self.inputs), len(neurons) > 1) for x in examples]
        weights = [Row(neuron.weights, len(rows) > 1) for neuron in neurons]
        return [[neuron.of(x, w) for neuron, w in zip(neurons, weights, strict=True)] for x in rows]

    def __repr__(self) -> str:
        """How many inputs and units, and the activation."""
        neuron = next((n for n in self.neurons if isinstance(n, Neuron)), None)
        biases = "" if neuron is None or neuron.bias else ", biases=False"
        activation = shown_after(neuron.activation) if neuron else ""
        return f"Layer({self.inputs}, {len(self.neurons)}{activation}{biases})"


class Sequential(Module):
    """Modules one after the other; `layers` is a list that can be changed.

    >>> from scalargrad.nn import Dropout
    >>> net = MLP(2, [4, 1])
    >>> net.layers.insert(1, Dropout(0.5))
    """

    def __init__(self, *layers: Module) -> None:
        for layer in layers:
            if not isinstance(layer, Module):
                raise TypeError(f"Sequential takes modules, as in Sequential(a, b); got {layer!r}")
        self.layers = list(layers)

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """A list of outputs, or one Value when there is only one."""
        outputs: Any = inputs
        for layer in self.layers:
            outputs = as_list(layer(outputs))
        return _one_or_list(outputs)

    def batch(self, examples: Sequence[Sequence[Any]]) -> list[Any]:
        """The outputs for each of several examples, all of them going through a layer together."""
        outputs: Any = list(examples)
        for layer in self.layers:
            outputs = list(map(as_list, layer.batch(outputs)))
        return list(map(_one_or_list, outputs))


def _one_or_list(outputs: Any) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs


class Softmax(Module):
    """The shares of eᶠ of all outputs of the layer before, which sum to 1.

    >>> net = MLP(2, [4, 3], output=softmax)
    >>> round(sum(float(p) for p in net([1.0, 2.0])), 12)
    1.0
    """

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """A share for each input, under its name."""
        units = as_values(inputs, len(inputs))
        if len(units) < 2:
            raise ValueError(f"softmax needs 2 or more outputs of a layer; got {len(units)}")
        others = [(*units[:k], *units[k + 1 :]) for k in range(len(units))]
        shares = [ops.share(f, *rest) for f, rest in zip(units, others, strict=True)]
        for k, (f, p) in enumerate(zip(units, shares, strict=True), 1):
            if not f.is_leaf:  # a picture calls the outputs p's and the logits f1, f2, …
                f.label, p.label = f"f{k}", f.label
        return shares

    def __repr__(self) -> str:
        """Its name."""
        return "softmax"


softmax = Softmax()


class MLP(Sequential):
    """A network of layers, each on the outputs of the one before.

    Args:
        inputs: how many.
        sizes: how many units each layer has, the outputs last.
        activation: of the hidden layers: any function of a Value (ops.tanh, Value.relu, a lambda).
        output: of the last layer; None for none; softmax, or another module, on all outputs.
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
        output: Activation | Module | None = None,
        *,
        initial: Initialisation | Sequence[Initialisation] = xavier,
        seed: int = 0,
        biases: bool = True,
        weight_name: WeightName = input_first,
    ) -> None:
        if isinstance(sizes, str) or not isinstance(sizes, Iterable):
            raise TypeError(
                f"a network needs a list of sizes, as in MLP(2, [16, 1]); got {sizes!r}"
            )
        sizes = [whole_size(size) for size in sizes]
        if not sizes:
            raise ValueError("a network needs at least one layer; got no sizes")
        last = len(sizes)
        initials: list[Any] = [initial] * last
        if isinstance(initial, list | tuple):
            initials = list(initial)
        if len(initials) != last:
            raise ValueError(f"{last} layers need as many initialisations; got {len(initials)}")
        random = Random(seed)
        behind = [output] if isinstance(output, Module) else []
        last_activation = None if isinstance(output, Module) else output
        predicted = [f"yhat{k}" for k in range(1, sizes[-1] + 1)] if sizes[-1] > 1 else ["yhat"]
        super().__init__(*[
            Layer(
                inputs_of_layer, units, activation if layer < last else last_activation,
                initial=weights, layer=layer, biases=biases, weight_name=weight_name,
                random=random, outputs=predicted if layer == last else (),
            )
            for layer, (inputs_of_layer, units, weights) in enumerate(
                zip([inputs, *sizes], sizes, initials, strict=False), 1
            )
        ], *behind)  # fmt: skip
