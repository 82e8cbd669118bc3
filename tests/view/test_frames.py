import random
import re
import time
import unicodedata
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from examples import frames

from scalargrad import DrawingError, Value, program
from scalargrad.checking.reading import read
from scalargrad.checking.recomputing import recomputed
from scalargrad.engine import ops
from scalargrad.engine.backward import topological_order
from scalargrad.graph.model import contracted, graph
from scalargrad.lectures import LECTURES
from scalargrad.notation.formula import name
from scalargrad.notation.names import Written, typeset
from scalargrad.notation.numbers import MINUS, Numbers
from scalargrad.view.frames import MOST_STEPS, before_after, nudged, steps
from scalargrad.view.scene import (
    THEMES,
    Arrow,
    Circle,
    Look,
    Rectangle,
    Scene,
    Text,
    description,
    extent,
)
from scalargrad.view.stepper.arithmetic import in_numbers, symbols
from scalargrad.view.styles.network import network
from scalargrad.view.styles.record import record

NUMBERS = Numbers()
LOOK = Look(THEMES["light"], NUMBERS)


def lecture(index=0, backward=True):
    made = program(LECTURES[index].text)
    if backward:
        made.output.backward()
    return made


def rows(shown, look):
    """A style of a few lines: a box for each node in one column, its numbers in it."""
    texts = [(NUMBERS.text(node.value), NUMBERS.text(node.gradient)) for node in shown.nodes]
    width = max(extent(f"{value}{gradient}", 12).width for value, gradient in texts) + 20
    shapes = []
    for index in range(len(shown.nodes)):
        line = 3.0 if look.is_new(index) else 1.0
        shapes.append(Rectangle(0, 20 * index, width, 18, "#ffffff", "#000000", line=line))
        value, gradient = look.value(shown, index), look.gradient(shown, index)
        shapes.append(Text(5, 20 * index + 12, value, 12, "#000000", anchor="start"))
        shapes.append(Text(width - 5, 20 * index + 12, gradient, 12, "#000000", anchor="end"))
    captions = (*look.room, look.step.caption) if look.step else ()
    width = max([width, *(extent(c.text, 12).width for c in captions)])
    height = 20.0 * len(shown.nodes) + 20
    return Scene(width, height, tuple(shapes), "#ffffff", description(shown, look))


def captions(output, make=contracted, **more):
    return [step.caption.text for step in steps(make(output), NUMBERS, **more)]


def random_output(seed, named=0.5):
    chance = random.Random(seed)
    made = [Value(Fraction(chance.randint(-9, 9), 4), f"x{i}") for i in range(4)]
    for step in range(12):
        a, b = chance.choice(made), chance.choice(made)
        made.append(chance.choice([a + b, a - b, a * b, a.relu(), -a, a.maximum(b), a + 3, a * a]))
        if chance.random() < named:
            made[-1].named(f"n{step}")
    output = made[0].total(*made[1:]).named("loss")
    output.backward()
    return output


# The arithmetic of a step is computed again from its text, and must give the numbers beside it.


def computed(side):
    """The number that a side of a caption stands for; None where it has names."""
    text = side.replace(MINUS, "-").replace("×", "*")
    text = re.sub("([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: f"**{unicodedata.normalize('NFKC', m[1])}", text)
    text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)", r'F("\1")', text)
    text = re.sub(r'\*\*F\("(\d+)"\)', r"**\1", text)
    functions = {"F": Fraction, "ReLU": lambda a: max(a, 0), "max": max}
    try:
        return eval(text, {"__builtins__": {}}, functions)
    except (NameError, SyntaxError):
        return None


def wrong_sums(build):
    """Captions in which two sides are different numbers."""
    found = []
    for step in build:
        for equation in step.caption.text.split(",  "):
            numbers = [computed(side) for side in re.split(" [=≈] ", equation)]
            known = [number for number in numbers if number is not None]
            assert known, equation
            if any(abs(number - known[-1]) > Fraction(1, 10**9) for number in known):
                found.append(equation)
    return found


EXACT = Numbers(digits=15)


@pytest.mark.parametrize("by", ["node", "layer"])
@pytest.mark.parametrize("make", [graph, contracted])
@pytest.mark.parametrize("seed", range(12))
def test_the_arithmetic_of_each_step_is_right(seed, make, by):
    build = steps(make(random_output(seed)), EXACT, by=by)
    sums = [step for step in build if " values" not in step.caption.text
            and " gradients" not in step.caption.text and "products" not in step.caption.text
            and "…" not in step.caption.text and "gives" not in step.caption.text]  # fmt: skip
    assert len(sums) >= min(4, len(build) // 2)
    assert wrong_sums(sums) == []


def test_a_wrong_number_in_a_step_is_caught():
    shown = contracted(lecture().output)
    edge = next(e for e in shown.edges if shown.nodes[e.source].label == "h2")
    wrong = replace(edge, local=edge.local * 2)
    planted = replace(shown, edges=tuple(wrong if e is edge else e for e in shown.edges))
    assert [text.split(" = ")[0] for text in wrong_sums(steps(planted, EXACT))] == ["∂ℓ/∂h₂"]
    node = next(i for i, n in enumerate(shown.nodes) if n.label == "h2")
    nodes = list(shown.nodes)
    nodes[node] = replace(nodes[node], value=Fraction(17, 10))
    texts = wrong_sums(steps(replace(shown, nodes=tuple(nodes)), EXACT))
    assert [text.split(" = ")[0] for text in texts] == ["h₂", "ŷ"]


@pytest.mark.parametrize("index", range(len(LECTURES)))
def test_the_lecture_s_steps_end_in_the_gradients_of_its_slide(index):
    found = {}
    for text in captions(lecture(index).output):
        if text.startswith("∂"):
            name, *_, result = text.split(" = ")
            found[name] = Fraction(result.replace(MINUS, "-"))
    for name, written in LECTURES[index].gradients.items():
        symbol = typeset(name)
        interval = read(written)
        assert interval.low <= found[f"∂ℓ/∂{symbol}"] <= interval.high


def test_the_lecture_reads_as_on_the_board():
    found = captions(lecture().output)
    assert "h₂ = ReLU(w₂ x) = ReLU(0.8 × 2) = 1.6" in found
    assert "∂ℓ/∂ℓ = 1" in found
    assert "∂ℓ/∂h₂ = ∂ℓ/∂ŷ × ∂ŷ/∂h₂ = (−1.2) × (0.1) = −0.12" in found
    assert "w₂ × x = 0.8 × 2 = 1.6" in captions(lecture().output, graph)


# Which step shows what


@pytest.mark.parametrize("by", ["node", "layer"])
@pytest.mark.parametrize("make", [graph, contracted])
@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_known_before_what_it_is_made_of(seed, make, by):
    shown = make(random_output(seed))
    build = steps(shown, NUMBERS, by=by)
    values, gradients = frozenset(), frozenset()
    for step in build:
        fresh = (step.values - values) | (step.gradients - gradients)
        assert step.new <= fresh
        assert values <= step.values
        assert gradients <= step.gradients
        for index in step.gradients - gradients:
            users = {shown.edges[e].target for e in shown.outgoing[index]}
            assert users <= step.gradients
            assert not users & (step.gradients - gradients)
            assert len(step.values) == len(shown.nodes)
        for index in step.values - values:
            operands = {shown.edges[e].source for e in shown.incoming[index]}
            assert operands <= (values or step.values)
        values, gradients = step.values, step.gradients
    assert len(values) == len(shown.nodes)
    constants = {i for i, node in enumerate(shown.nodes) if node.is_constant}
    assert gradients == set(range(len(shown.nodes))) - constants


def test_by_node_a_step_has_one_node_and_by_layer_fewer_steps():
    shown = contracted(lecture().output)
    one, many = steps(shown, NUMBERS), steps(shown, NUMBERS, by="layer")
    assert [len(step.new) for step in one[1:]] == [1] * (len(one) - 1)
    assert len(one) == 1 + 4 + len(shown.nodes)
    names = [{shown.nodes[i].label for i in step.new} for step in many]
    assert names[1:] == [
        {"h1", "h2"}, {"yhat"}, {"loss"}, {"loss"}, {"yhat", "y"}, {"h1", "h2", "w3", "w4"},
        {"w1", "w2", "x"},
    ]  # fmt: skip


def test_without_a_backward_pass_only_values_are_built():
    build = steps(contracted(lecture(backward=False).output), NUMBERS)
    assert [step.gradients for step in build] == [frozenset()] * 5


def test_a_path_builds_only_the_gradients_that_it_needs():
    shown = contracted(lecture().output)
    names = {(shown.nodes[e.source].label, shown.nodes[e.target].label): i
             for i, e in enumerate(shown.edges)}  # fmt: skip
    path = [names[pair] for pair in (("w2", "h2"), ("h2", "yhat"), ("yhat", "loss"))]
    build = steps(shown, NUMBERS, path=path)
    order = [shown.nodes[next(iter(step.new))].label for step in build if step.gradients]
    assert order == ["loss", "yhat", "h2", "w2"]
    assert build[-1].caption.text.endswith("(−0.12) × (2) = −0.24")


def test_parallel_edges_have_a_product_each():
    a, b = Value(3, "a"), Value(5, "b")
    output = ((a * a + a * b).named("s") * 2).named("loss")
    output.backward()
    assert wrong_sums(steps(graph(output), EXACT)) == []
    a = Value(3, "a")
    y = (a + a).named("y")
    y.backward()
    assert captions(y, graph)[-1] == "∂y/∂a = 1 + 1 = (1) + (1) = 2"
    assert captions(y, contracted)[-1] == "∂y/∂a = 2"


def test_a_leaf_that_held_a_gradient_says_so():
    made = lecture()
    made.output.backward()
    last = {text.split(" = ")[0]: text for text in captions(made.output)}
    assert "what it held before" in last["∂ℓ/∂w₂"]
    assert last["∂ℓ/∂w₂"].endswith("= −0.48")
    assert "before" not in last["∂ℓ/∂h₂"]


def test_an_output_that_was_not_the_start_has_no_derivative_of_itself():
    made = lecture()
    found = captions(made["yhat"])
    assert not any("∂ŷ/∂ŷ" in text for text in found)
    assert "gradient of ŷ = −1.2" in found


def test_names_that_are_alike_stand_for_their_own_numbers():
    a, b = Value(3, "w"), Value(5, "w")
    y = (a * b + a).named("y")
    assert captions(y)[-1] == "y = w w + w = 3 × 5 + 3 = 18"


def test_results_that_are_rounded_are_marked():
    x = Value("1", "x")
    y = (x / 3).named("y")
    build = steps(contracted(y), Numbers(3, approximate=True))
    assert build[-1].caption == Written(
        "y = x/3 = 1/3 ≈ 0.333", r"y = \frac{x}{3} = \frac{1}{3} \approx 0.333"
    )


def test_every_operation_has_arithmetic_that_can_be_set():
    for row in ops.OPERATIONS.values():
        if row is ops.CONSTANT:
            continue
        operands = [Value(p, f"a{i}") for i, p in enumerate(row.points[0])]
        y = row(*operands).named("y")
        for make in (graph, contracted):
            shown = make(y)
            for line in (symbols(shown, shown.output), in_numbers(shown, shown.output, NUMBERS)):
                assert line.text
                assert line.math, row.name
                assert extent(line.text, 12, math=line.math).width > 5


LABELS = [
    "<script>", "a b", "%s", "{0}", "x" * 10_000, "\ud800", "$x$", "$\\frac$", "", "∂", "new\nline",
]  # fmt: skip


def test_hostile_labels_give_short_captions_that_can_be_set():
    values = [Value(index + 1, label) for index, label in enumerate(LABELS)]
    y = values[0]
    for value in values[1:]:
        y = (y * value).named(value.label + "!")
    y.backward()
    for make in (graph, contracted):
        for by in ("node", "layer"):
            for step in steps(make(y), NUMBERS, by=by):
                caption = step.caption
                assert 0 < len(caption.text) <= 120
                assert "\n" not in caption.text
                assert extent("x" if caption.math else caption.text.encode("ascii", "replace")
                              .decode(), 12, math=caption.math).width > 0  # fmt: skip


def test_lanes_are_captioned():
    x, w = Value(np.arange(50.0), "x"), Value(2.0, "w")
    y = (w * x).named("y")
    y.backward()
    assert all(len(text) < 120 for text in captions(y))


def test_wide_sums_are_captioned_in_short():
    values = [Value(index, f"x{index}") for index in range(60)]
    y = ops.total(*values).named("y")
    loss = y.total(*[(y * v).named(f"p{i}") for i, v in enumerate(values)]).named("loss")
    loss.backward()
    found = captions(loss)
    assert f"y = {sum(range(60))}" in found
    assert any("the sum of 61 products" in text for text in found)
    assert max(map(len, found)) <= 96


def test_a_deep_graph_is_refused_in_one_line_and_at_once():
    x = y = Value(1, "x")
    for _ in range(20_000):
        y = y + x
    shown = graph(y)
    start = time.process_time()
    with pytest.raises(DrawingError, match=f"up to {MOST_STEPS} steps; this graph takes 20,001"):
        steps(shown, NUMBERS)
    assert time.process_time() - start < 20
    with pytest.raises(DrawingError, match="by 'node' or by 'layer'; got 'week'"):
        steps(shown, NUMBERS, by="week")


# Pictures


def places(scene):
    """The shapes of a scene without what a step may change: what is written and how."""
    found = Counter()
    for shape in scene.shapes:
        if isinstance(shape, Circle | Rectangle) and shape.stroke:
            found[type(shape), shape.x, shape.y] += 1
        elif isinstance(shape, Arrow):
            found[Arrow, shape.points] += 1
    return found


@pytest.mark.parametrize("style", [rows, record, network])
@pytest.mark.parametrize("by", ["node", "layer"])
@pytest.mark.parametrize("index", range(len(LECTURES)))
def test_frames_share_canvas_and_places(index, by, style):
    scenes = frames(contracted(lecture(index).output), LOOK, style, by=by)
    assert len({(scene.width, scene.height) for scene in scenes}) == 1
    assert len(places(scenes[0])) > 9
    assert all(places(scene) == places(scenes[0]) for scene in scenes)
    seen = {}
    for scene in scenes[::-1]:  # the last frame shows all: what earlier ones show is there
        at = {(s.text, s.x, s.y) for s in scene.shapes if isinstance(s, Text) and s.text}
        caption = scene.description.partition("\n")[0]
        at = {place for place in at if place[0] != caption}
        seen = seen or at
        assert at <= seen


def test_a_frame_that_moves_is_caught():
    def drifting(shown, look):
        scene = rows(shown, look)
        return replace(
            scene, shapes=(Circle(len(look.step.values), 0, 5, "", "#000000"), *scene.shapes)
        )

    scenes = frames(contracted(lecture().output), LOOK, drifting)
    assert places(scenes[0]) != places(scenes[-1])


def test_a_frame_describes_what_is_known():
    scenes = frames(contracted(lecture().output), LOOK, rows)
    assert "h₂" not in scenes[0].description
    assert scenes[2].description.splitlines()[0] == "h₂ = ReLU(w₂ x) = ReLU(0.8 × 2) = 1.6"
    assert "h₂: value 1.6" in scenes[2].description
    assert "gradient" not in scenes[2].description
    assert "h₂: value 1.6, gradient −0.12" in scenes[-1].description


# Before and after


@pytest.mark.parametrize(
    ("make", "style"),
    [(contracted, rows), (contracted, record), (contracted, network), (graph, rows),
     (graph, record)],  # the network draws named nodes
)  # fmt: skip
def test_before_and_after_share_canvas_and_places(make, style):
    made = lecture()
    before, after = before_after(made.output, made["w2"], "0.1", LOOK, style, shown=make)
    assert (before.width, before.height) == (after.width, after.height)
    assert places(before) == places(after)
    texts = [{s.text for s in scene.shapes if isinstance(s, Text)} for scene in (before, after)]
    assert {"0.36", "0.8", "1.6", "0.4"} <= texts[0]
    assert {"0.3364", "0.9", "1.8", "0.42"} <= texts[1]
    caption = "ℓ: 0.36 → 0.3364  (Δw₂ = 0.1; first order: −0.024)"
    assert after.description.splitlines()[0] == caption


@pytest.mark.parametrize(("change", "loss"), [("0.1", "0.3364"), ("3", "0"), ("6", "0.36")])
def test_a_nudge_gives_the_losses_of_the_lecture(change, loss):
    made = lecture()
    twin = nudged(made.output, made["w2"], Value(change).data)
    assert twin.data == Fraction(loss)
    assert twin.data == recomputed(made.output, {made["w2"]: made["w2"].data + Fraction(change)})
    assert made["w2"].data == Fraction(4, 5)


@pytest.mark.parametrize("seed", range(10))
def test_nudged_graphs_are_recomputed_throughout(seed):
    output = random_output(seed)
    old = graph(output)
    values = topological_order(output)
    leaf = next(i for i, node in enumerate(old.nodes) if node.is_leaf)
    twin = nudged(output, values[leaf], Fraction(1, 7))
    new = graph(twin)
    assert [(e.source, e.target) for e in new.edges] == [(e.source, e.target) for e in old.edges]
    changed = {values[leaf]: old.nodes[leaf].value + Fraction(1, 7)}
    expected = [recomputed(value, changed) for value in values]
    assert [node.value for node in new.nodes] == expected


def test_only_what_changed_is_highlighted():
    marked = []

    def style(shown, look):
        marked.append({shown.nodes[i].label for i in look.step.new})
        return rows(shown, look)

    made = lecture()
    before_after(made.output, made["w2"], "0.1", LOOK, style)
    assert marked == [set(), {"w2", "h2", "yhat", "loss"}]


def test_a_nudge_without_gradients_shows_none():
    made = lecture(backward=False)
    scenes = before_after(made.output, made["w2"], 1, LOOK, rows)
    assert all("gradient" not in scene.description or "–" in scene.description for scene in scenes)


def test_only_leaves_of_the_graph_can_be_nudged():
    made = lecture()
    with pytest.raises(DrawingError, match="'h2' is computed"):
        before_after(made.output, made["h2"], 1, LOOK, rows)
    with pytest.raises(DrawingError, match="'z' is not below the output"):
        before_after(made.output, Value(1, "z"), 1, LOOK, rows)


def test_expressions_name_their_nodes():
    made = lecture()
    shown = contracted(made.output)
    index = next(i for i, node in enumerate(shown.nodes) if node.label == "h2")
    call = shown.expression(index)
    assert [shown.nodes[part.parts[1]].label for part in call.parts[1].parts] == ["w2", "x"]
    assert replace(shown, expression=lambda index: name("…")).expression(index).parts == ("…",)


def test_of_a_step_whose_captions_have_no_room_none_is_written(monkeypatch):
    written = []
    monkeypatch.setattr(
        "scalargrad.view.frames.number", lambda *given: written.append(given) or Written("1")
    )
    few, many = (Value(0).total(*(Value(1) for _ in range(count))) for count in (9, 500))
    assert steps(graph(few), NUMBERS)[0].caption.text.startswith("1,  1")
    assert len(written) > 9
    written.clear()
    assert steps(graph(many), NUMBERS)[0].caption.text == "501 leaves"
    assert len(written) < 9
