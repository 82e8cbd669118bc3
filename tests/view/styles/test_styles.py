import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legible import box_of, flaws, holds, links_of, nodes_of, outline_of, texts_of, within

from scalargrad import Value, program
from scalargrad.engine import ops
from scalargrad.engine.value import constant
from scalargrad.graph.model import contracted, graph
from scalargrad.lectures import LECTURES
from scalargrad.notation.names import Written
from scalargrad.notation.numbers import Numbers
from scalargrad.view.export.outlines import marks, rounded, underline
from scalargrad.view.frames import steps
from scalargrad.view.layout.engines import found
from scalargrad.view.scene import (
    THEMES,
    Arrow,
    Circle,
    Look,
    Step,
    Text,
)
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
    assert set(words_of(scene)) ^ set(
        words_of(STYLES[style](example(name), look(direction=direction)))
    ) <= {"|", "="}


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
    for x, y in ((text.x - 40, text.y), (-5, text.y), (text.x, scene.height + 3)):
        moved = replace(text, x=x, y=y)
        shapes = (*scene.shapes[:place], moved, *scene.shapes[place + 1 :])
        assert flaws(replace(scene, shapes=shapes)) != []
    card = nodes_of(scene)[0]
    line = Arrow(((0, card.y), (card.x + 5, card.y + 5)), "#000000")
    assert "line in a box" in flaws(replace(scene, shapes=(*scene.shapes, line)))


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_line_ends_on_the_card_it_enters(name, style, direction):
    scene = STYLES[style](example(name), look(direction=direction))
    outlines = [outline_of(node) for node in nodes_of(scene)]
    for arrow in links_of(scene):
        for point in (arrow.points[0], arrow.points[-1]):
            near = [o for o in outlines if within((*point, *point), o, 0.05)]
            assert near
            assert not any(holds(outline, point, 0.05) for outline in near)


# What is shown -----------------------------------------------------------------------------------


def words_of(scene):
    return Counter(shape.text for shape in texts_of(scene))


@pytest.mark.parametrize("name", EXAMPLES)
def test_all_numbers_and_names_stand_in_a_record(name):
    shown, seen = example(name), look()
    texts = words_of(record(shown, seen))
    wanted = Counter()
    for index, node in enumerate(shown.nodes):
        wanted[seen.numbers.text(node.value)] += 1
        if node.is_constant or node.gradient is None:
            continue
        wanted[seen.numbers.text(node.gradient)] += 1
        if len(shown.outgoing[index]) > 1:
            for edge in shown.outgoing[index]:
                wanted[seen.numbers.text(shown.edges[edge].contribution)] += 1
    assert wanted - texts == Counter()


def test_a_circuit_writes_constants_inside_and_a_sum_of_sums_as_one():
    x, y = Value(3, "x"), Value(2, "y")
    output = (sum([x, y, x * y]) * 2 - 1).named("f")
    output.backward()
    texts = words_of(circuit(graph(output, expand=True), look()))
    assert {"Σ", "×2", "−1"} <= set(texts)
    assert "+" not in texts  # neither the single sums nor the 0 of Python's sum
    assert "0" not in texts


@pytest.mark.parametrize(
    ("make", "badge"),
    [
        (lambda x: x + 1, "+1"), (lambda x: x - 1, "−1"), (lambda x: 1 - x, "1 − ( )"),
        (lambda x: x + -1, "−1"), (lambda x: x * -2, "×(−2)"), (lambda x: x / 3, "÷3"),
        (lambda x: 1 / x, "1/( )"), (lambda x: x**3, "( )³"), (lambda x: 2**x, "2^( )"),
        (lambda x: -x, "−( )"), (lambda x: x.relu(), "ReLU"),
    ],
)  # fmt: skip
def test_an_operation_has_its_constant_in_its_badge(make, badge):
    texts = words_of(circuit(graph(make(Value(3, "x")).named("y"), expand=True), look()))
    assert badge in texts


@pytest.mark.parametrize("style", STYLES)
def test_each_use_of_a_node_has_its_part_of_the_gradient(style):
    scene = STYLES[style](example("twice"), look())
    gradients = [t.text for t in texts_of(scene) if t.colour == THEMES["light"].gradient]
    assert sorted(gradients) == ["1", "1", "1", "2"]
    heads = [arrow.points[-1] for arrow in links_of(scene)]
    assert len(set(heads)) == len(heads)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("style", STYLES)
def test_every_gradient_is_underlined_so_that_it_is_seen_without_its_colour(style, theme):
    scene = STYLES[style](example("biases"), look(theme=theme))
    texts = [
        text
        for text in texts_of(scene)
        if text.colour == theme.gradient and any(map(str.isdigit, text.text)) and not text.math
    ]
    assert len(texts) > 5
    assert all(text.underlined for text in texts)
    painted = {part[0].segments for mark in marks(scene) for part in mark.parts}
    for text in texts:
        box, line = box_of(text), underline(text)
        assert box[0] - 0.1 <= line.x
        assert line.x + line.width <= box[2] + 0.1
        assert 0 < line.y - box[3] < 4
        assert rounded(line).segments in painted


@pytest.mark.parametrize("style", STYLES)
def test_the_path_is_accented_with_its_factors(style):
    shown = example("biases")
    start = next(i for i, node in enumerate(shown.nodes) if node.label == "w2")
    path = a_path(shown, start)
    plain, seen = (STYLES[style](shown, look(path=p)) for p in (frozenset(), path))
    theme = THEMES["light"]
    on_path = [arrow for arrow in links_of(seen) if arrow.colour == theme.path]
    others = [arrow for arrow in links_of(seen) if arrow.colour != theme.path]
    assert min(a.line for a in on_path) > max(a.line for a in others)
    factors = {t.text for t in texts_of(seen) if t.colour == theme.accent}
    assert {"×2", "×0.1", "×(−1.2)"} <= factors
    assert not any(t.colour == theme.accent for t in texts_of(plain))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("style", STYLES)
def test_only_colours_of_the_theme_are_used(style, theme):
    shown = example("biases")
    scene = STYLES[style](
        shown, look(theme=theme, path=a_path(shown, 0), dropped=frozenset({3, 9}),
                    beneath=(DERIVATION,)),
    )  # fmt: skip
    known = {value for name, value in vars(theme).items() if name != "name"} | {""}
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
        assert len(outlined) == len(step.new) or style == "circuit"
        assert len(outlined) <= len(step.new)
    assert words_of(frame) - words_of(full) <= Counter({build[-1].caption.text: 1})


def test_what_is_not_known_yet_is_empty():
    shown = example("slide")
    nothing = Step(frozenset(), frozenset(), frozenset(), Written(""))
    for style in STYLES.values():
        texts = words_of(style(shown, look(step=nothing)))
        assert not any(any(c.isdecimal() for c in text) for text in texts)
        assert "f" in texts


def test_equal_graphs_and_looks_give_equal_scenes():
    for style in STYLES.values():
        first, second = (style(graph(cross_entropy(), expand=True), look()) for _ in range(2))
        assert first == second
