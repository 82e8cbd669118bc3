"""Numbers as a person writes them, read from their text.

What is around a number is taken off first (`bare`): quotes, TeX, "about", a unit. What is not a
plain number then is arithmetic, which the language of programs reads.

A decimal means half a unit of its last place either way, a fraction is exact, and so is a number
without a point: it is right where the truth is that whole number, and else has too few figures.
A float parser has lost the trailing zeros already, so the text is what counts.
"""

from __future__ import annotations

import contextlib
import math
import re
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from scalargrad.engine import scalars
from scalargrad.engine.backward import gradients
from scalargrad.engine.scalars import Scalar
from scalargrad.errors import DomainError
from scalargrad.language.reading import program
from scalargrad.notation.names import level
from scalargrad.notation.signs import plain_signs
from scalargrad.notation.words import printable

MOST_CHARACTERS = 200  # of a written number
MOST_DIGITS = 50  # above or below a fraction's line, or in a decimal
LARGEST_EXPONENT = 400
_ROUNDING = Fraction(1, 10**12)  # of a truth that was computed in floats, relative


class UnreadableNumber(ValueError):
    """A text that is no number; the message says what to write instead."""


@dataclass(frozen=True)
class Reading:
    """What a written number stands for: every number from `low` to `high`.

    Attributes:
        text: as it was written.
        low: the least.
        high: the greatest.
        places: the decimals that were written, -17 for 4×10^17; None where none were.
        is_exact_form: whether it is a fraction such as -6/25.
        is_integer: whether it was written without a point: exact, where the truth is an integer.
        note: what was read over, for the person to see; "" for nothing.
    """

    text: str
    low: Fraction
    high: Fraction
    places: int | None = None
    is_exact_form: bool = False
    is_integer: bool = False
    note: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether it stands for one number only."""
        return self.low == self.high

    @property
    def middle(self) -> Fraction:
        """The number itself, without what it was rounded by."""
        return (self.low + self.high) / 2

    @property
    def unit(self) -> Fraction:
        """One in the last place that was written, of an integer 1, of a fraction 0."""
        return Fraction(0) if self.places is None else Fraction(10) ** -self.places

    @property
    def half_unit(self) -> Fraction:
        """How far a number may be from the middle to be rounded to it: half a unit, or the ±."""
        return self.unit / 2 if self.is_integer else (self.high - self.low) / 2

    def accepts(self, exact: Scalar) -> bool:
        """Whether a number is one of those that it stands for.

        >>> read("-0.24").accepts(Fraction(-6, 25)), read("-0.25").accepts(Fraction(-6, 25))
        (True, False)
        >>> read("-2").accepts(Fraction(-12, 5)), read("-2").is_rounding_of(Fraction(-12, 5))
        (False, True)
        """
        return self._is_near(exact, (self.high - self.low) / 2)

    def is_rounding_of(self, exact: Scalar) -> bool:
        """Whether a number rounds to it; an integer, unlike in `accepts`, is a rounding too."""
        return self._is_near(exact, self.half_unit)

    def _is_near(self, exact: Scalar, distance: Fraction) -> bool:
        if not scalars.is_exact(exact):
            exact = scalars.to_float(exact)
            if not math.isfinite(exact):
                return False
            distance += _ROUNDING * abs(Fraction(exact))
        return abs(Fraction(exact) - self.middle) <= distance


def rewriting(*rules: tuple[str, str], flags: int = 0) -> Callable[[str], str]:
    """What puts, for one pattern after the other, something else in its place."""
    compiled = [(re.compile(pattern, flags), instead) for pattern, instead in rules]

    def rewritten(text: str) -> str:
        for pattern, instead in compiled:
            text = pattern.sub(instead, text).strip()
        return text

    return rewritten


_STYLES = "mathrm|mathbf|mathit|text|textbf|boxed|bm|num|underline|ensuremath"
_FRACTION = r"\\(?:[dts]|nice)?frac"
_PLAIN = str.maketrans("−–‐÷×·⋅∗≃≅≐∼", "---/****≈≈≈≈")
_from_tex = rewriting(
    (r"\\(?:times|cdot|ast)(?![A-Za-z])", "*"),
    (r"\\div(?![A-Za-z])", "/"),
    (r"\\pm(?![A-Za-z])", "±"),
    (r"\\(?:approx|simeq|sim)(?![A-Za-z])", "≈"),
    (r"\\(?:left|right|displaystyle|textstyle)(?![A-Za-z])", " "),
    (r"\\textcolor\s*\{[^{}]*\}|\\\\$", ""),
    (rf"\\(?:{_STYLES})\s*\{{([^{{}}]*)\}}", r"\1"),
    (r"\{,\}", ","),
    (r"\\[,;:! ]|\\quad|(?<=[0-9]) *\\dots|~(?=[0-9])", " "),
    (r"\^\s*\{([^{}]*)\}", r"^(\1)"),
    (r"\\sqrt\s*(?:\{([^{}]*)\}|([0-9]))", r"sqrt(\1\2)"),
    (rf"{_FRACTION}\s*(?:\{{([0-9.]+)\}}|([0-9]))\s*(?:\{{([0-9.]+)\}}|([0-9]))", r"\1\2/\3\4"),
    (rf"{_FRACTION}\s*\{{([^{{}}]*)\}}\s*\{{([^{{}}]*)\}}", r"((\1)/(\2))"),
    (r"^\{([^{}]*)\}$", r"\1"),
    (r"\\([A-Za-z]+)", r"\1 "),
    (r"\\%", "%"),
)
_DIGITS = r"[0-9]+\.?[0-9]*|\.[0-9]+"
_DECIMAL = re.compile(
    rf"(?P<sign>[-+]?) *(?:(?P<digits>{_DIGITS})"
    r"(?:[eE](?P<e>[-+]?[0-9]+)| *[*xX] *10 *(?:\^|\*\*) *(?P<power>[-+]?[0-9]+))?"
    r"|10 *(?:\^|\*\*) *(?P<alone>[-+]?[0-9]+))"
)
_RATIO = re.compile(r"(?P<sign>[-+]?) *(?P<top>[0-9]+) */ *(?P<bottom>[0-9]+)")
_USUAL = "-0.5, -1/2 or 5e-1"  # the numbers of no worked example: they are no hints


def read(text: str, comma: Comma = "decimal") -> Reading:
    """A number read from its text.

    Args:
        text: as it was written.
        comma: what the comma of 1,234 is, which may be either: "decimal", "thousands", or "asked
            for". Any other lone comma is a decimal one.

    Raises:
        UnreadableNumber: a ValueError, when it does not read as a number.

    >>> read("-.24").low, read("- 0.24").high, read("−6/25").is_exact
    (Fraction(-49, 200), Fraction(-47, 200), True)
    >>> read("≈4×10^17").middle == 4 * 10**17, read("-2.4×10⁻¹").places
    (True, 2)
    >>> read("2 × 0.1 × (-1.2) = -0.24").low  # the working is not looked at
    Fraction(-49, 200)
    >>> read("-1.2*0.1*2").middle, read("about -0,24 units").middle, read("-24.0 %").places
    (Fraction(-6, 25), Fraction(-6, 25), 3)
    >>> read("same as above")
    Traceback (most recent call last):
    scalargrad.checking.reading.UnreadableNumber: write the number again; got 'same as above'
    """
    if len(text) > MOST_CHARACTERS:
        raise _refused(f"-0.5000, with at most {MOST_DIGITS} digits", text)
    written, notes = bare(text)
    _refuse_words(written, text)
    written = _with_points(written, comma, text)
    forms = _TWO_FORMS.fullmatch(written)
    if forms and ("/" in forms[1]) != ("/" in forms[2]):  # else it is a product
        with contextlib.suppress(UnreadableNumber):
            return _several([forms[1], forms[2]], text)
    if "=" not in written.strip("= ") and "≈" not in written[1:]:
        found = _one(written.lstrip("= "), text)
    else:
        parts = [part.strip() for part in written.replace("≈", "=≈").split("=")]
        found = _several([part for part in parts if part.strip("≈ ")], text)
    return replace(found, note=", ".join(notes)) if notes else found


_TWO_FORMS = re.compile(r"([-+]?[0-9./]+) *\(([-+]?[0-9./]+)\)")  # -6/25 (-0.24)


def is_blank(text: str) -> bool:
    """Whether a text says that there is no answer.

    >>> is_blank(" – "), is_blank("n/a"), is_blank("I don't know"), is_blank("0")
    (True, True, True, False)
    """
    letters = " ".join(re.sub(r"[^\w/ ]", "", _visible(text).casefold()).split()).strip(" _/")
    return not letters or letters in _BLANK


def _visible(text: str) -> str:
    """The characters that have a width, in the signs that are typed."""
    return plain_signs("".join(c for c in text if unicodedata.category(c) != "Cf"))


_BLANK = frozenset(
    (
        "na", "n/a", "none", "nil", "blank", "empty", "skip", "skipped", "idk", "dk", "tbd", "todo",
        "unknown", "nothing", "no answer", "no idea", "not sure", "dont know", "i dont know",
        "do not know", "i do not know", "not answered", "not available", "not done", "no time",
        "ran out of time", "leer", "keine ahnung", "weiß nicht", "weiß ich nicht",
        "je ne sais pas", "no lo sé",
    )
)  # fmt: skip


def of_number(number: Scalar) -> Reading:
    """What a number that was computed stands for: a float up to a millionth, or exactly one.

    A millionth, relative, is what pytest.approx allows a float.

    >>> of_number(-0.24000000000000005).accepts(Fraction(-6, 25)), of_number(2).is_exact
    (True, True)
    """
    exact = Fraction(number)
    slack = Fraction(0) if scalars.is_exact(number) else abs(exact) / 10**6
    return Reading(str(number), exact - slack, exact + slack)


def bare(text: str) -> tuple[str, list[str]]:
    """The text with one spelling for each sign and without what only stands around a number.

    The second result says what was read over that may have meant something: units.
    """
    written = _from_tex(_without_marks(" ".join(_visible(text).split())).strip(_AROUND))
    written = _SMALL_FRACTION.sub(_improper, written.translate(_PLAIN))
    written = written.replace("+/-", "±").replace("+-", "±")
    written = re.sub("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda raised: f"^{level(raised[0])}", written)
    written = re.sub(r"\^ *[({] *([-+]?[0-9]+) *[)}]", r"^\1", written)
    written = _without_words(written)
    if not re.fullmatch(r"[-+≈~ ]*[0-9]+\.", written):  # 2. is a rounded number
        written = re.sub(r"(?<=[0-9%)])\.$", "", re.sub(r"\.{2,}$", "…", written))
    notes = []
    unit = _UNIT.fullmatch(written)
    if unit and unit["unit"].casefold() not in _NO_UNITS:
        written = unit["number"]
        notes.append(f"read without {unit['unit']!r}")
    if written[:1] == "(" and written.find(")") == len(written) - 1:
        written = written[1:-1].strip()
    return written, notes


def _improper(mixed: re.Match[str]) -> str:
    """A fraction in small figures, with the whole number before it: 1½ as 3/2."""
    top, bottom = plain_signs(unicodedata.normalize("NFKC", mixed[2])).split("/")
    return f"{int(mixed[1] or 0) * int(bottom) + int(top)}/{bottom}"


_SMALL_FRACTION = re.compile("([0-9]*)([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]|[⁰¹²³⁴-⁹]+/[₀-₉]+)")


_AROUND = " \t$`'\"‹›✓✔☑✅✗✘❌☒🗸"
_without_marks = rewriting(
    (r"\\[()\[\]]", " "),  # \( … \), \[ … \]
    (r"\*\*\*?(?P<bold>[^*]+)\*\*\*?", r"\g<bold>"),
    (r"__(?P<bold>[^_]+)__", r"\g<bold>"),
    (r"^\s*[*_](?P<italic>[^*_]+)[*_]\s*$", r"\g<italic>"),
    (r"</?(?:b|i|em|strong|code)>", " "),
    (r"^\s*\[([^\[\],;]*)\]\s*$", r"\1"),
    # what programs print
    (r"^Fraction\((-?[0-9]+), ([0-9]+)\)$", r"\1/\2"),
    (
        r"^(?:tensor|(?:np\.)?array|(?:np\.)?float(?:32|64)?|Decimal|Value)\(['\[]*(?:data=)?"
        r"([-+0-9.e]+)['\]]*(?:, *\w+ *= *[\w.<>]+)*\)$",
        r"\1",
    ),
    (r"(?<=[0-9])[dD](?=[-+]?[0-9]+$)", "e"),
    (r"(?<=\.)([0-9]+)f$", r"\1"),
    # a point in the middle, as in 0·24, and the French point of 2,4.10⁻¹
    (r"^([-−–+]? *0)·(?=[0-9]+$)", r"\1."),
    (r"(?<=[0-9],)([0-9]+)\.10(?=[\^⁻⁰¹²³⁴-⁹])", r"\1*10"),
    (r"(?<=[0-9)])[,;!]$", ""),
)
_ABOUT = (
    r"(?:approx(?:imately)?\b\.?|about|around|roughly|nearly|circa|ca\.|etwa|rund|ungefähr|"
    r"environ|env\.)"
)
_RESULT = (
    r"(?:answer|ans|result|value|gradient|final|antwort|ergebnis|wert|réponse|résultat|valeur|"
    r"respuesta|resultado|risultato)"
)
_SO = (
    r"(?:it is|it's|that is|so|hence|thus|therefore|exactly|(?:i|we) (?:get|got|find)|also|somit|"
    r"daher|genau|gleich|ergibt|wir erhalten|soit|donc|vaut|exactement|on (?:trouve|obtient)|"
    r"entonces|quindi)\b|∴"
)
_HOW_MANY = (
    r"[0-9]+ *(?:d\.? ?p|s\.? ?f|sig\.? ?figs?|(?:significant )?figures?|decimals?|"
    r"decimal places?|Stellen|décimales|chiffres)\.?"
)
_TO_FIGURES = rf"(?:\((?:rounded )?(?:to |auf )?{_HOW_MANY}\)|(?:to|auf) {_HOW_MANY})"
_without_words = rewriting(
    (
        rf"^(?:(?:the|das|die|la|le|el) )?(?:final )?{_RESULT}\b *(?:is\b|ist\b|est\b|:|=)? *",
        "",
    ),
    (rf"^(?:{_SO})[,:]? *", ""),
    (rf"^{_ABOUT} *", "≈ "),
    (rf"(?<=[0-9.…)]) *[(,]? *{_ABOUT} *\)?\.?$", ""),
    (r"(?<=[0-9]),? *(?:or so|-? ?ish)\.?$", ""),
    (r"^(?:[^\W\d]|∂)[^:=]{0,60}: *(?=[-+≈(.]* *[0-9.])", ""),  # w2: -0.5
    (r"(?<!^0)(?<![^\w.]0)(?<=[0-9)])( *)x\1(?=[-+(.]*[0-9])", "*"),  # 2 x 3
    (r"(?<=[0-9.…)]) *\(?(?:rounded|exact(?:ly)?|exakt|gerundet|arrondi)\)?\.?$", ""),
    (rf"(?<=[0-9.…)]),? *{_TO_FIGURES}$", ""),
    (r"(?<=[0-9.…]) *\([^\W\d_]{2,}(?: [^\W\d_]+)*\)$", ""),
    (r"^(?:->|=>|→|⇒|:|[a-h]\)) *", ""),
    (r"(?<![A-Za-z])ln(?=[0-9])", "ln "),
    (r"(?<=[0-9%)]) *\( *[=≈] *([^()]*)\)$", r"=\1"),
    (r"^([-+]?[0-9]+):([0-9]+)$", r"\1/\2"),
    (r"^(≈ *)?(?:minus|negativ[e]?|neg\.|moins|menos|meno) *(?=[0-9.(])", r"\1-"),
    (r"^(≈ *)?(?:plus|positiv[e]?) *(?=[0-9.(])", r"\1"),
    (r" *(?:->|=>|→|⇒) *", "="),
    flags=re.IGNORECASE,
)
_UNIT = re.compile(r"(?P<number>.*[0-9)…]) +(?P<unit>[^\W\d_]{2,}\.?)")
_NO_UNITS = frozenset(("or", "and", "to", "bis", "oder", "und", "if", "is", "pi", "ou", "et"))
Comma = Literal["decimal", "thousands", "asked for"]


def _refuse_words(written: str, text: str) -> None:
    """Refuse what is no number with its true reason, as far as words show it."""
    for pattern, reason in _NO_NUMBERS:
        if pattern.search(written):
            raise UnreadableNumber(f"{reason}; got {printable(text)!r}")
    if re.fullmatch(r"[-+ ]*(?=.*[0-9])(?=.*[oOlI])[0-9oOlI.,]+", written):
        digits = written.translate(str.maketrans("oOlI", "0011"))
        raise UnreadableNumber(
            f"there is a letter among the digits: write {printable(digits)} if that is meant; "
            f"got {printable(text)!r}"
        )


_NO_NUMBERS = tuple(
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (
            r"\b(?:same|see|as|like|ditto|idem|dito|siehe)\b.*\b(?:above|before|line|row|oben|"
            r"zeile)\b|^(?:same|ditto|idem|dito)\b|^[\"〃″]+$",
            "write the number again",
        ),
        (
            r"[0-9)…] *(?:\bor\b|\boder\b|\bou\b|\bto\b|\bbis\b|;) *[-+(.]? *[0-9.(]"
            r"|\.[0-9]+ +[0-9.](?!0 *[*^])",
            "choose one number",
        ),
        (r"^\|[^|]*\|\Z", "bars mean an absolute value: write the number"),
        (r"^[≈ ]*± *[0-9.]", "choose one sign, + or −"),
        (
            r"^[\[({] *[-+0-9.e ]+[,;][-+0-9.e ]+[\])}]\Z",
            "an interval is no number; write one number",
        ),
    )
)


_COMMA = re.compile(r"(?P<before>[0-9]*),(?P<after>[0-9]+)")


def comma_of(text: str) -> Comma | None:
    """What the commas of a text must be; None where it does not say.

    >>> comma_of("-0,24"), comma_of("1,234"), comma_of("0.5"), comma_of("12")
    ('decimal', None, 'thousands', None)
    """
    bare = _visible(text).replace("{,}", ",")
    has_comma, has_point = re.search(r"[0-9]*,[0-9]", bare), re.search(r"\.[0-9]", bare)
    if has_point:
        return "thousands"
    if not has_comma or re.search("[A-Za-z(]", bare):
        return None
    return None if any(_is_ambiguous(found) for found in _COMMA.finditer(bare)) else "decimal"


def _is_ambiguous(comma: re.Match[str]) -> bool:
    before = comma["before"]
    return len(comma["after"]) == 3 and 1 <= len(before) <= 3 and before[0] != "0"


def _with_points(written: str, comma: Comma, text: str) -> str:
    """The text with a point for each decimal comma."""
    if "," not in written or "." in written or re.search(r"[A-Za-z]\w* *\(", written):
        return written

    def point(found: re.Match[str]) -> str:
        if not _is_ambiguous(found) or comma == "decimal":
            return f"{found['before']}.{found['after']}"
        if comma == "thousands":
            return found["before"] + found["after"]
        raise UnreadableNumber(
            f"{printable(found[0])} may be {found['before']}.{found['after']} or "
            f"{found['before']}{found['after']}; write which is meant; got {printable(text)!r}"
        )

    if re.search(r"[0-9],[0-9]+,[0-9]", written):
        return written
    return _COMMA.sub(point, written)


def _several(parts: list[str], text: str) -> Reading:
    """One number in several forms, as in -6/25 = -0.24: the narrowest of them.

    Working beside the result, as in -1.2*0.1*2 = -0.24 or the other way round, is passed over, and
    so is a name.
    """
    readings: list[Reading] = []
    refused: list[UnreadableNumber] = []
    for part in parts:
        try:
            readings.append(_plain_number(part, text))
        except UnreadableNumber as error:
            refused.append(error)
    if not readings:
        for part in reversed(parts):  # the arithmetic is the result
            with contextlib.suppress(UnreadableNumber):
                return _one(part, text)
        raise refused[-1] if refused else _refused(_USUAL, text)
    narrowest = min(readings, key=lambda found: (found.half_unit, not found.is_exact_form))
    if not all(found.is_rounding_of(narrowest.middle) for found in readings):
        raise _refused(f"{_USUAL}, one number to a line", text)
    return narrowest


def _one(written: str, text: str) -> Reading:
    """A number in one form, or arithmetic; `text` is what was written, for messages."""
    try:
        return _plain_number(written, text)
    except UnreadableNumber as error:
        found = _arithmetic(written.lstrip("≈~ "), text)
        if found is None:
            raise error from None
        return found


def _arithmetic(written: str, text: str) -> Reading | None:
    """What arithmetic comes to, and how far the half units of its decimals carry; None for none."""
    if not re.search("[0-9a-zπ]", written) or _NO_ARITHMETIC.search(written):
        return None
    decimals: dict[str, str] = {}

    def named(literal: re.Match[str]) -> str:
        name = f"decimal{len(decimals) + 1}"
        decimals[name] = literal[0]
        return f"({name})"

    expression = _ROOT.sub(r"sqrt(\1)", _LITERAL.sub(named, written)).replace("√", "sqrt")
    expression = re.sub(r"(?<=[0-9)]) +\(", "(", expression)  # (2) is a factor here
    try:
        made = program(f"answer_of_the_line = {expression}", decimals)
        output = made.output
        slopes = gradients(output, scalars.whole(1, output.data))
        number, half = Fraction(output.data), Fraction(0)
        for name, digits in decimals.items():
            unit = Fraction(1, 10 ** len(digits.partition(".")[2]))
            half += abs(Fraction(slopes.get(made[name], 0))) * unit / 2
    except (ArithmeticError, AttributeError, DomainError, KeyError, TypeError, ValueError):
        return None
    if not scalars.is_exact(output.data):
        half = max(half, abs(number) * _ROUNDING)
    if half <= abs(number) * _ROUNDING:
        return Reading(text, number - half, number + half, is_exact_form=True)
    return Reading(text, number - half, number + half, math.floor(-math.log10(2 * half)))


_ROOT = re.compile(r"√ *([0-9a-zA-Z_]+)(?! *\()")
_LITERAL = re.compile(r"(?<![\w.])(?:[0-9]+\.[0-9]*|\.[0-9]+)(?![\w.])")
# Statements and lists, numbers and signs in a row, and powers that would not end.
_NO_ARITHMETIC = re.compile(
    r"[;=,\[\]{}<>%_\n]|[0-9.] +[0-9.]|\.\(|[0-9]e(?: +[-+]|[-+] )"
    r"|[-+] *[-+]|[*/^] *[*/^] *[*/^]|\^.*\^|\*\*.*\*\*|(?:\^|\*\*) *-?[0-9]{3}"
    r"|0[xob]|[0-9]{51}|\b(?:nan|inf|infinity)\b",
    re.IGNORECASE,
)


def _plain_number(written: str, text: str) -> Reading:
    """A decimal, a fraction, an integer, or one of them with ±."""
    about = written.lstrip("≈~ ")
    if about.endswith("%"):
        found = _plain_number(about[:-1].rstrip(), text)
        places = None if found.places is None else found.places + 2
        low, high = ((found.middle + sign * found.half_unit) / 100 for sign in (-1, 1))
        return Reading(text, low, high, places, found.is_exact_form)
    if about.endswith("…"):
        found = _decimal(about.rstrip("… "), text)
        outwards = found.unit if found.middle >= 0 else -found.unit
        low, high = sorted((found.middle - outwards / 2, found.middle + outwards))  # or rounded up
        return Reading(text, low, high, found.places)
    if "±" in about:
        middle, _, width = about.partition("±")
        centre, half = _decimal(middle.strip(), text), _decimal(width.strip(), text)
        if half.middle < 0:
            raise _refused("-0.50±0.005, without a sign after the ±", text)
        if half.middle > centre.unit:
            raise _refused("-0.50±0.005, with at most one unit of the last place after ±", text)
        low, high = (centre.middle + sign * half.middle for sign in (-1, 1))
        return Reading(text, low, high, centre.places)
    ratio = _RATIO.fullmatch(about)
    if ratio is None:
        found = _decimal(about, text)
        if found.is_integer and about == written:
            return Reading(text, found.middle, found.middle, 0, is_integer=True)
        half_unit = found.unit / 2
        if _is_single(found.middle):
            half_unit = max(half_unit, abs(found.middle) / 10**6)
        return Reading(text, found.middle - half_unit, found.middle + half_unit, found.places)
    sign, top, bottom = ratio.group("sign", "top", "bottom")
    if len(top) > MOST_DIGITS or len(bottom) > MOST_DIGITS:
        raise _refused(f"-1/2, with at most {MOST_DIGITS} digits", text)
    if not int(bottom):
        raise _refused(f"{sign}{top}/1, without a zero below the line", text)
    exact = Fraction(int(sign + top), int(bottom))
    return Reading(text, exact, exact, is_exact_form=True)


def _is_single(number: Fraction) -> bool:
    """Whether a number has the digits of one in single precision, as -0.23999999463558197 has."""
    if not 1e-30 < abs(number) < 1e30:
        return False
    (single,) = struct.unpack("f", struct.pack("f", float(number)))
    digits = repr(single).partition("e")[0].strip("-0.").replace(".", "")
    return len(digits) > 9 and math.isclose(single, number, rel_tol=1e-15)


def _decimal(written: str, text: str) -> Reading:
    """A decimal as its middle and its places; an integer is marked as one."""
    match = _DECIMAL.fullmatch(written)
    if match is None:
        raise _refused(_instead(written), text)
    sign, digits, alone = match.group("sign", "digits", "alone")
    exponent = match["e"] or match["power"] or alone or "0"
    whole, point, decimals = (digits or "1").partition(".")
    if len(whole) + len(decimals) > MOST_DIGITS:
        raise _refused(f"-0.5000, with at most {MOST_DIGITS} digits", text)
    if len(exponent) > 9 or abs(int(exponent)) > LARGEST_EXPONENT:
        raise _refused(f"4e17, with an exponent of at most {LARGEST_EXPONENT}", text)
    places = len(decimals) - int(exponent)
    middle = int(f"{sign}{whole}{decimals}") * Fraction(10) ** -places
    is_integer = not (point or alone or match["e"] or match["power"])
    return Reading(text, middle, middle, places, is_integer=is_integer)


def _instead(written: str) -> str:
    """What to write instead of what is no number, and why."""
    foreign = next((c for c in written if not c.isascii() and unicodedata.decimal(c, -1) >= 0), "")
    bare = written.lower().lstrip("-+ ")
    if foreign:
        digits = "".join(str(unicodedata.decimal(c, c)) for c in written)
        return f"{digits[:40]}, in the digits 0 to 9"
    if bare in ("nan", "inf", "infinity", "∞"):
        return "-0.5; nan and inf are no answers"
    if re.fullmatch(r"0[xob][0-9a-f]+", bare):
        return "16, in tens"
    if re.fullmatch(r"[0-9_.]*_[0-9_.]*", bare):
        return f"{written.replace('_', '')[:40]}, without _"
    if re.fullmatch(r"[-+] *[-+].*", written):
        return "-0.5, with one sign"
    if re.fullmatch(r"[0-9]*,[0-9]+", bare):
        return f"{written.replace(',', '.')[:40]}, with a point"
    if re.fullmatch(r"[0-9.,' ]+", bare) and any(mark in bare for mark in ",' "):
        return "1234.5, without marks between thousands"
    if re.match(r"[0-9.,]+ ?[^\W\d]", bare):
        return "-0.5 alone, without words or units beside it"
    if re.fullmatch(r"[0-9. +/-]*/[0-9. +/-]*", bare):
        return "-1/2, one whole number above another"
    if set(bare) <= set("0123456789.()+-*/ ") and re.search(r"[0-9)] *[-+*(]", bare):
        return "-0.5, worked out"
    return _USUAL


def _refused(like: str, text: str) -> UnreadableNumber:
    return UnreadableNumber(f"a number is written like {like}; got {printable(text)!r}")
