"""Libraries that a format needs, which may not be installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from scalargrad.errors import DrawingError


class LibraryMissing(DrawingError):
    """A format needs a library that is not installed."""


def library(module: str, package: str, what: str) -> Any:
    """A module of a library that is needed for something.

    Raises:
        LibraryMissing: where it is not installed; it says what to install.
    """
    try:
        return import_module(module)
    except ImportError:
        raise LibraryMissing(
            f"{what} needs {package}, which is not installed: pip install {package}"
        ) from None
