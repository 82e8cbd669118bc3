# %% [markdown]
# # 1 · The lecture example, by hand and by machine
#
# A network with four weights, one example, one derivative: ∂ℓ/∂w₂ = −0.24. In this notebook you
# work it out with pencil and paper, and let the machine look over your shoulder.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it.
# To read it you need nothing: all outputs are kept.

# %% [markdown]
# ## The network
#
# One number x goes in. Two hidden neurons multiply it by a weight each, and pass the product on if
# it is positive: relu(z) = max{0, z}. The prediction ŷ weighs their outputs, and the loss ℓ is the
# square of the error:
#
# $$h_1 = \max\{0, w_1 x\}, \quad h_2 = \max\{0, w_2 x\}, \quad
# \hat y = w_3 h_1 + w_4 h_2, \quad \ell = (\hat y - y)^2$$
#
# The lecture prints x = 2, y = 1 and w₄ = 0.1, and from its factor −1.2 it follows that ŷ = 0.4.
# The other weights stood in a figure that is lost; those below are ours, chosen so that every
# number that is printed comes out.

# %%
from scalargrad import Value, assert_gradients, check, derive, draw, nudge, program, table

example = program("""
x = 2;  y = 1
w1 = 0.3;  w2 = 0.8;  w3 = 0.4;  w4 = 0.1
h1 = relu(w1*x)
h2 = relu(w2*x)
yhat = w3*h1 + w4*h2
loss = (yhat - y)^2
""")
loss = example.output
draw(loss).ask("h2", "yhat", "loss")

# %% [markdown]
# ## Forward, by hand
#
# Follow the arrows from left to right: w₁x = 0.3 × 2 = 0.6 is positive, so h₁ = 0.6. Go on like
# this, where the picture has question marks.
#
# **Exercise 1.** Write your numbers between the quotation marks and run the cell. As long as
# something is blank it says so; a wrong number gets a hint, not the solution.

# %%
mine = {"h1": "0.6", "h2": "", "yhat": "", "loss": ""}
check(example, mine, solutions=False)

# %% [markdown]
# <details><summary>One solution</summary>
#
# h₂ = max{0, 0.8 × 2} = 1.6, then ŷ = 0.4 × 0.6 + 0.1 × 1.6 = 0.4, and the loss is
# (0.4 − 1)² = 0.36.
#
# </details>
#
# ## Which way is better?
#
# Suppose w₂ were a little larger. Would the loss rise or fall? One can simply try. Here are the
# network as it is, and the same network with w₂ = 0.9:

# %%
from IPython.display import Image

loss.backward()
Image(nudge(loss, "w2", "0.1").content(".png"), width=900)

# %% [markdown]
# The loss falls from 0.36 to 0.3364: by 0.0236 for a change of 0.1, or about 0.24 for each unit.
# The *derivative* ∂ℓ/∂w₂ is this rate for a change that is as small as you like, and its sign says
# the direction: it is negative, so a larger w₂ makes a smaller loss.
#
# Trying every weight in turn would cost one forward pass for each. Backpropagation finds all the
# derivatives in one pass from the loss back to the inputs.

# %% [markdown]
# ## Backward, by hand
#
# w₂ changes h₂, h₂ changes ŷ, ŷ changes ℓ. The *chain rule* multiplies the three rates:
#
# $$\frac{\partial \ell}{\partial w_2} =
# \frac{\partial \ell}{\partial \hat y} \times
# \frac{\partial \hat y}{\partial h_2} \times
# \frac{\partial h_2}{\partial w_2}$$
#
# - ℓ = (ŷ − y)², so the first factor is 2(ŷ − y) = 2 × (0.4 − 1) = −1.2.
# - ŷ = w₃h₁ + w₄h₂, so the second is w₄ = 0.1.
# - h₂ = w₂x where that is positive, so the third is x = 2.
#
# Their product is −0.24. The machine writes the same lines:

# %%
derive(loss, "w2")

# %% [markdown]
# And here it is as a picture: values in green, gradients in red, and the path from w₂ to the loss
# in orange, as on the slide, with one factor on each arrow.

# %%
draw(loss, wrt="w2")

# %% [markdown]
# ## Your turn
#
# **Exercise 2.** Find the derivative for w₁. The path is another one: through h₁ and w₃. Fill in
# the four blanks; the checker marks each line from *your own* earlier lines, so that one slip
# costs one line and not four.

# %%
mine = {"dl/dyhat": "", "dyhat/dh1": "", "dh1/dw1": "", "dl/dw1": ""}
check(example, mine, solutions=False)

# %% [markdown]
# <details><summary>One solution</summary>
#
# The first factor is the one from before, −1.2; then w₃ = 0.4 and x = 2, and the
# product is −0.96.
#
# </details>
#
# ## A trap in this very example
#
# Somebody hands in −0.12. Which factor was lost? The 2 of the square, or the 2 that is x? Here both
# are 2, so nobody can tell from the result alone. The checker says so instead of guessing. With the
# factors written down it can tell:

# %%
print(check(example, {"dl/dw2": "-0.12"}))
print()
print(check(example, {"dl/dyhat": "-1.2", "dyhat/dh2": "0.1", "dh2/dw2": "1", "dl/dw2": "-0.12"}))

# %% [markdown]
# ## Exact numbers and floats
#
# The program above is computed with fractions, so the gradient is −6/25. Python's own floats are
# binary, and there is no binary number 0.1: they come close, but not there. The network with
# biases, with which the lecture begins, shows it. A `Value` of text is exact, a `Value` of a float
# is a float:


# %%
def gradient_of_w2(number):
    x, w1, w2, w3, w4 = (Value(number(text)) for text in ("2", "0.3", "0.8", "0.4", "0.1"))
    b1, b2, b3 = (Value(number(text)) for text in ("0.7", "0.2", "-0.3"))
    yhat = w3 * (w1 * x + b1).relu() + w4 * (w2 * x + b2).relu() + b3
    ((yhat - 1) ** 2).backward()
    return w2.grad


print("exact: ", gradient_of_w2(str))
print("floats:", gradient_of_w2(float))

# %% [markdown]
# ## All gradients at once
#
# One backward pass has found them all. A table for the handout, and a check that fails loudly
# should somebody change the example and forget the numbers on the slide:

# %%
assert_gradients(loss, {"w1": "-0.96", "w2": "-0.24", "w3": "-0.72", "w4": "-1.92"})
table(loss)

# %% [markdown]
# **What to take away.** A gradient is a product of local rates along a path. The forward pass
# gives the numbers that the rates need, the backward pass multiplies them, and every one of them
# can be checked by hand.
