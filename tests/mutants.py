"""Change one thing in a module, run its tests, and see whether they notice: `make mutants`.

    tests/mutants.py engine/one_sided       all mutants of one module
    tests/mutants.py                        three samples of every module in TESTS, with fresh seeds
    tests/mutants.py --seed 7 --size 4      the same sample again, of four mutants a module

A mutant that no test notices is alive: write the test, or, where it computes the same, add it with
the reason to equivalent_mutants.toml. Exit code 1 where fewer than 95 % of the others are killed.

It is our own, as the libraries do not fit: mutmut changes only what stands in a function without a
decorator, and so neither the table of operations nor a property; cosmic-ray changes the files in
place, one mutant at a time, and half of its mutants are annotations and `is` for `==`.
"""

import argparse
import ast
import builtins
import copy
import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from queue import Queue
from types import FrameType

import pytest

ROOT = Path(__file__).parent.parent
EQUIVALENTS = ROOT / "tests" / "equivalent_mutants.toml"
ENOUGH = 0.95  # of the mutants that do not compute the same are killed
SAMPLES, SIZE = 3, 5
PATIENCE = 4  # times as long as tests take without a mutant
WHOLE = 20  # times as long as some cases of the tests that call a function, all of all take

_ENGINE = ("tests/engine/test_backward.py", "tests/engine/test_one_sided.py",
           "tests/engine/test_branches.py", "tests/engine/test_value.py")  # fmt: skip
_MARKING = ("tests/checking/test_marking.py", "tests/checking/test_quantities.py",
            "tests/checking/test_diagnosis.py", "tests/checking/test_credit.py")  # fmt: skip
TESTS = {
    "engine/value": (*_ENGINE, "tests/engine/test_inplace.py", "tests/engine/test_habits.py",
                     "tests/engine/test_numbers.py", "tests/engine/test_copying.py",
                     "tests/notation/test_numbers.py"),
    "engine/backward": (*_ENGINE, "tests/engine/test_suites_of_peers.py"),
    "engine/fast": (*_ENGINE, "tests/engine/test_peers.py"),
    "engine/one_sided": (*_ENGINE, "tests/checking/test_gradcheck.py"),
    "engine/ops": (*_ENGINE, "tests/engine/test_ops.py", "tests/engine/test_matrix.py"),
    "language": ("tests/language",),
    "checking/reading": ("tests/checking/test_reading.py", *_MARKING),
    "checking/marking": _MARKING,
    "checking/recomputing": _MARKING,
    "graph/derivation": ("tests/graph/test_derivation.py",
                         "tests/graph/test_derivation_reads_back.py"),
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Attributes:
        module: its path below the package, without .py.
        text: the line on which the change begins, without its indent.
        change: the statement or expression before → after.
        number: of the line.
        place: among the mutants of the module, from 0.
        function: the line where the function with the change begins in the written-out module; 0
            outside of functions.
    """

    module: str
    text: str
    change: str
    number: int
    place: int
    function: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others, also when lines above it come and go."""
        return self.module, self.text, self.change

    @property
    def name(self) -> str:
        return f"{self.module}:{self.number}: {self.change}\n    {self.text}"


# What is changed ---------------------------------------------------------------------------------

_OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_TESTS = {"isinstance", "issubclass", "getattr", "hasattr", "setattr"}  # turned round they raise


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that may stand in the place of one."""
    made = _with(node)
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op) if type(op) in _OPERATORS:
            yield made(op=_OPERATORS[type(op)]())
        case ast.Compare(ops=[op]):
            yield made(ops=[_OPERATORS[type(op)]()])
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield made(value=not value)
        case ast.Constant(value=int(value)):
            yield made(value=value + 1)
        case ast.Constant(value=float(value)):
            yield made(value=value * 1.5 or 1.5)
        case ast.If(test=test) | ast.IfExp(test=test):
            yield made(test=ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=[test]):
            yield made(ifs=[])
            yield made(ifs=[ast.UnaryOp(ast.Not(), test)])
        case ast.Return(value=value) if not (value is None or _is_none(value)):
            yield made(value=ast.Constant(None))
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Call(func=ast.Name(id=name)) if name in _NAMES:
            yield made(func=ast.Name(_NAMES[name], ast.Load()))
        case ast.Call(func=ast.Name(id="reversed"), args=[turned]):
            yield turned
        case ast.Call(func=func, args=[first, second]) if getattr(func, "id", "") not in _TESTS:
            yield made(args=[second, first])
        case ast.Tuple(elts=[first, second], ctx=ast.Load()):
            yield made(elts=[second, first])


def _with(node: ast.AST):
    """A function for copies of a node with other parts."""

    def made(**parts):
        changed = copy.copy(node)
        for name, part in parts.items():
            setattr(changed, name, part)
        return changed

    return made


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def mutants(path: Path, module: str) -> list[Mutant]:
    """The mutants of a module, in the order of its text."""
    lines = path.read_text().split("\n")
    tree, written_out = ast.parse("\n".join(lines)), ast.parse(source(path, -1))
    functions = [(_begin(each), each.end_lineno) for each in ast.walk(written_out)
                 if isinstance(each, ast.FunctionDef | ast.Lambda)]  # fmt: skip
    found = []
    both = zip(_each_change(tree), _each_change(written_out), strict=True)
    for place, ((before, changed, _), (twin, *_)) in enumerate(both):
        node, line = _placed(before), _placed(twin).lineno
        text = lines[node.lineno - 1].strip()
        change = f"{_text(before)} → {_text(changed)}"
        inner = max((begin for begin, end in functions if begin <= line <= end), default=0)
        found.append(Mutant(module, text, change, node.lineno, place, inner))
    return found


def _begin(function: ast.FunctionDef | ast.Lambda) -> int:
    """The line where a function begins, as its code says."""
    return min(
        [function.lineno, *[each.lineno for each in getattr(function, "decorator_list", ())]]
    )


def _placed(node: ast.AST) -> ast.AST:
    """A node that has a line of its own."""
    return node.iter if isinstance(node, ast.comprehension) else node


def source(path: Path, place: int) -> str:
    """The text of a mutant; for the place −1 the module as it is, written out as they are."""
    tree = ast.parse(path.read_text())
    if place >= 0:
        _, changed, put = next(islice(_each_change(tree), place, None))
        put(changed)
    return ast.unparse(ast.fix_missing_locations(tree))


def _each_change(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, Callable[[ast.AST], None]]]:
    """A node, another one for its place, and how to put it there."""
    for parent, field, index in _places(tree):
        place = getattr(parent, field)
        node = place if index is None else place[index]
        for changed in changes(node):
            yield node, ast.copy_location(changed, node), partial(_put, parent, field, index)


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _text(node: ast.AST) -> str:
    """A node on one line: of a statement with a body the first line."""
    if isinstance(node, ast.comprehension):
        return ast.unparse(node).strip()
    return ast.unparse(node).split("\n")[0]


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Where the code of a module has nodes: neither annotations nor what only names or asserts."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params", "decorator_list"):
            continue
        many = value if isinstance(value, list) else [value]
        for index, child in enumerate(many):
            if not isinstance(child, ast.AST) or _is_passed_over(child):
                continue
            yield node, field, index if isinstance(value, list) else None
            yield from _places(child)


def _is_passed_over(node: ast.AST) -> bool:
    match node:
        case ast.Assert() | ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.keyword(arg="strict"):
            return True
        case ast.Tuple(elts=[*_, last]) if _is_point(last):
            return True  # check points of a row: which numbers the tests try decides nothing
        case ast.FunctionDef(decorator_list=decorators):
            return any(getattr(each, "id", "") == "overload" for each in decorators)
        case ast.Assign(value=value):  # an alias of a type: Key = tuple[Value, ...]
            return isinstance(value, ast.Subscript | ast.BinOp) and _names_types(value)
    return False


def _is_point(node: ast.AST) -> bool:
    """Whether it is a tuple of numbers."""
    return isinstance(node, ast.Tuple) and all(
        ast.unparse(number).lstrip("-")[:1].isdigit() for number in node.elts
    )


def _names_types(node: ast.AST) -> bool:
    names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    return bool(names) and all(name[0].isupper() or name in dir(builtins) for name in names)


# Who notices -------------------------------------------------------------------------------------

_USED = ("numpy", "torch", "mpmath", "sympy")  # by tests: loaded once, before a fork


class Calls:
    """A plugin of pytest that notes which functions of the package each test calls.

    Attributes:
        of: for each test the file and the first line of each function.
        seconds: that each test took.
    """

    def __init__(self, package: Path) -> None:
        self.package = str(package)
        self.of: dict[str, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Watch the calls of one test."""
        called = self.of[item.nodeid] = set()

        def watch(frame: FrameType, event: str, what: object) -> None:
            if frame.f_code.co_filename.startswith(self.package):
                called.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

        begin = time.monotonic()
        threading.settrace(watch)
        sys.settrace(watch)
        yield
        sys.settrace(None)
        threading.settrace(None)
        self.seconds[item.nodeid] = time.monotonic() - begin


class Chosen:
    """A plugin of pytest that runs some tests first, file by file, the quickest file first.

    Args:
        seconds: that each of these tests takes.
        alone: whether the others are not run at all.
    """

    def __init__(self, seconds: dict[str, float], alone: bool) -> None:
        self.seconds = seconds
        self.alone = alone
        self.files: Counter[str] = Counter()
        for test, time_of_test in seconds.items():
            self.files[test.partition("::")[0]] += time_of_test

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put them in order."""
        others = [] if self.alone else [each for each in items if each.nodeid not in self.seconds]
        first = [each for each in items if each.nodeid in self.seconds]
        first.sort(key=lambda item: self.files[item.nodeid.partition("::")[0]])
        items[:] = [*first, *others]


class Copies:
    """Copies of the project, in which one mutant at a time is tried."""

    def __init__(self, folder: Path, count: int) -> None:
        self.free: Queue[Path] = Queue()
        for number in range(count):
            made = folder / str(number)
            for part in ("scalargrad", "tests", "notebooks", ".docs"):
                shutil.copytree(ROOT / part, made / part, symlinks=True)  # with what is compiled
            for part in ("pyproject.toml", "README.md", "CHANGELOG.md", "Makefile"):
                shutil.copy(ROOT / part, made / part)
            self.free.put(made)
        for library in _USED:
            with suppress(ImportError):
                import_module(library)

    def calls(self, modules: list[str], tests: tuple[str, ...]) -> Calls:
        """What some cases of each test call of modules without a mutant.

        Raises:
            SystemExit: where they fail.
        """
        where = self.free.get()
        for module in modules:
            path = where / "scalargrad" / f"{module}.py"
            path.write_text(source(path, -1))
        noted, file = Calls(where / "scalargrad"), where / "calls"

        def run() -> int:
            code = pytest.main(["--quick", *_options(tests, modules)], plugins=[noted])
            file.write_bytes(pickle.dumps((noted.of, noted.seconds)))
            return code

        if not passes(where, run, 3600):
            raise SystemExit(f"tests fail without a mutant: {' '.join(tests)}")
        noted.of, noted.seconds = pickle.loads(file.read_bytes())
        self.free.put(where)
        return noted

    def notice(self, mutant: Mutant, tests: tuple[str, ...], noted: Calls) -> bool:
        """Whether the tests fail, or do not end, with a mutant.

        First those cases run that call the function that is changed, then all.
        """
        where = self.free.get()
        path = where / "scalargrad" / f"{mutant.module}.py"
        original = path.read_bytes()
        function = str(Path(noted.package) / f"{mutant.module}.py"), mutant.function
        seconds = {test: seconds for test, seconds in noted.seconds.items()
                   if not mutant.function or function in noted.of[test]}  # fmt: skip
        patience = 60 + PATIENCE * sum(seconds.values())  # the first for collecting them
        options = _options(tests, [mutant.module])
        try:
            path.write_text(source(path, mutant.place))
            return any(
                not passes(where, partial(pytest.main, options, [Chosen(seconds, alone)]), most)
                for alone, most in ((True, patience), (False, WHOLE * patience))
            )
        finally:
            path.write_bytes(original)
            self.free.put(where)


def _options(tests: tuple[str, ...], modules: list[str]) -> list[str]:
    own = [f"scalargrad/{module}.py" for module in modules]
    return ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests, *own]


def passes(where: Path, run: Callable[[], int], patience: float) -> bool:
    """Whether tests pass in time, in a process that begins with the libraries loaded."""
    process = get_context("fork").Process(target=_in_folder, args=(where, run))
    process.start()
    process.join(patience)
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    return process.exitcode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def _in_folder(where: Path, run: Callable[[], int]) -> None:
    os.setsid()
    os.chdir(where)
    sys.dont_write_bytecode = True  # of two mutants within a second the first would be taken
    sys.path[0] = str(where)
    os.environ["PYTHONPATH"] = str(where)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    sys.exit(run())


def equivalents() -> dict[tuple[str, str, str], str]:
    """The reasons why some mutants compute the same, by the keys of the mutants."""
    with EQUIVALENTS.open("rb") as file:
        rows = tomllib.load(file).get("equivalent", [])
    return {(row["module"], row["text"], row["change"]): row["reason"] for row in rows}


def modules(name: str) -> list[str]:
    """The modules of a name in TESTS: itself, or all that a room holds."""
    package = ROOT / "scalargrad"
    if (package / f"{name}.py").is_file():
        return [name]
    found = sorted(path.stem for path in (package / name).glob("*.py") if path.stem != "__init__")
    if not found:
        raise SystemExit(f"no module or room {name!r}; there are {', '.join(TESTS)}")
    return [f"{name}/{stem}" for stem in found]


def tests_of(name: str) -> tuple[str, ...]:
    """The tests of a module or of its room, by default those of its own name."""
    room, _, stem = name.partition("/")
    own = TESTS.get(name) or TESTS.get(room) or (f"tests/{room}/test_{stem}.py",)
    return ("tests/test_living_mutants.py", *own)


def chosen(name: str, seed: int | None, size: int) -> list[Mutant]:
    """All mutants of a name, or a sample."""
    found = [mutant for module in modules(name)
             for mutant in mutants(ROOT / "scalargrad" / f"{module}.py", module)]  # fmt: skip
    if seed is None:
        return found
    return random.Random(f"{seed} {name}").sample(found, min(size, len(found)))


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutants of a module, and who notices them.")
    parser.add_argument("names", nargs="*", help=f"all mutants of these: {', '.join(TESTS)}, …")
    parser.add_argument("--seed", type=int, help="draws a sample; printed where it is drawn")
    parser.add_argument("--size", type=int, help=f"mutants of a sample and module; {SIZE}")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    is_sampled = given.seed is not None or given.size is not None or not given.names
    fresh = [random.SystemRandom().randrange(10**6) for _ in range(SAMPLES)]
    seeds = ([given.seed] if given.seed is not None else fresh) if is_sampled else [None]
    reviewed = equivalents()
    totals = [0, 0]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.processes) as pool:
        copies = Copies(Path(folder), given.processes)
        print(f"{'module':24}{'mutants':>8}{'killed':>8}{'alive':>8}{'equivalent':>12}")
        for name in given.names or TESTS:
            tests = tests_of(name)
            noted = copies.calls(modules(name), tests)
            for seed in seeds:
                picked = chosen(name, seed, given.size or SIZE)
                tried = [m for m in picked if m.key not in reviewed]
                notice = partial(copies.notice, tests=tests, noted=noted)
                noticed = list(pool.map(notice, tried))
                alive = [m.name for m, is_killed in zip(tried, noticed, strict=True)
                         if not is_killed]  # fmt: skip
                totals = [totals[0] + len(tried), totals[1] + len(alive)]
                drawn = "" if seed is None else f"  seed {seed}"
                print(f"{name:24}{len(picked):8}{len(tried) - len(alive):8}{len(alive):8}"
                      f"{len(picked) - len(tried):12}{drawn}", flush=True)  # fmt: skip
                for each in alive:
                    print(f"  alive: {each}", flush=True)
    tried, alive = totals
    share = (tried - alive) / tried if tried else 1.0
    print(f"killed {tried - alive} of {tried} ({share:.0%}); at least {ENOUGH:.0%} are wanted")
    return 0 if share >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
