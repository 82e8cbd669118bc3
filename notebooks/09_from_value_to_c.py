# %% [markdown]
# # 9 · From Value to C: reading the compiled program
#
# A graph of Values is made for looking at: every number is an object that knows its name, its
# parents and its gradient. To *run* a network a million times one wants none of this, only the
# arithmetic. `compile` writes it down as a short program without loops and without objects, and
# that program is the plainest explanation of backpropagation there is: you can read it.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it. To read
# it you need nothing: all outputs are kept. One section uses a C compiler where there is one.

# %% [markdown]
# ## The lecture example as a program
#
# Here is the picture of the lecture once more, with the path from w₂ to the loss.

# %%
from scalargrad import compile, draw, program

example = program("""
x = 2;  y = 1
w1 = 0.3;  w2 = 0.8;  w3 = 0.4;  w4 = 0.1
h1 = relu(w1*x)
h2 = relu(w2*x)
yhat = w3*h1 + w4*h2
loss = (yhat - y)^2
""")
example.output.backward()
draw(example.output, wrt="w2")

# %% [markdown]
# And here is the same as a program. Above the line `# backward` is the forward pass, operation by
# operation. Below it, read the orange path backwards: `d_yhat` is the gradient −1.2 at ŷ; times w₄
# it is the gradient at h₂; times the gate of the ReLU (1 if it is open) and x it is the gradient of
# w₂.
#
# Called without inputs the program takes those of the graph. Any of them can be given anew, and
# nothing is built for it: no graph, no objects.

# %%
compiled = compile(example.output, wrt=["w2"], backend="python")
print(compiled.source)
print(compiled())
print(compiled(w2=3.8))

# %% [markdown]
# ## Who writes the program?
#
# Nobody wrote a compiler for each operation. The trick fits in ten lines: Python lets an object say
# what `*` and `-` mean for it. A `Writer` does not multiply, it *writes* a multiplication.


# %%
class Writer:
    def __init__(self, text):
        self.text = text

    def __mul__(self, other):
        return Writer(f"({self.text} * {other.text})")

    def __sub__(self, other):
        return Writer(f"({self.text} - {other.text})")


w, x, y = Writer("w"), Writer("x"), Writer("y")
error = w * x - y
print((error * error).text)

# %% [markdown]
# A `Value` does not ask what kind of number it holds. So `compile` puts writers in place of the
# numbers and runs the ordinary forward and backward pass, *once*. What comes out is the program.
#
# One flaw of the ten lines is visible: w·x − y is written, and would be computed, twice. The real
# writer gives every result a name, and whatever has a name already is not computed again. Compare:


# %%
def squared_error(w, x, y):
    return ((w * x - y) ** 2).named("loss")


print(compile(squared_error, wrt=["w"], backend="python").source)

# %% [markdown]
# ## Be the compiler
#
# **Exercise 1.** Write the program for f = x₁ · (x₁ + x₂) yourself: the value, and the two
# gradients. Mind that x₁ is used twice. The check compares with the compiled one at three places.


# %%
def mine(x1, x2):
    s = x1 + x2
    f = x1 * s
    # backward: your turn
    d_x1 = 0
    d_x2 = 0
    return f, (d_x1, d_x2)


def verdict(function):
    theirs = compile(lambda x1, x2: x1 * (x1 + x2), backend="python")
    for place in ((3.0, -1.0), (0.5, 2.0), (-2.0, 0.25)):
        value, gradients = theirs(*place)
        if function(*place) != (value, tuple(gradients.values())):
            return f"not yet: at {place} it is {value} with the gradients {gradients}"
    return "right"


print(verdict(mine))

# %% [markdown]
# <details><summary>One solution</summary>
#
# Through the product the sum gets 1 × x₁, and hands it on to both; x₁ has the direct way too:
# `d_s = x1`, `d_x2 = d_s`, `d_x1 = d_s + s`.
#
# </details>
#
# ## All gradients at once
#
# **Exercise 2.** With `wrt=["w2"]` the backward pass of the example has three lines. Suppose one
# asks for all four weights. Is it four times as long? Guess the number of lines, then run the
# cell.

# %%
guess = None  # your turn


def backward_lines(names):
    source = compile(example.output, wrt=names, backend="python").source
    return [line.strip() for line in source.split("# backward\n")[1].splitlines() if " = " in line]


found = backward_lines(["w1", "w2", "w3", "w4"])
print("not yet: no guess" if guess is None else "right" if guess == len(found) else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# One line for ŷ, one for each hidden unit, one for each weight, which makes 7 and not 12. What the
# paths have in common is computed once: this is the whole point of going backward.
# `print(*found, sep="\n")` shows them.
#
# </details>

# %% [markdown]
# ## The same in C
#
# The steps are so simple that they can be printed in any language. `save` writes a file that needs
# nothing of ours: `cc net.c -lm` makes a program of it.

# %%
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    text = compiled.save(Path(folder) / "net.c").read_text(encoding="utf-8")
start = text.index("    const double v1")
print(text[start : text.index("    return loss")])

# %% [markdown]
# Each `const double` is the value of a node, or its gradient. That is what is left of a Value when
# everything is taken away that was there for you: eight bytes.
#
# ## A network on many examples
#
# A model compiles itself together with its loss, for *one* example. Its inputs may then be arrays,
# with one lane for each example, and the program runs over all of them.

# %%
from scalargrad import CompilerError, ops
from scalargrad.nn import MLP, binary_cross_entropy_with_logits
from scalargrad.train import two_moons

moons = two_moons(100, seed=2)
(x1, x2), y = moons.lanes()
model = MLP(2, [8, 1], ops.tanh, seed=3)

step = model.compile(binary_cross_entropy_with_logits, backend="numpy", reduce="mean")
value, gradients = step(x1, x2, y)
print(step)

loss = binary_cross_entropy_with_logits(model([x1, x2]), y)
loss.backward()
eager = {name: p.grad.mean() for name, p in model.named_parameters().items()}
far = max(abs(eager[name] - gradients[name]) for name in eager)
print(f"loss {value:.4f}; the gradients of the graph are the same to 12 digits: {far < 1e-12}")

# %% [markdown]
# ## Training, compiled
#
# `fit` takes the name of a backend. The same network is trained three times: on the graph, on
# numpy, in C. It must be the same training, and it is; only the waiting differs.

# %%
from scalargrad.train import SGD, fit


def final_loss(backend):
    model = MLP(2, [8, 1], ops.tanh, seed=3)
    run = fit(model, binary_cross_entropy_with_logits, moons, SGD(model.parameters(), rate=1.0),
              epochs=100, batch_size=20, backend=backend)  # fmt: skip
    return run.train["loss"][-1]


print(f"graph: {final_loss(None):.6f}")
print(f"numpy: {final_loss('numpy'):.6f}")
try:
    print(f"C:     {final_loss('c'):.6f}")
except CompilerError:
    print("no C compiler was found here, so C is left out")

# %% [markdown]
# **What to take away.** The backward pass is a program like any other: a handful of products and
# sums in the right order. An engine that asks nothing of its numbers can be run on numbers, on
# formulas, and on a pen.
