"""Builds the page into a folder that any web server can publish, and serves it on this machine."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import io
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import webbrowser
import zipfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

from scalargrad.authoring.colours import PIECES
from scalargrad.errors import FileError
from scalargrad.files import make_folder, write_all, zipped
from scalargrad.lectures import LECTURES
from scalargrad.lectures.decks import chosen
from scalargrad.view.export.html import STEPPING

PYODIDE = "pyodide@314.0.7"  # Python for browsers, from npm
_TAKEN = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json")
_STDLIB = "python_stdlib.zip"
# Of Python's library, what a page has no use for: other alphabets of files, servers, processes.
_LEFT_OUT = re.compile(
    r"encodings/(cp(?!437)|mac_|iso|big5|euc|gb|hz|johab|koi|shift|kz|tis|palm|ptcp|hp_)"
    r"|(unittest|multiprocessing|_pyrepl|xmlrpc|wsgiref|ensurepip|sqlite3|curses|dbm)/"
    r"|(imaplib|mailbox|smtplib|ftplib|poplib|pydoc|pdb|doctest|webbrowser)\.py"
)
_HERE = Path(__file__).parent


def build(folder: Path) -> Path:
    """Write the page into a folder; what it holds under the same names is replaced.

    Raises:
        FileError: without npm, or where the folder cannot be written to.
    """
    make_folder(folder)
    made = dict(_python())
    made["scalargrad.zip"] = zipped(dict(_package()))
    stepper = files("scalargrad.view.stepper")
    made["stepper.js"] = (STEPPING + (stepper / "live.js").read_text(encoding="utf-8")).encode()
    made["stepper.css"] = (stepper / "live.css").read_bytes() + (_HERE / "steps.css").read_bytes()
    data = {"examples": examples(), "pieces": dict(_pieces())}
    made["page.json"] = json.dumps(data, ensure_ascii=False).encode()
    for path in sorted(_HERE.iterdir()):
        if path.suffix in (".html", ".css", ".js"):
            made[path.name] = path.read_bytes()
    version = hashlib.sha256(repr(sorted(made.items())).encode()).hexdigest()[:16]
    built = {"version": version, "files": sorted(made)}
    made["offline.js"] = f"const BUILT = {json.dumps(built)};\n".encode() + made["offline.js"]
    write_all((folder / name, content) for name, content in made.items())
    return folder


def examples() -> dict[str, dict[str, str]]:
    """The programs on the page by their titles, under headings: worked examples, each slide's."""
    worked = (_HERE / "examples.sg").read_text(encoding="utf-8").split("\n\n")
    headed = (program.removeprefix("# ").partition("\n") for program in worked)
    made = {"Worked examples": {LECTURES[0].title: LECTURES[0].text}}
    made["Worked examples"] |= {title: program.strip() for title, _, program in headed}
    for heading, rows in chosen([]):
        made[heading] = {f"{row.label} {row.title}": row.text for row in rows if row.text.strip()}
    return made


def _pieces() -> Iterator[tuple[str, str]]:
    """What has a colour, as JavaScript reads it, where letters are not only those of ASCII."""
    for kind, pattern in PIECES.items():
        name = kind.rpartition(".")[2].lower()
        yield name, pattern.replace(r"[^\W\d]", r"[\p{L}_]").replace(r"\w", r"\p{L}\p{N}_")


def _python() -> Iterator[tuple[str, bytes]]:
    """The files of Python for browsers."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileError("the page needs Pyodide, which npm fetches; npm is not installed")
    with tempfile.TemporaryDirectory() as place:
        command = [npm, "pack", "--silent", PYODIDE]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True)
        if done.returncode:
            raise FileError(f"npm could not fetch {PYODIDE}: {done.stderr.strip()[-200:]}")
        (archive,) = Path(place).glob("*.tgz")
        with tarfile.open(archive) as package:
            for name in (*_TAKEN, _STDLIB):
                member = package.extractfile(f"package/{name}")
                assert member is not None
                content = member.read()
                yield name, _reduced(content) if name == _STDLIB else content


def _reduced(library: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(library)) as archive:
        kept = [name for name in archive.namelist() if not _LEFT_OUT.match(name)]
        return zipped({name: archive.read(name) for name in kept})


def _package() -> Iterator[tuple[str, bytes]]:
    """The files of scalargrad and of click, which reads its options."""
    for module in ("scalargrad", "click"):
        root = Path(str(files(module)))
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.parent.name != "__pycache__":
                yield path.relative_to(root.parent).as_posix(), path.read_bytes()


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 - as its base class has it
        **http.server.SimpleHTTPRequestHandler.extensions_map,
                      ".js": "text/javascript", ".mjs": "text/javascript",
                      ".wasm": "application/wasm"}  # fmt: skip

    def log_message(self, *_: object) -> None:
        """Say nothing of each file."""


def server(folder: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """A server of a folder for this machine only; port 0 takes a free one."""
    handler = functools.partial(_Handler, directory=str(folder))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


def opened(folder: Path, behind: str, port: int, say: Callable[[str], object]) -> None:
    """Serve the page and open it in a browser, until somebody interrupts that.

    Raises:
        FileError: for a folder without the page.
    """
    if not (folder / "index.html").is_file():
        raise FileError(f"{folder} holds no page; scalargrad play --output {folder} builds it")
    with server(folder, port) as page:
        address = f"http://127.0.0.1:{page.server_address[1]}/{behind}"
        say(f"the page is at {address}\nCtrl-C ends it")
        webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            page.serve_forever()
