"""Writing files: whole or not at all."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

from scalargrad.errors import FileError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that no reader sees half of it.

    Raises:
        FileError: when the folder is missing or cannot be written to; what was there stays.
    """
    write_all([(path, content)])


def write_all(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write files under temporary names, and rename them when all have been written.

    Raises:
        FileError: when one cannot be written, or two have one name; then what was there stays.
    """
    contents = list(files)
    _refuse_one_name_for_two(path for path, _ in contents)
    written: list[tuple[Path, Path]] = []  # temporary name, name
    path = Path()
    try:
        for path, content in contents:
            if path.is_dir():
                raise FileError(f"cannot write {path}: it is a folder")
            if _is_device(path):
                path.write_bytes(content)
                continue
            if path.exists() and not path.stat().st_mode & stat.S_IWUSR:
                raise FileError(f"cannot write {path}: it is read-only")
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
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        for temporary_path, _ in written:  # a file that was renamed has it no more
            temporary_path.unlink(missing_ok=True)


def zipped(files: Mapping[str, bytes], executable: Container[str] = ()) -> bytes:
    """An archive of files by their names; equal ones give equal bytes."""
    import zipfile  # which few of those who write files need

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980
            entry.create_system = 3  # whose modes these are, wherever it is made
            entry.external_attr = (0o755 if name in executable else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return target.getvalue()


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where there is none.

    Raises:
        FileError: when it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise FileError(f"cannot make the folder {folder}: {reason}") from None


def _refuse_one_name_for_two(paths: Iterable[Path]) -> None:
    names = set()
    for path in paths:
        name = os.path.normcase(os.path.realpath(path))
        if name in names and not _is_device(path):
            raise FileError(f"cannot write two files under one name: {path}")
        names.add(name)


def _is_device(path: Path) -> bool:
    """Whether a path leads to a device or a pipe, which takes what comes."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
