# %% [markdown]
# # 4 · Sigmoid, cross-entropy, and a proof by machine
#
# A classifier answers with a probability. The derivative of its loss looks frightening and comes
# out as simple as can be: (ŷ − y)x. Here the same backward pass that works on numbers works on
# *formulas*, and proves it.
#
# *To run it:* in a clone of scalargrad, `pip install . sympy jupyterlab`, then
# `jupyter lab notebooks`. On a hosted notebook such as Colab, upload the clone and run
# `%pip install . sympy` inside it. To read it you need nothing: all outputs are kept.

# %% [markdown]
# ## From a score to a probability
#
# A neuron computes a score z = w₁x₁ + w₂x₂ + b, any number at all. The *sigmoid*
# σ(z) = 1/(1 + e⁻ᶻ) squeezes it between 0 and 1: large scores mean "surely yes", very negative ones
# "surely no", and 0 means "I cannot tell".

# %%
import matplotlib.pyplot as plt

from scalargrad import ops, plots

fig, ax = plt.subplots(figsize=(6.4, 3.6), dpi=110, layout="constrained")
plots.activation(ops.sigmoid, ax)
plt.show()

# %% [markdown]
# The orange line is the slope. It is steepest in the middle, where it is 1/4, and nearly flat
# outside.
#
# ## From a probability to a loss
#
# If the truth is y = 1, the loss should be small for ŷ near 1 and grow without bounds as ŷ goes
# to 0. The *cross-entropy* does this, for both answers in one formula:
#
# $$\ell = -y \log \hat y - (1 - y) \log(1 - \hat y)$$
#
# For y = 1 only the first part is left, for y = 0 only the second.

# %%
from scalargrad import draw, program

example = program("""
x1 = 1;  x2 = 2;  y = 1
w1 = 0.5;  w2 = -0.25;  b = 0.5
z = w1*x1 + w2*x2 + b
yhat = sigmoid(z)
loss = -y*log(yhat) - (1 - y)*log(1 - yhat)
""")
loss = example.output
loss.backward()
draw(loss, style="network", wrt="w1")

# %% [markdown]
# Three factors, none of them nice: about −1.61, 0.235 and 1. Yet −1.61 × 0.235 is −0.378, and
# that is ŷ − y = 0.622 − 1. Is this an accident of these numbers?
#
# ## The same pass on formulas
#
# A `Value` may hold any kind of number, also a symbol of SymPy. Nothing else changes: the forward
# pass builds formulas, and backward multiplies and adds formulas by the chain rule.

# %%
import sympy

from scalargrad import Value

z = Value(sympy.Symbol("z", real=True), "z")
y = z.sigmoid()
y.backward()
z.grad

# %% [markdown]
# With σ for 1/(1 + e⁻ᶻ) this reads (1 − σ)σ. To *prove* that two formulas are equal, subtract them,
# simplify, and see whether 0 is left. That holds for every z at once, which no number of examples
# could show.


# %%
def is_zero(formula):
    return sympy.simplify(formula) == 0


sigma = y.data
print("σ′ = σ(1 − σ):", is_zero(z.grad - sigma * (1 - sigma)))
print("σ′ is the derivative SymPy finds:", is_zero(z.grad - sympy.diff(sigma, z.data)))
print("σ′ = σ(1 + σ):", is_zero(z.grad - sigma * (1 + sigma)))

# %% [markdown]
# The last line is a check of the check: a wrong identity must fail.
#
# ## The proof
#
# Now the whole neuron, its six inputs all symbols. The deck claims
#
# 1. ∂ℓ/∂ŷ = (1 − y)/(1 − ŷ) − y/ŷ,
# 2. ∂ℓ/∂w₁ = (ŷ − y)x₁, and likewise for the bias, whose "input" is 1,
# 3. ∂ℓ/∂x₁ = (ŷ − y)w₁.


# %%
def symbol(name):
    return Value(sympy.Symbol(name, real=True), name)


x1, x2, w1, w2, b, y = map(symbol, ("x1", "x2", "w1", "w2", "b", "y"))
yhat = (w1 * x1 + w2 * x2 + b).sigmoid()
loss = -y * yhat.log() - (1 - y) * (1 - yhat).log()
loss.backward()

error = yhat.data - y.data
print("1:", is_zero(yhat.grad - ((1 - y.data) / (1 - yhat.data) - y.data / yhat.data)))
print("2:", is_zero(w1.grad - error * x1.data), is_zero(b.grad - error))
print("3:", is_zero(x1.grad - error * w1.data))

# %% [markdown]
# No accident: the flat slope σ(1 − σ) cancels against the steep fractions of the logarithms. A
# neuron learns by *error times input*.
#
# ## Your turn
#
# **Exercise 1.** Here are numbers again. Use what was proved: no logarithm, no exponential, only
# (ŷ − y)x. The score is z = 0, so ŷ = 1/2.

# %%
from scalargrad import check

exercise = program("""
x1 = 3;  x2 = -1;  y = 0
w1 = 0.5;  w2 = 1.5
z = w1*x1 + w2*x2
yhat = sigmoid(z)
loss = -y*log(yhat) - (1 - y)*log(1 - yhat)
""")
check(exercise, {"yhat": "0.5", "dl/dw1": "", "dl/dw2": "", "dl/dx1": ""}, solutions=False)

# %% [markdown]
# <details><summary>One solution</summary>
#
# The error is 0.5 − 0 = 0.5, times 3, times −1, and times w₁: 1.5, −0.5 and 0.25.
#
# </details>
#
# **Exercise 2.** Three classes: *softmax* turns scores f₁, f₂, f₃ into probabilities
# pᵢ = exp(fᵢ)/Σexp(fⱼ), and the loss is −log p₂ if class 2 is the truth. What is ∂ℓ/∂f₂? Replace
# `None` by a formula in `p`, such as `p[0] * p[1]`.

# %%
f = [symbol(f"f{i}") for i in (1, 2, 3)]
loss = ops.logsumexp(*f) - f[1]  # −log p₂, in one piece
loss.backward()
p = [sympy.exp(score.data) / sum(sympy.exp(other.data) for other in f) for score in f]

claim = None  # your turn
print("not yet" if claim is None or not is_zero(f[1].grad - claim) else "proved")

# %% [markdown]
# <details><summary>One solution</summary>
#
# `p[1] - 1`, the same *what is minus what should be* as before.
#
# </details>
#
# ## What the formula hides: saturation
#
# On paper the cancelling is free. In floats it is not: at z = 40 the sigmoid is 1.0 to the last
# digit, and 1 − ŷ is 0. Its logarithm does not exist, so the loss written step by step fails. The
# loss that takes the *score* does the cancelling before the numbers are put in.

# %%
from scalargrad import DomainError
from scalargrad.nn import losses

score = Value(40.0, "z")
try:
    losses.binary_cross_entropy(score.sigmoid(), 0)
except DomainError as problem:
    print("step by step:", problem)

loss = losses.binary_cross_entropy_with_logits(score, 0)
loss.backward()
print("from the score: loss", loss.data, "gradient", score.grad)

# %% [markdown]
# **What to take away.** Sigmoid and cross-entropy belong together: their derivative is ŷ − y.
# A formula that was differentiated by machine can be proved by machine, and code should use the
# form in which nothing cancels too late.
