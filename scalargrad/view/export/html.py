"""Frames as one HTML file that steps through them: nothing is loaded, nothing else is needed."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from scalargrad.errors import DrawingError
from scalargrad.notation.words import printable
from scalargrad.view.export.library import LibraryMissing
from scalargrad.view.export.painting import png
from scalargrad.view.export.svg import svg
from scalargrad.view.frames import SECONDS, watched
from scalargrad.view.scene import Scene

MOST_STILLS = 30
COLOURS_OF_STILLS = 64  # which makes them a quarter of the size
_SHAPES = {"path", "rect", "circle", "text"}
_CONTENT = "content"  # among the attributes of a text: what stands in it
_WORDS = {"title", "desc"}  # the page says them once

_STYLE = """
:root { color-scheme: light dark; --ink: #1e293b; --paper: #ffffff; --muted: #5b6779;
  --line: #94a3b8; --face: #f1f5f9 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e5e7eb; --paper: #111827; --muted: #a3adbd; --line: #64748b; --face: #1f2937 }
}
body { margin: 0; padding: .5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif }
figure { margin: 0 0 1.5rem }
figure svg { display: block; width: 100%; height: auto; min-height: 8rem }
figcaption { overflow-wrap: anywhere }
.step { color: var(--muted) }
.defs { position: absolute; width: 0; height: 0 }
.caption, .words { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden;
  clip-path: inset(50%) }
.controls { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
.controls[hidden], .caption[hidden] { display: none }
button { min-width: 2.75rem; min-height: 2.75rem; border: 1px solid var(--line);
  border-radius: .5rem; background: var(--face); color: inherit; font: inherit; cursor: pointer }
button[aria-disabled=true] { color: var(--muted); cursor: default }
:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px }
input { flex: 1 1 8rem; min-height: 2.75rem; accent-color: #2563eb }
@media screen {
  .stepping { display: flex; flex-direction: column; box-sizing: border-box; min-height: 100vh;
    gap: .5rem; justify-content: center }
  .stepping main { flex: 1; display: flex; flex-direction: column; justify-content: center;
    cursor: pointer }
  .stepping figure { margin: 0 }
  .stepping figure:not(.shown), .stepping figcaption { display: none }
  .stepping figure svg { max-height: calc(100vh - 5rem) }
  :fullscreen .controls { display: none }
  :fullscreen figure svg { max-height: 96vh }
}
@media screen and (prefers-reduced-motion: no-preference) {
  .stepping .shown { animation: appear .15s }
  @keyframes appear { from { opacity: .4 } }
}
@page { size: landscape; margin: 10mm }
@media print {
  .controls, .caption, .words, figcaption { display: none }
  figure { margin: 0; break-after: page; break-inside: avoid }
  figure:last-of-type { break-after: auto }
  figure svg { max-height: 92vh }
}
"""

STEPPING = Path(__file__).with_name("steps.js").read_text(encoding="utf-8")
MILLISECONDS = round(1000 * SECONDS)


def page(
    scenes: Sequence[Scene],
    captions: Sequence[str] | None = None,
    *,
    title: str = "scalargrad",
    seconds: float = SECONDS,
) -> str:
    """An HTML document that steps through frames, on its own: no other file, no network.

    Without JavaScript all frames stand one under the other, in print each on a page. Nothing moves
    until somebody asks for it. Its content security policy admits its own script and style, no
    others. In a frame of a reveal.js deck, the keys of its remote step through the frames first.

    Args:
        scenes: the frames.
        captions: what each of them shows; by default the first line of its description.
        title: of the page, for the tab of a browser.
        seconds: that a step is shown while the page plays.

    Raises:
        DrawingError: for no frames, or another number of captions.
    """
    drawn, count = figures(scenes, captions), len(scenes)
    script = f"{STEPPING}stepping(document.body, document, {round(1000 * seconds)});\n"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{text(_policy(script))}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title or 'scalargrad')}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            drawn,
            "</main>",
            controls(count) if count > 1 else "",
            f"<script>{script}</script>" if count > 1 else "",
            "</body>",
            "</html>\n",
        ]
    )


def figures(scenes: Sequence[Scene], captions: Sequence[str] | None = None) -> str:
    """The frames as HTML to stand inside of a page, each a figure with its caption.

    Raises:
        DrawingError: for no frames, or another number of captions.
    """
    if captions is None:
        captions = [scene.description.partition("\n")[0] for scene in scenes]
    if not scenes or len(captions) != len(scenes):
        raise DrawingError(
            f"a page needs frames and a caption for each; got {len(scenes)} frames and "
            f"{len(captions)} captions"
        )
    pictures = [_Picture(scene) for scene in watched(scenes, "html")]
    shared = _shared(pictures)
    drawn = [
        _figure(picture, shared, step, caption, _said(scene, caption))
        for picture, step, caption, scene in zip(
            pictures, labels(len(scenes)), captions, scenes, strict=True
        )
    ]
    defs = [_element("path", {**dict(path), "id": name}) for path, name in shared.items()]
    shapes = f'<svg class="defs" aria-hidden="true"><defs>{"".join(defs)}</defs></svg>'
    return "\n".join([shapes, *drawn])


def stills(scenes: Sequence[Scene]) -> str:
    """The frames as HTML of images and nothing else, which no notebook takes out of an output.

    Each step unfolds by itself; of more than 30 steps only the last is there.
    """
    steps = list(zip(labels(len(scenes)), scenes, strict=True))
    kept = steps if len(steps) <= MOST_STILLS else steps[-1:]
    return "".join(_still(step, scene, is_last=scene is scenes[-1]) for step, scene in kept)


def _still(step: str, scene: Scene, is_last: bool) -> str:
    caption = scene.description.partition("\n")[0]
    said = ": ".join(part for part in (step, caption) if part)
    try:
        kind, picture = "png", png(scene, dpi=96, colours=COLOURS_OF_STILLS)
    except LibraryMissing:
        kind, picture = "svg+xml", svg(scene)
    return (
        f"<details{' open' * is_last}><summary>{text(said)}</summary>"
        f'<img src="data:image/{kind};base64,{b64encode(picture).decode()}" '
        f'alt="{text(scene.description)}"></details>'
    )


def labels(count: int) -> list[str]:
    """What the steps are called, where there is more than one: Step 3 of 15."""
    return [f"Step {place} of {count}" if count > 1 else "" for place in range(1, count + 1)]


def text(written: str) -> str:
    """Any text as HTML shows it, between tags and between quotes; control characters as dots."""
    return escape(printable(written, 0, keep="\n"))


_Attributes = tuple[tuple[str, str], ...]


class _Picture:
    """The size of a frame and its shapes, each by its tag and attributes, from back to front."""

    def __init__(self, scene: Scene) -> None:
        root = ElementTree.fromstring(svg(scene))
        self.box = root.attrib["viewBox"]
        self.shapes: list[tuple[str, _Attributes]] = []
        for child in root:
            tag = child.tag.rpartition("}")[2]
            if tag not in _WORDS:
                assert tag in _SHAPES, f"an SVG of ours has no <{tag}>"
                inside = ((_CONTENT, child.text),) if child.text else ()
                self.shapes.append((tag, (*child.attrib.items(), *inside)))


def _shared(pictures: Sequence[_Picture]) -> dict[_Attributes, str]:
    """A name for each path that occurs more than once and is longer than a reference to it."""
    paths = [shape for picture in pictures for tag, shape in picture.shapes if tag == "path"]
    prefix = sha256(repr(paths).encode()).hexdigest()[:8]  # no other page has these names
    often = [path for path, count in Counter(paths).items() if count > 1 and len(repr(path)) > 90]
    return {path: f"p{prefix}-{place}" for place, path in enumerate(often)}


def _said(scene: Scene, caption: str) -> str:
    """What a frame shows besides its caption, in words: a screen reader goes through the lines."""
    first, _, rest = scene.description.partition("\n")
    words = rest if first == caption else scene.description
    return "\n".join(part for part in (scene.title, words) if part)


def _figure(
    picture: _Picture, shared: dict[_Attributes, str], step: str, caption: str, words: str
) -> str:
    shapes = [
        _element("use", {"href": f"#{shared[shape]}"}) if shape in shared
        else _element(tag, dict(shape))
        for tag, shape in picture.shapes
    ]  # fmt: skip
    label = ": ".join(part for part in (step, caption) if part)
    step = f'<span class="step">{step}:</span> ' if step else ""
    said = f"{step}<bdi>{text(caption)}</bdi>"
    return (
        f'<figure>\n<svg role="img" aria-label="{text(label)}" viewBox="{text(picture.box)}">'
        f"{''.join(shapes)}</svg>\n<figcaption>{said}</figcaption>\n"
        f'<pre class="words">{text(words)}</pre>\n</figure>'
    )


def _element(tag: str, attributes: dict[str, str]) -> str:
    written = "".join(
        f' {name}="{text(value)}"' for name, value in attributes.items() if name != _CONTENT
    )
    inside = attributes.get(_CONTENT)
    return f"<{tag}{written}>{text(inside)}</{tag}>" if inside else f"<{tag}{written}/>"


def controls(count: int) -> str:
    """The caption, the buttons and the slider that step through so many figures, as HTML."""
    return (
        '<p class="caption" role="status" aria-live="polite" hidden></p>\n'
        '<div class="controls" role="group" aria-label="Steps" hidden>\n'
        '<button type="button" class="back">‹ Back</button>\n'
        '<button type="button" class="play">Play</button>\n'
        '<button type="button" class="forward">Next ›</button>\n'
        f'<input type="range" min="1" max="{count}" value="1" aria-label="Step">\n'
        '<span class="count" aria-hidden="true"></span>\n'
        '<button type="button" class="full" title="Full screen: F">Full</button>\n'
        "</div>"
    )


def _policy(script: str) -> str:
    def hashed(source: str) -> str:
        return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {hashed(script)}; style-src {hashed(_STYLE)}; "
        "base-uri 'none'; form-action 'none'"
    )
