"""Program text, read as a graph of Values.

    x = 2; w = -6/25        # a statement that is only a number makes a leaf
    h = relu(w x + 0.1)     # in other places numbers are constants
    (h − 1)²                # the last statement may go without a name: it is `result`

Numbers are exact; `~0.1` is the float 0.1. `ŷ` and `yhat`, `w₂` and `w2` are the same name, `h = x`
is a second name for the same Value, and a name such as `_1` leaves its Value without a label.
Vectors and matrices are names for scalars: `x = [1, 2]` makes x₁ and x₂.

The text becomes tokens, the tokens become steps, and a stack machine takes the steps.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from scalargrad.engine.backward import topological_order
from scalargrad.engine.ops import CONSTANT
from scalargrad.engine.rebuild import check_taken
from scalargrad.engine.value import Value
from scalargrad.errors import DomainError, ProgramError, located
from scalargrad.language import answers, library
from scalargrad.language.expressions import CONSTANTS
from scalargrad.language.indices import elements, elements_among
from scalargrad.language.parsing import parsed
from scalargrad.language.running import LocatedDomainError, Machine
from scalargrad.language.steps import (
    Apply,
    Call,
    Element,
    Loop,
    Name,
    Number,
    Statement,
    Step,
)
from scalargrad.language.tokens import LocatedError
from scalargrad.language.vectors import (
    LIST,
    MISPLACED,
    Array,
    Condition,
    Thing,
    indexed,
    spelled,
    words,
)
from scalargrad.notation.names import NotAName, canonical, typeset
from scalargrad.notation.names import parsed as name_parts
from scalargrad.notation.words import did_you_mean, printable


def program(text: str, inputs: Mapping[str, Any] | None = None, /, **named: Any) -> Program:
    """The Values that a program text describes, by name.

    Args:
        text: statements `name = expression`, on lines or parted by `;` or `,`.
        inputs: what the names stand for that the text uses and does not assign, and literals that
            shall be others: text ("2", exact), int, float, Fraction, Value, …; a list for a vector.
        named: more inputs.

    Raises:
        ProgramError: for a text that cannot be read, and inputs that are missing or not used.
        DomainError: for an operation outside its domain.
        TypeError: for an input that is no scalar.

    >>> p = program("h = w x; loss = (h - 1)^2", x="2", w="0.8")
    >>> p["loss"].data
    Fraction(9, 25)
    """
    try:
        given = _by_canonical_name([*(inputs or {}).items(), *named.items()])
        return _evaluated(parsed(text, given), given)
    except LocatedDomainError as error:
        raise DomainError(located(error.message, text, error.position)) from error.__cause__
    except LocatedError as error:
        raise ProgramError(error.message, text, error.position) from None


def inputs_of(text: str) -> tuple[str, ...]:
    """The names that a program text uses and does not assign, in canonical spelling.

    Raises:
        ProgramError: for a text that cannot be read.

    >>> inputs_of("h = w*x; loss = (h - 1)^2")
    ('w', 'x')
    """
    try:
        return tuple(_needed(parsed(text), ()))
    except LocatedError as error:
        raise ProgramError(error.message, text, error.position) from None


class Program(Mapping[str, Value]):
    """The Values of a program by name: given inputs first, then the assignments as written.

    Attributes:
        inputs: the names of the leaves: inputs that were given, and literals.
        output: the Value of the last statement, of a vector its last element.
        outputs: the Values of the last statement: one, or the elements of a vector.
        vectors: the vectors and matrices by name: lists of Values, and lists of such lists.

    >>> p = program("yhat = 3*x; yhat - 1", x=2)
    >>> list(p), p.inputs, p["ŷ"].data, p.output.data
    (['x', 'yhat', 'result'], ('x',), 6, 5)
    >>> p = program("x = [1, 2]; h = relu(x - 1)")
    >>> list(p), [h.data for h in p.outputs], p.vectors["h"] == list(p.outputs)
    (['x1', 'x2', 'h1', 'h2'], [0, 1], True)
    """

    __slots__ = ("_values", "inputs", "output", "outputs", "vectors")

    def __init__(
        self,
        values: Mapping[str, Value],
        inputs: Iterable[str],
        outputs: Sequence[Value] = (),
        vectors: Mapping[str, Any] | None = None,
    ) -> None:
        self._values = dict(values)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs) or (self._values[next(reversed(self._values))],)
        self.output = self.outputs[-1]
        self.vectors = dict(vectors or {})

    def __getitem__(self, name: str) -> Value:
        """The Value of a name in any of its spellings."""
        with suppress(KeyError, NotAName, TypeError):
            return self._values[spelled(name)]
        with suppress(NotAName, TypeError):
            if canonical(name) in self.vectors:
                raise KeyError(f"{name!r} is a vector: ask for .vectors[{name!r}], or an element")
        raise KeyError(f"{name!r} is no name in {self!r}{did_you_mean(str(name), self)}")

    def __iter__(self) -> Iterator[str]:
        """The canonical names, in order."""
        return iter(self._values)

    def __len__(self) -> int:
        """The number of names."""
        return len(self._values)

    def __repr__(self) -> str:
        """The first names and the last."""
        names = list(self)
        return f"<program {', '.join(names if len(names) < 9 else [*names[:7], '…', names[-1]])}>"

    def _repr_latex_(self) -> str:
        """Its equations, as they stand on a board."""
        from scalargrad.graph.board import board

        return board(*self.outputs)


# Inputs ------------------------------------------------------------------------------------------


def _by_canonical_name(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for written, value in items:
        try:
            name = canonical(written)
        except NotAName as error:
            raise LocatedError(f"the input {written!r}: {error.message}", 0) from None
        if name in given:
            raise LocatedError(f"the input '{name}' is given twice", 0)
        given[name] = value
    return given


def _steps(statement: Statement) -> Iterator[tuple[Step, frozenset[str]]]:
    """All steps, those inside sums too, each with the indices that are known there."""
    known = frozenset(statement.parameters or ())
    waiting: list[tuple[Iterator[Step], frozenset[str]]] = [(iter(statement.steps), known)]
    while waiting:
        steps, local = waiting[-1]
        for step in steps:
            yield step, local
            if isinstance(step, Loop):
                inside = local | {index.name for index in step.indices}
                waiting.append((iter(step.body), inside))
                break
        else:
            waiting.pop()


def _needed(statements: Sequence[Statement], given: Collection[str]) -> dict[str, int]:
    """The names that are used and not assigned, and where each is used first."""
    needed: dict[str, int] = {}
    everywhere = {name for each in statements if each.parameters is None for name in each.names}
    assigned: set[str] = set()
    for statement in statements:
        is_definition = statement.parameters is not None
        known = everywhere if is_definition else assigned
        for step, local in _steps(statement):
            for name, position in _used(step, local, known, given):
                if name not in local and name not in known:
                    needed.setdefault(name, position)
        for name in statement.names:
            if name in assigned:
                raise LocatedError(
                    f"'{_shown(name)}' is assigned twice; call the new one {_shown(name)}_new",
                    statement.position,
                )
            if name in needed:
                message = f"'{_shown(name)}' is used before it is assigned"
                raise LocatedError(message, needed[name])
            if not is_definition:
                assigned.add(name)
    return needed


_ELEMENT = re.compile(r"(?:__)?[0-9]+")


def _used(
    step: Step, local: Collection[str], known: Collection[str], given: Collection[str]
) -> Iterator[tuple[str, int]]:
    """The names that a step needs."""
    if isinstance(step, Name):
        name = step.name
        if name in known or name in given or name in local:
            yield name, step.position
            return
        if name in CONSTANTS:
            return
        bases = [base for base, _ in elements_among(name, local)]
        if bases:
            base = next((base for base in bases if base in known or base in given), bases[-1])
            yield from _vector(base, step.position, known, given)
            return
        base = _base_of(name)
        yield (base if base in known or base in given else name), step.position
    elif isinstance(step, Element):
        if step.name in local:
            return
        if any(index for index, _ in step.place):
            yield from _vector(step.name, step.position, known, given)
            return
        element = indexed(step.name, [max(1, shift) for _, shift in step.place])
        is_whole = step.name in known or step.name in given
        yield (step.name if is_whole and element not in known else element), step.position
    elif isinstance(step, Loop):
        for index in step.indices:
            for bound in (index.first, index.last):
                if isinstance(bound, str) and bound not in {other.name for other in step.indices}:
                    yield bound, index.position


def _base_of(name: str) -> str:
    """The vector that a name with indices may be an element of."""
    if "_" not in name:
        return name.rstrip("0123456789")
    parts = name_parts(name)
    return parts._replace(indices=parts.indices[:-1]).plain if parts else name


def _vector(
    name: str, position: int, known: Collection[str], given: Collection[str]
) -> Iterator[tuple[str, int]]:
    """What an element of a sum needs: the vector, or the names that are like its elements."""
    if name not in known and name not in given:
        names = [n for n in (*known, *given) if n.startswith(name) and
                 _ELEMENT.fullmatch(n, len(name))]  # fmt: skip
        if names:
            yield from ((other, position) for other in names)
            return
    yield name, position


def _check_given(
    given: Mapping[str, Any], needed: Mapping[str, int], statements: Sequence[Statement]
) -> None:
    """Refuse an input that has no place, and list all that are missing."""
    if given:
        assigned = {name: statement for statement in statements for name in statement.names}
        replaced = {name for statement in statements for name in _replaceable(statement)}
        for name in given:
            if name in assigned and name not in replaced:
                message = f"'{name}' is computed here, and cannot be given as an input"
                raise LocatedError(message, assigned[name].position)
            if name not in replaced and name not in needed:
                hint = did_you_mean(name, [*needed, *assigned])
                raise LocatedError(f"the program has no input '{name}'{hint}", 0)
    missing = [name for name in needed if name not in given]
    if missing:
        known = [name for statement in statements for name in statement.names] + list(given)
        more = f" and {len(missing) - 20} more" if len(missing) > 20 else ""
        hint = _about_missing(missing[0], {*known, *needed} - {*missing})
        hint = hint or did_you_mean(missing[0], known, likeness=0.7)
        listed = ", ".join(_shown(name) for name in missing[:20])
        message = f"no value is given for {listed}{more}{hint}"
        raise LocatedError(message, needed[missing[0]])


def _about_missing(name: str, known: Collection[str]) -> str:
    """What a name without a value may have been meant for; "" where nothing is likely."""
    about = answers.FUNCTIONS.get(answers.key(name))
    if about and len(name) > 2:
        return f"; '{typeset(name)}': {about}"
    vectors = [base for base, _ in elements(name) if base in known]
    if vectors:
        return f"; an element of {typeset(vectors[0])} is written {vectors[0]}[1], and in a sum Σ_i"
    if name.endswith("prime") and name.removesuffix("prime") in known:
        return f"; a transpose is written {typeset(name.removesuffix('prime'))}ᵀ"
    if name[0] == "d" and name[1:] in known:
        return f"; {answers.FUNCTIONS['derivative']}"
    if name in answers.UNITS:
        return f"; a unit is left out, or stands in a comment: # {name}"
    text = typeset(name)
    for cut in range(1, len(text)):
        with suppress(NotAName):
            left, right = canonical(text[:cut]), canonical(text[cut:])
            is_factor = left in known or left in CONSTANTS
            if right in known and (is_factor or (cut > 1 and library.function(left))):
                what = "product" if is_factor else "function"
                return f"; a {what} is written {text[:cut]} {text[cut:]}"
    return ""


def _shown(name: str) -> str:
    """A name in a message: as it is typed, or as it is printed where that is no plain word."""
    plain = name.isascii() and "prime" not in name and "__" not in name
    return printable(name if plain else typeset(name), 60)


def _replaceable(statement: Statement) -> Iterator[str]:
    """The names of a statement for which an input may be given: those of literals."""
    if statement.parameters is not None:
        return
    places = _literal_places(statement.steps)
    if statement.literal is not None or (places and len(statement.names) == 1):
        yield statement.names[0] if statement.names else "result"
        for place in places:
            yield indexed(statement.names[0], place)
    elif places and all(len(place) == 1 for place in places):
        yield from statement.names


def _literal_places(steps: Sequence[Step]) -> list[tuple[int, ...]]:
    """The places of a vector or matrix that is written in numbers alone; [] for anything else."""
    if not isinstance(steps[-1], Call) or steps[-1].called is not LIST:
        return []
    lists = [step.arity for step in steps if isinstance(step, Call) and step.called is LIST]
    numbers = [step for step in steps if isinstance(step, Number) and step.bare]
    if len(numbers) + len(lists) < len(steps):
        return []
    if len(lists) == 1:
        return [(i,) for i in range(1, lists[0] + 1)]
    return [(i, j) for i, width in enumerate(lists[:-1], 1) for j in range(1, width + 1)]


# Statements --------------------------------------------------------------------------------------


def _evaluated(statements: Sequence[Statement], given: Mapping[str, Any]) -> Program:
    """Take the steps of all statements, from the inputs."""
    needed = _needed(statements, given)
    _check_given(given, needed, statements)
    run = _Run(given)
    for name, position in needed.items():
        run.leaf(name, given[name], position)
    found: list[Value] = []
    for statement in statements:
        if statement.parameters is not None:
            run.define(statement)
        else:
            found = run.take(statement)
    machine = run.machine
    if not machine.values:
        raise LocatedError("a program computes something: call what it defines", 0)
    if machine.without_value:
        nodes = topological_order(*machine.values.values(), *found)
        used = {parent for node in nodes for parent in node.parents}
        check_taken([node for node in nodes if node not in used], machine.without_value)
    vectors = {name: _as_lists(array) for name, array in machine.arrays.items()}
    return Program(machine.values, run.leaves, found, vectors)


def _as_lists(array: Array) -> list[Any]:
    if len(array.shape) == 1:
        return list(array.items)
    return [list(row) for row in array.rows]


class _Run:
    """What the statements of a program have named so far."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.machine = Machine({})
        self.leaves: list[str] = []

    def leaf(self, name: str, data: Any, position: int) -> list[Value]:
        """An input: a scalar, or a vector of them."""
        if isinstance(data, str) and data.lstrip().startswith("["):
            data = program(f"v = {data}").vectors["v"]
            data = [[v.data for v in row] if isinstance(row, list) else row.data for row in data]
        if isinstance(data, list | tuple):
            return self._vector_of(name, data, position)
        self._name(name, _input(name, data), position)
        self.leaves.append(name)
        return [self.machine.values[name]]

    def _vector_of(self, name: str, data: Sequence[Any], position: int) -> list[Value]:
        rows = [row if isinstance(row, list | tuple) else [row] for row in data]
        is_matrix = any(isinstance(row, list | tuple) for row in data)
        if not data or len({len(row) for row in rows}) != 1 or not rows[0]:
            raise TypeError(f"the input '{name}' is no vector and no matrix: {data!r}")
        shape = (len(rows), len(rows[0])) if is_matrix else (len(rows),)
        places = list(Array(shape, ()).places)
        numbers = [number for row in rows for number in row]
        items = [
            _input(indexed(name, place), number)
            for place, number in zip(places, numbers, strict=True)
        ]
        self._name_array(name, Array(shape, tuple(items)), position)
        self.leaves += [indexed(name, place) for place in places]
        return items

    def define(self, statement: Statement) -> None:
        """A function: it may call those that were defined before it."""
        definitions = self.machine.definitions
        for step, _ in _steps(statement):
            if not isinstance(step, Apply) or isinstance(step.definition, Statement):
                continue
            if step.definition not in definitions:
                name = typeset(step.definition)
                raise LocatedError(
                    f"'{name}' is called before it is defined, or is defined by itself",
                    step.position,
                )
        if statement.names[0] in definitions:
            message = f"'{typeset(statement.names[0])}' is defined twice"
            raise LocatedError(message, statement.position)
        definitions[statement.names[0]] = statement

    def take(self, statement: Statement) -> list[Value]:
        """Name what a statement makes, and return it."""
        name, position = (statement.names or ("result",))[0], statement.position
        literal = statement.literal
        if (name in self.given or literal is not None) and len(statement.names) < 2:
            return self.leaf(name, self.given.get(name, literal), position)
        thing = self.machine.run(statement.steps)
        if isinstance(thing, Condition):
            raise LocatedError(MISPLACED, position)
        is_list = isinstance(statement.steps[-1], Call) and statement.steps[-1].called is LIST
        if len(statement.names) > 1:
            return self._take_apart(statement, thing, is_list)
        if not isinstance(thing, Array):
            if not (statement.is_alias or thing.label or thing.is_leaf):
                thing.label = label_of(name)
            self._name(name, thing, position)
            return [thing]
        known = set(self.machine.values.values()) if is_list and not statement.names else set()
        items = [
            item if item in known else self._element(indexed(name, place), item, is_list)
            for place, item in zip(thing.places, thing.items, strict=True)
        ]
        if is_list and not statement.names:  # several outputs: those that have names keep them
            for item in items:
                if item.label and item not in known:
                    self._name(item.label, item, position)
            return items
        array = Array(thing.shape, tuple(items), thing.is_row)
        self._name_array(name, array, position)
        return items

    def _element(self, name: str, item: Value, is_list: bool) -> Value:
        """The element of a vector under its name: a number becomes a leaf."""
        if is_list and item.op is CONSTANT:
            self.leaves.append(name)
            return _input(name, self.given.get(name, item.data))
        if not item.label and not item.is_leaf:
            item.label = label_of(name)
        return item

    def _take_apart(self, statement: Statement, thing: Thing, is_list: bool) -> list[Value]:
        names, position = statement.names, statement.position
        if not isinstance(thing, Array) or thing.shape != (len(names),):
            raise LocatedError(
                f"{len(names)} names take a vector of {len(names)} apart; got {words(thing)}",
                position,
            )
        items = []
        for name, item in zip(names, thing.items, strict=True):
            items.append(self._element(name, item, is_list))
            self._name(name, items[-1], position)
        return items

    def _name_array(self, name: str, array: Array, position: int) -> None:
        if name in self.machine.values:
            raise LocatedError(f"'{typeset(name)}' is assigned twice", position)
        self.machine.arrays[name] = array
        for place, item in zip(array.places, array.items, strict=True):
            element = indexed(name, place)
            if self.machine.values.get(element, item) is not item:
                raise LocatedError(
                    f"'{typeset(element)}' is assigned twice: it is an element of "
                    f"'{typeset(name)}' too",
                    position,
                )
            self.machine.values[element] = item

    def _name(self, name: str, value: Value, position: int) -> None:
        if self.machine.values.get(name, value) is not value:
            raise LocatedError(
                f"'{typeset(name)}' is assigned twice: it is an element of a vector too", position
            )
        self.machine.values[name] = value


def _input(name: str, given: Any) -> Value:
    if isinstance(given, Value):
        return given
    try:
        return Value(given, label_of(name))
    except TypeError as error:
        raise TypeError(f"the input '{name}': {error}") from None


_ANONYMOUS = re.compile(r"_[0-9]+")


def label_of(name: str) -> str:
    """The label that a name gives to its Value: none for names such as _1."""
    return "" if _ANONYMOUS.fullmatch(name) else name
