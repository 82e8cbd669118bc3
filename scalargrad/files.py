"""Writing files: whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from scalargrad.errors import DrawingError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that no reader sees half of it.

    Raises:
        DrawingError: when the folder is missing or cannot be written to; what was there stays.
    """
    write_all([(path, content)])


def write_all(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write files under temporary names, and rename them when all have been written.

    Raises:
        DrawingError: when one cannot be written; then what was there stays.
    """
    written: list[tuple[Path, Path]] = []  # temporary name, name
    path = Path()
    try:
        for path, content in files:
            if path.is_dir():
                raise DrawingError(f"cannot write {path}: it is a folder")
            if path.exists() and not path.is_file():  # a device, or a pipe
                path.write_bytes(content)
                continue
            if path.exists() and not path.stat().st_mode & stat.S_IWUSR:
                raise DrawingError(f"cannot write {path}: it is read-only")
            target = Path(os.path.realpath(path))  # what a link leads to, not the link
            handle, temporary = tempfile.mkstemp(
                dir=target.parent, prefix=".", suffix=target.suffix
            )
            written.append((Path(temporary), target))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
            os.chmod(temporary, mode)
        for temporary_path, path in written:
            temporary_path.replace(path)
    except OSError as error:
        raise DrawingError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        for temporary_path, _ in written:  # a file that was renamed has it no more
            temporary_path.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
