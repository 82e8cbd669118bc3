r"""Program text as tokens: names, numbers and signs, in ASCII, Unicode or TeX.

TeX is translated here, so that no other module knows it: `\frac{a}{b}`, `\cdot` and `\hat{y}` come
out as the tokens of a fraction, a product and a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.language.answers import about_sign
from scalargrad.language.library import function
from scalargrad.notation.names import GREEK, NotAName, canonical

MOST_CHARACTERS = 1_000_000
MOST_TOKENS = 150_000
MOST_DIGITS = 400  # of a number; its exponent is at most as large


class LocatedError(Exception):
    """A message and the index in the text that it is about; `program` adds the text."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Token(NamedTuple):
    """A piece of the text.

    Attributes:
        kind: "name", "number", "power" (x²), "end" of a statement, or the sign itself.
        text: a name in its canonical spelling, else as it is written.
        position: its index in the text.
        end: the index behind it.
        spaced: whether white space stands before it.
    """

    kind: str
    text: str
    position: int
    end: int
    spaced: bool


_SPACE = r"\ \t\u00a0\u2000-\u200a\u202f\u205f\u3000"
_DIGITS = r"(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)"
_NUMBER = rf"{_DIGITS}(?:[eE][+-]?[0-9]+)?"
_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_SIGNS = "×−–‐·⋅∙∗÷≈≤≥⩽⩾≠⊙∘√∛‖∥…ᵀ⊤∑∏∞∈←→⟵∂∇\u2016"
# What names do not begin with; other characters are left to `canonical`, which says why not.
_OTHER = rf"\x00-@\[-^`{{-\x7f{_SPACE}⁺⁻⁰¹²³⁴-⁹⁽⁾{_SIGNS}{_VULGAR}"
_LAYER = r"⁽[^⁽⁾\n]*+⁾|_\([0-9]+\)|\^\[[0-9]+\]|\^\{[(\[][0-9]+[)\]]\}"
_MODULES = r"(?:(?:np|numpy|math|cmath|torch|nn|functional|F|tf|jnp|jax|scipy|special)\.)+"
_STYLES = r"mathbf|mathrm|mathit|mathsf|boldsymbol|bm|text|textit|textbf|operatorname|vec"
_ACCENTS = r"hat|bar|tilde|dot|widehat|overline|widetilde"
_LETTERS = "|".join([*GREEK, "ell", "varepsilon", "vartheta", "varphi"])
_BRACED = r"\{[^{}\n]*+\}"
_TOKEN = re.compile(
    rf"""
      (?P<number>   {_NUMBER} | [~≈]\ *[-−–]?(?:inf\b|nan\b|{_NUMBER}) | [{_VULGAR}]
                    | \\math(?:bf|bb)\{{1\}} )
    | (?P<name>     (?: (?:{_MODULES})? (?:[^{_OTHER}])
                      | \\(?:{_STYLES}|{_ACCENTS})\ *
                        (?: \{{ \ *\\?[A-Za-z]+\ * (?:{_BRACED})? [^{{}}\n]* \}}
                          | \\[A-Za-z]+ | [^{_OTHER}] )
                      | \\(?:{_LETTERS})(?![A-Za-z]) )
                    (?: (?:(?!_[({{\\])[^{_OTHER}]|[0-9])++ | {_LAYER} | _{_BRACED}
                      | _\\(?:{_STYLES}){_BRACED}
                      | ['′″]++ | ,(?=[₀-₉]) | \^\{{?\\prime\}}? )*+ )
    | (?P<end>      [\n\r;][\n\r;{_SPACE}]*+ )
    | (?P<space>    [{_SPACE}]++ | \#[^\n\r]*+ | \\(?:[,;:!\ ]|q?quad\b) | \\[\ \t]*\r?\n
                    | \\(?:left|right|bigl?|bigr?|Bigl?|Bigr?|displaystyle)\b )
    | (?P<command>  \\[A-Za-z]+ )
    | (?P<operator> \*\*|\\[{{}}]|\.\.\.?|:=|[-+*/%^@]=|==|!=|<=|>=|<-(?=\s)|//|\|\||\.T\b|\.\*|\.\^
                    | [-+*/^@(),=<>|%{{}}\[\]{_SIGNS}] )
    | (?P<power>    [⁺⁻]?[⁰¹²³⁴-⁹]++ )
    | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_SPELLINGS = {
    "**": "^", "−": "-", "–": "-", "‐": "-",
    "×": "*", "∗": "*", "⊙": "*", "∘": "*", "⋅": "·", "∙": "·", "÷": "/",
    ":=": "=", "<=": "≤", ">=": "≥", "⩽": "≤", "⩾": "≥", "∥": "‖", "…": "..", "...": "..",
    "⊤": "ᵀ", ".T": "ᵀ", "⟵": "←", "<-": "←",
    r"\{": "{", r"\}": "}",
}  # fmt: skip
_WORDS = {"√": "sqrt", "∑": "Sigma", "∏": "prod"}  # signs that are names of functions
_COMMANDS = {
    "cdot": "·", "times": "*", "div": "/", "odot": "*", "circ": "*", "ast": "*", "leq": "≤",
    "le": "≤", "geq": "≥", "ge": "≥", "lt": "<", "gt": ">", "neq": "≠", "frac": "frac",
    "dfrac": "frac", "tfrac": "frac", "top": "ᵀ", "intercal": "ᵀ", "lvert": "|", "rvert": "|",
    "vert": "|", "Vert": "‖", "lVert": "‖", "rVert": "‖", "ldots": "..", "dots": "..",
    "gets": "←", "leftarrow": "←", "coloneqq": "=", "lbrace": "{", "rbrace": "}",
}  # fmt: skip
_STYLE = re.compile(rf"\\(?:{_STYLES})\ *(?:\{{\ *([^{{}}]*?)\ *\}}|(\\?[A-Za-z]))")
_LONG_ACCENTS = {r"\widehat": r"\hat", r"\overline": r"\bar", r"\widetilde": r"\tilde"}
_MODULE = re.compile(_MODULES)
_SUM = "a sum is written sum(x[i] for i = 1..3)"
_METHOD = re.compile(r"\.([A-Za-z_]{1,30})\(")
_DIGIT = str.maketrans("−–⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--+-0123456789")
_BINARY = {*"+-*/^@·=≤≥<>", "←"}
_OPENING, _CLOSING = {*"([{"}, {*")]}"}


def tokens(text: str) -> list[Token]:
    """The tokens of a text; an "end" closes it.

    An end of a line is none where a statement goes on: inside brackets, and after an operator.
    """
    if len(text) > MOST_CHARACTERS:
        raise LocatedError(f"a program has at most {MOST_CHARACTERS} characters", MOST_CHARACTERS)
    found: list[Token] = []
    depth = 0
    for token in _pieces(text):
        if token.kind == "end" and ";" not in token.text:
            is_going_on = found and found[-1].kind in _BINARY and found[-1].kind != "="
            if depth > 0 or is_going_on:
                continue
        elif token.kind in _OPENING:
            depth += 1
        elif token.kind in _CLOSING:
            depth -= 1
        elif token.kind == "end":
            depth = 0
        found.append(token)
        if len(found) > MOST_TOKENS:
            message = f"a program has at most {MOST_TOKENS} names, numbers and signs"
            raise LocatedError(message, token.position)
    found.append(Token("end", "", len(text), len(text), False))
    return found


def _pieces(text: str) -> Iterator[Token]:
    names: dict[str, str] = {}
    spaced = False
    for match in _TOKEN.finditer(text):
        kind, written, start = match.lastgroup, match.group(), match.start()
        if kind == "space":
            spaced = True
            continue
        if kind == "operator":
            if written in _WORDS:
                kind, written = "name", _WORDS[written]
            else:
                written = kind = _SPELLINGS.get(written, written)
        elif kind == "name":
            if not (written.isascii() and (len(written) == 1 or written[1:].isdigit())):  # x, w2
                name = names.get(written)
                if name is None:
                    name = names[written] = _name(written, start)
                written = name
        elif kind == "command":
            if text.startswith("_", match.end()):
                raise LocatedError(_SUM, start)
            kind, written = _command(written, start)
        elif kind == "other":
            method = _METHOD.match(text, start)
            if method:
                raise LocatedError(f"a function is written {method[1]}(…)", start)
            raise LocatedError(about_sign(written), start)
        yield Token(kind or "", written, start, match.end(), spaced)
        spaced = False


def _name(written: str, start: int) -> str:
    """The canonical spelling of a name that stands at a place in the text."""
    plain = written
    if plain[0] == "\\" or "\\" in plain:
        for long, short in _LONG_ACCENTS.items():
            plain = plain.replace(long, short)
        plain = _STYLE.sub(lambda match: match[1] or match[2], plain)
    if "=" in plain:
        raise LocatedError(_SUM, start)
    if "." in plain:
        plain = _MODULE.sub("", plain, count=1)
    try:
        return canonical(plain)
    except NotAName as error:
        shift = error.position if plain == written else 0
        if unicodedata.category(written[shift]) == "So":  # an emoji, say
            raise LocatedError(about_sign(written[shift]), start + shift) from None
        raise LocatedError(error.message, start + shift) from None


def _command(written: str, start: int) -> tuple[str, str]:
    r"""The kind and the text of a TeX command: a sign, or a name such as \theta or \log."""
    word = written[1:]
    if word in _COMMANDS:
        return _COMMANDS[word], _COMMANDS[word]
    if word in ("begin", "end"):
        raise LocatedError("a matrix is written [[1, 2], [3, 4]]", start)
    if word in ("partial", "nabla"):
        raise LocatedError(about_sign("∂"), start)
    word = "Sigma" if word == "sum" else word
    if function(word) is None:
        raise LocatedError(f"{written} is not read; write what it stands for in letters", start)
    return "name", word


def number(token: Token) -> Scalar:
    """The number that a token stands for."""
    if token.text[0] == "\\":
        return 1
    if token.text in _VULGAR:
        top, bottom = unicodedata.normalize("NFKD", token.text).split("\N{FRACTION SLASH}")
        return scalars.scalar(f"{top}/{bottom}")
    text = token.text[: 3 * MOST_DIGITS].translate(_DIGIT).lower()
    mantissa, _, exponent = text.partition("e")
    if sum(map(str.isdigit, mantissa)) > MOST_DIGITS:
        raise LocatedError(f"a number has at most {MOST_DIGITS} digits", token.position)
    if len(exponent) > 9 or abs(int(exponent or 0)) > MOST_DIGITS:
        raise LocatedError(f"an exponent is at most {MOST_DIGITS}", token.position)
    return float(text[1:]) if text[0] in "~≈" else scalars.scalar(text)
