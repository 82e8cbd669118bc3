"""Check the links of a built site: files and anchors are there, and nothing comes from elsewhere.

    python .docs/check.py .docs/site

Links that a reader may follow to other sites are left alone; scripts, styles, fonts and pictures
must be in the site, so that it can be read without a network.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {
    ("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"),
    ("object", "data"), ("image", "href"), ("use", "href"),
}  # fmt: skip
_NOT_LOADED = {"canonical", "author", "copyright"}


def problems(site: Path) -> list[str]:
    """What is wrong with a site, one line each."""
    found = []
    for page in sorted(site.rglob("*.html")):
        for tag, attribute, target in _targets(page):
            parts = urlsplit(target)
            where = f"{page.relative_to(site)}: {target}"
            if parts.scheme in ("data", "mailto", "javascript"):
                continue
            if parts.scheme or parts.netloc:
                if (tag, attribute) in _LOADED:
                    found.append(f"{where}: loaded from another site")
                continue
            file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if file.is_dir():
                file /= "index.html"
            if not file.is_file():
                found.append(f"{where}: no such file")
            elif parts.fragment.startswith("program="):
                continue  # for the page that runs programs
            elif file.suffix == ".html" and unquote(parts.fragment) not in _anchors(file):
                found.append(f"{where}: no such place in it")
    for style in sorted(site.rglob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", style.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"(?:url\(|@import\s+)[\"']?((?:https?:)?//[^\"')]+)", text):
            found.append(f"{style.relative_to(site)}: {target}: loaded from another site")
    return found


class _Elements(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {key: value or "" for key, value in attrs}))


@cache
def _elements(page: Path) -> list[tuple[str, dict[str, str]]]:
    parser = _Elements()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


def _targets(page: Path) -> list[tuple[str, str, str]]:
    return [
        (tag, attribute, attributes[attribute])
        for tag, attributes in _elements(page)
        for attribute in ("href", "src", "data")
        if attributes.get(attribute) and not _NOT_LOADED & set(attributes.get("rel", "").split())
    ]


@cache
def _anchors(page: Path) -> set[str]:
    found = (attributes.get(key) for _, attributes in _elements(page) for key in ("id", "name"))
    return {*filter(None, found), "", "top"}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    pages = len(list(folder.rglob("*.html")))
    wrong = problems(folder)
    print(*wrong, f"{pages} pages, {len(wrong)} broken links", sep="\n")
    sys.exit(bool(wrong) or not pages)
