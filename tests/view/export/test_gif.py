import io
from dataclasses import replace

import pytest
from examples import frames, painted
from PIL import Image, ImageChops

from scalargrad import DrawingError, program
from scalargrad.graph.model import contracted
from scalargrad.lectures import LECTURES
from scalargrad.notation.numbers import Numbers
from scalargrad.view.export.gif import LONGEST_SIDE, animation
from scalargrad.view.scene import THEMES, Circle, Look, Rectangle, Scene, Text
from scalargrad.view.styles.network import network


@pytest.fixture(scope="module", params=["light", "dark"])
def scenes(request):
    output = program(LECTURES[0].text).output
    output.backward()
    look = Look(THEMES[request.param], Numbers(), size=(700.0, 360.0))
    return frames(contracted(output), look, network, by="layer")


@pytest.fixture(scope="module")
def made(scenes):
    return animation(scenes)


def opened(content):
    """The frames of a GIF and how long each is shown, in milliseconds."""
    image = Image.open(io.BytesIO(content))
    shown = []
    for place in range(image.n_frames):
        image.seek(place)
        shown.append((image.convert("RGB"), image.info["duration"]))
    return image, shown


def differing(content, scenes):
    """For each frame the greatest difference in a colour from its PNG, 0 to 255."""
    _, shown = opened(content)
    alone = [Image.open(io.BytesIO(painted(scene, "png"))).convert("RGB") for scene in scenes]
    return [
        max(high for _, high in ImageChops.difference(frame, png).getextrema())
        for (frame, _), png in zip(shown, alone, strict=True)
    ]


def test_a_gif_shows_all_frames_for_ever_and_the_last_one_longer(made, scenes):
    image, shown = opened(made)
    assert image.info["loop"] == 0
    assert [milliseconds for _, milliseconds in shown] == [1500] * (len(scenes) - 1) + [4500]
    assert image.size == Image.open(io.BytesIO(painted(scenes[0], "png"))).size


def test_frames_look_like_their_pictures(made, scenes):
    assert max(differing(made, scenes)) <= 30


def test_another_frame_is_caught(made, scenes):
    moved = replace(scenes[0], shapes=scenes[0].shapes[:-1])
    assert differing(made, [moved, *scenes[1:]])[0] > 100


def test_paper_and_ink_keep_their_colours(made, scenes):
    for (frame, _), scene in zip(opened(made)[1], scenes, strict=True):
        colours = {colour for _, colour in frame.getcolors(256 * 256)}
        flat = {s.stroke for s in scene.shapes if isinstance(s, Circle)} | {scene.paper}
        assert {tuple(bytes.fromhex(colour[1:])) for colour in flat} <= colours
        assert len(colours) <= 256


def test_a_gif_is_the_same_each_time(made, scenes):
    assert animation(scenes) == made


def test_large_frames_are_made_smaller_and_small_ones_stand_on_paper():
    large = Scene(3000, 300, (Text(1500, 150, "large", 40, "#000000"),), "#ffffff", "")
    small = Scene(30, 30, (Rectangle(5, 5, 20, 20, "#ff0000", "#ff0000"),), "#ffffff", "")
    image, shown = opened(animation([large, small]))
    assert max(image.size) == LONGEST_SIDE
    assert shown[1][0].getpixel((image.width - 1, image.height - 1)) == (255, 255, 255)
    assert shown[1][0].getpixel((10, 10)) == (255, 0, 0)


def test_frames_that_are_alike_are_shown_as_long_as_both():
    scene = Scene(30, 30, (), "#ffffff", "")
    _, shown = opened(animation([scene, scene], seconds=1))
    assert sum(milliseconds for _, milliseconds in shown) == 4000


def test_what_cannot_be_shown_is_refused():
    scene = Scene(30, 30, (), "#ffffff", "")
    with pytest.raises(DrawingError, match="at least one frame; got none"):
        animation([])
    for seconds in (0, -1, 601, float("nan")):
        with pytest.raises(DrawingError, match=r"0\.02 to 600 seconds; got"):
            animation([scene], seconds)


def test_a_terminal_shows_progress_and_a_file_none(monkeypatch, capsys):
    import sys

    scene = Scene(30, 30, (), "#ffffff", "")
    animation([scene] * 3)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    slow = iter([0.0, *range(1, 1000)])
    monkeypatch.setattr("tqdm.std.time", lambda: next(slow))
    animation([scene] * 3)
    assert "gif" in capsys.readouterr().err
