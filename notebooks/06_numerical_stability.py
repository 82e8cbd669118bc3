# %% [markdown]
# # 6 · Numerical stability: vanishing, exploding, and the cures
#
# The gradient of a deep network is a product of many factors, and products of many factors are
# dangerous: they run off to zero or to infinity. This notebook shows both, layer by layer, and four
# cures that keep the numbers in the range in which learning works.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it.
# To read it you need nothing: all outputs are kept.

# %% [markdown]
# ## A hundred factors
#
# Let every layer do nothing but multiply by a weight: hₙ = w·hₙ₋₁. Then ∂hₙ/∂h₀ = wⁿ. With
# w = 1.5 and 100 layers that is 4 × 10¹⁷; with w = 0.8 it is 2 × 10⁻¹⁰. There is hardly any room
# between too much and too little.

# %%
import matplotlib.pyplot as plt

from scalargrad import ops, plots
from scalargrad.lectures import experiments

found = experiments.products(factors=(1.5, 1.0, 0.8, 0.25), count=100)

fig, ax = plt.subplots(figsize=(8.4, 4), dpi=110, layout="constrained")
for name, products in found.runs[0].items():
    print(f"{name}: after 100 layers {products[-1]:.3g}")
plots.curves(found, ax)
plt.show()

# %% [markdown]
# ## Why sigmoids starve the bottom layers
#
# A sigmoid multiplies the gradient by its slope, and this slope is never more than 1/4. `steepest`
# looks for the place.

# %%
print(experiments.steepest(ops.sigmoid))

# %% [markdown]
# **Exercise 1.** So n sigmoids in a row multiply the gradient by (1/4)ⁿ at most, the weights apart.
# After how many sigmoids is this bound below 10⁻⁶? Replace `None`.

# %%
sigmoids = None  # your turn: the smallest whole number n with (1/4)ⁿ < 10⁻⁶

right = sigmoids is not None and 0.25**sigmoids < 1e-6 <= 0.25 ** (sigmoids - 1)
print("right" if right else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# 4¹⁰ = 1 048 576 is just above a million and 4⁹ is not, so n = 10.
#
# </details>
#
# ## Layer by layer in a real network
#
# Networks of 12 layers with 8 units each, before any training. For each layer: the mean size of the
# gradient of its weights, the median of three seeds. The green band is the lecture's rule of thumb
# for gradients with which a network still learns. Read from right to left, the way backpropagation
# goes: with sigmoids each layer loses a good part, so the top layers learn and the bottom layers do
# not.
#
# The other two are ill in every layer alike. The gradient of a weight is *what came forward times
# what comes back*. With weights that are too small or too large one factor shrinks or grows on the
# way up, the other on the way down, and their product is wrong everywhere.

# %%
sick = ["sigmoid", "tanh, small weights", "ReLU, large weights"]

fig, ax = plt.subplots(figsize=(8.4, 4), dpi=110, layout="constrained")
plots.curves(experiments.gradients_by_layer(sick), ax)
plt.show()

# %% [markdown]
# And the deeper the network, the worse. This is its first layer:

# %%
fig, ax = plt.subplots(figsize=(8.4, 4), dpi=110, layout="constrained")
plots.curves(experiments.gradients_by_depth(sick), ax)
plt.show()

# %% [markdown]
# It is not only that the gradients are small: such a network does not learn, whatever the rate.
# Here sigmoid networks of 2 and of 8 layers after 300 steps at four rates. The deep one never gets
# below the loss of a coin, log 2 = 0.693; with residual connections around its layers it learns at
# 0.1 and 1.

# %%
by_rate, by_layer, _ = experiments.deep_training(seeds=range(2))

fig, ax = plt.subplots(figsize=(8.4, 4), dpi=110, layout="constrained")
plots.curves(by_rate, ax)
plt.show()

# %% [markdown]
# ## The cures
#
# - **ReLU** has the slope 1 where it is on: nothing is lost on the way.
# - **Residual connections** compute x + f(x): the sum hands the gradient on untouched, around f.
# - **Batch normalisation** stretches what a sigmoid has flattened: layer by layer it divides by the
#   spread of a unit over the batch, which is small, and so multiplies the gradient.
# - **Clipping** shortens a gradient that is too long, and keeps its direction.

# %%
cured = ["ReLU", "sigmoid, residual", "sigmoid, batch norm", experiments.CLIPPED]

fig, ax = plt.subplots(figsize=(8.4, 4), dpi=110, layout="constrained")
plots.curves(experiments.gradients_by_layer(["sigmoid", *cured]), ax)
plt.show()

# %% [markdown]
# Here is the residual's trick on a single unit, with the sigmoid's own path and the path around it:

# %%
from scalargrad import Value, draw

x = Value(1.0, "x")
y = (x + x.sigmoid()).named("y")
y.backward()
draw(y, wrt="x")

# %% [markdown]
# ## Clipping, by hand
#
# **Exercise 2.** A gradient of (3, −4) has the length 5. Clip it to length 1: every component is
# multiplied by the same number, so the direction stays. Which components come out?

# %%
from scalargrad.train import clip_norm

mine = (None, None)  # your turn: two numbers

a, b = Value(0.0, "a"), Value(0.0, "b")
a.grad, b.grad = 3.0, -4.0
clip_norm([a, b], 1.0)
right = None not in mine and abs(mine[0] - a.grad) + abs(mine[1] - b.grad) < 1e-9
print("right" if right else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# The factor is 1/5, which makes (0.6, −0.8).
#
# </details>
#
# ## Infinity and NaN
#
# A float ends near 1.8 × 10³⁰⁸. Beyond that it is `inf`, and inf − inf is `nan`, *not a number*,
# which spoils everything it touches. Softmax meets it early: e¹⁰⁰⁰ is already too large. The cure
# is algebra before arithmetic: subtract the largest score first, since log Σ exp(f) = m + log Σ
# exp(f − m) for any number m.

# %%
f = [Value(1000.0, "f1"), Value(999.0, "f2")]

naive = (f[0].exp() + f[1].exp()).log() - f[0]
naive.backward()
print("written down as it is:", naive.data, "with the gradients", f[0].grad, "and", f[1].grad)

f = [Value(1000.0, "f1"), Value(999.0, "f2")]
careful = ops.logsumexp(*f) - f[0]
careful.backward()
print(f"with care: {careful.data:.4f} with the gradients {f[0].grad:.4f} and {f[1].grad:.4f}")

# %% [markdown]
# ## A monitor
#
# Nobody watches gradients by eye. `fit` does it at every step and names the first place where they
# leave the band; it stops when a loss runs away, with the parameters of the last good step.

# %%
import warnings

from scalargrad.nn import binary_cross_entropy_with_logits
from scalargrad.train import SGD, fit, two_moons

model = experiments.NETWORKS["sigmoid"](12, 8, 0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the warning is printed below
    run = fit(model, binary_cross_entropy_with_logits, two_moons(16),
              SGD(model.parameters(), rate=0.1), epochs=3)  # fmt: skip
print(run.warning)

# %% [markdown]
# **What to take away.** Keep the factors near 1: by the activation, by the way around, by
# normalising. Clip what is too long, subtract before you exponentiate, and let a monitor watch.
