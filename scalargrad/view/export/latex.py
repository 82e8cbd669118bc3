"""Texts and mathematics of pictures in LaTeX, in ASCII, so that no encoding matters."""

from __future__ import annotations

import re
from itertools import groupby

from scalargrad.notation.tex import BOX, accented, escaped, mathematical
from scalargrad.view.glyphs import mathematics

SIGN = "\\sgsign"  # a character that pdflatex has not: LuaLaTeX and XeLaTeX set it


def worded(text: str) -> str:
    r"""A plain text; by its number what pdflatex has no character for.

    >>> worded("入 ŷ")
    '\\sgsign{5165} \\^{y}'
    """
    pieces = []
    for is_foreign, run in groupby(text, key=lambda character: BOX in escaped(character)):
        letters = "".join(run)
        if is_foreign:
            pieces += [f"{SIGN}{{{ord(letter):04X}}}" for letter in letters]
        else:
            start, end = (" " * letter.isspace() for letter in (letters[0], letters[-1]))
            pieces.append(f"{start}{escaped(letters)}{end}")
    return re.sub(" +", " ", "".join(pieces)).strip()


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
    symbol = "".join(mathematical(run) for run in accented(token))
    return (f"{{{symbol}}}" if "{" in symbol else f" {symbol} ") if symbol else None
