"""Scenes as a PDF, one page each: outlines only, so no font; tagged, so that it is read aloud."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache

from scalargrad.view.export.outlines import DASHES, Mark, marks
from scalargrad.view.glyphs import Outline, Segment
from scalargrad.view.scene import Scene

_FIRST_PAGE = 6  # the number of the object; those before belong to the document
_PER_PAGE = 3  # page, content, and what it shows in words


def pdf(scenes: Sequence[Scene]) -> bytes:
    """A PDF document with a page for each scene."""
    pages = [_FIRST_PAGE + _PER_PAGE * index for index in range(len(scenes))]
    kids = " ".join(f"{page} 0 R" for page in pages)
    figures = " ".join(f"{page + 2} 0 R" for page in pages)  # what is read aloud
    figure_of_mark = " ".join(f"{index} [{page + 2} 0 R]" for index, page in enumerate(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) /MarkInfo << /Marked true >>"
        b" /StructTreeRoot 4 0 R /ViewerPreferences << /DisplayDocTitle true >> >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        _information(scenes[0].title, scenes[0].description) if scenes else b"<< >>",
        f"<< /Type /StructTreeRoot /K [{figures}] /ParentTree 5 0 R >>".encode(),
        f"<< /Nums [{figure_of_mark}] >>".encode(),
    ]
    for index, (page, scene) in enumerate(zip(pages, scenes, strict=True)):
        objects += _page(scene, page, index)
    return _document(objects)


def _information(title: str, description: str) -> bytes:
    title = title or description.partition("\n")[0]
    return b"<< /Title " + _text(title) + b" /Subject " + _text(description) + b" >>"


def _page(scene: Scene, number: int, index: int) -> list[bytes]:
    width, height = max(scene.width, 1), max(scene.height, 1)
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_number(width)} {_number(height)}]"
        f" /Contents {number + 1} 0 R /Resources << >> /StructParents {index} >>"
    )
    content = zlib.compress(_content(scene, width, height).encode(), 9)
    stream = f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode()
    figure = f"<< /Type /StructElem /S /Figure /P 4 0 R /Pg {number} 0 R /K 0 /Alt ".encode()
    return [
        page.encode(),
        stream + content + b"\nendstream",
        figure + _text(scene.description) + b" >>",
    ]


def _content(scene: Scene, width: float, height: float) -> str:
    """The operators that paint a scene; y grows downwards, as in the scene."""
    wide, high = _number(width), _number(height)
    lines = [
        "/Figure << /MCID 0 >> BDC",
        f"1 0 0 -1 0 {high} cm",
        *([f"{_colour(scene.paper)} rg 0 0 {wide} {high} re f"] if scene.paper else []),
        *(_operators(mark) for mark in marks(scene)),
        "EMC",
    ]
    return "\n".join(lines)


def _operators(mark: Mark) -> str:
    paint = {(True, False): "f", (False, True): "S", (True, True): "B"}.get(
        (bool(mark.fill), bool(mark.stroke)), "n"
    )
    state = []
    if mark.fill:
        state.append(f"{_colour(mark.fill)} rg")
    if mark.stroke:
        dashes = f"{DASHES[0]:g} {DASHES[1]:g}" if mark.dashed else ""
        state.append(f"{_colour(mark.stroke)} RG {_number(mark.line)} w [{dashes}] 0 d")
    pieces = [_placed(outline, x, y, paint) for outline, x, y in mark.parts]
    return "\n".join((*state, *pieces))


def _placed(outline: Outline, x: float, y: float, paint: str) -> str:
    if x == y == 0:
        return f"{_path(outline)} {paint}"
    return f"q 1 0 0 1 {_number(x)} {_number(y)} cm {_path(outline)} {paint} Q"


@lru_cache(maxsize=20_000)
def _path(outline: Outline) -> str:
    pieces = []
    here: tuple[float, ...] = (0.0, 0.0)
    for segment in outline.segments:
        pieces.append(_segment(segment, here))
        here = segment[1][-2:] or here
    return " ".join(pieces)


def _segment(segment: Segment, here: tuple[float, ...]) -> str:
    letter, numbers = segment
    if letter == "Q":  # PDF has cubics only; the same parabola as a cubic
        (x0, y0), (x1, y1, x2, y2) = here, numbers
        numbers = (
            (x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3, (x2 + 2 * x1) / 3, (y2 + 2 * y1) / 3, x2, y2,
        )  # fmt: skip
    operator = {"M": "m", "L": "l", "Q": "c", "C": "c", "Z": "h"}[letter]
    return " ".join((*map(_number, numbers), operator))


def _colour(name: str) -> str:
    """A colour as three numbers from 0 to 1."""
    return " ".join(_number(int(name[at : at + 2], 16) / 255) for at in (1, 3, 5))


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".").replace("-0", "0" if abs(value) < 5e-4 else "-0")


def _text(text: str) -> bytes:
    """A string of a PDF, as hexadecimal UTF-16: nothing in it needs escaping."""
    return b"<feff" + text.encode("utf-16-be", "replace").hex().encode() + b">"


def _document(objects: list[bytes]) -> bytes:
    """The objects, numbered from 1, with the table that says where each begins."""
    content = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {size} /Root 1 0 R /Info 3 0 R >>\nstartxref\n{len(content)}\n%%EOF\n"
    )
    return content + end.encode()
