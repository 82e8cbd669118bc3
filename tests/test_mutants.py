import ast
import pickle
from functools import partial

import mutants
import pytest

MODULE = """
from __future__ import annotations


def clamp(x: int | None, most: int = 10, *, log: list[int] | None = None) -> int | None:
    "Not more than 10 - 1."
    if x is None or not log:
        return None
    assert most > 0
    log.append(x)
    return min(x, most) if x >= -1 else -1
"""


@pytest.fixture
def of_module(tmp_path):
    path = tmp_path / "clamp.py"
    path.write_text(MODULE)
    return path


def test_a_module_is_changed_in_one_place_each(of_module):
    found = mutants.mutants(of_module, "clamp")
    changes = {mutant.change for mutant in found}
    assert {
        "10 → 11", "x is None → x is not None", "x is None or not log → x is None and (not log)",
        "not log → log", "log.append(x) → pass", "min(x, most) → max(x, most)", "x >= -1 → x > -1",
        "return min(x, most) if x >= -1 else -1 → return None",
        "if x is None or not log: → if not (x is None or not log):", "-1 → 1",
    } <= changes  # fmt: skip
    sources = [mutants.source(of_module, mutant.place) for mutant in found]
    assert ast.unparse(ast.parse(MODULE)) == mutants.source(of_module, -1)
    assert len({*sources, mutants.source(of_module, -1)}) == len(found) + 1
    for mutant, source in zip(found, sources, strict=True):
        compile(source, mutant.module, "exec")
        assert mutant.text in MODULE


def test_neither_annotations_nor_docstrings_nor_assertions_are_changed(of_module):
    count = len(mutants.mutants(of_module, "clamp"))
    sources = [mutants.source(of_module, place) for place in range(count)]
    assert all("x: int | None, most: int" in source for source in sources)
    assert all("-> int | None" in source and "Not more than 10 - 1" in source for source in sources)
    assert all("assert most > 0" in source for source in sources)


def test_tests_that_fail_or_do_not_end_notice(tmp_path):
    (tmp_path / "test_right.py").write_text("def test_right():\n    assert True\n")
    (tmp_path / "test_wrong.py").write_text("def test_wrong():\n    assert False\n")
    (tmp_path / "test_long.py").write_text("def test_long():\n    while True:\n        pass\n")
    right, wrong, long = (
        partial(pytest.main, ["-p", "no:cacheprovider", f"test_{name}.py"])
        for name in ("right", "wrong", "long")
    )
    assert mutants.passes(tmp_path, right, 60)
    assert not mutants.passes(tmp_path, wrong, 60)
    assert not mutants.passes(tmp_path, long, 2)


TWO = """
def low(x):
    return max(x, 0)

def high(x):
    return min(x, 1)
"""
TESTS_OF_TWO = """
from two import high, low

def test_low():
    assert low(-1) == -1

def test_high():
    assert high(2) == 1
"""


def test_of_the_tests_those_that_call_a_function_run_first_and_alone(tmp_path):
    (tmp_path / "two.py").write_text(TWO)
    (tmp_path / "test_two.py").write_text(TESTS_OF_TWO)
    calls = mutants.Calls(tmp_path)

    def run(*plugins):
        code = pytest.main(["-p", "no:cacheprovider", "-o", "pythonpath=."], plugins=plugins)
        (tmp_path / "calls").write_bytes(pickle.dumps(calls.of))
        return code

    assert not mutants.passes(tmp_path, partial(run, calls), 60)
    of = pickle.loads((tmp_path / "calls").read_bytes())
    called = {test.partition("::")[2]: (str(tmp_path / "two.py"), 5) in of[test] for test in of}
    assert called == {"test_low": False, "test_high": True}
    seconds = {"test_two.py::test_high": 0.1}
    assert mutants.passes(tmp_path, partial(run, mutants.Chosen(seconds, alone=True)), 60)
    assert not mutants.passes(tmp_path, partial(run, mutants.Chosen(seconds, alone=False)), 60)


def test_every_reviewed_equivalent_is_still_a_mutant():
    reviewed = mutants.equivalents()
    assert all(len(reason.split()) > 2 for reason in reviewed.values())
    for module in {module for module, *_ in reviewed}:
        keys = {m.key for m in mutants.mutants(mutants.ROOT / f"scalargrad/{module}.py", module)}
        assert [key for key in reviewed if key[0] == module and key not in keys] == []


@pytest.mark.parametrize("name", mutants.TESTS)
def test_every_module_of_the_table_has_mutants_and_tests(name):
    assert mutants.chosen(name, None, 0)
    assert all((mutants.ROOT / path).exists() for path in mutants.tests_of(name))
    assert mutants.chosen(name, 5, 3) == mutants.chosen(name, 5, 3)


def test_a_name_that_is_none_is_answered():
    with pytest.raises(SystemExit, match="no module or room 'egnine'"):
        mutants.modules("egnine")
