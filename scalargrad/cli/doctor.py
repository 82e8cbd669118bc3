"""doctor: what of the optional surroundings is found here, and what each missing part would add.

Nothing heavy is imported: packages are looked up by their metadata, programs are asked for their
version, in another process and with a time limit.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from textwrap import wrap

from scalargrad import __version__
from scalargrad.notation.words import printable
from scalargrad.view.layout.engines import pygraphviz_works, run

LIMIT = 5.0  # seconds for each program
WIDTH = 100  # columns of the report
_LONGEST = 70  # characters of what a program says of itself
_OLDEST = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One part of the surroundings.

    Attributes:
        name: what was looked for.
        found: whether it is there and works.
        what: its version or place; else what is wrong with it.
        adds: what it is good for, and how to get it.
    """

    name: str
    found: bool
    what: str
    adds: str


def report() -> list[Finding]:
    """What is found here, in a fixed order; broken programs are reported, never raised.

    >>> [finding.found for finding in report() if finding.name == "Python"]
    [True]
    """
    with ThreadPoolExecutor(len(_LOOKS)) as pool:  # several that hang cost no more than one
        return list(pool.map(lambda look: look(), _LOOKS))


def text(findings: Sequence[Finding]) -> str:
    """The findings as aligned lines of at most 100 columns, without colour.

    >>> print(text([Finding("Python", True, "3.12.1", ""), Finding("dot", False, "no", "Layout.")]))
    found    Python  3.12.1
    missing  dot     no. Layout.
    """
    column = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for finding in findings:
        said = finding.what if finding.found else f"{finding.what}. {finding.adds}"
        head = f"{'found' if finding.found else 'missing':7}  {finding.name:{column}}  "
        rest = wrap(said, max(20, WIDTH - len(head))) or [""]
        lines += [head + rest[0], *(" " * len(head) + line for line in rest[1:])]
    return "\n".join(line.rstrip() for line in lines)


# How to look ------------------------------------------------------------------------------------


def _python() -> Finding:
    what = f"{platform.python_version()} ({platform.python_implementation()}, {sys.platform})"
    adds = "scalargrad is tested from Python 3.11 on: python.org, or uv python install 3.13"
    return Finding("Python", sys.version_info >= _OLDEST, what, adds)


def _program(name: str, adds: str, *commands: Sequence[str]) -> Callable[[], Finding]:
    """Looks for the first of some programs that works, by a command each."""

    def look() -> Finding:
        problems = []
        for command in commands:
            works, what = _asked(command)
            if works:
                return Finding(name, True, what, adds)
            if what:
                problems.append(what)
        programs = ", ".join(dict.fromkeys(command[0] for command in commands))
        return Finding(name, False, "; ".join(problems) or f"no {programs} on the PATH", adds)

    return look


def _asked(command: Sequence[str]) -> tuple[bool, str]:
    """Whether a command works, and what it says or what is wrong; "" where it is not installed."""
    program = which(command[0])
    if program is None:
        lying = which(command[0], mode=os.F_OK)
        return False, f"{lying} is not executable" if lying else ""
    done = run([program, *command[1:]], b"", LIMIT)
    if done.problem:
        return False, f"{program} {done.problem}"
    said = _first_line(done.output) or _first_line(done.errors)  # dot and java write to the second
    return (True, said) if said else (False, f"{program} says nothing")


def _first_line(output: bytes) -> str:
    """The first line that says anything, in characters that can be printed."""
    for line in output[:10_000].decode(errors="replace").splitlines():
        if line.strip():
            return printable(line.strip(), _LONGEST)
    return ""


def _package(name: str, module: str, adds: str) -> Callable[[], Finding]:
    """Looks for a Python package without importing it."""

    def look() -> Finding:
        try:
            number = version(name)
        except PackageNotFoundError:
            return Finding(name, False, "not installed", adds)
        if not _place(module):
            return Finding(name, False, f"{number}, but its module {module} is missing", adds)
        return Finding(name, True, number, adds)

    return look


def _place(module: str) -> str:
    """Where a module lies, or ""."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):  # a module that was put into sys.modules by hand
        return ""
    return (spec.origin or "namespace") if spec else ""


def _bundled_graphviz() -> Finding:
    name = "pygraphviz"
    adds = "Carries Graphviz itself: pip install pygraphviz"
    found = _package(name, name, adds)()
    if found.found and not pygraphviz_works():
        what = f"{found.what} does not work here: it must be 2 or later, and needs libX11 and glib"
        return Finding(name, False, what, adds)
    return found


def _font(name: str, file: str) -> Callable[[], Finding]:
    """Looks for a font that comes with matplotlib."""

    def look() -> Finding:
        origin = _place("matplotlib")
        path = Path(origin).parent / "mpl-data" / "fonts" / "ttf" / file
        adds = "Rare letters come from it: pip install --force-reinstall matplotlib"
        there = bool(origin) and path.is_file()
        return Finding(name, there, file if there else f"no {file} in matplotlib", adds)

    return look


def _ourselves() -> Finding:
    """Looks for another distribution that would be imported in place of this package."""
    name, adds = "scalargrad-teach", "Keep one of them: pip uninstall scalargrad, then install ours"
    try:
        there = version("scalargrad")
    except PackageNotFoundError:
        return Finding(name, True, __version__, adds)
    what = f"{__version__}, but another distribution, scalargrad {there}, has the same import name"
    return Finding(name, False, what, adds)


_TEX = "Compiles .tex pictures and Beamer frames: apt install texlive-latex-extra texlive-pictures"
_LOOKS: tuple[Callable[[], Finding], ...] = (
    _python,
    _ourselves,
    _program(
        "Graphviz",
        "Lays out graphs larger than a slide, else our own columns do: apt install graphviz, "
        "brew install graphviz, or pip install pygraphviz",
        ("dot", "-V"),
    ),
    _bundled_graphviz,
    _package("matplotlib", "matplotlib", "Paints plots, .png and .gif: pip install matplotlib"),
    _font("DejaVu Sans", "DejaVuSans.ttf"),
    _font("STIX", "STIXGeneral.ttf"),
    _program("pdflatex", _TEX, ("pdflatex", "--version")),
    _program("lualatex", f"{_TEX} texlive-luatex", ("lualatex", "--version")),
    _program("standalone.cls", _TEX, ("kpsewhich", "standalone.cls")),
    _program("TikZ", _TEX, ("kpsewhich", "tikz.sty")),
    _program(
        "browser",
        "Shows .html frames; any browser on the reader's machine does: apt install chromium",
        *((name, "--version") for name in ("chromium", "chromium-browser", "google-chrome")),
        ("firefox", "--version"),
    ),
    _program(
        "C compiler",
        "Compiles a traced graph to machine code: apt install gcc, or xcode-select --install",
        *((name, "--version") for name in ("cc", "gcc", "clang")),
    ),
    _package("anywidget", "anywidget", "Edits a stepper's inputs: pip install anywidget"),
    _package("numpy", "numpy", "Runs a batch in one graph: pip install numpy"),
    _package("sympy", "sympy", "Proves a slide's identities in symbols: pip install sympy"),
    _package("torch", "torch", "Compiled graphs in PyTorch, and a peer: pip install torch"),
    _package("jax", "jax", "Compiled graphs in JAX: pip install jax"),
    _package("tqdm", "tqdm", "Progress bars: pip install tqdm"),
    _package("ipython", "IPython", "Pictures in notebooks: pip install jupyterlab"),
    _package("jupyter-core", "jupyter_core", "Notebooks themselves: pip install jupyterlab"),
)
