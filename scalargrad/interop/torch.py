"""Other libraries: a network as a module of PyTorch and back, the formula of a graph for SymPy.

PyTorch and SymPy are loaded when a function here first needs them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from scalargrad import nn
from scalargrad.engine import scalars
from scalargrad.engine.backward import partial as derivative
from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import OPERATIONS, Operation
from scalargrad.engine.rebuild import rebuilt
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value, unique_names

if TYPE_CHECKING:
    import sympy
    import torch

# Rows that are a module of PyTorch, by the names of the arguments that stand for their options.
# All other rows of one operand are functions of PyTorch under the same name.
_ACTIVATIONS: dict[str, tuple[str, dict[str, str]]] = {
    "elu": ("ELU", {"alpha": "alpha"}),
    "gelu": ("GELU", {}),
    "leaky_relu": ("LeakyReLU", {"slope": "negative_slope"}),
    "log_sigmoid": ("LogSigmoid", {}),
    "relu": ("ReLU", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("SiLU", {}),
    "softplus": ("Softplus", {}),
    "tanh": ("Tanh", {}),
}
_EXACT_SOFTPLUS = 40  # PyTorch's is linear above a threshold; from 40 on no double can tell


# PyTorch -----------------------------------------------------------------------------------------


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
    if row.name == "leaky_relu" and options.get("at_zero") not in (None, options.get("slope")):
        raise TypeError(
            "to_torch needs leaky_relu with PyTorch's derivative at 0, the slope; got "
            f"at_zero = {options['at_zero']}"
        )
    if row.name in _ACTIVATIONS:
        name, arguments = _ACTIVATIONS[row.name]
        given = {
            arguments[option]: float(scalars.scalar(number))
            for option, number in options.items()
            if option in arguments
        }
        more = {"threshold": _EXACT_SOFTPLUS} if name == "Softplus" else {}
        return [getattr(torch.nn, name)(**given, **more)]
    if row.count == 1 and hasattr(torch, row.name):
        return [_class("Elementwise")(row.name)]
    raise TypeError(f"to_torch needs an activation of one operand; got {row.name}")


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
    known = [operand.removesuffix("?") for operand in activation.operands[1:]]
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
        mask = torch.stack([torch.as_tensor(c, dtype=torch.float64) for c in columns], dim=-1)
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
        names = ", ".join(name for name, _ in _ACTIVATIONS.values())
        raise ValueError(
            "from_torch reads Sequential, Linear, Dropout, BatchNorm1d (affine, with running "
            f"statistics), Identity, {names} (Softplus with beta 1, GELU without approximation); "
            f"got {' '.join(str(module).split())} at {place}"
        )

    def activation(self, module: Any) -> nn.Activation | None:
        """The activation that a module is; None where it is none of the table's."""
        if _is(module, _class("Elementwise")):
            return OPERATIONS[module.name]
        for name, (theirs, arguments) in _ACTIVATIONS.items():
            if not _is(module, getattr(self.torch.nn, theirs)):
                continue
            if getattr(module, "approximate", "none") != "none":
                return None
            if theirs == "Softplus" and (module.beta != 1 or module.threshold < 20):
                return None
            row = OPERATIONS[name]
            options = {ours: getattr(module, other) for ours, other in arguments.items()}
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
        """A function of PyTorch, by name."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def forward(self, x: Any) -> Any:
            return getattr(torch, self.name)(x)

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


# SymPy -------------------------------------------------------------------------------------------


def to_sympy(
    node: Value,
    wrt: Value | None = None,
    *,
    until: Container[Value] = (),
    symbol: Callable[[str], Any] | None = None,
) -> sympy.Expr:
    """The formula of a node, or of its derivative: the same rows and backward pass, on symbols.

    Leaves that have a name are symbols (the second w is w#2); those without, and the numbers of
    the expression, are numbers: fractions as fractions, floats as floats. Names are not read as
    formulas: E, I and lambda are symbols like others. How deep a formula can be is up to SymPy,
    whose functions recurse, and which needs minutes for ReLU within ReLU from four on: `until`
    cuts a graph.

    Args:
        node: any node of a graph.
        wrt: the node by which to differentiate; None for the formula itself.
        until: named nodes that are taken for symbols too.
        symbol: makes a symbol from a name; by default sympy.Symbol, without assumptions.

    Raises:
        TypeError: for a node that is no Value, or an unnamed leaf that is not one number.
        ValueError: for a node in `until` that has no name, or a formula too deep for SymPy.

    >>> w, x = Value(2, "w"), Value(3, "x")
    >>> to_sympy((w * x).sigmoid())
    1/(1 + exp(-w*x))
    >>> to_sympy((w * x + "0.1") ** 2, wrt=w)
    x*(2*w*x + 1/5)
    """
    for given in (node, *([] if wrt is None else [wrt])):
        if not isinstance(given, Value):
            raise TypeError(f"to_sympy takes Values; got {type(given).__name__} {given!r}")
    try:
        twins = _on_symbols(node, until, symbol)
        if wrt is None:
            return twins[node].data
        if wrt not in twins:
            return scalars.whole(0, twins[node].data)
        return derivative(twins[node], twins[wrt])
    except RecursionError:
        raise ValueError(
            "SymPy cannot hold a formula as deep as this graph; take named nodes on the way for "
            "symbols, as in to_sympy(loss, until=[h1, h2])"
        ) from None


def _on_symbols(
    node: Value, until: Container[Value], symbol: Callable[[str], Any] | None
) -> dict[Value, Value]:
    """A graph once more, on SymPy's scalars: for each node its twin."""
    import sympy

    order = topological_order(node, until=until)
    ends = [n for n in order if not n.parents or (n in until and n is not node)]
    named = [n for n in ends if n.label]
    symbols = dict(zip(named, map(symbol or sympy.Symbol, unique_names(named)), strict=True))
    for end in ends:
        if end.parents and not end.label:
            raise ValueError(f"to_sympy needs a name for each node of `until`; got {end!r}")
    data = {end: symbols[end] if end in symbols else _exactly(end.data) for end in ends}
    return rebuilt(node, data)


def _exactly(data: Scalar) -> Any:
    import sympy

    try:
        number = sympy.sympify(data, strict=True)
    except sympy.SympifyError:
        number = None
    if not isinstance(number, sympy.Expr):
        raise TypeError(
            "to_sympy needs a name for each leaf that is not one number; got "
            f"{scalars.shown(data)} without"
        )
    return number
