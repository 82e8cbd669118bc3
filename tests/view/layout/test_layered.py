"""The layout as geometry: nothing overlaps, nothing passes under a box, symmetry survives."""

import os
import subprocess
import sys
from collections import Counter
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad.view.layout import layered as module
from scalargrad.view.layout.layered import Box, Layout, Point, layered

Edges = list[tuple[int, int]]
Graph = tuple[list[Box], Edges]

# ---------------------------------------------------------------- graphs


def named_graph(*lines: str) -> tuple[list[Box], Edges, dict[str, int]]:
    """Return boxes, edges and indices by name of lines such as "y: a b": a box, its operands."""
    index: dict[str, int] = {}
    edges = []
    for line in lines:
        name, _, operands = line.partition(":")
        sources = [index.setdefault(operand, len(index)) for operand in operands.split()]
        target = index.setdefault(name, len(index))
        edges += [(source, target) for source in sources]
    return [Box(30, 24)] * len(index), edges, index


def graph(*lines: str) -> Graph:
    """Return boxes and edges of lines such as "y: a b"."""
    boxes, edges, _ = named_graph(*lines)
    return boxes, edges


def dense(*layers: int) -> Graph:
    """Return a network in which every unit of a layer feeds every unit of the next."""
    firsts = [sum(layers[:k]) for k in range(len(layers) + 1)]
    units = [range(a, b) for a, b in pairwise(firsts)]
    edges = [(i, j) for here, there in pairwise(units) for j, i in product(there, here)]
    return [Box(30, 30)] * sum(layers), edges


def atoms(inputs: int, hidden: int) -> Graph:
    """Return a network with one hidden layer and one output, an operation per box."""
    lines = []
    for j in range(hidden):
        lines += [f"m{i}{j}: w{i}{j} x{i}" for i in range(inputs)]
        lines += [
            f"s{i}{j}: {f's{i - 1}{j}' if i > 1 else f'm0{j}'} m{i}{j}" for i in range(1, inputs)
        ]
        lines += [f"z{j}: s{inputs - 1}{j} b{j}", f"h{j}: z{j}", f"n{j}: v{j} h{j}"]
    lines += [f"t{j}: {f't{j - 1}' if j > 1 else 'n0'} n{j}" for j in range(1, hidden)]
    return graph(*lines, f"y: t{hidden - 1} c")


def binary_tree(depth: int) -> Graph:
    """Return a complete tree: 2 ** depth leaves, then their sums, layer by layer."""
    count, first, edges = 2**depth, 0, []
    while count > 1:
        edges += [(first + k, first + count + k // 2) for k in range(count)]
        first, count = first + count, count // 2
    return [Box(30, 20)] * (first + 1), edges


NETWORK = (  # 1-2-1 with ReLU, biases and squared error, in atoms
    "m1: w1 x",
    "m2: w2 x",
    "z1: m1 b1",
    "z2: m2 b2",
    "h1: z1",
    "h2: z2",
    "n1: w3 h1",
    "n2: w4 h2",
    "s: n1 n2",
    "yhat: s b3",
    "d: yhat y",
    "loss: d",
)
EXAMPLES = {
    "one-box": ([Box(30, 20)], []),
    "(x+y)*z": graph("s: x y", "p: s z"),
    "a+a": graph("s: a a"),
    "(a+a)*a": graph("s: a a", "p: s a"),
    "network": graph(*NETWORK),
    "no-biases": graph(
        *(line.replace("z1: m1 b1", "z1: m1").replace("z2: m2 b2", "z2: m2") for line in NETWORK)
    ),
    "contracted": graph("h1: x", "h2: x", "yhat: h1 h2", "loss: yhat"),
    "residual": graph("m: x w", "t: m", "s: t x", "n: s v", "u: n", "r: u s"),
    "tree": binary_tree(4),
}
PLANAR = list(EXAMPLES)
EXAMPLES["MLP"] = dense(2, 3, 1)
EXAMPLES["MLP-2-2-1-atoms"] = atoms(2, 2)
EXAMPLES["MLP-2-3-1-atoms"] = atoms(2, 3)
EXAMPLES["MLP-2-4-4-1"] = dense(2, 4, 4, 1)
EXAMPLES["uneven"] = (
    [Box(20 + 37 * i % 60, 12 + 23 * i % 50) for i in range(len(EXAMPLES["network"][0]))],
    EXAMPLES["network"][1],
)

no_deadline = settings(deadline=None)
sizes = st.builds(Box, st.floats(4, 120), st.floats(4, 120))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw boxes of any size and edges, parallel ones included, between them."""
    boxes = draw(st.lists(sizes, min_size=1, max_size=14))
    edges = []
    for target in range(1, len(boxes)):
        operands = st.lists(st.integers(0, target - 1), max_size=4)
        edges += [(source, target) for source in draw(operands)]
    return boxes, edges


# ---------------------------------------------------------------- checkers

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def rectangles(boxes: list[Box], layout: Layout) -> list[Rectangle]:
    """Return the borders of the boxes."""
    return [
        (x - box.width / 2, y - box.height / 2, x + box.width / 2, y + box.height / 2)
        for (x, y), box in zip(layout.centers, boxes, strict=True)
    ]


def overlaps(boxes: list[Box], layout: Layout, gap: float = 0.0) -> list[tuple[int, int]]:
    """Return the pairs of boxes that are nearer than the gap."""
    near = gap - 0.002
    return [
        (i, j)
        for (i, a), (j, b) in combinations(enumerate(rectangles(boxes, layout)), 2)
        if a[0] < b[2] + near and b[0] < a[2] + near and a[1] < b[3] + near and b[1] < a[3] + near
    ]


def curve(route: tuple[Point, ...], steps: int = 24) -> list[Point]:
    """Return points of the cubics with level tangents through a route."""
    sampled = []
    for (x0, y0), (x1, y1) in pairwise(route):
        for t in (k / steps for k in range(steps + 1)):
            x = x0 + (x1 - x0) * (1.5 * t * (1 - t) + t**3)  # control points half way
            y = y0 + (y1 - y0) * (3 * t**2 - 2 * t**3)
            sampled.append((x, y))
    return sampled


def hidden(boxes: list[Box], edges: Edges, layout: Layout) -> list[tuple[int, int]]:
    """Return (edge, box) where the edge, curved or straight, runs under a box not its own."""
    return [
        (e, i)
        for e, (ends, route) in enumerate(zip(edges, layout.routes, strict=True))
        for i, (left, top, right, bottom) in enumerate(rectangles(boxes, layout))
        if i not in ends
        and any(
            left + 0.02 < x < right - 0.02 and top + 0.02 < y < bottom - 0.02
            for x, y in curve(route) + straight(route)
        )
    ]


def straight(route: tuple[Point, ...], steps: int = 24) -> list[Point]:
    """Return points of the straight segments of a route."""
    return [
        (x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps)
        for (x0, y0), (x1, y1) in pairwise(route)
        for k in range(steps + 1)
    ]


def outside(boxes: list[Box], layout: Layout, margin: float) -> list[Point]:
    """Return the corners and route points that are not inside the frame's margin."""
    corners = [p for box in rectangles(boxes, layout) for p in (box[:2], box[2:])]
    low, right, bottom = margin - 0.002, layout.width - margin, layout.height - margin
    return [
        (x, y)
        for x, y in corners + [point for route in layout.routes for point in route]
        if not (low <= x <= right + 0.002 and low <= y <= bottom + 0.002)
    ]


def height_at(route: tuple[Point, ...], x: float) -> float:
    """Return the y of a route's straight segments at x."""
    for (x0, y0), (x1, y1) in pairwise(route):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    raise AssertionError(f"{x} is not on the route {route}")


def crossing_count(layout: Layout) -> int:
    """Return how many pairs of routes cross, ends and touching apart."""

    def side(a: Point, b: Point, c: Point) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    return sum(
        side(a, b, c) * side(a, b, d) < -1e-6 and side(c, d, a) * side(c, d, b) < -1e-6
        for first, second in combinations(layout.routes, 2)
        for (a, b), (c, d) in product(pairwise(first), pairwise(second))
    )


# ---------------------------------------------------------------- laws


@no_deadline
@given(graphs(), st.floats(0, 40), st.floats(0, 60), st.floats(0, 20))
def test_boxes_keep_their_gaps_and_everything_is_in_the_frame(drawn, row_gap, column_gap, margin):
    boxes, edges = drawn
    layout = layered(boxes, edges, row_gap=row_gap, column_gap=column_gap, margin=margin)
    assert not overlaps(boxes, layout, min(row_gap, column_gap))
    assert not outside(boxes, layout, margin)


@no_deadline
@given(graphs())
def test_routes_start_and_end_on_the_borders_of_their_own_boxes(drawn):
    boxes, edges = drawn
    layout = layered(boxes, edges)
    borders = rectangles(boxes, layout)
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert route[0][0] == pytest.approx(borders[source][2], abs=1e-9)
        assert route[-1][0] == pytest.approx(borders[target][0], abs=1e-9)
        assert borders[source][1] - 0.01 <= route[0][1] <= borders[source][3] + 0.01
        assert borders[target][1] - 0.01 <= route[-1][1] <= borders[target][3] + 0.01
        assert all(x0 < x1 for (x0, _), (x1, _) in pairwise(route))


@no_deadline
@given(graphs(), st.floats(0.1, 30))
def test_no_edge_passes_under_a_box(drawn, row_gap):
    boxes, edges = drawn
    assert not hidden(boxes, edges, layered(boxes, edges, row_gap=row_gap))


@no_deadline
@given(graphs())
def test_parallel_edges_stay_apart_in_the_order_of_the_operands(drawn):
    boxes, edges = drawn
    routes = layered(boxes, edges).routes
    leaving, entering = (Counter(ends) for ends in zip(*edges, strict=True)) if edges else ({}, {})
    for (e, ends), (f, other_ends) in combinations(enumerate(edges), 2):
        if ends == other_ends:
            source, target = ends
            shares = boxes[source].height / leaving[source], boxes[target].height / entering[target]
            apart = min(0.3, 0.9 * min(shares))  # many edges share the side of a small box
            x0, x1 = routes[e][0][0], routes[e][-1][0]
            for x in (x0 + (x1 - x0) * k / 20 for k in range(21)):
                assert height_at(routes[e], min(x, x1)) + apart < height_at(routes[f], min(x, x1))


@no_deadline
@given(graphs())
def test_top_down_is_the_transpose_of_left_to_right(drawn):
    boxes, edges = drawn
    across = layered(boxes, edges)
    down = layered([Box(box.height, box.width) for box in boxes], edges, direction="TB")
    assert (down.width, down.height) == (across.height, across.width)
    assert down.centers == tuple((y, x) for x, y in across.centers)
    assert down.routes == tuple(tuple((y, x) for x, y in route) for route in across.routes)


@no_deadline
@given(graphs())
def test_the_same_input_gives_the_same_layout(drawn):
    boxes, edges = drawn
    assert layered(boxes, edges) == layered(tuple(boxes), tuple(edges))


@no_deadline
@given(st.lists(st.floats(-100, 100), max_size=12), st.data())
def test_isotonic_regression_agrees_with_the_min_max_formula(values, data):
    weight = st.floats(0.1, 10)
    weights = data.draw(st.lists(weight, min_size=len(values), max_size=len(values)))

    def mean(a: int, b: int) -> float:
        ws = weights[a : b + 1]
        return sum(w * y for w, y in zip(ws, values[a : b + 1], strict=True)) / sum(ws)

    n = len(values)
    expected = [max(min(mean(a, b) for b in range(i, n)) for a in range(i + 1)) for i in range(n)]
    assert module.isotonic(values, weights) == pytest.approx(expected, abs=1e-6)


@no_deadline
@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)))
def test_crossings_are_counted_as_by_looking_at_every_pair(upper, lower):
    falling = sum(p > q for p, q in combinations(upper, 2))
    assert module.falling_pairs(upper) == falling
    pairs = list(product(upper, lower))
    excess = sum(p > q for p, q in pairs) - sum(p < q for p, q in pairs)
    assert module._excess(sorted(upper), sorted(lower)) == excess


# ---------------------------------------------------------------- the pictures on the slides


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_an_example_is_laid_out_without_overlap(name, direction):
    boxes, edges = EXAMPLES[name]
    layout = layered(boxes, edges, direction=direction)
    assert not overlaps(boxes, layout, 16)
    assert not outside(boxes, layout, 8)
    if direction == "LR":
        assert not hidden(boxes, edges, layout)


@pytest.mark.parametrize("name", PLANAR)
def test_a_graph_that_needs_no_crossing_has_none(name):
    assert crossing_count(layered(*EXAMPLES[name])) == 0


@pytest.mark.parametrize(
    ("name", "fewest"), [("MLP", 3), ("MLP-2-2-1-atoms", 1), ("MLP-2-3-1-atoms", 5)]
)
def test_a_network_has_the_fewest_crossings_known(name, fewest):
    assert crossing_count(layered(*EXAMPLES[name])) == fewest


MIRRORS = {  # boxes that change places when the picture is turned upside down
    "a+a": {},
    "contracted": {1: 2},
    "tree": {i: len(row) - 1 - i + 2 * row[0] for row in
             (range(16), range(16, 24), range(24, 28), range(28, 30)) for i in row},
    "MLP": {0: 1, 2: 4},
    "MLP-2-4-4-1": {0: 1, 2: 5, 3: 4, 6: 9, 7: 8},
}  # fmt: skip


@pytest.mark.parametrize("name", MIRRORS)
def test_a_symmetric_graph_is_drawn_symmetrically(name):
    layout = layered(*EXAMPLES[name])
    mirror = MIRRORS[name] | {j: i for i, j in MIRRORS[name].items()}
    for i, (x, y) in enumerate(layout.centers):
        mirrored_x, mirrored_y = layout.centers[mirror.get(i, i)]
        assert mirrored_x == x
        assert mirrored_y == pytest.approx(layout.height - y, abs=0.01)


def test_a_chain_is_a_straight_line():
    boxes = [Box(20 + 7 * i % 30, 10 + 11 * i % 40) for i in range(12)]
    layout = layered(boxes, list(pairwise(range(12))))
    assert len({y for _, y in layout.centers}) == 1
    assert all(len(route) == 2 for route in layout.routes)


@pytest.mark.parametrize("name", ["network", "no-biases"])
def test_an_operation_of_one_operand_is_level_with_it_whatever_their_sizes(name):
    _, edges = EXAMPLES[name]
    targets = [target for _, target in edges]
    sources = [source for source, _ in edges]
    boxes = [Box(30 + 37 * i % 60, 18 + 23 * i % 40) for i in range(max(targets) + 1)]
    routes = layered(boxes, edges).routes
    rows = [e for e, (a, b) in enumerate(edges) if sources.count(a) == 1 == targets.count(b)]
    assert len(rows) >= 3
    assert all(len(routes[e]) == 2 for e in rows)


def test_the_rows_of_the_network_are_level():
    boxes, edges, index = named_graph(*NETWORK)
    centers = layered(boxes, edges).centers
    y = {name: centers[i][1] for name, i in index.items()}
    assert y["z1"] == y["h1"] < y["z2"] == y["h2"]
    assert y["d"] == y["loss"]
    assert y["x"] == pytest.approx((y["m1"] + y["m2"]) / 2, abs=0.01)
    assert y["s"] == pytest.approx((y["n1"] + y["n2"]) / 2, abs=0.01)


def test_a_long_edge_bends_only_to_leave_and_to_arrive():
    boxes = [Box(30, 20)] * 10
    layout = layered(boxes, [*pairwise(range(10)), (0, 9)])
    assert len(layout.routes[-1]) == 4


def test_steep_edges_get_a_wider_gap_up_to_three_times_the_usual():
    columns = sorted({x for x, _ in layered(*binary_tree(6), column_gap=44).centers})
    gaps = [b - a - 30 for a, b in pairwise(columns)]
    assert gaps == sorted(gaps)
    assert gaps[0] == 44
    assert gaps[-1] == 3 * 44


def test_a_leaf_stands_beside_its_first_use():
    boxes, edges = graph("b: a", "c: b", "d: c w", "e: d", "f: e w")
    (w_x, _), (c_x, _) = (layered(boxes, edges).centers[i] for i in (3, 2))
    assert w_x == c_x


def test_neurons_of_a_layer_share_a_column_however_late_they_are_used():
    boxes, edges = graph("p: x u", "q: x v", "r: x w", "s: p q", "t: s r")
    assert len({layered(boxes, edges).centers[i][0] for i in (2, 4, 6)}) == 1


def test_operands_stand_in_order_where_that_costs_no_crossing():
    (_, x), (_, y), (_, s), (_, z), _ = layered(*EXAMPLES["(x+y)*z"]).centers
    assert x < s < y
    assert s < z


def test_boxes_without_edges_stand_under_each_other():
    layout = layered([Box(30, 20)] * 4, [(0, 2)])
    assert [layout.centers[i] for i in (0, 1, 3)] == [(23, 18), (23, 54), (23, 90)]


# ---------------------------------------------------------------- size, process, bad input


def program_like(count: int) -> Graph:
    """Return a graph like a long program: every box uses two of the three before it."""
    state, edges = 1, []
    for target in range(3, count):
        for _ in range(2):
            state = state * 1103515245 + 12345 & 0x7FFFFFFF
            edges.append((target - 1 - (state >> 16) % 3, target))
    return [Box(40, 24)] * count, edges


def line_count(boxes: list[Box], edges: Edges) -> int:
    """Return how many lines of the module run for a layout: work without a clock."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if frame.f_code.co_filename != module.__file__:
            return None
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        layered(boxes, edges)
    finally:
        sys.settrace(before)
    return count


def test_ten_times_the_boxes_take_at_most_twelve_times_the_work():
    small, large = (line_count(*program_like(count)) for count in (1_000, 10_000))
    assert large < 12 * small


def test_a_leaf_used_everywhere_makes_no_more_dummies_than_the_limit(monkeypatch):
    monkeypatch.setattr(module, "MAX_DUMMIES", 5_000)
    count = 600
    edges = [(i - 1, i) for i in range(1, count)] + [(0, i) for i in range(2, count)]
    boxes = [Box(30, 20)] * count
    layout = layered(boxes, edges)
    assert sum(len(route) for route in layout.routes) <= 2 * module.MAX_DUMMIES + 4 * len(edges)
    assert len(layout.routes[-1]) <= 4


def test_beyond_the_limit_only_the_longest_edges_go_straight(monkeypatch):
    boxes = [Box(30, 60)] * 8
    edges = [*pairwise(range(8)), (0, 7), (0, 2)]
    assert not hidden(boxes, edges, layered(boxes, edges))
    monkeypatch.setattr(module, "MAX_DUMMIES", 3)
    layout = layered(boxes, edges)
    assert not overlaps(boxes, layout)
    assert {e for e, _ in hidden(boxes, edges, layout)} == {7}


@no_deadline
@given(graphs())
def test_a_big_graph_is_swept_less_and_laid_out_as_soundly(drawn):
    boxes, edges = drawn
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("FEW_SWEEPS", "START_WORK", "SIFT_WORK"):
            patch.setattr(module, limit, 0)
        layout = layered(boxes, edges)
    assert not overlaps(boxes, layout, 16)
    assert not outside(boxes, layout, 8)
    assert not hidden(boxes, edges, layout)


def test_a_big_graph_is_swept_less(monkeypatch):
    drawn = program_like(300)
    often = line_count(*drawn)
    monkeypatch.setattr(module, "FEW_SWEEPS", 0)
    assert line_count(*drawn) < 0.8 * often


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_another_process_with_another_hash_seed_gives_the_same_layout(seed):
    code = (
        "from scalargrad.view.layout.layered import Box, layered\n"
        "boxes = [Box(20 + 7 * i % 31, 10 + 11 * i % 17) for i in range(40)]\n"
        "edges = [(i * k % (i - 1), i) for i in range(2, 40) for k in (3, 7)]\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    there = subprocess.run(
        [sys.executable, "-c", code + "print(layered(boxes, edges))"],
        env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    here: dict[str, object] = {}
    exec(code + "here = layered(boxes, edges)", here)
    assert there.strip() == str(here["here"])


def test_no_boxes_give_an_empty_layout():
    assert layered([], []) == Layout(0, 0, (), ())


BOX = Box(30, 20)
BAD = {
    "backward-edge": ([BOX, BOX], [(1, 0)], {}, "edge 0 must lead from a lower to a.*1 -> 0"),
    "loop": ([BOX, BOX], [(0, 1), (1, 1)], {}, "edge 1 must lead .*1 -> 1"),
    "missing-box": ([BOX, BOX], [(0, 2)], {}, "index of 2 boxes; got 0 -> 2"),
    "negative-index": ([BOX, BOX], [(-1, 1)], {}, "got -1 -> 1"),
    "edge-without-boxes": ([], [(0, 1)], {}, "index of 0 boxes"),
    "flat-box": ([BOX, Box(30, 0)], [], {}, r"box 1 must have .* got Box\(width=30, height=0\)"),
    "nan": ([Box(float("nan"), 3)], [], {}, "box 0 must have a finite width"),
    "infinite": ([Box(3, float("inf"))], [], {}, "box 0 must have a finite width"),
    "negative-gap": ([BOX], [], {"row_gap": -1}, "row_gap and margin must be finite and >= 0"),
    "direction": ([BOX], [], {"direction": "RL"}, "direction must be 'LR' or 'TB'; got 'RL'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_name(name):
    boxes, edges, options, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        layered(boxes, edges, **options)


# ---------------------------------------------------------------- the tests tested


def moved(layout: Layout, i: int, to: Point) -> Layout:
    """Return the layout with one box elsewhere."""
    centers = (*layout.centers[:i], to, *layout.centers[i + 1 :])
    return Layout(layout.width, layout.height, centers, layout.routes)


def test_the_checkers_catch_planted_faults():
    boxes, edges = EXAMPLES["network"]
    layout = layered(boxes, edges)
    x, y = layout.centers[0]
    assert (0, 1) in overlaps(boxes, moved(layout, 1, (x + 5, y + 5)))
    assert (0, 1) in overlaps(boxes, moved(layout, 1, (x, y + 24 + 8)), gap=16)
    assert outside(boxes, moved(layout, 1, (layout.width, y)), 8)
    middle = len(layout.routes[0]) // 2
    assert (0, 20) in hidden(boxes, edges, moved(layout, 20, curve(layout.routes[0])[middle]))


def test_the_crossing_counter_catches_exchanged_boxes():
    straight_across = (((0.0, 0.0), (9.0, 0.0)), ((0.0, 5.0), (9.0, 5.0)))
    crossed = (((0.0, 0.0), (9.0, 5.0)), ((0.0, 5.0), (9.0, 0.0)))
    assert crossing_count(Layout(9, 5, (), straight_across)) == 0
    assert crossing_count(Layout(9, 5, (), crossed)) == 1


def test_without_dummies_the_checker_sees_the_edge_under_the_boxes(monkeypatch):
    monkeypatch.setattr(module, "MAX_DUMMIES", 0)
    boxes, edges = [Box(30, 40)] * 3, [(0, 1), (1, 2), (0, 2)]
    assert hidden(boxes, edges, layered(boxes, edges)) == [(2, 1)]
