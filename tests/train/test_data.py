import math
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import peer

from scalargrad.train import data
from scalargrad.train.data import DataSet

CLASSES = {
    "two_moons": data.two_moons,
    "circles": data.circles,
    "spirals": data.spirals,
    "xor": lambda count, seed=0: data.xor(count, 0.1, seed),
    "blobs": lambda count, seed=0: data.blobs(count, 0.1, seed, classes=4),
    "gaussian_mixture": data.gaussian_mixture,
}
ALL = CLASSES | {"noisy_sine": data.noisy_sine}


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_balanced(name):
    counts = Counter(CLASSES[name](101).targets)
    assert sum(counts.values()) == 101
    assert max(counts.values()) - min(counts.values()) <= 1
    assert set(counts) == set(CLASSES[name](101).classes)


@pytest.mark.parametrize("name", ALL)
def test_examples_are_tuples_of_floats_of_one_length(name):
    made = ALL[name](20)
    assert len(made) == len(made.inputs) == len(made.targets) == 20
    assert all(isinstance(x, float) for row in made.inputs for x in row)
    assert {len(row) for row in made.inputs} == {len(made.names)}
    assert hash(made) == hash(ALL[name](20))  # tuples all the way down


@pytest.mark.parametrize("name", ALL)
def test_another_seed_gives_other_points(name):
    assert ALL[name](20, seed=1) == ALL[name](20, seed=1)
    assert ALL[name](20, seed=1) != ALL[name](20, seed=2)


def test_a_data_set_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        data.xor().targets = ()


SHOW = """
import hashlib
from scalargrad.train import data
made = [data.two_moons(), data.circles(), data.spirals(), data.xor(8, 0.1), data.blobs(),
        data.gaussian_mixture(), data.noisy_sine(),
        data.two_moons().split(0.2, seed=3), *data.two_moons().minibatches(7, seed=2)]
print(hashlib.sha256(repr(made).encode()).hexdigest())
"""


def test_two_processes_with_other_hash_seeds_draw_the_same():
    root = str(Path(data.__file__).parents[2])
    outs = [
        subprocess.run(
            [sys.executable, "-c", SHOW], capture_output=True, text=True, check=True, timeout=60,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert len(outs[0]) == 65
    assert outs[0] == outs[1]


def test_drawing_data_needs_no_numpy():
    root = str(Path(data.__file__).parents[2])
    code = SHOW + "import sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          timeout=60, env={**os.environ, "PYTHONPATH": root})  # fmt: skip
    assert done.stdout.split()[1] == "False"


# Shapes ------------------------------------------------------------------------------------------


def test_moons_lie_on_their_half_circles():
    for (x, y), label in data.two_moons(51, noise=0):
        centre = (0, 0) if label == 0 else (1, 0.5)
        assert math.isclose(math.dist((x, y), centre), 1)
        assert (y >= -1e-12) if label == 0 else (y <= 0.5 + 1e-12)


@pytest.mark.parametrize("count", [10, 51, 100])
def test_moons_and_circles_are_those_of_scikit_learn(count):
    datasets = peer("sklearn.datasets")
    ours = data.two_moons(count, noise=0), data.circles(count, noise=0, factor=0.5)
    theirs = (
        datasets.make_moons(count, shuffle=False),
        datasets.make_circles(count, shuffle=False, factor=0.5),
    )
    for mine, (points, labels) in zip(ours, theirs, strict=True):
        assert list(mine.targets) == list(labels)
        for a, b in zip(mine.inputs, points, strict=True):
            assert a == pytest.approx(b, abs=1e-12)


def test_circles_have_their_radii():
    made = data.circles(40, noise=0, factor=0.3)
    for point, label in made:
        assert math.isclose(math.hypot(*point), 0.3 if label else 1)
    assert len(set(made.inputs)) == 40  # the first point does not come twice


def test_spirals_go_outward_and_their_arms_are_turned_copies():
    made = data.spirals(60, noise=0, arms=3)
    arms = [[complex(*p) for p, label in made if label == arm] for arm in range(3)]
    assert [abs(z) for z in arms[0]] == sorted(abs(z) for z in arms[0])
    assert math.isclose(abs(arms[0][-1]), 1)
    third = complex(-0.5, math.sqrt(3) / 2)
    for a, b in zip(arms[0], arms[1], strict=True):
        assert abs(a * third - b) < 1e-12


def test_xor_is_the_sign_of_the_product():
    assert all((x * y < 0) == bool(label) for (x, y), label in data.xor(200, noise=0.1))


def test_noise_has_the_standard_deviation_it_says():
    clean, noisy = data.two_moons(4000, 0), data.two_moons(4000, 0.2)
    pairs = zip(sum(clean.inputs, ()), sum(noisy.inputs, ()), strict=True)
    gaps = [a - b for a, b in pairs]
    assert math.sqrt(sum(g * g for g in gaps) / len(gaps)) == pytest.approx(0.2, rel=0.05)


def test_mixture_points_scatter_about_their_centres_by_a_fifth():
    one = (((3.0, -2.0),), ((-1.0, 4.0),))
    made = data.gaussian_mixture(8000, centres=one)
    for label, (centre,) in enumerate(one):
        cloud = [p for p, t in made if t == label]
        for axis in (0, 1):
            values = [p[axis] for p in cloud]
            mean = sum(values) / len(values)
            assert mean == pytest.approx(centre[axis], abs=0.03)
            variance = sum((v - mean) ** 2 for v in values) / len(values)
            assert variance == pytest.approx(0.2, rel=0.08)


def test_mixture_centres_scatter_about_1_0_and_0_1():
    many = [data.mixture_centres(seed) for seed in range(300)]
    for label, middle in enumerate(((1, 0), (0, 1))):
        for axis in (0, 1):
            values = [p[axis] for centres in many for p in centres[label]]
            assert sum(values) / len(values) == pytest.approx(middle[axis], abs=0.08)


def test_another_seed_draws_from_the_same_clouds():
    centres = data.mixture_centres()
    for seed in (0, 5):
        for point, label in data.gaussian_mixture(400, seed):
            nearest = min(math.dist(point, c) for c in centres[label])
            assert nearest < 5 * math.sqrt(0.2)


def test_sine_without_noise_is_the_curve():
    for (x,), y in data.noisy_sine(30, noise=0):
        assert -1 <= x <= 1
        assert y == math.sin(math.pi * x)


# Splits and batches ------------------------------------------------------------------------------


@given(count=st.integers(2, 60), share=st.floats(0.05, 0.95), seed=st.integers(0, 99))
def test_a_split_keeps_every_example_once(count, share, seed):
    whole = data.noisy_sine(count, seed=1)
    if not 0 < round(share * count) < count:
        with pytest.raises(ValueError, match="leaves one or more on either side"):
            whole.split(share, seed)
        return
    train, test = whole.split(share, seed)
    assert len(test) == round(share * count)
    assert Counter([*train, *test]) == Counter(whole)


@given(count=st.integers(1, 60), seed=st.integers(0, 99), epoch=st.integers(0, 9), more=st.data())
def test_minibatches_cover_each_example_once(count, seed, epoch, more):
    size = more.draw(st.integers(1, count))
    whole = data.noisy_sine(count)
    batches = list(whole.minibatches(size, seed, epoch))
    assert Counter(example for batch in batches for example in batch) == Counter(whole)
    assert all(len(batch) == size for batch in batches[:-1])
    assert len(batches) == math.ceil(count / size)


def test_epochs_have_orders_of_their_own():
    whole = data.two_moons(50)
    orders = {tuple(whole.minibatches(10, 0, epoch)) for epoch in range(5)}
    assert len(orders) == 5
    assert len({tuple(whole.minibatches(10, seed)) for seed in range(5)}) == 5


def test_without_a_size_a_batch_is_the_whole_in_order():
    whole = data.two_moons(10)
    assert list(whole.minibatches()) == [whole]


def test_lanes_are_the_columns():
    whole = data.blobs(7, classes=3)
    columns, targets = whole.lanes()
    assert list(zip(*[c.tolist() for c in columns], strict=True)) == list(whole.inputs)
    assert targets.tolist() == list(whole.targets)
    assert all(c.flags["C_CONTIGUOUS"] and c.ndim == 1 for c in columns)


def test_labels_change_and_the_points_stay():
    moons = data.two_moons(10)
    signs = moons.labelled(-1, 1)
    assert signs.inputs == moons.inputs
    assert [2 * t - 1 for t in moons.targets] == list(signs.targets)
    assert signs.classes == (-1, 1)


def test_arrays_of_numpy_and_pytorch_are_rows_of_numbers():
    np, torch = peer("numpy"), peer("torch")
    rows, labels = [[1.0, 2.0], [3.0, 4.0]], [0, 1]
    for array in (np.array, torch.tensor):
        found = DataSet(array(rows), array(labels))
        assert found == DataSet(rows, labels)
        assert [type(target) for target in found.targets] == [int, int]
        (x1, x2), y = found.lanes()
        assert (x1.tolist(), x2.tolist(), y.tolist()) == ([1.0, 3.0], [2.0, 4.0], [0.0, 1.0])


# Bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ((1, 2), (0, 1), r"a row of numbers for each example, as in \(\(0.5, 1.0\), …\); got 1"),
        (("ab", "cd"), (0, 1), "a row of numbers for each example, .* got 'ab'"),
        (None, (0, 1), "a row of numbers for each example, .* got None"),
        (3, (0, 1), "a row of numbers for each example, .* got 3"),
        (((1,), (2,)), 3, "a target for each example; got 3"),
        (((1,), (2,)), None, "a target for each example; got None"),
    ],
)
def test_examples_that_are_no_rows_are_named(inputs, targets, message):
    with pytest.raises(TypeError, match=message) as caught:
        DataSet(inputs, targets)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("strange", ["a", "0.5", None, 2 + 1j, [1], object()])
def test_what_is_no_number_is_named_with_its_place(strange):
    with pytest.raises(TypeError, match=r"holds numbers; got .* among its inputs"):
        DataSet(((1, 2.0), (0.5, strange)), (0, 1))
    if not hasattr(strange, "__len__"):
        with pytest.raises(TypeError, match=r"holds numbers; got .* among its targets"):
            DataSet(((1,), (2,)), (0, strange))


def test_labels_may_be_true_and_false():
    np = pytest.importorskip("numpy")
    found = DataSet(np.array([[1.0], [2.0]]), np.array([1.0, 2.0]) > 1.5)
    assert found.lanes()[1].tolist() == [0.0, 1.0]


def test_lists_and_arrays_are_taken_as_rows():
    rows = [[1.0, 2.0], [3.0, 4.0]]
    expected = DataSet(((1.0, 2.0), (3.0, 4.0)), (0, 1))
    assert DataSet(rows, [0, 1]) == expected
    assert DataSet(np.array(rows), np.array([0, 1])) == expected
    assert hash(DataSet(rows, [0, 1])) == hash(expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DataSet((), ()), "one example or more; got none"),
        (lambda: DataSet(((), ()), (0, 1)), "examples of one number or more; got empty rows"),
        (lambda: DataSet(((1.0,),), (1, 2)), "got 1 examples and 2 targets"),
        (lambda: DataSet(((1.0,), (1.0, 2.0)), (1, 2)), "as the first; got 1 and 2"),
        (lambda: DataSet(((1.0,),), (1,), names=("a", "b")), "1 numbers each; got 2 names"),
        (lambda: DataSet(((1.0,),), (3,), classes=(0, 1)), "one of the classes 0, 1; got 3"),
        (lambda: list(data.xor().minibatches(5)), "1 to 4 examples, as many as there are; got 5"),
        (lambda: data.xor().minibatches(0), "1 to 4 examples, as many as there are; got 0"),
        (lambda: data.xor().split(1.0), "split of 4 examples .* got the share 1.0"),
        (lambda: data.xor().split(math.nan), "got the share nan"),
        (lambda: data.xor().labelled(1), "2 classes; got 1 labels"),
        (lambda: data.two_moons(1), "2 examples or more; got 1"),
        (lambda: data.two_moons(10, noise=-1), "standard deviation, 0 or more; got -1"),
        (lambda: data.noisy_sine(10, noise=math.nan), "got nan"),
        (lambda: data.noisy_sine(0), "one example or more; got none"),
        (lambda: data.circles(10, factor=2), "radius between 0 and 1; got 2"),
        (lambda: data.xor(3), "4 examples or more; got 3"),
        (lambda: data.spirals(2, arms=3), "1 to 2 arms, one example each; got 3"),
        (lambda: data.blobs(2, classes=0), "1 to 2 classes, one example each; got 0"),
    ],
)  # fmt: skip
def test_bad_input_gives_one_clear_line(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


# Tables and images -------------------------------------------------------------------------------


def test_targets_may_be_rows_of_numbers_from_lists_or_arrays():
    rows = [[0.5, 1.0], [2.0, 3.0], [4.0, 5.0]]
    one_hot = [[1, 0], [0, 1], [1, 0]]
    from_lists, from_arrays = DataSet(rows, one_hot), DataSet(np.array(rows), np.array(one_hot))
    assert from_lists == from_arrays
    assert from_lists.width == 2
    columns, (first, second) = from_lists.lanes()
    assert [list(column) for column in columns] == [[0.5, 2.0, 4.0], [1.0, 3.0, 5.0]]
    assert (list(first), list(second)) == ([1.0, 0.0, 1.0], [0.0, 1.0, 0.0])
    assert from_lists.chosen([2]).targets == ((1, 0),)


def test_a_column_of_targets_is_one_target_each():
    assert DataSet(np.ones((2, 1)), np.array([[3.0], [4.0]])).targets == (3.0, 4.0)


class Frame:
    """What pandas gives of a frame, as far as we ask for it."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows

    def __len__(self):
        return len(self.rows)

    def to_numpy(self):
        return np.array(self.rows)


def test_a_frame_names_the_inputs():
    read = DataSet(Frame(["age", "dose"], [[1, 2], [3, 4]]), Frame(["y"], [[0], [1]]))
    assert (read.names, read.targets) == (("age", "dose"), (0, 1))


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([[1, 0], [1]], "all targets need as many numbers as the first; got 1 and 2"),
        ([[1, 0], 1], "targets of one kind, all numbers or all rows of numbers; got 1"),
        ([[1, 0], "ab"], "all numbers or all rows of numbers; got 'ab'"),
        ([[1, "x"], [1, 0]], "a data set holds numbers; got 'x' among its targets"),
        ([[], []], "targets of one number or more"),
    ],
)
def test_strange_targets_are_named(targets, message):
    with pytest.raises((TypeError, ValueError), match=message):
        DataSet([[1.0], [2.0]], targets)


def test_a_csv_file_gives_inputs_and_targets_by_name(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x1, y ,x2\n1,0,2.5\n\n3,1,4e1\n", encoding="utf-8-sig")
    read = DataSet.from_csv(path, "y")
    assert (read.names, read.inputs, read.targets) == (
        ("x1", "x2"), ((1.0, 2.5), (3.0, 40.0)), (0.0, 1.0),
    )  # fmt: skip
    assert DataSet.from_csv(path).targets == (2.5, 40.0)
    assert DataSet.from_csv(path, "x2", "y").targets == ((2.5, 0.0), (40.0, 1.0))


@pytest.mark.parametrize(
    ("text", "asked", "message"),
    [
        ("x,y\n1,2\n", ("z",), "no column 'z'; its columns are x, y$"),
        ("width,label\n1,2\n", ("lable",), "are width, label; did you mean 'label'?"),
        ('x,y\n"1,000",2\n', (), "line 2, column x: a number is needed; got '1,000'"),
        ("x;y\n1.000,5;2\n", (), "line 2, column x: a number is needed; got '1.000,5'"),
        ("x,y\n1,\n", (), "line 2, column y: a number is needed; got ''"),
        ("x,y\n1,nan\n", (), "line 2, column y: a number is needed; got 'nan'"),
        ("x,y\n1,cat\n", (), "line 2, column y: a number is needed; got 'cat'"),
        ("1,2\n3,4\n", (), "the first line names the columns; got 1, 2$"),
        (",x,y\n0,1,2\n", (), "each column has a name of its own; got '' for one"),
        ("x,x,y\n0,1,2\n", (), "each column has a name of its own; got 'x' for one"),
        ("gr\u00f6\u00dfe,y\n1,2\n".encode("latin-1"), (), "is not a CSV file in UTF-8: "),
        ("x,y\n" + "1" * 140_000 + ",2\n", (), "is not a CSV file in UTF-8: field larger"),
        ("x,y\n1,2\n1,two\n", (), "line 3, column y: a number is needed; got 'two'"),
        ("x,y\n1\n", (), "line 2: 2 columns, but 1 number"),
        ("", ("y",), "its columns are none"),
        ("x,y\n", (), "one example or more"),
        ("y\n1\n", (), "examples of one number or more"),
    ],
)
def test_a_strange_csv_file_is_named_by_its_line(tmp_path, text, asked, message):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=message) as caught:
        DataSet.from_csv(path, *asked)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["x,2019,y\n1.5,2,-0.25\n", "x;2019;y\n1,5;2;-0,25\n", "x\t2019\ty\n1,5\t2\t-0.25",
     "\n\nx;2019;y\r\n1.5;2;-2.5e-1\r\n  \r\n", '"x","2019", "y"\n"1.5","2","-.25"\n'],
)  # fmt: skip
def test_spreadsheets_of_all_countries_are_read(text, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode("utf-8-sig"))
    read = DataSet.from_csv(path)
    assert (read.names, read.inputs, read.targets) == (("x", "2019"), ((1.5, 2.0),), (-0.25,))


def test_a_very_wide_file_is_read_in_linear_time(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(",".join(f"c{k}" for k in range(60_000)) + "\n" + ",".join("1" * 60_000))
    start = time.process_time()
    assert len(DataSet.from_csv(path).names) == 59_999
    assert time.process_time() - start < 5


@pytest.mark.parametrize("number", [math.nan, math.inf, 10**400])
@pytest.mark.parametrize("where", ["inputs", "targets"])
def test_numbers_that_are_not_finite_are_refused(number, where):
    rows = {"inputs": [[1, 2.0], [3, 4.0]], "targets": [0, 1]}
    rows[where][1] = number if where == "targets" else [3, number]
    with pytest.raises(ValueError, match=f"finite numbers; got .* among its {where}$") as caught:
        DataSet(**rows)
    assert len(str(caught.value)) < 140


def test_names_and_classes_are_taken_from_arrays_and_texts():
    np = pytest.importorskip("numpy")
    rows = DataSet(np.zeros((3, 2)), np.array([0, 1, 1]), np.array(["p", "q"]), np.array([0, 1]))
    assert (rows.names, rows.classes) == (("p", "q"), (0, 1))
    assert rows.labelled(-1, 1).targets == (-1, 1, 1)


def test_the_digits_are_those_of_the_uci_repository():
    digits = data.digits()
    assert (len(digits), len(digits.names), digits.classes) == (1797, 64, tuple(range(10)))
    assert {pixel * 16 % 1 for row in digits.inputs for pixel in row} == {0.0}
    counts = [digits.targets.count(label) for label in digits.classes]
    assert counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as UCI documents them


def test_the_digits_are_those_of_scikit_learn():
    bundle = peer("sklearn.datasets").load_digits()
    digits = data.digits()
    assert [[pixel * 16 for pixel in row] for row in digits.inputs] == bundle.data.tolist()
    assert list(digits.targets) == bundle.target.tolist()
