import pytest

from browser.lab import Browser, Lab, packages


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    packages()
    started = Lab(tmp_path_factory.mktemp("lab"))
    yield started
    started.close()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    packages()
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep a picture of what a test saw when it failed."""
    report = yield
    if report.failed and call.when == "call" and "browser" in item.funcargs:
        item.funcargs["browser"].screenshot(f"failed-{item.name}")
    return report
