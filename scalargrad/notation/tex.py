r"""Plain text as LaTeX sets it, in ASCII: ŷ as \^{y}, w₁₁ as w$_{11}$."""

from __future__ import annotations

import re
import unicodedata

from scalargrad.notation.names import MARKS, mathtext
from scalargrad.notation.words import printable

_ASCII = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "^": r"\textasciicircum{}", "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}", "-": "{-}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"{\ttfamily\char34}", "`": r"\`{}", "'": "{'}",
}  # fmt: skip

# Symbols as commands of mathematics.
_SYMBOLS = {
    "−": "-", "×": r"\times", "÷": r"\div", "·": r"\cdot", "±": r"\pm", "≈": r"\approx",
    "≠": r"\neq", "≤": r"\leq", "≥": r"\geq", "∞": r"\infty", "∂": r"\partial", "∇": r"\nabla",
    "∑": r"\sum", "∏": r"\prod", "√": r"\surd", "ℓ": r"\ell", "→": r"\to", "←": r"\leftarrow",
    "⇒": r"\Rightarrow", "↦": r"\mapsto", "∈": r"\in", "∘": r"\circ", "⊕": r"\oplus",
    "⊙": r"\odot", "⊗": r"\otimes", "°": r"{}^\circ", "′": r"{}'", "″": r"{}''", "∗": "*",
    "⋯": r"\cdots", "⌊": r"\lfloor", "⌋": r"\rfloor", "‖": r"\|",
    "𝟙": r"\mathbf{1}", "ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\vartheta", "¬": r"\neg",
    "∝": r"\propto", "∫": r"\int", "∠": r"\angle", "½": r"\tfrac12",
}  # fmt: skip

_WORDS = {
    "…": r"\ldots{}", "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''",
    "\N{NO-BREAK SPACE}": "~", "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "ø": r"\o{}",
    "Ø": r"\O{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
    "§": r"\S{}", "¶": r"\P{}", "©": r"\copyright{}", "£": r"\pounds{}",
}  # fmt: skip

_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip
_MATH_ACCENTS = MARKS | {"\u0308": "ddot"}
BOX = r"\fbox{\rule{0.5em}{0pt}\rule{0pt}{0.5em}}"  # without another package


def escaped(text: str) -> str:
    r"""A plain text as LaTeX sets it, in ASCII; a box for what pdflatex has no character for.

    >>> escaped("w₁₁⁽²⁾ = −0.5 & ŷ")
    'w$_{11}$$^{(2)}$ = $-$0.5 \\& \\^{y}'
    """
    pieces = "".join(" " if run.isspace() else _escaped_character(run) for run in accented(text))
    return re.sub(r"\}\$\$([_^])\{", _merged, pieces).strip()


def _merged(match: re.Match[str]) -> str:
    """Between two scripts: nothing where they are of one kind, so that ₁₁ is one subscript."""
    before = match.string[: match.start()]
    opened = re.search(r"\$([_^])\{[^{}$]*$", before)
    return "" if opened and opened[1] == match[1] else match[0]


def _escaped_character(run: str) -> str:
    base, accents = run[0], run[1:]
    symbol = _symbol(base)
    if symbol:
        for accent in accents:
            symbol = f"\\{_MATH_ACCENTS.get(accent, 'hat')}{{{symbol}}}"
        return f"${symbol}$"
    written = _ASCII.get(base) or _WORDS.get(base) or _printable(base)
    for accent in accents:
        written = f"\\{_ACCENTS[accent]}{{{written}}}" if accent in _ACCENTS else written
    return written


def _symbol(character: str) -> str:
    """A character as mathematics; "" for one of a text."""
    if character in _SYMBOLS:
        return _SYMBOLS[character]
    kind, _, codes = unicodedata.decomposition(character).partition(" ")
    if kind in ("<sub>", "<super>"):
        inner = "".join(chr(int(code, 16)) for code in codes.split())
        inner = "-" if inner == "−" else _symbol(inner) or inner
        return f"{'_' if kind == '<sub>' else '^'}{{{inner if inner.isascii() else '?'}}}"
    return "" if character.isascii() else mathtext(character)


def _printable(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else BOX
    plain = unicodedata.normalize("NFKD", character)  # as of letters in bold or full width
    if plain != character and plain.isascii() and plain.isalnum():
        return plain
    return BOX


def accented(text: str) -> list[str]:
    """The characters of a text, each with its accents behind it; a run of white space is one."""
    return re.findall(r"\s+|.[\u0300-\u036f]*", unicodedata.normalize("NFD", text), re.DOTALL)


def mathematical(run: str) -> str:
    """A character with its accents in a formula; "" where TeX has none for it."""
    symbol = _symbol(run[0]) or (run[0] if run[0].isascii() and run[0].isalnum() else "")
    for accent in run[1:]:
        symbol = f"\\{_MATH_ACCENTS[accent]}{{{symbol}}}" if accent in _MATH_ACCENTS else symbol
    return symbol


def quoted(text: str, most: int = 40) -> str:
    r"""Text within a formula in TeX, in one line of so many letters; its symbols stand outside.

    >>> quoted("50 % of ŷ₁")
    '\\text{50 \\% of \\^{y}}_{1}'
    """
    written = re.sub(r"(?<!\\)\$(.*?)\$", r"}\1\\text{", escaped(printable(text, most)))
    return rf"\text{{{written}}}".replace(r"\text{}", "")
