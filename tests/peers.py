"""What some tests need or compare with; where all of it is required, its lack is a failure."""

import importlib
import os
import shutil

import pytest

from scalargrad.compiler.library import compiler


def all_are_required():
    """Whether nothing may be missing, as in CI."""
    return bool(os.environ.get("SCALARGRAD_REQUIRE_PEERS"))


needs_compiler = pytest.mark.skipif(
    compiler() is None and not all_are_required(), reason="there is no C compiler"
)


def peer(name):
    """Import a library; without it skip, or fail where SCALARGRAD_REQUIRE_PEERS is set."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if all_are_required():
            pytest.fail(f"SCALARGRAD_REQUIRE_PEERS is set, and {name} is missing: {error}")
        pytest.skip(f"{name} is not installed")


def program(*names):
    """The path of the first program of these names; without any, skip, or fail where required."""
    path = next(filter(None, map(shutil.which, names)), None)
    if not path:
        (pytest.fail if all_are_required() else pytest.skip)(f"{names[0]} is not installed")
    return path


def present(backend):
    """The name of a backend; skip, or fail as `peer` does, where what it needs is not there."""
    if backend == "c" and compiler() is None and not all_are_required():
        pytest.skip("there is no C compiler")
    if backend in ("jax", "torch"):
        peer(backend)
    if backend == "jax":
        importlib.import_module("jax").config.update("jax_enable_x64", True)
    return backend
