# %% [markdown]
# # 11 · A digit read by a network that you trained
#
# Everything so far was small enough to compute by hand. This notebook trains the same kind of
# network, only wider, on 1 348 handwritten digits, tries it on 449 that it has not seen, and then
# asks the gradient why it got one of them wrong.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it. To read
# it you need nothing: all outputs are kept.

# %% [markdown]
# ## The examples
#
# An image is 8 × 8 pixels, from 0 (paper) to 1 (ink): 64 inputs x₁₁ … x₈₈, row by row. The target
# is the digit. A quarter is held out, for testing.

# %%
import matplotlib.pyplot as plt

from scalargrad import Value, draw, nn, ops, train

digits = train.digits()
learned, held_out = digits.split(0.25, seed=0)


def image(axes, pixels, title, **colours):
    axes.imshow([pixels[row : row + 8] for row in range(0, 64, 8)], **colours)
    axes.set_title(title)
    axes.axis("off")


figure, places = plt.subplots(1, 8, figsize=(10, 1.6))
for axes, (pixels, digit) in zip(places, held_out, strict=False):
    image(axes, pixels, f"a {digit}", cmap="Greys")
plt.show()

# %% [markdown]
# ## The network
#
# 64 inputs, 32 ReLU units, 10 scores, one for each digit; softmax and cross-entropy make a loss of
# them, as in notebook 4. These are 64 · 32 + 32 weights and biases in the first layer and
# 32 · 10 + 10 in the second.

# %%
model = nn.MLP(64, [32, 10], ops.relu, initial=nn.he, seed=0)
print(len(model.parameters()), "parameters")
draw(model, held_out.inputs[0])

# %% [markdown]
# ## Training
#
# Ten times through the examples, 32 at a time. `backend="auto"` writes the step as a program first,
# in C where there is a compiler and in numpy where not.

# %%
sgd = train.SGD(model.parameters(), 0.1, momentum=0.9)
history = train.fit(
    model, nn.losses.softmax_cross_entropy, learned, sgd, epochs=10, batch_size=32,
    backend="auto", test=held_out, metrics={"accuracy": train.accuracy},
)  # fmt: skip
for epoch in (0, 1, 4, 9):
    read = history.test["accuracy"][epoch]
    print(f"after {epoch + 1:2} epochs: {read:.0%} of the digits held out are read")

# %% [markdown]
# ## One that it does not read
#
# The network gives ten scores; the largest is its answer. Here is the first digit that it gets
# wrong.


# %%
def scores_of(pixels):
    return [score.data for score in model(list(pixels))]


def answer(scores):
    return max(range(10), key=scores.__getitem__)


wrong = [(pixels, digit) for pixels, digit in held_out if answer(scores_of(pixels)) != digit]
pixels, digit = wrong[0]
scores = scores_of(pixels)
taken = answer(scores)
print(len(wrong), "of", len(held_out), "are read wrongly")
print(f"the first is a {digit}, taken for a {taken}")

# %% [markdown]
# ## Why?
#
# Ask the gradient. The network preferred one score over the other by their difference, and that
# difference is a graph like any other: its leaves are the 64 pixels. ∂(difference)/∂xᵢⱼ says what
# more ink at that place would do: blue places speak for its answer, red ones for the true digit.

# %%
inputs = [Value(pixel, name) for pixel, name in zip(pixels, digits.names, strict=True)]
outputs = model(inputs)
difference = outputs[taken] - outputs[digit]
difference.backward()
slopes = [x.grad for x in inputs]

figure, places = plt.subplots(1, 3, figsize=(8, 2.6))
image(places[0], pixels, f"a {digit}, taken for a {taken}", cmap="Greys")
limit = max(map(abs, slopes))
image(places[1], slopes, "∂(difference)/∂x", cmap="RdBu", vmin=-limit, vmax=limit)
spoken = [slope * pixel for slope, pixel in zip(slopes, pixels, strict=True)]
limit = max(map(abs, spoken))
image(places[2], spoken, "times the ink that is there", cmap="RdBu", vmin=-limit, vmax=limit)
plt.show()

# %% [markdown]
# With ReLU the network is a straight line near every input, so slope times ink adds up to the
# difference, apart from what the biases give. You can check that on paper for two units, and here
# for 32:

# %%
print(f"difference {difference.data:.4f}")
print(f"from ink   {sum(spoken):.4f}")
print(f"from biases {difference.data - sum(spoken):.4f}")

# %% [markdown]
# ## Exercise
#
# **Exercise.** Which pixel, as `x11` to `x88`, moves the difference most when its ink changes a
# little? Look at the middle picture: rows and columns count from 1.

# %%
your_pixel = ""  # your turn


def verdict(name):
    if name not in digits.names:
        return "not yet: a pixel is x11 to x88"
    steepest = max(range(64), key=lambda place: abs(slopes[place]))
    return "right" if digits.names[steepest] == name else "not yet: it is not the darkest square"


print(verdict(your_pixel))

# %% [markdown]
# <details><summary>One solution</summary>
#
# x36, the darkest square: the next ones, x83 and x35, move the difference less than half as much.
#
# </details>

# %% [markdown]
# **What to take away.** A network that reads digits is the network of the slide with more units:
# the same nodes, the same backward pass, compiled so that it is quick. And the gradient is not only
# for training: asked of the inputs, it tells what the network looked at.
