"""The losses of programs and those of `nn`: the same name means the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad import ProgramError, Value, program
from scalargrad.language import library
from scalargrad.nn.losses import LOSSES

READ = [name for name in LOSSES if library.function(name)]
NUMBER = st.floats(-4, 4).map(lambda x: round(x, 3))
OF_SCALARS = {"hinge", "binary_cross_entropy", "binary_cross_entropy_with_logits"}
OF_PROBABILITIES = {"binary_cross_entropy", "categorical_cross_entropy"}


def test_every_loss_is_read_or_answered_with_the_name_that_is():
    assert set(LOSSES) - set(READ) == {"kl_divergence"}
    with pytest.raises(ProgramError, match=r"two readings: write kl\(p, q\)"):
        program("L = kl_divergence([0.5, 0.5], [1, 0])")


def softmax(numbers):
    exps = np.exp(np.array(numbers) - max(numbers))
    return (exps / exps.sum()).tolist()


@given(data=st.data(), count=st.integers(2, 4))
@pytest.mark.parametrize("name", READ)
@settings(max_examples=25, deadline=None)
def test_a_name_that_both_have_means_the_same(name, data, count):
    numbers = st.lists(NUMBER, min_size=count, max_size=count)
    p, y = data.draw(numbers), data.draw(numbers)
    if "entropy" in name:
        y = softmax(y)
    if name in OF_PROBABILITIES:
        p = softmax(p)
    if name in OF_SCALARS:
        p, y = p[0], 1.0 if name == "hinge" else y[0]
    outputs = [Value(a, "p") for a in p] if isinstance(p, list) else Value(p, "p")
    ours = LOSSES[name].function(outputs, y)
    read = program(f"L = {name}(p, y{', 1' if name == 'huber' else ''})", p=p, y=y)
    assert ours.data == pytest.approx(float(read.output.data), rel=1e-12, abs=1e-12)
    ours.backward()
    read.output.backward()
    inputs = outputs if isinstance(outputs, list) else [outputs]
    theirs = [read[f"p{k}"] for k in range(1, count + 1)] if len(inputs) > 1 else [read["p"]]
    for one, other in zip(inputs, theirs, strict=True):
        assert one.grad == pytest.approx(float(other.grad or 0), rel=1e-12, abs=1e-12)


def test_the_means_of_a_board_are_means_and_a_squared_error_is_a_sum():
    p, y = [1, 2, 6], [1, 4, 3]
    values = [
        program(f"L = {name}(p, y)", p=p, y=y).output.data
        for name in ("squared_error", "half_squared_error", "absolute_error", "mse", "mae")
    ]
    assert [*map(str, values)] == ["13", "13/2", "5", "13/3", "5/3"]


@pytest.mark.parametrize("name", ["cross_entropy", "softmax_cross_entropy"])
def test_the_number_of_a_class_is_refused_where_targets_are_wanted(name):
    with pytest.raises(ProgramError, match=r"each class has a target, such as \[0, 1\]; got a num"):
        program(f"L = {name}([0.5, 0.5], 1)")


def test_cross_entropy_of_pytorch_is_answered_with_its_name_here():
    with pytest.raises(ProgramError, match=r"softmax_cross_entropy\(z, y\)"):
        program("L = F.cross_entropy([1, 2], [0, 1])")
