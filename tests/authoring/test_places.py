"""Sphinx, Pandoc and Pygments, which take programs into their documents."""

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from peers import peer, program
from pygments import highlight, lexers
from pygments.formatters import RawTokenFormatter

from scalargrad.authoring.decks import FILTER
from scalargrad.lectures import LECTURES

FENCE = "```"
ROOT = Path(__file__).parent.parent.parent
BLOCK = f"""#| draw --wrt w2
#| derive --wrt w2
#| states dl/dw2 = -0.24
{LECTURES[0].text.strip()}
"""
EVERYTHING = BLOCK.replace("#| states", "#| table\n#| step\n#| exercise\n#| states")


def built(folder, page, name="index.md", more=""):
    peer("myst_nb")
    configured = f'extensions = ["myst_nb", "scalargrad.authoring.sphinx"]\n{more}\n'
    (folder / "conf.py").write_text(configured)
    (folder / name).write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", folder, folder / "out"]
    return subprocess.run(command, capture_output=True, text=True, timeout=240,
                          env={**os.environ, "PYTHONWARNINGS": "default"})  # fmt: skip


def test_a_page_of_myst_shows_picture_and_derivation(tmp_path):
    done = built(
        tmp_path, f"# A page\n\n{FENCE}{{sg}}\n{EVERYTHING}{FENCE}\n\n{FENCE}sg\nx = 2\n{FENCE}\n"
    )
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'src="data:image/svg+xml;base64,' in page
    assert r"(-1.2) \times (0.1) \times (2)" in page
    assert re.search("<iframe[^>]* srcdoc=", page)
    assert "<td><p>−0.24</p></td>" in page.partition("<details><summary>Answers")[2]
    assert '<div class="highlight-sg' in page


def test_a_block_has_a_link_that_opens_it_in_the_page(tmp_path):
    page = f"# A page\n\n{FENCE}{{sg}} --wrt x --style circuit\nx = 2; y = x^2\n{FENCE}\n"
    done = built(tmp_path, page, more='sg_page = "play/"')
    assert (done.returncode, done.stderr) == (0, "")
    (link,) = re.findall('href="(play/[^"]*)"', (tmp_path / "out" / "index.html").read_text())
    fields = parse_qs(urlsplit(unescape(link)).fragment)
    assert fields == {"program": ["x = 2; y = x^2"], "wrt": ["x"], "style": ["circuit"]}


def test_a_page_of_restructured_text_does_too(tmp_path):
    inner = "".join(f"   {line}\n" for line in BLOCK.splitlines())
    done = built(tmp_path, f"A page\n======\n\n.. sg::\n\n{inner}", "index.rst")
    assert (done.returncode, done.stderr) == (0, "")
    assert "data:image/svg" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_wrong_number_fails_the_build_with_one_line_each_time(tmp_path):
    page = f"# A page\n\n{FENCE}{{sg}}\n{BLOCK.replace('-0.24', '-0.12')}{FENCE}\n"
    for _ in range(2):  # the second build reads the page again
        done = built(tmp_path, page)
        assert done.returncode == 1
        (line,) = done.stderr.strip().splitlines()
        assert "index.md:3: ERROR: ∂ℓ/∂w₂ = -0.12 is stated: ∂ℓ/∂w₂: you wrote −0.12" in line


@pytest.fixture
def pandoc(tmp_path):
    """Runs Pandoc with the filter on a page."""
    program("pandoc")
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    def run(page, *options):
        command = ["pandoc", "--lua-filter", FILTER, *options]
        return subprocess.run(command, input=page, capture_output=True, text=True, timeout=120,
                              env={**os.environ, "PATH": here})  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("format_", "picture"),
    [("html", "data:image/svg+xml"), ("revealjs", "data:image/svg+xml"),
     ("latex", r"\includegraphics{sg-"), ("docx", None)],
)  # fmt: skip
def test_a_page_of_pandoc_shows_picture_and_derivation(pandoc, tmp_path, format_, picture):
    page = f"# A slide\n\n{FENCE}sg\n{BLOCK}{FENCE}\n\n{FENCE}python\nx = 2\n{FENCE}\n"
    made = tmp_path / "made"
    done = pandoc(page, "--to", format_, "--mathjax", "--output", made)
    assert (done.returncode, done.stderr) == (0, "")
    if picture:
        text = made.read_text(encoding="utf-8")
        assert picture in text
        assert r"(-1.2) \times (0.1) \times (2)" in text
        assert "figcaption" not in text


def test_pandoc_stops_at_a_wrong_number(pandoc):
    done = pandoc(f"{FENCE}sg\n{BLOCK.replace('-0.24', '-0.12')}{FENCE}\n", "--to", "html")
    assert done.returncode != 0
    assert "∂ℓ/∂w₂ = -0.12 is stated: ∂ℓ/∂w₂: you wrote −0.12" in done.stderr


def test_pygments_knows_programs_by_name_and_by_file():
    for lexer in (lexers.get_lexer_by_name("sg"), lexers.get_lexer_for_filename("a.sg")):
        marked = highlight("#| draw\nŷ = relu(w_{11} x) # h\n", lexer, RawTokenFormatter()).decode()
        pieces = [tuple(line.split("\t")) for line in marked.splitlines()]
        assert ("Token.Name.Function", "'relu'") in pieces
        assert ("Token.Comment.Single", "'# h'") in pieces
        assert ("Token.Comment.Preproc", "'#| draw'") in pieces
        assert not any("Error" in kind for kind, _ in pieces)


def test_the_action_runs_the_check_on_the_files_that_it_is_given(tmp_path):
    action = peer("yaml").safe_load((ROOT / ".github" / "check" / "action.yml").read_text())
    *_, check = action["runs"]["steps"]
    assert check["env"] == {"FILES": "${{ inputs.files }}"}
    for number, code in [("-0.24", 0), ("-0.12", 1)]:
        (tmp_path / "a.md").write_text(f"{FENCE}sg\n{BLOCK.replace('-0.24', number)}{FENCE}\n")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(["bash", "-e", "-c", check["run"]], cwd=tmp_path, capture_output=True,
                              env={**os.environ, "PATH": path, "FILES": "*.md"})  # fmt: skip
        assert done.returncode == code, done.stdout
