"""A network as a module of PyTorch, and back; PyTorch is loaded when a function here needs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from scalargrad import nn
from scalargrad.engine import scalars
from scalargrad.engine.ops import OPERATIONS, Operation, leaky_relu
from scalargrad.engine.value import Value

if TYPE_CHECKING:
    import torch

_EXACT_SOFTPLUS = 40  # PyTorch's is linear above a threshold; from 40 on no double can tell


def to_torch(model: nn.Module) -> torch.nn.Module:
    """A module of PyTorch with equal parameters, in double precision.

    It is made of `torch.nn.Linear`, activations, `Dropout` and `BatchNorm1d` in a `Sequential`,
    takes a tensor of shape (examples, inputs), and gives one of shape (examples, outputs), with
    one column where the model gives one Value. Dropout draws masks of its own, unless the model's
    `mask` is set. `from_torch` gives the model back, with the names of its parameters.

    Raises:
        TypeError: for an activation, or a parameter, that PyTorch cannot have.
        ValueError: for a module, or a shared parameter, that it cannot have.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"to_torch takes a module of scalargrad.nn; got {type(model).__name__} {model!r}"
        )
    writer = _Writer()
    twin = writer.one(model)
    shared = writer.parameters_used_twice()
    if shared:
        raise ValueError(
            "to_torch needs parameters of one place each, because a Linear owns its weights; got "
            f"{shared[0].label or 'one'} in two (a whole layer can stand in two places)"
        )
    return twin


class _Writer:
    """The conversion of one model: a module that stands in two places is converted once."""

    def __init__(self) -> None:
        self.done: dict[nn.Module, list[torch.nn.Module]] = {}
        self.parameters: list[Value] = []

    def parameters_used_twice(self) -> list[Value]:
        return [p for p, count in Counter(self.parameters).items() if count > 1]

    def one(self, module: nn.Module) -> torch.nn.Module:
        """A module as one of PyTorch's."""
        import torch

        parts = self.parts(module)
        if len(parts) == 1:
            return parts[0]
        both = _remember(torch.nn.Sequential(*parts), written="Layer")
        both.training = module.training
        return both

    def parts(self, module: nn.Module) -> list[torch.nn.Module]:
        """A module as one or two of PyTorch's: a layer, and its activation."""
        if module not in self.done:
            # A subclass that computes something else is not what its ancestor is.
            writers = [
                write
                for kind, write in self.table()
                if isinstance(module, kind) and type(module).__call__ is kind.__call__
            ]
            if not writers:
                raise ValueError(
                    "to_torch writes Sequential, MLP, Layer, Neuron, Elementwise, Residual, "
                    f"Dropout and BatchNorm; got {type(module).__name__}, whose calculation it "
                    "cannot know"
                )
            self.done[module] = writers[0](module)
            for part in self.done[module]:
                part.training = module.training
        return self.done[module]

    def table(self) -> list[tuple[type[nn.Module], Callable[[Any], list[torch.nn.Module]]]]:
        return [
            (nn.Sequential, self.sequential),
            (nn.Layer, lambda layer: self.linear(layer.neurons)),
            (nn.Neuron, lambda neuron: self.linear([neuron])),
            (nn.Elementwise, lambda module: _activation(module.activation)),
            (nn.Residual, lambda module: [_class("Residual")(self.one(module.inner))]),
            (nn.Dropout, _dropout),
            (nn.BatchNorm, self.batch_norm),
        ]

    def sequential(self, module: nn.Sequential) -> list[torch.nn.Module]:
        import torch

        parts = [part for layer in module.layers for part in self.parts(layer)]
        written = "MLP" if isinstance(module, nn.MLP) else "Sequential"
        return [_remember(torch.nn.Sequential(*parts), written=written)]

    def linear(self, neurons: Sequence[nn.Neuron]) -> list[torch.nn.Module]:
        import torch

        first = neurons[0]
        for neuron in neurons:
            if (neuron.bias is None, neuron.activation) != (first.bias is None, first.activation):
                raise ValueError(
                    "to_torch needs one activation, and all biases or none, in a layer; got "
                    f"{neuron!r} beside {first!r}"
                )
        rows = [[*n.weights, *([] if n.bias is None else [n.bias])] for n in neurons]
        linear = torch.nn.Linear(
            len(first.weights), len(neurons), bias=first.bias is not None, dtype=torch.float64
        )
        numbers = torch.tensor([self.numbers(row) for row in rows], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(numbers[:, : linear.in_features])
            if linear.bias is not None:
                linear.bias.copy_(numbers[:, -1])
        _remember(
            linear,
            parameters=[p.label for row in rows for p in row],
            outputs=[neuron.label for neuron in neurons],
        )
        return [linear, *_activation(first.activation)]

    def batch_norm(self, module: nn.BatchNorm) -> list[torch.nn.Module]:
        import torch

        norm = torch.nn.BatchNorm1d(
            len(module.gamma), eps=module.epsilon, momentum=module.momentum, dtype=torch.float64
        )
        for tensor, numbers in (
            (norm.weight, self.numbers(module.gamma)),
            (norm.bias, self.numbers(module.beta)),
            (norm.running_mean, module.means),
            (norm.running_var, module.variances),
        ):
            tensor.data.copy_(torch.tensor([float(n) for n in numbers], dtype=torch.float64))
        _remember(norm, parameters=[p.label for p in (*module.gamma, *module.beta)])
        return [norm]

    def numbers(self, parameters: Sequence[Value]) -> list[float]:
        for parameter in parameters:
            if not scalars.is_number(parameter.data):
                raise TypeError(
                    "to_torch needs parameters that are one number each; got "
                    f"{scalars.shown(parameter.data)} for {parameter.label or 'one of them'}"
                )
        self.parameters += parameters
        return [scalars.to_float(p.data) for p in parameters]


def _activation(activation: nn.Activation | None) -> list[torch.nn.Module]:
    import torch

    if activation is None:
        return []
    row, options = _row(activation)
    if row is None:
        raise TypeError(
            "to_torch needs an activation that is one operation: ops.tanh, Value.relu or "
            f"functools.partial(ops.leaky_relu, slope=0.1); got {_called(activation)}"
        )
    if row is leaky_relu and options.get("at_zero") not in (None, options.get("slope")):
        raise TypeError(
            "to_torch needs leaky_relu with PyTorch's derivative at 0, the slope; got "
            f"at_zero = {options['at_zero']}"
        )
    name, *arguments = row.torch.split() or [""]
    if not name or row.arity[0] != 1:
        raise TypeError(f"to_torch needs an activation of one operand; got {row.name}")
    given = {name: float(scalars.scalar(number)) for name, number in options.items()}
    if name.startswith("nn."):
        named = dict(zip(_options(row), arguments, strict=False))
        more = {"threshold": _EXACT_SOFTPLUS} if name == "nn.Softplus" else {}
        keywords = {named[option]: number for option, number in given.items() if option in named}
        return [getattr(torch.nn, name[3:])(**keywords, **more)]
    if len(given) > len(row.defaults):
        raise TypeError(f"to_torch needs {row.name} of one operand; got {', '.join(given)} too")
    return [_class("Elementwise")(row.name, given)]


def _options(row: Operation) -> list[str]:
    """The names of the operands that may be left out."""
    return [operand.removesuffix("?") for operand in row.operands[1:]]


def _modules() -> dict[str, tuple[Operation, list[str]]]:
    """The rows that are modules of PyTorch, with their arguments, by the names of its classes."""
    split = [(row, row.torch.split()) for row in OPERATIONS.values() if row.torch[:3] == "nn."]
    return {name[3:]: (row, arguments) for row, (name, *arguments) in split}


def _row(activation: Any) -> tuple[Operation | None, Mapping[str, Any]]:
    """The row of the table that an activation is, and the options given by name."""
    options: Mapping[str, Any] = {}
    if isinstance(activation, partial) and not activation.args:
        activation, options = activation.func, activation.keywords
    name = getattr(activation, "__name__", "")
    if name in OPERATIONS and activation is getattr(Value, name, None):
        activation = OPERATIONS[name]
    if not isinstance(activation, Operation):
        return None, {}
    known = _options(activation)
    return (activation if all(name in known for name in options) else None), options


def _called(activation: Any) -> str:
    return getattr(activation, "__name__", repr(activation))


def _dropout(module: nn.Dropout) -> list[torch.nn.Module]:
    import torch

    drop = float(module.drop)
    if module.inverted and module.mask is None:
        return [torch.nn.Dropout(drop)]
    mask = None
    if module.mask is not None:
        columns = [scalars.condition(kept) for kept in module.mask]
        mask = torch.stack([torch.tensor(c, dtype=torch.float64) for c in columns], dim=-1)
    return [_class("Dropout")(drop, module.inverted, mask)]


def from_torch(module: torch.nn.Module) -> nn.Module:
    """The model of a module of PyTorch: what `to_torch` made, or a `Sequential` like it.

    Read are Linear, BatchNorm1d, Dropout, Identity and the activations of the table, in Sequentials
    within each other. Weights, biases, their gradients where there are any, and running statistics
    come along as floats, and whether it is training. Parameters get the names that `to_torch` saw,
    else those of the slides, w11_1, b1_1, ….

    Raises:
        ValueError: for another module; the first of them is named.
    """
    import torch

    if not isinstance(module, torch.nn.Module):
        raise TypeError(
            f"from_torch takes a torch.nn.Module; got {type(module).__name__} {module!r}"
        )
    return _Reader(module).one(module, "module")


class _Reader:
    """The conversion of one module: what stands in two places is converted once."""

    def __init__(self, module: torch.nn.Module) -> None:
        import torch

        self.torch = torch
        self.layers = 0
        self.linears = sum(isinstance(part, torch.nn.Linear) for part in module.modules())
        self.done: dict[torch.nn.Module, nn.Module] = {}

    def one(self, module: torch.nn.Module, place: str) -> nn.Module:
        found = self.several([(module, place)])
        return found[0] if len(found) == 1 else nn.Sequential(*found)

    def several(self, modules: Sequence[tuple[torch.nn.Module, str]]) -> list[nn.Module]:
        """Our modules for some of PyTorch's that follow one another."""
        found: list[nn.Module] = []
        waiting = list(reversed(modules))
        while waiting:
            module, place = waiting.pop()
            activation = None
            if isinstance(module, self.torch.nn.Linear) and waiting:
                activation = self.activation(waiting[-1][0])
                if activation:
                    waiting.pop()
            if isinstance(module, self.torch.nn.Identity):
                continue
            found.append(self.converted(module, activation, place))
        return found

    def converted(
        self, module: torch.nn.Module, activation: nn.Activation | None, place: str
    ) -> nn.Module:
        known = self.done.get(module)
        if known is None:
            known = self.done[module] = self.read(module, activation, place)
            known.training = module.training
            if isinstance(known, nn.Layer):
                known.train(module.training)  # its neurons too
        elif isinstance(known, nn.Layer) and known.neurons[0].activation is not activation:
            raise ValueError(
                f"from_torch needs one activation after each Linear; got another at {place}, where "
                "one stands for the second time"
            )
        return known

    def read(self, module: Any, activation: nn.Activation | None, place: str) -> nn.Module:
        layers = self.torch.nn
        if _is(module, layers.Sequential):
            return self.sequential(module, place)
        if _is(module, layers.Linear):
            return self.linear(module, activation)
        if _is(module, layers.BatchNorm1d) and _is_usual_norm(module):
            return self.batch_norm(module)
        if _is(module, layers.Dropout) and module.p < 1:
            return nn.Dropout(module.p)
        if _is(module, _class("Dropout")):
            return _with_mask(nn.Dropout(module.p, inverted=module.inverted), module.mask)
        if _is(module, _class("Residual")):
            return nn.Residual(self.one(module.inner, f"{place}.inner"))
        if own := self.activation(module):
            return nn.Elementwise(own)
        names = ", ".join(_modules())
        raise ValueError(
            "from_torch reads Sequential, Linear, Dropout, BatchNorm1d (affine, with running "
            f"statistics), Identity, {names} (Softplus with beta 1, GELU without approximation); "
            f"got {' '.join(str(module).split())} at {place}"
        )

    def activation(self, module: Any) -> nn.Activation | None:
        """The activation that a module is; None where it is none of the table's."""
        if _is(module, _class("Elementwise")):
            row = OPERATIONS[module.name]
            return partial(row, **module.options) if module.options else row
        for theirs, (row, arguments) in _modules().items():
            if not _is(module, getattr(self.torch.nn, theirs)):
                continue
            if getattr(module, "approximate", "none") != "none":
                return None
            if theirs == "Softplus" and (module.beta != 1 or module.threshold < 20):
                return None
            pairs = zip(_options(row), arguments, strict=False)
            options = {ours: getattr(module, other) for ours, other in pairs}
            usual = [float(number) for number in row.defaults]
            return row if list(options.values()) == usual else partial(row, **options)
        return None

    def sequential(self, module: Any, place: str) -> nn.Module:
        layers = self.several([(part, f"{place}[{i}]") for i, part in enumerate(module)])
        written = _remembered(module, "written")
        if written == "Layer" and len(layers) == 1:
            return layers[0]
        found = nn.MLP.__new__(nn.MLP) if written == "MLP" else nn.Sequential()
        found.layers = layers
        return found

    def linear(self, module: Any, activation: nn.Activation | None) -> nn.Layer:
        self.layers += 1
        units = module.out_features
        outputs = _remembered(module, "outputs") or ()
        if not outputs and self.layers == self.linears:
            outputs = [f"yhat{k}" for k in range(1, units + 1)] if units > 1 else ["yhat"]
        layer = nn.Layer(
            module.in_features, units, activation, initial=nn.zeros, layer=self.layers,
            biases=module.bias is not None, outputs=outputs,
        )  # fmt: skip
        self.fill(layer, module, lambda weight, *bias: self.torch.cat(
            [weight, *[b[:, None] for b in bias]], dim=1
        ))  # fmt: skip
        return layer

    def batch_norm(self, module: Any) -> nn.BatchNorm:
        norm = nn.BatchNorm(
            module.num_features, layer=max(self.layers, 1), epsilon=module.eps,
            momentum=module.momentum,
        )  # fmt: skip
        norm.means, norm.variances = module.running_mean.tolist(), module.running_var.tolist()
        self.fill(norm, module, lambda *both: self.torch.cat(both))
        return norm

    def fill(self, ours: nn.Module, module: Any, in_order: Callable[..., Any]) -> None:
        """Values, gradients and names of the parameters, which some order makes ours."""
        tensors = [tensor for tensor in (module.weight, module.bias) if tensor is not None]
        parameters = ours.parameters()
        numbers = in_order(*[t.detach() for t in tensors]).flatten().tolist()
        for parameter, number in zip(parameters, numbers, strict=True):
            parameter.data = number
        if all(tensor.grad is not None for tensor in tensors):
            numbers = in_order(*[t.grad for t in tensors]).flatten().tolist()
            for parameter, number in zip(parameters, numbers, strict=True):
                parameter.grad = number
        labels = _remembered(module, "parameters") or ()
        for parameter, label in zip(parameters, labels, strict=False):
            parameter.label = label


def _is(module: Any, kind: Any) -> bool:
    """Whether a module is of a class and computes what that class computes."""
    return isinstance(module, kind) and type(module).forward is kind.forward


def _is_usual_norm(module: Any) -> bool:
    return bool(module.affine and module.track_running_stats and module.momentum is not None)


def _with_mask(dropout: nn.Dropout, mask: Any) -> nn.Dropout:
    if mask is not None:
        dropout.mask = [c.numpy() if c.ndim else c.item() for c in mask.unbind(dim=-1)]
    return dropout


def _remember(module: Any, **facts: Any) -> Any:
    """Note on a module what PyTorch does not ask for: names, and which class it came from."""
    module.scalargrad = facts
    return module


def _remembered(module: Any, fact: str) -> Any:
    return getattr(module, "scalargrad", {}).get(fact)


# Modules that PyTorch lacks. Their classes can be made only where PyTorch is there; `pickle`, and
# with it torch.save, finds them as attributes of this file.

_CLASSES = ("Dropout", "Elementwise", "Residual")


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        return _class(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _class(name: str) -> Any:
    import torch

    base: Any = torch.nn.Module

    class Residual(base):  # type: ignore[misc]
        """x + f(x)."""

        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Any) -> Any:
            return x + self.inner(x)

    class Elementwise(base):  # type: ignore[misc]
        """A function of PyTorch, by the name of its row, with the options that were given."""

        def __init__(self, name: str, options: Mapping[str, float]) -> None:
            super().__init__()
            self.name = name
            self.options = dict(options)

        def forward(self, x: Any) -> Any:
            row = OPERATIONS[self.name]
            usual = dict(zip(_options(row), map(float, row.defaults), strict=False))
            others = [torch.full_like(x, b) for b in (usual | self.options).values()]
            function = getattr(torch, row.torch)
            if row.jump:  # PyTorch has no derivative of heaviside; it is that of sign, 0
                return function(x.detach(), *others) + 0 * torch.sign(x)
            return function(x, *others)

        def extra_repr(self) -> str:
            return self.name

    class Dropout(base):  # type: ignore[misc]
        """Dropout with a given mask, or with the deck's factor in testing."""

        def __init__(self, p: float, inverted: bool, mask: Any) -> None:
            super().__init__()
            self.p = p
            self.inverted = inverted
            self.register_buffer("mask", mask)

        def forward(self, x: Any) -> Any:
            if not self.training:
                return x if self.inverted else x * (1 - self.p)
            mask = self.mask if self.mask is not None else (torch.rand_like(x) >= self.p).to(x)
            return x * (mask / (1 - self.p)) if self.inverted else x * mask

        def extra_repr(self) -> str:
            return f"p={self.p}, inverted={self.inverted}"

    made = {"Residual": Residual, "Elementwise": Elementwise, "Dropout": Dropout}
    for title, cls in made.items():
        cls.__qualname__ = title
    return made[name]
