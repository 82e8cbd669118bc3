# %% [markdown]
# # 7 · Generalisation: weight decay, dropout, double descent
#
# A network that has learned its examples by heart has learned nothing. What counts is the error on
# examples it has *not* seen. This notebook measures it: as networks grow, with their weights held
# short, with units dropped at random, and far beyond the size where one would expect the worst.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it.
# To read it you need nothing: all outputs are kept.

# %% [markdown]
# ## Too small, about right, too large
#
# Fourteen noisy points of a sine, and three polynomials fitted to them: one too stiff, one about
# right, one with as many coefficients as there are points.

# %%
import matplotlib.pyplot as plt

from scalargrad import plots
from scalargrad.lectures import experiments

fitted, points = experiments.fits()

fig, ax = plt.subplots(figsize=(7, 4), dpi=110, layout="constrained")
plots.points(points, ax)
plots.curves(fitted, ax)
plt.show()

# %% [markdown]
# The same for more degrees, on twenty draws of points and noise. The *training error* is measured
# on the points that were fitted, the *test error* on others between them.

# %%
fig, ax = plt.subplots(figsize=(7, 4), dpi=110, layout="constrained")
plots.curves(experiments.capacity(seeds=range(20)), ax)
plt.show()

# %% [markdown]
# The training error only falls. The test error falls as long as the polynomial was too stiff
# (*underfitting*), and rises when it begins to follow the noise (*overfitting*): a U, on each of
# the twenty draws. With degree 13 the curve goes through all points, and is of no use between them.
#
# **Exercise 1.** A network with d inputs, m hidden units and k outputs has (d + 1)m + (m + 1)k
# parameters, biases included. How many has one of 1 input, 32 hidden units and 1 output, which is a
# lot for fourteen points? Replace `None`.

# %%
from scalargrad.nn import MLP

mine = None  # your turn: a whole number

print("right" if str(mine) == str(len(MLP(1, [32, 1]).parameters())) else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# d = 1, m = 32, k = 1, so 2 × 32 + 33 × 1 = 97.
#
# </details>
#
# ## Weight decay
#
# A wild boundary needs large weights. *Weight decay* makes them cost something: the loss gets a
# second term, and every step shrinks every weight a little. Left without it, right with it; ten
# hidden units, 200 examples. The figure of the lecture adds λ‖w‖², with λ = 0.02, to the *sum* of
# the losses. For their mean that is 0.02/200 · ‖w‖²; and an optimiser whose penalty is λ/2 ‖w‖²
# wants 2 × 0.02/200 = 0.0002. The same number of a figure may so mean very different things.

# %%
(decay,) = experiments.weight_decay()

fig, axes = plt.subplots(1, 2, figsize=(9, 4.6), dpi=100, layout="constrained", sharey=True)
for i, (ax, grid) in enumerate(zip(axes, decay.grids, strict=True)):
    plots.decision_boundary(grid, decay.data, ax)
    errors = f"training error {decay.train[i]:.1%}, test error {decay.test[i]:.1%}"
    ax.set_title(f"λ = {decay.settings[i]:g}\n{errors}", fontsize="medium")
axes[0].get_legend().remove()
plt.show()

# %% [markdown]
# The boundary on the right is calmer. Its training loss is higher on 19 of twenty seeds, and its
# test loss lower on all of them; the error in per cent, which counts few examples, agrees on most.
# The weights themselves have become smaller:

# %%
fig, ax = plt.subplots(figsize=(7, 3.6), dpi=110, layout="constrained")
named = {f"λ = {s:g}": w for s, w in zip(decay.settings, decay.weights, strict=True)}
plots.weight_histogram(named, ax)
plt.show()

# %% [markdown]
# ## A fence or a rubber band
#
# One can also *forbid* long weights: ‖w‖² ≤ B, a fence. Weight decay is a rubber band instead. Take
# one weight and the loss (w − a)². With the band, the derivative of (w − a)² + λ/2 w² must be zero:
# 2(w − a) + λw = 0.
#
# **Exercise 2.** Solve this for w with a = 3 and λ = 4. Replace `None` by the number.

# %%
mine = None  # your turn

print("right" if mine is not None and float(mine) == experiments.soft_optimum(3, 4) else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# w = 2a/(λ + 2) = 6/6 = 1.
#
# </details>
#
# A fence at B = 1 stops at the same place. For every fence there is a band that ends at the same
# point, as this picture in two dimensions shows: the loss pulls towards the star w̃*, the fence and
# the band both hold the weights back on the circle, at w*.

# %%
fig, ax = plt.subplots(figsize=(8, 4.2), dpi=110, layout="constrained")
plots.constraint(experiments.constraint(curvatures=(1.0, 4.0)), ax)
plt.show()

# %% [markdown]
# ## Dropout
#
# In training, each hidden unit is left out with some probability, at every step anew. No unit can
# rely on a particular neighbour, so the network spreads what it knows. These are the masks of
# eight steps for twelve units; below, a small network while its second hidden unit is dropped. h is
# what a unit computes, h′ what it hands on: 0, or h divided by the probability of keeping it.

# %%
from scalargrad import draw, program

masks = experiments.dropout_masks(units=12, steps=8)

fig, ax = plt.subplots(figsize=(7, 3.6), dpi=110, layout="constrained")
plots.dropout_masks(masks, ax)
plt.show()

example = program("""
x = 2; y = 1; w = [0.5, -1, 0.75]; v = [1, 0.5, -2]
h = tanh(w x)
h′ = [h₁/0.5, 0 h₂, h₃/0.5]
loss = (v · h′ − y)^2
""")
example.output.backward()
print("gradients of w:", ", ".join(f"{w.grad + 0:.3g}" for w in example.vectors["w"]))
draw(example.output, style="circuit").dropped("h2", "hprime2")

# %% [markdown]
# No gradient reaches the weights of the unit that is dropped.
#
# Half of the units are missing, so their sum would be half as large. Therefore what is kept is
# divided by the probability of keeping it: *on average* nothing changes. Going through all masks
# shows it exactly, for units with the values 2, 3 and 5 and one in four dropped:

# %%
from fractions import Fraction

moments = experiments.dropout_moments([2, 3, 5], Fraction(1, 4))
print("means:    ", [str(mean) for mean in moments.means])
print("variances:", [str(variance) for variance in moments.variances])

# %% [markdown]
# What is paid is noise: the variance is h² · p/(1 − p). Does it help? Networks with 128 hidden
# units and only 100 examples, of which every fifth has the *wrong* label: who bends the boundary
# around these has learned nonsense. (The examples of the test have the right ones.)

# %%
errors, runs = experiments.dropout()
for i, drop in enumerate(runs[0].settings):
    train, test = runs[0].train[i], runs[0].test[i]
    print(f"drop {drop:.0%}: training error {train:.1%}, test error {test:.1%}")

fig, ax = plt.subplots(figsize=(7, 3.6), dpi=110, layout="constrained")
plots.curves(errors, ax)
plt.show()

# %% [markdown]
# Without dropout the network bends around some of the wrong labels, the longer the more. With it,
# its loss on the training labels stays higher, as it should, and its error on new points is lower,
# on 19 of twenty seeds. (The 1000 steps of each network ran as a compiled program; notebook 9 shows
# how.)
#
# ## Double descent
#
# So larger networks overfit? Not for ever. Fit 40 examples with more and more random features. With
# 40 features the fit goes through every example, and the test error explodes. Beyond, there are
# many perfect fits; least squares takes the one with the *shortest* weights, and the more there is
# to choose from, the better that one is (Belkin et al. 2019).

# %%
descent = experiments.double_descent(seeds=range(20))

fig, ax = plt.subplots(figsize=(7.6, 4.4), dpi=110, layout="constrained")
plots.curves(descent, ax)
plt.show()

# %% [markdown]
# **What to take away.** Measure on examples that were not used. Short weights, missing units and
# the shortest of many solutions all say the same: of everything that fits, prefer the simple.
