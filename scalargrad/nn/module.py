"""Module: something with parameters, and what all modules share."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from random import Random
from typing import Any, TypeVar

from scalargrad.engine import scalars
from scalargrad.engine.ops import Operation
from scalargrad.engine.value import Value, unique_names
from scalargrad.nn.checkpoint import check_state, from_json, to_json
from scalargrad.notation.words import listed

Activation = Callable[[Value], Value]

_T = TypeVar("_T")


class Module:
    """Something with parameters, perhaps within modules of its own: the attributes that are one.

    Attributes:
        training: whether it behaves as in training (dropout drops, batch norm uses its batch).
    """

    _training = True
    _was_asked = False  # for `training`

    @property
    def training(self) -> bool:
        """Whether it behaves as in training."""
        self._was_asked = True
        return self._training

    @training.setter
    def training(self, training: bool) -> None:
        self._training = training

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

    def has_modes(self) -> bool:
        """Whether outputs, which were computed before, may be others in training than in testing.

        They are the same where no module asked for `training`, nor has a way of its own to set it.

        >>> from scalargrad.nn import MLP, Dropout, Sequential
        >>> nets = MLP(1, [1]), Sequential(MLP(1, [1]), Dropout(0.5))
        >>> [net([1.0]) is None or net.has_modes() for net in nets]
        [False, True]
        """
        modes = Module.training, Module.train, Module.eval
        return any(
            m._was_asked or (type(m).training, type(m).train, type(m).eval) != modes
            for m in self.modules()
        )

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
            raise ValueError(f"{self!r} has no parameter {unknown[0]}; it has {listed(known)}")
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
        targets: int = 1,
        wrt: Sequence[str] | None = None,
        backend: str = "auto",
        reduce: Any = "mean",
        fast: bool = False,
    ) -> Any:
        """A program for a loss of one example and its gradients; see `scalargrad.compile`.

        Its inputs are those of the module, x1, x2, …, then the target y (or targets y1, y2, …,
        which the loss is given as a list), then the parameters, which are what they are now where
        they are left out. Random masks are drawn at each call. It gives gradients with respect to
        the parameters, and the predictions as further outputs.

        Args:
            loss: of a prediction and a target.
            inputs: how many the module takes; by default as many as its first layer.
            targets: how many there are.
            wrt: the names of the parameters to differentiate by; all of them if left out.
            backend: "python", "numpy", "c", "jax", "torch" or "auto".
            reduce: over lanes: "mean", "sum", or None.
            fast: C and numpy: fused multiplications and additions, or in another order.

        >>> from scalargrad.nn.layers import MLP
        >>> step = MLP(2, [1]).compile(lambda yhat, y: (yhat - y) ** 2, backend="python")
        >>> step.inputs
        ('x1', 'x2', 'y', 'w11_1', 'w21_1', 'b1_1')
        """
        check_function("compile", "of a prediction and a target as loss", loss)
        from scalargrad.compiler.compiled import Compiled
        from scalargrad.compiler.program import uncollected

        count = _input_count(self) if inputs is None else whole_size(inputs)
        with uncollected():
            program, given = self._traced(loss, count, targets, wrt)
        return Compiled(program, backend=backend, reduce=reduce, given=given, fast=fast)

    def _traced(
        self, loss: Callable[[Any, Any], Value], count: int, targets: int, wrt: Sequence[str] | None
    ) -> tuple[Any, dict[str, Value]]:
        """The program of a loss, and the parameters by their names among its inputs."""
        from scalargrad.compiler.compiled import chosen_inputs
        from scalargrad.compiler.program import traced
        from scalargrad.compiler.source import Tape

        tape = Tape()
        labels = [f"x{i}" if count > 1 else "x" for i in range(1, count + 1)]
        labels += [f"y{k}" if targets > 1 else "y" for k in range(1, targets + 1)]
        leaves = [*[Value(0, label) for label in labels], *self.parameters()]
        named = {name: Value(tape.input(name), leaf.label) for name, leaf in
                 zip(unique_names(leaves), leaves, strict=True)}  # fmt: skip
        nodes = list(named.values())
        xs, ys = nodes[:count], nodes[count : count + targets]
        # The twin draws from the module's own random numbers, and its parameters are inputs.
        held = [r for m in self.modules() for r in vars(m).values() if isinstance(r, Random)]
        memo: dict[int, Any] = {id(r): r for r in held}
        memo |= {id(p): twin for p, twin in zip(leaves, nodes, strict=True)}
        twin = deepcopy(self, memo)
        prediction = twin(xs)
        output = loss_of(loss, prediction, ys if targets > 1 else ys[0])
        more = list(prediction) if isinstance(prediction, list | tuple) else [prediction]
        parameters = dict(list(named.items())[count + targets :])
        asked = parameters if wrt is None else chosen_inputs(parameters, wrt)
        given = dict(zip(parameters, leaves[count + targets :], strict=True))
        return traced(tape, output, asked, more), given

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
        things = attribute if isinstance(attribute, list | tuple) else (attribute,)
        yield from [thing for thing in things if isinstance(thing, kind)]


def _input_count(module: Module) -> int:
    for inner in module.modules():
        count = getattr(inner, "inputs", None)
        if isinstance(count, int):
            return count
    raise ValueError(f"{module!r} does not say how many inputs it takes; give compile(…, inputs=2)")


def is_bias(parameter: Value) -> bool:
    """Whether a parameter is a bias: by its name, which begins with b (β of batch norm too)."""
    return parameter.label.startswith("b")


# Sizes, inputs and outputs -----------------------------------------------------------------------


def whole_size(size: Any) -> int:
    """How many inputs or units: a whole number from 1, else a ValueError."""
    count = whole(size)
    if count is None or count < 1:
        raise ValueError(f"a layer needs a whole number of inputs and units from 1; got {size!r}")
    return count


def whole(number: Any) -> int | None:
    """A whole number of any library as Python's int; None for everything else, True and 2.0 too."""
    try:
        return None if isinstance(number, bool) else operator.index(number)
    except TypeError:
        return None


def check_function(who: str, what: str, thing: Any) -> None:
    """Raise a TypeError where something that will be called cannot be."""
    if not callable(thing):
        raise TypeError(f"{who} needs a function {what}; got {thing!r}")


def as_values(inputs: Sequence[Any], count: int) -> list[Value]:
    """The inputs as Values; those that are numbers are named x1, x2, …."""
    if isinstance(inputs, str | Value) or not hasattr(inputs, "__len__"):
        raise TypeError(f"a network needs a list of {count} inputs; got {inputs!r}")
    if len(inputs) != count:
        raise ValueError(f"a network with {count} inputs was given a list of {len(inputs)}")
    if all(isinstance(x, Value) for x in inputs):
        return list(inputs)
    return [named(x, f"x{i}" if count > 1 else "x") for i, x in enumerate(inputs, 1)]


def as_list(outputs: Any) -> Any:
    """The outputs of a module that may be one Value, as those of a Sequential or a Neuron."""
    return [outputs] if isinstance(outputs, Value) else outputs


def in_place_of(unit: Value, changed: Value) -> Value:
    """The changed unit, under the unit's name: a picture shows one circle for it, as the slide."""
    if not unit.is_leaf and changed is not unit:
        changed.label, unit.label = unit.label, ""
    return changed


# Names and activations ---------------------------------------------------------------------------


def named(number: Any, label: str) -> Value:
    """A Value as it is, or a number under a name."""
    return number if isinstance(number, Value) else Value(number, label)


def method_of(activation: Activation | None) -> Activation | None:
    """The method of Value for a row of the table, which does the same in less time."""
    if activation is not None and not callable(activation):
        raise TypeError(
            f"an activation is a function of a Value, such as ops.tanh; got {activation!r}"
        )
    return getattr(Value, activation.name) if isinstance(activation, Operation) else activation


def shown_after(activation: Activation | None) -> str:
    """The name of an activation behind a comma; nothing for none."""
    name = getattr(activation, "name", getattr(activation, "__name__", repr(activation)))
    return "" if activation is None else f", {name}"
