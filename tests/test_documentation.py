"""The documentation names everything there is, and what its pages show runs."""

import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import scalargrad
from scalargrad.cli import commands as cli
from scalargrad.engine.ops import OPERATIONS

DOCS = Path(__file__).parent.parent / ".docs"
PAGES = sorted(DOCS.glob("*.md"))


@pytest.fixture(scope="module", autouse=True)
def _docs_on_the_path():
    sys.path.insert(0, str(DOCS))
    yield
    sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def generated(_docs_on_the_path):
    return importlib.import_module("generated")


@pytest.fixture(scope="module")
def whole(generated):
    """Every page, with its generated parts."""
    return {page.stem: generated.filled(page.read_text(encoding="utf-8")) for page in PAGES}


def test_every_public_name_is_documented(generated, whole):
    documented = {f"scalargrad.{module}" for module in generated.MODULES}
    for name in scalargrad.__all__:
        assert f"`{name} <" in whole["api"], name
        assert getattr(scalargrad, name).__module__ in documented, name


def test_every_command_and_each_of_its_options_is_documented(whole):
    page = whole["commands"]
    for name, command in cli.app.commands.items():
        section = page.partition(f"### scalargrad {name}\n")[2].partition("\n### ")[0]
        assert f"scalargrad {name}" in section, name
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("--"):
                    assert option in section, f"{name} {option}"


def test_every_operation_is_documented_with_its_formulas_domain_and_convention(whole):
    table = whole["operations"].split("## Domains")
    for row in OPERATIONS.values():
        line = next(line for line in table[0].splitlines() if line.startswith(f"| `{row.name}("))
        assert line.count("$") >= 2
        assert row.symbol.replace("|", r"\|") in line
        if row.convention:
            assert row.convention in table[1]
        assert f"`{row.name}(" in whole["language"]
    line = next(line for line in table[0].splitlines() if line.startswith("| `tanh("))
    assert line.split(" | ")[2:] == [r"$\tanh(a)$", "$1 - {y}^{2}$ |"]


def test_every_page_is_in_the_table_of_contents_and_every_part_on_a_page(generated):
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert {page.stem for page in PAGES} - {"index"} == set(re.findall(r"^(\w+)$", index, re.M))
    used = {part for page in PAGES for part in re.findall(r"\{\{ (\w+) \}\}", page.read_text())}
    assert used == set(generated.PARTS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_of_a_page_prints_what_it_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_the_commands_of_getting_started_work_in_that_order(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "start.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
             for line in block.splitlines() if line.startswith("scalargrad")]  # fmt: skip
    assert len(lines) >= 8
    for line in lines:
        if "|" in line:
            here = f"{shlex.quote(sys.executable)} -m scalargrad "
            line = line.replace("scalargrad ", here)
            done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=120,
                                  env=os.environ, check=True)  # fmt: skip
            assert done.stdout
        else:
            assert cli.main(shlex.split(line)[1:]) == 0, capfd.readouterr().err
    assert Path("lecture.svg").stat().st_size > 1000


@pytest.mark.parametrize(
    ("docstring", "wanted"),
    [
        ("The *a of `total`, |a| and x_.", r"The \*a of ``total``, \|a\| and x\_."),
        ("One.\n\n    x = 2\n\nTwo.", "One.\n\n.. code-block:: text\n\n    x = 2\n\nTwo."),
        ("Args:\n    a: one of\n        `b`.", "Args:\n    a: one of\n        ``b``."),
        ("A line ```sg.", r"A line \`\`\`sg."),
        (">>> f(*a)\n'`'\n\nThe `end`.", ">>> f(*a)\n'`'\n\nThe ``end``."),
    ],
)  # fmt: skip
def test_docstrings_are_read_as_they_are_written(generated, docstring, wanted):
    assert generated.restructured(docstring.splitlines()) == wanted.splitlines()


def test_a_broken_link_and_a_thing_from_elsewhere_are_found(tmp_path):
    problems = importlib.import_module("check").problems
    page = '<h1 id="top-of-it">A</h1><a href="{}">x</a><script src="{}"></script>'
    (tmp_path / "own.js").write_text("")
    for link, script, wanted in (
        ("a.html#top-of-it", "own.js?v=1", 0),
        ("https://example.org/", "own.js", 0),
        ("a.html#nowhere", "own.js", 1),
        ("b.html", "own.js", 1),
        ("", "https://example.org/a.js", 1),
        ("", "//example.org/a.js", 1),
        ("b.html", "missing.js", 2),
    ):
        (tmp_path / "a.html").write_text(page.format(link, script))
        importlib.import_module("check")._elements.cache_clear()
        importlib.import_module("check")._anchors.cache_clear()
        assert len(problems(tmp_path)) == wanted, (link, script)
    (tmp_path / "a.html").write_text("")
    (tmp_path / "a.css").write_text("@import 'https://example.org/a.css'; b { color: red }")
    assert len(problems(tmp_path)) >= 1
