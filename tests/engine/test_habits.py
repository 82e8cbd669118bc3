"""What people type who come from micrograd, numpy or PyTorch: it runs, or is answered."""

import json
import math
import random
from math import tanh

import pytest

from scalargrad import Value, check, compile, derive, draw, gradcheck, ops, program
from scalargrad.nn import MLP, Layer, Neuron

np = pytest.importorskip("numpy")


def answered(action):
    with pytest.raises((AttributeError, TypeError)) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# micrograd


def test_a_graph_can_be_walked_as_micrograd_draws_it():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    e = a * b
    d = e + a
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(d)
    assert nodes == {a, b, e, d}
    assert edges == {(a, e), (b, e), (e, d), (a, d)}
    assert (a._op, e._op, d._op) == ("", "×", "+")


def test_a_neuron_and_a_network_of_ones_own_train_as_in_micrograd():
    draws = random.Random(3)

    class OwnNeuron:
        def __init__(self, nin):
            self.w = [Value(draws.uniform(-1, 1)) for _ in range(nin)]
            self.b = Value(draws.uniform(-1, 1))

        def __call__(self, x):
            return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b).tanh()

    hidden = [OwnNeuron(3) for _ in range(4)]
    last = OwnNeuron(4)
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    parameters = [p for n in (*hidden, last) for p in (*n.w, n.b)]
    losses = []
    for _ in range(40):
        predictions = [last([n(x) for n in hidden]) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, predictions, strict=True))
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data += -0.1 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.1 < losses[0]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (lambda: Value(6.0, (Value(2.0), Value(3.0)), "*"), "its parents come from the operation"),
        (lambda: Value(6.0, _children=(Value(2.0),)), "its parents come from the operation"),
        (lambda: Value(6.0, {Value(2.0)}), "its parents come from the operation"),
        (lambda: Value(6.0)._backward, "closure is v.pullback"),
        (lambda: setattr(Value(6.0), "_backward", print), "closure is v.pullback"),
        (lambda: setattr(Value(6.0), "name", "a"), "is its label"),
        (lambda: setattr(Value(6.0), "requires_grad", True), "every leaf gets a gradient"),
        (lambda: np.floor(Value(1.0)), "numpy's floor takes no Values; operators do"),
        (lambda: np.add(Value(1.0), 1, out=np.ones(1)), "numpy's add takes no Values"),
    ],
)
def test_what_is_written_otherwise_here_is_answered(action, said):
    assert said in answered(action)


# Python and numpy


def test_true_and_false_count_as_in_python():
    v = Value(3, "v")
    assert [(True * v).data, (v * False).data, (v - True).data] == [3, 0, 2]


def test_arrays_of_values_multiply_one_by_one():
    v = Value(3, "v")
    values = np.array([Value(1, "a"), Value(2, "b")], dtype=object)
    for product in (values * v, v * values):
        assert [node.data for node in product] == [3, 6]
        assert {parent.label for parent in product[0].parents} == {"a", "v"}
    assert [node.data for node in v - values] == [2, 1]
    assert [node.data for node in values - v] == [-2, -1]
    assert np.dot(values, np.array([v, v], dtype=object)).data == 9


@pytest.mark.parametrize(
    "function", [np.exp, np.tanh, np.abs, np.arcsin, np.log1p, np.square, np.sign, np.cosh]
)
def test_a_function_of_numpy_makes_the_node_of_its_name(function):
    v = Value(0.25, "v")
    node = function(v)
    node.backward()
    near = [function(0.25 + step) for step in (1e-6, -1e-6)]
    assert node.data == pytest.approx(float(function(0.25)), rel=1e-15)
    assert v.grad == pytest.approx(float(near[0] - near[1]) / 2e-6, rel=1e-8)


def test_a_function_of_numpy_of_two_operands_does_so_too():
    v = Value(0.25, "v")
    for node in (np.maximum(v, 0.5), np.maximum(0.5, v), np.hypot(v, 0)):
        assert v in node.parents
        assert node.data == max(0.25, 0.5 * (node.op.name == "maximum"))


@pytest.mark.parametrize("left", [np.float64(2), np.float32(2), np.int64(2), np.array([2.0, 3.0])])
def test_numbers_of_numpy_stand_on_the_left_as_on_the_right(left):
    v = Value(0.5, "v")
    for operator, worth in ((lambda a, b: a - b, left - 0.5), (lambda a, b: a / b, left / 0.5),
                            (lambda a, b: a**b, left**0.5), (lambda a, b: a < b, left < 0.5),
                            (lambda a, b: a <= b, left <= 0.5), (lambda a, b: a > b, left > 0.5),
                            (lambda a, b: a >= b, left >= 0.5)):  # fmt: skip
        found = operator(left, v)
        assert np.all(getattr(found, "data", found) == worth)
    assert (left == v) is False
    assert left != v
    assert v in [left, v]


def test_a_function_of_math_says_that_the_graph_ends_there():
    v = Value(0.25, "v")
    with pytest.warns(UserWarning, match=r"^math\.exp of a Value is a float.*; v\.exp\(…\) is a"):
        assert math.exp(v) == math.exp(0.25)
    with pytest.warns(UserWarning, match=r"^tanh of a Value is a float"):
        tanh(v)
    assert math.exp(float(v)) == math.exp(v.item()) == math.exp(0.25)
    assert math.isfinite(v)
    assert math.isclose(v, 0.25)
    assert [f"{v:.1f}", float(v.exp())] == ["0.2", math.exp(0.25)]
    numbers = np.zeros(1)
    numbers[0] = v.exp()
    assert numbers[0] == np.array([v.exp()], dtype=float)[0] == math.exp(0.25)
    assert "%.1f" % v.exp() == "1.3"  # noqa: UP031


@pytest.mark.parametrize(
    ("data", "item"), [("0.25", 0.25), (3, 3), ("6/2", 3), (0.5, 0.5), (float("inf"), float("inf"))]
)
def test_an_item_is_a_number_that_json_can_hold(data, item):
    found = Value(data).item()
    assert found == item
    assert type(found) in (int, float)
    json.dumps(found)


def test_lanes_have_no_item():
    assert "item gives one number" in answered(Value(np.array([1.0, 2.0])).item)


# Units and operations of one's own


def test_a_layer_asks_a_neuron_of_ones_own():
    class Doubled(Neuron):
        def __call__(self, inputs):
            return super().__call__(inputs) * 2

    layer = Layer(2, 2, initial=lambda *_: [["1", "2"], ["3", "4"]])
    plain = [h.data for h in layer(["1", "1"])]
    layer.neurons[0] = Doubled(layer.neurons[0].weights, "0")
    layer.neurons[1] = lambda x: x[0] - 10
    assert plain == [3, 7]
    for outputs in (layer(["1", "1"]), layer.batch([["1", "1"]])[0]):
        assert [h.data for h in outputs] == [6, -9]
    assert repr(layer) == "Layer(2, 2)"
    net = MLP(2, [2, 1], seed=0)
    net.layers[0].neurons[1] = lambda x: x[0]
    assert len(net.parameters()) == 2 + 1 + 3


@pytest.fixture
def cube():
    yield ops.row("cube", "( )³", lambda a: a * a * a, lambda y, a: (3 * a * a,), ((0.5,), (2.0,)))
    del ops.OPERATIONS["cube"]


def test_an_operation_of_ones_own_is_first_class(cube):
    w = Value("0.5", "w")
    y = cube(w * Value(3, "x")).named("y")
    y.backward()
    assert w.grad == 3 * 3 * 1.5**2
    assert "cube" in repr(draw(y))
    assert derive(y, "w").paths
    assert program("y = cube(w*x)", w="0.5", x=3).output.data == y.data
    assert check(program("y = cube(w*x)", w="0.5", x=3), {"dy/dw": "20.25"}).ok
    gradcheck(cube, 0.3)
    assert compile(lambda a: cube(a), backend="python")(2.0) == (8.0, {"a": 12.0})


def test_a_cell_that_defines_an_operation_can_be_run_again_but_none_of_ours_is_replaced(cube):
    ops.row("cube", "( )³", lambda a: a * a * a, lambda y, a: (3 * a * a,), ((0.5,),))
    with pytest.raises(ValueError, match="there is an operation tanh already; give yours another"):
        ops.row("tanh", "t", lambda a: a, lambda y, a: (1,), ((0.5,),))
