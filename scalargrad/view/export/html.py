"""Frames as one HTML file that steps through them: nothing is loaded, nothing else is needed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path

from scalargrad.errors import DrawingError
from scalargrad.notation.words import printable
from scalargrad.view.export.svg import dark_rules, shared, svg
from scalargrad.view.frames import SECONDS, watched
from scalargrad.view.scene import THEMES, Scene, Theme

MOST_STILLS = 30

_STYLE = """
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
  ::backdrop { background: var(--paper) }
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
    style = _style(scenes[0])
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{text(_policy(script, style))}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(title or 'scalargrad')}</title>",
            f"<style>{style}</style>",
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
    defs, drawn = shared(list(watched(scenes, "html")))
    made = [
        _figure(scene, "".join(picture), step, caption)
        for scene, picture, step, caption in zip(
            scenes, drawn, labels(len(scenes)), captions, strict=True
        )
    ]
    shapes = f'<svg class="defs" aria-hidden="true"><defs>{defs}</defs></svg>'
    return "\n".join([shapes, *made])


def stills(scenes: Sequence[Scene]) -> str:
    """What each step does in words, and the last picture: no notebook takes them out of an output.

    Of more than 30 steps only the last is there.
    """
    said = [
        ": ".join(filter(None, (step, scene.description.partition("\n")[0])))
        for step, scene in zip(labels(len(scenes)), scenes, strict=True)
    ]
    kept = said if len(said) <= MOST_STILLS else said[-1:]
    return "".join(f"<div>{text(step)}</div>" for step in kept) + image(scenes[-1])


def image(scene: Scene) -> str:
    """A picture as an element of HTML that no notebook takes out of an output, not trusted either.

    It is as wide as there is room for, has its description, and is dark where the page says so.
    """
    source = b64encode(svg(scene, compact=True)).decode()
    return (
        f'<img class="scalargrad" alt="{text(scene.description)}" '
        f'style="max-width:100%;height:auto" width="{round(scene.width * 4 / 3)}" '
        f'src="data:image/svg+xml;base64,{source}">'
    )


# What says that a notebook is dark: JupyterLab and its exported pages, Colab, VS Code.
DARK_PAGE = ":is([data-jp-theme-light=false],[theme=dark],.vscode-dark)"


def following(scene: Scene) -> str:
    """A style that lets images and frames be dark where a notebook is, if their theme can."""
    can = scene.theme and scene.theme.dark
    return f"<style>{DARK_PAGE} .scalargrad{{color-scheme:dark}}</style>" if can else ""


def labels(count: int) -> list[str]:
    """What the steps are called, where there is more than one: Step 3 of 15."""
    return [f"Step {place} of {count}" if count > 1 else "" for place in range(1, count + 1)]


def text(written: str) -> str:
    """Any text as HTML shows it, between tags and between quotes; control characters as dots."""
    return escape(printable(written, 0, keep="\n"))


def _said(scene: Scene, caption: str) -> str:
    """What a frame shows besides its caption, in words: a screen reader goes through the lines."""
    first, _, rest = scene.description.partition("\n")
    words = rest if first == caption else scene.description
    return "\n".join(part for part in (scene.title, words) if part)


def _figure(scene: Scene, drawn: str, step: str, caption: str) -> str:
    label = ": ".join(part for part in (step, caption) if part)
    step = f'<span class="step">{step}:</span> ' if step else ""
    box = f"0 0 {max(scene.width, 1):g} {max(scene.height, 1):g}"
    return (
        f'<figure>\n<svg role="img" aria-label="{text(label)}" viewBox="{box}">{drawn}</svg>\n'
        f"<figcaption>{step}<bdi>{text(caption)}</bdi></figcaption>\n"
        f'<pre class="words">{text(_said(scene, caption))}</pre>\n</figure>'
    )


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


def _style(scene: Scene) -> str:
    """The style of a page, in the colours of a theme, and of another where the reader's is dark."""
    theme = scene.theme or THEMES["light"]
    colours = _variables(theme, scene.paper or theme.paper)
    if theme.dark is None:
        return f":root {{ {colours} }}{_STYLE}"
    dark = f":root {{ {_variables(theme.dark, theme.dark.paper)} }}{dark_rules(scene)}"
    both = f":root {{ color-scheme: light dark; {colours} }}{_STYLE}"
    return f"{both}@media screen and (prefers-color-scheme: dark) {{ {dark} }}\n"


def _variables(theme: Theme, paper: str) -> str:
    return (
        f"--ink: {theme.ink}; --paper: {paper}; --muted: {theme.muted}; --line: {theme.wire}; "
        f"--face: {theme.tint}"
    )


def _policy(script: str, style: str) -> str:
    def hashed(source: str) -> str:
        return f"'sha256-{b64encode(sha256(source.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {hashed(script)}; style-src {hashed(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
