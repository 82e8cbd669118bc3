"""What a lecturer changes in a picture, and what no file tells too early."""

import io
import re
import subprocess
import zipfile
from html import unescape

import pytest
from examples import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from legible import flaws

from scalargrad import DrawingError, draw, program
from scalargrad.engine.backward import topological_order
from scalargrad.lectures import LECTURES
from scalargrad.view.scene import Circle, Rectangle, Text

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


_NUMBER = re.compile(r"(?<![\w.])[−-]?\d+\.\d{2,}")


def numbers_in(text):
    """The decimals of two places or more: coordinates are kept out by their format's reader."""
    return {found.lstrip("−-") for found in _NUMBER.findall(text)}


def told(form, frames):
    """For each frame what a file of a format says in words, as text of the file."""
    if form in ("svg", "single pdf", "single tex", "single html", "single pptx"):
        suffix = {"svg": ".svg"}.get(form, f".{form.split()[-1]}")
        for picture in frames.pictures:
            yield words_of(suffix, picture.content(suffix))
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
            yield " ".join(words_of(".tex", line.encode()) for line in source.splitlines()
                           if is_on(line, step))  # fmt: skip
    elif form == "pdf":
        yield from pages_of(content)


def is_on(line, step):
    """Whether a line of a Beamer source is on a slide."""
    found = re.search(r"(?:\\only|visible on=)<([\d,-]+)>", line)
    ranges = [part.partition("-") for part in found[1].split(",")] if found else []
    return not found or any(
        int(first) <= step <= (int(last) if last else step if dash else int(first))
        for first, dash, last in ranges
    )


def words_of(suffix, content):
    """What can be read in a file: texts, titles, alternatives, comments; no coordinates."""
    text = content.decode("utf-8", "replace")
    if suffix in (".svg", ".html", ".xml"):
        kept = re.findall(r'(?:aria-label|alt|descr|name|title)="([^"]*)"', text)
        kept += re.findall(r">([^<]+)<", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
        return unescape(" ".join(kept))
    if suffix == ".tex":
        text = re.sub(r"\([\d.,\-+]+(?:bp|pt)?,[\d.,\-+]+(?:bp|pt)?\)|scale=[\d.]+|[\d.]+(?:bp|pt)"
                      r"|\\scalebox\{[\d.]+\}", "", text)  # fmt: skip
        return text.replace("$-$", "-").replace("{-}", "-")
    return text


def pages_of(content):
    """The words of each page of a PDF: its outlines say nothing, its structure may."""
    text = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True)
    yield from text.stdout.decode().split("\f")[:-1]


def first_tells_early(said):
    """The first number in a frame that the captions so far do not tell; None for none."""
    known = set()
    for place, (caption, words) in enumerate(said):
        known |= numbers_in(caption)
        extra = numbers_in(words) - known
        if extra:
            return place, sorted(extra)
    return None


FORMS = ["html", "pptx", "tex", "svg", "single html"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_no_file_tells_a_number_before_its_step(name, form):
    output = different_numbers(name)
    wrt = next(n.label for n in topological_order(output) if n.is_leaf and n.label)
    frames = draw(output, wrt=wrt).frames("layer")
    known = [numbers_known(frames, k) for k in range(len(frames))]
    words = list(told(form, frames))
    assert len(words) == len(frames)
    for place, text in enumerate(words):
        assert numbers_in(text) <= known[place], (place, sorted(numbers_in(text) - known[place]))


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
