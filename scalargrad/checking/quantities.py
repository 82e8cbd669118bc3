"""Quantities as a person names them: ∂ℓ/∂w₂, dl/dw2, w2.grad, ŷ, w2_new = w2 - 0.1*dl/dw2."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Literal

from scalargrad.checking.reading import UnreadableNumber, read, rewriting
from scalargrad.engine.rebuild import partial, second_derivative
from scalargrad.engine.scalars import Scalar
from scalargrad.engine.value import Value
from scalargrad.language.reading import Program
from scalargrad.notation.names import canonical, typeset
from scalargrad.notation.numbers import decimal
from scalargrad.notation.signs import plain_signs
from scalargrad.notation.words import nearest, printable

MOST_CHARACTERS = 300  # of a written quantity
_KEPT = 1024  # quantities: a class is asked for the same ones again and again


class UnknownQuantity(ValueError):
    """A text that names no quantity of the program; the message names the nearest."""


@dataclass(frozen=True)
class Quantity:
    """What a line of a worksheet asks for.

    Attributes:
        kind: "value" of a node, "derivative" of one node by another, "second" derivative of it by
            two, or "update": the value of `by` after a step of gradient descent, by − step·∂of/∂by.
        of: the node; the one that is differentiated, "" for the program's output.
        by: the node by which it is differentiated; "" for a value.
        step: the learning rate of an update.
        also: of a second derivative the node by which that by `by` is differentiated.
    """

    kind: Literal["value", "derivative", "second", "update"]
    of: str
    by: str = ""
    step: Fraction | None = None
    also: str = ""


@lru_cache(maxsize=_KEPT)
def shown(quantity: Quantity) -> str:
    """A quantity in Unicode; reading it gives the same quantity.

    >>> shown(Quantity("derivative", "loss", "w2")), shown(Quantity("derivative", "", "w2"))
    ('∂ℓ/∂w₂', '∇w₂')
    >>> shown(Quantity("value", "yhat"))
    'ŷ'
    >>> shown(Quantity("update", "loss", "w2", Fraction(1, 10)))
    'w₂_new = w₂ − 0.1·∂ℓ/∂w₂'
    >>> shown(Quantity("second", "loss", "w2", also="w4"))
    '∂²ℓ/∂w₂∂w₄'
    """
    of, by = _typeset(quantity.of), _typeset(quantity.by)
    if quantity.kind == "value":
        return of
    if quantity.kind == "second":
        twice = quantity.also == quantity.by
        return f"∂²{of}/∂{by}²" if twice else f"∂²{of}/∂{by}∂{_typeset(quantity.also)}"
    derivative = f"∂{of}/∂{by}" if quantity.of else f"∇{by}"
    if quantity.kind == "derivative":
        return derivative
    step = quantity.step or Fraction(0)
    sign, size = "+" if step < 0 else "−", abs(step)
    rounded = decimal(size, 12)
    is_short = "e" not in rounded and Fraction(rounded) == size
    return f"{by}_new = {by} {sign} {rounded if is_short else size}·{derivative}"


def resolved(quantity: Quantity, output: str) -> Quantity:
    """The quantity with the name of the output in place of "".

    >>> resolved(Quantity("derivative", "", "w2"), "loss")
    Quantity(kind='derivative', of='loss', by='w2', step=None, also='')
    """
    return quantity if quantity.of else replace(quantity, of=output)


def truth(quantity: Quantity, program: Program) -> Scalar:
    """What a quantity is, from the program.

    >>> from scalargrad.language.reading import program
    >>> p = program("h = w*x; loss = (h - 1)^2", x="2", w="0.8")
    >>> truth(quantity("dl/dw", p), p), truth(quantity("w_new = w - 0.5*w.grad", p), p)
    (Fraction(12, 5), Fraction(-2, 5))
    """
    of: Value = program[quantity.of] if quantity.of else program.output
    if quantity.kind == "value":
        return of.data
    by = program[quantity.by]
    if quantity.kind == "second":
        return second_derivative(of, by, program[quantity.also])
    derivative = partial(of, by)
    return derivative if quantity.step is None else by.data - quantity.step * derivative


def quantity(text: str, names: Collection[str]) -> Quantity:
    """The quantity that a text names.

    Args:
        text: in any sensible spelling, in TeX and in Markdown's marks too.
        names: the canonical names of the nodes, as a Program holds them.

    Raises:
        UnknownQuantity: a ValueError, when it names none.

    >>> names = ["x", "w2", "h2", "yhat", "loss"]
    >>> quantity("dl/dw2", names) == quantity("∂ℓ/∂w₂", names) == quantity("dL_dw2", names)
    True
    >>> quantity("w2.grad", names).of, quantity("y_hat", names).of
    ('', 'yhat')
    >>> quantity("dl/dw3", names)
    Traceback (most recent call last):
    scalargrad.checking.quantities.UnknownQuantity: no node is named 'w3' in 'dl/dw3'; ...
    """
    if len(text) > MOST_CHARACTERS:
        raise UnknownQuantity(f"a quantity is written like ∂ℓ/∂w₂; got {printable(text)!r}")
    return _quantity(text, tuple(names))  # a Program would find a name in any of its spellings


@lru_cache(maxsize=_KEPT)
def _quantity(text: str, names: tuple[str, ...]) -> Quantity:
    if text in names:  # whatever it looks like
        return Quantity("value", text)
    written = _REMARK.sub("", _plain(text))
    find = _finder(names)
    if find(written) is None:
        written = _NUMBERED.sub("", written)
    for form in (_value, _update, _second, _derivative, _named):
        found = form(written, find)
        if found is not None:
            return found
    # ∂ℓ/∂w₂ = ∂ℓ/∂ŷ · …, the chain rule written out; δ₂ = ∂E/∂net₂, what a name stands for
    for side in written.split("=") if "=" in written else ():
        derivative = _derivative(side.strip(), find) or _named(side.strip(), find)
        if derivative is not None:
            return derivative
    raise UnknownQuantity(_complaint(text, written, names, find))


def canonical_label(node: Value) -> str:
    """The label of a node in the spelling of programs; any other label as it is."""
    try:
        return canonical(node.label)
    except ValueError:
        return node.label


# Forms -------------------------------------------------------------------------------------------

_Find = Callable[[str], str | None]  # the name of the node that a text means

_OF_BY = re.compile(
    r"(?:the )?(?:partial )?(?:gradient|derivative|grad|partial|d) of (?P<of>.+?)"
    r" (?:w\.?r\.?t\.?|with respect to|by|for|in) (?P<by>.+)",
    re.IGNORECASE,
)
_RATIO = re.compile(
    r"(?:[dD]|∂|partial)(?P<of>[^/]*)(?:/|\bby\b)\s*(?:[dD]|∂|partial)(?P<by>[^/]+)"
)
_ENCLOSED = re.compile(r"\((?=[d∂])([^()]*)\)")
_SQUARE = r"(?:\^?\{?2\}?|²)"
_TWICE = re.compile(rf"[d∂]\s*{_SQUARE}\s*([^/]+)/\s*\(?[d∂]\s*([^/]+?)\)?\s*{_SQUARE}")
_BY_BOTH = re.compile(rf"[d∂]\s*{_SQUARE}\s*([^/]+)/\s*\(?[d∂]\s*([^/]+?)\s*[d∂]\s*([^/]+?)\)?")
_OPERATOR = re.compile(
    r"(?:d|∂)\s*/\s*(?:d|∂)\s*(?:\((?P<enclosed>[^()]+)\)|(?P<by>\S+))\s*(?P<of>.+)"
)
_NABLA = re.compile(r"∇_?\s*(?P<by>\S+)\s+(?P<of>.+)")
_GRAD = re.compile(
    r"(?:∇_?|grad(?:ient)?(?: (?:of|wrt|for))?[\s_(]|grad(?:ient)?(?=\())\s*(?P<before>.+)"
    r"|(?P<after>.+?)\s*(?:\.\s*grad|[\s_]grad(?:ient)?)",
    re.IGNORECASE,
)
_OF_PROGRAMS = re.compile(r"[d∂][_ ]*(.*)")  # dw2, as programs of courses name the gradient
_ASSIGNED = re.compile(r"(?P<new>[^=]+?)\s*(?:=|←|:=|<-)\s*(?P<formula>[^=]+)")
_STEP = re.compile(
    r"(?P<old>\S+)\s*(?P<sign>[-+])\s*(?P<step>(?>[0-9]+/[0-9]+|[0-9.]+(?:e-?[0-9]+)?))"
    r"\s*[*·×⋅]?\s*(?P<of>[^0-9./].*)"
)
_NEW = ("_new", " new", "new", "_", "'", "′", "⁺", "^+", "+", "_updated", "_next")
_REMARK = re.compile(
    r"\s*\((?:final|total|answer|result|end|exact|again|[0-9]+ (?:marks?|points?|pts?|punkte?))\)$",
    re.IGNORECASE,
)
_NUMBER = r"(?:[0-9]{1,3}[a-z]?|[a-z]|[iv]{2,4})"  # of an exercise: 4, 4a, b, iii
_NUMBERED = re.compile(
    rf"^(?:[-•*]|(?:(?:question|exercise|aufgabe|q|no\.?|nr\.?) ?)?{_NUMBER}(?:\)|[.:](?= ))"
    rf"|\({_NUMBER}\)[.:]?) ?(?=\S)",
    re.IGNORECASE,
)
_ADJOINT = re.compile(r"bar[\s_(]+(?P<before>.+)|(?P<letter>\w+?)_?bar(?P<index>[0-9₀-₉_]*)")
_DELTA = re.compile(r"(?:δ|delta)[\s_]*(?P<of>.+)")
_SCORES = ("{}", "net_{}", "net{}", "z{}", "z_{}", "a{}", "a_{}", "s{}", "s_{}", "in_{}", "n{}")
_PRIME = re.compile(r"(?P<of>[^\s'′/]+)\s*['′]\s*\((?P<by>[^()]+)\)?")


def _value(written: str, find: _Find) -> Quantity | None:
    """The value of a node: its name."""
    name = find(written)
    if name is None:
        bare = re.sub(r"(?i)^(?:the )?value of |^forward |[ .](?:value|data)$", "", written)
        name = find(bare)
    return Quantity("value", name) if name else None


def _derivative(written: str, find: _Find) -> Quantity | None:
    """A derivative, or a gradient of the output."""
    for of, by in _pairs(written):
        output = find(of)
        name = find(by) if output else None
        if output and name:
            return Quantity("derivative", output, name)
    match = _GRAD.fullmatch(written) or _OF_PROGRAMS.fullmatch(written)
    name = find(match[match.lastindex or 0].strip(" ()")) if match else None
    return Quantity("derivative", "", name) if name else None


def _second(written: str, find: _Find) -> Quantity | None:
    """A second derivative: d2l/dw2^2, ∂²ℓ/∂w₂∂w₄."""
    for form in (_TWICE, _BY_BOTH):
        match = form.fullmatch(written)
        names = [find(name) or "" for name in match.groups()] if match else []
        if names and all(names):
            of, by, *also = names
            return Quantity("second", of, by, also=also[0] if also else by)
    return None


def _named(written: str, find: _Find) -> Quantity | None:
    """δ₂, the gradient of the output by what went into unit 2; ℓ′(w); w̄₂, the gradient by w₂."""
    if match := _DELTA.fullmatch(written):
        scores = [find(form.format(match["of"].strip("_ ()"))) for form in _SCORES]
        if score := next(filter(None, scores), None):
            return Quantity("derivative", "", score)
    if match := _PRIME.fullmatch(written):
        of, by = find(match["of"]), find(match["by"])
        return Quantity("derivative", of, by) if of and by else None
    match = _ADJOINT.fullmatch(unicodedata.normalize("NFD", written).replace("\u0304", "bar"))
    name = find(match["before"] or match["letter"] + match["index"]) if match else None
    return Quantity("derivative", "", name) if name else None


def _pairs(written: str) -> Iterator[tuple[str, str]]:
    """What may be differentiated, and what by: more than one where letters run together."""
    for form in (_RATIO, _OPERATOR, _NABLA, _OF_BY):
        match = form.fullmatch(written) or form.fullmatch(_ENCLOSED.sub(r"\1", written))
        if match:
            groups = match.groupdict()
            yield groups["of"], groups.get("enclosed") or groups["by"]
    if written[:1] in ("d", "∂") and "/" not in written:
        inner = written[1:]
        for place in range(1, len(inner) - 1):
            if inner[place] in "d∂":
                yield inner[:place].rstrip("_ "), inner[place + 1 :]


def _update(written: str, find: _Find) -> Quantity | None:
    """A step of gradient descent: w2_new = w2 - 0.1*dl/dw2."""
    assigned = _ASSIGNED.fullmatch(written)
    formula = _STEP.fullmatch(assigned["formula"]) if assigned else None
    if not (assigned and formula):
        return None
    derivative = _derivative(formula["of"].strip(" ()"), find)
    try:
        step = read(formula["step"]).middle
    except UnreadableNumber:
        return None
    old = find(formula["old"])
    if old is None or derivative is None or derivative.by != old:
        return None
    if old not in map(find, _without_new(assigned["new"])):
        return None
    return Quantity("update", derivative.of, old, -step if formula["sign"] == "+" else step)


def _without_new(name: str) -> Iterator[str]:
    """The name of an updated weight, and without what may mark it as new."""
    yield name
    yield name.removeprefix("new").strip("_ ")
    for mark in _NEW:
        if name.endswith(mark):
            yield name.removesuffix(mark)


# Text --------------------------------------------------------------------------------------------

_from_tex = rewriting(
    (r"\\partial(?![A-Za-z])", "∂"),
    (r"\\delta(?![A-Za-z])", "δ"),
    (r"\\nabla\s*_\s*\{([^{}]*)\}", r"∇_\1 "),
    (r"\\nabla(?![A-Za-z])", "∇"),
    (r"\\ell(?![A-Za-z])", "ℓ"),
    (r"\\(?:cdot|times)(?![A-Za-z])", "*"),
    (r"\\(?:left|right|displaystyle)(?![A-Za-z])|\\[,;:! ]", " "),
    (r"\\(?:leftarrow|gets)(?![A-Za-z])", "←"),
    (r"\\(?:mathrm|mathit|text|operatorname|mathcal|mathbf)\s*\{([^{}]*)\}", r"\1"),
    (r"\\(?:wide)?(hat|bar|tilde|dot)\s*(?:\{([^{}]*)\}|([A-Za-z]))", r"\2\3\1"),
    (r"\^\s*\{?\s*\(([0-9]+)\)\s*\}?\s*_\s*(?:\{([0-9]+)\}|([0-9]))", r"\2\3_\1"),
    (r"_\s*(?:\{([0-9]+)\}|([0-9]))\s*\^\s*\{?\s*\(([0-9]+)\)\s*\}?", r"\1\2_\3"),
    (r"_\s*\{([^{}]*)\}", r"_\1"),
    (r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"\1/\2"),
    (r"\\([A-Za-z]+)", r"\1"),
    (r"\\_", "_"),
)
_DASHES = str.maketrans("−–‐δ", "---∂")


def _plain(text: str) -> str:
    """The text without Markdown's and TeX's marks, and without what only encloses it."""
    written = " ".join(plain_signs(text).split()).strip('`$" ')
    while len(written) > 1 and written[0] == written[-1] and written[0] in "*_`$":
        written = written[1:-1].strip()
    if "\\" in written or "{" in written:
        written = _from_tex(written)
    dashes = _DASHES if re.search(r"[δ].*/\s*[δ]", written) else {**_DASHES, ord("δ"): ord("δ")}
    written = " ".join(written.translate(dashes).split()).rstrip(" =:?.").strip()
    if written[:1] == "(" and written.find(")") == len(written) - 1:
        written = written[1:-1].strip()
    return written


def _typeset(name: str) -> str:
    """A name in Unicode where that reads as the same name, as h₁ does not for h_1."""
    written = typeset(name)
    try:
        return written if canonical(written) == name else name
    except ValueError:
        return name


# Names -------------------------------------------------------------------------------------------

# They all mean the output, where it has one of them; those beneath may mean something else too.
_OUTPUTS = frozenset(("l", "L", "loss", "J"))
_ALSO_OUTPUTS = frozenset(("E", "C", "cost", "error", "err"))
_WORDS_FOR_OUTPUT = frozenset(name for name in _OUTPUTS | _ALSO_OUTPUTS if len(name) > 1)


@lru_cache(maxsize=8)  # a sheet asks for many quantities of one program
def _finder(names: tuple[str, ...]) -> _Find:
    """What gives the name of the node that a text means; None where it means none, or several."""
    known = frozenset(names)
    squeezed = _by_spelling(names, _squeezed)
    folded = _by_spelling(names, lambda name: _squeezed(name).casefold())
    outputs: list[str] = []
    for usual in (_OUTPUTS, _ALSO_OUTPUTS, {"result"}):  # the last is an output without a name
        outputs = outputs or [name for name in names if name in usual]

    def find(text: str) -> str | None:
        text = text.strip(" ()`")
        if text in known:
            return text
        tight = text.replace(" ", "")
        try:
            name = canonical(tight)
        except ValueError:
            return None
        if name in known:
            return name
        if name in _OUTPUTS:
            return outputs[0] if len(outputs) == 1 else None
        tight = _squeezed(name)
        found = squeezed.get(tight) or folded.get(tight.casefold())
        is_output = name in _ALSO_OUTPUTS or name.casefold() in _WORDS_FOR_OUTPUT
        return outputs[0] if not found and is_output and len(outputs) == 1 else found

    return find


def _squeezed(name: str) -> str:
    return name.replace("_", "").replace(" ", "")


def _by_spelling(names: Iterable[str], spelled: Callable[[str], str]) -> dict[str, str]:
    """Names by a looser spelling, without those that share it."""
    found: dict[str, str] = {}
    for name in names:
        key = spelled(name)
        found[key] = "" if key in found else name
    return found


def _complaint(text: str, written: str, names: Collection[str], find: _Find) -> str:
    """One line on what is unknown, and the nearest quantities that are known."""
    got = printable(text)
    if re.match(r"(?:d|∂)(?:\^?2|²)", written):
        return f"a second derivative is written like ∂²ℓ/∂w₂² or ∂²ℓ/∂w₂∂w₄; got {got!r}"
    bare = re.sub("^(?:new|updated|next) ", "new ", written.partition("=")[0].strip())
    weight = next(filter(None, map(find, _without_new(bare))), None)
    if weight and weight != written and "/" not in written:
        name = _typeset(weight)
        return f"which step? write it like {name}_new = {name} − 0.1·∇{name}; got {got!r}"
    if "=" in written or "←" in written:
        return f"an update is written like w2_new = w2 - 0.1*dl/dw2; got {got!r}"
    of, by = next(_pairs(written), ("", ""))
    some = [*islice(names, 400)][::-1]  # the output comes first
    if find(of) and not find(by):
        unknown, of_known = by, find(of) or ""
        others = [name for name in some if name != of_known] or some
        known = [Quantity("derivative", of_known, name) for name in _nearest(by, others)]
    elif find(by) and not find(of):
        unknown, by_known = of, find(by) or ""
        known = [Quantity("derivative", name, by_known) for name in _nearest(of, some)]
    else:
        grad = _GRAD.fullmatch(written)
        unknown = (grad["before"] or grad["after"]) if grad else of or written
        kind: Literal["value", "derivative"] = "derivative" if grad else "value"
        known = [
            Quantity(kind, "" if grad else name, name if grad else "")
            for name in _nearest(unknown, some)
        ]
    inside = "" if unknown == written else f" in {got!r}"
    near = ", ".join(map(shown, known))
    return f"no node is named {printable(unknown.strip(' ()'))!r}{inside}; known are {near}, …"


def _nearest(unknown: str, names: list[str]) -> list[str]:
    return nearest(printable(unknown), names, 2, 0.4) or names[:3]
