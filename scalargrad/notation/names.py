r"""Names as programs, slides and TeX write them: yhat, ŷ, \hat{y}; one alphabet, both ways.

A label in any of its spellings is read as a `Name`, and a Name is written in three ways: `plain`,
an identifier wherever its letters allow it, `text` in Unicode, and `math` in TeX.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega"
)
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"  # which look like no Latin letter
GREEK = {
    name: unicodedata.lookup(
        f"GREEK {'SMALL' if name.islower() else 'CAPITAL'} LETTER "
        + name.upper().replace("LAMBDA", "LAMDA")
    )
    for name in f"{_SMALL} {_CAPITALS}".split()
}
_SPELLED = {letter: name for name, letter in GREEK.items()} | {
    "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "µ": "mu", "∆": "Delta", "ℓ": "loss",
}  # fmt: skip
_COMMANDS = GREEK | {
    "ell": "ℓ", "varepsilon": "ε", "vartheta": "θ", "varphi": "φ", "prime": "′",
}  # fmt: skip
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
MARKS = {mark: name for name, mark in _ACCENTS.items()}
_LOOKS_LIKE = dict(
    zip(
        "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοινυАВЕЅІЈКМНОРСТХУаеорсухіјѕһԁԛԝ–—‐",
        "ABEZHIKMNOPTYXoivuABESIJKMHOPCTXYaeopcyxijshdqw---",
        strict=True,
    )
)
LONGEST = 100  # letters of a name

# Raised and lowered characters -------------------------------------------------------------------

_LOW = dict(zip("0123456789+-aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_LOW_GREEK = dict(zip(("beta", "gamma", "rho", "phi", "chi"), "ᵦᵧᵨᵩᵪ", strict=True))
_HIGH = dict(zip("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", strict=True))
_HIGH |= dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
SUBSCRIPTS = "".join([*_LOW.values(), *_LOW_GREEK.values()])
SUPERSCRIPTS = "".join(_HIGH.values())
_LOWERED, _RAISED = str.maketrans(_LOW), str.maketrans(_HIGH | {"−": "⁻"})
_LEVELS = frozenset(SUBSCRIPTS + SUPERSCRIPTS)
_LEVEL = str.maketrans({moved: c for d in (_LOW, _LOW_GREEK, _HIGH) for c, moved in d.items()})


def lowered(text: str) -> str:
    """Digits, signs and the letters that have one as subscripts: 11 as ₁₁."""
    return text.translate(_LOWERED)


def raised(text: str) -> str:
    """Digits, signs and letters as superscripts: −2 as ⁻²."""
    return text.translate(_RAISED)


def level(text: str) -> str:
    """Subscripts and superscripts as they stand on the line: ₁₁ as 11, ⁻² as -2."""
    return text.translate(_LEVEL)


# Names -------------------------------------------------------------------------------------------


class NotAName(ValueError):
    """What was meant for a name is none.

    Args:
        message: why.
        position: index of the character at fault.
    """

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Name(NamedTuple):
    """A name by its parts.

    Attributes:
        letters: "y", "loss", "bias"; a Greek letter by its name.
        accent: "hat", "bar", "tilde", "dot" or "".
        primes: how many.
        indices: numbers, such as ("11",), or ("1", "12") where commas part them.
        below: an index in letters: "net", "t-1".
        layer: a number or a letter, "" for none.
    """

    letters: str
    accent: str = ""
    primes: int = 0
    indices: tuple[str, ...] = ()
    below: str = ""
    layer: str = ""

    @property
    def plain(self) -> str:
        """The one spelling of it: an identifier, in ASCII where its letters are."""
        index = "__".join(self.indices)
        below = self.below.replace("-", "minus").replace("+", "plus")
        is_plain = (self.indices or below) and self.layer.isdigit()
        layer = ("_" if is_plain else "__") + self.layer if self.layer else ""
        named = self.letters + self.accent + "prime" * self.primes
        return named + index + (f"_{below}" if below else "") + layer

    @property
    def text(self) -> str:
        """In Unicode."""
        letters = _greek(self.letters)
        if self.accent:
            letters = unicodedata.normalize("NFC", letters + _ACCENTS[self.accent])
        below = self.below
        is_short = len(self.letters) == 1 or letters != self.letters or len(below) < 3
        if is_short and (below in _LOW_GREEK or set(below) <= _LOW.keys()):
            below = _LOW_GREEK.get(below) or lowered(below)
        elif below:
            below = f"_{below}" if below.isalnum() else f"_{{{below}}}"
        layer = f"⁽{raised(self.layer)}⁾" if self.layer else ""
        return letters + "′" * self.primes + ",".join(map(lowered, self.indices)) + below + layer

    @property
    def math(self) -> str:
        """In TeX, without dollars; "" where TeX has no letters for it."""
        if not self.letters.isascii():
            return ""
        letters = _tex_letters(self.letters)
        if self.accent:
            letters = f"\\{self.accent}{{{letters}}}"
        below = ",".join((*self.indices, *filter(None, [_tex_index(self.below)])))
        above = r"\prime" * self.primes + (f"({self.layer})" if self.layer else "")
        if above == r"\prime" * self.primes:
            letters, above = letters + "'" * self.primes, ""
        return letters + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


def _greek(letters: str) -> str:
    """Letters in Unicode: theta as θ, Deltax as Δx."""
    if letters == "loss":
        return "ℓ"
    if letters in GREEK:
        return GREEK[letters]
    if _SEVERAL.fullmatch(letters):
        return _ONE_GREEK.sub(lambda match: GREEK[match[0]], letters)
    return letters


def _tex_letters(letters: str) -> str:
    if letters == "loss":
        return r"\ell"
    if letters in GREEK:
        return f"\\{letters}"
    if _SEVERAL.fullmatch(letters):
        return _ONE_GREEK.sub(lambda match: f"\\{match[0]} ", letters).strip()
    return letters if len(letters) == 1 else f"\\mathrm{{{letters}}}"


def _tex_index(below: str) -> str:
    """An index of letters in TeX: a word upright, h1 as h_{1}."""
    word, digits = re.fullmatch(r"([A-Za-z]*)(.*)", below).groups()  # type: ignore[union-attr]
    if not word:
        return below
    letters = _tex_letters(word) if word != "loss" else r"\mathrm{loss}"  # a word, not ℓ
    return letters + (f"_{{{digits}}}" if digits.isdigit() else digits)


_ONE_GREEK = re.compile("|".join(sorted(GREEK, key=len, reverse=True)))
_SEVERAL = re.compile(f"(?:{_ONE_GREEK.pattern}){{2,}}|Delta[A-Za-z]")

# Reading a name ----------------------------------------------------------------------------------

_LETTER = rf"[^\W\d_{SUBSCRIPTS}{SUPERSCRIPTS}][\u0300-\u036f]?"
_BEGINNING = re.compile(
    rf"""
      \\(?P<accent>hat|bar|tilde|dot)\s*
          (?: \{{ \s*(?P<inside>(?:{_LETTER})+)\s* \}} | (?P<one>{_LETTER}) )
    | (?P<letters>(?:{_LETTER})+)
    """,
    re.VERBOSE,
)
_LAYER = "|".join(
    rf"{opening}(?P<l{place}>[0-9]+|[a-zA-Z]){closing}"
    for place, (opening, closing) in enumerate(
        ((r"\^\{\(", r"\)\}"), (r"\^\{\[", r"\]\}"), (r"\^\[", r"\]"), (r"_\(", r"\)")), 1
    )
)
_INDEX = r"[A-Za-zα-ω0-9]+(?:[-+−][0-9]+)?"
_GOING_ON = re.compile(
    rf"""
      (?P<layer> {_LAYER} | ⁽(?P<l5>[⁰¹²³⁴-⁹]+|[ᵃ-ᶻʰ-ˣⁱⁿ])⁾ )
    | _\{{ \s*(?P<index>{_INDEX}(?:,\s*{_INDEX})*)\s* \}}
    | (?P<low>     [{SUBSCRIPTS}]+(?:,[{SUBSCRIPTS}]+)* )
    | (?P<digits>  [0-9]+ )
    | __(?P<second>[0-9]+|[A-Za-z](?![A-Za-z0-9]))
    | _(?P<number> [0-9]+ )
    | _?(?P<accent>hat|bar|tilde|dot)(?![A-Za-z])
    | (?P<primes>  [′']+ | ″ | \^\{{?′+\}}? | _?(?:prime)+(?![A-Za-z]) )
    | _(?P<below>  [A-Za-z][A-Za-z0-9]* )
    """,
    re.VERBOSE,
)
_ENDING = re.compile(r"(.+?)(hat|bar|tilde|dot)?((?:prime)*)", re.DOTALL)


@lru_cache(maxsize=4096)
def parsed(label: str) -> Name | None:
    r"""The parts of a name in any of its spellings; None for what is no name with such parts.

    >>> parsed("yhat2") == parsed("ŷ₂") == parsed(r"\hat{y}_2"), parsed("a b")
    (True, None)
    """
    label = _without_commands(unicodedata.normalize("NFC", label))
    beginning = _BEGINNING.match(label) if len(label) <= LONGEST else None
    if beginning is None:
        return None
    accent, inside, one, letters = beginning.group("accent", "inside", "one", "letters")
    name = _begun(inside or one or letters, accent or "")
    place = beginning.end()
    while name and place < len(label):
        match = _GOING_ON.match(label, place)
        if match is None or match.end() == place:
            return None
        name, place = _with_part(name, match.groupdict()), match.end()
    return name


def _without_commands(tex: str) -> str:
    r"""TeX with letters in place of their commands, and no more braces than an index needs."""
    if "\\" in tex:
        tex = re.sub(r"\\(?:mathrm|text|operatorname)\s*\{([^{}]*)\}", r"\1", tex)
        tex = re.sub(r"\\([A-Za-z]+) ?", lambda found: _COMMANDS.get(found[1], found[0]), tex)
        tex = _ACCENT_OVER_ALL.sub(r"\1{\2}_{\3}", tex)
    tex = _LAYER_FIRST.sub(r"\2\1", tex)
    return re.sub(r"(\{[A-Za-z]+)_\{?(\d+)\}?\}$", r"\1\2}", tex)


_ACCENT_OVER_ALL = re.compile(r"(\\(?:hat|bar|tilde|dot)\s*)\{([^{}_]+)_\{?([^{}_]+)\}?\}")
_LAYER_FIRST = re.compile(  # W^{(1)}_{12} is W_{12}^{(1)}
    rf"(\^\{{[(\[]\w+[)\]]\}}|\^\[\d+\]|⁽[^⁽⁾]+⁾)(_\{{[^{{}}]+\}}|_\w|[{SUBSCRIPTS},]+)"
)


def _begun(letters: str, accent: str) -> Name | None:
    """A name from its letters, with the accent that stands in or behind them."""
    *_, bare, mark = ["", *unicodedata.normalize("NFD", letters)] if letters else ["", "", ""]
    if mark in MARKS and not accent and len(unicodedata.normalize("NFD", letters)) == 2:
        letters, accent = bare, MARKS[mark]
    spelled = [_SPELLED.get(letter, letter) for letter in letters]
    if len(letters) == 1 or _SEVERAL.fullmatch("".join(spelled)):
        letters = "".join(spelled)
    if accent:
        return Name(letters, accent)
    base, ending, primes = _ENDING.fullmatch(letters).groups()  # type: ignore[union-attr]
    is_symbol = len(_greek(base)) == 1
    if not is_symbol or (ending is None and not primes):
        return Name(letters)
    return Name(base, ending or "", len(primes) // 5)


def _with_part(name: Name, part: dict[str, str | None]) -> Name | None:
    """A name with one more part; None where there is such a part already."""
    if part["layer"]:
        number = level(next(filter(None, (part[f"l{n}"] for n in range(1, 6)))))
        return None if name.layer else name._replace(layer=number)
    if part["primes"]:
        more = sum(map(part["primes"].count, ("prime", "′", "'", "″", "″")))
        return name._replace(primes=name.primes + more)
    if part["accent"]:
        is_symbol = len(_greek(name.letters)) == 1 and not (name.accent or name.indices)
        return name._replace(accent=part["accent"]) if is_symbol else None
    if part["second"]:
        if name.indices and part["second"].isdigit():
            return name._replace(indices=(*name.indices, part["second"]))
        return None if name.layer else name._replace(layer=part["second"])
    if part["number"]:
        if name.indices or name.below:
            return None if name.layer else name._replace(layer=part["number"])
        return name._replace(indices=(part["number"],))
    if part["digits"]:
        return None if name.indices or name.below else name._replace(indices=(part["digits"],))
    index = part["index"] or (part["low"] and level(part["low"]))
    for one in re.split(r",\s*", index or part["below"] or ""):
        low = re.fullmatch(r"([0-9]*)(.*)", one.replace("−", "-"), re.DOTALL)
        assert low
        digits, below = low.groups()
        below = _SPELLED.get(below, below)
        below = re.sub("(?<=[A-Za-z])minus(?=[0-9])", "-", below)
        below = re.sub("(?<=[A-Za-z])plus(?=[0-9])", "+", below)
        if name.layer or (digits and name.below) or (below and name.below):
            return None
        indices = (*name.indices, digits) if digits else name.indices
        name = name._replace(indices=indices, below=name.below or below)
    return name


# The three ways ----------------------------------------------------------------------------------

_DOLLARS = re.compile(r"\$([^$]+)\$")


def canonical(name: str) -> str:
    """The one spelling of a name that may be written in several: an identifier.

    Raises:
        NotAName: when it is no name.

    >>> [canonical(name) for name in ("ŷ", "w₂", "ℓ", "Δθ", "w₁₁⁽²⁾", "h_{t-1}", "x′", "größe")]
    ['yhat', 'w2', 'loss', 'Deltatheta', 'w11_2', 'h_tminus1', 'xprime', 'größe']
    """
    if len(name) > LONGEST:
        raise NotAName(f"a name has at most {LONGEST} letters")
    name = unicodedata.normalize("NFC", name)
    _check_letters(name)
    parts = parsed(name)
    if parts is not None:
        return parts.plain
    if name.isidentifier() and not set(name) & _LEVELS:
        return unicodedata.normalize("NFC", name)
    if name[:1] in {*"0123456789⁽", *MARKS, *_LEVELS, ""}:
        raise NotAName("a name begins with a letter")
    if name.count("⁽") > name.count("⁾"):
        raise NotAName("a raised index ⁽ is not closed", name.index("⁽"))
    for position, character in enumerate(name):
        if not _has_place(character):
            raise NotAName(refusal(character), position)
    raise NotAName(f"{name!r} is not a name; an index is written w₁₁, w11 or w_{{11}}")


def _check_letters(name: str) -> None:
    """Refuse letters that only look like those of ASCII, unless the word is of their script."""
    if name.isascii():
        return
    others = [c for c in name if c.isalpha() and not c.isascii() and c not in _LEVELS]
    is_greek = not any(c.isascii() and c.isalpha() for c in name)
    for position, character in enumerate(name):
        looks_like = character in _LOOKS_LIKE and all(c in _LOOKS_LIKE for c in others)
        plain = unicodedata.normalize("NFKD", character)
        is_styled = plain.isascii() and plain.isalpha() and character not in _LEVELS | {"ℓ"}
        is_styled = is_styled or "𝐀" <= character <= "𝟋"  # in bold or italics, Greek ones too
        if (
            (looks_like and not (is_greek and character in _SPELLED))
            or (is_styled and plain != character != unicodedata.normalize("NFD", plain))
            or (not character.isascii() and character.isdecimal())
        ) and unicodedata.normalize("NFC", character) == character:  # fmt: skip
            raise NotAName(refusal(character), position)


def _has_place(character: str) -> bool:
    if character in "⁺⁻":
        return False
    return character.isalnum() or character in "_′″'⁽⁾,{}\\^" or character in _LEVELS | {*MARKS}


def refusal(character: str) -> str:
    """Why a character has no place in a name, and what to write instead where that is known.

    >>> refusal("Α")
    "'Α' (GREEK CAPITAL LETTER ALPHA) has no place in a program; write A"
    """
    called = unicodedata.name(character, f"U+{ord(character):04X}")
    shown = repr(character) if character.isascii() else f"{character!r} ({called})"
    digit = unicodedata.decimal(character, None)
    plain = _LOOKS_LIKE.get(character) or unicodedata.normalize("NFKD", character)[0]
    plain = plain if digit is None else str(digit)
    instead = (
        (plain.isascii() or plain in _SPELLED)
        and plain.isprintable()
        and plain not in {character, " "}
    )
    return f"{shown} has no place in a program" + f"; write {plain}" * instead


def typeset(name: str) -> str:
    """A name in Unicode typography; what is no program name stays as it is.

    >>> [typeset(name) for name in ("yhat", "w2", "w11_2", "theta", "loss", "bias", "h_1", "x_t")]
    ['ŷ', 'w₂', 'w₁₁⁽²⁾', 'θ', 'ℓ', 'bias', 'h₁', 'xₜ']
    """
    dollars = _DOLLARS.fullmatch(name)
    parts = parsed(dollars[1] if dollars else name)
    if parts:
        return parts.text
    return _spoken(dollars[1]) if dollars else name


def _spoken(math: str) -> str:
    """TeX with Greek letters for their commands, and without the braces of subscripts."""
    greek = re.sub(r"\\([A-Za-z]+)", lambda match: GREEK.get(match[1], match[0]), math)
    return re.sub(r"_\{(\d+)\}|_(\d)", lambda m: lowered(m[1] or m[2]), greek)


def mathtext(label: str) -> str:
    r"""A name in TeX, without dollars: for LaTeX and for matplotlib; "" for what is no name.

    A label that stands between dollars is taken as it is.

    >>> [mathtext(name) for name in ("yhat", "w2", "w11_2", "theta", "loss", "bias", "$W_h$", "?")]
    ['\\hat{y}', 'w_{2}', 'w_{11}^{(2)}', '\\theta', '\\ell', '\\mathrm{bias}', 'W_h', '']
    """
    if dollars := _DOLLARS.fullmatch(label):
        return dollars[1]
    parts = parsed(label)
    if parts:
        return parts.math
    is_name = label.isascii() and label.isidentifier()
    return rf"\mathrm{{{label}}}".replace("_", r"\_") if is_name else ""


@dataclass(frozen=True)
class Written:
    """A line of mathematics.

    Attributes:
        text: in Unicode.
        math: in TeX, without dollars, of the subset that matplotlib can set; "" for none.
    """

    text: str
    math: str = ""


def joined(parts: Sequence[Written], text: str, math: str) -> Written:
    """Lines of mathematics as one, with a text, and with TeX, between them."""
    return Written(text.join(part.text for part in parts), math.join(part.math for part in parts))
