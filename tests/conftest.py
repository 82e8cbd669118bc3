import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run; `make explore` looks for new ones, and for more.
settings.register_profile("scalargrad", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "scalargrad"))

GOLDEN = Path(__file__).parent / "golden"


CASES = 12  # of a test that a quick run takes


def pytest_addoption(parser):
    parser.addoption("--overwrite", action="store_true", help="rewrite the golden files")
    parser.addoption("--quick", action="store_true", help="of each test some cases, no slow ones")


def pytest_configure():
    """Let Ctrl-C reach what the tests start: a shell's background hands on that it is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config, items):
    """Take of a test that stands for a whole table some cases, so that a quick run stays quick."""
    if not config.getoption("--quick"):
        return
    cases = {}
    for item in items:
        if item.get_closest_marker("slow") is None:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    taken = {item for group in cases.values() for item in group[:: -(-len(group) // CASES)]}
    config.hook.pytest_deselected(items=[item for item in items if item not in taken])
    items[:] = [item for item in items if item in taken]


@pytest.fixture
def golden(request):
    """Compare with a file in tests/golden, or rewrite it under --overwrite."""

    def check(name, content):
        path = GOLDEN / name
        if request.config.getoption("--overwrite"):
            path.write_bytes(content)
        assert path.is_file(), f"{path} is missing: run pytest --overwrite, and look at it"
        assert content == path.read_bytes(), f"{path} differs: if that is meant, --overwrite"

    return check
