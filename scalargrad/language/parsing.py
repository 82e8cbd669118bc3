"""Program text → statements: what is named, what is called, and the steps of each right side."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import NamedTuple

from scalargrad.language import answers
from scalargrad.language.expressions import Source, Yard, short
from scalargrad.language.indices import place_of
from scalargrad.language.steps import Call, Statement, Step
from scalargrad.language.tokens import LocatedError, Token, tokens
from scalargrad.language.vectors import LIST, indexed
from scalargrad.notation.names import typeset


class _Part(NamedTuple):
    """Tokens from `start` to `stop`; `equals` is the place of the = among them, or -1."""

    start: int
    stop: int
    equals: int
    is_last: bool  # of its line


def _parts(source: list[Token]) -> Iterator[_Part]:
    depth, start, equals = 0, 0, -1
    for place, token in enumerate(source):
        kind = token.kind
        if kind in ("(", "[", "{"):
            depth += 1
        elif kind in (")", "]", "}"):
            depth = max(0, depth - 1)
        elif kind == "end" or (kind == "," and depth == 0):
            if place > start or kind == ",":
                yield _Part(start, place, equals, kind == "end")
            start, equals = place + 1, -1
            depth = 0
        elif kind == "=" and depth == 0 and equals < 0:
            equals = place


def parsed(text: str, given: Collection[str] = ()) -> list[Statement]:
    """The statements of a program.

    Args:
        text: of the program.
        given: names of inputs.
    """
    source = Source(tokens(text), given=given, of_library=of_library)
    statements: list[Statement] = []
    drafts = list(_drafts(source))
    if not drafts:
        raise LocatedError("the program is empty; write name = expression", 0)
    _classify(source, drafts)
    for draft in drafts:
        statements.append(_statement(source, draft, is_last=draft is drafts[-1]))
    return statements


class _Draft(NamedTuple):
    """A statement before its right side is read."""

    names: tuple[str, ...]
    parameters: tuple[str, ...] | None
    first: int  # token of the statement
    rights: tuple[tuple[int, int], ...]  # expressions, by their tokens


def _drafts(source: Source) -> Iterator[_Draft]:
    tokens = source.tokens
    waiting: list[_Part] = []  # parts without = that begin a line
    line: list[_Draft] = []
    for part in _parts(tokens):
        if part.equals >= 0:
            names, parameters = _target(tokens, part.start, part.equals)
            targets = [name for early in waiting for name in _plain_target(tokens, early)] + names
            first = (waiting or [part])[0].start
            waiting = []
            line.append(_Draft(tuple(targets), parameters, first, ((part.equals + 1, part.stop),)))
        elif line and len(line[-1].names) > len(line[-1].rights) > 0 and part.stop > part.start:
            last = line.pop()
            line.append(last._replace(rights=(*last.rights, (part.start, part.stop))))
        else:
            if part.start == part.stop and not (line and part.is_last):
                raise tokens[part.start].refused(
                    "a ',' stands between statements, names or operands; here is none"
                )
            if line:
                _refuse_decimal_comma(tokens, line[-1].rights[-1], part)
            if part.stop > part.start:
                waiting.append(part)
        if part.is_last:
            yield from _ended(tokens, line, waiting)
            line, waiting = [], []
    yield from _ended(tokens, line, waiting)  # that of a text which ends with a comma


def _ended(tokens: list[Token], line: list[_Draft], waiting: list[_Part]) -> Iterator[_Draft]:
    """The statements of a line; what waits for an = is one without a name."""
    yield from line
    if waiting:
        if len(waiting) > 1:
            _refuse_decimal_comma(tokens, (waiting[0].start, waiting[0].stop), waiting[1])
        rights = tuple((early.start, early.stop) for early in waiting)
        yield _Draft((), None, waiting[0].start, rights)


def _target(
    tokens: list[Token], start: int, equals: int
) -> tuple[list[str], tuple[str, ...] | None]:
    """The name before an =, and the parameters of a function."""
    left = tokens[start:equals]
    match [token.kind for token in left]:
        case ["name"]:
            return [left[0].text], None
        case ["name", "[", *_, "]"]:
            name, place = left[0], place_of(tokens, start + 1)[0]
            if any(index for index, _ in place):
                raise name.refused("an index on the left is a number, as in w[1]")
            return [indexed(name.text, [n for _, n in place])], None
        case ["name", "(", *inner, ")"] if inner[::2] and set(inner[::2]) == {"name"}:
            if set(inner[1::2]) <= {","} and len(inner) % 2:
                return [left[0].text], tuple(token.text for token in left[2:-1:2])
    kinds = [token.kind for token in left]
    if kinds == ["number"]:
        raise left[0].refused("a name stands before =; an index of two numbers is written W_{1,2}")
    if left and kinds[0] == "(" and kinds[-1] == ")":
        raise left[0].refused("names are taken apart without brackets: p, q = …")
    if kinds[:1] == ["name"] and {"^", "power"} & {*kinds}:
        raise left[1].refused(
            f"a power is not assigned to: a layer is typed {left[0].text}_(2), another name "
            f"{left[0].text}2 or {left[0].text}_new"
        )
    if kinds[:2] == ["name", "name"] and left[0].text in answers.WORDS:
        raise left[0].refused(f"'{left[0].text}': {answers.WORDS[left[0].text]}")
    if kinds[-1:] == ["name"] and (kinds[0] != "name" or kinds[1] == ")"):
        marks = short("".join(token.text for token in left[:-1]))
        raise left[0].refused(f"a statement begins with its name; leave out {marks}")
    message = "one '=' follows the name that a statement begins with, and no other"
    raise tokens[equals].refused(message)


def _plain_target(tokens: list[Token], part: _Part) -> list[str]:
    names, parameters = _target(tokens, part.start, part.stop)
    if parameters is not None:
        raise tokens[part.start].refused("a function is defined alone")
    return names


def _refuse_decimal_comma(tokens: list[Token], before: tuple[int, int], part: _Part) -> None:
    last, first = tokens[before[1] - 1], tokens[part.start]
    if last.kind == first.kind == "number":
        left, right = short(last.text), short(first.text)
        number = f"{left.replace('.', '')}.{right}"
        raise LocatedError(
            f"a ',' parts statements; a number is written {number}, and a vector [{left}, {right}]",
            last.end,
        )


def _classify(source: Source, drafts: list[_Draft]) -> None:
    """Find out what is assigned, what is called, and what stands for a node."""
    tokens = source.tokens
    calls: set[str] = set()
    for draft in drafts:
        for start, stop in draft.rights:
            for place in range(start, stop):
                token = tokens[place]
                if token.kind == "name":
                    names = calls if tokens[place + 1].kind == "(" else source.bare
                    names.add(token.text)
    for draft in drafts:
        if draft.parameters is not None and draft.names[-1] in calls:
            source.definitions.setdefault(draft.names[-1], len(draft.parameters))
        else:
            source.assigned.update(draft.names)


def _statement(source: Source, draft: _Draft, *, is_last: bool) -> Statement:
    """Read the right side of a statement."""
    tokens = source.tokens
    first = tokens[draft.first]
    if not draft.names:
        _check_nameless(source, draft, is_last)
    name = draft.names[-1] if draft.names else ""
    parameters = draft.parameters if name in source.definitions else None
    if parameters is not None:
        if len(set(parameters)) < len(parameters):
            raise first.refused(f"a parameter of '{name}' stands twice")
        for parameter in parameters:
            if parameter in source.assigned or parameter in source.given:
                raise first.refused(
                    f"'{typeset(parameter)}' is a node, and cannot be a parameter of '{name}' too"
                )
    steps: list[Step] = []
    for start, stop in draft.rights:
        steps += Yard(source, start, stop, parameters or ()).steps()
    if len(draft.rights) > 1:
        if draft.names and len(draft.names) != len(draft.rights):
            raise first.refused(
                f"{len(draft.names)} names take {len(draft.names)} values; got {len(draft.rights)}"
            )
        steps.append(Call(LIST, len(draft.rights), first.position))
    return Statement(draft.names, first.position, steps, parameters)


def _check_nameless(source: Source, draft: _Draft, is_last: bool) -> None:
    tokens = source.tokens
    first = tokens[draft.first]
    for token in tokens[draft.first : draft.first + 2]:
        if source.is_word(token):
            raise token.refused(f"'{token.text}': {answers.WORDS[token.text]}")
    if first.kind in ("%", "//"):
        raise first.refused("a comment begins with #")
    for place in range(draft.first, draft.rights[-1][1]):
        if tokens[place].kind in ("←", "+=", "-=", "*=", "/=", "^=", "%=", "@="):
            name = typeset(first.text)
            message = f"'{name}' is assigned twice; call the new one {name}_new"
            if first.text not in source.assigned:
                message = f"a name is given with =, as in {name} = …"
            raise tokens[place].refused(message)
        if answers.is_foreign(tokens[place].kind):
            raise tokens[place].refused(answers.about_sign(tokens[place].text))
    before = tokens[draft.first - 1] if draft.first > 1 else first
    is_line = before.kind == "end" and ";" not in before.text
    if is_line and first.kind in ("+", "-"):
        raise first.refused(
            f"a line that begins with {first.kind} has two readings: put the {first.kind} at the "
            "end of the line before, or give the line a name"
        )
    if not is_last:
        raise first.refused("only the last statement may go without a name; write name = …")


@cache
def of_library(text: str) -> Statement:
    """A function of the library, parsed when it is first called."""
    source = Source(tokens(text), of_library=of_library)
    (draft,) = _drafts(source)
    source.definitions[draft.names[0]] = len(draft.parameters or ())
    for token in source.tokens:
        if token.kind == "name" and token.text in (draft.parameters or ()):
            source.bare.add(token.text)
    return _statement(source, draft, is_last=True)
