import ast
import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "scalargrad"

# The rooms, and in each its modules: data flows down, imports point up. A new module must be given
# its place. Notation stands on two floors: names import nothing, a Formula is a kind of scalar.
# What a person wrote is read for the stepper too, and marked above it.
ROOMS = {
    "notation": ["signs", "words", "names", "tex", "numbers", "printing"],
    "": ["errors", "files", "cells"],
    "engine": [
        "scalars", "kinds", "stable", "ops", "branches", "fast", "backward", "copying", "inplace",
        "value", "rebuild", "one_sided",
    ],
    "notation ": ["formula", "ordering"],
    "language": [
        "answers", "vectors", "steps", "library", "tokens", "indices", "expressions", "parsing",
        "running", "reading", "unparsing", "lifting", "writing",
    ],
    "graph": [
        "chains", "model", "lanes", "paths", "labels", "equations", "remarks", "sums", "layers",
        "board",
        "derivation",
        "vectors", "table",
    ],
    "compiler": [
        "source", "program", "listing", "statements", "runtime", "python", "loops", "arrays", "c",
        "memory", "c_text",
        "c_lanes", "library", "backends", "steps",
        "compiled",
    ],
    "nn": ["checkpoint", "initialisation", "module", "regularisation", "layers", "losses", ""],
    "train": ["optim", "data", "monitor", "resume", "arrays", "fit", ""],
    "interop": ["sympy", "torch"],
    "checking ": ["reading"],
    "view": [
        "layout.layered", "layout.engines", "layout.fitting", "glyphs.truetype", "glyphs.symbols",
        "glyphs.system", "glyphs.faces", "glyphs.boxes", "glyphs.mathtext", "glyphs.by_matplotlib",
        "glyphs",
        "scene", "layout.diagram", "layout.groups", "layout.equations", "layout.columns",
        "layout.crossings", "layout.skeleton", "layout.places", "layout.labels", "layout.folding",
        "layout.panel", "layout.pockets", "layout.plan", "layout.kept", "layout.large",
        "layout.search", "roles", "styles.board", "styles.cards", "styles.circuit", "styles.record",
        "styles.layers", "styles.network", "stepper.arithmetic", "frames", "beneath",
        "export.library", "export.outlines", "export.svg", "export.pdf", "export.painting",
        "export.dot", "export.units", "export.formulas", "export.package", "export.latex",
        "export.tikz",
        "export.pptx", "export.html", "export.gif", "export.formats",
        "picture", "drawing", "refining", "stepper.live", "stepper.stepper",
    ],
    "interop ": ["graphviz"],
    "checking": [
        "quantities", "precision", "kinks", "together", "recomputing", "answer_key",
        "working", "formulas", "recipes", "slips", "diagnosis", "sentences", "report", "marking",
        "gradcheck",
    ],
    "sheets": [
        "variants", "documents", "tables", "paper", "worksheet", "submissions", "keys", "results",
        "roster", "flags", "reviewing", "gradebooks", "feedback", "workers", "grading",
        "gradescope", "moodle", "qti", "notebooks", "plugin",
    ],
    "lectures.experiments": ["curves", "gradients", "surfaces", "generalisation", ""],
    "plots": [""],
    "lectures": ["", "statements", "demonstrations", "rows", "decks"],
    "cli": [
        "doctor", "manual", "spelling", "streams", "completion", "options", "mark", "begin", "show",
        "survey",
    ],
    "authoring": ["blocks", "notebook", "colours", "lexer", "decks", "sphinx"],
    "page": ["desk", "build"],
    "cli ": ["write", "commands"],
}  # fmt: skip
ORDER = [
    ".".join(filter(None, (room.strip(), module)))
    for room, modules in ROOMS.items() for module in modules
]  # fmt: skip
INDEXES = {  # without code
    "", "__main__", "engine", "notation", "language", "graph", "compiler", "interop", "view",
    "view.layout", "view.export", "view.styles", "view.stepper", "checking", "sheets", "cli",
    "authoring", "page",
}  # fmt: skip
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip("."):
    path for path in sorted(PACKAGE.rglob("*.py"))
}  # fmt: skip


def imports(source):
    """The modules of the package that a source imports, inside functions too, and their names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                if alias.name == "__version__":  # which the index states, and which is no code
                    continue
                inner = f"{node.module}.{alias.name}".removeprefix("scalargrad.")
                yield f"scalargrad.{inner}" if inner in MODULES else node.module


HOOKS = {
    ("interop.torch", "nn"),
    ("language.reading", "graph.board"),  # how a notebook shows a program
}


def downward(module, source):
    above = ORDER[: ORDER.index(module)]
    names = {found for found in imports(source) if found.split(".")[0] == "scalargrad"}
    inside = {name.partition(".")[2] for name in names}
    return sorted(n for n in inside - set(above) if (module, n) not in HOOKS)


def test_every_module_has_its_place_in_the_order():
    assert set(MODULES) == set(ORDER) | INDEXES


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_up(module):
    assert downward(module, MODULES[module].read_text()) == []


def test_an_import_that_points_down_is_caught():
    inside = "def f():\n    from scalargrad.graph import model\n"
    assert downward("engine.value", inside) == ["graph.model"]
    assert downward("engine.ops", "import scalargrad.engine.value") == ["engine.value"]
    assert downward("errors", "from scalargrad import Value") == [""]


def test_importing_the_package_loads_the_standard_library_only():
    code = (
        "import sys; before = set(sys.modules); import scalargrad;"
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before}"
        " - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True,
                          env=environment(None), timeout=60)  # fmt: skip
    assert done.stdout.split() == ["scalargrad"]


def environment(cache):
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), kept.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path} | ({"PYTHONPYCACHEPREFIX": str(cache)} if cache else {})


def test_importing_the_package_takes_at_most_three_times_as_long_as_argparse(tmp_path):
    def seconds(module):
        code = (
            f"from time import perf_counter as t; start = t(); import {module}; print(t() - start)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True,
                              env=environment(tmp_path), timeout=60)  # fmt: skip
        return float(done.stdout)

    seconds("argparse"), seconds("scalargrad")  # writes the byte code
    times = [(seconds("scalargrad"), seconds("argparse")) for _ in range(11)]
    ours, theirs = map(min, zip(*times, strict=True))  # what others do at the time adds to it
    assert ours <= 3 * theirs, f"{ours * 1000:.1f} ms against {theirs * 1000:.1f} ms"


def test_the_lazy_names_are_those_of_the_index():
    import scalargrad

    assert sorted(scalargrad.__all__) == scalargrad.__all__
    for name in scalargrad.__all__:
        assert getattr(scalargrad, name).__name__ == name
        assert name in dir(scalargrad)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = scalargrad.nothing


# "If type(x) is … outside scalars.py is a design error": kinds are asked for in one place.

KINDS = {"int", "float", "Fraction", "Decimal", "complex", "ndarray"}
ALLOWED = {
    ("engine.ops", "_shown"): "a message shortens long exact numbers",
    ("engine.value", "__pow__"): "the written exponent 2, an int of Python's own, is a square",
}


def questions_of_kind(source):
    """(function, line) of isinstance(…, kind of number) and type(…) is …."""
    found = []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                asks = any(isinstance(s, ast.Call) and getattr(s.func, "id", "") == "type"
                           for s in sides)  # fmt: skip
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
                names = {getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(node.args[1])}
                asks = bool(names & KINDS)
            else:
                asks = False
            if asks:
                found.append((function.name, node.lineno))
    return found


@pytest.mark.parametrize("module", ["engine.stable", "engine.ops", "engine.value"])
def test_the_engine_never_asks_what_a_scalar_is(module):
    asked = questions_of_kind(MODULES[module].read_text())
    assert [place for place in asked if (module, place[0]) not in ALLOWED] == []


def test_a_question_of_kind_is_caught():
    source = "def f(a):\n  isinstance(a, int | np.ndarray)\n  type(a) is float\n  isinstance(a, V)"
    assert questions_of_kind(source) == [("f", 2), ("f", 3)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module or "scalargrad")
def test_every_public_object_opens_with_one_sentence(module):
    if module == "__main__":
        return
    if module == "authoring.sphinx":
        pytest.importorskip("docutils")  # of the group docs
    loaded = importlib.import_module(".".join(filter(None, ["scalargrad", module])))
    assert loaded.__doc__
    assert loaded.__doc__.strip().splitlines()[0].endswith((".", ":")) or "." in loaded.__doc__
    for name, thing in vars(loaded).items():
        own = getattr(thing, "__module__", None) == loaded.__name__
        if name.startswith("_") or not own or not (inspect.isclass(thing) or callable(thing)):
            continue
        assert inspect.getdoc(thing), name
        for method, function in vars(thing).items() if inspect.isclass(thing) else ():
            if not method.startswith("_") and inspect.isfunction(function):
                assert function.__doc__, f"{name}.{method}"
