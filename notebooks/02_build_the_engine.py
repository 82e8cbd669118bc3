# %% [markdown]
# # 2 · Build the engine yourself, then meet ours
#
# Behind every deep-learning framework stands one small program: numbers that remember how they
# were computed. You build it here in about 60 lines, after the model of Andrej Karpathy's
# micrograd, and a network on top of it that learns to tell two half moons apart. Then you meet the
# same neuron in PyTorch and the engine of this project, and see what goes wrong in 60 lines.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it.
# To read it you need nothing: all outputs are kept.

# %% [markdown]
# ## A number that remembers
#
# A `Scalar` holds a number, and beside it the `parents` it was computed from and a `pullback`: a
# function that is told how fast the output changes when this scalar changes, g, and answers how
# much of that each parent gets. For y = a + b both get g. For y = a × b, a gets g·b and b gets g·a.
# The function is made where the operation runs, and so it has kept a and b: such a function is
# called a *closure*. That is all of calculus that the engine needs to know about an operation.

# %%
import math


class Scalar:
    def __init__(self, data, parents=(), pullback=lambda g: ()):
        self.data = data
        self.parents = parents
        self.pullback = pullback
        self.grad = 0.0

    def __add__(self, other):
        other = as_scalar(other)
        return Scalar(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        a, b = self.data, as_scalar(other).data
        return Scalar(a * b, (self, as_scalar(other)), lambda g: (g * b, g * a))

    def __pow__(self, n):
        a = self.data
        return Scalar(a**n, (self,), lambda g: (g * n * a ** (n - 1),))

    def relu(self):
        a = self.data
        return Scalar(max(0.0, a), (self,), lambda g: (g if a > 0 else 0.0,))

    def exp(self):
        y = math.exp(self.data)
        return Scalar(y, (self,), lambda g: (g * y,))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -as_scalar(other)

    def __truediv__(self, other):
        return self * as_scalar(other) ** -1


def as_scalar(number):
    return number if isinstance(number, Scalar) else Scalar(number)


# %% [markdown]
# ## The backward pass
#
# Start at the output with the gradient 1, since it changes as fast as itself. Then go back: every
# node hands its own gradient to its pullback, and what comes back is **added** to the gradients of
# the parents, because a number may be used more than once.
#
# One thing needs care. A node may hand on its gradient only when all of it has arrived, so its
# children must come before it. `in_order` lists parents before children; backward goes
# through that list from the end.


# %%
def in_order(output):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(output)
    return order


def backward(output):
    output.grad = 1.0
    for node in reversed(in_order(output)):
        for parent, part in zip(node.parents, node.pullback(node.grad), strict=True):
            parent.grad += part


# That is the whole engine. Does it find the −0.24 of the lecture?
x, w1, w2, w3, w4 = Scalar(2.0), Scalar(0.3), Scalar(0.8), Scalar(0.4), Scalar(0.1)
loss = (w3 * (w1 * x).relu() + w4 * (w2 * x).relu() - 1) ** 2
backward(loss)
print("loss:", round(loss.data, 6), " gradient of w2:", round(w2.grad, 6))

# %% [markdown]
# ## Trust, but measure
#
# A derivative is a slope, so a tiny step to either side must show the same slope. This check knows
# nothing of the chain rule, which is what makes it worth having. Every engine, also PyTorch, is
# tested like this.


# %%
def slope(f, at, step=1e-6):
    return (f(at + step) - f(at - step)) / (2 * step)


def agrees(f, at):
    a = Scalar(at)
    backward(f(a))
    measured = slope(lambda number: f(Scalar(number)).data, at)
    return math.isclose(a.grad, measured, rel_tol=1e-5, abs_tol=1e-8)


print("product:  ", agrees(lambda a: a * a * 3, 1.7))
print("quotient: ", agrees(lambda a: (a + 1) / (a * a), 1.7))
print("exp, relu:", agrees(lambda a: (a * 2).exp() + a.relu(), -0.4))

# %% [markdown]
# **Exercise 1.** Teach the engine the hyperbolic tangent: y = tanh a, whose derivative is 1 − y².
# Put your line in place of `None` and run the cell.


# %%
def tanh(a):
    return None  # your turn: a Scalar of math.tanh(a.data), one parent, one pullback


def verdict(function):
    if function(Scalar(0.5)) is None:
        return "not yet: tanh gives nothing"
    if not math.isclose(function(Scalar(0.5)).data, math.tanh(0.5)):
        return "not yet: the value is wrong"
    return "right" if agrees(function, 0.5) else "not yet: value right, slope wrong"


print(verdict(tanh))

# %% [markdown]
# <details><summary>One solution</summary>
#
# `y = math.tanh(a.data); return Scalar(y, (a,), lambda g: (g * (1 - y**2),))`
#
# </details>
#
# ## A network, in thirty lines
#
# A *neuron* multiplies its inputs by weights, adds a bias, and bends the sum: σ here is tanh. A
# *layer* is some neurons that see the same inputs. A *multilayer perceptron* is layers one after
# the other. That is all; every number in it is a `Scalar`, so the engine finds every gradient.


# %%
import random


class Neuron:
    def __init__(self, count, bends=True):
        spread = 3 if bends else 1
        self.weights = [Scalar(random.uniform(-spread, spread)) for _ in range(count)]
        self.bias = Scalar(random.uniform(-spread, spread))
        self.bends = bends

    def __call__(self, inputs):
        total = self.bias
        for w, x in zip(self.weights, inputs, strict=True):
            total = total + w * x
        return bent(total) if self.bends else total

    def parameters(self):
        return [*self.weights, self.bias]


def bent(a):
    y = math.tanh(a.data)
    return Scalar(y, (a,), lambda g: (g * (1 - y**2),))


class Layer:
    def __init__(self, count, units, bends=True):
        self.neurons = [Neuron(count, bends) for _ in range(units)]

    def __call__(self, inputs):
        return [neuron(inputs) for neuron in self.neurons]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    def __init__(self, count, units):
        sizes = [count, *units]
        self.layers = [
            Layer(a, b, bends=i < len(units) - 1)
            for i, (a, b) in enumerate(zip(sizes[:-1], units, strict=True))
        ]

    def __call__(self, inputs):
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs[0]

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


# %% [markdown]
# ## It learns
#
# Thirty points on two half moons; the target is −1 on the one and 1 on the other, the loss the mean
# of (score − target)². The loop is that of every framework: predict, measure, backward, step, and
# forget the old gradients. The last is a switch here, to see what it is for.

# %%
import matplotlib.pyplot as plt

from scalargrad.train import two_moons

moons = [(point, 2 * label - 1) for point, label in two_moons(30, noise=0.1, seed=1)]


def train(zero_grad=True, steps=80, rate=0.1):
    random.seed(2)
    model, losses = MLP(2, [8, 1]), []
    for _ in range(steps):
        total = Scalar(0.0)
        for point, target in moons:
            total = total + (model(point) - target) ** 2
        loss = total * (1 / len(moons))
        if zero_grad:
            for p in model.parameters():
                p.grad = 0.0
        backward(loss)
        for p in model.parameters():
            p.data -= rate * p.grad
        losses.append(loss.data)
    right = sum((model(point).data > 0) == (target > 0) for point, target in moons)
    return losses, right


losses, right = train()
forgotten, _ = train(zero_grad=False)
print(f"loss {losses[0]:.3f} at first, {losses[-1]:.3f} at last; {right} of {len(moons)} right")

fig, ax = plt.subplots(figsize=(7, 3.4), dpi=110, layout="constrained")
ax.plot(losses, "-", label="with zero_grad")
ax.plot(forgotten, "--", label="zero_grad forgotten")
ax.set(xlabel="step", ylabel="loss", yscale="log")
ax.legend()
plt.show()

# %% [markdown]
# The dashed curve is the same loop without the two lines that set `p.grad = 0.0`. `backward`
# *adds*, so each step then uses the sum of all gradients so far, which point where the weights were
# long ago. Nothing warns you: the program runs, and learns worse than it could.
#
# **Exercise 2.** How many parameters has `MLP(2, [8, 1])`? Count them on paper first.

# %%
count = None  # your turn: a whole number

print("right" if str(count) == str(len(MLP(2, [8, 1]).parameters())) else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# Eight neurons of two weights and a bias, one of eight weights and a bias: 8 × 3 + 9 = 33.
#
# </details>
#
# ## The same neuron in PyTorch
#
# Two inputs, one tanh neuron: first with your engine, then with PyTorch, which is this idea on
# arrays and on graphics cards. Both find the same gradients.

# %%
x1, x2, w1, w2, b = (Scalar(number) for number in (2.0, 0.0, -3.0, 1.0, 6.88))
out = bent(w1 * x1 + w2 * x2 + b)
backward(out)
print("yours:  ", [round(v.grad, 6) for v in (x1, x2, w1, w2, b)])

try:
    import torch
except ImportError:
    print("PyTorch is not installed, so only the loop above has run")
else:
    numbers = torch.tensor([2.0, 0.0, -3.0, 1.0, 6.88], dtype=torch.float64, requires_grad=True)
    torch.tanh(numbers[2] * numbers[0] + numbers[3] * numbers[1] + numbers[4]).backward()
    print("PyTorch:", [round(gradient, 6) for gradient in numbers.grad.tolist()])

# %% [markdown]
# ## Where 60 lines break, and ours
#
# `visit` calls itself for every parent. Python allows about a thousand calls inside one another,
# and a graph is easily deeper: a sum in a loop is enough. `scalargrad.Value` is the same idea: a
# number, its parents, a pullback, a backward pass. It reads the same, and nothing in it recurses,
# so a chain of 100 000 additions is no trouble.

# %%
from scalargrad import Value, draw, gradcheck, ops, topological_order

deep = Scalar(0.0)
for _ in range(5000):
    deep = deep + 1
try:
    backward(deep)
except RecursionError as error:
    print(type(error).__name__)

start = deep = Value(0.0)
for _ in range(100_000):
    deep = deep + 1
deep.backward()
print(deep.data, start.grad)

# %% [markdown]
# It takes other numbers than floats. Text is exact, and then the gradient is a fraction. With a
# name on what you talk about, a graph can be drawn: every operation is a circle, the value stands
# above its wire and the gradient below it.

# %%
a, b = Value("0.5", "a"), Value("-3", "b")
y = (a * b + a).named("y")
y.backward()
draw(y)

# %% [markdown]
# Look at a: it is used twice, by the product and by the sum. Each use has a contribution of its own
# on its wire, −3 and 1, and their sum −2 is the gradient. This is the `+=` in your backward pass.
#
# ## The same closure
#
# A `Value` has the same `pullback`. It makes it when it is asked for, from the operands that it
# kept: making a function in every node would make building a graph slower. And `gradients` in
# `scalargrad/engine/backward.py` is the loop that you wrote. Here it goes by hand: hand the product
# a gradient of 10, and see what each parent gets, and what the closure has kept. At the end stands
# `gradcheck`, your `slope` with a better formula. It says nothing when all is well.

# %%
product = Value(3.0, "a") * Value(4.0, "b")
print([parent.label for parent in product.parents], product.pullback(10.0))

kept = dict(zip(product.pullback.__code__.co_freevars, product.pullback.__closure__, strict=True))
print("kept:", kept["operands"].cell_contents, "for", kept["op"].cell_contents)


def ours(output):
    found = {output: 1.0}
    for node in reversed(topological_order(output)):
        for parent, part in zip(node.parents, node.pullback(found[node]), strict=True):
            found[parent] = found.get(parent, 0.0) + part
    return found


a, b = Value(0.5, "a"), Value(-1.25, "b")
y = (a * b).tanh() + a / b
y.backward()
print(all(node.grad == gradient for node, gradient in ours(y).items()))

gradcheck(lambda a, b: (a * b).tanh() + a / b, 0.5, -1.25)
print(product.op.name, "is one of", len(ops.OPERATIONS), "operations in a table")

# %% [markdown]
# **What to take away.** An automatic differentiator needs three things: a graph that remembers, a
# pullback for each operation, and a backward pass in the right order that *adds*. The rest is care:
# deep graphs, exact numbers, good messages, speed.
