"""Graphviz in a child process: its layouts as geometry, and what a broken one may not do."""

import importlib.metadata
import os
import re
import shutil
import sys
import time
from itertools import pairwise
from math import dist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from view.layout.test_layered import EXAMPLES, graphs, outside, overlaps, rectangles

from scalargrad.errors import DrawingError
from scalargrad.view.layout import engines
from scalargrad.view.layout.engines import BOXES_ON_A_SLIDE, laid_out
from scalargrad.view.layout.layered import Box, Layout, layered

NEVER = settings(deadline=None, max_examples=25)  # each example starts a process
BOX = Box(30, 20)


@pytest.fixture(scope="module")
def graphviz():
    """Skip without Graphviz, or fail where SCALARGRAD_REQUIRE_PEERS is set."""
    if not shutil.which("dot"):
        if os.environ.get("SCALARGRAD_REQUIRE_PEERS"):
            pytest.fail("SCALARGRAD_REQUIRE_PEERS is set, and there is no dot on the PATH")
        pytest.skip("no dot on the PATH")


def chain(count):
    """Return a chain longer than a slide, or as long as asked for."""
    return [BOX] * count, list(pairwise(range(count)))


BIG = chain(BOXES_ON_A_SLIDE + 1)
SMALL = chain(5)


# ---------------------------------------------------------------- geometry of Graphviz's layouts


@NEVER
@given(graphs(), st.integers(0, 40), st.integers(0, 60), st.integers(0, 20), st.data())
def test_boxes_keep_their_gaps_and_everything_is_in_the_frame(
    graphviz, drawn, row_gap, column_gap, margin, data
):
    boxes, edges = drawn
    layout = laid_out(
        boxes, edges, engine="dot", row_gap=row_gap, column_gap=column_gap, margin=margin,
        direction=data.draw(st.sampled_from(["LR", "TB"])),
    )  # fmt: skip
    assert not overlaps(boxes, layout, min(row_gap, column_gap))
    assert not outside(boxes, layout, margin)


@NEVER
@given(graphs())
def test_routes_start_and_end_on_the_borders_of_their_own_boxes(graphviz, drawn):
    boxes, edges = drawn
    layout = laid_out(boxes, edges, engine="dot")
    borders = rectangles(boxes, layout)
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert route[0][0] == pytest.approx(borders[source][2], abs=0.002)
        assert route[-1][0] == pytest.approx(borders[target][0], abs=0.002)
        assert borders[source][1] - 0.01 <= route[0][1] <= borders[source][3] + 0.01
        assert borders[target][1] - 0.01 <= route[-1][1] <= borders[target][3] + 0.01


@NEVER
@given(graphs())
def test_top_down_routes_leave_below_and_enter_above(graphviz, drawn):
    boxes, edges = drawn
    layout = laid_out(boxes, edges, engine="dot", direction="TB")
    borders = rectangles(boxes, layout)
    for (source, target), route in zip(edges, layout.routes, strict=True):
        assert route[0][1] == pytest.approx(borders[source][3], abs=0.002)
        assert route[-1][1] == pytest.approx(borders[target][1], abs=0.002)
        assert borders[source][0] - 0.01 <= route[0][0] <= borders[source][2] + 0.01


@NEVER
@given(graphs())
def test_routes_are_straight_where_they_leave_and_where_the_head_of_an_arrow_is(graphviz, drawn):
    boxes, edges = drawn
    for route in laid_out(boxes, edges, engine="dot").routes:
        assert all(
            dist(*end) >= engines._STRAIGHT - 0.002 and abs(end[0][1] - end[1][1]) <= 1
            for end in (route[:2], route[-2:])
        )
        assert all(a != b for a, b in pairwise(route))


@NEVER
@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=4, max_size=4))
def test_a_sampled_curve_is_nowhere_far_from_the_true_one(curve):
    line = [curve[0], *engines._sampled(*curve)]

    def middle(p, q, t):
        return (p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t)

    def on_curve(t):  # de Casteljau, no polynomial
        points = curve
        while len(points) > 1:
            points = [middle(p, q, t) for p, q in pairwise(points)]
        return points[0]

    def to_segment(point, p, q):
        length = dist(p, q)
        if length < 1e-9:
            return dist(point, p)
        along = sum((a - b) * (c - b) for a, b, c in zip(point, p, q, strict=True)) / length**2
        return dist(point, middle(p, q, min(1, max(0, along))))

    near = engines._NEAR if len(line) <= engines._MOST_STEPS else 1.0
    for k in range(41):
        point = on_curve(k / 40)
        assert min(to_segment(point, p, q) for p, q in pairwise(line)) <= near + 1e-6


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_laid_out_in_the_direction_of_its_edges(graphviz, name, direction):
    boxes, edges = EXAMPLES[name]
    layout = laid_out(boxes, edges, engine="dot", direction=direction)
    along = 0 if direction == "LR" else 1
    assert layout.sampled
    assert not overlaps(boxes, layout, 15)
    for source, target in edges:
        assert layout.centers[source][along] < layout.centers[target][along]


def test_parallel_edges_part_between_their_boxes(graphviz):
    first, second = laid_out([BOX] * 2, [(0, 1)] * 2, engine="dot").routes
    assert first[-1][1] < second[-1][1]


def test_the_same_input_gives_the_same_layout(graphviz):
    boxes, edges = EXAMPLES["network"]
    assert laid_out(boxes, edges, engine="dot") == laid_out(boxes, edges, engine="dot")


# ---------------------------------------------------------------- which engine


def test_what_fits_a_slide_stands_in_our_own_columns():
    boxes, edges = chain(BOXES_ON_A_SLIDE)
    assert laid_out(boxes, edges) == layered(boxes, edges)


def test_graphviz_takes_over_beyond_a_slide(graphviz):
    assert laid_out(*BIG).sampled
    laid_out(*BIG)  # without a warning, which would be an error here
    assert laid_out(*BIG, engine="own") == layered(*BIG)


def test_options_reach_our_own_columns():
    boxes, edges = EXAMPLES["network"]
    options = {"direction": "TB", "column_gap": 9, "row_gap": 7, "margin": 3}
    assert laid_out(boxes, edges, **options) == layered(boxes, edges, **options)


@pytest.mark.parametrize("engine", [None, "own", "dot"])
def test_no_boxes_give_an_empty_layout(engine):
    assert laid_out([], [], engine=engine) == Layout(0, 0, (), ())


def test_bad_input_is_refused_before_any_engine_runs():
    with pytest.raises(ValueError, match=r"edge 0 must lead .* 1 -> 0"):
        laid_out([BOX, BOX], [(1, 0)], engine="dot")
    with pytest.raises(DrawingError, match="engine is 'own' or 'dot'; got 'neato'"):
        laid_out(*SMALL, engine="neato")
    for limit in (0, -1, float("nan"), float("inf")):
        with pytest.raises(DrawingError, match="limit is a number of seconds > 0"):
            laid_out(*SMALL, limit=limit)


# ---------------------------------------------------------------- a Graphviz that fails

GOOD_START = '{"objects": [{"name": "0", "_draw_": [{"op": "p", "points": [[0,0],[9,9]]}]}'
BROKEN = {
    "hangs": ("sleep 60", "took more than 1 s"),
    "hangs-in-a-child": ("sleep 60 & sleep 60 | cat; wait", "took more than 1 s"),
    "crashes": ("kill -SEGV $$", "crashed (SIGSEGV)"),
    "fails": ("echo Error: trouble >&2; exit 3", "ended with exit code 3"),
    "silent": ("exit 0", "gave no layout"),
    "garbage": ("head -c 5000 /dev/urandom", "gave no layout"),
    "no-object": ("echo '[1, 2]'", "gave no layout"),
    "deep": ("yes [ | head -c 100000 | tr -d '\\n'", "gave no layout"),
    "too-few-boxes": (f"echo '{GOOD_START}]}}'", "gave no layout"),
    "no-number": (f"echo '{GOOD_START.replace('[0,0]', '[NaN,0]')}]}}'", "gave no layout"),
    "odd-points": (f"echo '{GOOD_START.replace('[0,0]', '[0]')}]}}'", "gave no layout"),
}


def fake(directory, script):
    """Put a dot on the PATH that runs a script of the shell."""
    path = directory / "dot"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"{directory}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.skipif(os.name == "nt", reason="the fakes are shell scripts")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_graphviz_costs_a_warning_and_is_an_error_on_request(name, tmp_path, monkeypatch):
    script, problem = BROKEN[name]
    monkeypatch.setenv("PATH", fake(tmp_path, script))
    start = time.monotonic()
    with pytest.warns(UserWarning, match=re.escape(f"in plain columns: Graphviz {problem}")):
        layout = laid_out(*BIG, limit=1)
    assert (layout.centers, layout.routes) == (layered(*BIG).centers, layered(*BIG).routes)
    with pytest.raises(DrawingError) as caught:
        laid_out([BOX], [], engine="dot", limit=1) if name != "too-few-boxes" else laid_out(
            *SMALL, engine="dot", limit=1
        )
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert time.monotonic() - start < 12


@pytest.mark.skipif(os.name == "nt", reason="the fakes are shell scripts")
def test_a_dot_that_is_no_program_costs_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", fake(tmp_path, ""))
    (tmp_path / "dot").write_bytes(b"\x7fELF nonsense")
    with pytest.warns(UserWarning, match="Graphviz cannot be run"):
        laid_out(*BIG)


@pytest.mark.skipif(os.name == "nt", reason="the fakes are shell scripts")
def test_nothing_survives_the_limit(tmp_path, monkeypatch):
    mark = tmp_path / "alive"
    monkeypatch.setenv("PATH", fake(tmp_path, f"(sleep 2; touch {mark}) & sleep 60"))
    with pytest.warns(UserWarning, match="plain columns"):
        laid_out(*BIG, limit=0.5)
    time.sleep(2.5)
    assert not mark.exists()


@pytest.fixture
def without_graphviz(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engines, "pygraphviz_works", lambda: False)


def test_without_graphviz_everything_stands_in_our_own_columns(without_graphviz):
    assert engines.found() is None
    assert laid_out(*BIG) == layered(*BIG)


def test_without_graphviz_a_request_for_it_says_how_to_get_it(without_graphviz):
    with pytest.raises(DrawingError, match=r"not found: install it \(apt install graphviz"):
        laid_out(*SMALL, engine="dot")


def test_a_missing_pygraphviz_is_no_engine(tmp_path, monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.metadata.version", absent)
    engines.pygraphviz_works.cache_clear()
    assert engines.found() is None
    engines.pygraphviz_works.cache_clear()


def test_pygraphviz_runs_in_another_process(tmp_path, monkeypatch):
    """A stand-in: the real one is tried where it is installed."""
    package = tmp_path / "pygraphviz.py"
    package.write_text(
        "import os, subprocess\n"
        "class AGraph:\n"
        "    def __init__(self, string): self.text = string\n"
        "    def draw(self, prog, format):\n"
        f"        open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        f"        return subprocess.run([{shutil.which('dot')!r}, '-T' + format],\n"
        "            input=self.text.encode(), stdout=subprocess.PIPE, check=True).stdout\n"
    )
    if not shutil.which("dot"):
        package.write_text("raise ImportError('libX11')")
    expected = shutil.which("dot") and laid_out(*SMALL, engine="dot")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.0.4")
    engines.pygraphviz_works.cache_clear()
    try:
        if expected:
            assert engines.found() == "pygraphviz"
            assert laid_out(*SMALL, engine="dot") == expected
            assert (tmp_path / "pid").read_text() != str(os.getpid())
        else:
            assert engines.found() is None
    finally:
        engines.pygraphviz_works.cache_clear()
    assert "pygraphviz" not in sys.modules


# ---------------------------------------------------------------- size


def star(count):
    return [BOX] * (count + 1), [(0, i) for i in range(1, count + 1)]


@pytest.mark.parametrize("engine", ["with", "without"])
@pytest.mark.parametrize("drawn", [chain(10_000), star(1_000), star(10_000)], ids=len)
def test_ten_thousand_boxes_neither_hang_nor_crash(engine, drawn, request):
    if engine == "without":
        request.getfixturevalue("without_graphviz")
    start = time.monotonic()
    layout = laid_out(*drawn, limit=1)
    assert len(layout.centers) == len(drawn[0])
    assert time.monotonic() - start < 20


# ---------------------------------------------------------------- the tests tested


def test_the_geometry_catches_an_answer_with_boxes_on_top_of_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_middle", lambda outline: (0.0, 0.0))
    if not shutil.which("dot"):
        monkeypatch.setattr(engines, "_by_graphviz", lambda *_: Layout(30, 20, ((0, 0),) * 5, ()))
    assert overlaps(SMALL[0], laid_out(*SMALL, engine="dot"))
