"""Libraries that some tests compare with; where they are required, their lack is a failure."""

import importlib
import os

import pytest


def peer(name):
    """Import a library; without it skip, or fail where SCALARGRAD_REQUIRE_PEERS is set."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if os.environ.get("SCALARGRAD_REQUIRE_PEERS"):
            pytest.fail(f"SCALARGRAD_REQUIRE_PEERS is set, and {name} is missing: {error}")
        pytest.skip(f"{name} is not installed")
