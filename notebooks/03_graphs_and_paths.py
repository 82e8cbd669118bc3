# %% [markdown]
# # 3 · Computational graphs, frames, and the two-path rule
#
# Every computation is a graph: numbers flow along its arrows. When there are two ways from an input
# to the output, the input's derivative is the *sum* over the ways. This notebook shows why, step by
# step, and why backpropagation is fast although there may be very many ways.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it.
# To read it you need nothing: all outputs are kept.

# %% [markdown]
# ## A computation is a graph
#
# Take f = x₁ · (x₁ + x₂). A computer works through it in steps: first the sum, call it s, then the
# product. The arrows say which result goes into which step. There is no way around in a circle, for
# nothing can be computed from itself: the graph is *directed* and *acyclic*.

# %%
from scalargrad import Value, check, derive, draw, partial, program, topological_order

example = program("""
x1 = 3;  x2 = -1
s = x1 + x2
f = x1 * s
""")
f = example.output
f.backward()
draw(f, style="circuit")

# %% [markdown]
# The green number above a wire is the value that flows forward. The red number below it is what
# flows back. Look at x₁: one wire leads to the sum, one to the product.
#
# ## Local derivatives
#
# Each step knows the derivatives by its own operands and nothing else: for the sum both are 1, for
# the product each is the other operand. These are the numbers on the edges of the graph.

# %%
for node in topological_order(f):
    for parent, rate in zip(node.parents, node.local_derivatives(), strict=True):
        print(f"∂{node.label}/∂{parent.label} = {rate}")

# %% [markdown]
# ## Three patterns
#
# Read as a circuit, three operations do three things to what flows back. A **sum** *hands the same*
# to all: its gradient goes to both operands unchanged. A **product** *swaps*: each operand gets the
# gradient times the *other* operand. A **maximum** *routes*: all goes to the larger operand,
# nothing to the other.

# %%
from base64 import b64encode

from IPython.display import HTML

shown = ""
for gate in ("y = a + b", "y = a * b", "y = max(a, b)"):
    made = program(f"a = 4; b = -3; {gate}; L = 2 y")
    made.output.backward()
    print(f"{gate:14} { ({name: str(made[name].grad) for name in 'aby'}) }")
    picture = draw(made.output, style="circuit", size="column").titled(gate).content(".svg")
    shown += f'<img width="32%" src="data:image/svg+xml;base64,{b64encode(picture).decode()}">'
HTML(shown)

# %% [markdown]
# **Exercise 1.** Without computing: which gradients do p, q and r get in L = max(p q, r) with p =
# 2, q = −1, r = −5? Write the three numbers.

# %%
mine = None, None, None  # your turn: of p, of q, of r

routed = program("p = 2; q = -1; r = -5; L = max(p q, r)")
routed.output.backward()
wanted = [routed[name].grad for name in "pqr"]
print("right" if [str(n) for n in mine] == [str(g) for g in wanted] else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# p q = −2 is the larger, so all of it goes there and r gets 0; the product swaps: −1 for p, 2 for
# q.
#
# </details>
#
# ## Frame by frame
#
# First everything forward, in an order in which operands come before results. Then backward from
# the output, whose gradient is 1. The stepper plays the whole of it: use the arrow keys or the
# slider. In a running notebook you can also change an input, and everything is computed again.
# (Where a page may not run scripts, the cell after it shows the steps side by side.)

# %%
from scalargrad import step

step(f, style="circuit")

# %%
from IPython.display import Image

Image(draw(f, style="circuit").frames().content(".png"), width=1000)

# %% [markdown]
# ## The two-path rule
#
# Suppose x₁ grows by a little ε.
#
# - On the direct way the product grows by s · ε = 2ε.
# - On the way through the sum, s grows by ε too, and with it the product by x₁ · ε = 3ε.
#
# Both happen at once, so f grows by 2ε + 3ε. (And by ε², which is small beside ε: with ε = 0.001 it
# is a millionth.) Therefore: **multiply along a path, add over the paths.**

# %%
print(derive(f, "x1"))
draw(f, wrt="x1", style="circuit", detail="named")

# %% [markdown]
# ## Your turn
#
# **Exercise 2.** A network with two hidden units uses its input x twice, so there are two paths
# from x to the loss. Find the two ways' factors, then ∂ℓ/∂x.

# %%
network = program("""
x = 2;  w1 = 0.5;  w2 = -0.25;  w3 = 4;  w4 = 2
h1 = w1*x
h2 = w2*x
yhat = w3*h1 + w4*h2
loss = (yhat - 2)^2
""")
mine = {"dl/dyhat": "", "dyhat/dh1": "", "dh1/dx": "", "dyhat/dh2": "", "dh2/dx": "", "dl/dx": ""}
check(network, mine, solutions=False)

# %% [markdown]
# <details><summary>One solution</summary>
#
# The paths carry 2 × 4 × 0.5 = 4 and 2 × 2 × (−0.25) = −1, which makes 3.
#
# </details>
#
# Somebody who forgets the second path writes 4. All the factors are right, so the mistake must lie
# in how they were put together:

# %%
solved = {"dl/dyhat": "2", "dyhat/dh1": "4", "dh1/dx": "0.5", "dyhat/dh2": "2", "dh2/dx": "-0.25"}
print(check(network, {**solved, "dl/dx": "4"}))
network.output.backward()
draw(network.output, wrt="x")

# %% [markdown]
# ## Very many paths, few steps
#
# Let h₁ = h₀ + h₀, h₂ = h₁ + h₁ and so on. Each step has two wires to the one before, so after 50
# steps there are 2⁵⁰ paths, about 10¹⁵. Adding up path by path would take years. The backward pass
# visits each *node* once: what has arrived there is added up before it goes on.

# %%
first = h = Value(1, "h0")
for _ in range(50):
    h = h + h
print(len(topological_order(h)), "nodes,", partial(h, first), "paths")

# %% [markdown]
# The number of paths is the derivative itself here, since every factor is 1: backpropagation has
# counted them.
#
# **Exercise 3.** And if h₁ = h₀ · h₀, h₂ = h₁ · h₁, three times in all, from h₀ = 1? Guess the
# derivative ∂h₃/∂h₀ before you run the cell, then replace `None` by your guess.

# %%
guess = None

first = h = Value(1)
for _ in range(3):
    h = h * h
found = partial(h, first)
verdict = "not yet: no guess" if guess is None else "right" if guess == found else "not yet"
print(verdict)

# %% [markdown]
# <details><summary>One solution</summary>
#
# h₃ = h₀⁸, so the derivative is 8h₀⁷ = 8. By paths: 2 × 2 × 2 of them, each with factors that are
# all 1.
#
# </details>

# %% [markdown]
# **What to take away.** The graph says what depends on what. Multiply along a path, add over the
# paths; and because sums are shared at the nodes, one backward pass costs about as much as one
# forward pass, however many paths there are.
