"""Text and mathematics as LaTeX sets them, in ASCII, so that neither fonts nor encodings matter."""

from __future__ import annotations

import re
import unicodedata

from scalargrad.view.glyphs import mathematics

_ASCII = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "^": r"\textasciicircum{}", "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}", "-": "{-}",
    "<": "$<$", ">": "$>$", "|": "$|$", '"': r"{\ttfamily\char34}", "`": r"\`{}", "'": "{'}",
}  # fmt: skip

# Symbols as commands of mathematics.
_SYMBOLS = {
    "−": "-", "×": r"\times", "÷": r"\div", "·": r"\cdot", "±": r"\pm", "≈": r"\approx",
    "≠": r"\neq", "≤": r"\leq", "≥": r"\geq", "∞": r"\infty", "∂": r"\partial", "∇": r"\nabla",
    "∑": r"\sum", "∏": r"\prod", "√": r"\surd", "ℓ": r"\ell", "→": r"\to", "←": r"\leftarrow",
    "⇒": r"\Rightarrow", "↦": r"\mapsto", "∈": r"\in", "∘": r"\circ", "⊕": r"\oplus",
    "⊙": r"\odot", "⊗": r"\otimes", "°": r"{}^\circ", "′": r"{}'", "″": r"{}''", "∗": "*",
    "⋯": r"\cdots", "□": r"\square", "⌊": r"\lfloor", "⌋": r"\rfloor", "‖": r"\|",
    "𝟙": r"\mathbf{1}", "ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\vartheta", "¬": r"\neg",
    "∝": r"\propto", "∫": r"\int", "½": r"\tfrac12",
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
_MATH_ACCENTS = {
    "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot",
}  # fmt: skip
SIGN = "\\sgsign"  # a character that pdflatex has not: LuaLaTeX and XeLaTeX set it


def escaped(text: str) -> str:
    r"""A plain text as LaTeX sets it, in ASCII; by its number what pdflatex has no character for.

    >>> escaped("w₁₁⁽²⁾ = −0.5 & ŷ")
    'w$_{11}$$^{(2)}$ = $-$0.5 \\& \\^{y}'
    """
    runs = re.findall(r"\s+|.[\u0300-\u036f]*", unicodedata.normalize("NFD", text), re.DOTALL)
    pieces = "".join(" " if run.isspace() else _escaped_character(run) for run in runs)
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
    return _greek(character)


def _greek(character: str) -> str:
    words = unicodedata.name(character, "").split()
    if words[:1] != ["GREEK"] or len(words) != 4 or words[2] != "LETTER":
        return ""
    command = words[3].lower().replace("lamda", "lambda")
    if words[1] == "CAPITAL":
        command = command.capitalize()
    return f"\\{command}" if f"\\{command}" in _COMMANDS else ""


def _printable(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else _sign(character)
    plain = unicodedata.normalize("NFKD", character)  # as of letters in bold or full width
    if plain != character and plain.isascii() and plain.isalnum():
        return plain
    return _sign(character)


def _sign(character: str) -> str:
    return f"{SIGN}{{{ord(character):04X}}}"


# Mathematics -------------------------------------------------------------------------------------

# Commands of mathtext that LaTeX with amsmath and amssymb has too. A label may hold any other
# command; it must not reach TeX.
_COMMANDS = frozenset(
    re.findall(
        r"\\(?:[A-Za-z]+|\S)",
        r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa \lambda
    \mu \nu \xi \pi \varpi \rho \varrho \sigma \varsigma \tau \upsilon \phi \varphi \chi \psi \omega
    \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \ell \partial \nabla
    \infty \hbar \imath \jmath \Re \Im \aleph \emptyset \forall \exists \neg
    \hat \bar \tilde \dot \ddot \vec \acute \grave \check \breve \widehat \widetilde \overline
    \frac \dfrac \tfrac \binom \sqrt \left \right \sum \prod \int \oint
    \mathrm \mathbf \mathit \mathcal \mathbb \mathfrak \mathsf \mathtt \operatorname \text
    \boldsymbol
    \times \div \cdot \cdots \ldots \vdots \ddots \pm \mp \ast \star \circ \bullet \oplus \ominus
    \otimes \oslash \odot \wedge \vee \cap \cup \setminus \dagger
    \approx \equiv \sim \simeq \cong \propto \neq \ne \leq \le \geq \ge \ll \gg \in \notin \ni
    \subset \supset \subseteq \supseteq \perp \mid \parallel \to \rightarrow \leftarrow \Rightarrow
    \Leftarrow \leftrightarrow \Leftrightarrow \mapsto \uparrow \downarrow \longrightarrow
    \langle \rangle \lfloor \rfloor \lceil \rceil \vert \Vert \prime
    \sin \cos \tan \exp \log \ln \max \min \arg \det \dim \lim \sup \inf \tanh \sinh \cosh \Pr
    \quad \qquad \, \: \; \! \{ \} \| \% \$ \# \& \_
    """,
    )
) | {r"\ "}

_TOKENS = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


def math(formula: str) -> str:
    """Mathtext as LaTeX takes it, in ASCII; "" where it holds what LaTeX might not know."""
    if not formula or mathematics(formula) is None:
        return ""
    pieces = [_math_token(token) for token in _TOKENS.findall(formula)]
    return "" if None in pieces else "".join(piece for piece in pieces if piece)


def _math_token(token: str) -> str | None:
    """A command or a character of mathtext in LaTeX, or None where there is no such thing."""
    if token.startswith("\\"):
        return token if token in _COMMANDS else None
    if token.isspace():
        return " "
    if token.isascii():
        return {"%": r"\%", "#": r"\#", "&": r"\&", "~": " ", '"': "''", "$": None}.get(
            token, token if token.isprintable() else None
        )
    symbol = "".join(_symbol_or_letter(run) for run in _accented(token))
    return (f"{{{symbol}}}" if "{" in symbol else f" {symbol} ") if symbol else None


def _accented(character: str) -> list[str]:
    return re.findall(r".[\u0300-\u036f]*", unicodedata.normalize("NFD", character), re.DOTALL)


def _symbol_or_letter(run: str) -> str:
    symbol = _symbol(run[0]) or (run[0] if run[0].isascii() and run[0].isalnum() else "")
    for accent in run[1:]:
        symbol = f"\\{_MATH_ACCENTS[accent]}{{{symbol}}}" if accent in _MATH_ACCENTS else symbol
    return symbol
