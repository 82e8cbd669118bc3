"""The directive sg for Sphinx, in MyST and reStructuredText.

It stands in conf.py as extensions = ["scalargrad.authoring.sphinx"]. A page says

    ```{sg} draw --wrt w2
    #| states ∂ℓ/∂w₂ = −0.24
    x = 2; …
    ```

A wrong number, or a program that cannot be, is said in one line, and fails the build.

Where sg_page is the address of a folder that `scalargrad play --output` wrote, a block has a link
that opens it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from scalargrad.authoring.blocks import Answers, block, data_uri, fragment
from scalargrad.authoring.lexer import ProgramLexer
from scalargrad.graph.derivation import Derivation
from scalargrad.graph.table import Table
from scalargrad.view.picture import Frames, Picture
from scalargrad.view.stepper.stepper import Stepper

_LOG = logging.getLogger(__name__)


class Directive(SphinxDirective):
    """What a block shows, as nodes of a document."""

    app: ClassVar[Any]

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = {"name": directives.unchanged, "class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """The nodes, in a container."""
        line = self.arguments[0] if self.arguments else ""
        folder = Path(self.env.doc2path(self.env.docname)).parent
        try:
            read = block("\n".join(self.content), line, folder)
            things = read.things
        except (ValueError, ArithmeticError) as error:
            _LOG.error("%s", error, location=self.get_location(), type="sg")
            self.app.statuscode = 1  # the other pages are built, and the build has failed
            self.env.note_reread()
            return []
        container = nodes.container(classes=["sg", *self.options.get("class", [])])
        self.add_name(container)
        suffix = ".pdf" if self.app.builder.format == "latex" else ".svg"
        for thing in things:
            container += list(_nodes(thing, suffix))
        if self.config.sg_page and suffix == ".svg":
            chosen = {k: v for k, v in read.shows[0][1].items() if k in ("wrt", "style") and v}
            address = self.config.sg_page + fragment(read.text, **chosen)
            link = nodes.reference("", "Open in the page", refuri=address)
            container += nodes.paragraph("", "", link)
        return [container]


def _nodes(thing: Any, suffix: str) -> Iterator[nodes.Node]:
    if isinstance(thing, Picture):
        yield nodes.image(uri=data_uri(thing, suffix), alt=repr(thing), candidates={})
    elif isinstance(thing, Derivation):
        aligned = thing.markdown.strip("$\n")
        yield nodes.math_block(aligned, aligned, nowrap=False, number=None, label=None)
    elif isinstance(thing, Table):
        yield from _table([thing.header, *thing.rows])
        if thing.note:
            yield nodes.paragraph("", thing.note)
    elif isinstance(thing, Answers):
        yield nodes.raw("", "<details><summary>Answers</summary>", format="html")
        yield from _nodes(thing.table, suffix)
        yield nodes.raw("", "</details>", format="html")
    else:
        frames = thing.frames if isinstance(thing, Stepper) else thing
        assert isinstance(frames, Frames)
        if suffix == ".svg":
            yield nodes.raw("", frames._repr_html_(), format="html")
        else:
            yield from _nodes(frames.pictures[-1], suffix)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[nodes.Node]:
    head, *body = [
        nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in row)) for row in rows
    ]
    columns = [nodes.colspec(colwidth=1) for _ in rows[0]]
    group = nodes.tgroup("", *columns, nodes.thead("", head), nodes.tbody("", *body))
    group["cols"] = len(columns)
    yield nodes.table("", group)


def setup(app: Any) -> dict[str, Any]:
    """Make the directive and the lexer known to Sphinx."""
    app.add_directive("sg", type("Sg", (Directive,), {"app": app}))
    app.add_lexer("sg", ProgramLexer)
    app.add_config_value("sg_page", "", "env", str)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
