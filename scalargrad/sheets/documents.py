"""The text of a file as people hand it in: Markdown, text, CSV, HTML, notebooks, Word and PDF.

What a format marks up is written as Markdown is: tables with pipes, programs between ```sg and ```.
"""

from __future__ import annotations

import io
import json
import logging
import os
import stat
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from scalargrad.notation.words import printable

MOST_CHARACTERS = 1_000_000  # of a sheet
_MOST_BYTES = 20_000_000  # of a file that holds more than its text, as .docx and .pdf do
_MOST_PAGES = 50


class SheetError(ValueError):
    """A worksheet that cannot be made, read or saved, in one line."""


def sheet_text(path: str | os.PathLike[str]) -> str:
    """The text of a file that should hold a sheet, of which little more than it may be is read.

    Raises:
        SheetError: for a folder, a file that cannot be read, is too large, or holds no text.
    """
    called = printable(str(path), 300)
    try:
        if not os.path.isfile(path):
            what = "is no file" if os.path.exists(path) else "is not there"
            raise SheetError(f"{called} {what}; a sheet is a Markdown or CSV file")
        return _text_in(Path(path))
    except OSError as error:
        raise SheetError(f"cannot read {called}: {error.strerror or error}") from None


def submission_text(path: str | os.PathLike[str]) -> str:
    """The same for what another person put there: neither links nor pipes are followed.

    No message has the name of the file, which may be a person's.

    Raises:
        SheetError: as `sheet_text` does.
    """
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            raise SheetError("it is a link, which is not followed: hand in the file itself")
        if not stat.S_ISREG(mode):
            raise SheetError(f"it is {_kind(mode)}, and no file")
        return _text_in(Path(path))
    except SheetError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file has such a name"
        raise SheetError(f"it cannot be read: {reason}") from None


def _text_in(path: Path) -> str:
    suffix = path.suffix.lower()
    most = _MOST_BYTES if suffix in _READERS else 4 * MOST_CHARACTERS + 4
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise SheetError(f"a sheet has at most {MOST_CHARACTERS:,} characters")
    return text_of(content, suffix)


def _kind(mode: int) -> str:
    tests = {"a pipe": stat.S_ISFIFO, "a socket": stat.S_ISSOCK, "a folder": stat.S_ISDIR}
    return next((name for name, test in tests.items() if test(mode)), "a device")


def text_of(content: bytes, suffix: str) -> str:
    """The text of what a file holds.

    Args:
        content: all its bytes.
        suffix: of its name, as ".docx".
    """
    for start, name in _OTHERS.items():
        if content.startswith(start) and suffix not in _READERS:
            name = _NAMED.get(suffix, name)
            raise SheetError(f"it is {name}: hand in the sheet as .md, .csv, .docx or .pdf")
    read = _READERS.get(suffix)
    if read is None:
        return _decoded(content)
    try:
        return read(content)
    except SheetError:
        raise
    except ImportError as error:
        library = _LIBRARIES[suffix]
        raise SheetError(f"to read {suffix} files: pip install {library} ({error})") from None
    except Exception as error:  # whatever a damaged file makes a reader raise
        reason = " ".join(str(error).split())[:100]
        raise SheetError(f"it cannot be read as {suffix}: {reason}") from None


_OTHERS = {
    b"PK\x03\x04": "a zip archive", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture", b"%PDF": "a PDF file with another name", b"Rar!": "an archive",
    b"7z\xbc\xaf": "an archive", b"\x1f\x8b": "an archive", b"\xd0\xcf\x11\xe0": "an old Word file",
    b"II*\x00": "a picture", b"MM\x00*": "a picture", b"RIFF": "a picture",
    b"\x00\x00\x00\x18ftyp": "a picture", b"\x00\x00\x00\x1cftyp": "a picture",
    b"\x00\x00\x00 ftyp": "a picture", b"{\\rtf": "an RTF file",
}  # fmt: skip
_NAMED = {
    ".xlsx": "an Excel workbook", ".ods": "a LibreOffice spreadsheet", ".pptx": "slides",
    ".odt": "a LibreOffice document", ".pages": "a Pages document", ".numbers": "a spreadsheet",
}  # fmt: skip
_LIBRARIES = {".docx": "python-docx", ".pdf": "pypdf"}


def _decoded(content: bytes) -> str:
    """The text that bytes hold: UTF-8, UTF-16 as spreadsheets write it, or Windows-1252."""
    encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        text = _of_windows(content, error)
    if len(text) > MOST_CHARACTERS:
        raise SheetError(f"a sheet has at most {MOST_CHARACTERS:,} characters")
    if "\0" in text:
        raise SheetError("a sheet is a text; this is a binary file")
    return text


def _encoding(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    start = content[:_LOOKED_AT]
    even, odd = start[::2].count(0), start[1::2].count(0)  # Latin letters in UTF-16 have one each
    if max(even, odd) * 4 > len(start) // 2 and min(even, odd) * 20 < max(even, odd):
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8-sig"


_LOOKED_AT = 2000  # bytes, that tell an encoding


def _of_windows(content: bytes, error: UnicodeDecodeError) -> str:
    """A text in Windows-1252: it has no control characters but those that part lines and cells."""
    if not any(byte < 32 and byte not in b"\t\n\r\f" for byte in content):
        try:
            return content.decode("cp1252")
        except UnicodeDecodeError:
            pass
    place = min(error.start, len(content) - 1)
    raise SheetError(f"a sheet is a text in UTF-8; byte {place} is {content[place]:#04x}")


# Formats -----------------------------------------------------------------------------------------


def row(cells: list[str]) -> str:
    """A line of a table of Markdown."""
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


class _Html(HTMLParser):
    """The lines of an HTML document; scripts and styles say nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self.cells: list[str] | None = None
        self.silent = 0
        self.is_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row, a cell, a block of code or a line."""
        if tag in ("script", "style"):
            self.silent += 1
        elif tag == "tr":
            self.cells = []
        elif tag in ("td", "th") and self.cells is not None:
            self.cells.append("")
        elif tag == "pre":
            self.is_code = True
            self.lines += ["```sg", ""]
        elif tag in ("p", "div", "br", "li", "h1", "h2", "h3", "h4", "table"):
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag in ("script", "style"):
            self.silent = max(0, self.silent - 1)
        elif tag == "tr" and self.cells is not None:
            self.lines += [row(self.cells), ""]
            self.cells = None
        elif tag == "pre" and self.is_code:
            self.is_code = False
            self.lines += ["```", ""]
        elif tag in ("p", "div", "table"):
            self.handle_data("\n")

    def handle_data(self, data: str) -> None:
        """Text belongs to the cell that is open, else to the line."""
        if self.silent:
            return
        if self.cells is not None:
            if self.cells:
                self.cells[-1] += data
            return
        first, *others = data.split("\n")
        self.lines[-1] += first
        self.lines += others


def _html(content: bytes) -> str:
    parser = _Html()
    parser.feed(_decoded(content))
    parser.close()
    if parser.is_code:
        parser.lines += ["```", ""]
    return "\n".join(parser.lines)


def _notebook(content: bytes) -> str:
    """The cells of a notebook: Markdown as it stands, and the programs of its %%sg cells."""
    data = json.loads(_decoded(content))
    parts = []
    for cell in data["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
        elif text.lstrip().startswith("%%sg"):
            parts.append("```sg\n" + text.lstrip().partition("\n")[2] + "\n```")
    return "\n\n".join(parts)


def _docx(content: bytes) -> str:
    """The paragraphs and tables of a Word file; its macros and links are left alone."""
    import docx
    from docx.table import Table

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
            raise SheetError("it unpacks to more than a sheet can hold")
    document = docx.Document(io.BytesIO(content))
    lines: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            lines += ["", *(row([cell.text for cell in each.cells]) for each in block.rows), ""]
        else:
            lines.append(block.text)
    return "\n".join(lines)


def _pdf(content: bytes) -> str:
    """The text of a PDF file, its columns apart."""
    import pypdf

    logging.getLogger("pypdf").addHandler(logging.NullHandler())  # what it warns of helps nobody
    pages = pypdf.PdfReader(io.BytesIO(content)).pages[:_MOST_PAGES]
    text = "\n".join(page.extract_text(extraction_mode="layout") for page in pages)
    if not text.strip():
        raise SheetError("it is a PDF file without text, as scanners make: hand in the text itself")
    return text


_READERS: dict[str, Callable[[bytes], str]] = {
    ".html": _html, ".htm": _html, ".ipynb": _notebook, ".docx": _docx, ".docm": _docx,
    ".pdf": _pdf,
}  # fmt: skip
