import os
import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from peers import peer
from view.export.test_html import HOSTILE, Parts, faults, shape_of

from scalargrad import DomainError, DrawingError, Value, program, step
from scalargrad.checking.gradcheck import recomputed
from scalargrad.engine import ops
from scalargrad.engine.backward import topological_order
from scalargrad.lectures import LECTURES
from scalargrad.view.export.html import controls, page, stills
from scalargrad.view.frames import rebuilt
from scalargrad.view.stepper import stepper as module
from scalargrad.view.stepper.stepper import Editing

VIEW = "application/vnd.jupyter.widget-view+json"


def lecture(index=0):
    return program(LECTURES[index].text)


def state(output):
    return [
        (node.data, node.grad, node.label, node.op, node.parents, node.operands)
        for node in topological_order(output)
    ]


def numbers(output):
    return [(node.label, node.data, node.grad) for node in topological_order(output)]


def drawn(stepper):
    return [(node.label, node.value, node.gradient) for node in stepper.drawing.graph.nodes]


def small():
    return step((Value("0.5", "x") * Value("2", "w")).named("y"))


# Computing again


@pytest.mark.parametrize("index", range(len(LECTURES)))
def test_an_edit_shows_what_a_fresh_build_shows(index):
    text = LECTURES[index].text
    edited = step(lecture(index).output, style="record", detail="all").edited("w2", "-6/25")
    fresh = program(text.replace("w2 = 0.8", "w2 = -6/25")).output
    fresh.backward()
    assert drawn(edited) == numbers(fresh)
    assert any(value == Fraction(-6, 25) for _, value, _ in drawn(edited))


@pytest.mark.parametrize("name", [name for name in ops.OPERATIONS if name != "constant"])
def test_every_operation_is_computed_again(name):
    op = ops.OPERATIONS[name]
    points = [point for point in op.points if len(point) == len(op.points[0])]
    leaves = [Value(float(a), f"x{i}") for i, a in enumerate(points[0])]
    y = op(*leaves).named("y")
    for point in points:
        twins = rebuilt(y, dict(zip(leaves, map(float, point), strict=True)))
        fresh = op(*map(float, point))
        assert (twins[y].data, twins[y].label, twins[y].op) == (fresh, "y", op)
        assert [twins[leaf] for leaf in leaves] == list(twins[y].parents)
    assert y.grad is None


def test_the_loss_after_an_edit_is_the_one_of_an_independent_evaluation():
    made = lecture()
    edited = step(made.output).edited(made["w4"], "1/3")
    loss = edited.drawing.graph.nodes[edited.drawing.graph.output].value
    assert loss == recomputed(made.output, {made["w4"]: Fraction(1, 3)})


def test_nothing_of_the_user_is_changed():
    made = lecture()
    made.output.backward()
    made.output.backward()
    before = state(made.output)
    first = step(made.output, wrt=made["w2"])
    text = first.frames.content(".html")
    editing = Editing(first)
    editing.reply({"index": 3, "text": "7"})
    first._repr_mimebundle_()
    assert state(made.output) == before
    assert first.frames.content(".html") == text


def test_what_the_user_changes_later_does_not_reach_the_stepper():
    made = lecture()
    first = step(made.output)
    made["w1"].data = Fraction(100)
    assert drawn(first.edited("w2", "0.8")) == drawn(first)


def test_the_backward_pass_is_the_stepper_s_own():
    made = lecture()
    assert {n: g for n, _, g in drawn(step(made.output))}["w2"] == Fraction(-6, 25)
    made.output.backward()
    made.output.backward()
    assert {n: g for n, _, g in drawn(step(made.output))}["w2"] == Fraction(-6, 25)


def test_exact_numbers_stay_exact_and_floats_stay_floats():
    x, w = Value("0.5", "x"), Value(0.5, "w")
    both = step((x * w).named("y")).edited("x", "-6/25").edited("w", "-6/25")
    assert [both.data[leaf] for leaf in (x, w)] == [Fraction(-6, 25), -0.24]
    assert [type(both.data[leaf]) for leaf in (x, w)] == [Fraction, float]


# Options


def test_options_are_those_of_draw():
    made = lecture()
    for wrt in ("w2", made["w2"]):
        chain = step(made.output, wrt=wrt, theme="dark", style="network")
        assert "∂ℓ/∂w₂" in chain.drawing.look.beneath[0].text
        assert chain.drawing.look.theme.name == "dark"
        assert "(−1.16) × (0.1) × (2)" in chain.edited("w2", "0.9").drawing.look.beneath[0].text
    assert len(step(made.output, by="layer").frames) < len(step(made.output).frames)
    dropped = step(made.output, refine=lambda drawing: drawing.dropped("h1")).drawing
    assert {dropped.graph.nodes[i].label for i in dropped.look.dropped} == {"h1"}


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"theme": "drak"}, DrawingError, "theme is one of auto.*did you mean 'dark'"),
        ({"wrt": "w9"}, DrawingError, "no node is named 'w9'"),
        ({"by": "nodes"}, DrawingError, "frames are by 'node' or by 'layer'; got 'nodes'"),
        ({"thema": "dark"}, TypeError, "thema"),
    ],
)
def test_wrong_options_are_refused_at_once(options, error, said):
    with pytest.raises(error, match=said):
        step(lecture().output, **options)


def test_only_a_value_can_be_stepped():
    with pytest.raises(TypeError, match="step takes a Value; got list"):
        step([1])


def test_a_graph_of_many_steps_is_refused_in_one_line():
    y = Value(1, "x")
    for k in range(150):
        y = (y * Value(1, f"w{k}")).named(f"h{k}")
    with pytest.raises(DrawingError, match="up to 400 steps; this graph takes 452") as caught:
        step(y)
    assert "\n" not in str(caught.value)
    z = Value(1)
    for _ in range(2500):
        z = z + 1
    with pytest.raises(DrawingError, match="up to 2,000 boxes; this graph has 5,001 nodes"):
        step(z)


@pytest.mark.parametrize(
    ("leaf", "number", "error", "said"),
    [
        ("w2", "0,8", TypeError, "got '0,8'"),
        ("w2", None, TypeError, "got NoneType"),
        (3, 1, TypeError, "a leaf is a Value or its name; got int"),
        ("w9", 1, ValueError, "no node is named 'w9'"),
        ("h1", 1, DrawingError, "edits the leaves of its graph; 'h1' is computed"),
        (Value(1, "z"), 1, DrawingError, "'z' is not below the output"),
    ],
)
def test_wrong_edits_say_what_is_wrong(leaf, number, error, said):
    with pytest.raises(error, match=said) as caught:
        step(lecture().output).edited(leaf, number)
    assert "\n" not in str(caught.value)


def test_leaves_of_one_name_are_told_apart_by_the_node():
    a, b = Value(1, "w"), Value(2, "w")
    both = step((a * b).named("y"))
    with pytest.raises(ValueError, match="2 nodes are named 'w'"):
        both.edited("w", 3)
    assert both.edited(b, 3).data == {a: 1, b: 3}


# What a reader does


def test_an_input_is_edited_and_everything_is_shown_anew():
    editing = Editing(step(lecture().output))
    before = editing.reply({})
    assert [field["name"] for field in before["fields"]] == ["x", "y", "w₁", "w₂", "w₃", "w₄"]
    assert [field["text"] for field in before["fields"]] == ["2", "1", "0.3", "0.8", "0.4", "0.1"]
    after = editing.reply({"index": 3, "text": " 9/10 "})
    assert "∂ℓ/∂h₂ × ∂h₂/∂w₂ = (−0.116) × (2) = −0.232" in after["figures"]
    assert "w₂: value 0.9, gradient −0.232" in after["figures"]
    assert after["fields"][3] == {"name": "w₂", "text": "9/10", "error": ""}
    assert editing.reply({}) == before


@pytest.mark.parametrize(
    ("text", "number"),
    [("0,9", "9/10"), ("−0,9", "-9/10"), ("½", "1/2"), ("−6/25", "-6/25"), ("2 × 0.1", "1/5"),
     ("4e-1", "2/5"), (r"\frac{1}{4}", "1/4"), ("1/3", "1/3")],
)  # fmt: skip
def test_a_number_is_read_as_in_an_answer(text, number):
    editing = Editing(small())
    field = editing.reply({"index": 1, "text": text})["fields"][1]
    assert field["error"] == ""
    assert editing.stepper.data[editing.inputs[1]] == Fraction(number)


WRONG = ["abc", "", "1/0", "nan", "∞", "1e1000", "<b>", "9" * 5000]


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:6])
def test_a_wrong_text_gets_one_message_and_the_old_picture_stays(text):
    editing = Editing(small())
    before = editing.reply({"index": 0, "text": "3"})
    after = editing.reply({"index": 1, "text": text})
    assert after["figures"] == before["figures"]
    assert after["figures"] == before["figures"]
    field = after["fields"][1]
    assert field["text"] == text
    assert field["error"].startswith("a number is written like ")
    assert "; got " in field["error"]
    assert "\n" not in field["error"]
    assert len(field["error"]) < 200
    again = editing.reply({"index": 0, "text": "2"})
    assert again["fields"][1] == field
    assert again["figures"] != before["figures"]
    assert editing.reply({"index": 1, "text": "0.8"})["fields"][1]["error"] == ""


def test_a_number_outside_the_domain_is_explained_beside_its_field():
    x = Value("2", "x")
    first = step(x.log().named("y"))
    shown = Editing(first).reply({"index": 0, "text": "-1"})
    assert shown["fields"][0]["error"] == "log needs x > 0; got x = -1"
    with pytest.raises(DomainError):
        first.edited("x", "-1")


@pytest.mark.parametrize("request_", [{"index": 99}, {"index": -1}, {"index": "x"}, {"index": None},
                                      {"index": [1]}, {"index": 0.5, "text": "1"}])  # fmt: skip
def test_a_request_that_means_nothing_changes_nothing(request_):
    editing = Editing(step(lecture().output))
    before = editing.reply({"index": 3, "text": "0.9"})
    assert editing.reply(request_) == before


def test_inputs_are_the_named_leaves_that_are_one_number():
    x, lanes = Value("2", "x"), Value(np.array([1.0, 2.0]), "v")
    y = (x * lanes * Value(3) * 4).named("y")
    editing = Editing(step(y))
    assert [leaf.label for leaf in editing.inputs] == ["x"]
    assert editing.reply({"index": 0, "text": "5"})["fields"][0]["text"] == "5"


def test_numbers_stand_in_their_fields_as_one_would_type_them():
    leaves = [Value(text, "a") for text in ("-0.5", "1/3", 2, 1e-7, float("inf"), "1e500")]
    texts = [module._text(leaf.data) for leaf in leaves]
    assert texts == ["-0.5", "1/3", "2", "1e-07", "inf", "1e500"]


# What a notebook gets


def bundle(monkeypatch, *, installed=True, watched=True):
    monkeypatch.setattr(module, "find_spec", lambda name: object() if installed else None)
    monkeypatch.setattr(module, "_is_watched", lambda: watched)
    stepper = step(lecture().output)
    return (stepper, *stepper._repr_mimebundle_())


def test_with_a_kernel_a_notebook_gets_the_widget_and_the_frames(monkeypatch):
    peer("anywidget")
    stepper, data, _ = bundle(monkeypatch)
    assert set(data) == {VIEW, "text/html", "application/pdf", "text/plain"}
    assert data[VIEW]["model_id"] == stepper.widget.model_id
    assert data["text/plain"] == repr(stepper) == repr(stepper.drawing)
    assert "run this cell in a notebook" in data["text/html"]
    assert Parts(data["text/html"]).sources() == [page(stepper.frames.scenes, title="")]


def test_without_a_reader_or_without_anywidget_it_gets_the_frames(monkeypatch):
    for installed, watched in ((True, False), (False, True)):
        _, data, _ = bundle(monkeypatch, installed=installed, watched=watched)
        assert set(data) == {"text/html", "application/pdf", "text/plain"}
        assert data["application/pdf"].startswith(b"%PDF")
        note = data["text/html"].partition("</p>")[0]
        assert ("pip install anywidget" in note) == (not installed)
        assert "\n" not in note


def test_without_anywidget_a_widget_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(DrawingError, match="pip install anywidget"):
        _ = small().widget
    assert "pip install anywidget" in small()._repr_mimebundle_()[0]["text/html"]


@pytest.mark.parametrize(
    ("parent", "watched"),
    [
        ({"content": {"allow_stdin": True}}, True),
        ({"content": {"allow_stdin": False}}, False),
        ({"content": {}}, True),
        ({}, True),
        (None, True),
    ],
)
def test_a_kernel_that_nobody_can_be_asked_through_has_no_reader(monkeypatch, parent, watched):
    kernel = SimpleNamespace(get_parent=lambda channel: parent)
    shell = SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert module._is_watched() is watched
    del kernel.get_parent  # a kernel of another make
    assert module._is_watched()
    del shell.kernel  # IPython in a terminal
    assert not module._is_watched()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not module._is_watched()


def test_the_widget_answers_the_messages_of_a_page():
    peer("anywidget")
    widget = step(lecture().output).widget
    widget._handle_custom_msg({"index": 3, "text": "0.9"}, [])
    assert (widget.answered, widget.fields[3]["text"]) == (1, "0.9")
    assert "gradient −0.232" in widget.figures
    widget._handle_custom_msg({"index": 3, "text": "x"}, [])
    assert (widget.answered, widget.fields[3]["error"][:10]) == (2, "a number i")
    widget._handle_custom_msg({}, [])
    assert (widget.answered, widget.fields[3]["text"]) == (3, "0.8")
    assert "function stepping" in widget._esm
    assert widget._esm.rstrip().endswith("export default { render };")


def test_hostile_names_are_texts_and_nothing_else():
    def stepper(labels):
        y = Value(1, "x")
        for label in labels:
            y = (y + Value(1, label)).named(label + "!")
        return step(y, style="record", by="layer")

    shown = Editing(stepper(HOSTILE)).reply({})
    harmless = Editing(stepper([f"n{i}" for i in range(len(HOSTILE))])).reply({})
    assert shape_of(controls(3)) == shape_of(shown["controls"])
    tags = [tag for tag, _ in shape_of(shown["figures"])]
    assert {"figure", "svg", "figcaption", "bdi"} <= set(tags) <= {
        *(tag for tag, _ in shape_of(harmless["figures"])), "rect", "path", "use", "g",
    }  # fmt: skip
    assert [fault for fault in faults(shown["figures"]) if fault != "style"] == []
    outside = stepper(HOSTILE).frames._repr_html_()
    assert [tag for tag, _ in shape_of(outside)][:2] == ["style", "iframe"]
    assert {tag for tag, _ in shape_of(outside)} == {"style", "iframe", "div", "img"}
    assert {name for _, names in shape_of(outside) for name in names} == {
        "alt", "class", "height", "sandbox", "src", "srcdoc", "style", "title", "width",
    }  # fmt: skip
    assert len(Parts(outside).sources()) == 1
    assert faults(Parts(outside).sources()[0]) == []


def test_stills_are_small_and_say_what_they_show():
    scenes = step(lecture().output).frames.scenes
    text = stills(scenes)
    parts = Parts(text)
    said = [
        f"Step {step} of 15: {scene.description.splitlines()[0]}"
        for step, scene in enumerate(scenes, start=1)
    ]
    assert parts.within("div") == said
    ((_, image),) = [element for element in parts.elements if element[0] == "img"]
    assert image["alt"] == scenes[-1].description
    assert len(text) < 50_000
    assert Parts(stills(scenes * 3)).within("div") == [said[-1].replace("15", "45")]


def test_a_process_with_another_hash_seed_shows_the_same():
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from view.stepper.test_stepper import small\n"
        "print(small()._repr_mimebundle_()[0]['text/html'], end='')"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True,
                          env=environment, timeout=60)  # fmt: skip
    assert done.stdout.decode() == small()._repr_mimebundle_()[0]["text/html"]
