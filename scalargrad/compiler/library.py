"""Shared libraries: C text compiled by the system's compiler, once, and kept."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from scalargrad.errors import CompilerError

# -O2 and -O3 take longer to compile a straight line, and make it no faster.
_FLAGS = ("-O1", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
_EXACT, _FAST = "-ffp-contract=off", "-ffp-contract=fast"
_ABANDONED = 24 * 3600  # seconds after which a half-built file is nobody's


def compiler() -> list[str] | None:
    """The command of a C compiler: $CC; else cc, gcc, clang, or the package ziglang; or None."""
    asked = os.environ.get("CC")
    if asked:
        try:
            words = shlex.split(asked)
        except ValueError:  # a quote that is not closed
            words = []
        found = shutil.which(words[0]) if words else None
        return [found, *words[1:]] if found else None
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found:
        return [found]
    return [sys.executable, "-m", "ziglang", "cc"] if find_spec("ziglang") else None


def library(source: str, *, fast: bool = False) -> ctypes.CDLL:
    """The library of a C text, from the cache or compiled now.

    Args:
        source: the text.
        fast: whether a·b + c may be rounded once, so that results differ in the last bits.

    Raises:
        CompilerError: when there is no compiler, or it fails.
    """
    command = compiler()
    if command is None:
        asked = os.environ.get("CC")
        looked = f"$CC = {asked!r}" if asked else "cc, gcc and clang"
        raise CompilerError(
            f"the C backend needs a C compiler; none was found ({looked}); "
            "`pip install ziglang` brings one"
        )
    command = [*command, *_FLAGS, _FAST if fast else _EXACT]
    name = f"{_key(source, command)}.so"
    for folder in (cache_folder(), _own_folder()):
        if folder is None:
            continue
        path = folder / name
        if _is_as_built(path):
            try:
                return ctypes.CDLL(str(path))
            except OSError:  # from another machine: build it again
                pass
        try:
            _build(command, source, path)
        except OSError:  # a folder that cannot be written to
            continue
        return ctypes.CDLL(str(path))
    raise CompilerError("the C backend found no folder to write a library to")


def cache_folder() -> Path | None:
    """Where libraries are kept: $SCALARGRAD_CACHE, or in the user's cache folder.

    What is loaded runs as the user, so a folder in which others can put files is not used.
    """
    from platformdirs import user_cache_path

    asked = os.environ.get("SCALARGRAD_CACHE")
    folder = Path(asked) if asked else user_cache_path("scalargrad", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _is_private(folder):
            return folder
    except OSError:
        return None
    warnings.warn(
        f"others can write to the cache folder {folder}, so no library is loaded from it or kept "
        f"there; chmod go-w {shlex.quote(str(folder))}, or set SCALARGRAD_CACHE",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


def _is_private(path: Path) -> bool:
    """Whether a file or folder is the user's own, and nobody else can write to it."""
    if not hasattr(os, "getuid"):  # Windows keeps a user's folders from others by itself
        return True
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _is_as_built(path: Path) -> bool:
    """Whether a library is there whole, as it was built: its hash stands in a file beside it.

    One that was cut off would end the process when it is loaded.
    """
    try:
        stated = path.with_suffix(".sha256").read_text(encoding="ascii")
        return _is_private(path) and stated == hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return False


@cache
def _own_folder() -> Path:
    """A folder of this process's, for caches that cannot be written to; removed at its end."""
    folder = tempfile.TemporaryDirectory(prefix="scalargrad-", ignore_cleanup_errors=True)
    _kept.append(folder)
    return Path(folder.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


def _build(command: list[str], source: str, path: Path) -> None:
    """Compile into a folder of its own and rename: a killed build leaves no half library."""
    _remove_abandoned(path.parent)
    with tempfile.TemporaryDirectory(prefix="build-", dir=path.parent) as folder:
        text, built = Path(folder) / "program.c", Path(folder) / "program.so"
        text.write_text(source, encoding="utf-8")
        done = subprocess.run(
            [*command, str(text), "-o", str(built), "-lm"],
            capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line]
            said = lines[0] if lines else f"exit code {done.returncode}"
            raise CompilerError(f"{command[0]} could not compile the program: {said}")
        if not built.is_file():
            raise CompilerError(f"{command[0]} says it compiled the program, and wrote no library")
        built.chmod(0o700)
        stated = Path(folder) / "program.sha256"
        stated.write_text(hashlib.sha256(built.read_bytes()).hexdigest(), encoding="ascii")
        os.replace(stated, path.with_suffix(".sha256"))
        os.replace(built, path)


def _remove_abandoned(folder: Path) -> None:
    for left in folder.glob("build-*"):
        try:
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            pass


def _key(source: str, command: list[str]) -> str:
    """A name for what this compiler makes of a text on this machine."""
    program = os.stat(os.path.realpath(command[0]))
    parts = (source, *command, str(program.st_size), str(program.st_mtime_ns), _machine())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@cache
def _machine() -> str:
    """What -march=native depends on: another machine may share the cache folder."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            own = [line for line in file if line.startswith(("flags", "Features", "model name"))]
        return platform.machine() + "".join(sorted(set(own)))
    except OSError:
        return platform.machine() + platform.processor()
