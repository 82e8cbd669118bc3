"""Gradient descent: steps, projection, clipping, and learning rates that change.

Parameters are scalars. Where the examples were lanes, each gradient is an array with one element
per example; all functions here take its mean, which is the gradient of the mean loss ("sum": its
sum, that of the total loss).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value, unique_names
from scalargrad.nn.checkpoint import check_state, from_json, function_name, to_json

Reduction = Literal["mean", "sum"]


# Vectors -----------------------------------------------------------------------------------------


def theta(parameters: Iterable[Value]) -> dict[str, Scalar]:
    """θ: the value of each parameter by name, in their order."""
    parameters = list(parameters)
    return dict(zip(unique_names(parameters), [p.data for p in parameters], strict=True))


def gradient(parameters: Iterable[Value], reduction: Reduction = "mean") -> dict[str, Scalar]:
    """∇L: the gradient of each parameter by name, in their order; None where none has arrived."""
    parameters = list(parameters)
    found = [reduced(p.grad, reduction) for p in parameters]
    return dict(zip(unique_names(parameters), found, strict=True))


def reduced(grad: Scalar | None, reduction: Reduction = "mean") -> Any:
    """The gradient of a scalar parameter, over lanes their mean or sum."""
    if reduction not in ("mean", "sum"):
        raise ValueError(f"a reduction is 'mean' or 'sum'; got {reduction!r}")
    if not getattr(grad, "shape", ()):
        return grad
    assert grad is not None
    return float(grad.mean() if reduction == "mean" else grad.sum())


# Steps -------------------------------------------------------------------------------------------


class Optimizer:
    """Steps along the gradient: what SGD and Adam share. A parameter without a gradient stays.

    A subclass says in `moved` how one parameter moves, and names in `remembers` what is kept of
    each parameter for that: `memory` holds, under each name, a number per parameter, None before
    its first step.
    """

    remembers: tuple[str, ...] = ()

    def __init__(
        self, parameters: Iterable[Value], rate: Any, weight_decay: Any, reduction: Reduction
    ) -> None:
        self.parameters = _leaves(parameters, type(self).__name__)
        self.rate: Any = rate if callable(rate) else _from_zero("a rate", rate)
        self.weight_decay = _from_zero("a weight decay", weight_decay)
        self.reduction = reduction
        self.memory: dict[str, list[Scalar | None]] = {
            name: [None] * len(self.parameters) for name in self.remembers
        }
        self.steps = 0
        reduced(None, reduction)

    def moved(self, rate: Any, t: Any, data: Any, grad: Any, *before: Any) -> tuple[Any, ...]:
        """A parameter after the step that t were made before, and what is remembered of it.

        It is given numbers, arrays of them, or the scalars of compiled code.
        """
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Set the gradients to 0."""
        for parameter in self.parameters:
            parameter.grad = scalars.whole(0, parameter.data)

    def current_rate(self, ahead: int = 0) -> Scalar:
        """The learning rate of the next step, or of one that so many others come before."""
        if not callable(self.rate):
            return self.rate
        t = self.steps + ahead
        try:
            return _from_zero("the rate of a schedule", self.rate(t))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{error} at step {t}") from None

    def step(self) -> None:
        """Change every parameter: all of them, or, when something is wrong, none."""
        rate = self.current_rate()
        after = []
        for parameter, *before in zip(self.parameters, *self.memory.values(), strict=True):
            data, grad = parameter.data, reduced(parameter.grad, self.reduction)
            moves = grad is not None
            after.append(
                self.moved(rate, self.steps, data, grad, *before) if moves else (data, *before)
            )
        columns = list(zip(*after, strict=True))
        for parameter, data in zip(self.parameters, columns[0], strict=True):
            parameter.data = data
        self.memory = dict(zip(self.memory, map(list, columns[1:]), strict=True))
        self.steps += 1

    def settings(self) -> dict[str, Any]:
        """What it was made with, as JSON can hold it; a schedule by its name."""
        rate = function_name(self.rate) if callable(self.rate) else to_json(self.rate)
        return {
            "rate": rate,
            "weight_decay": to_json(self.weight_decay),
            "reduction": self.reduction,
        }

    def state(self) -> dict[str, Any]:
        """Everything that `load_state` needs, as JSON can hold it."""
        names = unique_names(self.parameters)
        written = {
            kept: [None if v is None else to_json(v) for v in numbers]
            for kept, numbers in self.memory.items()
        }
        named = {kept: dict(zip(names, numbers, strict=True)) for kept, numbers in written.items()}
        return {"steps": self.steps, **named}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state.

        Raises:
            ValueError: for the state of other parameters; nothing is changed then.
        """
        check_state("an optimiser", state, steps=int, **dict.fromkeys(self.remembers, Mapping))
        steps = state["steps"]
        if isinstance(steps, bool) or steps < 0:
            raise ValueError(f"the state of an optimiser has 0 or more steps; got {steps}")
        memory = {}
        for kept in self.remembers:
            if list(state[kept]) != unique_names(self.parameters):
                raise ValueError(
                    f"the state of an optimiser of {len(state[kept])} parameters cannot be loaded "
                    f"into one of {len(self.parameters)} with other names"
                )
            memory[kept] = [
                None if v is None else from_json(v, name) for name, v in state[kept].items()
            ]
        self.check_memory(memory)
        self.steps, self.memory = steps, memory

    def check_memory(self, memory: Mapping[str, list[Scalar | None]]) -> None:
        """Raise a ValueError for what it cannot remember."""


class SGD(Optimizer):
    """Gradient descent, p ← p - rate·g: on a minibatch stochastic, on all data plain.

    Momentum and weight decay are PyTorch's: g ← g + decay·p, then v ← momentum·v + g (at first
    v = g) stands for g. A parameter that no gradient has reached (None) stays.

    Args:
        parameters: leaves, such as those of a module.
        rate: the learning rate, or a function that gives it for the number of steps done.
        momentum: 0 for none.
        weight_decay: λ, on all parameters; to leave biases out use losses.l2_penalty.
        reduction: over lanes: "mean" or "sum".
    """

    remembers = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Value],
        rate: Any,
        momentum: Any = 0,
        weight_decay: Any = 0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(parameters, rate, weight_decay, reduction)
        self.momentum = _below_one("a momentum", momentum)

    @property
    def velocity(self) -> list[Scalar | None]:
        """v of each parameter; None before its first step, and without momentum."""
        return self.memory["velocity"]

    def moved(self, rate: Any, t: Any, data: Any, grad: Any, *before: Any) -> tuple[Any, ...]:
        """A parameter after a step, and its velocity."""
        (velocity,) = before
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        if self.momentum:
            grad = grad if velocity is None else self.momentum * velocity + grad
        return data - rate * grad, grad if self.momentum else None

    def settings(self) -> dict[str, Any]:
        """What it was made with, as JSON can hold it; a schedule by its name."""
        return {**super().settings(), "momentum": to_json(self.momentum)}

    def check_memory(self, memory: Mapping[str, list[Scalar | None]]) -> None:
        """Raise a ValueError for velocities where there is no momentum."""
        if not self.momentum and any(v is not None for v in memory["velocity"]):
            raise ValueError("the state of an optimiser without momentum has no velocities")


class Adam(Optimizer):
    """Adam, p ← p - rate·m̂/(√v̂ + ε): steps of the size of the rate, whatever the gradient's.

    m ← β₁m + (1 - β₁)g and v ← β₂v + (1 - β₂)g² are running means, from 0; after t steps they are
    divided by 1 - β₁ᵗ and 1 - β₂ᵗ. Weight decay is added to g, as in PyTorch's Adam.

    Args:
        parameters: leaves, such as those of a module.
        rate: the learning rate, or a function that gives it for the number of steps done.
        betas: β₁ and β₂, from 0 and below 1.
        epsilon: ε, above 0.
        weight_decay: λ, on all parameters.
        reduction: over lanes: "mean" or "sum".

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1.

    >>> w = Value(1.0, "w")
    >>> adam = Adam([w], 0.1)
    >>> w.grad = 1000.0
    >>> adam.step()
    >>> round(w.data, 6)
    0.9
    """

    remembers = ("first_moment", "second_moment")

    def __init__(
        self,
        parameters: Iterable[Value],
        rate: Any = 0.001,
        betas: tuple[Any, Any] = (0.9, 0.999),
        epsilon: Any = 1e-8,
        weight_decay: Any = 0,
        reduction: Reduction = "mean",
    ) -> None:
        super().__init__(parameters, rate, weight_decay, reduction)
        if isinstance(betas, str) or len(betas) != 2:
            raise ValueError(f"Adam needs two betas, such as (0.9, 0.999); got {betas!r}")
        self.betas = tuple([float(_below_one("a beta", beta)) for beta in betas])
        self.epsilon = float(_from_zero("epsilon", epsilon))
        if not self.epsilon:
            raise ValueError("Adam needs epsilon > 0, or a gradient of 0 is divided by 0; got 0")

    def moved(self, rate: Any, t: Any, data: Any, grad: Any, *before: Any) -> tuple[Any, ...]:
        """A parameter after a step, and the running means of its gradient and of the square."""
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        (of_mean, of_square), (mean, square) = self.betas, before
        new_mean = (1 - of_mean) * grad + (0 if mean is None else of_mean * mean)
        new_square = (1 - of_square) * grad * grad + (0 if square is None else of_square * square)
        size = scalars.sqrt(new_square) / scalars.sqrt(1 - of_square ** (t + 1)) + self.epsilon
        return data - rate / (1 - of_mean ** (t + 1)) * new_mean / size, new_mean, new_square

    def settings(self) -> dict[str, Any]:
        """What it was made with, as JSON can hold it; a schedule by its name."""
        return {**super().settings(), "betas": list(self.betas), "epsilon": self.epsilon}


def _below_one(what: str, number: Any) -> Scalar:
    given = _from_zero(what, number)
    if not given < 1:
        raise ValueError(
            f"{what} is a number from 0 and below 1, or no step is ever forgotten; "
            f"got {scalars.shown(given)}"
        )
    return given


def _leaves(parameters: Any, who: str) -> list[Value]:
    is_iterable = hasattr(parameters, "__iter__") and not isinstance(parameters, str)
    given = list(parameters) if is_iterable else [parameters]
    strange = [p for p in given if not isinstance(p, Value)]
    if strange or not is_iterable:
        got = strange[0] if strange else parameters
        raise TypeError(f"{who} needs parameters, as in {who}(model.parameters(), …); got {got!r}")
    if not given:
        raise ValueError(f"{who} needs at least one parameter; got none")
    if computed := [p for p in given if not p.is_leaf]:
        raise TypeError(f"{who} changes leaves of a graph; got a computed node, {computed[0]!r}")
    return given


def _from_zero(what: str, number: Any) -> Scalar:
    given = scalars.scalar(number)
    if not (scalars.is_number(given) and given >= 0):
        raise ValueError(f"{what} is a number from 0; got {scalars.shown(given)}")
    return given


# Constraints and clipping ------------------------------------------------------------------------


def project(parameters: Iterable[Value], bound: Any) -> float:
    """Move the parameters to the nearest point with ‖w‖² ≤ B, and return ‖w‖² before.

    Args:
        parameters: usually without the biases.
        bound: B.
    """
    parameters = list(parameters)
    bound = _from_zero("a bound", bound)
    norm = math.hypot(*[scalars.to_float(p.data) for p in parameters])
    if norm * norm > bound:
        for parameter in parameters:
            parameter.data = parameter.data * (math.sqrt(bound) / norm)
    return norm * norm


def clip_values(parameters: Iterable[Value], bound: Any, reduction: Reduction = "mean") -> None:
    """Move each gradient into [-bound, bound]."""
    bound = _from_zero("a bound", bound)
    for parameter in parameters:
        grad = reduced(parameter.grad, reduction)
        parameter.grad = None if grad is None else max(-bound, min(bound, grad))


def clip_norm(parameters: Iterable[Value], bound: Any, reduction: Reduction = "mean") -> float:
    """Shorten the gradient, in its direction, to a norm of at most the bound; return its norm.

    Raises:
        ValueError: when a gradient is not finite, which no factor can repair.
    """
    bound = _from_zero("a bound", bound)
    reached = [p for p in parameters if p.grad is not None]
    grads = [reduced(p.grad, reduction) for p in reached]
    norm = math.hypot(*map(scalars.to_float, grads))
    if not math.isfinite(norm):
        name, grad = next(
            ((p.label or "a parameter", g) for p, g in zip(reached, grads, strict=True)
             if not math.isfinite(scalars.to_float(g))), ("all parameters", norm),
        )  # fmt: skip
        raise ValueError(f"clip_norm needs finite gradients; got {grad} for {name}")
    for parameter, grad in zip(reached, grads, strict=True):
        parameter.grad = grad * (bound / norm) if norm > bound else grad
    return norm


# Learning rates: the number of steps done comes first, functools.partial gives the rest ----------


def constant(t: int, rate: float) -> float:
    """The same rate at every step."""
    return rate


def stepped(t: int, rate: float, every: int, factor: float = 0.1) -> float:
    """A rate that is multiplied by a factor after every so many steps."""
    return rate * factor ** (t // every)


def exponential(t: int, rate: float, factor: float) -> float:
    """A rate that is multiplied by a factor after each step."""
    return rate * factor**t


def cosine(t: int, rate: float, steps: int, least: float = 0.0) -> float:
    """A rate that falls along half a cosine to the least in so many steps, and stays there."""
    share = min(t / steps, 1.0)
    return least + (rate - least) * (1 + math.cos(math.pi * share)) / 2


def warmed_up(
    t: int, rate: float, steps: int, after: Callable[[int, float], float] = constant
) -> float:
    """A rate that rises evenly to its full size in so many steps, then follows another schedule.

    >>> [warmed_up(t, 0.4, 4) for t in range(6)]
    [0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4]
    """
    return rate * (t + 1) / steps if t < steps else after(t - steps, rate)
