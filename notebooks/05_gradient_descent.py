# %% [markdown]
# # 5 · Gradient descent and SGD, beside the PyTorch loop
#
# The gradient points uphill. Learning means walking downhill in small steps. This notebook takes
# one step by hand, then many, then cheaper ones on a few examples at a time, and ends with the
# training loop that you will write for the rest of your life, once in scalargrad and once in
# PyTorch.
#
# *To run it:* in a clone of scalargrad, `pip install . jupyterlab`, then `jupyter lab notebooks`.
# On a hosted notebook such as Colab, upload the clone and run `%pip install .` inside it. To read
# it you need nothing: all outputs are kept. The last section runs PyTorch where it is there.

# %% [markdown]
# ## One step by hand
#
# One weight, one example: ℓ = (wx − y)² with w = 0.5, x = 2, y = 3. The gradient is
# 2(wx − y)x = 2 × (−2) × 2 = −8. It is negative, so a larger w is better. The *learning rate* η
# says how far to go:
#
# $$w \leftarrow w - \eta \, \frac{\partial \ell}{\partial w} = 0.5 - 0.1 \times (-8) = 1.3$$

# %%
from scalargrad import Value
from scalargrad.train import SGD

w = Value("0.5", "w")
optimizer = SGD([w], rate="0.1")

loss = (w * 2 - 3) ** 2
loss.backward()
print("gradient", w.grad, " loss", loss.data)

optimizer.step()
print("w after the step", w.data, " loss", ((w * 2 - 3) ** 2).data)

# %% [markdown]
# **Exercise 1.** Take the second step by hand, from w = 1.3. Write the new w in place of `None`.

# %%
mine = None  # your turn, for instance 1.7

w.data = Value("1.3").data
optimizer.zero_grad()
((w * 2 - 3) ** 2).backward()
optimizer.step()
print("not yet" if mine is None or Value(str(mine)).data != w.data else "right")

# %% [markdown]
# <details><summary>One solution</summary>
#
# The gradient is 2 × (2.6 − 3) × 2 = −1.6, so w = 1.3 + 0.16.
#
# </details>
#
# ## Many steps, two weights
#
# With two weights the loss is a landscape. The lines are its contours. Each step sets off at a
# right angle to the contour that it starts on, because that is the steepest direction. In a narrow
# valley the steepest direction is not that of the minimum, so the path zigzags.

# %%
import matplotlib.pyplot as plt

from scalargrad import plots
from scalargrad.lectures import experiments

fig, ax = plt.subplots(figsize=(8, 4.2), dpi=110, layout="constrained")
ax.set_aspect("equal")
plots.descent(experiments.descent(), ax)
plt.show()

# %% [markdown]
# ## How large a step?
#
# Too small, and learning takes for ever. Too large, and each step overshoots by more than it
# gained: the loss *grows*. The same small network, trained at four rates, each on three seeds: the
# line is the median, the band the middle half.

# %%
fig, ax = plt.subplots(figsize=(7.2, 4), dpi=110, layout="constrained")
plots.curves(experiments.learning_rates(), ax)
plt.show()

# %% [markdown]
# ## A few examples at a time
#
# With n examples the loss is the mean L = (ℓ₁ + … + ℓₙ)/n, and the gradient of a mean is the mean
# of the gradients. A step that uses all examples is exact and expensive. *Stochastic* gradient
# descent shuffles them, and takes a step after every *minibatch* of a few. Each such gradient is
# off, but right on average:

# %%
from scalargrad import ops
from scalargrad.train import DataSet

data = DataSet(inputs=((1,), (2,), (3,), (4,)), targets=(2, 3, 5, 4))


def gradient(examples):
    w = Value(1, "w")
    loss = ops.mean(*[(w * x - y) ** 2 for (x,), y in examples])
    loss.backward()
    return w.grad


batches = list(data.minibatches(2, seed=1))
print("of each batch:", [str(gradient(batch)) for batch in batches])
print("their mean:   ", sum(map(gradient, batches)) / len(batches))
print("of all:       ", gradient(data))

# %% [markdown]
# **Exercise 2.** Some decks write L as a *sum*, without the 1/n. Then the gradient of all four
# examples is larger. By which factor? And which learning rate makes the same step as η = 0.1 did
# with the mean?

# %%
factor, rate = None, None  # your turn: two numbers

right = factor == 4 and rate is not None and abs(rate - 0.1 / 4) < 1e-9
print("right" if right else "not yet")

# %% [markdown]
# <details><summary>One solution</summary>
#
# A sum of four is four times their mean, so the rate must be a fourth, 0.025.
#
# </details>
#
# ## The loop
#
# This is a network that learns to tell two half moons apart. Five lines, again and again: forget
# the old gradients, predict, measure the loss, go backward, step. The columns of a batch go in as
# arrays, one *lane* for each example: one graph, computed for all of them at once. The optimiser
# takes the mean over the lanes.

# %%
from scalargrad.nn import MLP, binary_cross_entropy_with_logits
from scalargrad.train import two_moons

moons = two_moons(100, seed=2)
EPOCHS = 100

model = MLP(2, [8, 1], ops.tanh, seed=3)
optimizer = SGD(model.parameters(), rate=1.0)
ours = []
for epoch in range(EPOCHS):
    of_epoch = []
    for batch in moons.minibatches(20, seed=4, epoch=epoch):
        x, y = batch.lanes()
        optimizer.zero_grad()
        score = model(x)
        loss = binary_cross_entropy_with_logits(score, y)
        loss.backward()
        optimizer.step()
        of_epoch.append(loss.data.mean())
    ours.append(sum(of_epoch) / len(of_epoch))
print(f"mean loss of the batches: first epoch {ours[0]:.4f}, epoch {EPOCHS} {ours[-1]:.4f}")

# %%
fig, ax = plt.subplots(figsize=(6.4, 4), dpi=110, layout="constrained")
plots.decision_boundary(experiments.score_grid(model, moons), moons, ax)
plt.show()

# %% [markdown]
# ## The loop of the lecture
#
# The deck writes the step out: no optimiser, but a line for each parameter, inside `no_grad`, where
# `-=` changes a parameter in place. These are its ten lines as they stand there, on Values; only
# what `torch` means is said beforehand.

# %%
import scalargrad as torch
from scalargrad.nn import squared_error as loss_fn

model, xx, y, learning_rate = MLP(1, [1], seed=1), [2.0], 1.0, 0.0005

for t in range(2000):
    y_pred = model(xx)
    loss = loss_fn(y_pred, y)
    if t % 100 == 99:
        print(t, loss.item())
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for param in model.parameters():
            param -= learning_rate * param.grad

# %% [markdown]
# ## The same loop in PyTorch
#
# Almost the words of the moons' loop above; only the network is made of matrices. It is given the
# weights that our network had at the start and sees the same batches, so it must find the same
# losses. (Without PyTorch the cell says so; `pip install torch` brings it.)


# %%
def in_pytorch():
    net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    net.double()  # 64-bit floats, as Python's
    same_start = MLP(2, [8, 1], ops.tanh, seed=3)
    for theirs, ours in zip((net[0], net[2]), same_start.layers, strict=True):
        weights = [[w.data for w in neuron.weights] for neuron in ours.neurons]
        theirs.weight.data = torch.tensor(weights, dtype=torch.float64)
        theirs.bias.data.zero_()  # ours start at 0 too

    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    losses = []
    for epoch in range(EPOCHS):
        of_epoch = []
        for batch in moons.minibatches(20, seed=4, epoch=epoch):
            x = torch.tensor(batch.inputs, dtype=torch.float64)
            y = torch.tensor(batch.targets, dtype=torch.float64)
            optimizer.zero_grad()
            score = net(x)[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(score, y)
            loss.backward()
            optimizer.step()
            of_epoch.append(loss.item())
        losses.append(sum(of_epoch) / len(of_epoch))
    return losses


try:
    import torch
except ImportError:
    print("PyTorch is not installed, so only the loop above has run")
else:
    theirs = in_pytorch()
    difference = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    print(f"mean loss of the batches: first epoch {theirs[0]:.4f}, epoch {EPOCHS} {theirs[-1]:.4f}")
    print("the same as ours in all epochs, to 9 digits:", bool(difference < 1e-9))

# %% [markdown]
# **What to take away.** A step is w ← w − η·gradient. Minibatches make steps cheap and noisy, and
# right on average. Forget `zero_grad` and gradients of old batches pile up; otherwise the loop is
# the same in every framework.
