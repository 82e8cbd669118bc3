import threading
import warnings
from fractions import Fraction

import pytest
from peers import peer

import scalargrad
from scalargrad import Value, no_grad
from scalargrad.nn import MLP, Module

# The training loop as it stands on the slide (deck N, the PyTorch slide), without its comments.
LOOP = """
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
"""
ROWS = [[-1.0, 0.5], [0.25, 1.0], [0.75, -0.5], [1.5, 2.0]]
TARGETS = [0.5, -0.25, 1.0, 0.125]


class OnRows(Module):
    """A network on several examples at once, as PyTorch's modules are."""

    def __init__(self, network):
        self.network = network

    def __call__(self, rows):
        return self.network.batch(rows)


def squared_error(predictions, targets):
    return sum((p - y) ** 2 for p, y in zip(predictions, targets, strict=True))


def printed_by(loop, **names):
    lines = []
    exec(loop, {**names, "print": lambda *line: lines.append(line)})
    return lines


def test_the_loop_of_the_slide_trains_and_prints_the_numbers_of_pytorch():
    torch = peer("torch")
    network = MLP(2, [3, 1], scalargrad.ops.tanh, seed=1)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1)
    ).double()
    ours = network.named_parameters()
    with torch.no_grad():
        for layer, linear in ((1, theirs[0]), (2, theirs[2])):
            for j in range(linear.out_features):
                linear.bias[j] = float(ours[f"b{j + 1}_{layer}"])
                for i in range(linear.in_features):
                    linear.weight[j, i] = float(ours[f"w{i + 1}{j + 1}_{layer}"])
    loop = LOOP.replace("2000", "400")
    here = printed_by(loop, torch=scalargrad, model=OnRows(network), xx=ROWS, y=TARGETS,
                      loss_fn=squared_error, learning_rate=0.05)  # fmt: skip
    there = printed_by(loop, torch=torch, model=theirs, xx=torch.tensor(ROWS).double(),
                       y=torch.tensor(TARGETS).double(), learning_rate=0.05,
                       loss_fn=torch.nn.MSELoss(reduction="sum"))  # fmt: skip
    assert [step for step, _ in here] == [99, 199, 299, 399]
    for (_, loss), (_, expected) in zip(here, there, strict=True):
        assert loss == pytest.approx(expected, rel=1e-12)
    assert here[-1][1] < here[0][1] / 2


def test_the_loop_of_the_slide_trains_without_pytorch():
    model = OnRows(MLP(2, [3, 1], seed=1))
    losses = printed_by(LOOP, torch=scalargrad, model=model, xx=ROWS, y=TARGETS,
                        loss_fn=squared_error, learning_rate=0.05)  # fmt: skip
    assert len(losses) == 20
    assert losses[-1][1] < 0.01 < losses[0][1] < 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("w += 2", 10), ("w -= 2", 6), ("w *= 2", 16), ("w /= 2", 4), ("w **= 2", 64),
        ("w -= Value(2)", 6), ("w -= '0.5'", Fraction(15, 2)),
    ],
)  # fmt: skip
def test_a_leaf_is_changed_in_place_inside_no_grad(change, expected):
    w = Value(8, "w")
    y = w * w
    y.backward()
    names = {"w": w, "Value": Value}
    with no_grad():
        exec(change, names)
    assert names["w"] is w
    assert (w.data, w.grad, w.is_leaf) == (expected, 16, True)
    assert y.parents[0] is w


@pytest.mark.parametrize("sign", ["+=", "-=", "*=", "/=", "**="])
def test_elsewhere_a_node_is_built(sign):
    w = before = Value(8, "w")
    names = {"w": w, "two": Value(2)}
    exec(f"w {sign} two", names)
    assert names["w"] is not before
    assert names["w"].parents == (before, names["two"])
    assert before.data == 8


def test_a_number_taken_off_a_leaf_outside_is_warned_about_once_a_line():
    w = Value(2.0, "w")
    (w * w).backward()
    with pytest.warns(UserWarning, match=r"^w -= … builds a new node .* with no_grad\(\): w -= …"):
        w -= 0.1 * w.grad
    v = Value(2.0, "v")
    (v * v).backward()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            u = v
            u -= 0.1
    assert len(caught) == 1


def test_a_sum_that_grows_is_not_warned_about():
    loss = Value(0.0)
    loss += Value(1.0) * 2
    loss += 3
    loss.backward()
    loss += 1  # an interior node
    assert loss.data == 6


def test_an_interior_node_is_not_changed_in_place():
    w = Value(2.0, "w")
    y = (w * w).named("y")
    with no_grad(), pytest.raises(TypeError, match="changes a leaf in place; y was com"):
        y -= 1
    assert y.data == 4


def test_lanes_do_not_replace_one_number():
    np = pytest.importorskip("numpy")
    w = Value(2.0, "w")
    (w * np.array([1.0, 2.0, 3.0])).backward()
    with no_grad(), pytest.raises(TypeError, match="w is one number, and -= would make it 3 lanes"):
        w -= 0.1 * w.grad
    assert w.data == 2.0
    with no_grad():
        w -= 0.1 * w.grad.mean()
    assert w.data == 1.8


def test_what_fails_changes_nothing():
    w = Value(2, "w")
    with no_grad(), pytest.raises(scalargrad.DomainError):
        w /= 0
    with no_grad(), pytest.raises(TypeError):
        w -= None
    assert w.data == 2


def test_no_grad_ends_with_its_block_nests_and_stays_in_its_thread():
    w = Value(1, "w")
    seen = []

    def other():
        v = Value(1)
        u = v
        u -= 1
        seen.append(u is v)

    with no_grad():
        with no_grad():
            pass
        w -= 1
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    before = w
    w -= Value(1)
    assert seen == [False]
    assert w is not before
    with pytest.raises(ZeroDivisionError), no_grad():
        _ = 1 / 0
    w = before
    w -= Value(1)
    assert w is not before


def test_operations_inside_still_build_nodes():
    with no_grad():
        y = Value(3, "x") * 2
    assert y.parents[0].label == "x"
