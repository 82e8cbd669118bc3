"""The scene: themes that can be read, texts that are as large as they were measured."""

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from scalargrad.graph.model import Node
from scalargrad.notation.numbers import Numbers
from scalargrad.view.scene import THEMES, Look, extent, name_of, printable

DEJAVU = FontProperties(family="DejaVu Sans")


def luminance(colour):
    """The relative luminance of "#rrggbb", as WCAG 2.1 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TEXTS = ("ink", "muted", "value", "gradient", "accent")
GROUNDS = ("paper", "tint", "accent_tint")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_every_text_can_be_read_on_every_ground(theme, text, ground):
    colours = THEMES[theme]
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("line", ["frame", "path"])
def test_every_line_that_means_something_can_be_seen(theme, line):
    assert contrast(getattr(THEMES[theme], line), THEMES[theme].paper) >= 3  # WCAG 2.1, 1.4.11


def test_contrast_is_measured():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("text", ["w₂ = 0.8", "−0.24", "ŷ", "Σ"])
def test_a_text_is_as_wide_as_its_outline_and_no_wider_than_a_font_allows(text):
    reach = extent(text, 12.0)
    outline = TextPath((0, 0), text, size=12.0, prop=DEJAVU).get_extents()
    assert reach.width == pytest.approx(outline.width, abs=2.5)
    assert reach.above >= outline.y1 - 1
    assert reach.below >= -outline.y0 - 1


def test_mathematics_that_cannot_be_set_is_plain_text():
    assert name_of(Node("$\\frac{1}$", "", 1, None)).math == ""
    assert name_of(Node("w2", "", 1, None)).math == "w_{2}"
    assert name_of(Node("two words", "", 1, None)).math == ""


def test_a_long_label_is_cut():
    assert printable("x" * 100) == "x" * 39 + "…"
    assert printable("a\nb\x00") == "a·b·"


def test_a_look_is_what_it_was_made_of():
    look = Look(THEMES["light"], Numbers(3))
    assert look == Look(THEMES["light"], Numbers(3))
    assert not look.is_new(0)
