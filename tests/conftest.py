import os
from pathlib import Path

import pytest
from hypothesis import settings

# CI repeats the same examples in every run; at a desk each run looks for new ones.
settings.register_profile("scalargrad", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("scalargrad")

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption("--overwrite", action="store_true", help="rewrite the golden files")


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
