"""Reading mathematics, the subset of TeX that mathtext of matplotlib sets, into a box."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from scalargrad.view.glyphs import boxes, symbols
from scalargrad.view.glyphs.boxes import Box, Item
from scalargrad.view.glyphs.faces import face

_DEEPEST = 40  # groups within groups
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[^\s\\]", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9+\-*/<>=:,.;!?&'@()\[\]|\u0080-\U0001ffff]")
_FONTS = {r"\mathrm": "rm", r"\mathbf": "bf", r"\mathit": "it", r"\mathnormal": "normal"}
_MATRICES = {
    "matrix": (".", "."), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "vmatrix": ("|", "|"),
    "Bmatrix": ("{", "}"), "cases": ("{", "."),
}  # fmt: skip
_THIN = symbols.SPACES[r"\,"]
_AROUND = 0.2  # the space around operators and relations


class CannotSet(Exception):
    """What is written is no mathematics, or more than is set here."""


def read(source: str) -> Box | None:
    """Mathematics without its dollars as a box; None for what is not in the grammar."""
    try:
        reader = _Reader(source)
        items = reader.items(())
        return boxes.row(items) if items and not reader.token else None
    except CannotSet:
        return None


class _Reader:
    """Where the reading of a formula is."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = [*_TOKEN.finditer(source)]
        self.at = 0
        self.font = "normal"
        self.depth = 0
        self.is_before_script = False  # of a function: it gets its space after the script
        if _TOKEN.sub("", source).strip():
            raise CannotSet

    # Tokens

    @property
    def token(self) -> str:
        """What is to be read next; "" at the end."""
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.token
        if not token or (expected and token != expected):
            raise CannotSet
        self.at += 1
        return token

    @property
    def last_token(self) -> str:
        """What stands before the token that was taken last."""
        return self.tokens[self.at - 2][0] if self.at > 1 else ""

    # Rows

    def items(self, closing: tuple[str, ...]) -> list[Item]:
        """Boxes and spaces up to a token that closes them, or the end."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise CannotSet
        items: list[Item] = []
        while self.token and self.token not in closing:
            items.append(self.item())
        self.depth -= 1
        return items

    def item(self) -> Item:
        if self.token in symbols.SPACES:
            return symbols.SPACES[self.take()]
        if self.token == r"\hspace":
            self.take()
            try:
                return float(self.raw())
            except ValueError:
                raise CannotSet from None
        return self.scripted()

    def group(self, font: str | None = None) -> Box:
        """What stands between braces, of which there may be nothing."""
        self.take("{")
        outer, self.font = self.font, font or self.font
        box = boxes.row(self.items(("}",)))
        self.font = outer
        self.take("}")
        return box

    def filled(self) -> Box:
        """What stands between braces, and is not nothing."""
        box = self.group()
        if self.tokens[self.at - 2][0] == "{":
            raise CannotSet
        return box

    def raw(self) -> str:
        """The text between braces, its spaces kept."""
        self.take("{")
        start = self.tokens[self.at - 1].end()
        while self.take() != "}":
            pass
        return self.source[start : self.tokens[self.at - 1].start()]

    # Scripts

    def scripted(self) -> Box:
        nucleus = Box(0.0) if self.token in ("_", "^", "'") else self.placeable()
        scripts: dict[str, Box] = {}
        while self.token in ("_", "^"):
            kind = self.take()
            if kind in scripts:
                raise CannotSet
            scripts[kind] = self.placeable()
        primes = 0
        while self.token == "'":
            self.take()
            primes += 1
        if primes:
            above = scripts.get("^")
            marks = [self.letter(r"\prime", "′")] * primes
            scripts["^"] = boxes.row([above, *marks] if above else marks)
        if not scripts:
            return nucleus
        below, above = scripts.get("_"), scripts.get("^")
        has_limits = nucleus.name in symbols.LARGE or nucleus.name in symbols.LIMITS
        arranged = boxes.limits if has_limits else boxes.scripted
        whole = arranged(nucleus, below, above)
        if self.is_before_script:
            self.is_before_script = False
            return boxes.row([whole, _THIN])
        return whole

    # What may carry a script

    def placeable(self) -> Box:
        token = self.token
        if token == "{":
            return self.group()
        if token in _FONTS:
            self.take()
            return self.group(_FONTS[token])
        if token in symbols.ACCENTS:
            self.take()
            base = self.placeable()
            return boxes.accented(base, self.letter("", symbols.ACCENTS[token]))
        if token in symbols.WIDE_ACCENTS:
            self.take()
            return _set(boxes.wide(self.placeable(), symbols.WIDE_ACCENTS[token]))
        if token in symbols.FUNCTIONS:
            self.take()
            return self.function(token[1:], token)
        if token in _COMMANDS:
            self.take()
            return _COMMANDS[token](self)
        return self.symbol(self.take())

    def symbol(self, token: str) -> Box:
        character = symbols.SYMBOLS.get(token, token)
        if character == token and not (_PLAIN.fullmatch(token) or token in symbols.SYMBOLS):
            raise CannotSet
        sign = self.letter(token, character)
        last = self.last_token
        before = last[-1:]
        if token in symbols.BINARY or token in symbols.RELATIONS:
            opens = before in ("", *"{([") or last in symbols.RELATIONS
            if self.is_before_script or (token in symbols.BINARY and opens):
                return sign
            return boxes.row([_AROUND, sign, _AROUND])
        if token in symbols.PUNCTUATION:
            after = self.token[:1]
            is_braced = token == "," and before == "{" and after == "}"
            if is_braced or (token == "." and before.isdigit() and after.isdigit()):
                return sign
            return boxes.row([sign, _AROUND])
        return sign

    def letter(self, name: str, character: str) -> Box:
        """A character in the font of this place; letters slope by themselves, numbers do not."""
        font = self.font
        if font == "normal":
            is_letter = unicodedata.category(character)[0] == "L"
            is_capital = unicodedata.name(character, "").startswith("GREEK CAPITAL")
            font = "it" if is_letter and not is_capital else "rm"
        fonts = [found for found in (font, "rm") if character in face(found)] or [font, "rm"]
        found = (boxes.letter(name or character, character, font) for font in fonts)
        return _set(next(filter(None, found), None))

    def function(self, name: str, command: str = "") -> Box:
        """Upright letters, with space after them unless a delimiter or a script follows."""
        outer, self.font = self.font, "rm"
        if not name.isalnum():
            raise CannotSet
        items: list[Item] = [self.letter(c, c) for c in name]
        self.font = outer
        following = self.token[:1]
        self.is_before_script = following in ("^", "_")
        if not following or following not in "|/.([<)]>^_":
            items.append(_THIN)
        return boxes.row(items, command)

    def text(self) -> Box:
        outer, self.font = self.font, "rm"
        written = re.sub(r"\\(.)", r"\1", self.raw())
        box = boxes.row([self.letter(c, c) for c in written])
        self.font = outer
        return box

    def root(self) -> Box:
        index = None
        if self.token == "[":
            self.take()
            index = boxes.row(self.items(("]",)))
            self.take("]")
        return _set(boxes.radical(self.filled(), index))

    def delimited(self) -> Box:
        left = self.delimiter()
        items = self.items((r"\right",))
        self.take(r"\right")
        return _enclosed(left, items, self.delimiter())

    def delimiter(self) -> str:
        token = self.take()
        if token not in symbols.DELIMITERS:
            raise CannotSet
        return symbols.DELIMITERS[token]

    def environment(self) -> Box:
        name = self.raw()
        if name not in _MATRICES:
            raise CannotSet
        lines: list[list[Box]] = [[]]
        closing = ""
        while closing != r"\end":
            lines[-1].append(boxes.row(self.items(("&", r"\\", r"\end"))))
            closing = self.take()
            if closing == r"\\":
                lines.append([])
        if self.raw() != name:
            raise CannotSet
        if [box.width for box in lines[-1]] == [0.0]:  # a line that ends with \\ ends nothing
            lines.pop()
        left, right = _MATRICES[name]
        held = boxes.matrix(lines, is_left=name == "cases")
        return _enclosed(left.replace(".", ""), [held], right.replace(".", ""))


_COMMANDS: dict[str, Callable[[_Reader], Box]] = {
    r"\frac": lambda reader: boxes.fraction(reader.filled(), reader.filled(), False),
    r"\tfrac": lambda reader: boxes.fraction(reader.filled(), reader.filled(), False),
    r"\dfrac": lambda reader: boxes.fraction(reader.filled(), reader.filled(), True),
    r"\sqrt": _Reader.root,
    r"\overline": lambda reader: boxes.overlined(reader.filled()),
    r"\underline": lambda reader: boxes.underlined(reader.filled()),
    r"\text": _Reader.text,
    r"\operatorname": lambda reader: reader.function(reader.raw()),
    r"\left": _Reader.delimited,
    r"\begin": _Reader.environment,
}


def _enclosed(left: str, items: list[Item], right: str) -> Box:
    inner = [item for item in items if isinstance(item, Box)]
    height = max((box.height for box in inner), default=0.0)
    depth = max((box.depth for box in inner), default=0.0)
    if not items:
        raise CannotSet
    first = [_set(boxes.delimiter(left, height, depth))] if left else []
    last = [_set(boxes.delimiter(right, height, depth))] if right else []
    return boxes.row([*first, *items, *last])


def _set(box: Box | None) -> Box:
    """A box that there must be."""
    if box is None:
        raise CannotSet
    return box
