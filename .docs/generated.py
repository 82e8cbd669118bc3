"""The parts of the documentation that are read from the code, as Markdown.

A page says `{{ operations }}` where the result of `operations()` shall stand.
"""

from __future__ import annotations

import inspect
import re
import runpy
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click

import scalargrad
from scalargrad.authoring.blocks import fragment
from scalargrad.checking.marking import check
from scalargrad.checking.slips import SLIPS
from scalargrad.cli import commands as cli
from scalargrad.cli import manual
from scalargrad.engine.ops import OPERATIONS, Operation
from scalargrad.language import expressions, reading, tokens
from scalargrad.language.library import DEFINITIONS
from scalargrad.lectures import LECTURES
from scalargrad.lectures.decks import DECKS
from scalargrad.lectures.rows import Item, Row
from scalargrad.nn.losses import LOSSES
from scalargrad.notation.formula import Formula, formula, name
from scalargrad.notation.names import LONGEST, mathtext
from scalargrad.notation.numbers import both
from scalargrad.notation.printing import latex
from scalargrad.view import drawing
from scalargrad.view.drawing import STYLES
from scalargrad.view.export.formats import FRAME_SUFFIXES, SUFFIXES
from scalargrad.view.scene import THEMES

ROOT = Path(__file__).parent.parent
PAGE = "play/" if shutil.which("npm") else ""  # where the page is that runs programs
_LONGEST = 60  # parts of a formula that fits a table

# The modules that have a page, in the order of the pages. To document another, add its name.
MODULES = (
    "engine.value", "engine.inplace", "engine.backward", "engine.rebuild", "engine.ops",
    "engine.scalars",
    "language.reading", "language.writing", "notation.formula", "notation.names", "errors",
    "graph.model", "graph.derivation", "graph.vectors", "graph.table",
    "nn", "nn.module", "nn.layers", "nn.regularisation", "nn.initialisation", "nn.losses",
    "train.optim", "train.data", "train.fit", "compiler.compiled", "interop.torch",
    "interop.sympy", "interop.graphviz",
    "view.drawing", "view.picture", "view.scene", "view.stepper.stepper",
    "checking.gradcheck", "checking.marking", "checking.report", "checking.reading",
    "checking.quantities", "checking.kinks", "checking.answer_key",
    "sheets.worksheet", "sheets.variants", "sheets.grading", "sheets.submissions",
    "sheets.roster", "sheets.reviewing", "sheets.flags", "sheets.gradebooks", "sheets.gradescope",
    "sheets.moodle", "sheets.feedback", "sheets.notebooks", "sheets.plugin",
    "plots", "lectures", "lectures.experiments",
    "lectures.statements", "lectures.rows", "lectures.decks", "cli.doctor",
)  # fmt: skip


def filled(text: str) -> str:
    """A page with its generated parts, and no empty line at the end of an example."""
    whole = re.sub(r"\{\{ (\w+) \}\}", lambda found: PARTS[found.group(1)](), text)
    return re.sub(r"(```python\n.*?)\n\n```", r"\1\n```", whole, flags=re.DOTALL)


# Slips -------------------------------------------------------------------------------------------


def slips() -> str:
    """The table of slips that `check` can name, each with a wrong number."""
    rows = [("example", "asked", "written", "it is", "it looks as if")]
    for slip in SLIPS:
        line = check(slip.example.program, slip.example.answers).lines[-1]
        said = line.message.partition("It looks as if ")[2].rstrip(".")
        expected = "" if line.expected is None else both(line.expected)
        rows.append((f"`{slip.example.program}`", line.quantity, line.written, expected, said))
    return _table([tuple(cell.replace("|", "\\|") for cell in row) for row in rows])


# Operations --------------------------------------------------------------------------------------


def operations() -> str:
    """The table of operations: values and derivatives."""
    rows = [("operation", "on its node", "y", "∂y/∂ operands")]
    for row in OPERATIONS.values():
        operands = [name(operand) for operand in _operands(row)]
        derivatives = row.derivatives(name("y"), *operands)
        written = ", ".join(filter(None, map(_math, derivatives)))
        rows.append((_call(row), row.symbol, _value(row), written or "piecewise, see below"))
    return _table(rows)


def domains() -> str:
    """The table of operations: where they are defined, and what holds at their kinks."""
    rows = [("operation", "defined for", "at kinks and borders")]
    for row in OPERATIONS.values():
        domain = row.domain.format(**{operand.removesuffix("?"): operand.removesuffix("?")
                                    for operand in row.operands})  # fmt: skip
        if domain or row.convention:
            rows.append((_call(row), domain or "all numbers", row.convention))
    return _table(rows)


def _call(row: Operation) -> str:
    return f"`{row.name}({', '.join(row.operands)})`"


def _value(row: Operation) -> str:
    operands = [name(operand) for operand in _operands(row)]
    written = (row.textbook or row.value)(*operands)
    return _math(written) or _math(Formula("call", (row.name, *operands)))


def _operands(row: Operation) -> Iterator[str]:
    for operand in row.operands:
        if operand == "*pairs":
            yield from ("w1", "x1", "w2", "x2")
        elif operand.startswith("*"):
            yield from (f"{operand[1:]}1", f"{operand[1:]}2")
        else:
            yield operand.removesuffix("?")


def _math(scalar: object) -> str:
    """A formula between dollars; "" for one that is too long to read in a table."""
    written = formula(scalar)
    if len(str(written)) > _LONGEST:
        return ""
    return "$" + re.sub(r"\\(left|right)\|", r"\\\1\\vert ", latex(written, _symbol)) + "$"


def _symbol(label: str) -> str:
    tex = mathtext(label)
    is_word = len(label) > 2 and "\\" not in tex.replace(r"\mathrm", "")  # and no Greek letter
    return rf"\mathrm{{{label}}}".replace("_", r"\_") if is_word else tex


def functions() -> str:
    """The functions of programs, with their operands, in the order of the table."""
    rows = [("function", "also", "value")]
    for row in OPERATIONS.values():
        called = _call(row).replace("*a", "a, b, …").replace("*pairs", "w1, x1, …")
        rows.append((called, ", ".join(row.spellings), _value(row)))
    return _table(rows)


def losses() -> str:
    """The table of losses, with PyTorch's names."""
    rows = [("loss", "of one example", "torch.nn.functional")]
    rows += [(f"`{loss.name}`", loss.formula.replace("|", r"\|"), f"`{loss.torch}`")
             for loss in LOSSES.values()]  # fmt: skip
    return _table(rows)


def definitions() -> str:
    """The losses of programs, each in the language itself."""
    rows = [("function", "also")]
    rows += [(f"`{text}`", ", ".join(spellings.split())) for text, spellings in DEFINITIONS.items()]
    return _table(rows)


def spellings() -> str:
    """What is typed, what it means, and what is answered: the table that the tests go through."""
    table = runpy.run_path(str(ROOT / "tests" / "spellings.py"))["SPELLINGS"]
    parts = []
    for heading, found in table.items():
        read = [
            (f"`{_on_one_line(row.typed)}`", _meant(row.means))
            for row in found
            if row.means is not None
        ]
        answered = [
            (f"`{_on_one_line(row.typed)}`", f"… {row.answer} …") for row in found if row.answer
        ]
        parts += [f"### {heading}", _table([("typed", "means"), *read])]
        if answered:
            parts.append(_table([("typed", "the answer says"), *answered]))
    return "\n\n".join(parts)


def _on_one_line(typed: str) -> str:
    """The text, with what does not show by its code."""
    shown = typed.replace("\n", " ↵ ")
    return "".join(c if c.isprintable() else ascii(c).strip("'") for c in shown)


def _meant(means: object) -> str:
    if isinstance(means, tuple):
        return ", ".join(map(_meant, means))
    return f"{means:.6g}" if isinstance(means, float) else str(means)


def operators() -> str:
    """The operators of programs, from those that bind least to those that bind most."""
    rows = [("operator", "operation")]
    rows += [(f"`{sign}`", row.name) for sign, (_, row) in expressions._OPERATORS.items()]
    return _table(rows)


def limits() -> str:
    """What a program may hold at most."""
    return _table([
        ("a program has at most", ""),
        ("characters", f"{tokens.MOST_CHARACTERS:,}"),
        ("names, numbers and signs", f"{tokens.MOST_TOKENS:,}"),
        ("operations, with those of its functions and sums", f"{expressions.MOST_OPERATIONS:,}"),
        ("parentheses inside one another", f"{expressions.MOST_PARENTHESES:,}"),
        ("letters of a name", f"{LONGEST:,}"),
        ("digits of a number", f"{tokens.MOST_DIGITS:,}"),
    ])  # fmt: skip


# The decks ---------------------------------------------------------------------------------------


def backprop() -> str:
    """A section for each slide of the backpropagation deck."""
    return _deck("backprop")


def networks() -> str:
    """A section for each slide of the deck Neural Networks III."""
    return _deck("networks")


def _deck(name: str) -> str:
    return "\n\n".join(part for row in DECKS[name] for part in _slide(row))


def _slide(row: Row) -> Iterator[str]:
    """What a slide states, its pictures, its claims, its program, and an exercise."""
    yield f"## {row.label} {_escaped(row.title)}"
    yield _escaped(row.states)
    for picture in sorted((ROOT / ".docs" / "drawn").glob(f"{row.label}-*.svg")):
        yield f"![{row.label}: {_escaped(row.title)}](drawn/{picture.name})"
    claims = [(f"`{item.rest}`", item.word) for item in row.items if _is_claim(item)]
    if claims:
        yield _table([("claim", "from"), *claims])
    if row.text.strip():
        link = f'<a href="{PAGE}{fragment(row.text)}">Open in the page</a>' if PAGE else ""
        yield _folded("The program", f"```sg\n{row.text.strip()}\n```\n\n{link}")
    question, answer = exercise(row)
    yield f"**Exercise.** {question}"
    yield _folded("Answer", f"{answer} To see it computed: `scalargrad lectures {row.label}`.")


def _is_claim(item: Item) -> bool:
    return not item.option and re.fullmatch("slide|follows|ours|[BN][0-9]+", item.word) is not None


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def exercise(row: Row) -> tuple[str, str]:
    """A question about a slide, and its answer: that of the row, or one that its claims make."""
    for item in row.items:
        if item.word == "ask":
            question, _, answer = item.rest.partition(" | ")
            return _escaped(question), _escaped(answer)
    options = [(item.word, item.rest.split(": ")[0], item.option) for item in row.items
               if item.option]  # fmt: skip
    if options:
        listed = "; ".join(f"**{letter}** {_escaped(words)}" for letter, words, _ in options)
        true = ", ".join(letter for letter, _, found in options if found == "confirmed")
        return f"Which hold? {listed}.", f"{true}."
    claims = [item.rest for item in row.items if _is_claim(item)]
    formulas = [claim.split(" ≡ ") for claim in claims if " ≡ " in claim]
    formulas = [(left, right) for left, right in formulas if "∂" not in right]
    known = {entry.name for entry in row.inputs}
    numbers = [re.split(" [=≈] (?=[^=≈]*$)", c) for c in claims if re.search(" [=≈] ", c)]
    numbers = [(what, number) for what, number in numbers if what not in known]
    numbers = [pair for pair in numbers if "∂" in pair[0]] or numbers[:1]
    questions, answers = [], []
    for what, is_so in formulas[-1:]:
        questions.append(f"Write `{what}` as a formula.")
        answers.append(f"`{what} ≡ {is_so}`.")
    for what, is_so in numbers[-1:]:
        questions.append(f"Compute `{what}`.")
        answers.append(f"`{what} = {is_so}`.")
    return " ".join(questions), " ".join(answers)


# The command line --------------------------------------------------------------------------------


def commands() -> str:
    """A section for every command."""
    parts = []
    for heading, listed in cli.app.sections.items():
        parts.append(f"## {heading}")
        for command in listed:
            called = str(command.name)
            parts += [f"### scalargrad {called}", *_command(called, command)]
    return "\n\n".join(parts)


def _command(called: str, command: Any) -> Iterator[str]:
    group = click.Context(cli.app, **cli.app.context_settings)  # its ways of asking for help
    context = click.Context(command, parent=group, info_name=f"scalargrad {called}")
    for paragraph in inspect.cleandoc(command.help).split("\n\n"):
        lines = manual.examples(paragraph.removeprefix("\b\n"))
        yield f"```sh\n{chr(10).join(lines)}\n```" if lines else _escaped(paragraph.strip("\b\n"))
    for parameter in command.get_params(context):
        written, said = parameter.get_help_record(context)
        yield f"`{written}`\n: {_escaped(said)}"


# Python ------------------------------------------------------------------------------------------


def names() -> str:
    """What `import scalargrad` gives, each with its first sentence."""
    rows = [("name", "")]
    for public in scalargrad.__all__:
        thing = getattr(scalargrad, public)
        role = "class" if inspect.isclass(thing) else "func"
        role = "exc" if inspect.isclass(thing) and issubclass(thing, Exception) else role
        target = f"{thing.__module__}.{thing.__qualname__}"
        rows.append((f"{{py:{role}}}`{public} <{target}>`", _first_line(thing)))
    return _table(rows)


def notebooks() -> str:
    """The list of the notebooks there are."""
    found = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    listed = "\n".join(f"notebooks/{notebook}" for notebook in found)
    return f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```" if found else "There are none yet."


def modules() -> str:
    """The modules that have a page, each with its first sentence."""
    rows = [("module", "")]
    for module in MODULES:
        loaded = import_module(f"scalargrad.{module}")
        rows.append((f"[scalargrad.{module}](api/{module}.md)", _first_line(loaded)))
    toctree = "\n".join(f"api/{module}" for module in MODULES)
    return f"{_table(rows)}\n\n```{{toctree}}\n:hidden:\n\n{toctree}\n```"


def module_page(module: str) -> str:
    """The page of a module."""
    directive = f".. automodule:: scalargrad.{module}"
    return f"# scalargrad.{module}\n\n```{{eval-rst}}\n{directive}\n```\n"


def _first_line(thing: object) -> str:
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return _escaped(re.split(r"(?<=[.:])\s", text)[0].rstrip(":"))


def choices() -> str:
    """The formats and themes of pictures."""
    return _table([
        ("", ""),
        ("a picture", ", ".join(f"`{suffix}`" for suffix in SUFFIXES)),
        ("frames", ", ".join(f"`{suffix}`" for suffix in FRAME_SUFFIXES)),
        ("`theme=`", ", ".join(f"`{theme}`" for theme in THEMES)),
    ])  # fmt: skip


def draw_pictures(folder: Path) -> None:
    """Draw the lecture example in every style, its steps, a nudge, and all slides, in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    loss = reading.program(LECTURES[0].text).output
    loss.backward()
    for style in STYLES:
        drawing.draw(loss, wrt="w2", style=style).save(folder / f"{style}.svg")  # type: ignore[arg-type]
    drawing.draw(loss).frames().save(folder / "steps.html")
    drawing.nudge(loss, "w2", "0.1").save(folder / "nudge.svg")
    for row in (*DECKS["backprop"], *DECKS["networks"]):
        row.outcome().save(folder)


# Files of the project ----------------------------------------------------------------------------


def readme() -> str:
    """The README, its links leading to pages."""
    return _with_links("README.md")


def contributing() -> str:
    """How to contribute."""
    return _with_links("CONTRIBUTING.md")


def changelog() -> str:
    """What changed."""
    return _with_links("CHANGELOG.md")


def _with_links(file: str) -> str:
    return re.sub(r"\]\(([^):#]+)\)", lambda link: f"]({_page(link.group(1))})",
                  (ROOT / file).read_text(encoding="utf-8"))  # fmt: skip


def _page(path: str) -> str:
    """Where the documentation has a file of the project."""
    pages = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
    if path in pages or path.startswith("notebooks/"):
        return pages.get(path, re.sub(r"\.py$", ".ipynb", path))
    return f"../{path}"


# Markup ------------------------------------------------------------------------------------------


def _table(rows: list[tuple[str, ...]]) -> str:
    header, *body = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    lines = [header, ["---"] * len(header), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(text: str) -> str:
    """Words as Markdown that shows them as they are, but for `code`."""
    pieces = re.split(r"(`[^`]*`)", text)
    pieces[::2] = [re.sub(r"([\\*_\[\]<>$#|])", r"\\\1", piece) for piece in pieces[::2]]
    return "".join(pieces).replace(r"\|", "|")


_SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Yields|Example|Examples|Note):$")


def restructured(lines: list[str]) -> list[str]:
    """A docstring as reStructuredText: words as they are, `code` and indented blocks as code."""
    made: list[str] = []
    is_in_section = is_in_block = is_example = False
    for line in lines:
        is_indented = line.startswith("    ")
        if line and not is_indented:
            is_in_section = bool(_SECTION.match(line))
            is_in_block = False
        elif is_indented and not is_in_section and not is_in_block and made and not made[-1]:
            made += [".. code-block:: text", ""]
            is_in_block = True
        is_example = bool(line) and (is_example or line.lstrip().startswith(">>>"))
        made.append(line if is_in_block or is_example else _literal(line))
    return made


def _literal(line: str) -> str:
    pieces = re.split(r"(?<!`)(`[^`]+`)(?!`)", line)
    pieces[::2] = [re.sub(r"([\\*|`])|(_)(?!\w)", r"\\\1\2", piece) for piece in pieces[::2]]
    pieces[1::2] = [f"`{piece}`" for piece in pieces[1::2]]
    return "".join(pieces)


PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part
    for part in (backprop, changelog, choices, commands, contributing, definitions, domains,
                 functions, limits, losses, modules, names, networks, notebooks, operations,
                 operators, readme, slips, spellings)
}  # fmt: skip
