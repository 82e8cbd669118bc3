# %% [markdown]
# # 10 · Vectors: θ, ∇L, Jacobians, and a layer as one matrix
#
# Slides write a layer as h = σ(W x + b) and a gradient as ∇L. Each such letter stands for many
# numbers, and every rule for them is the chain rule for numbers, written once for all. This
# notebook goes from the numbers to the letters and back: a vector is a name for scalars.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it.
# To read it you need nothing: all outputs are kept.

# %% [markdown]
# ## W x + b, as atoms
#
# W has two rows, one for each unit, and three columns, one for each input. Unit i takes row i: its
# score is Wᵢ₁x₁ + Wᵢ₂x₂ + Wᵢ₃x₃ + bᵢ. In the graph there is no matrix, only products and sums.

# %%
from scalargrad import draw, gradient, jacobian, program, theta

layer = program("""
x = [1, 2, -1]
W = [[2, -1, 3], [0.5, 1, 1]]
b = [1, -0.5]
z = W x + b
h = relu(z)
L = (h₁ − 1)² + (h₂ − 3)²
""")
print("z =", [str(z.data) for z in layer.vectors["z"]])
print("W₂₁ is a node like any other:", layer["W₂₁"].data)
layer.output.backward()
draw(layer.output, style="network").weights("rows")

# %% [markdown]
# The same picture with one shape for a layer, as slides draw it: only the shapes of the vectors are
# left. Shapes are the first thing to check. A (2 × 3) matrix takes 3 numbers and gives 2.

# %%
draw(layer.output, detail="layers")

# %% [markdown]
# **Exercise 1.** A network takes 784 inputs to 100 hidden units and these to 10 scores: h = σ(W x +
# b), f = V h + c. Which shapes have W and V? Write rows, columns.

# %%
shape_w, shape_v = None, None  # your turn, like (2, 3)

right = (shape_w, shape_v) == ((100, 784), (10, 100))
print("right" if right else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# A row for each unit, a column for each input: (100, 784) and (10, 100).
#
# </details>
#
# A product whose shapes do not fit is refused, with both of them:

# %%
try:
    program("W = [[1, 2, 3], [4, 5, 6]]; x = [1, 2]; z = W x")
except Exception as error:
    print(error)

# %% [markdown]
# ## θ and ∇L
#
# All parameters, one after the other, are θ; all partial derivatives in the same order are the
# gradient ∇L. It has as many entries as θ, and a step of gradient descent is one line for all of
# them: θ ← θ − η ∇L.

# %%
names = ["W11", "W12", "W13", "W21", "W22", "W23", "b1", "b2"]
print(theta(layer, names))
print(gradient(layer.output, names))

# %% [markdown]
# ## A Jacobian is a table of derivatives
#
# Where a function gives several numbers, each of them has a gradient; written one under the other,
# these rows are the *Jacobian*. Of z = W x + b by x it is W itself: ∂zᵢ/∂xⱼ = Wᵢⱼ. Of h = relu(z)
# by z it is diagonal, since each unit hangs on its own score only. And the chain rule is their
# product, in the order in which one writes functions: the last layer first.

# %%
x, z, h = (layer.vectors[name] for name in "xzh")
print(jacobian(z, x))
print(jacobian(h, z))
print(jacobian(h, x, through=z))

# %% [markdown]
# **Exercise 2.** z = W x with W = [[1, 2], [3, 4]], and y = V z with V = [[1, 1], [0, 2]]. What is
# ∂y₁/∂x₁? And ∂y₂/∂x₁? Both by a row times a column.

# %%
mine = None, None  # your turn: two numbers

two = program("x = [1, 1]; W = [[1, 2], [3, 4]]; V = [[1, 1], [0, 2]]; z = W x; y = V z")
((first, _), (second, _)) = jacobian(two.vectors["y"], two.vectors["x"]).rows
print("right" if [str(n) for n in mine] == [str(first), str(second)] else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# The Jacobian is V W. Row 1 of V times column 1 of W is 1 × 1 + 1 × 3 = 4, row 2 gives
# 0 × 1 + 2 × 3 = 6. (W V would give 1 and 3: the order matters.)
#
# </details>
#
# ## The gradient of a weight matrix
#
# Call δᵢ = ∂L/∂zᵢ what arrives at the score of unit i. Since zᵢ = … + Wᵢⱼxⱼ + …, the weight gets
# ∂L/∂Wᵢⱼ = δᵢ xⱼ: what arrives times what came in. All of them together are a column times a row,
# ∂L/∂W = δ xᵀ, a matrix of the shape of W; and ∂L/∂x = Wᵀ δ, ∂L/∂b = δ.

# %%
delta = [z.grad for z in layer.vectors["z"]]
print("δ =", [str(d) for d in delta])
for i, row in enumerate(layer.vectors["W"]):
    print([str(w.grad) for w in row], " = ", [f"{delta[i]} × {x.data}" for x in layer.vectors["x"]])

back = [sum(row[j].data * d for row, d in zip(layer.vectors["W"], delta, strict=True))
        for j in range(3)]  # fmt: skip
print("Wᵀδ is ∂L/∂x:", back == [x.grad for x in layer.vectors["x"]])

# %% [markdown]
# **Exercise 3.** Build it: a function of δ and x that gives ∂L/∂W as a list of rows. It is tried on
# three layers of other shapes.


# %%
def outer(delta, x):
    return None  # your turn


def is_right(text):
    made = program(text)
    made.output.backward()
    found = outer([z.grad for z in made.vectors["z"]], [x.data for x in made.vectors["x"]])
    return found == [[w.grad for w in row] for row in made.vectors["W"]]


print("right" if all(map(is_right, (
    "x = [1, 2]; W = [[3, 4], [5, 6], [7, 8]]; z = W x; L = z₁ z₂ + z₃²",
    "x = [1, -1, 3]; W = [[1, 0, 2]]; z = W x; L = z₁²",
    "x = [2]; W = [[1], [2]]; z = W x; L = z₁ z₂",
))) else "not yet")  # fmt: skip

# %% [markdown]
# <details><summary>One solution</summary>
#
# `return [[d * x_j for x_j in x] for d in delta]`
#
# </details>

# %% [markdown]
# **What to take away.** Vectors are names for numbers. W x + b is a row for each unit; the Jacobian
# of a chain is the product of the Jacobians, the last layer's first; and a weight matrix gets δxᵀ:
# what arrives times what came in. Whenever a formula puzzles you, write out one entry.
