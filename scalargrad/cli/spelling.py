"""Mathematics in the characters that a stream has: what it lacks is spelled in ASCII."""

from __future__ import annotations

import re
import unicodedata

# A name's layer (w₁⁽²⁾), a run of superscripts, a letter with its accents, or any other character.
_PIECE = re.compile(r"⁽[⁰¹²³⁴⁵⁶⁷⁸⁹]+⁾|[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ]+|[^\W\d_][\u0302-\u0307]+|[^\0-\x7f]")
_SIGNS = {
    "∂": "d", "∇": "grad ", "∑": "sum", "∏": "prod", "∫": "integral ", "√": "sqrt", "∞": "inf",
    "×": "*", "·": "*", "⋅": "*", "∗": "*", "⊙": "(*)", "⊕": "(+)", "⊗": "(x)", "∘": "o",
    "÷": "/", "−": "-", "±": "+/-", "≈": "~", "≠": "!=", "≤": "<=", "≥": ">=", "∈": "in",
    "∝": "~", "→": "->", "←": "<-", "↦": "|->", "⇒": "=>", "✓": "+", "✗": "x", "⚑": "!",
    "ℓ": "l", "‖": "||", "′": "'", "″": "''", "…": "...", "⋯": "...", "⋮": ":", "─": "-",
    "–": "-", "—": "--", "‑": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "⁄": "/",
    "∕": "/", "\xa0": " ", "ς": "sigma", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi",
}  # fmt: skip
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}


def spelled(text: str, encoding: str) -> str:
    r"""The text, with each character that the encoding lacks spelled in ASCII.

    Names are spelled as programs have them, and what has no spelling becomes an escape.

    >>> spelled("∂ℓ/∂ŷ = 2(ŷ − y)² × w₁⁽²⁾ ≈ α→½", "ascii")
    'dl/dyhat = 2(yhat - y)^2 * w1_2 ~ alpha->1/2'
    >>> spelled("½(ŷ − y)²", "latin-1"), spelled("∂ℓ/∂ŷ", "utf-8"), spelled("☃", "ascii")
    ('½(yhat - y)²', '∂ℓ/∂ŷ', '\\u2603')
    """
    if _fits(text, encoding):
        return text

    def piece(match: re.Match[str]) -> str:
        return match[0] if _fits(match[0], encoding) else _in_ascii(match[0])

    return _PIECE.sub(piece, text)


def _in_ascii(piece: str) -> str:
    if piece in _SIGNS:
        return _SIGNS[piece]
    plain = unicodedata.normalize("NFKD", piece)
    letters = [letter if letter.isascii() else _in_letters(letter) for letter in plain]
    if "" in letters:
        return piece.encode("ascii", "backslashreplace").decode()
    word = "".join(letters)
    if piece.startswith("⁽") and word[1:-1].isdigit():
        return f"_{word[1:-1]}"
    is_above = unicodedata.decomposition(piece[0]).startswith("<super>")
    return f"^{word}" if is_above else word


def _in_letters(letter: str) -> str:
    """The spelling of one character; "" where it has none."""
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", unicodedata.name(letter, ""))
    if greek:
        name = greek[2].lower().replace("lamda", "lambda")
        return name if greek[1] == "SMALL" else name.capitalize()
    return _SIGNS.get(letter) or _ACCENTS.get(letter, "")


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
