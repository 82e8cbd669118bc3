"""Layout by our own columns or by Graphviz, which runs in a child process with a time limit.

Graphviz's layered algorithm (`dot`) places big graphs well, but it hangs on some and crashes on
others. So it never runs in this process: what it leaves undone costs a warning, not the picture.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, hypot, isfinite, sqrt
from shutil import which
from typing import TYPE_CHECKING, Any, Literal

from scalargrad.errors import DrawingError
from scalargrad.view.layout.layered import Box, Layout, Point, check, column_numbers, layered

if TYPE_CHECKING:
    from subprocess import Popen

BOXES_ON_A_SLIDE = 150  # up to here our own columns; the same picture on every machine
MOST_FOR_GRAPHVIZ = 10_000  # boxes and columns that edges pass: beyond, it seldom ends in time
LIMIT = 20.0  # seconds for Graphviz

_IMPORT_LIMIT = 10.0  # seconds to find out whether pygraphviz imports
_MOST_PORTS = 12  # operands to a box that get a port each; beyond, they share one
_NEAR = 0.2  # points between a curve and the polyline that is drawn for it
_MOST_STEPS = 64  # points to a curve
_STRAIGHT = 8.0  # points of an edge at either end that do not bend: an arrow's head fits there

_BUNDLED = (  # draws with the dot that comes in pygraphviz's wheel
    "import sys, pygraphviz\n"
    "graph = pygraphviz.AGraph(string=sys.stdin.read())\n"
    "sys.stdout.buffer.write(graph.draw(prog='dot', format='json'))\n"
)


def laid_out(
    boxes: Sequence[Box],
    edges: Sequence[tuple[int, int]],
    *,
    engine: Literal["own", "dot"] | None = None,
    limit: float = LIMIT,
    direction: Literal["LR", "TB"] = "LR",
    column_gap: float = 44.0,
    row_gap: float = 16.0,
    margin: float = 8.0,
) -> Layout:
    """The places of boxes and the routes of edges, by the engine that suits their number.

    Up to `BOXES_ON_A_SLIDE` boxes stand in our own columns. Beyond, Graphviz lays them out where it
    is found; where it fails or takes too long, our own columns do, and a warning says so.
    Graphs of more than `MOST_FOR_GRAPHVIZ` boxes and bends are left to our own columns at once.

    Args:
        boxes: in topological order, as `layered` takes them.
        edges: in the order of the operands, as `layered` takes them.
        engine: "own" or "dot" (Graphviz) for one of them whatever the size.
        limit: seconds that Graphviz may take.
        direction: of the data, from left to right or from top to bottom.
        column_gap: points between columns; Graphviz leaves 16 more.
        row_gap: points between boxes in a column.
        margin: points around all.

    Returns:
        A Layout; Graphviz's is `sampled`: its routes are to be joined by straight segments.

    Raises:
        ValueError: where `layered` raises it.
        DrawingError: for an unknown engine or an unusable limit, and when "dot" was asked for and
            Graphviz is not found, fails, or takes too long.

    >>> laid_out([Box(40, 20)] * 2, [(0, 1)]) == layered([Box(40, 20)] * 2, [(0, 1)])
    True
    """
    gaps = (column_gap, row_gap, margin)
    check(boxes, edges, direction, gaps)
    if engine not in (None, "own", "dot"):
        raise DrawingError(f"engine is 'own' or 'dot'; got {engine!r}")
    if not (isfinite(limit) and limit > 0):
        raise DrawingError(f"limit is a number of seconds > 0; got {limit}")
    wanted = engine == "dot" or (engine is None and _suits_graphviz(boxes, edges) and found())
    if boxes and wanted:
        answer = _by_graphviz(boxes, edges, limit, direction, gaps)
        if isinstance(answer, Layout):
            return answer
        if engine:
            raise DrawingError(answer)
        problem = answer.partition(":")[0]
        warnings.warn(f"laid out in plain columns: {problem}", stacklevel=2)
    return layered(
        boxes, edges, direction=direction,
        column_gap=column_gap, row_gap=row_gap, margin=margin,
    )  # fmt: skip


def _suits_graphviz(boxes: Sequence[Box], edges: Sequence[tuple[int, int]]) -> bool:
    """Whether a graph is larger than a slide, and small enough for Graphviz to end in seconds."""
    if len(boxes) <= BOXES_ON_A_SLIDE:
        return False
    place = column_numbers(len(boxes), edges)
    return len(boxes) + sum(place[b] - place[a] for a, b in edges) <= MOST_FOR_GRAPHVIZ


def found() -> str | None:
    """Which Graphviz there is: "dot" for a program on the PATH, "pygraphviz" for the one bundled.

    None where there is neither.
    """
    if which("dot"):
        return "dot"
    return "pygraphviz" if pygraphviz_works() else None


@cache
def pygraphviz_works() -> bool:
    """Whether pygraphviz 2 or later is installed and imports, tried in another process."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        is_new = int(version("pygraphviz").partition(".")[0]) >= 2
    except (PackageNotFoundError, ValueError):
        return False
    if not (is_new and sys.executable):
        return False
    done = run([sys.executable, "-P", "-c", "import pygraphviz"], b"", _IMPORT_LIMIT)
    return done.code == 0


# The child process -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """How a child process ended.

    Attributes:
        code: its exit code, negative for a signal; None when it ran out of time or never ran.
        output: what it wrote to standard output.
        errors: what it wrote to standard error.
        problem: why it did not end well, or "".
    """

    code: int | None
    output: bytes = b""
    errors: bytes = b""
    problem: str = ""


def run(command: Sequence[str], text: bytes, limit: float) -> Done:
    """How a child process ended that was given a text and a number of seconds.

    It and all that it started end with the limit. Files stand in for pipes, for a pipe stays open
    as long as any grandchild lives.
    """
    import subprocess  # which few pictures need, and takes a while
    from tempfile import TemporaryFile

    try:
        with TemporaryFile() as given, TemporaryFile() as output, TemporaryFile() as errors:
            given.write(text)
            given.seek(0)
            process = subprocess.Popen(
                command, stdin=given, stdout=output, stderr=errors, start_new_session=True
            )
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                return Done(None, problem=f"took more than {limit:g} s")
            finally:
                _end(process)
            output.seek(0)
            errors.seek(0)
            return Done(code, output.read(), errors.read(), _ending(code))
    except OSError as error:
        return Done(None, problem=f"cannot be run ({error.strerror or error})")


def _end(process: Popen[bytes]) -> None:
    """End a process and all that it started, if it still runs."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
    process.wait()


def _ending(code: int) -> str:
    """What is wrong with an exit code, or ""."""
    if code >= 0:
        return f"ended with exit code {code}" if code else ""
    try:
        return f"crashed ({signal.Signals(-code).name})"
    except ValueError:
        return f"crashed (signal {-code})"


# Graphviz ----------------------------------------------------------------------------------------


def _by_graphviz(
    boxes: Sequence[Box],
    edges: Sequence[tuple[int, int]],
    limit: float,
    direction: Literal["LR", "TB"],
    gaps: tuple[float, float, float],
) -> Layout | str:
    """The layout by Graphviz, or in one line why there is none and what would do."""
    engine = found()
    if engine is None:
        return (
            "engine 'dot' needs Graphviz, which is not found: install it (apt install graphviz, "
            "brew install graphviz, pip install pygraphviz), or use engine 'own'"
        )
    command = [which("dot") or "dot", "-Tjson"]
    if engine == "pygraphviz":
        command = [sys.executable, "-P", "-c", _BUNDLED]
    done = run(command, _source(boxes, edges, direction, gaps).encode(), limit)
    problem = done.problem
    if not problem:
        try:
            return _layout(done.output, boxes, edges, direction, gaps[2])
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
            problem = "gave no layout that can be read"
    return (
        f"Graphviz {problem} on {len(boxes):,} boxes: "
        "draw a smaller graph, give it a higher limit, or use engine 'own'"
    )


def _source(
    boxes: Sequence[Box],
    edges: Sequence[tuple[int, int]],
    direction: Literal["LR", "TB"],
    gaps: tuple[float, float, float],
) -> str:
    """The graph in Graphviz's language: numbers for names, no text of a user's.

    Edges leave in the middle of a side and enter in the middle of the opposite one; a box with
    parallel edges has a port there for each operand. Boxes are longer there than they are, so that
    edges bend away from them.
    """
    leave, enter = ("e", "w") if direction == "LR" else ("s", "n")
    degree = Counter(target for _, target in edges)
    parallel = {target for (_, target), times in Counter(edges).items() if times > 1}
    ported = {target for target in parallel if degree[target] <= _MOST_PORTS}
    lines = [
        f"digraph{{rankdir={direction};"
        f"ranksep={ceil(gaps[0]) / 72:.4f};nodesep={ceil(gaps[1]) / 72:.4f}",
        'node[shape=box fixedsize=true label="" fontsize=1 margin=0]',
        f"edge[arrowhead=none tailport={leave} headport={enter}]",
    ]
    for i, box in enumerate(boxes):
        fields = "|".join(f"<{k}>" for k in range(degree[i])) if i in ported else ""
        record = f' shape=record label="{fields}"' if fields else ""
        width = _even(box.width) + (2 * _STRAIGHT if direction == "LR" else 0)
        height = _even(box.height) + (2 * _STRAIGHT if direction == "TB" else 0)
        lines.append(f"{i}[width={width / 72:.4f} height={height / 72:.4f}{record}]")
    entered = [0] * len(boxes)
    for e, (source, target) in enumerate(edges):
        port = f' headport="{entered[target]}:{enter}"' if target in ported else ""
        entered[target] += 1
        lines.append(f"{source}->{target}[id={e}{port}]")
    return "\n".join([*lines, "}"])


def _even(size: float) -> int:
    """The least even number that is no smaller: Graphviz counts halves of boxes in whole points.

    >>> _even(20), _even(20.1)
    (20, 22)
    """
    return 2 * ceil(size / 2)


def _layout(
    answer: bytes,
    boxes: Sequence[Box],
    edges: Sequence[tuple[int, int]],
    direction: Literal["LR", "TB"],
    margin: float,
) -> Layout:
    """The layout that Graphviz answered in JSON.

    Raises:
        AttributeError, LookupError, TypeError, ValueError: where it is none of these boxes and
            edges.
    """
    read = json.loads(answer)
    outlines = {int(item["name"]): _points(item, "pP") for item in read.get("objects", ())}
    curves = {int(item["id"]): _points(item, "bB") for item in read.get("edges", ())}
    if (len(outlines), len(curves)) != (len(boxes), len(edges)):
        raise ValueError("another number of boxes or edges")
    centers = [_middle(outlines[i]) for i in range(len(boxes))]
    routes = [_route(curves[e]) for e in range(len(edges))]
    for route, (source, target) in zip(routes, edges, strict=True):
        route.insert(0, _on_border(centers[source], boxes[source], route[0], direction, 1))
        route.append(_on_border(centers[target], boxes[target], route[-1], direction, -1))
    return _framed(boxes, centers, routes, margin)


def _points(item: dict[str, Any], operations: str) -> list[Point]:
    """The points of the first of these drawing operations of an item; y grows downwards."""
    for operation in item["_draw_"]:
        if operation["op"] in operations:
            points = [(float(x), -float(y)) for x, y in operation["points"]]
            if points and all(isfinite(x) and isfinite(y) for x, y in points):
                return points
    raise ValueError("an item without points")


def _middle(outline: list[Point]) -> Point:
    """The centre of a box with these corners."""
    xs, ys = zip(*outline, strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _route(curve: list[Point]) -> list[Point]:
    """A chain of Bézier curves as a polyline that no eye tells from it.

    >>> _route([(0, 0), (10, 0), (20, 0), (30, 0)])
    [(0, 0), (30, 0)]
    """
    if len(curve) % 3 != 1 or len(curve) < 4:
        raise ValueError("no chain of Bézier curves")
    points = [curve[0]]
    for k in range(0, len(curve) - 1, 3):
        points += _sampled(curve[k], curve[k + 1], curve[k + 2], curve[k + 3])
    return points


def _sampled(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    """Points along a cubic Bézier curve after its first, the nearer the more it bends.

    Source: Wang, Jiang and Hua's bound on the distance of a curve from its chords, as in Goldman,
    "Pyramid Algorithms" (2003), chapter 5.
    """
    bend = max(
        hypot(p[0] - 2 * q[0] + r[0], p[1] - 2 * q[1] + r[1]) for p, q, r in ((a, b, c), (b, c, d))
    )
    steps = min(_MOST_STEPS, max(1, ceil(sqrt(0.75 * bend / _NEAR))))
    points = []
    for k in range(1, steps):
        t = k / steps
        u = 1 - t
        weights = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
        x = sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True))
        y = sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True))
        points.append((x, y))
    return [*points, d]


def _on_border(
    center: Point, box: Box, end: Point, direction: Literal["LR", "TB"], side: int
) -> Point:
    """The end of a route on the true border of its box, level with where Graphviz ends it."""
    x, y = center
    if direction == "LR":
        return x + side * box.width / 2, _within(end[1], y, box.height)
    return _within(end[0], x, box.width), y + side * box.height / 2


def _within(place: float, center: float, size: float) -> float:
    """The place, or the nearest that is no further from the centre than half the size."""
    return min(max(place, center - size / 2), center + size / 2)


def _framed(
    boxes: Sequence[Box], centers: list[Point], routes: list[list[Point]], margin: float
) -> Layout:
    """The layout with its frame around it, in thousandths of a point."""
    xs = [point[0] for route in routes for point in route]
    ys = [point[1] for route in routes for point in route]
    for (x, y), box in zip(centers, boxes, strict=True):
        xs += (x - box.width / 2, x + box.width / 2)
        ys += (y - box.height / 2, y + box.height / 2)
    left, top = min(xs) - margin, min(ys) - margin

    def moved(points: list[Point]) -> tuple[Point, ...]:
        return tuple((round(x - left, 3), round(y - top, 3)) for x, y in points)

    return Layout(
        round(max(xs) - left + margin, 3),
        round(max(ys) - top + margin, 3),
        moved(centers),
        tuple(map(moved, routes)),
        sampled=True,
    )
