"""doctor on whole and on broken surroundings: it reports, it never raises, it imports nothing."""

import os
import re
import shutil
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad.cli import doctor
from scalargrad.cli.doctor import Finding, report, text

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "Graphviz": "dot", "pdflatex": "pdflatex", "lualatex": "lualatex", "C compiler": "cc",
    "browser": "chromium", "standalone.cls": "kpsewhich",
}  # fmt: skip
on_unix = pytest.mark.skipif(os.name == "nt", reason="the fakes are shell scripts")


def fake(directory, name, script, mode=0o755):
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(mode)


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """Leave only what a test puts into the directory on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def finding(name):
    (one,) = [found for found in report() if found.name == name]
    return one


def test_every_part_is_named_once_and_says_what_it_adds_and_how_to_get_it():
    findings = report()
    assert len({found.name for found in findings}) == len(findings) >= 18
    for found in findings:
        assert re.search(r"install|python\.org", found.adds), found
        assert found.what, found


def test_what_is_found_agrees_with_another_route():
    for found in report():
        if found.name in PROGRAMS and not shutil.which(PROGRAMS[found.name]):
            continue
        if found.name in ("numpy", "sympy", "torch", "jax", "matplotlib"):
            try:
                assert found.what == version(found.name)
            except PackageNotFoundError:
                assert not found.found


def test_matplotlib_finds_the_fonts_where_doctor_does():
    from matplotlib.font_manager import findfont

    for name, file in (("DejaVu Sans", "DejaVuSans.ttf"), ("STIX", "STIXGeneral.ttf")):
        assert finding(name).found == (
            Path(findfont(name.replace("STIX", "STIXGeneral"))).name == file
        )


def test_an_empty_path_leaves_no_program_and_no_error(bare):
    for found in report():
        if found.name in PROGRAMS:
            assert not found.found
            assert found.what.startswith("no ")


@on_unix
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_answers_is_found_with_its_version(bare, name):
    fake(bare, PROGRAMS[name], "echo; echo version 12.5; echo more")
    assert finding(name).found
    assert finding(name).what == "version 12.5"


@on_unix
def test_a_version_on_standard_error_is_read(bare):
    fake(bare, "dot", "echo 'dot - graphviz version 9.0' >&2")
    assert finding("Graphviz").what == "dot - graphviz version 9.0"


@on_unix
@pytest.mark.parametrize(
    ("script", "mode", "problem"),
    [
        ("exit 1", 0o755, "ended with exit code 1"),
        ("kill -SEGV $$", 0o755, "crashed (SIGSEGV)"),
        ("exit 0", 0o755, "says nothing"),
        ("echo hello", 0o644, "is not executable"),
        ("while :; do :; done", 0o755, "took more than 0.5 s"),
    ],
    ids=["fails", "crashes", "silent", "not-executable", "hangs"],
)
@pytest.mark.parametrize("name", ["Graphviz", "browser"])
def test_a_broken_program_is_reported_as_such(bare, monkeypatch, script, mode, problem, name):
    monkeypatch.setattr(doctor, "LIMIT", 0.5)
    fake(bare, PROGRAMS[name], script, mode)
    found = finding(name)
    assert not found.found
    assert problem in found.what
    assert PROGRAMS[name] in found.what


@on_unix
def test_the_next_program_stands_in_for_a_broken_one(bare):
    fake(bare, "cc", "exit 1")
    fake(bare, "clang", "echo clang 17")
    assert finding("C compiler") == Finding(
        "C compiler", True, "clang 17", finding("C compiler").adds
    )


@on_unix
def test_programs_that_hang_together_cost_the_limit_of_one(bare, monkeypatch):
    monkeypatch.setattr(doctor, "LIMIT", 2.0)
    for name in ("dot", "pdflatex", "lualatex", "kpsewhich", "cc", "chromium"):
        fake(bare, name, "while :; do :; done")
    start = time.monotonic()
    assert not any(found.found for found in report() if found.name in PROGRAMS)
    assert time.monotonic() - start < 10  # one after the other, they would take 12


@on_unix
def test_what_a_program_says_cannot_spoil_the_report(bare):
    fake(bare, "dot", r"printf '\033[31m\000\377%0300d\n' 7; printf '%09999d' 8")
    found = finding("Graphviz")
    assert found.found
    assert found.what.isprintable()
    assert len(found.what) <= 70


def test_a_package_without_its_module_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "version", lambda name: "1.0")
    monkeypatch.setattr(doctor, "_place", lambda module: "")
    found = doctor._package("numpy", "numpy", "Lanes.")()
    assert not found.found
    assert found.what == "1.0, but its module numpy is missing"


def test_a_pygraphviz_that_does_not_import_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "version", lambda name: "2.0.4")
    monkeypatch.setattr(doctor, "_place", lambda module: "there")
    monkeypatch.setattr(doctor, "pygraphviz_works", lambda: False)
    assert "2.0.4 does not work here" in doctor._bundled_graphviz().what
    monkeypatch.setattr(doctor, "pygraphviz_works", lambda: True)
    assert doctor._bundled_graphviz().found


def test_an_old_python_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "_OLDEST", (4, 0))
    assert not doctor._python().found


def test_another_distribution_of_the_same_name_is_told(monkeypatch):
    def only(*names):
        def lookup(name):
            if name not in names:
                raise PackageNotFoundError(name)
            return "1.0.5"

        return lookup

    monkeypatch.setattr(doctor, "version", only())
    assert doctor._ourselves().found
    monkeypatch.setattr(doctor, "version", only("scalargrad"))
    told = doctor._ourselves()
    assert not told.found
    assert "another distribution, scalargrad 1.0.5," in told.what
    assert "pip uninstall scalargrad" in told.adds


def test_nothing_heavy_is_imported():
    code = (
        "import sys; from scalargrad.cli.doctor import report; report();"
        "print(*{'matplotlib','numpy','sympy','torch','jax','pptx','tqdm','IPython','pygraphviz'}"
        " & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip() == ""


words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=200)
findings = st.builds(
    Finding, st.text("abcXYZ-", min_size=1, max_size=14), st.booleans(), words, words
)


@settings(max_examples=50)
@given(st.lists(findings, max_size=6))
def test_the_report_fits_a_hundred_columns_and_is_aligned(drawn):
    lines = text(drawn).splitlines() if drawn else []
    assert all(len(line) <= 100 for line in lines)
    heads = [line for line in lines if line.startswith(("found ", "missing "))]
    assert len(heads) == len(drawn)
    assert [head.split()[1] for head in heads] == [found.name for found in drawn]


def test_the_report_says_for_missing_parts_only_what_they_add():
    here = Finding("here", True, "1.0", "Adds nothing new.")
    gone = Finding("gone", False, "not installed", "Adds wings: pip install wings")
    shown = text([here, gone])
    assert "nothing new" not in shown
    assert shown.splitlines() == [
        "found    here  1.0",
        "missing  gone  not installed. Adds wings: pip install wings",
    ]
