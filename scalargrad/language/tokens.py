r"""Program text as tokens: names, numbers and signs, in ASCII, Unicode or TeX.

TeX is translated here, so that no other module knows it: `\frac{a}{b}`, `\cdot` and `\hat{y}` come
out as the tokens of (a)/(b), a product and a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from scalargrad.engine import scalars
from scalargrad.engine.scalars import Scalar
from scalargrad.language import answers
from scalargrad.language.answers import about_sign
from scalargrad.language.library import function
from scalargrad.notation.names import (
    GREEK,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    NotAName,
    canonical,
    level,
)  # fmt: skip
from scalargrad.notation.signs import plain_signs

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
        kind: "name", "number", "power" (x²), "sum" (Σ_{i=1}^{3}), "end" of a statement, or the sign
            itself.
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

    def refused(self, message: str) -> LocatedError:
        """The error that says why it cannot stand there."""
        return LocatedError(message, self.position)


_SPACE = r"\ \t\u00a0\u2000-\u200a\u202f\u205f\u3000"
_DIGITS = r"(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)"
_NUMBER = rf"{_DIGITS}(?:[eE][+-]?[0-9]+)?"
_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_SIGNS = "×−–‐·⋅∙•∗÷≈≤≥⩽⩾≠⊙∘√∛∜‖∥…ᵀ⊤∑∏∞∈←→⟵⇒≔∂∇\u2016⟨⟩⌊⌋⌈⌉∧∨¬∫"
_HIGH_LETTERS = "".join(c for c in SUPERSCRIPTS if c not in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
# What names do not begin with; other characters are left to `canonical`, which says why not.
_OTHER = rf"\x00-@\[-^`{{-\x7f{_SPACE}⁺⁻⁰¹²³⁴-⁹⁽⁾𝟙{_SIGNS}{_VULGAR}{_HIGH_LETTERS}"
_LAYER = r"⁽[^⁽⁾\n]*+⁾|_\([0-9]+\)|\^\[[0-9]+\]|\^\{[(\[][0-9]+[)\]]\}"
_MODULES = r"(?:(?:np|numpy|[Mm]ath|cmath|torch|nn|functional|F|tf|jnp|jax|scipy|special)\.)+"
_STYLES = r"math(?:bf|rm|it|sf|cal|scr|tt)|boldsymbol|bm|text(?:it|bf)?|mbox|operatorname\*?|vec"
_ACCENTS = r"hat|bar|tilde|dot|widehat|overline|widetilde"
_LETTERS = "|".join([*GREEK, "ell", "varepsilon", "vartheta", "varphi"])
_BRACED = r"\{[^{}\n]*+\}"
_TRANSPOSED = r"(?:\\top|⊤|ᵀ|\\intercal|\\math(?:rm|sf)\{T\})(?![A-Za-z])(?:\ *\})?"
_ONE = r"(?:\\math(?:bf|bb)\{1\}|𝟙|1(?=_\\?\{))(?:_(?=\\?\{))?"  # of an indicator
_LETTERS_BELOW = r"(?:[a-z]|[i-n]{2})(?![A-Za-z0-9])"  # Σ_i and Σ_ij; Σ_xy is a name
_LOW_INDEX = rf"_\ *(?:{_BRACED}|{_LETTERS_BELOW})|(?![₀-₉])[{SUBSCRIPTS}][{SUBSCRIPTS}₌]*+"
_HIGH_INDEX = rf"\^\ *(?:{_BRACED}|[A-Za-z0-9])|[{SUPERSCRIPTS}]++"
_CELL = r"(?:[0-9]|\ [A-Za-z]|\{\ *[0-9]+\ *\})"  # of \frac12, \frac x2, \frac{1}{2}
_TOKEN = re.compile(
    rf"""
      (?P<sum>      (?: [Σ∑∏Π] | \\(?:sum|prod)(?![A-Za-z]) | (?:sum|prod)(?=_\{{?[a-z]=) )
                    \ *(?:\\limits)?
                    (?: (?:{_LOW_INDEX}) (?:{_HIGH_INDEX})? | (?:{_HIGH_INDEX}) (?:{_LOW_INDEX}) ) )
    | (?P<number>   {_ONE} | {_NUMBER} | [~≈]\ *[-−–]?(?:inf\b|nan\b|{_NUMBER}) | [{_VULGAR}] )
    | (?P<root>     (?:\\?sqrt|√)\ *\[\ *[0-9]+\ *\](?=\ *[{{(]) )
    | (?P<positive> _\{{?\+\}}? | ₊ )
    | (?P<name>     (?: (?:{_MODULES})? (?:[^{_OTHER}])
                      | \\(?:{_STYLES}|{_ACCENTS})(?![A-Za-z])\ *
                        (?: \{{ \ *\\?[A-Za-z]+\ *_? (?:{_BRACED})? [^{{}}\n]* \}}
                          | \\[A-Za-z]+ | [^{_OTHER}] )
                      | \\(?:{_LETTERS})(?![A-Za-z]) )
                    (?: (?:(?!_[({{\\])[^{_OTHER}]|[0-9])++ | {_LAYER}
                      | _\{{(?:[^{{}}\n]|{_BRACED})*+\}}
                      | _\\(?:{_STYLES}){_BRACED}
                      | ['′″]++ | ,(?=[₀-₉]) | \^\{{?\\prime\}}? )*+ )
    | (?P<end>      [\n\r;][\n\r;{_SPACE}]*+ | \\[\[\]()]
                    | \\(?:begin|end)\{{(?:align|aligned|equation|gather|split)\*?\}} )
    | (?P<space>    [{_SPACE}]++ | \#[^\n\r]*+ | \\(?:[,;:!\ ]|q?quad\b) | \\[\ \t]*\r?\n
                    | \.(?=[{_SPACE}]*(?:[\n\r;]|\Z)) | \\(?:nonumber|notag)\b
                    | \\(?:tag|label)\*?\{{[^{{}}\n]*+\}}
                    | \\(?:left|right|bigl?|bigr?|Bigl?|Bigr?|displaystyle)\b | &(?=\ *=) )
    | (?P<matrix>   \\(?:begin|end)\{{(?:(?:[bpvB]|small)?matrix|[dr]?cases)\}} | \\\\ | & )
    | (?P<fraction> \\[cdt]?frac\ *{_CELL}\ *(?:{_CELL}|[A-Za-z]) )
    | (?P<above>    \\[cdt]?frac(?=\ *\{{) )
    | (?P<norm>     (?:‖|∥|\\\||\\[lr]?Vert(?![A-Za-z])) (?:_\{{?(?:[12Fp∞]|\\infty)\}}?|[₁₂])? )
    | (?P<turned>   \^\ *\{{?\ *{_TRANSPOSED} )
    | (?P<command>  \\log_\{{?\ *(?:2|10)\ *\}}? | \\[A-Za-z]+ )
    | (?P<power>    (?:[⁺⁻]?[⁰¹²³⁴-⁹{_HIGH_LETTERS}])++ | \^\{{\ *(?:[-−–]?\ *[0-9]+|T)\ *\}} )
    | (?P<operator> \*\*|/\*|->|=>|\\[{{}}]|\.\.\.?|:=|[-+*/%^@]=|==|!=|<=|>=|<-(?=\s)
                    | //|\|\||\.T\b|\.[*/^]
                    | [-+*/^@(),=<>|%{{}}\[\]{_SIGNS}] )
    | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_SPELLINGS = {
    "**": "^", "−": "-", "–": "-", "‐": "-",
    ".*": "*", "./": "/", ".^": "^",
    "×": "*", "∗": "*", "⊙": "*", "∘": "*", "⋅": "·", "∙": "·", "•": "·", "÷": "/",
    ":=": "=", "≔": "=", "<=": "≤", ">=": "≥", "⩽": "≤", "⩾": "≥", "…": "..", "...": "..",
    "⊤": "ᵀ", ".T": "ᵀ", "⟵": "←", "<-": "←",
    r"\{": "{", r"\}": "}",
}  # fmt: skip
_WORDS = {"√": "sqrt", "∑": "Sigma", "∏": "prod"}  # signs that are names of functions
_COMMANDS = {
    "cdot": "·", "times": "*", "div": "/", "odot": "*", "circ": "*", "ast": "*", "leq": "≤",
    "le": "≤", "geq": "≥", "ge": "≥", "lt": "<", "gt": ">", "neq": "≠", "top": "ᵀ",
    "intercal": "ᵀ", "lvert": "|", "rvert": "|", "vert": "|", "ldots": "..", "dots": "..",
    "gets": "←", "leftarrow": "←", "coloneqq": "=", "lbrace": "{", "rbrace": "}",
    "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "lceil": "⌈", "int": "∫", "land": "∧",
    "lor": "∨", "to": "→", "implies": "⇒", "Rightarrow": "⇒", "therefore": "⇒",
}  # fmt: skip
_STYLE = re.compile(rf"\\(?:{_STYLES})(?![A-Za-z])\ *(?:\{{\ *([^{{}}]*?)\ *\}}|(\\?[A-Za-z]))")
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
    pieces = _bounded(_pieces(plain_signs(text)))
    for token in _bounded(_without_matrices(_without_tex(pieces))):
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
    found.append(Token("end", "", len(text), len(text), False))
    return found


def _bounded(pieces: Iterable[Token]) -> Iterator[Token]:
    for count, token in enumerate(pieces):
        if count == MOST_TOKENS:
            raise token.refused(f"a program has at most {MOST_TOKENS} names, numbers and signs")
        yield token


def _pieces(text: str) -> Iterator[Token]:
    names: dict[str, str] = {}
    powers: dict[str, list[str]] = {}
    spaced = False
    for match in _TOKEN.finditer(text):
        kind, written, start = match.lastgroup or "", match.group(), match.start()
        if kind == "space":
            spaced = True
            continue
        if kind == "operator":
            if written in _WORDS:
                kind, written = "name", _WORDS[written]
            else:
                written = kind = _SPELLINGS.get(written, written)
        elif kind == "norm":
            if written.rstrip("}").endswith(("p", "y", "∞")):
                message = "of norms ‖w‖, ‖w‖₁ and ‖W‖_F are read; ‖w‖_∞ is written max(|w|)"
                raise LocatedError(message, start)
            kind, written = "‖", "‖₁" if "1" in written or "₁" in written else "‖"
        elif kind == "positive":
            raise LocatedError(about_sign("₊"), start)
        elif kind == "turned":
            kind = written = "ᵀ"
        elif kind == "name":
            if not (written.isascii() and len(written) < 20 and written[1:].isdigit()):  # w2
                name = names.get(written)
                if name is None:
                    name = names[written] = _name(written, start)
                written = name
        elif kind == "power":
            letters = powers.get(written)
            if letters is None:
                letters = powers[written] = _LEVEL.findall(level(written))
            if not "".join(letters).lstrip("+-").isdigit():
                yield from _raised(letters, Token("^", "^", start, match.end(), spaced))
                spaced = False
                continue
        elif kind == "command":
            if text.startswith("_", match.end()):
                largest = answers.FUNCTIONS.get(f"{written[1:4]}i")
                raise LocatedError(f"{written}_… {largest}" if largest else _SUM, start)
            kind, written = _command(written, start)
        elif kind == "other":
            method = _METHOD.match(text, start)
            if method:
                raise LocatedError(f"a function is written {method[1]}(…)", start)
            raise LocatedError(about_sign(written), start)
        yield Token(kind, written, start, match.end(), spaced)
        spaced = False


def _raised(exponent: list[str], at: Token) -> list[Token]:
    """The tokens of a power with letters: xⁿ, e⁻ˣ; and ^T, which may be a name."""
    exponent = [_name(part, at.position) if part.isalpha() else part for part in exponent]
    return _signs(["^", *(exponent if exponent == ["T"] else ["(", *exponent, ")"])], at)


def _signs(texts: Iterable[str], at: Token) -> list[Token]:
    """Tokens that stand for one of the text."""
    kinds = [
        ("name" if t.isalpha() else "number" if t.isdigit() else t) if t.isascii() else t
        for t in texts
    ]
    return [at._replace(kind=kind, text=text) for kind, text in zip(kinds, texts, strict=True)]


def _without_tex(pieces: Iterable[Token]) -> Iterator[Token]:
    r"""Fractions and roots as the same in signs: \frac{a}{b} as ((a)/(b))."""
    groups: list[str] = []  # what each open { began
    begun = ""  # what the next { begins: a numerator, a denominator, or the root that is told
    for token in pieces:
        if begun:
            if token.kind not in ("{", "("):
                raise token.refused(r"a fraction is written \frac{a}{b}")
            groups.append(begun)
            yield from _signs("(" if begun == "below" else "((", token)
            begun = ""
        elif token.kind in ("{", "("):
            groups.append("")
            yield token
        elif token.kind in ("}", ")") and groups and groups[-1]:
            ended = groups.pop()
            root = ["^", "(", "1", "/", ended, ")"]
            yield from _signs({"above": ")/", "below": "))"}.get(ended, [")", *root, ")"]), token)
            begun = "below" if ended == "above" else ""
        elif token.kind == "fraction":
            above, below = map("".join, _CELLS.findall(token.text.partition("frac")[2]))
            yield from _signs(["(", above, "/", below, ")"], token)
        elif token.kind == "above":
            begun = "above"
        elif token.kind == "root":
            begun = token.text.partition("[")[2].strip(" ]")
        else:
            if token.kind in ("}", ")") and groups:
                groups.pop()
            yield token


def _without_matrices(pieces: Iterable[Token]) -> Iterator[Token]:
    r"""Matrices of TeX as lists, cases as choices; \\ ends a line elsewhere."""
    open_: list[tuple[Token, list[list[list[Token]]]]] = []  # what each \begin began, and its rows
    for token in pieces:
        rows = open_[-1][1] if open_ else []
        written: Iterable[Token] = (token,)
        if token.kind != "matrix":
            if rows and token.kind == "end":
                continue
        elif token.text.startswith(r"\begin"):
            open_.append((token, [[[]]]))
            if len(open_) > _DEEPEST:
                message = f"at most {_DEEPEST} matrices and cases stand inside one another"
                raise token.refused(message)
            continue
        elif token.text == "&" and rows:
            rows[-1].append([])
            continue
        elif token.text == r"\\" and rows:
            rows.append([[]])
            continue
        elif token.text == r"\\":
            written = (token._replace(kind="end", text="\n"),)
        elif token.text.startswith(r"\end") and rows:
            begin, _ = open_.pop()
            whole = rows[:-1] if rows[-1] == [[]] else rows
            written = (_cases if "cases" in begin.text else _matrix)(whole, begin, token)
        else:
            raise token.refused(about_sign(token.text))
        if open_:
            open_[-1][1][-1][-1].extend(written)
        else:
            yield from written
    if open_:
        raise LocatedError(r"what begins with \begin ends with \end", open_[-1][0].position)


def _matrix(rows: list[list[list[Token]]], begin: Token, end: Token) -> Iterator[Token]:
    """A matrix as a list of rows; one column as a vector, and one row as a row."""
    is_column = all(len(row) == 1 for row in rows)
    yield from _signs("[" if is_column or len(rows) == 1 else "[[", begin)
    for number, row in enumerate(rows):
        if number:
            yield from _signs("," if is_column else "],[", row[0][0] if row[0] else end)
        for place, cell in enumerate(row):
            if place:
                yield from _signs(",", end)
            yield from cell
    yield from _signs("]" if is_column else "]ᵀ" if len(rows) == 1 else "]]", end)


def _cases(rows: list[list[list[Token]]], begin: Token, end: Token) -> Iterator[Token]:
    """Cases as choices, where(c, a, where(d, b, otherwise)); the last needs no condition."""
    pairs = [[_bare(cell) for cell in row] for row in rows]
    conditions = [[t.text for t in row[1]] for row in pairs if len(row) == 2]
    if len(conditions) < len(rows) or len(rows) < 2 or not _is_rest(conditions):
        raise begin.refused(
            r"cases end with otherwise, as in \begin{cases} a & x > 0 \\ b & \text{otherwise} "
            r"\end{cases}; or write where(c, a, b)"
        )
    for then, condition in pairs[:-1]:
        yield from (begin._replace(kind="name", text="where"), *_signs("(", begin))
        yield from (*condition, *_signs(",", begin), *then, *_signs(",", begin))
    yield from (*_signs("(", begin), *pairs[-1][0], *_signs(")" * len(pairs), end))


def _bare(cell: list[Token]) -> list[Token]:
    """A cell of cases without what a sentence has: x, and if x > 0."""
    first = cell[:1] and cell[0].text in ("if", "for", "when")
    return cell[bool(first) : len(cell) - (cell[-1:] != [] and cell[-1].kind == ",")]


def _is_rest(conditions: list[list[str]]) -> bool:
    """Whether the last of some conditions holds where no other one does."""
    first, last = conditions[0], conditions[-1]
    turned = [_OPPOSITE.get(text, text) for text in first]
    return last in (["otherwise"], ["else"], []) or (turned == last and len(conditions) == 2)


_OPPOSITE = {"<": "≥", ">": "≤", "≤": ">", "≥": "<"}
_DEEPEST = 10
_CELLS = re.compile(r"\{\ *([0-9]+)\ *\}|([0-9A-Za-z])")
_LEVEL = re.compile(r"[-+]|[0-9]+|[A-Za-z]+")


def _name(written: str, start: int) -> str:
    """The canonical spelling of a name that stands at a place in the text."""
    plain = written
    if plain[0] == "\\" or "\\" in plain:
        for long, short in _LONG_ACCENTS.items():
            plain = plain.replace(long, short)
        plain = _STYLE.sub(lambda match: match[1] or match[2], plain).replace("\\ ", "_")
    if "=" in plain:
        raise LocatedError(_SUM, start)
    if "." in plain:
        plain = _MODULE.sub("", plain, count=1)
        if plain == "cross_entropy":  # which PyTorch has of logits
            raise LocatedError("'cross_entropy' of PyTorch is softmax_cross_entropy(z, y)", start)
    try:
        return canonical(plain)
    except NotAName as error:
        shift = error.position if plain == written else 0
        if unicodedata.category(written[shift]) == "So":  # an emoji, say
            raise LocatedError(about_sign(written[shift]), start + shift) from None
        transposed = re.match(r"([^\W_]+)['′][A-Za-z]", written)
        hint = f"; a transpose is written {transposed[1]}ᵀ" if transposed else ""
        factors = re.fullmatch(rf"(.*?[{SUBSCRIPTS}]+)([^\W\d].*)", written)
        hint = f"; a product is written {factors[1]} {factors[2]}" if factors else hint
        raise LocatedError(error.message + hint, start + shift) from None


def _command(written: str, start: int) -> tuple[str, str]:
    r"""The kind and the text of a TeX command: a sign, or a name such as \theta or \log."""
    word = re.sub(r"[^A-Za-z0-9]", "", written)
    if word in _COMMANDS:
        return _COMMANDS[word], _COMMANDS[word]
    if word in ("begin", "end"):
        raise LocatedError("of environments matrices, cases and align are read", start)
    if word in ("partial", "nabla"):
        raise LocatedError(about_sign("∂"), start)
    word = "Sigma" if word == "sum" else word
    if function(word) is None:
        raise LocatedError(f"{written} is not read; write what it stands for in letters", start)
    return "name", word


def is_one_of_indicator(token: Token) -> bool:
    r"""Whether a number is the 1 of an indicator, and of nothing else: 𝟙, 1_{…}, \mathbf{1}."""
    return token.text[0] in "\\𝟙" or token.text[-1] == "_"


def number(token: Token) -> Scalar:
    """The number that a token stands for."""
    if is_one_of_indicator(token):
        return 1
    if token.text in _VULGAR:
        top, bottom = unicodedata.normalize("NFKD", token.text).split("\N{FRACTION SLASH}")
        return scalars.scalar(f"{top}/{bottom}")
    text = token.text.strip("^{ }")[: 3 * MOST_DIGITS].translate(_DIGIT).replace(" ", "").lower()
    mantissa, _, exponent = text.partition("e")
    if sum(map(str.isdigit, mantissa)) > MOST_DIGITS:
        raise token.refused(f"a number has at most {MOST_DIGITS} digits")
    if len(exponent) > 9 or abs(int(exponent or 0)) > MOST_DIGITS:
        raise token.refused(f"an exponent is at most {MOST_DIGITS}")
    if text.isdecimal():
        return int(text)
    return float(text[1:]) if text[0] in "~≈" else scalars.scalar(text)
