"""Mathematics as Office holds it, so that it can be edited and read aloud."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from scalargrad.view.glyphs import mathematics, symbols

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:(?:\.|\{,\})\d+)?|[^\s\\]", re.DOTALL)
_FRACTIONS = (r"\frac", r"\dfrac", r"\tfrac")
_UPRIGHT = (r"\mathrm", r"\mathbf", r"\text", r"\operatorname")
_SPACES = {r"\quad": "\u2003", r"\qquad": "\u2003\u2003", r"\!": ""}


@dataclass(frozen=True)
class Part:
    """A part of a formula.

    Attributes:
        kind: "row", "sign", "words", "fraction", "root", "accent", "fence" or "script".
        parts: what it is made of: of a script the nucleus, what is below and what is above.
        text: of a sign or words; of an accent its mark, of a fence both of its ends.
    """

    kind: str
    parts: tuple[Part, ...] = ()
    text: str = ""


NOTHING = Part("row")


def read(source: str) -> Part | None:
    r"""Mathematics without its dollars in parts; None for what is not told apart here.

    >>> part = read(r"\frac{1}{x_2}")
    >>> part.parts[0].kind, [p.kind for p in part.parts[0].parts]
    ('fraction', ['row', 'row'])
    """
    if not source or mathematics(source) is None or r"\begin" in source:
        return None
    reader = _Reader(_TOKEN.findall(source), source)
    try:
        return Part("row", tuple(reader.items("")))
    except (IndexError, ValueError):
        return None


class _Reader:
    """Where the reading of a formula is; what mathtext sets is nested in few levels."""

    def __init__(self, tokens: list[str], source: str) -> None:
        self.tokens = tokens[::-1]
        self.has_words = r"\text" in source

    def items(self, closing: str) -> list[Part]:
        found: list[Part] = []
        while self.tokens:
            token = self.tokens[-1]
            if token == closing:
                self.tokens.pop()
                return found
            if token in ("_", "^", "'"):
                nucleus = found.pop() if found else NOTHING
                found.append(self.scripted(nucleus))
            else:
                found.append(self.one())
        if closing:
            raise ValueError
        return found

    def scripted(self, nucleus: Part) -> Part:
        below, above = NOTHING, NOTHING
        while self.tokens and self.tokens[-1] in ("_", "^", "'"):
            sign = self.tokens.pop()
            if sign == "'":
                above = Part("row", (*above.parts, Part("sign", text="′")))
            elif sign == "_":
                below = self.script()
            else:
                above = self.script()
        return Part("script", (nucleus, below, above))

    def script(self) -> Part:
        """What is lowered or raised: of a number without braces the first digit."""
        token = self.tokens[-1]
        if token[0].isdigit() and len(token) > 1:
            self.tokens[-1:] = [token[1:], token[0]]
        return self.one()

    def one(self) -> Part:
        token = self.tokens.pop()
        if token == "{":
            return Part("row", tuple(self.items("}")))
        if token in _FRACTIONS:
            return Part("fraction", (self.one(), self.one()))
        if token == r"\sqrt":
            degree = NOTHING
            if self.tokens[-1] == "[":
                self.tokens.pop()
                degree = Part("row", tuple(self.items("]")))
            return Part("root", (self.one(), degree))
        if token in symbols.ACCENTS or token in symbols.WIDE_ACCENTS:
            mark = (symbols.ACCENTS | symbols.WIDE_ACCENTS)[token]
            return Part("accent", (self.one(),), mark)
        if token == r"\overline":
            return Part("accent", (self.one(),), "\u0305")
        if token in _UPRIGHT:
            return Part("words", text=_words(self.one()))
        if token == r"\left":
            left = self.tokens.pop()
            inside = self.items(r"\right")
            ends = [symbols.DELIMITERS[end] for end in (left, self.tokens.pop())]
            return Part("fence", (Part("row", tuple(inside)),), "\n".join(ends))
        if token in symbols.FUNCTIONS:
            return Part("words", text=token[1:])
        if token in symbols.SPACES:
            return Part("words", text=_SPACES.get(token, "\u2009"))
        if token.startswith("\\") and token not in symbols.SYMBOLS:
            raise ValueError(token)
        return Part("sign", text=symbols.SYMBOLS.get(token, token).replace("{,}", ","))


def _words(part: Part) -> str:
    return part.text + "".join(map(_words, part.parts))


# Office ------------------------------------------------------------------------------------------


def omml(part: Part, style: str) -> str:
    """A formula for Office, without its outer element.

    Args:
        part: as it was read.
        style: the properties of each run, as XML.
    """

    def inside(name: str, of: Part) -> str:
        return f"<m:{name}>{omml(of, style)}</m:{name}>"

    def run(text: str, upright: bool) -> str:
        plain = '<m:rPr><m:sty m:val="p"/></m:rPr>' if upright else ""
        return f"<m:r>{plain}{style}<m:t>{escape(text)}</m:t></m:r>"

    parts = part.parts
    if part.kind == "row":
        return "".join(omml(one, style) for one in parts)
    if part.kind in ("sign", "words"):
        return run(part.text, part.kind == "words" or not part.text.isalpha()) if part.text else ""
    if part.kind == "fraction":
        return f"<m:f>{inside('num', parts[0])}{inside('den', parts[1])}</m:f>"
    if part.kind == "root":
        hidden = "" if parts[1].parts else '<m:radPr><m:degHide m:val="1"/></m:radPr>'
        return f"<m:rad>{hidden}{inside('deg', parts[1])}{inside('e', parts[0])}</m:rad>"
    if part.kind == "accent":
        mark = f'<m:accPr><m:chr m:val="{part.text}"/></m:accPr>'
        return f"<m:acc>{mark}{inside('e', parts[0])}</m:acc>"
    if part.kind == "fence":
        left, right = part.text.split("\n")
        ends = f'<m:begChr m:val="{escape(left)}"/><m:endChr m:val="{escape(right)}"/>'
        return f"<m:d><m:dPr>{ends}</m:dPr>{inside('e', parts[0])}</m:d>"
    nucleus, below, above = parts
    names = {(True, True): "sSubSup", (True, False): "sSub"}
    name = names.get((below != NOTHING, above != NOTHING), "sSup")
    scripts = [inside("sub", below)] * (below != NOTHING)
    scripts += [inside("sup", above)] * (above != NOTHING)
    return f"<m:{name}>{inside('e', nucleus)}{''.join(scripts)}</m:{name}>"
