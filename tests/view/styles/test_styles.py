import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise
from math import dist, inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad import Value, program
from scalargrad.engine import ops
from scalargrad.engine.value import constant
from scalargrad.graph.model import contracted, graph
from scalargrad.lectures import LECTURES
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import Numbers
from scalargrad.view.frames import steps
from scalargrad.view.layout.engines import found
from scalargrad.view.scene import (
    THEMES,
    Arrow,
    Circle,
    Look,
    Rectangle,
    Step,
    Text,
    measured,
    name_of,
)
from scalargrad.view.styles.beneath import SMALLEST, with_lines_beneath
from scalargrad.view.styles.circuit import circuit
from scalargrad.view.styles.record import record

STYLES = {"circuit": circuit, "record": record}
DERIVATION = Written(
    "∂ℓ/∂w₂ = (−1.2)(0.1)(2) = −0.24",
    r"\frac{\partial \ell}{\partial w_2} = (-1.2)(0.1)(2) = -0.24",
)


def look(**more):
    return Look(**{"theme": THEMES["light"], "numbers": Numbers(3), **more})


# Examples ----------------------------------------------------------------------------------------


def lecture(index=0):
    output = program(LECTURES[index].text).output
    output.backward()
    return output


def slide():
    """The circuit of the slide: two products, two sums and a sigmoid, from one dot."""
    w2, w0, x0, w1, x1 = (
        Value(text, name)
        for text, name in (("-3", "w2"), ("2", "w0"), ("-1", "x0"), ("-3", "w1"), ("-2", "x1"))
    )
    f = ops.dot(w2, w0, x0, w1, x1).sigmoid().named("f")
    f.backward()
    return f


def product():
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    f = ((x + y).named("q") * z).named("f")
    f.backward()
    return f


def twice():
    a = Value(3, "a")
    y = (a + a).named("y")
    y.backward()
    return y


def micrograd_example():
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    c, d = a + b, a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    f = (c - d) ** 2
    g = f / 2.0 + 10.0 / f
    g.backward()
    return g


def cross_entropy():
    x1, x2, w1, w2, b, y = (
        Value(text, name)
        for text, name in (("2", "x1"), ("-1", "x2"), ("0.5", "w11"), ("0.25", "w21"),
                           ("0.1", "b"), ("1", "y"))
    )  # fmt: skip
    a = ops.dot(b, w1, x1, w2, x2).named("z").sigmoid().named("yhat")
    loss = (-(y * a.log() + (1 - y) * (1 - a).log())).named("loss")
    loss.backward()
    return loss


def classifier():
    x = [Value("1", "x1"), Value("-2", "x2")]
    scores = [
        ops.dot(
            Value("0.1", f"b{k}"),
            Value(Fraction(k, 7), f"w1{k}"), x[0], Value(Fraction(-k, 3), f"w2{k}"), x[1],
        ).named(f"z{k}")
        for k in (1, 2, 3)
    ]  # fmt: skip
    loss = (ops.logsumexp(*scores) - scores[1]).named("loss")
    loss.backward()
    return loss


def long_numbers():
    y = Value(-1.23456789e-300, "f") * Value(-1e300, "F") + Value(Fraction(10**1000 + 1, 7), "long")
    y = y * Value(np.linspace(-1, 1, 50), "lanes") + nan * Value(inf)
    y.backward()
    return y


HOSTILE = (
    "\"quotes'{braces}", "<script>alert(1)</script>", "&amp; & &#60;", "back\\slash\\n\\",
    "new\nline\ttab\r", "ctl\x00\x01\x1b[31m", "emoji 😀🚀", "שלום \u202eabc", "$x$ $\\frac{1}{2}$",
    "$", "x" * 10_000, "漢字", "e\u0301\u0302", "\ud800", "   ", "\u200b", "$\\frac{a}{b}$",
    "W_hidden",
)  # fmt: skip


def hostile():
    values = [Value(index, label) for index, label in enumerate(HOSTILE)]
    y = sum(values[1:], start=values[0] * 2).named("</text><script>")
    y.backward()
    return y


def wide():
    """Operations that are drawn as boxes, of few and of many operands."""
    x = [Value(k, f"x{k}") for k in range(9)]
    y = ops.maximum(*x).softplus().leaky_relu() ** x[1] + ops.where_(x[1], x[2], x[3])
    y.backward()
    return y


def network():
    """A two-layer network with shared inputs."""
    x = [Value(k, f"x{k}") for k in (1, 2)]
    h = [
        ops.dot(0, *[t for i in (0, 1) for t in (Value(i - k, f"w{i}{k}"), x[i])]).tanh()
        for k in range(3)
    ]
    y = (ops.mean(*h) - ops.total(*h)).square().named("loss")
    y.backward()
    return y


EXAMPLES = {
    "lecture": lecture, "biases": lambda: lecture(1), "slide": slide, "product": product,
    "twice": twice, "micrograd": micrograd_example, "cross-entropy": cross_entropy,
    "classifier": classifier, "long": long_numbers, "hostile": hostile, "wide": wide,
    "network": network, "leaf": lambda: Value(2, "x"), "nameless": lambda: Value(2) * Value(3),
    "number": lambda: (Value(1, "a") * 2 + 3).named("c"),
}  # fmt: skip


@cache
def example(name):
    return graph(EXAMPLES[name](), expand=True)


def random_output(seed, size=14):
    chance = random.Random(seed)
    made = [Value(Fraction(chance.randint(-9, 9), chance.randint(1, 5)), f"x{i}") for i in range(4)]
    for step in range(size):
        a, b, c = (chance.choice(made) for _ in range(3))
        choices = [
            a + b, a - b, a * b, a.relu(), -a, a.maximum(b), a + 3, ops.dot(c, a, b, b, c),
            ops.total(a, b, c), ops.mean(a, b), ops.dot(0, a, b), ops.dot(a, b, c).square(),
        ]  # fmt: skip
        made.append(chance.choice(choices))
        if chance.random() < 0.4:
            made[-1].named(f"n{step}")
    output = ops.total(*made[-3:])
    output.backward()
    return output


def a_path(shown, start):
    """The edges of one way from a node to the output."""
    edges = []
    while shown.outgoing[start]:
        edges.append(shown.outgoing[start][-1])
        start = shown.edges[edges[-1]].target
    return frozenset(edges)


# Atoms -------------------------------------------------------------------------------------------


def everything(shown):
    return (
        shown.nodes,
        shown.edges,
        shown.output,
        [str(shown.formula(index)) for index in range(len(shown.edges))],
    )


def numbers_of_kind(kind):
    exact = [Fraction(k, 7) - 2 for k in range(6)]
    return exact if kind == "exact" else [float(number) for number in exact]


def binary(a, b, c, d, e, f):
    bias, difference, two = (a * b).tanh(), c - d, constant(2)
    return (difference * e + f * two + bias).named("z").square() * a


BY_HAND = {
    "dot": (
        lambda a, b, c, d, e, f: ops.dot(a, b, c, d, e).named("y"),
        lambda a, b, c, d, e, f: ((b * c + d * e) + a).named("y"),
    ),
    "dot without bias": (
        lambda a, b, c, d, e, f: ops.dot(0, b, c, d, e).named("y"),
        lambda a, b, c, d, e, f: (b * c + d * e).named("y"),
    ),
    "dot of one pair": (
        lambda a, b, c, d, e, f: ops.dot(0, b, c).named("y"),
        lambda a, b, c, d, e, f: (b * c).named("y"),
    ),
    "dot with itself": (
        lambda a, b, c, d, e, f: ops.dot(a, a, a).named("y"),
        lambda a, b, c, d, e, f: (a * a + a).named("y"),
    ),
    "total": (
        lambda a, b, c, d, e, f: ops.total(a, b, c, a).named("y"),
        lambda a, b, c, d, e, f: (a + b + c + a).named("y"),
    ),
    "mean": (
        lambda a, b, c, d, e, f: ops.mean(a, b, c).named("y"),
        lambda a, b, c, d, e, f: ((a + b + c) / 3).named("y"),
    ),
    "below and above": (
        lambda a, b, c, d, e, f: ops.dot((a * b).tanh(), c - d, e, f, 2).named("z").square() * a,
        lambda a, b, c, d, e, f: binary(a, b, c, d, e, f),
    ),
}


@pytest.mark.parametrize("kind", ["exact", "float"])
@pytest.mark.parametrize("name", BY_HAND)
def test_atoms_are_what_one_builds_from_binary_operations(name, kind):
    made = []
    for build in BY_HAND[name]:
        leaves = [Value(n, label) for n, label in zip(numbers_of_kind(kind), "abcdef", strict=True)]
        output = build(*leaves)
        output.backward()
        made.append(output)
    expanded, by_hand = graph(made[0], expand=True), graph(made[1])
    assert everything(expanded)[2:] == everything(by_hand)[2:]
    if kind == "exact" and name != "below and above":  # that has a tanh, and so is rounded
        assert everything(expanded) == everything(by_hand)
    assert [n.operation for n in expanded.nodes] == [n.operation for n in by_hand.nodes]
    for a, b in zip(expanded.nodes, by_hand.nodes, strict=True):
        assert a.value == pytest.approx(b.value, rel=1e-14, abs=1e-14)
        assert a.gradient == pytest.approx(b.gradient, rel=1e-14, abs=1e-14)


def broken_sums(shown):
    """Nodes whose gradient is not the sum of the contributions of their uses."""
    return [
        index
        for index, node in enumerate(shown.nodes)
        if index != shown.output
        and node.gradient != sum(shown.edges[e].contribution for e in shown.outgoing[index])
    ]


def broken_steps(shown):
    """Nodes whose value is not that of their operation on their operands."""
    broken = []
    for index, node in enumerate(shown.nodes):
        operands = [shown.nodes[shown.edges[e].source].value for e in shown.incoming[index]]
        if operands and ops.OPERATIONS[node.operation](*operands) != node.value:
            broken.append(index)
    return broken


@pytest.mark.parametrize("seed", range(25))
def test_atoms_of_a_random_graph_are_exact_and_add_up(seed):
    output = random_output(seed)
    plain, expanded = graph(output), graph(output, expand=True)
    assert not {node.operation for node in expanded.nodes} & {"dot", "total", "mean"}
    assert broken_sums(expanded) == broken_steps(expanded) == []
    kept = Counter((n.label, n.value, n.gradient) for n in plain.nodes if not n.is_constant)
    assert kept <= Counter((n.label, n.value, n.gradient) for n in expanded.nodes)
    assert expanded.nodes[expanded.output].value == output.data


def test_a_wrong_atom_is_caught():
    shown = graph(random_output(1), expand=True)
    node = next(i for i, n in enumerate(shown.nodes) if n.operation == "mul")
    wrong = replace(shown.nodes[node], value=shown.nodes[node].value + 1)
    planted = replace(shown, nodes=(*shown.nodes[:node], wrong, *shown.nodes[node + 1 :]))
    assert node in broken_steps(planted)


def test_without_the_rows_of_sums_expansion_changes_nothing():
    for make in (product, twice, micrograd_example):
        output = make()
        assert everything(graph(output, expand=True)) == everything(graph(output))


def test_atoms_come_from_what_the_operation_captured():
    w, x = Value("0.5", "w"), Value(3, "x")
    y = ops.dot(0, w, x, w, w)
    y.backward()
    w.data = Fraction(100)  # as a training step does
    assert broken_sums(graph(y, expand=True)) == []
    assert Fraction(3, 2) in [node.value for node in graph(y, expand=True).nodes]


def test_exact_operands_beside_a_float_stay_exact_in_their_own_product():
    y = ops.dot(Value(0.25, "b"), Value("0.3", "w"), Value(2, "x"))
    assert Fraction(3, 5) in [node.value for node in graph(y, expand=True).nodes]


def test_lanes_and_ungraded_graphs_are_expanded():
    lanes = Value(np.array([1.0, 2.0]), "x")
    y = ops.dot(Value(1, "b"), Value(3, "w"), lanes)
    assert all(node.gradient is None for node in graph(y, expand=True).nodes)
    y.backward()
    shown = graph(y, expand=True)
    assert [node.operation for node in shown.nodes] == ["", "", "", "mul", "add"]
    assert np.asarray(shown.nodes[3].value).tolist() == [3.0, 6.0]


def test_the_expressions_of_atoms_are_in_names():
    b, w, x = Value(1, "b1"), Value(2, "w1"), Value(3, "x")
    h = ops.dot(b, w, x).relu().named("h1")
    h.backward()
    shown = graph(h, expand=True)
    texts = [str(shown.expression(i)) for i, n in enumerate(shown.nodes) if not n.is_leaf]
    assert texts[0] == "w₁ x"
    assert "b₁" in texts[1]


# Geometry ----------------------------------------------------------------------------------------


def box_of(text):
    size = measured(text)
    left = text.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[text.anchor] * size.width
    return left, text.y - size.above, left + size.width, text.y + size.below


def outline_of(shape):
    if isinstance(shape, Circle):
        r = shape.radius
        return shape.x - r, shape.y - r, shape.x + r, shape.y + r
    return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height


def way(arrow, steps=14):
    """Points along a wire, as every format draws it."""
    for (x0, y0), (x1, y1) in pairwise(arrow.points):
        for k in range(steps + 1):
            t = k / steps
            s = 3 * t * t - 2 * t**3 if arrow.curved else t  # an end coordinate of the cubic
            m = 1.5 * t * (1 - t) + t**3 if arrow.curved else t  # one whose tangent runs along
            yield (
                x0 + (m if arrow.curved == "x" else s) * (x1 - x0),
                y0 + (m if arrow.curved == "y" else s) * (y1 - y0),
            )


def meet(a, b, room=0.05):
    return a[0] + room < b[2] and b[0] + room < a[2] and a[1] + room < b[3] and b[1] + room < a[3]


def within(inner, outer, room=0.05):
    return (
        inner[0] >= outer[0] - room and inner[1] >= outer[1] - room
        and inner[2] <= outer[2] + room and inner[3] <= outer[3] + room
    )  # fmt: skip


def holds(box, point, room):
    return box[0] + room < point[0] < box[2] - room and box[1] + room < point[1] < box[3] - room


def nodes_of(scene):
    """The outlines of nodes; the dots where wires part, and frames around names, are none."""
    return [
        shape
        for shape in scene.shapes
        if isinstance(shape, Rectangle) or (isinstance(shape, Circle) and shape.radius > 3.5)
    ]


def flaws(scene):
    """What a lecturer would have to retouch, in words."""
    texts = [shape for shape in scene.shapes if isinstance(shape, Text)]
    wires = [shape for shape in scene.shapes if isinstance(shape, Arrow)]
    nodes = nodes_of(scene)
    frame = (0.0, 0.0, scene.width, scene.height)
    boxes = [box_of(text) for text in texts]
    outlines = [outline_of(node) for node in nodes]
    points = [(point, wire) for wire in wires for point in way(wire)]
    flawed = [f"small: {text.text}" for text in texts if text.size < SMALLEST]
    flawed += [f"outside: {t.text}" for t, box in zip(texts, boxes, strict=True)
              if not within(box, frame)]  # fmt: skip
    flawed += ["node outside" for outline in outlines if not within(outline, frame)]
    flawed += ["wire outside" for (x, y), _ in points
              if not (0 <= x <= scene.width and 0 <= y <= scene.height)]  # fmt: skip
    for (i, a), (j, b) in combinations(enumerate(boxes), 2):
        if meet(a, b):
            flawed.append(f"texts meet: {texts[i].text!r} and {texts[j].text!r}")
    flawed += ["nodes meet" for a, b in combinations(outlines, 2) if meet(a, b)]
    for text, box in zip(texts, boxes, strict=True):
        for outline in outlines:
            if meet(box, outline) and not within(box, outline):
                flawed.append(f"text on an outline: {text.text}")
    for point, wire in points:
        for text, box in zip(texts, boxes, strict=True):
            if holds(box, point, 0.0):
                flawed.append(f"wire {wire.points} through {text.text!r}")
        for node, outline in zip(nodes, outlines, strict=True):
            if isinstance(node, Circle):
                if dist(point, (node.x, node.y)) < node.radius - 0.6:
                    flawed.append("wire in a circle")
            elif holds(outline, point, 0.6):
                flawed.append("wire in a box")
    return flawed


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_touches_what_it_should_not(name, style, direction):
    scene = STYLES[style](example(name), look(direction=direction))
    assert flaws(scene) == []
    assert any(isinstance(shape, Text) for shape in scene.shapes)


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["biases", "micrograd", "cross-entropy", "network", "twice"])
def test_nothing_touches_on_a_path_with_a_derivation_and_a_step(name, style, direction):
    shown = example(name)
    count = len(shown.nodes)
    step = Step(frozenset(range(count)), frozenset(range(count)), frozenset(range(0, count, 3)),
                Written("1 × 2 = 2"))  # fmt: skip
    scene = STYLES[style](
        shown,
        look(direction=direction, path=a_path(shown, 0), beneath=(DERIVATION,), step=step,
             room=(Written("a much longer caption, of another step"),), numbers=Numbers(6)),
    )  # fmt: skip
    assert flaws(scene) == []


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["biases", "cross-entropy", "twice", "wide"])
def test_graphviz_can_lay_it_out(name, style, direction):
    if not found():
        pytest.skip("no Graphviz here")
    scene = STYLES[style](example(name), look(direction=direction, engine="dot"))
    assert flaws(scene) == []
    assert texts_of(scene) == texts_of(STYLES[style](example(name), look(direction=direction)))


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 18), st.sampled_from(["LR", "TB"]),
    st.sampled_from(sorted(STYLES)), st.integers(1, 8), st.booleans(),
)  # fmt: skip
def test_nothing_touches_in_random_graphs(seed, size, direction, style, digits, is_path):
    shown = graph(random_output(seed, size), expand=True)
    path = a_path(shown, seed % len(shown.nodes)) if is_path else frozenset()
    numbers = Numbers(digits, fractions=bool(seed % 2))
    scene = STYLES[style](shown, look(direction=direction, numbers=numbers, path=path))
    assert flaws(scene) == []


def test_flaws_are_noticed():
    scene = circuit(example("slide"), look())
    assert flaws(scene) == []
    place = next(i for i, s in enumerate(scene.shapes) if isinstance(s, Text) and s.text == "6")
    text = scene.shapes[place]
    for x, y in ((text.x - 20, text.y + 8), (-5, text.y), (text.x, scene.height + 3)):
        moved = replace(text, x=x, y=y)
        shapes = (*scene.shapes[:place], moved, *scene.shapes[place + 1 :])
        assert flaws(replace(scene, shapes=shapes)) != []
    ends = [s for s in scene.shapes if isinstance(s, Circle)]
    chord = Arrow(((0, ends[0].y), (ends[0].x + 5, ends[0].y)), "#000000")
    assert "wire in a circle" in flaws(replace(scene, shapes=(*scene.shapes, chord)))


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_wire_ends_on_the_node_it_enters(name, direction):
    shown = example(name)
    scene = circuit(shown, look(direction=direction))
    heads = [s for s in scene.shapes if isinstance(s, Arrow) and s.head]
    outlines = nodes_of(scene)
    ends = 0
    for arrow in heads:
        x, y = arrow.points[-1]
        for node in outlines:
            if isinstance(node, Circle):
                ends += abs(dist((x, y), (node.x, node.y)) - node.radius) < 0.01
            else:
                ends += within((x, y, x, y), outline_of(node), 0.01)
    assert ends == len(shown.edges)
    assert len(heads) == len(shown.edges) + 1  # and the arrow behind the output


# What is shown -----------------------------------------------------------------------------------


def texts_of(scene):
    return Counter(shape.text for shape in scene.shapes if isinstance(shape, Text))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_all_numbers_and_names_stand_in_the_picture(name, style):
    shown, seen = example(name), look()
    texts = texts_of(STYLES[style](shown, seen))
    wanted = Counter()
    for index, node in enumerate(shown.nodes):
        wanted[seen.numbers.text(node.value)] += 1
        if name_of(node).text:
            wanted[name_of(node).text] += 1
        if node.is_constant:
            continue
        mark = "∂ " if style == "record" else ""
        wanted[mark + seen.numbers.text(node.gradient)] += 1
        if len(shown.outgoing[index]) > 1:
            for edge in shown.outgoing[index]:
                wanted[seen.numbers.text(shown.edges[edge].contribution)] += 1
    assert wanted - texts == Counter()


@pytest.mark.parametrize("style", STYLES)
def test_a_sum_is_marked_and_each_wire_has_its_part(style):
    scene = STYLES[style](example("twice"), look())
    texts = texts_of(scene)
    assert sum(count for text, count in texts.items() if "Σ" in text) == 1
    gradients = [s for s in scene.shapes
                 if isinstance(s, Text) and s.colour == THEMES["light"].gradient]  # fmt: skip
    assert sorted(s.text.removeprefix("∂ ") for s in gradients) == ["1", "1", "1", "2"]
    heads = [s.points[-1] for s in scene.shapes if isinstance(s, Arrow) and s.head]
    assert len(set(heads)) == len(heads)


@pytest.mark.parametrize("style", STYLES)
def test_the_path_is_accented_with_its_factors(style):
    shown = example("biases")
    start = next(i for i, node in enumerate(shown.nodes) if node.label == "w2")
    path = a_path(shown, start)
    plain, seen = (STYLES[style](shown, look(path=p)) for p in (frozenset(), path))
    theme = THEMES["light"]
    on_path = [s for s in seen.shapes if isinstance(s, Arrow) and s.colour == theme.path]
    assert len(on_path) == len(path)
    assert all(s.line > 2 for s in on_path)
    factors = Counter(s.text for s in seen.shapes
                      if isinstance(s, Text) and s.text.startswith("× "))  # fmt: skip
    assert factors == {"× 2": 1, "× 1": len(path) - 3, "× 0.1": 1, "× (−1.2)": 1}
    tinted = [s for s in nodes_of(seen) if s.fill == theme.accent_tint]
    assert len(tinted) == len(path) + (style == "record")  # in a circuit the leaf is a bare name
    assert not any(t.startswith("× ") for t in texts_of(plain))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("style", STYLES)
def test_only_colours_of_the_theme_are_used(style, theme):
    shown = example("biases")
    scene = STYLES[style](
        shown, look(theme=theme, path=a_path(shown, 0), dropped=frozenset({3, 9}),
                    beneath=(DERIVATION,)),
    )  # fmt: skip
    known = {value for name, value in vars(theme).items() if name != "name"}
    used = {scene.paper}
    for shape in scene.shapes:
        used |= {shape.colour} if isinstance(shape, Text | Arrow) else {shape.fill, shape.stroke}
    assert used <= known
    assert theme.path in used


@pytest.mark.parametrize("style", STYLES)
def test_what_is_dropped_is_grey_and_dashed(style):
    shown = example("biases")
    node = next(i for i, n in enumerate(shown.nodes) if n.label == "h2")
    scene = STYLES[style](shown, look(dropped=frozenset({node})))
    dashed = [s for s in scene.shapes if not isinstance(s, Text) and s.dashed]
    assert len([s for s in dashed if isinstance(s, Arrow)]) == len(
        shown.incoming[node] + shown.outgoing[node]
    )
    assert len([s for s in dashed if not isinstance(s, Arrow)]) == 1
    muted = [s.text for s in scene.shapes
             if isinstance(s, Text) and s.colour == THEMES["light"].muted]  # fmt: skip
    assert {"h₂", "1.8"} <= set(muted)


def test_the_output_ends_in_an_arrow_with_its_name():
    scene = circuit(example("slide"), look())
    tip = max(s.points[-1] for s in scene.shapes if isinstance(s, Arrow) and s.head)
    names = [s for s in scene.shapes if isinstance(s, Text) and s.text == "f"]
    assert len(names) == 1
    assert box_of(names[0])[0] > tip[0]


def test_a_contracted_graph_is_drawn_too():
    for style in STYLES.values():
        assert flaws(style(contracted(lecture(1)), look())) == []


# Frames ------------------------------------------------------------------------------------------


def places(scene, kept):
    """Where everything is, without colours; texts by what they say, as some are not there yet."""
    wires = [s.points for s in scene.shapes if isinstance(s, Arrow)]
    circles = [(s.x, s.y, s.radius) for s in scene.shapes if isinstance(s, Circle)]
    texts = Counter((s.text, s.x, s.y) for s in scene.shapes if isinstance(s, Text))
    return scene.width, scene.height, wires, circles, texts if kept else None


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["biases", "twice", "cross-entropy"])
def test_frames_share_their_coordinates(name, style, direction):
    shown = example(name)
    build = steps(shown, Numbers(3))
    room = tuple(step.caption for step in build)
    seen = look(direction=direction, room=room)
    full = STYLES[style](shown, seen)
    texts = places(full, kept=True)[-1]
    for step in build:
        frame = STYLES[style](shown, replace(seen, step=step))
        assert places(frame, kept=False) == places(full, kept=False)
        new = places(frame, kept=True)[-1] - texts
        assert {text for text, _, _ in new} <= {step.caption.text}
        outlined = [s for s in frame.shapes if not isinstance(s, Arrow | Text)
                    and s.stroke == THEMES["light"].path]  # fmt: skip
        assert len(outlined) == len(step.new)
    assert texts_of(frame) - texts_of(full) <= Counter({build[-1].caption.text: 1})


def test_what_is_not_known_yet_is_empty():
    shown = example("slide")
    nothing = Step(frozenset(), frozenset(), frozenset(), Written(""))
    for style in STYLES.values():
        texts = texts_of(style(shown, look(step=nothing)))
        assert not any(any(c.isdecimal() for c in text) for text in texts)
        assert "f" in texts


# Beneath -----------------------------------------------------------------------------------------


def test_lines_beneath_are_centred_and_leave_the_picture_as_it_is():
    scene = circuit(example("slide"), look())
    seen = with_lines_beneath(scene, look(beneath=(DERIVATION, Written("and in words"))))
    assert seen.shapes[: len(scene.shapes)] == scene.shapes
    below = seen.shapes[len(scene.shapes) :]
    assert [text.text for text in below] == [DERIVATION.text, "and in words"]
    for text in below:
        left, top, right, _ = box_of(text)
        assert left + right == pytest.approx(seen.width)
        assert top >= scene.height
    assert flaws(seen) == []


@pytest.mark.parametrize("length", [10, 60, 120, 400])
def test_long_lines_are_set_smaller_and_then_widen_the_picture(length):
    scene = circuit(example("twice"), look())
    seen = with_lines_beneath(scene, look(beneath=(Written("n" * length),)))
    assert flaws(seen) == []
    assert seen.shapes[-1].size >= SMALLEST
    assert seen.width >= scene.width


def test_equal_graphs_and_looks_give_equal_scenes():
    for style in STYLES.values():
        first, second = (style(graph(cross_entropy(), expand=True), look()) for _ in range(2))
        assert first == second
