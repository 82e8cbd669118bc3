"""A deck as a text: for every slide what it states, its program, and what is claimed of it.

    ## B23 The first factor
    What the slide states, in our words.

    - uses: path                         the program path.sg; or a block ```sg
    - slide: ∂ℓ/∂ŷ ≡ 2 (ŷ − y)           a formula, tried at a hundred random points
    - slide: ∂ℓ/∂ŷ = -1.2                a number; also ≈, <, >, ≠
    - follows: …, ours: …                what is computed from the slide's numbers, or from ours
    - B4: y = 1                          what another slide prints
    - slide(Weight Decay): λ = 0.02      what stands beside the number there
    - A refuted: …                       an option of a quiz; the claims after it are what it states
    - paths: w₂ = 1                      how many paths lead from it to the output
    - run: gradient_descent              a function of demonstrations
    - picture: of=yhat wrt=h2 refit      of the program: options of draw, methods of its drawing
    - ask: question | answer             an exercise, where the claims make none
    - passes: …, - flagged: … | mistake  what the checker says of answers

In a program a comment tells where the numbers of its line are from: # B3, # follows or # ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

from scalargrad.engine.value import Value
from scalargrad.files import write_all
from scalargrad.graph.derivation import derive
from scalargrad.language.reading import program
from scalargrad.lectures import demonstrations
from scalargrad.lectures.statements import (
    HOLDS,
    ORIGINS,
    OURS,
    SLIDE,
    WRONG,
    Claim,
    Option,
    Picture,
    identity,
    mark,
    marked,
    number,
    same,
)
from scalargrad.notation.names import typeset
from scalargrad.notation.numbers import decimal, fraction
from scalargrad.notation.words import in_columns, printable
from scalargrad.view.drawing import draw

Shown = Any  # a Claim, an Option, a Picture, or what is printed as it is

_WIDTH = 60  # of a row's title on its line
_COLUMNS = 100
_ASKED = ("wrt", "style", "detail", "direction")  # of draw
_HEAD = re.compile(r"^## (\S+) +(.+)$", re.MULTILINE)
_PROGRAM = re.compile(r"^```sg\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(
    r"^- ([^\s:()]+)(?: (confirmed|refuted))?(?:\(((?:[^()]|\([^()]*\))*)\))?: +(.+)$", re.MULTILINE
)
_RELATION = re.compile(r"(.+) ([=≈<>≠]) (.+)")
_LABEL = re.compile("[BN][0-9]+")
_SOURCE = re.compile(r"(.*)# *([BN][0-9]+|follows|ours)\b(?:\(([^)]*)\))?")


class Item(NamedTuple):
    """A line of a row: `- word option(called): rest`."""

    word: str
    option: str
    called: str
    rest: str


class Input(NamedTuple):
    """A number that a program begins with, and where it is from."""

    name: str
    number: str
    origin: str
    slide: str
    called: str


@dataclass(frozen=True)
class Row:
    """A slide, or another label, and what it states.

    Attributes:
        label: as in "B23".
        title: a few words.
        states: what is stated, in our words.
        text: the program, "" for none.
        items: the lines that are run.
    """

    label: str
    title: str
    states: str
    text: str
    items: tuple[Item, ...]

    @property
    def inputs(self) -> list[Input]:
        """The numbers of the program, each with its origin.

        Raises:
            ValueError: for a line with numbers that does not say where they are from.
        """
        if not self.text.strip():
            return []
        made = program(self.text)
        waiting = set(made.inputs)
        found = []
        for line in filter(None, map(_SOURCE.match, self.text.splitlines())):
            origin, slide = _origin(line[2], self.label)
            for name in program(line[1]).inputs:
                waiting.remove(name)
                written = _decimal(made[name].data)
                found.append(Input(typeset(name), written, origin, slide, line[3] or ""))
        if waiting:
            raise ValueError(f"{self.label}: where are {', '.join(sorted(waiting))} from?")
        return found

    def outcome(self, seeds: Sequence[int] = range(3)) -> Outcome:
        """What comes out when it is run, its experiments on some seeds."""
        shown: list[Shown] = []
        option: list[Any] = []  # letter, sentence, expected
        claims: list[Claim] = []
        for item in [*self.items, Item("end", "confirmed", "", "")]:
            if item.option:
                if option:
                    shown.append(Option(option[0], option[1], tuple(claims), option[2]))
                option, claims = [item.word, item.rest, item.option], []
            elif option:
                claims += [thing for thing in self._shown(item, seeds) if isinstance(thing, Claim)]
            else:
                shown += self._shown(item, seeds)
        return Outcome(self, shown)

    def _shown(self, item: Item, seeds: Sequence[int]) -> Iterator[Shown]:
        if item.word == "run":
            name, *options = item.rest.split()
            yield from getattr(demonstrations, name)(self.text, tuple(seeds), *options)
        elif item.word == "paths":
            yield from _paths(program(self.text).output, *item.rest.split(" = "))
        elif item.word == "picture":
            yield Picture("picture", self._drawn(item.rest.split()))
        elif item.word == "ask":
            return
        elif item.word == "passes":
            yield marked(self.text, _answers(item.rest))
        elif item.word == "flagged":
            answers, *mistakes = item.rest.split(" | ")
            yield marked(self.text, _answers(answers), mistakes)
        else:
            origin, slide = _origin(item.word, self.label)
            yield replace(self.claimed(item.rest), origin=origin, slide=slide, called=item.called)

    def claimed(self, text: str) -> Claim:
        """The claim that a line makes of the program."""
        asked, sign, formula = text.partition(" ≡ ")
        if sign:
            return identity(self.text, asked, formula)
        match = _RELATION.fullmatch(text)
        if not match:
            raise ValueError(f"{self.label}: a claim is written like ∂ℓ/∂w₂ = -.24; got {text!r}")
        return number(self.text, *match.groups())

    @property
    def _heading(self) -> str:
        """The title of a picture, which says whose numbers it has."""
        printed = [entry.name for entry in self.inputs if entry.origin == SLIDE]
        other = f" but {', '.join(printed)}" if printed else ""
        return f"{self.label}: {self.title} (numbers ours{other})"

    def _drawn(self, words: Sequence[str]) -> Any:
        """The picture `of` some nodes, after backward or `forward` only, refined word by word."""
        made = program(self.text)
        options = {name: value for name, _, value in (word.partition("=") for word in words)}
        of = options.pop("of", "")
        outputs = made.vectors.get(of) or [made[name] for name in of.split(",") if name]
        outputs = outputs or made.outputs
        if options.pop("forward", None) is None:
            for output in outputs:
                output.backward()
        asked: dict[str, Any] = {name: options.pop(name) for name in _ASKED if name in options}
        drawing = draw(outputs, **asked).titled(self._heading)
        for method, value in options.items():
            drawing = getattr(drawing, method)(*filter(None, value.split(",")))
        return drawing


def _origin(word: str, label: str) -> tuple[str, str]:
    """What a word says of an origin, with the slide on which the number is printed."""
    if word in ORIGINS:
        return word, label if word == SLIDE else ""
    if not _LABEL.fullmatch(word):
        raise ValueError(f"{label}: an origin is {', '.join(ORIGINS)} or a slide; got {word!r}")
    return SLIDE, word


def _paths(output: Value, start: str, count: str) -> Iterator[Shown]:
    """The chain rule along each path, and the claim that there are so many."""
    found = derive(output, start)
    yield str(found)
    yield same(f"paths from {start} to {typeset(output.label)}", int(count), found.count)


def _decimal(exact: Any) -> str:
    """A number as it is typed: 0.1, and 1/3 where there is no such decimal."""
    written = decimal(exact, 12)
    return written if Fraction(written.replace("−", "-")) == exact else fraction(exact)


def _answers(text: str) -> Mapping[str, str]:
    """As in "∂ℓ/∂ŷ = -1.2; ∂ℓ/∂w₂ = -.24"."""
    pairs = (part.rpartition(" = ") for part in text.split("; "))
    return {name: written for name, _, written in pairs}


def read_rows(text: str) -> tuple[Row, ...]:
    """The rows of a deck's text, in order."""
    _, *parts = _HEAD.split(text)
    return tuple([_row(*part) for part in zip(*[iter(parts)] * 3, strict=True)])


def _row(label: str, title: str, body: str) -> Row:
    block = _PROGRAM.search(body)
    lines = _PROGRAM.sub("", body)
    items = tuple([Item(*match.groups("")) for match in _ITEM.finditer(lines)])
    states = " ".join(_ITEM.sub("", lines).split())
    if " - " in f" {states}":
        raise ValueError(f"{label}: a line is written like - slide: ∂ℓ/∂w₂ = -.24; got {states!r}")
    used = [item.rest for item in items if item.word == "uses"]
    read = "".join((files(__package__) / f"{n}.sg").read_text(encoding="utf-8") for n in used)
    read += block[1] if block else ""
    return Row(label, title, states, read, tuple(item for item in items if item.word != "uses"))


@dataclass(frozen=True)
class Outcome:
    """What a row showed."""

    row: Row
    shown: list[Shown]

    @cached_property
    def claims(self) -> list[Claim]:
        """What was stated; of an option of a quiz, that it comes out as it should."""
        label = self.row.label
        return [
            replace(thing.claim, slide=label) if isinstance(thing, Option) else thing
            for thing in self.shown
            if isinstance(thing, Claim | Option)
        ]

    @property
    def is_met(self) -> bool:
        """Whether nothing is wrong."""
        return all(claim.is_met for claim in self.claims)

    @property
    def line(self) -> str:
        """One line: the row, and how many claims are of which origin; then the wrong ones."""
        sign = mark(HOLDS if self.is_met else WRONG)
        states = printable(self.row.title, _WIDTH)
        width = 4 if _LABEL.fullmatch(self.row.label) else 16
        head = f"{sign} {self.row.label:{width}} {by_origin([self]):32} {states}"
        return "\n".join([head, *(_indented(str(c)) for c in self.claims if not c.is_met)])

    @property
    def text(self) -> str:
        """Everything: the program with its numbers, the claims in a table, pictures by name."""
        row = self.row
        parts = [f"{row.label}  {row.title}", _indented(fill(row.states, _COLUMNS - 4))]
        if row.text.strip():
            parts += ["", _indented(row.text.strip(), 8), ""]
        parts += map(_indented, in_columns([claim.cells for claim in self.claims], most=72))
        parts += [_indented(thing) for thing in self.shown if isinstance(thing, str)]
        parts += [f"    picture {self._file(i)}: {picture.caption or self.caption}"
                  for i, picture in enumerate(self._pictures)]  # fmt: skip
        if not self.claims:
            parts.append("    there is nothing to run")
        return "\n".join(parts)

    @property
    def caption(self) -> str:
        """Which numbers of its program are the slide's, and which are ours."""
        if all(entry.origin == OURS for entry in self.row.inputs):
            return "its numbers are ours"
        groups: dict[str, list[str]] = {}
        for name, value, origin, *_ in self.row.inputs:
            groups.setdefault("the slides'" if origin == SLIDE else origin, []).append(
                f"{name} = {value}" if origin == SLIDE else name
            )
        parts = [f"{', '.join(names)} {'are' if len(names) > 1 else 'is'} {origin}"
                 for origin, names in groups.items()]  # fmt: skip
        return "; ".join(parts)

    @property
    def record(self) -> dict[str, Any]:
        """The same as data."""
        return {
            "slide": self.row.label,
            "title": self.row.title,
            "states": self.row.states,
            "program": self.row.text,
            "inputs": [entry._asdict() for entry in self.row.inputs],
            "claims": [vars(claim) for claim in self.claims],
            "pictures": [self._file(i) for i in range(len(self._pictures))],
            "holds": self.is_met,
        }

    @property
    def _pictures(self) -> list[Picture]:
        return [thing for thing in self.shown if isinstance(thing, Picture)]

    def save(self, folder: Path) -> list[Path]:
        """Write the pictures into a folder."""
        paths = [folder / self._file(i) for i in range(len(self._pictures))]
        contents = [picture.content() for picture in self._pictures]
        write_all(list(zip(paths, contents, strict=True)))
        return paths

    def _file(self, i: int) -> str:
        name = self._pictures[i].name
        several = f"-{i + 1}" if name == "picture" and i else ""
        return f"{self.row.label}-{name}{several}.svg"


def by_origin(outcomes: Sequence[Outcome]) -> str:
    """How many numbers, formulas and sentences are the slides', follow, or are ours."""
    every = [entry.origin for outcome in outcomes for entry in outcome.row.inputs]
    every += [claim.origin for outcome in outcomes for claim in outcome.claims]
    counts = [(every.count(origin), origin) for origin in ORIGINS]
    return ", ".join(f"{count} {origin}" for count, origin in counts if count) or "nothing to run"


def _indented(text: str, by: int = 4) -> str:
    return "\n".join(f"{'':{by}}{line}".rstrip() for line in text.splitlines())
