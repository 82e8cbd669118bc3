"""What commands read and write: files, or - for standard input and output.

Files are UTF-8 everywhere. What is printed is UTF-8 where the stream allows it, else what the
stream lacks is spelled in ASCII: ∂ℓ/∂ŷ as dl/dyhat.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from scalargrad.cli.spelling import spelled
from scalargrad.errors import FileError
from scalargrad.files import write_all

_LONGEST = 1_000_000  # characters of a program file that are read
_SECONDS = 0.2  # between two looks at a file that is watched


def prepare_streams() -> None:
    """Let pipes and files take UTF-8, where the environment asks for no other encoding.

    On Windows they take a code page by default, which has neither ∂ nor ŷ.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_free = not (os.environ.get("PYTHONIOENCODING") or stream.isatty())
            encoding = "utf-8" if is_free else None
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def say(text: str, err: bool = False) -> None:
    """Print a text, spelled in ASCII where the stream lacks a character."""
    stream = sys.stderr if err else sys.stdout
    if stream is not None:
        click.echo(spelled(text, stream.encoding or "utf-8"), file=stream)


def source(text: str) -> str:
    """The program text that an argument stands for."""
    if not text.strip():
        raise click.BadParameter("the program is empty; write a file, - or name = expression")
    if text == "-":
        return standard_input()
    path = Path(text)
    try:
        if path.is_file():
            with path.open("rb") as file:
                return _decoded(file.read(4 * _LONGEST + 4), text)
        is_folder = path.is_dir()
    except (OSError, ValueError) as error:  # a text that cannot be a path is a program
        if isinstance(error, PermissionError):
            raise click.BadParameter(f"cannot read {text}: {error.strerror}") from None
        is_folder = False
    if is_folder:
        raise click.BadParameter(f"{text} is a folder; a program is a file, - or the text itself")
    if path.suffix == ".sg" and "=" not in text:
        raise click.BadParameter(f"no such file: {text}")
    return text


def standard_input() -> str:
    """The text that is piped in."""
    if sys.stdin is None:
        raise click.BadParameter("standard input is closed")
    return _decoded(sys.stdin.buffer.read(4 * _LONGEST + 4), "standard input")


def whenever_written(path: Path, act: Callable[[], object]) -> None:
    """Act now and each time that a file is written, until Ctrl-C; what goes wrong is a line."""
    if not path.is_file():
        raise click.BadParameter(f"--watch takes a program file; got {path}")
    seen: tuple[int, ...] = ()
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            with contextlib.suppress(FileNotFoundError):  # while an editor replaces it
                state = path.stat()
                now = (state.st_mtime_ns, state.st_size, state.st_ino)
                if now != seen:
                    seen = now
                    _in_a_line(act)
            time.sleep(_SECONDS)


def _in_a_line(act: Callable[[], object]) -> None:
    try:
        act()
    except click.ClickException as error:
        say(error.format_message(), err=True)
    except (ValueError, ArithmeticError, FileError) as error:
        say(str(error).partition("\n")[0], err=True)


def is_pipe(path: Path) -> bool:
    """Whether a path stands for a standard stream."""
    return str(path) == "-"


def save(files: Sequence[tuple[Path, bytes]]) -> None:
    """Write files, all or none, and to standard output what is meant for -."""
    _deliver(files, write_all)


def save_new(files: Sequence[tuple[Path, str | bytes]], force: bool) -> None:
    """The same for files that may hold somebody's work, which only force replaces."""
    from scalargrad.sheets.worksheet import save_all_new

    _deliver(files, lambda named: save_all_new(named, force))


def _deliver(files: Sequence[tuple[Path, Any]], write: Callable[[list[Any]], object]) -> None:
    piped = [content for path, content in files if is_pipe(path)]
    if len(piped) > 1:
        raise click.BadParameter("standard output takes one file; got - twice")
    if piped and isinstance(piped[0], bytes) and b"\0" in piped[0] and sys.stdout.isatty():
        raise click.BadParameter("this format is no text; write it to a file or into a pipe")
    named = [(path, content) for path, content in files if not is_pipe(path)]
    write(named)
    for path, _ in named:
        say(f"wrote {path}", err=bool(piped))
    for content in piped:
        if isinstance(content, str) and sys.stdout.isatty():
            say(content.removesuffix("\n"))
        else:  # as it would stand in a file
            raw = content.encode() if isinstance(content, str) else content
            click.echo(raw, nl=False, file=sys.stdout)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(
            f"{name} is no UTF-8 text: byte {error.start} is {content[error.start]:#04x}"
        ) from None
