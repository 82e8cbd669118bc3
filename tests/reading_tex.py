"""A reader of the LaTeX of formulas that knows nothing of the project: letters, numbers, fractions,
powers, calls, brackets, conditions. It computes while it reads."""

import math
import re
import subprocess
from fractions import Fraction

from scalargrad.engine import scalars

# An evaluator that knows nothing of the table: heads and function names to Python's own arithmetic.
BINARY = {
    "+": lambda *a: sum(a), "*": lambda *a: math.prod(a), "≠": lambda a, b: a != b,
    "/": scalars.divide, "^": lambda a, b: a**b, "<": lambda a, b: a < b,
    ">": lambda a, b: a > b, "≤": lambda a, b: a <= b, "≥": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
}  # fmt: skip
CALLS = {
    "√": math.sqrt, "ReLU": lambda a: max(a, 0), "sign": lambda a: (a > 0) - (a < 0),
    "σ": lambda a: 1 / (1 + math.exp(-a)),
    "max": max, "min": min,
    "share": lambda a, *others: math.exp(a) / sum(map(math.exp, (a, *others))),
    "log": lambda a: math.log(a) if a > 0 else math.nan,
    **{f: getattr(math, f) for f in ("exp", "expm1", "log1p", "sin", "cos", "tan", "sinh",
                                     "cosh", "tanh", "atan", "erf", "erfc")},
}  # fmt: skip

TEX_TOKEN = re.compile(
    r"\\(?:left|right)\||\\[A-Za-z]+|\\[;,\\]|\d+(?:\.\d+)?|[A-Za-z]|[-+^{}<>=,()\[\]&]"
)
TEX_CALLS = {f"\\{called}": CALLS[called] for called in
             ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh")}  # fmt: skip
TEX_CALLS |= {r"\sigma": CALLS["σ"], r"\max": max, r"\min": min}
TEX_SIGNS = {"<": "<", ">": ">", "=": "=", r"\leq": "≤", r"\geq": "≥"}


def read_tex(tex, names):
    tex = re.sub(r"\\(?:left|right)(?=[\[\]()])", "", tex)
    tokens = [*TEX_TOKEN.findall(tex), "end"]
    assert "".join(tokens[:-1]) == tex.replace(" ", "")
    take = tokens.pop

    def closed(end, inner):
        value = inner()
        assert take(0) == end, (end, tokens)
        return value

    def group():
        assert take(0) == "{"
        return closed("}", total)

    def condition():
        a = total()
        return BINARY[TEX_SIGNS[take(0)]](a, total()) if tokens[0] in TEX_SIGNS else a

    def taken(text):
        for token in TEX_TOKEN.findall(text):
            assert take(0) == token

    def choice():
        taken("{cases}")
        found = []
        while True:
            value = total()
            if tokens[3] == "o":
                taken(r"& \mathrm{otherwise} \end{cases}")
                return [*found, value][0]
            taken(r"& \mathrm{if}\;")
            found += [value] if condition() else []
            taken(r"\\")

    def word():
        letters = ""
        take(0)
        while tokens[0] != "}":
            letters += take(0)
        take(0)
        return letters

    def operands():
        assert take(0) == "("
        values = [total()]
        while tokens[0] == ",":
            take(0)
            values.append(total())
        assert take(0) == ")"
        return values

    def atom():
        token = take(0)
        if token == "(":
            return closed(")", total)
        if token == r"\begin":
            return choice()
        if token == r"\left|":
            return abs(closed(r"\right|", total))
        if token == r"\frac":
            return scalars.divide(group(), group())
        if token == r"\sqrt":
            return math.sqrt(group())
        if token == r"\mathbf":
            assert [take(0) for _ in range(4)] == ["{", "1", "}", "["]
            return 1 if closed("]", condition) else 0
        if token == r"\mathrm":
            return CALLS[word()](*operands())
        if token == r"\ln":  # of a number it goes without brackets
            return math.log(operands()[0] if tokens[0] == "(" else Fraction(take(0)))
        if token in TEX_CALLS:
            return TEX_CALLS[token](*operands())
        if token == r"\pi":
            return math.pi
        if token == "{":
            return closed("}", total)
        return Fraction(token) if token[0].isdigit() else ({"e": math.e} | names)[token]

    def power():
        value = atom()
        if tokens[0] == "^":
            take(0)
            return value ** group()
        return value

    def product():
        if tokens[0] == "-":
            take(0)
            return -product()
        value = power()
        while tokens[0] not in ("end", *"})],+-&", r"\\", r"\right|", *TEX_SIGNS):
            if tokens[0] in (r"\cdot", r"\times", r"\,"):
                take(0)
            value = value * power()
        return value

    def total():
        value = product()
        while tokens[0] in "+-":
            value = value + product() if take(0) == "+" else value - product()
        return value

    value = total()
    assert tokens == ["end"]
    return value


def set_by_pdflatex(bodies, folder):
    """Set some bodies as one document, with amsmath and no other package."""
    document = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}\n"
    document += "\n".join(bodies) + "\n\\end{document}\n"
    (folder / "all.tex").write_text(document, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"],
        cwd=folder, capture_output=True, text=True, timeout=120, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-1500:]
    assert "Missing character" not in (folder / "all.log").read_text(errors="replace")
