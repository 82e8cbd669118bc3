"""Labels: the names of the nodes of a graph, and formulas in them, as text and as LaTeX."""

from __future__ import annotations

import re

from scalargrad.engine.scalars import Scalar
from scalargrad.errors import DomainError
from scalargrad.graph.model import Graph
from scalargrad.notation.formula import Formula, evaluated, names_in, renamed
from scalargrad.notation.names import GREEK, Written, mathtext, typeset
from scalargrad.notation.numbers import MINUS
from scalargrad.notation.printing import latex
from scalargrad.notation.tex import quoted
from scalargrad.notation.words import printable

MOST_PARTS = 80  # of a formula; a longer one is written as its symbol
_LETTERS = 40  # of a name that are written


class Names:
    """The names of the nodes of a graph, and formulas in them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: dict[str, int] = {}
        self.values: dict[str, Scalar] = {}  # None for a name of several nodes
        for index, node in enumerate(graph.nodes):
            if node.label:
                name = typeset(node.label)
                self.values[name] = None if name in self.nodes else node.value
                self.nodes[name] = index

    def __call__(self, node: int) -> Written:
        """The name of a node; one without a name is the output, or has its number."""
        written = name_of(self.graph.nodes[node].label)
        if written.text:
            return written
        if node == self.graph.output and "output" not in self.nodes:
            return name_of("output")
        return Written(f"#{node}", rf"\#{node}")

    def derivative(self, of: int, by: int) -> Written:
        """∂a/∂b."""
        return derivative(self(of), self(by))

    def formula(self, formula: Formula) -> Written:
        """A formula in these names."""
        text = str(renamed(formula, lambda name: self._named(name).text))
        return Written(text, latex(formula, lambda name: self._named(name).math))

    def _named(self, name: str) -> Written:
        if name in self.nodes:
            return self(self.nodes[name])
        return _LEFT_OUT.get(name) or Written(name, mathtext(name) or quoted(name))

    def value(self, condition: Formula) -> Scalar | None:
        """The value of a formula; None where it has none, or a name in it, or that has several."""
        if any(self.values.get(name) is None for name in names_in(condition, MOST_PARTS)):
            return None
        try:
            return evaluated(condition, self.values)
        except DomainError:
            return None


_LEFT_OUT = {"[…]": Written("[…]", r"[\ldots]"), "…": Written("…", r"\ldots")}


def name_of(label: str) -> Written:
    """A name in Unicode and in TeX; what is no name of the field is set as text.

    >>> name_of("x1*w1 + x2*w2").text
    '(x₁ w₁ + x₂ w₂)'
    """
    if len(label) <= 2 * _LETTERS and re.search(r"[+*/^]", label) and _SUM.fullmatch(label):
        plain = re.sub(r"\s*\*\s*", " ", label)
        text = _NAME.sub(lambda name: typeset(name[0]), plain).replace("-", MINUS)
        math = _NAME.sub(lambda name: mathtext(name[0]), plain)
        return Written(f"({text})", f"({math})")
    text = printable(typeset(label))
    if re.search(r"[\s+*/×·=−-]", text):
        text = f"({text})"
    if label.startswith("$"):
        math = label[1:-1] if len(label) > 2 and _is_plain_tex(label[1:-1]) else ""
    else:
        math = mathtext(label) if len(label) <= _LETTERS else ""
    return Written(text, math or quoted(text))


def derivative(a: Written, b: Written) -> Written:
    """∂a/∂b."""
    return Written(f"∂{a.text}/∂{b.text}", rf"\frac{{\partial {a.math}}}{{\partial {b.math}}}")


def derivative_of(output: str, label: str) -> Written:
    r"""The derivative of a node by another, by their labels.

    >>> derivative_of("loss", "w2").text
    '∂ℓ/∂w₂'
    """
    return derivative(name_of(output), name_of(label))


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SUM = re.compile(rf" *{_NAME.pattern}(?:(?: *[-+*/] *(?:{_NAME.pattern}|[0-9.]+))|\^[0-9])* *")


# A label between dollars is TeX that its author wrote. What this grammar does not know is text.
_COMMANDS = "|".join(
    [*GREEK, *["ell", "partial", "nabla", "prime", "ast", "star", "cdot", "times", "infty"]]
)
_TEX_ATOM = (
    r"(?:[A-Za-z0-9]|\0|\\(?:" + _COMMANDS + r")(?![A-Za-z])|"
    r"\\(?:hat|bar|tilde|dot|vec|mathbf|mathrm|mathcal) *\0|\\frac *\0 *\0)"
)
_TEX = re.compile(
    rf"(?: *(?:{_TEX_ATOM}(?: *_ *{_TEX_ATOM})?(?: *\^ *{_TEX_ATOM})?|[-+=,.()/!:;\[\]|'] *))+ *"
)


def _is_plain_tex(tex: str) -> bool:
    r"""Whether it is letters, indices, accents and fractions, which any TeX sets.

    >>> [_is_plain_tex(tex) for tex in (r"W_{h}^{(1)}", r"\hat{y}", r"\input{x}", "a_b_c", "{")]
    [True, True, False, False, False]
    """
    if len(tex) > 2 * _LETTERS or "\0" in tex or not tex.isascii():
        return False
    while group := re.search(r"\{([^{}]*)\}", tex):
        if not _TEX.fullmatch(group[1]):
            return False
        tex = f"{tex[: group.start()]}\0{tex[group.end() :]}"
    return _TEX.fullmatch(tex) is not None
