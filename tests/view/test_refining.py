"""What a lecturer changes in a picture, and what no file tells too early."""

import io
import re
import warnings
import zipfile
from base64 import b64decode
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from examples import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from legible import flaws
from PIL import Image

from scalargrad import DrawingError, draw, program
from scalargrad.cli import commands as cli
from scalargrad.engine.backward import topological_order
from scalargrad.lectures import LECTURES
from scalargrad.view.export.units import box
from scalargrad.view.picture import Frames, side_by_side
from scalargrad.view.refining import refined, refinements
from scalargrad.view.scene import THEMES, Arrow, Circle, Look, Rectangle, Text, Theme, contrast

LECTURE = LECTURES[0].text


def drawing(text=LECTURE, **options):
    output = program(text).output
    output.backward()
    return draw(output, **{"wrt": "w2", **options})


def centres(picture):
    """Where the middle of each unit is."""
    found = {}
    for shape in picture.scene.shapes:
        if isinstance(shape, Circle) and shape.key:
            found[shape.key] = (shape.x, shape.y)
        elif isinstance(shape, Rectangle) and shape.key:
            found[shape.key] = (shape.x + shape.width / 2, shape.y + shape.height / 2)
    return found


def texts(picture):
    return [s.text for s in picture.scene.shapes if isinstance(s, Text)]


# Same places -------------------------------------------------------------------------------------

VERSIONS = {
    "names": lambda d: d.show("names"),
    "values": lambda d: d.show("values"),
    "gradients": lambda d: d.show("gradients"),
    "asked": lambda d: d.ask("w2", "h2"),
    "hidden": lambda d: d.hide("y", "headings", "derivation"),
    "without biases": lambda d: d.biases(False),
    "without weights": lambda d: d.hide("weights"),
    "dropped": lambda d: d.dropped("h1"),
    "coloured": lambda d: d.colour("h2", "#7c3aed"),
    "dark": lambda d: d.themed("dark"),
    "transparent": lambda d: d.on("transparent"),
    "another path": lambda d: d.wrt("w1"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("text", [lecture.text for lecture in LECTURES[:2]], ids=["0", "1"])
def test_what_is_made_of_one_drawing_has_its_places(text, version):
    whole = drawing(text)
    part = centres(VERSIONS[version](whole))
    assert len(part) >= len(centres(whole)) - 1
    for key, (x, y) in part.items():
        assert abs(x - centres(whole)[key][0]) <= 0.5
        assert abs(y - centres(whole)[key][1]) <= 0.5


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_version_of_an_example_has_its_places(name):
    whole = steps_of(name).at(-1)
    labels = [node.label for node in whole.graph.nodes if node.is_leaf and node.label]
    leaves = [label for label in labels if labels.count(label) == 1]
    versions = [whole.show(level) for level in ("names", "values", "gradients", "all")]
    versions += [whole.ask(*leaves), whole.hide(leaves[0], "headings", "derivation", "weights")]
    versions += [whole.biases(False), whole.themed("print"), whole.dropped(leaves[-1])]
    versions += steps_of(name).pictures
    for version in versions:
        for key, (x, y) in centres(version).items():
            assert abs(x - centres(whole)[key][0]) <= 0.5
            assert abs(y - centres(whole)[key][1]) <= 0.5


def test_a_version_that_moves_is_caught(monkeypatch):
    monkeypatch.setattr(Look, "basis", property(lambda look: look))
    whole, blank = drawing(), drawing().show("names")
    away = [abs(x - centres(whole)[key][0]) for key, (x, _) in centres(blank).items()]
    assert max(away) > 5


@pytest.mark.parametrize("options", [{"wrt": "w1"}, {"wrt": ["w1", "w3"]}, {"wrt": None}])
def test_another_path_like_a_drawing_has_its_places_and_no_flaws(options):
    whole = drawing()
    other = drawing(**options, like=whole)
    assert centres(other) == centres(whole)
    assert other.scene.size == whole.scene.size
    assert not [flaw for flaw in flaws(other.scene) if "text" in flaw]


@pytest.mark.parametrize("name", ["lecture", "biases", "softmax", "deeper", "micrograd"])
def test_every_frame_has_the_places_of_the_others(name):
    output = EXAMPLES[name]()
    output.backward()
    frames = draw(output).frames("layer")
    assert all(centres(picture) == centres(frames.at(1)) for picture in frames.pictures)
    assert len({(s.width, s.height) for s in frames.scenes}) == 1


@pytest.mark.parametrize("source", ["w1", "w4", "x"])
@pytest.mark.parametrize("index", [0, 1])
def test_another_path_in_the_same_places_is_whole_and_without_flaws(index, source):
    whole = drawing(LECTURES[index].text)
    other = whole.wrt(source)
    assert centres(other) == centres(whole)
    assert "label on a node" not in " ".join(flaws(other.scene))
    assert outside(other.scene) == []
    assert other.look.beneath == drawing(LECTURES[index].text, wrt=source).look.beneath
    assert other.wrt("w2").place("h2", 9).wrt("w3").look.moves
    assert drawing(wrt=None).wrt("w2").scene == drawing().scene


def test_another_graph_of_other_names_cannot_be_like_it():
    with pytest.raises(DrawingError, match="the other drawing has no a, z"):
        draw(program("a = 2; z = a^2").output, like=drawing()).scene  # noqa: B018


def test_a_sparse_version_that_is_refitted_gets_larger_text():
    whole = drawing()
    assert whole.show("names").scene.size == whole.scene.size
    refitted = whole.show("names").refit()
    assert refitted.scene.size > whole.scene.size
    assert flaws(refitted.scene) == []
    hidden = whole.hide("y", "w1").refit()
    assert flaws(hidden.scene) == []
    assert "y" not in texts(hidden)


def test_of_numbers_that_are_not_shown_no_bar_between_them_is_left():
    output = EXAMPLES["biases"]()
    output.backward()
    picture = draw(output)
    assert "|" in texts(picture.weights("rows").refit())
    assert "|" not in texts(picture.weights("rows").show("names").refit())
    assert "|" not in texts(picture.hide("biases").show("names").refit())


@settings(max_examples=15, deadline=None)
@given(st.sets(st.sampled_from(["x", "y", "w1", "w2", "h1", "h2", "headings", "weights"])),
       st.sampled_from(["names", "values", "gradients", "all"]), st.booleans())  # fmt: skip
def test_whatever_is_hidden_leaves_no_flaw(hidden, level, refit):
    picture = drawing().hide(*sorted(hidden)).show(level)
    picture = picture.refit() if refit else picture
    assert flaws(picture.scene) == []


# Nothing before its step -------------------------------------------------------------------------


def different_numbers(name):
    """An example with inputs of which no two numbers are alike, after backward."""
    output = EXAMPLES[name]()
    leaves = [node for node in topological_order(output) if node.is_leaf and node.label]
    for place, leaf in enumerate(leaves):
        leaf.data = 0.31 + 0.173 * place + 0.0371 * place**2
    from scalargrad.engine.rebuild import rebuilt

    twins = rebuilt(output, {leaf: leaf.data for leaf in leaves})
    twins[output].backward()
    return twins[output]


@cache
def steps_of(name):
    """The steps of that, with a path."""
    output = different_numbers(name)
    wrt = next(n.label for n in topological_order(output) if n.is_leaf and n.label)
    return draw(output, wrt=wrt).frames("layer")


_NUMBER = re.compile(r"(?<![\w.])[−-]?\d+\.\d{2,}")


def numbers_in(text):
    """The decimals of two places or more: coordinates are kept out by their format's reader."""
    return {found.lstrip("−-") for found in _NUMBER.findall(text)}


def told(form, frames):
    """For each frame what a file of a format says in words, as text of the file."""
    if form in SINGLE:
        for picture in frames.pictures:
            yield in_words(f".{form.split()[1]}", picture.content(f".{form.split()[1]}"))
        return
    if form == "notebook":
        for picture in frames.pictures:
            shown, about = picture._repr_mimebundle_()
            image = re.search(r"base64,(.*?)\"", shown["text/html"])
            words = [shown["text/plain"], about["image/png"]["alt"]]
            words += [words_of(".html", shown["text/html"].encode())]
            words += [words_of(".svg", b64decode(image[1])), words_of(".png", shown["image/png"])]
            yield " ".join([*words, words_of(".pdf", shown["application/pdf"])])
        return
    content = frames.content(f".{form}")
    if form == "html":
        body = content.decode()
        for figure in re.findall(r"<figure>.*?</figure>", body, re.DOTALL):
            yield words_of(".html", figure.encode())
        rest = re.sub(r"<figure>.*?</figure>|<script>.*?</script>|<style>.*?</style>", "", body,
                      flags=re.DOTALL)  # fmt: skip
        assert not numbers_in(words_of(".html", rest.encode()))
    elif form == "pptx":
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = package.namelist()
            slides = [n for n in names if re.fullmatch(r"ppt/slides/slide\d+\.xml", n)]
            for number in range(1, len(slides) + 1):
                parts = [f"ppt/slides/slide{number}.xml", f"ppt/notesSlides/notesSlide{number}.xml"]
                yield " ".join(words_of(".xml", package.read(part)) for part in parts)
    elif form == "tex":
        source = content.decode()
        for step in range(1, len(frames) + 1):
            shown = "\n".join(on_slide(line, step) for line in source.splitlines())
            yield words_of(".tex", shown.encode())
    elif form == "pdf":
        around, *pages = re.split(rb"/Type /Page ", content)
        first, *others = [words_of(".pdf", page) for page in pages]
        yield f"{words_of('.pdf', around)} {first}"
        yield from others


def holds(ranges, step):
    """Whether an overlay specification such as 1-3,5- holds on a slide."""
    parts = [part.partition("-") for part in ranges.split(",")]
    return any(
        int(first) <= step <= (int(last) if last else step if dash else int(first))
        for first, dash, last in parts
    )


def on_slide(line, step):
    """What a line of a Beamer source shows on a slide."""
    found = re.match(r"\\(?:node|draw)<([\d,-]+)>", line)
    if found and not holds(found[1], step):
        return ""
    line = re.sub(r"onslide=\{<[\d,-]+>\{[^{}]*\}\}", "", line)
    while found := re.search(r"\\uncover<([\d,-]+)>\{", line):
        end, depth = found.end(), 1
        while depth:
            depth += (line[end] == "{") - (line[end] == "}")
            end += 1
        inside = line[found.end() : end - 1] if holds(found[1], step) else ""
        line = line[: found.start()] + inside + line[end:]
    return line


def words_of(suffix, content):
    """What can be read in a file: texts, titles, alternatives, comments; no coordinates."""
    text = content.decode("utf-8", "replace")
    if suffix in (".svg", ".html", ".xml"):
        kept = re.findall(r'(?:aria-label|alt|descr|name|title)="([^"]*)"', text)
        kept += re.findall(r">([^<]+)<", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
        return unescape(" ".join(kept))
    if suffix == ".tex":
        lengths = r"\(-?[\d.]+,-?[\d.]+\)|-?[\d.]+em\b|scale(?:=|box\{)[\d.]+"
        text = re.sub(lengths, "", text)
        return text.replace("$-$", "-").replace("{-}", "-")
    if suffix == ".png":
        return Image.open(io.BytesIO(content)).text["Description"]
    if suffix == ".pdf":
        coded = re.findall(r"<feff([0-9a-f]*)>", text, re.IGNORECASE)
        return " ".join(bytes.fromhex(code).decode("utf-16-be") for code in coded)
    return text


def in_words(form, content):
    """The same of a file of one picture."""
    if form == ".pptx":
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return " ".join(words_of(".xml", package.read(name)) for name in package.namelist())
    return words_of(".tex" if form == ".tikz" else form, content)


WHOLE = ("svg", "html", "pptx", "tex", "tikz", "dot", "pdf", "png")
SINGLE = [f"single {form}" for form in WHOLE]
FORMS = ["html", "pptx", "tex", "pdf", "notebook", *SINGLE]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_no_file_tells_a_number_before_its_step(name, form):
    frames = steps_of(name)
    known = [numbers_known(frames, k) for k in range(len(frames))]
    words = list(told(form, frames))
    assert len(words) == len(frames)
    assert numbers_in(words[-1])
    for place, text in enumerate(words):
        assert numbers_in(text) <= known[place], (place, sorted(numbers_in(text) - known[place]))


@pytest.mark.parametrize("form", FORMS)
def test_a_number_before_its_step_is_caught(form, monkeypatch):
    frames = draw(different_numbers("lecture"), wrt="w2").frames()
    monkeypatch.setattr(Look, "has_reached", lambda look, node: True)
    early = numbers_in(next(iter(told(form, frames)))) - numbers_known(frames, 0)
    assert len(early) > 3


def numbers_known(frames, place):
    """The numbers of what is known in a frame, from the graph and the step and no picture."""
    picture = frames.pictures[place]
    graph, look = picture.graph, picture.look
    step, written = look.step, look.numbers.text
    scalars = [graph.nodes[i].value for i in step.values]
    scalars += [node.value for node in graph.nodes if node.is_constant]
    scalars += [graph.nodes[i].gradient for i in step.gradients]
    for edge in graph.edges:
        if edge.source in step.gradients or step.is_last:
            scalars += [edge.local, edge.contribution]
    texts = [written(scalar) for scalar in scalars]
    texts += [seen.look.step.caption.text for seen in frames.pictures[: place + 1]]
    texts += [line.text for line in look.beneath if step.is_last]
    return numbers_in(" ".join(texts))


# What is shown, and asked for --------------------------------------------------------------------


def said(picture, form):
    """All words of the file of one picture, and of its alternatives."""
    return in_words(f".{form}", picture.content(f".{form}")) + repr(picture)


def numbers_of(picture, what):
    """The numbers of a graph that somebody may want to hide."""
    written = picture.look.numbers.text
    nodes = [node for node in picture.graph.nodes if not node.is_constant]
    found = [node.gradient for node in nodes] if what == "gradients" else [n.value for n in nodes]
    return numbers_in(" ".join(written(one) for one in found if one is not None))


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("style", ["network", "circuit", "record"])
def test_no_file_of_an_exercise_tells_what_is_not_shown(style, form):
    whole = draw(different_numbers("lecture"), wrt="w2", style=style)
    values, gradients = numbers_of(whole, "values"), numbers_of(whole, "gradients")
    factors = {whole.look.numbers.text(edge.local) for edge in whole.graph.edges}
    factors = numbers_in(" ".join(factors)) - values - gradients
    assert values <= numbers_in(said(whole, form))
    assert not numbers_in(said(whole.show("names"), form))
    seen = numbers_in(said(whole.show("values"), form))
    assert values <= seen
    assert not seen & (gradients | factors)
    assert not numbers_in(said(whole.show("gradients"), form)) & factors


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("style", ["network", "circuit", "record"])
def test_no_file_of_a_question_tells_its_answer(style, form):
    whole = draw(different_numbers("lecture"), wrt="w2", style=style)
    asked = whole.ask("w2", "h2")
    nodes = {node.label: node for node in whole.graph.nodes}
    text = whole.look.numbers.text
    secret = numbers_in(" ".join(text(s) for s in (nodes["h2"].value, nodes["h2"].gradient,
                                                   nodes["w2"].gradient)))  # fmt: skip
    others = [node for name, node in nodes.items() if name != "h2" and not node.is_constant]
    others += [node for node in whole.graph.nodes if not node.label and not node.is_constant]
    secret -= numbers_in(" ".join(text(s) for n in others for s in (n.value, n.gradient)
                                  if n is not nodes["w2"] or s is n.value))  # fmt: skip
    assert secret
    assert secret <= numbers_in(said(whole, form))
    assert not secret & numbers_in(said(asked, form))
    assert text(nodes["w2"].value) in said(asked, form)
    assert "?" in said(asked, form)


@pytest.mark.parametrize("form", FORMS)
def test_the_steps_of_a_question_do_not_tell_its_answer(form):
    frames = draw(different_numbers("lecture"), wrt="w2").ask("h2").frames()
    whole = frames.at(-1)
    node = next(node for node in whole.graph.nodes if node.label == "h2")
    secret = numbers_in(" ".join(whole.look.numbers.text(s) for s in (node.value, node.gradient)))
    for words in told(form, frames):
        assert not secret & numbers_in(words)


def test_a_question_mark_stands_where_the_answer_will():
    whole = drawing()
    asked = whole.ask("w2", "h2")
    at = {(s.x, s.y) for s in asked.scene.shapes if isinstance(s, Text) and s.text == "?"}
    answers = {(s.x, s.y): s.text for s in whole.scene.shapes if isinstance(s, Text)}
    assert {answers[place] for place in at if place in answers} == {"1.6", "−0.12", "−0.24"}
    result = [s for s in asked.scene.shapes if isinstance(s, Text) and s.key == "derivation"]
    assert result[-1].text.endswith("?")


def test_without_a_backward_pass_a_leaf_is_asked_for_its_value():
    picture = draw(program("x = 2; y = x^2").output).ask("x")
    assert repr(picture).splitlines()[0] == "x: value ?"


def test_no_dash_holds_a_place_before_backward():
    picture = draw(program(LECTURE).output)
    assert not [text for text in texts(picture) if "–" in text]
    assert "–" not in repr(picture)


# Refinements -------------------------------------------------------------------------------------


def test_a_moved_unit_takes_its_edges_and_labels_along():
    whole = drawing()
    moved = whole.place("h2", right=24, down=16)
    assert centres(moved)["h2"] == pytest.approx(
        (centres(whole)["h2"][0] + 24, centres(whole)["h2"][1] + 16), abs=0.02
    )
    others = {key: place for key, place in centres(moved).items() if key != "h2"}
    assert others.items() <= centres(whole).items()
    unit = next(s for s in moved.scene.shapes if isinstance(s, Circle) and s.key == "h2")
    for arrow in (s for s in moved.scene.shapes if isinstance(s, Arrow) and "h2" in s.ends):
        x, y = arrow.points[-1 if arrow.ends[1] == "h2" else 0]
        assert abs(((x - unit.x) ** 2 + (y - unit.y) ** 2) ** 0.5 - unit.radius) < 0.1
    twice = whole.place("h2", right=12).place("h2", right=12, down=16)
    assert twice.scene == moved.scene


def test_a_new_name_stands_everywhere():
    renamed = drawing().rename("h2", "z")
    assert "z" in texts(renamed)
    assert not [text for text in texts(renamed) if "h₂" in text]
    assert "∂ŷ/∂z" in renamed.look.beneath[0].text
    assert not any("h₂" in scene.description for scene in renamed.frames().scenes)


def test_a_title_stands_above_and_moves_nothing_else():
    whole, titled = drawing(), drawing().titled("  Back  propagation ")
    assert texts(titled) == ["Back propagation", *texts(whole)]
    band = titled.scene.height - whole.scene.height
    assert all(y - band == pytest.approx(centres(whole)[key][1], abs=0.01)
               for key, (_, y) in centres(titled).items())  # fmt: skip
    assert b"<title>Back propagation</title>" in titled.content(".svg")
    assert titled.titled("").scene == whole.scene


def test_a_transparent_picture_has_no_ground_and_no_plates():
    picture = drawing().on("transparent")
    assert b"<rect" not in picture.content(".svg").replace(b'rx="', b"")
    assert picture.scene.paper == ""
    assert drawing().on("#fffbe6").scene.paper == "#fffbe6"


def test_a_scaled_picture_is_so_many_times_as_large_in_everything():
    whole, half = drawing().scene, drawing().scaled(0.5).scene
    assert (half.width, half.height) == (whole.width / 2, whole.height / 2)
    for one, other in zip(whole.shapes, half.shapes, strict=True):
        if isinstance(one, Text):
            assert other.size == pytest.approx(one.size / 2, abs=0.001)
    assert drawing().scaled(0.5).scaled(2).scene.width == whole.width


def test_a_theme_of_ones_own_says_what_is_hard_to_read():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = Theme.like("light", value="#00529b", font="Fira Sans")
    assert drawing().themed(own).scene.theme == own
    with pytest.warns(
        UserWarning, match=r"value #ffff00 stands out from #ffffff by 1\.1:1; .*4\.5"
    ):
        Theme.like("light", value="#ffff00")


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_texts_of_our_themes_can_be_read(theme):
    for name in ("ink", "muted", "value", "gradient", "accent"):
        assert contrast(getattr(theme, name), theme.paper) >= 4.5


def test_frames_have_refinements_of_their_own():
    frames = drawing().frames()
    assert len(frames.only("forward")) == 5
    assert len(frames.only("backward")) == 4
    assert frames.at(3).scene == frames.scenes[2]
    assert frames.at(-1).scene == frames.scenes[-1]
    assert len(frames.handout(per_page=4)) == 3
    both = Frames.compare(frames, drawing(wrt="w1").frames())
    assert len(both) == len(frames)
    assert both.scenes[0].width > 2 * frames.scenes[0].width
    assert both.scenes[0].size == frames.scenes[0].size
    assert b", 3000)" in frames.seconds(3).content(".html")


def outside(scene):
    """The shapes that are not wholly on the canvas."""
    found = []
    for shape in scene.shapes:
        if isinstance(shape, Arrow):
            corners = list(shape.points)
        elif isinstance(shape, Text):
            corners = [box(shape)[:2], box(shape)[2:]]
        elif isinstance(shape, Circle):
            corners = [(shape.x + k * shape.radius, shape.y + k * shape.radius) for k in (-1, 1)]
        else:
            corners = [(shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height)]
        if not all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in corners):
            found.append(shape)
    return found


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_page_of_steps_crops_nothing(name):
    for page in steps_of(name).handout(per_page=3).scenes:
        assert outside(page) == []


def test_pictures_side_by_side_keep_their_size_and_are_not_cropped():
    scenes = [drawing().scene, drawing().show("names").refit().scene]
    both = side_by_side(scenes)
    assert both.width >= sum(scene.width for scene in scenes)
    assert len(both.shapes) == sum(len(scene.shapes) for scene in scenes)
    assert outside(both) == []
    assert outside(replace(both, width=scenes[0].width))
    assert {t.size for t in both.shapes if isinstance(t, Text)} == {
        t.size for scene in scenes for t in scene.shapes if isinstance(t, Text)
    }


WRONG = {
    ".hide(nope)": "no node is named 'nope'",
    ".hide(h3)": "near it are w3, h2, h1",
    ".shwo(names)": "did you mean 'show'",
    ".show(name)": "did you mean 'names'",
    ".save(x.svg)": "a picture is refined by ask, biases, colour",
    ".heading(w2, weight)": "headings are over columns of a network; 'w2' has none",
    ".colour(h2, re d)": "a colour is #rrggbb or one of paper, ink",
    ".colour(h2)": r".colour takes (node, colour): missing a required argument: 'colour'",
    ".place(h2, right=far)": "place moves by points",
    ".scaled(0)": "scaled by 0.05 to 20; got 0",
    ".scaled(big)": ".scaled: ",
    ".themed(drak)": "did you mean 'dark'",
    ".titled(a": "a comma or a closing parenthesis is missing",
    ".titled('a": "a name, a number or a text in quotes is missing",
    "titled(a)": "refinements are written like",
    ".titled(a).": "refinements are written like",
    ".frames().titled(a)": "frames are refined by at, ",
    ".frames().only(back)": "did you mean 'backward'",
    ".frames().at(77)": "there are steps 1 to 9; got 77",
    ".frames().seconds(0)": "0.05 to 600; got 0",
    ".show(names).frames()": "names alone have no steps",
    ".__class__()": "refinements are written like",
    ".rename(a=1, b)": "what has no name= comes first",
    ".rename(h2, h2, h2)": "too many positional arguments",
}


@pytest.mark.parametrize("written", WRONG)
def test_a_wrong_refinement_gets_one_clear_line(written):
    with pytest.raises(DrawingError) as caught:
        refined(drawing(), written).content(".svg")
    assert WRONG[written] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_refinements_as_text_are_those_of_python():
    whole = drawing()
    text = '.hide(y).titled("a, (b) \\"c\\"").place(h2, right=12.5, down=-3) . show( values )'
    by_hand = whole.hide("y").titled('a, (b) "c"').place("h2", right=12.5, down=-3).show("values")
    assert refined(whole, text).scene == by_hand.scene
    assert refined(whole, "").scene == whole.scene
    frames = refined(whole, ".frames(layer).seconds(2)")
    assert (len(frames), frames.pace) == (len(whole.frames("layer")), 2)
    assert refined(whole, ".biases(false)").look.biases is False
    assert set(refinements(Frames)) == {"at", "handout", "only", "seconds"}


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=".hide(y)show\"'namesx,= 1\\“”", max_size=30))
def test_any_text_is_read_or_refused(written):
    try:
        refined(drawing(), written)
    except DrawingError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_a_long_chain_of_refinements_is_read_in_a_moment():
    made = refined(drawing(), ".hide(y)" * 2_000)
    assert made.look.hidden


# What a lecturer tries ---------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / ".docs" / "hand.md").read_text("utf-8")
WITH_BIASES = LECTURES[1].text


def source(form, content):
    """The text of a file, where there is one in it, else its words."""
    if form == ".pptx":
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return " ".join(package.read(name).decode() for name in package.namelist())
    return content.decode() if form in (".tex", ".tikz") else words_of(form, content)


def count(pattern):
    return lambda words, content: len(re.findall(pattern, words or content.decode()))


def has(*texts):
    return lambda words, content: all(text in words for text in texts)


def paints(*marks):
    return lambda words, content: all(mark in content for mark in marks)


def place_of_h2(words, content):
    found = re.search(rb"\(h2\) at \((.*?),(.*?)\)", content)
    return [float(found[1]), float(found[2])]


def largest(words, content):
    """The size of the text of a unit, in hundredths of a point."""
    unit = re.search(r'name="h2".*?sz="(\d+)"', words, re.DOTALL)
    return int(unit[1])


def sides(words, content):
    return [float(side) for side in re.search(rb'viewBox="0 0 (\S+) (\S+)"', content).groups()]


def pages(words, content):
    return content.count(b"/Type /Page ")


# For each file of the page: what is looked for in it, what that is in the picture itself, and what
# in the file.
TRIALS = {
    "titled.svg": (has("Backpropagation in one line"), False, True),
    "without_y.svg": (count(r"(?m)\by: value"), 2, 0),
    "no_headings.pptx": (count(r"hidden \(ReLU\)"), 2, 0),
    "no_derivation.tex": (count(r"\\dfrac"), 4, 0),
    "no_weights.svg": (count(r"w[₁₂₃₄]: value"), 8, 0),
    "renamed.svg": (count("h₂"), lambda a: a >= 4, 0),
    "moved.tikz": (place_of_h2, None, lambda a, b: b[0] > a[0] and b[1] > a[1]),
    "violet.svg": (paints(b"#7c3aed"), False, True),
    "heading.pptx": (has("hidden layer"), False, True),
    "no_biases.svg": (count(r"b[₁₂₃]: value"), 6, 0),
    "dropped.svg": (paints(b"stroke-dasharray"), False, True),
    "blank.svg": (count(r"value|gradient|\d\.\d"), lambda a: a > 40, 0),
    "values.svg": (has("value", "gradient"), True, False),
    "gradients.tex": (count(r"\\dfrac"), 4, 0),
    "question.svg": (count(r"gradient \?"), 0, 4),
    "large.pptx": (largest, None, lambda a, b: b > 1.1 * a),
    "two.svg": (count(r"\d\.\d\d"), lambda a: a > 10, lambda a, b: b < a),
    "fractions.svg": (count(r"\d/\d"), 0, lambda a, b: b > 10),
    "comma.svg": (count(r"\d,\d"), 0, lambda a, b: b > 10),
    "dark.svg": (paints(b'fill="#111827"'), False, True),
    "own.pptx": (has("00529B", "Fira Sans"), False, True),
    "transparent.svg": (paints(b"<rect width"), True, False),
    "cream.svg": (paints(b'fill="#fffbe6"/>'), False, True),
    "half.svg": (sides, None, lambda a, b: b == [side / 2 for side in a]),
    "slow.html": (paints(b", 3000)"), False, True),
    "backward.pptx": (count(r"<p:sld "), 1, 4),
    "last.svg": (count(r"∂ℓ/∂w₂ = ∂ℓ/∂h₂"), 0, 3),
    "handout.pdf": (pages, 1, 3),
    "other_path.pptx": (count(r"∂ℓ/∂w₂"), 4, 0),
    "column.pdf": (paints(b"[0 0 252 200]"), False, True),
}
LINES = re.findall(r"^>>> (.*)\.save\(\"(.*)\"\)\.name$", PAGE, re.MULTILINE)
LINES = [(line, file) for line, file in LINES if "like=" not in line]  # another graph, in Python


def test_each_line_of_the_page_is_a_trial():
    assert [file for _, file in LINES] == list(TRIALS)
    assert len(TRIALS) >= 25


@pytest.mark.parametrize(("line", "file"), LINES, ids=[file for _, file in LINES])
def test_what_the_page_says_is_in_the_file_from_python_and_from_the_command_line(
    line, file, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("lecture.sg").write_text(WITH_BIASES, encoding="utf-8")
    loss = program(WITH_BIASES).output
    loss.backward()
    picture = draw(loss, wrt="w2")
    made = eval(line, {"picture": picture, "draw": draw, "loss": loss})
    refinement = ["--refine", line.removeprefix("picture")] if line.startswith("picture") else []
    options = ["--size", "column"] if "size=" in line else refinement
    assert cli.main(["draw", "lecture.sg", "--wrt", "w2", *options, "-o", file]) == 0
    content, form = Path(file).read_bytes(), Path(file).suffix
    assert content == made.content(form)

    looked_for, before, after = TRIALS[file]
    found = [looked_for(source(form, c), c) for c in (picture.content(form), content)]
    assert before(found[0]) if callable(before) else before in (None, found[0]), found
    assert after(*found) if callable(after) else after == found[1], found
