import json
import math
import os
import re
import signal
import subprocess
import sys
import time
import tracemalloc
import warnings
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from peers import needs_compiler, peer

from scalargrad import nn, train
from scalargrad.compiler.program import uncollected
from scalargrad.engine import ops
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError
from scalargrad.nn.layers import MLP
from scalargrad.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge,
    softmax_cross_entropy,
    squared_error,
)
from scalargrad.train import arrays, data, fit, optim
from scalargrad.train.arrays import Arrays
from scalargrad.train.data import DataSet
from scalargrad.train.fit import accuracy
from scalargrad.train.monitor import first_not_finite, first_outside
from scalargrad.train.optim import SGD, Adam

np = pytest.importorskip("numpy")
BCE, CLASSES = binary_cross_entropy_with_logits, softmax_cross_entropy


def small(seed=0, rate=0.3, **more):
    model = MLP(2, [4, 1], seed=seed)
    return model, SGD(model.parameters(), rate, **more)


def weights(model):
    return [p.data for p in model.parameters()]


def test_two_moons_are_learned_to_97_percent_in_200_steps():
    moons = data.two_moons(100, noise=0.1)
    model = MLP(2, [16, 16, 1])
    sgd = SGD(model.parameters(), 0.5, momentum=0.9)
    run = fit(
        model, BCE, moons, sgd, epochs=200, test=data.two_moons(200, seed=1),
        metrics={"accuracy": accuracy},
    )  # fmt: skip
    assert run.steps == run.epochs == 200
    assert run.train["accuracy"][-1] > 0.97
    assert run.test["accuracy"][-1] > 0.97
    right = [(float(model(row).data) > 0) == bool(label) for row, label in moons]
    assert sum(right) > 97  # counted one by one
    assert run.stopped == ""


def test_a_run_is_the_loop_written_out():
    moons = data.two_moons(20)
    model, sgd = small(momentum=0.9)
    run = fit(model, BCE, moons, sgd, epochs=5)
    other, own = small(momentum=0.9)
    for epoch in range(5):
        (x1, x2), y = moons.lanes()
        loss = BCE(other([x1, x2]), y)
        own.zero_grad()
        loss.backward()
        own.step()
        assert run.train["loss"][epoch] == pytest.approx(float(loss.data.mean()), rel=1e-14)
    assert weights(model) == pytest.approx(weights(other), rel=1e-13)


def test_lanes_and_examples_one_by_one_give_the_same_run():
    moons = data.two_moons(12)
    curves, ends = [], []
    for lanes in (True, False):
        model, sgd = small(momentum=0.5, weight_decay=0.01)
        run = fit(model, BCE, moons, sgd, epochs=6, batch_size=5, test=moons, lanes=lanes,
                  metrics={"accuracy": accuracy})  # fmt: skip
        curves.append([*run.train["loss"], *run.test["loss"], *run.train["accuracy"]])
        ends.append(weights(model))
    assert curves[0] == pytest.approx(curves[1], rel=1e-12)
    assert ends[0] == pytest.approx(ends[1], rel=1e-11)


@pytest.mark.parametrize("lanes", [True, False])
def test_the_sum_is_the_mean_at_a_rate_times_the_batch(lanes):
    moons = data.two_moons(8)
    model, sgd = small(rate=0.4)
    fit(model, BCE, moons, sgd, epochs=4, lanes=lanes)
    other, total = small(rate=0.05, reduction="sum")
    fit(other, BCE, moons, total, epochs=4, lanes=lanes)
    assert weights(model) == pytest.approx(weights(other), rel=1e-10)


def test_minibatches_make_a_step_each():
    moons = data.two_moons(10)
    model, sgd = small()
    run = fit(model, BCE, moons, sgd, epochs=3, batch_size=4)
    assert run.steps == 9
    assert run.epochs == 3


@pytest.mark.parametrize(
    ("make", "loss"),
    [
        (lambda: data.blobs(60), softmax_cross_entropy),
        (lambda: data.two_moons(60).labelled(-1, 1), hinge),
    ],
    ids=["softmax", "hinge"],
)
def test_other_losses_and_labels_train_and_are_counted_right(make, loss):
    examples = make()
    outputs = 3 if loss is softmax_cross_entropy else 1
    model = MLP(2, [8, outputs])
    sgd = SGD(model.parameters(), 0.2, momentum=0.9)
    run = fit(model, loss, examples, sgd, epochs=80, test=examples, metrics={"accuracy": accuracy})
    right = 0
    for row, label in examples:
        scores = model(row)
        if outputs == 1:
            right += (float(scores.data) > 0) == (label > 0)
        else:
            right += max(range(3), key=lambda k: float(scores[k].data)) == label
    assert run.test["accuracy"][-1] == pytest.approx(right / 60)
    assert right > 49


def test_hooks_clip_before_and_project_after():
    moons = data.two_moons(16)
    model, sgd = small(rate=2.0)
    norms = []

    def clip():
        optim.clip_norm(model.parameters(), 0.1)
        norms.append(math.hypot(*[p.grad for p in model.parameters()]))

    def project():
        optim.project(model.parameters(), 0.5)

    fit(model, BCE, moons, sgd, epochs=5, before_step=clip, after_step=project)
    assert max(norms) <= 0.1 + 1e-12
    assert len(norms) == 5
    assert sum(w * w for w in weights(model)) <= 0.5 + 1e-12


def test_batch_normalisation_trains_by_examples_and_lanes_are_refused():
    examples = data.xor(8, noise=0.1)
    model = nn.Sequential(nn.Layer(2, 3, ops.tanh), nn.BatchNorm(3), nn.Layer(3, 1, layer=2))
    sgd = SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="lanes never mix; use fit"):
        fit(model, BCE, examples, sgd, epochs=1)
    run = fit(model, BCE, examples, sgd, epochs=20, test=examples, lanes=False)
    assert run.train["loss"][-1] < run.train["loss"][0]


# Seeds and resuming ------------------------------------------------------------------------------


def dropout_net(seed=0):
    model = MLP(2, [6, 1], seed=seed)
    model.layers.insert(1, nn.Dropout(0.3, seed=5))
    return model, SGD(model.parameters(), 0.2, momentum=0.9)


@pytest.mark.parametrize("make", [small, dropout_net], ids=["plain", "dropout"])
@pytest.mark.parametrize("patience", [None, 50])
def test_a_resumed_run_is_bit_for_bit_the_uninterrupted_one(make, patience):
    moons, held_out = data.two_moons(24), data.two_moons(24, seed=1)
    more = {"batch_size": 5, "test": held_out, "seed": 3, "patience": patience,
            "metrics": {"accuracy": accuracy}}  # fmt: skip
    model, sgd = make()
    whole = fit(model, BCE, moons, sgd, epochs=8, **more)
    half, half_sgd = make()
    first = fit(half, BCE, moons, half_sgd, epochs=3, **more)
    saved = json.loads(json.dumps(first.state()))
    other, other_sgd = make()
    other.assign([0.0] * len(other.parameters()))
    second = fit(other, BCE, moons, other_sgd, epochs=8, resume=saved, **more)
    assert second == whole
    assert weights(other) == weights(model)
    assert second.state() == whole.state()


SHOW = """
from scalargrad import nn, train
from scalargrad.train import data, optim
from scalargrad.nn.losses import binary_cross_entropy_with_logits as loss
model = nn.MLP(2, [5, 1], seed=1)
model.layers.insert(1, nn.Dropout(0.2))
sgd = optim.SGD(model.parameters(), 0.2, momentum=0.9)
run = train.fit(model, loss, data.two_moons(30), sgd, epochs=4, batch_size=7,
                metrics={"accuracy": train.accuracy})
print(run.state())
"""


def test_two_processes_with_other_hash_seeds_give_bit_identical_histories():
    root = str(Path(train.__file__).parents[2])
    outs = [
        subprocess.run(
            [sys.executable, "-c", SHOW], capture_output=True, text=True, check=True, timeout=60,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
        )
        for seed in ("1", "2")
    ]  # fmt: skip
    assert outs[0].stdout == outs[1].stdout
    assert "accuracy" in outs[0].stdout
    assert outs[0].stderr == ""  # no bar in the first second, nor in a pipe


def test_a_state_of_another_run_is_refused_and_the_model_untouched():
    moons = data.two_moons(10)
    model, sgd = small()
    state = fit(model, BCE, moons, sgd, epochs=1).state()
    before = weights(model)
    with pytest.raises(ValueError, match="with seed = 0; got seed = 1"):
        fit(model, BCE, moons, sgd, epochs=2, seed=1, resume=state)
    with pytest.raises(ValueError, match="the one given lacks backend, batch_size, best, data"):
        fit(model, BCE, moons, sgd, epochs=2, resume={"model": 1})
    other = MLP(2, [3, 1])
    untouched = weights(other)
    with pytest.raises(ValueError, match="cannot be loaded into"):
        fit(other, BCE, moons, SGD(other.parameters(), 0.3), epochs=2, resume=state)
    assert weights(model) == before
    assert weights(other) == untouched


BROKEN = {
    "a list": lambda state: [1],
    "a number": lambda state: 5,
    "no curves": lambda state: {**state, "train": None},
    "a curve of text": lambda state: {**state, "train": {"loss": ["x"]}},
    "nan in a curve": lambda state: {**state, "train": {"loss": [math.nan]}},
    "other metrics": lambda state: {**state, "train": {"loss": [1.0], "f1": [1.0]}},
    "other layers": lambda state: {**state, "gradients": {"layer 1": [1.0]}},
    "no gradients": lambda state: {**state, "gradients": None},
    "cut off": lambda state: {k: v for k, v in state.items() if k not in ("best", "warning")},
    "steps": lambda state: {**state, "steps": "many"},
    "start": lambda state: {**state, "start": "x"},
    "best": lambda state: {**state, "best": [1]},
    "warning": lambda state: {**state, "warning": None},
    "no model": lambda state: {**state, "model": None},
    "no optimizer": lambda state: {**state, "optimizer": None},
    "another optimizer": lambda state: {**state, "optimizer": {"steps": 1, "velocity": {}}},
    "true for a step": lambda state: {**state, "steps": True},
    "steps of another epoch": lambda state: {**state, "steps": 7},
    "negative steps": lambda state: {**state, "steps": -1},
    "true among losses": lambda state: {**state, "train": {"loss": [True]}},
    "an infinite loss": lambda state: {**state, "train": {"loss": [math.inf]}},
    "a curve too long": lambda state: {**state, "gradients": longer(state["gradients"])},
    "a curve that is no list": lambda state: {**state, "train": {"loss": 0.5}},
    "a test curve of other names": lambda state: {**state, "test": {"f1": [0.5]}},
    "a test curve too short": lambda state: {**state, "test": {"loss": []}},
    "a start of true": lambda state: {**state, "start": True},
    "no start": lambda state: {**state, "start": None},
    "a start of nan": lambda state: {**state, "start": math.nan},
    "a best without a model": lambda state: {**state, "best": {"epoch": 1, "loss": 0.5}},
    "a best of another loss": lambda state: {**state, "best": best(state, loss=0.0)},
    "a best that is to come": lambda state: {**state, "best": best(state, epoch=3)},
    "a best of damaged weights": lambda state: {**state, "best": best(state, model={})},
    "lanes for a number": lambda state: {**state, "lanes": 1},
    "other data": lambda state: {**state, "data": "0" * 16},
    "more than there is": lambda state: {**state, "run_me": "x"},
    "a weight of true": lambda state: {**state, "model": weight(state["model"], True)},
    "a weight of nan": lambda state: {**state, "model": weight(state["model"], math.nan)},
    "velocities without momentum": lambda state: {
        **state, "optimizer": {**state["optimizer"], "velocity": dict.fromkeys(
            state["optimizer"]["velocity"], 0.1)},
    },
}  # fmt: skip


def longer(curves):
    return {name: [*curve, 0.1] for name, curve in curves.items()}


def best(state, **changed):
    whole = {"epoch": 1, "loss": state["train"]["loss"][0]}
    return {**whole, "model": state["model"], "optimizer": state["optimizer"], **changed}


def weight(model, number):
    first = next(iter(model["parameters"]))
    return {**model, "parameters": {**model["parameters"], first: number}}


def test_a_state_with_its_best_epoch_is_taken_up():
    moons = data.two_moons(10)
    model, sgd = small()
    state = fit(model, BCE, moons, sgd, epochs=1).state()
    assert fit(model, BCE, moons, sgd, epochs=2, resume={**state, "best": best(state)}).epochs == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"data": data.two_moons(10, seed=1)}, "data = "),
        ({"test": data.two_moons(5)}, "test_data = ''"),
        ({"loss": lambda p, t: (p - t) ** 2}, "loss_function = 'binary_cross_entropy_with_logits'"),
        ({"optimizer": {"rate": 0.2}}, "rate = 0.1; got rate = "),
        ({"optimizer": {"momentum": 0.5}}, "momentum = "),
        ({"optimizer": {"weight_decay": 0.5}}, "weight_decay = "),
        ({"optimizer": {"reduction": "sum"}}, "reduction = 'mean'; got reduction = 'sum'"),
        (
            {"optimizer": {"rate": partial(optim.stepped, rate=0.1, every=2)}},
            "rate = 0.1; got rate = ",
        ),
    ],
)
def test_a_run_goes_on_with_the_same_data_loss_and_optimizer_only(changed, said):
    model, _ = small()
    settings = {"rate": 0.1, **changed.get("optimizer", {})}
    first = fit(model, BCE, data.two_moons(10), SGD(model.parameters(), 0.1), epochs=1)
    sgd = SGD(model.parameters(), settings.pop("rate"), **settings)
    examples, loss = changed.get("data", data.two_moons(10)), changed.get("loss", BCE)
    before = weights(model)
    with pytest.raises(ValueError, match=re.escape(said)):
        fit(model, loss, examples, sgd, epochs=2, test=changed.get("test"), resume=first.state())
    assert weights(model) == before


@pytest.mark.parametrize("number", [True, 0, -1, 2.0, "3"])
def test_epochs_are_a_whole_number_from_one(number):
    model, sgd = small()
    with pytest.raises(ValueError, match="epochs is a whole number from 1"):
        fit(model, BCE, data.two_moons(10), sgd, epochs=number)


def test_whole_numbers_of_numpy_are_whole_numbers():
    model, sgd = small()
    run = fit(model, BCE, data.two_moons(10), sgd, epochs=np.int64(2), batch_size=np.int32(5))
    assert (run.epochs, run.steps) == (2, 4)


@pytest.mark.parametrize("case", BROKEN)
def test_a_damaged_state_is_refused_in_one_line_and_everything_untouched(case):
    moons = data.two_moons(10)
    trained, its_sgd = small()
    state = json.loads(json.dumps(fit(trained, BCE, moons, its_sgd, epochs=1).state()))
    model, sgd = small(seed=5)
    before = model.state(), sgd.state()
    with pytest.raises(ValueError, match="state") as caught:
        fit(model, BCE, moons, sgd, epochs=3, resume=BROKEN[case](state))
    assert "\n" not in str(caught.value)
    assert (model.state(), sgd.state()) == before


def test_an_optimizer_of_another_model_is_refused():
    model, _ = small()
    _, other = small()
    with pytest.raises(ValueError, match="optimizer holds none of the parameters of the model"):
        fit(model, BCE, data.two_moons(10), other, epochs=1)


# Stopping ----------------------------------------------------------------------------------------


def test_patience_stops_and_goes_back_to_the_best_epoch():
    few, held_out = data.gaussian_mixture(16), data.gaussian_mixture(200, seed=1)
    model = MLP(2, [12, 1], initial=nn.uniform)
    sgd = SGD(model.parameters(), 0.5, momentum=0.9)
    run = fit(model, BCE, few, sgd, epochs=400, test=held_out, patience=10)
    best = min(run.test["loss"])
    assert run.epochs < 400
    assert f"went back to epoch {run.test['loss'].index(best) + 1}" in run.stopped
    (found,), _, _ = train.losses_of(model, BCE, held_out)
    assert float(found.data.mean()) == best


def diverging():
    line = DataSet(((1.0,), (2.0,)), (1.0, 2.0))
    model = MLP(1, [1])
    return line, model, SGD(model.parameters(), 5.0)


@pytest.mark.parametrize("lanes", [True, False])
def test_a_diverging_run_stops_with_the_step_and_the_reason(lanes):
    line, model, sgd = diverging()
    run = fit(model, squared_error, line, sgd, epochs=200, lanes=lanes, monitor=False)
    assert run.stopped.startswith(f"diverged at step {run.steps + 1}: the loss grew from")
    assert run.steps < 20
    assert run.epochs == run.steps
    # the last good state: its loss is the last that was recorded
    (found,), _, _ = train.losses_of(model, squared_error, line)
    assert float(found.data.mean()) == pytest.approx(run.train["loss"][-1], rel=1e-12)
    assert sgd.steps == run.steps - 1


@pytest.mark.filterwarnings("ignore:step:RuntimeWarning")
def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_node():
    line = DataSet(((1.0,),), (1.0,))
    w = Value(1.0, "w")

    class Strange(nn.Module):
        def __init__(self):
            self.w = w

        def __call__(self, inputs):
            return (self.w * 1000 * inputs[0]).named("z").exp()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = fit(Strange(), squared_error, line, SGD([w], 0.1), epochs=3)
    assert run.stopped == "diverged at step 1: the loss is infinite; first exp in loss is infinite"
    assert run.steps == 0
    assert w.data == 1.0
    assert run.train["loss"] == []


def test_leaving_the_domain_of_the_loss_stops_the_run():
    model = MLP(1, [1], initial=nn.given([[0.5]]))
    line = DataSet(((1.0,), (1.0,)), (1, 0))
    bias = model.parameters()[-1]

    def leap():
        bias.data = 7.0

    run = fit(model, binary_cross_entropy, line, SGD(model.parameters(), 0.0), epochs=3,
              lanes=False, after_step=leap, monitor=False)  # fmt: skip
    assert run.stopped.startswith("diverged at step 2: log needs")
    assert bias.data == 0
    bias.data = 7.0
    with pytest.raises(DomainError):  # at the first step it is the model, or the data
        fit(model, binary_cross_entropy, line, SGD(model.parameters(), 0.0), epochs=3, lanes=False)


# The monitor -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lanes", [True, False])
def test_the_monitor_names_the_node_before_a_huge_weight(lanes):
    model = MLP(2, [3, 3, 1], seed=2)
    model.assign({"w21_3": 1e7})
    sgd = SGD(model.parameters(), 0.0)
    with pytest.warns(RuntimeWarning, match="left") as caught:
        run = fit(model, BCE, data.two_moons(20), sgd, epochs=5, lanes=lanes)
    assert len(caught) == 1  # once
    assert run.warning == str(caught[0].message)
    assert run.warning.startswith("step 1: the gradient of layer 1 left [1e-6, 1e3]")
    assert "at h2_2 (tanh), through yhat (dot)" in run.warning


def test_the_monitor_names_where_a_gradient_vanishes():
    model = MLP(2, [3, 3, 1], seed=2)
    model.assign({f"w1{j}_2": 1e-9 for j in (1, 2, 3)} | {f"w{i}{j}_2": 1e-9 for i in (2, 3)
                                                          for j in (1, 2, 3)})  # fmt: skip
    with pytest.warns(RuntimeWarning, match="gradient of layer 1") as caught:
        fit(model, BCE, data.two_moons(20), SGD(model.parameters(), 0.0), epochs=2)
    assert "_1 (tanh), through dot in h" in str(caught[0].message)


@pytest.mark.filterwarnings("error")
def test_the_monitor_is_silent_when_all_is_well_and_when_told():
    model, sgd = small()
    assert fit(model, BCE, data.two_moons(20), sgd, epochs=5).warning == ""
    model.assign({"w11_2": 1e7})
    assert fit(model, BCE, data.two_moons(20), sgd, epochs=1, monitor=False).warning == ""


@pytest.mark.filterwarnings("error")
def test_a_fit_that_has_arrived_is_no_vanishing_gradient():
    line = DataSet(((1.0,), (-1.0,)), (2.0, -2.0))
    model = MLP(1, [1])
    run = fit(model, squared_error, line, SGD(model.parameters(), 0.4), epochs=60)
    assert run.gradients["layer 1"][-1] < 1e-6
    assert run.warning == ""


def test_the_gradient_of_each_layer_is_recorded():
    moons = data.two_moons(10)
    model, sgd = small(rate=0.0)
    run = fit(model, BCE, moons, sgd, epochs=1)
    losses, _, _ = train.losses_of(model, BCE, moons, lanes=False)
    for p in model.parameters():
        p.grad = None
    ops.mean(*losses).backward()
    for k in (1, 2):
        sizes = [abs(p.grad) for name, p in model.named_parameters().items() if f"_{k}" in name]
        expected = sum(sizes) / len(sizes)
        assert run.gradients[f"layer {k}"] == [pytest.approx(expected, rel=1e-12)]


def test_a_zero_gradient_is_named_only_without_another_culprit():
    x, w = Value(-1.0, "x"), Value(1.0, "w")
    dead = (x * w).named("z").relu().named("h")
    loss = dead + (w * 1e5).named("big") * 1.0
    loss.backward()
    assert "w (leaf), through big (mul)" in first_outside(loss, [w])
    w.grad = None
    lone = (x * w).named("z").relu().named("h")
    lone.backward()
    assert first_outside(lone, [w]) == "mean |gradient| 0 at z (mul), through h (relu)"


def test_the_first_node_that_is_not_finite_is_the_oldest():
    x = Value(800.0, "x")
    y = x.exp().named("y")
    assert first_not_finite([y - y]) == "y (exp) is infinite"
    assert first_not_finite([x * 2]) == ""


# Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"epochs": 0}, "epochs is a whole number from 1; got 0"),
        ({"epochs": 1.5}, "epochs is a whole number from 1; got 1.5"),
        ({"epochs": "3"}, "epochs is a whole number from 1; got"),
        ({"batch_size": 2.5}, "1 to 10 examples, as many as there are; got 2.5"),
        ({"batch_size": "2"}, "1 to 10 examples, as many as there are; got 2"),
        ({"metrics": {"loss": accuracy}}, "a metric cannot be called loss"),
        ({"patience": 0}, "patience is a whole number from 1; got 0"),
        ({"batch_size": 11}, "1 to 10 examples, as many as there are; got 11"),
        ({"test": data.noisy_sine(5)}, "2 numbers each; got test examples of 1"),
    ],
)
def test_bad_input_gives_one_clear_line_and_leaves_the_model_alone(more, message):
    model, sgd = small()
    before = weights(model)
    with pytest.raises(ValueError, match=message) as caught:
        fit(model, BCE, data.two_moons(10), sgd, **{"epochs": 1} | more)
    assert "\n" not in str(caught.value)
    assert weights(model) == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"model": None}, r"a Module as model, such as MLP\(2, \[16, 1\]\); got None"),
        ({"model": len}, "a Module as model"),
        ({"loss": None}, "prediction and a target as loss, such as losses.squared_error; got None"),
        ({"loss": "mse"}, "as loss, .* got 'mse'"),
        ({"optimizer": None}, r"as optimizer SGD\(model.parameters\(\), 0.1\); got None"),
        ({"optimizer": 0.1}, "as optimizer .* got 0.1"),
        ({"metrics": [accuracy]}, r'by name, as in metrics={"accuracy": accuracy}; got list'),
        ({"metrics": accuracy}, "by name, .* got function"),
        ({"metrics": {"a": 3}}, "by name, .* got 3 for a"),
        ({"before_step": 3}, "before_step is a function without arguments; got 3"),
        ({"after_step": 3}, "after_step is a function without arguments; got 3"),
    ],
)
def test_arguments_of_another_kind_are_named(more, message):
    model, sgd = small()
    before = weights(model)
    arguments = {"model": model, "loss": BCE, "data": data.two_moons(10), "optimizer": sgd}
    with pytest.raises(TypeError, match=message) as caught:
        fit(**{**arguments, "epochs": 1, **more})
    assert "\n" not in str(caught.value)
    assert weights(model) == before


def test_going_on_to_fewer_epochs_than_were_run_is_refused():
    model, sgd = small()
    moons = data.two_moons(10)
    state = fit(model, BCE, moons, sgd, epochs=3).state()
    before = weights(model)
    for epochs in (1, 3):
        message = f"counts the epochs before it, 3, and needs more; got epochs={epochs}"
        with pytest.raises(ValueError, match=message):
            fit(model, BCE, moons, sgd, epochs=epochs, resume=state)
        assert weights(model) == before
        assert model.training is False
    assert fit(model, BCE, moons, sgd, epochs=4, resume=state).epochs == 4


@pytest.mark.parametrize("name", ["data", "test"])
def test_examples_that_are_no_data_set_are_named(name):
    model, sgd = small()
    arguments = {"data": data.two_moons(10), "test": None, name: [([1.0, 2.0], 1)]}
    with pytest.raises(TypeError, match=rf"a DataSet\(inputs, targets\) as {name}; got list"):
        fit(model, BCE, optimizer=sgd, epochs=1, **arguments)


def test_labels_outside_the_domain_of_the_loss_are_an_error_before_the_first_step():
    model, sgd = small()
    before = weights(model)
    with pytest.raises(ValueError, match="labels between 0 and 1"):
        fit(model, BCE, data.two_moons(10).labelled(-1, 1), sgd, epochs=1)
    assert weights(model) == before


# Compiled steps ----------------------------------------------------------------------------------

C = pytest.param("c", marks=needs_compiler)
COMPILED = ["python", "numpy", C, "torch"]


def run_of(backend, *, drop=0.0, **more):
    model = MLP(2, [6, 1], ops.relu, seed=3)
    if drop:
        model.layers.insert(1, nn.Dropout(drop, seed=5))
    sgd = SGD(model.parameters(), 0.3, momentum=0.5, weight_decay=1e-3, **more)
    moons = data.two_moons(60)
    history = fit(
        model, BCE, moons, sgd, epochs=6, batch_size=16, test=data.two_moons(20, seed=1),
        metrics={"accuracy": accuracy}, backend=backend,
    )  # fmt: skip
    return model, history


@pytest.mark.parametrize("backend", COMPILED)
@pytest.mark.parametrize("drop", [0.0, 0.4])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_compiled_run_is_the_eager_run_to_its_last_digits(backend, drop, reduction):
    peer(backend) if backend == "torch" else None
    rate = {} if reduction == "mean" else {"reduction": "sum"}
    model, history = run_of(backend, drop=drop, **rate)
    eager_model, eager = run_of(None, drop=drop, **rate)
    assert history.steps == eager.steps == 24
    assert history.stopped == eager.stopped
    for found, expected in ((history.train, eager.train), (history.test, eager.test),
                            (history.gradients, eager.gradients)):  # fmt: skip
        assert found.keys() == expected.keys()
        for name, numbers in found.items():
            assert numbers == pytest.approx(expected[name], rel=1e-9)
    assert weights(model) == pytest.approx(weights(eager_model), rel=1e-9)


@pytest.mark.parametrize("rate", [1e6, lambda t: 1e6 if t > 7 else 1e-3])
@pytest.mark.parametrize("backend", ["python", C])
def test_a_compiled_run_that_diverges_says_what_the_graph_says(backend, rate):
    def diverged(backend):
        model = MLP(1, [3, 1], ops.relu)
        sgd = SGD(model.parameters(), rate, momentum=0.5)
        line = DataSet(((1.0,), (2.0,)), (1.0, 2.0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            run = fit(model, squared_error, line, sgd, epochs=50, batch_size=1, backend=backend)
        return run, weights(model), sgd

    (compiled, found, sgd), (eager, expected, other) = diverged(backend), diverged(None)
    assert compiled.stopped == eager.stopped
    assert "diverged at step" in compiled.stopped
    assert compiled.warning == eager.warning
    assert found == pytest.approx(expected, rel=1e-12)
    assert sgd.steps == other.steps
    velocities = [[v or 0.0 for v in each.velocity] for each in (sgd, other)]
    assert velocities[0] == pytest.approx(velocities[1], rel=1e-12)


@pytest.mark.parametrize("layers", [[3] * 12 + [1], [3, 1]], ids=["at first", "later"])
@pytest.mark.parametrize("backend", ["python", C])
def test_a_compiled_run_watches_the_gradients(backend, layers):
    def watched(backend):
        model = MLP(2, layers, ops.sigmoid)
        sgd = SGD(model.parameters(), lambda t: 1e3 if t == 7 else 0.01)
        with pytest.warns(RuntimeWarning, match="left"):
            return fit(model, squared_error, data.two_moons(20), sgd, epochs=2, batch_size=2,
                       backend=backend)  # fmt: skip

    found, expected = watched(backend), watched(None)
    assert found.warning == expected.warning
    assert found.warning.startswith("step 1:" if len(layers) > 2 else "step 9:")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"lanes": False}, "compiles a step on lanes; got lanes=False"),
        ({"backend": "fortran"}, "a backend is one of .*'fortran'"),
    ],
)
def test_what_cannot_be_compiled_is_refused(more, message):
    model, sgd = small()
    with pytest.raises(ValueError, match=message):
        fit(model, BCE, data.two_moons(20), sgd, epochs=1, **{"backend": "python", **more})


@pytest.mark.parametrize("backend", [None, "python", C])
@pytest.mark.parametrize("wrong", ["data", "test"])
def test_labels_are_checked_before_the_first_step(backend, wrong):
    model, sgd = small()
    before = weights(model)
    signed = data.two_moons(20).labelled(-1, 1)
    examples = {"data": signed, "test": signed, wrong: data.two_moons(20)}
    with pytest.raises(ValueError, match="hinge needs labels -1 or 1; got 0"):
        fit(model, hinge, optimizer=sgd, epochs=1, backend=backend, **examples)
    assert weights(model) == before


class Scaled(nn.Module):
    """Twice its inputs in training, by a flag of its own."""

    factor = 1

    def __call__(self, inputs):
        return [self.factor * x for x in inputs]

    def train(self, training=True):
        super().train(training)
        self.factor = 2 if training else 1


class Shadowed(Scaled):
    training = True
    train = nn.Module.train

    def __call__(self, inputs):
        return [2 * x if self.training else x for x in inputs]


class Network(Scaled):
    """A layer behind what scales, which a whole module asks to."""

    def __init__(self, scaled):
        self.scaled, self.layer = scaled, nn.Layer(2, 1)

    def __call__(self, inputs):
        return self.layer(self.scaled(inputs))[0]

    def train(self, training=True):
        nn.Module.train(self, training)
        self.scaled.train(training)


MODES = {
    "none": (lambda: MLP(2, [3, 1]), 1),
    "dropout": (lambda: nn.Sequential(nn.Dropout(0.5, inverted=False), nn.Layer(2, 1)), 2),
    "an own way to train": (lambda: Network(Scaled()), 2),
    "an own flag": (lambda: Network(Shadowed()), 2),
}


@pytest.mark.parametrize("name", MODES)
def test_training_and_test_are_one_program_where_the_model_has_no_modes(name, monkeypatch):
    make, expected = MODES[name]
    traced = []
    trace = nn.Module._traced
    monkeypatch.setattr(nn.Module, "_traced", lambda *a: traced.append(1) or trace(*a))
    curves = []
    for backend in ("python", None):
        model = make()
        history = fit(model, BCE, data.two_moons(20), SGD(model.parameters(), 0.1), epochs=3,
                      batch_size=8, test=data.two_moons(10, seed=1), backend=backend)  # fmt: skip
        curves.append(history.test["loss"])
    assert len(traced) == expected
    assert curves[0] == pytest.approx(curves[1], rel=1e-12)


def test_a_compiled_classifier_of_several_classes_is_the_eager_one():
    def trained(backend):
        model = MLP(2, [5, 3])
        sgd = SGD(model.parameters(), 0.3)
        blobs = data.blobs(60)
        return fit(model, softmax_cross_entropy, blobs, sgd, epochs=5, batch_size=20,
                   metrics={"accuracy": accuracy}, backend=backend)  # fmt: skip

    compiled, eager = trained("numpy"), trained(None)
    assert compiled.train["loss"] == pytest.approx(eager.train["loss"], rel=1e-12)
    assert compiled.train["accuracy"] == eager.train["accuracy"]


@pytest.mark.parametrize("more", [{}, {"lanes": False}, {"backend": "python"}])
def test_a_loss_that_returns_no_value_is_one_clear_line(more):
    model, sgd = small()
    with pytest.raises(TypeError, match=r"a loss is .* returns a Value; got NoneType None"):
        fit(model, lambda prediction, target: None, data.two_moons(10), sgd, epochs=1, **more)


# In arrays ---------------------------------------------------------------------------------------


def trained(optimizer, backend, hook=None, layers=(50, 3), epochs=4, **more):
    model = MLP(2, list(layers), ops.tanh, seed=3)
    blobs = data.blobs(60)
    history = fit(
        model, nn.losses.softmax_cross_entropy, blobs, optimizer(model.parameters()),
        epochs=epochs, batch_size=16, backend=backend, before_step=hook,
        metrics={"accuracy": accuracy}, **more,
    )  # fmt: skip
    return weights(model), history


OPTIMIZERS = {
    "plain": lambda p: SGD(p, 0.3),
    "momentum": lambda p: SGD(p, 0.3, momentum=0.9, weight_decay=1e-3),
    "schedule": lambda p: SGD(p, lambda t: 0.5 / (t + 1)),
    "adam": lambda p: Adam(p, 0.05),
    "adam-decay": lambda p: Adam(p, 0.05, weight_decay=1e-2),
}


@pytest.mark.parametrize("backend", ["python", "numpy", C])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_arrays_move_as_the_values_do_to_the_last_bit(name, backend):
    in_arrays, history = trained(OPTIMIZERS[name], backend)
    by_value, other = trained(OPTIMIZERS[name], backend, hook=lambda: None)
    assert in_arrays == by_value
    assert history.train == other.train
    assert history.gradients == other.gradients


@pytest.mark.parametrize("backend", COMPILED)
def test_adam_trains_alike_with_and_without_a_program(backend):
    peer(backend) if backend == "torch" else None
    compiled, eager = (trained(OPTIMIZERS["adam"], b)[0] for b in (backend, None))
    assert compiled == pytest.approx(eager, rel=1e-7)


@pytest.mark.parametrize("backend", [None, *COMPILED])
def test_several_targets_are_fitted(backend):
    peer(backend) if backend == "torch" else None
    rows = [[x / 4] for x in range(-8, 9)]
    pairs = [[0.5 * x + 1, -2 * x] for (x,) in rows]
    model = MLP(1, [2], seed=1)
    sgd = SGD(model.parameters(), 0.1)
    line = DataSet(rows, pairs)
    history = fit(model, squared_error, line, sgd, epochs=200, test=line, backend=backend,
                  monitor=False)  # fmt: skip
    assert history.test["loss"][-1] < 1e-12
    learned = [p.data for p in model.parameters()]
    assert learned == pytest.approx([0.5, 1, -2, 0], abs=1e-6)


@pytest.mark.parametrize("backend", ["python", C])
def test_one_hot_targets_train_as_labels_do(backend):
    blobs = data.blobs(30)
    hot = DataSet(blobs.inputs, [[float(t == k) for k in range(3)] for t in blobs.targets])
    found = []
    for examples in (blobs, hot):
        model = MLP(2, [9, 3], ops.tanh, seed=2)
        fit(model, nn.losses.softmax_cross_entropy, examples, SGD(model.parameters(), 0.3),
            epochs=5, batch_size=10, backend=backend)  # fmt: skip
        found.append(weights(model))
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_an_interrupt_leaves_the_values_of_the_last_step():
    model = MLP(2, [3, 1], seed=1)
    start = weights(model)
    calls = []

    def rate(step):
        calls.append(step)
        if step == 5:
            raise KeyboardInterrupt
        return 0.1

    with pytest.raises(KeyboardInterrupt):
        fit(model, BCE, data.two_moons(20), SGD(model.parameters(), rate), epochs=9,
            backend="python")  # fmt: skip
    other = MLP(2, [3, 1], seed=1)
    fit(other, BCE, data.two_moons(20), SGD(other.parameters(), 0.1), epochs=5, backend="python")
    assert weights(model) == weights(other) != start


# Calls -------------------------------------------------------------------------------------------


@pytest.fixture
def calls(monkeypatch):
    """How many steps each call of C made."""
    made = []
    called = Arrays.called

    def counted(*arguments):
        found = called(*arguments)
        made.append(len(found))
        return found

    monkeypatch.setattr(Arrays, "called", counted)
    return made


@needs_compiler
def test_many_batches_are_one_call(calls):
    model = MLP(2, [3, 1], seed=1)
    fit(model, BCE, data.two_moons(300), SGD(model.parameters(), 0.1), epochs=3, batch_size=2,
        backend="c")  # fmt: skip
    assert sum(calls) == 3 * 150 - 1  # the first step is made alone
    assert len(calls) < 12


@needs_compiler
def test_a_call_takes_some_fifty_milliseconds(calls, monkeypatch):
    clock = count()
    monkeypatch.setattr(arrays, "perf_counter", lambda: next(clock) / 64)  # s, whatever is called
    model = MLP(2, [3, 1], seed=1)
    fit(model, BCE, data.two_moons(300), SGD(model.parameters(), 0.1), epochs=1, batch_size=2,
        backend="c")  # fmt: skip
    assert calls[:4] == [1, 3, 9, 28]


@needs_compiler
def test_what_is_random_or_hooked_is_stepped_one_by_one(calls):
    run_of("c", drop=0.4)
    trained(OPTIMIZERS["plain"], "c", hook=lambda: None)
    assert not any(calls)


@needs_compiler
def test_memory_grows_with_parameters_and_batch_and_no_faster():
    def peak(units, batch, examples):
        model = MLP(64, [units, 10], ops.relu)
        sgd = SGD(model.parameters(), 0.01, momentum=0.9)
        digits = data.digits().chosen(range(examples))
        tracemalloc.start()
        try:
            fit(model, CLASSES, digits, sgd, epochs=1, batch_size=batch, backend="c", monitor=False)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1, 8, 32)  # what is imported stays
    narrow, wide = (peak(units, 8, 32) / (units * 75) for units in (30, 120))
    assert wide < 1.3 * narrow
    few, many = (peak(1, batch, 1024) for batch in (8, 1024))
    assert many - few < 4 * 1024 * 8 * (64 + 1 + 10)  # an example, its target and predictions


@needs_compiler
def test_steps_before_a_schedule_that_fails_are_made():
    def failing(step):
        return 1 / (7 - step)

    model, steady = MLP(2, [3, 1], seed=1), MLP(2, [3, 1], seed=1)
    moons = data.two_moons(40)
    for backend, learner in (("c", model), (None, steady)):
        with pytest.raises(ZeroDivisionError):
            fit(learner, BCE, moons, SGD(learner.parameters(), failing), epochs=2, batch_size=2,
                backend=backend)  # fmt: skip
    assert weights(model) == pytest.approx(weights(steady), rel=1e-12)


@needs_compiler
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends signals")
def test_ctrl_c_leaves_a_whole_state_between_two_calls():
    blobs = data.blobs(3000)
    seconds = []

    def rate(step):
        if seconds:
            signal.setitimer(signal.ITIMER_REAL, seconds.pop())
        return 1e-4

    def run(epochs, hook=None):
        model = MLP(2, [12, 3], ops.tanh, seed=3)
        adam = Adam(model.parameters(), rate)
        try:
            fit(model, CLASSES, blobs, adam, epochs=epochs, batch_size=2, backend="c",
                before_step=hook, monitor=False)  # fmt: skip
        except KeyboardInterrupt:
            return model.state(), adam
        raise AssertionError("nobody interrupted it")

    def stop(*_):
        raise KeyboardInterrupt

    run(1, stop)  # compiles
    before = signal.signal(signal.SIGALRM, stop)
    seconds.append(0.2)
    try:
        with uncollected():  # what is raised in a callback of the collector is lost
            state, adam = run(10**6)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    taken = iter(range(adam.steps))
    again, other = run(10**6, lambda: next(taken, None) is None and stop())
    assert adam.steps == other.steps > 0
    assert state == again
    assert adam.state() == other.state()


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_a_run_in_arrays_goes_on_bit_for_bit(optimizer):
    whole, history = trained(OPTIMIZERS[optimizer], "python", epochs=6)
    model = MLP(2, [50, 3], ops.tanh, seed=3)

    def part(epochs, resume=None):
        return fit(
            model, nn.losses.softmax_cross_entropy, data.blobs(60),
            OPTIMIZERS[optimizer](model.parameters()), epochs=epochs, batch_size=16,
            backend="python", metrics={"accuracy": accuracy}, resume=resume,
        )  # fmt: skip

    state = json.loads(json.dumps(part(3).state()))
    assert part(6, state).train == history.train
    assert weights(model) == whole


@needs_compiler
def test_fused_operations_change_only_last_bits():
    exact, fused = (trained(OPTIMIZERS["momentum"], "c", fast=fast)[0] for fast in (False, True))
    assert fused == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("backend", [None, "python"])
def test_fast_is_for_c_alone(backend):
    with pytest.raises(ValueError, match="fast=True is for the backends c and numpy; got"):
        trained(OPTIMIZERS["plain"], backend, fast=True)


# Compiled runs beside the graph ------------------------------------------------------------------

RUNS = {
    "a wide layer": lambda: (MLP(2, [20, 1], ops.tanh), BCE, data.two_moons(30), {}),
    "two wide layers": lambda: (MLP(2, [12, 9, 1], ops.relu), BCE, data.two_moons(30), {}),
    "many inputs": lambda: (MLP(64, [10], seed=1), CLASSES, data.digits(), {"momentum": 0.9}),
    "many units": lambda: (MLP(64, [9, 10], ops.relu), CLASSES, data.digits(), {}),
    "without biases": lambda: (
        MLP(2, [16, 3], ops.tanh, biases=False), CLASSES, data.blobs(30), {}
    ),
    "one unit": lambda: (MLP(64, [1]), squared_error, data.digits(), {"weight_decay": 1e-3}),
    "softmax": lambda: (
        MLP(2, [8, 3], ops.tanh, output=nn.Softmax()), nn.losses.categorical_cross_entropy,
        data.blobs(30), {},
    ),
    "residual": lambda: (
        nn.Sequential(nn.Layer(2, 9, ops.tanh), nn.Residual(nn.Layer(9, 9, ops.tanh, layer=2)),
                      nn.Layer(9, 1, layer=3)), BCE, data.two_moons(30), {},
    ),
    "the sum": lambda: (
        MLP(2, [16, 16, 1], ops.relu), BCE, data.two_moons(30), {"reduction": "sum"}
    ),
    "sigmoid": lambda: (MLP(2, [11, 8, 1], ops.sigmoid), BCE, data.two_moons(30), {}),
}  # fmt: skip


def ran(name, backend, epochs=2, resume=None):
    model, loss, examples, more = RUNS[name]()
    examples, held_out = examples.split(0.25, seed=0)
    sgd = SGD(model.parameters(), 0.01, **more)
    history = fit(model, loss, DataSet(examples.inputs[:70], examples.targets[:70]), sgd,
                  epochs=epochs, batch_size=9, test=held_out, backend=backend, resume=resume,
                  monitor=False)  # fmt: skip
    return weights(model), history


@pytest.mark.parametrize("backend", ["numpy", C])
@pytest.mark.parametrize("name", RUNS)
def test_a_run_in_loops_is_the_eager_run(name, backend):
    found, history = ran(name, backend)
    expected, eager = ran(name, None)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    for part in ("train", "test", "gradients"):
        for curve, numbers in getattr(eager, part).items():
            assert getattr(history, part)[curve] == pytest.approx(numbers, rel=1e-9)


@needs_compiler
@pytest.mark.parametrize("name", RUNS)
def test_a_run_in_loops_goes_on_bit_for_bit(name):
    state = json.loads(json.dumps(ran(name, "c", epochs=1)[1].state()))
    found, history = ran(name, "c", epochs=3, resume=state)
    expected, whole = ran(name, "c", epochs=3)
    assert found == expected
    assert history.train == whole.train


LONG = """
import json, sys, time
from scalargrad.nn import MLP, Dropout, losses
from scalargrad.train import Adam, data, fit

def rate(step):
    if "slowly" in sys.argv:
        time.sleep(0.02)
    return 0.05

model = MLP(2, [9, 3], seed=1)
model.layers.insert(1, Dropout(0.3))
history = fit(
    model, losses.softmax_cross_entropy, data.blobs(20), Adam(model.parameters(), rate),
    epochs=9, batch_size=6, test=data.blobs(9, seed=1), backend=eval(sys.argv[1]), patience=8,
    checkpoint=sys.argv[2],
)
print(json.dumps([history.state(), model.state()]))
"""


@pytest.mark.parametrize("backend", [None, "python", C])
def test_a_killed_run_goes_on_from_its_last_epoch_as_if_nothing_had_been(backend, tmp_path):
    def command(name, *how):
        return [sys.executable, "-c", LONG, repr(backend), str(tmp_path / name), *how]

    def epochs():
        if not (tmp_path / "killed.json").exists():
            return -1
        return len(json.loads((tmp_path / "killed.json").read_text())["train"]["loss"])

    with subprocess.Popen(command("killed.json", "slowly"), stdout=subprocess.PIPE) as process:
        while process.poll() is None and epochs() < 3:
            time.sleep(0.01)
        process.kill()
    assert 3 <= epochs() < 9
    expected = subprocess.check_output(command("whole.json"))
    assert subprocess.check_output(command("killed.json")) == expected
    assert subprocess.check_output(command("killed.json")) == expected  # there is nothing to do


def test_a_checkpoint_that_cannot_be_is_one_clear_line_before_the_first_step(tmp_path):
    (tmp_path / "text").write_text("{")
    small_run = partial(fit, loss=BCE, data=data.two_moons(10), epochs=2)
    model, sgd = small()
    small_run(model, optimizer=sgd, checkpoint=tmp_path / "other")
    for name, more, error, message in (
        ("text", {}, ValueError, "text is not a checkpoint of fit, which is JSON: "),
        (".", {}, ValueError, "is not a checkpoint of fit, which is JSON: "),
        ("no/folder", {}, OSError, "cannot write .*folder: No such file or directory"),
        ("other", {"seed": 1}, ValueError, "other: the state is of a run with seed = 0; got seed"),
        ("other", {"epochs": 1}, ValueError, "other: .* before it, 2, and needs more; got epochs="),
        ("other", {"resume": {}}, ValueError, "from resume=… or from its checkpoint=…; got both"),
    ):
        model, sgd = small()
        before = weights(model)
        with pytest.raises(error, match=message):
            small_run(model, optimizer=sgd, **{"checkpoint": tmp_path / name, **more})
        assert weights(model) == before
