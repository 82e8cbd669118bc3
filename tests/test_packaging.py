"""The distributions: what is in them, and that a typed program can be written with the wheel."""

import itertools
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import scalargrad

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
                   check=True, capture_output=True, timeout=300)  # fmt: skip
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def tracked(*places):
    listed = subprocess.run(["git", "ls-files", "-z", *places], cwd=ROOT, check=True,
                            capture_output=True, text=True)  # fmt: skip
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}


def test_the_repository_holds_at_its_top_what_the_readme_names_and_no_stray_file():
    visible = {name.partition("/")[0] for name in tracked() if not name.startswith(".")}
    assert visible == {
        "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
        "constraints.txt", "notebooks", "pyproject.toml", "scalargrad", "tests",
    }  # fmt: skip


def test_the_wheel_holds_the_package_and_nothing_else(distributions):
    _, wheel = distributions
    assert wheel.name == f"scalargrad_teach-{scalargrad.__version__}-py3-none-any.whl"
    held = {name for name in names(wheel) if not name.endswith("/")}
    package = {name for name in held if name.startswith("scalargrad/")}
    assert package >= tracked("scalargrad") >= {"scalargrad/py.typed", "scalargrad/cli/starter.sg"}
    assert {name.partition("/")[0] for name in held - package} == {
        f"scalargrad_teach-{scalargrad.__version__}.dist-info"
    }
    for licence in ("LICENSE", "LICENSE-DejaVu.txt", "LICENSE-STIX.txt"):
        assert any("/licenses/" in name and name.endswith(f"/{licence}") for name in held)
    assert wheel.stat().st_size <= 1_200_000


def test_nothing_of_others_is_bundled_but_outlines_of_letters_and_digits(distributions):
    _, wheel = distributions
    kinds = {Path(name).suffix for name in names(wheel) if name.startswith("scalargrad/")}
    # Python, the marker of types, programs, worksheets and claims: no library.
    texts = {".md", ".txt", ".sg", ".js", ".css", ".html", ".lua"}
    assert kinds - {""} <= {".py", ".typed", ".z", ".gz"} | texts
    images = {name for name in names(wheel) if name.endswith(".gz")}
    assert images == {"scalargrad/train/digits.csv.gz"}  # its licence is said where it is read
    outlines = {
        name for name in names(wheel) if name.endswith((".z", ".txt")) and "/licenses/" not in name
    }
    assert {name.rpartition("/")[0] for name in outlines if "dist-info" not in name} == {
        "scalargrad/view/glyphs/faces"  # of letters, with the licences of their fonts
    }
    scripts = {Path(name).name for name in names(wheel) if name.endswith((".js", ".css", ".lua"))}
    ours = {"live.js", "live.css", "steps.js", "sg.lua", "page.js", "page.css", "python.js",
            "scalargrad-steps.js", "steps.css", "worker.js", "offline.js"}  # fmt: skip
    assert scripts == ours


def test_the_sdist_holds_what_its_tests_need(distributions):
    sdist, _ = distributions
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert held >= tracked("scalargrad", "tests", "notebooks", ".docs")
    assert held >= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "pyproject.toml",
                    "CITATION.cff", "Makefile", "constraints.txt"}  # fmt: skip
    assert not any("__pycache__" in name or name.startswith((".venv", "demo/")) for name in held)


def test_the_version_is_one():
    assert PROJECT["version"] == scalargrad.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.*?)\]", changelog, re.MULTILINE)
    assert headings[:2] == ["Unreleased", PROJECT["version"]]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert f"name: {PROJECT['authors'][0]['name']}\n" in citation
    parts = set(re.findall(r"^### (.*)", changelog, re.MULTILINE))
    assert parts <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_classifiers_name_the_versions_from_the_oldest_on():
    named = [line.rpartition(" :: ")[2] for line in PROJECT["classifiers"]
             if line.startswith("Programming Language :: Python :: 3.")]  # fmt: skip
    assert PROJECT["requires-python"] == f">={named[0]}"
    assert [int(name.partition(".")[2]) for name in named] == [*range(11, 11 + len(named))]


SOURCES = ("scalargrad", "notebooks/*.py", ".docs", "*.md", "Makefile", ".ci/run")


def told_to_install(text):
    r"""The packages that a text says to install with pip, and "." for a clone.

    >>> told_to_install("a file needs it: pip install 'python-pptx>=1' -c there.txt, or make it")
    ['python-pptx>=1']
    """
    joined = re.sub(r'"\s*\n\s*f?"|\\\n', "", text)  # strings and lines that go on in the next
    words = " ".join(re.findall(r"pip install ([^\n`;,){}]*)", joined))
    packages = re.sub(r"(?<!\S)((-c|--constraint|--group) \S+|-\S+)", "", words)
    return [package.strip("\"'") for package in packages.split()]


def test_what_a_message_says_to_install_is_declared_and_is_no_extra_of_ours():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = [
        *PROJECT["dependencies"],
        *itertools.chain(*PROJECT["optional-dependencies"].values()),
        *itertools.chain(*groups["dependency-groups"].values()),
    ]
    declared = {re.match(r"[\w-]+", line)[0] for line in requirements if isinstance(line, str)}
    named = {
        (file, package)
        for file in tracked(*SOURCES)
        for package in told_to_install((ROOT / file).read_text(encoding="utf-8", errors="ignore"))
    }
    assert len(named) > 20
    assert {(file, package) for file, package in named if package not in declared | {"."}} == set()


@pytest.fixture(scope="module")
def user(distributions, tmp_path_factory):
    """A folder of a user, and the interpreter of an environment that holds the wheel."""
    folder = tmp_path_factory.mktemp("user")
    venv.create(folder / "venv", symlinks=True)
    site = next(folder.glob("venv/lib/*/site-packages"))
    with zipfile.ZipFile(distributions[1]) as archive:
        archive.extractall(site)
    ours = Path(sysconfig.get_path("purelib"))  # what it depends on, but for scalargrad itself
    for package in ours.iterdir():
        if "scalargrad" not in package.name and not (site / package.name).exists():
            (site / package.name).symlink_to(package)
    return folder, folder / "venv" / "bin" / "python"


RIGHT = """from scalargrad import Value, assert_gradients, derive, draw, program

loss = program("loss = (w*x - 1)^2", x="2", w="0.8").output
print(derive(loss, wrt="w").latex, draw(loss, wrt="w").save("loss.svg").name)
total: Value = sum((Value(0.5) * n for n in range(3)), start=Value(0)).relu()
"""
WRONG = {
    'derive(loss, "w", digits="three")\n': "arg-type",
    "draw(loss, thema='dark')\n": "call-arg",
    "Value(0.5).rleu()\n": "attr-defined",
}


def mypy(user, text):
    folder, python = user
    (folder / "program.py").write_text(text, encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MYPYPATH")}
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "program.py"],
        cwd=folder, env=clean, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def test_a_typed_program_passes_mypy_and_a_wrong_call_is_found(user):
    done = mypy(user, RIGHT)
    assert done.returncode == 0, done.stdout
    done = mypy(user, RIGHT + "".join(WRONG))
    assert done.returncode == 1
    for number, kind in enumerate(WRONG.values(), RIGHT.count("\n") + 1):
        assert f"program.py:{number}: error:" in done.stdout, done.stdout
        assert f"[{kind}]" in done.stdout
    assert done.stdout.count("error:") == len(WRONG)


def test_the_typed_program_runs_with_the_wheel(user):
    folder, python = user
    (folder / "program.py").write_text(RIGHT, encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([python, "program.py"], cwd=folder, env=clean, capture_output=True,
                          text=True, timeout=120, check=True)  # fmt: skip
    assert "loss.svg" in done.stdout
    shown = [python, "-c", "import scalargrad; print(scalargrad.__file__)"]
    where = subprocess.run(shown, env=clean, cwd=folder, capture_output=True, text=True, check=True)
    assert str(folder) in where.stdout
