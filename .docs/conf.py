"""Sphinx makes the documentation of docstrings, notebooks and the pages in this folder."""

import shutil
import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

import generated  # noqa: E402

import scalargrad  # noqa: E402
from scalargrad.page.build import build  # noqa: E402

project = "scalargrad"
author = copyright = "The scalargrad founders"
version = release = scalargrad.__version__

extensions = [
    "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "myst_nb",
    "scalargrad.authoring.sphinx",
]  # fmt: skip
exclude_patterns = ["site", "jupyter_execute"]
nitpicky = False
python_maximum_signature_line_length = 70

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the tests run the notebooks; their outputs are kept in them
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # nothing is fetched from the network
nb_mime_priority_overrides = [
    ("html", "application/vnd.jupyter.widget-view+json", None),
    ("html", "application/javascript", None),
]

viewcode_follow_imported_members = False  # what nn imports is documented where it is
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = True
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"scalargrad {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_search_scorer = str(HERE / "_static" / "scorer.js")
html_math_renderer = "mathml"  # read by browsers without a script
html_show_sourcelink = False
html_copy_source = False
sg_page = generated.PAGE
pygments_dark_style = "github-dark"


def write_pages() -> None:
    """Write the pages of the modules, and fetch the notebooks as they are."""
    for name in ("api", "notebooks"):
        shutil.rmtree(HERE / name, ignore_errors=True)
        (HERE / name).mkdir()
    for module in generated.MODULES:
        (HERE / "api" / f"{module}.md").write_text(generated.module_page(module), encoding="utf-8")
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(notebook, HERE / "notebooks")
    generated.draw_pictures(HERE / "drawn")


write_pages()


def _fill(app, name, source):
    source[0] = generated.filled(source[0])


def _docstring(app, what, name, thing, options, lines):
    lines[:] = generated.restructured(lines)


def _math(display):
    def visit(self, node):
        self.body.append(convert(node.astext(), display=display))
        raise nodes.SkipNode

    return visit, None


def _build_page(app, error):
    if sg_page and error is None and app.builder.format == "html":
        build(Path(app.outdir) / sg_page)


def setup(app):
    """Connect what is above."""
    app.connect("build-finished", _build_page)
    app.connect("source-read", _fill)
    app.connect("autodoc-process-docstring", _docstring, priority=400)  # before napoleon's 500
    app.add_html_math_renderer("mathml", _math("inline"), _math("block"))
