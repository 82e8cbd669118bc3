"""The program as a C function over lanes, as many side by side as a vector register holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import mul
from typing import Any, NamedTuple

from scalargrad.compiler.c import C_NAMES, listing_of, number_text
from scalargrad.compiler.c_text import (
    EACH,
    HEAD,
    KERNEL,
    OPTIMIZED,
    OUTER,
    PART,
    PASSED,
    POWER,
    PRODUCTS,
    TILE,
)
from scalargrad.compiler.listing import Listing
from scalargrad.compiler.loops import Nest, nests, with_dots
from scalargrad.compiler.memory import LOADED, Memory
from scalargrad.compiler.program import Program
from scalargrad.compiler.source import CONDITIONS, Ref
from scalargrad.compiler.statements import (
    DOT,
    MARK,
    Product,
    Statement,
    are_many,
    grouped,
    rows,
    statements,
)

LONGEST = 200  # statements in one function: compilers take more than linear time for longer ones
CACHE = 2**14  # registers of lanes that stay in the cache, while products are added up


def kernel_source(program: Program, lanes: Sequence[str], summed: frozenset[int]) -> str:
    """The function `kernel(n, numbers, columns, outputs)`; it returns 1 for want of memory.

    Args:
        program: the steps.
        lanes: the inputs that are columns of n numbers each; the others are single numbers.
        summed: the places of the outputs that are added up over the lanes; they come first, then
            the others, n numbers each.
    """
    return _Writer(program, lanes, summed).text()


class _Writer:
    """The statements of a kernel, in functions of bearable length."""

    def __init__(self, program: Program, lanes: Sequence[str], summed: frozenset[int]) -> None:
        # 60 digits, for which log_sum_exp has more operands, are not to be had in C
        steps = [(op, args[:1] if op == "log_sum_exp" else args) for op, args in program.steps]
        self.program = with_dots(replace(program, steps=tuple(steps)))
        self.varying = self.program.lanes(lanes)
        self.memory = Memory(self.program.inputs, lanes, self.varying)
        apart = [place for place in range(len(self.program.outputs)) if place not in summed]
        self.places = {place: ("sums_", k) for k, place in enumerate(sorted(summed))}
        self.places |= {place: ("rows_", k) for k, place in enumerate(apart)}
        self.handed: dict[str, list[tuple[str, int]]] = {"sum_": [], "same_": []}
        self.tables: list[str] = []
        self.listed: list[int] = []  # places that are read from a table, row after row
        self.rows: dict[tuple[int, ...], int] = {}  # where a row begins there
        self.products: list[str] = []
        self.longest = 0  # of the rows whose products with others are added up
        found, added = statements(self.program, self.varying, summed, self._listed, number_text)
        self.targets = {line.output: self._target(line.output) for line in found
                        if line.output is not None}  # fmt: skip
        items = self._items(found, added)
        self.parts = [items[k : k + LONGEST] for k in range(0, len(items), LONGEST)] or [[]]
        self.part_of = {
            item.step: number for number, part in enumerate(self.parts) for item in part
            if isinstance(item, Statement) and item.step is not None
        }  # fmt: skip
        for number, part in enumerate(self.parts):  # what another part reads is stored
            for item in part:
                for ref in item.operands if isinstance(item, Statement) else ():
                    if self.part_of.get(ref, number) != number:
                        self.memory.read(ref)

    # Statements

    def _listed(self, apart: Mapping[int, bool]) -> Listing:
        return listing_of(self.program, self.varying, apart, MARK)

    def _target(self, place: int) -> tuple[str, int]:
        """Where an output goes: to rows_, or by way of sum_ or same_."""
        target = self.places[place]
        array = "sum_" if self._is_wide(self.program.outputs[place]) else "same_"
        if (array, target[0]) == ("sum_", "rows_"):
            return target
        self.handed[array].append(target)
        return array, len(self.handed[array]) - 1

    def _is_wide(self, ref: Ref) -> bool:
        return isinstance(ref, int) and self.varying[ref]

    def _items(self, found: list[Statement], added: list[Product]) -> list[Statement | str]:
        """The statements in an order in which they can be computed, those that are alike as loops.

        Without a loop they stay in their order.
        """
        groups = grouped(found, len(self.program.steps), self._key)
        if not added and not any(map(are_many, groups)):
            return list(found)
        items: list[Statement | str] = []
        for group in groups:
            items += self._loops(group) if are_many(group) else group
        return items + self._added([(a, b, self.places[place][1]) for a, b, place in added])

    def _key(self, line: Statement) -> tuple[Any, ...]:
        """What statements of one loop have in common."""
        target = self._home(line.step) if line.output is None else self.targets[line.output][0]
        return line.pattern, self._arrays(line), target, len(line.operands)

    def _arrays(self, line: Statement) -> tuple[str, ...]:
        """Where a loop reads the operands of a statement, or the rows of those of a dot."""
        if line.is_dot:
            return tuple(map(self.memory.array, rows(line.operands)))
        return tuple(map(self._home, line.operands))

    def _home(self, step: Any) -> str:
        home = self.memory.homes[step]
        return "wide_" if home == "columns_" else home

    # Loops

    def _loops(self, group: list[Statement]) -> list[str]:
        """Statements that are alike, as few loops as their places allow."""
        arrays = self._arrays(group[0])
        if group[0].output is None:
            array, places = self.memory.new([line.step for line in group])
        else:
            targets = [self.targets[line.output] for line in group]
            array, places = targets[0][0], [place for _, place in targets]
        target, row = _target_text(array), self.memory.row
        alike: dict[tuple[str, ...], Any] = {}
        if group[0].is_dot:
            for line, place in zip(group, places, strict=True):
                pairs = zip(arrays, rows(line.operands), strict=True)
                reads = [self._row(a, row(a, refs)) for a, refs in pairs]
                formats = *[says for says, _ in reads], target
                alike.setdefault(formats, []).append([*[start for _, start in reads], place])
        else:
            by_place = zip(*[line.operands for line in group], strict=True)
            columns = [row(a, refs) for a, refs in zip(arrays, by_place, strict=True)]
            formats = *[f"{a}[%s]" for a in arrays], target
            alike[formats] = list(zip(*columns, places, strict=True))
        texts = []
        for formats, starts in alike.items():
            body = _body(group[0], formats, array)
            texts += [self._loop(nest, body) for nest in nests(starts)]
        return self._copies() + texts

    def _added(self, added: list[tuple[int, int, int]]) -> list[str]:
        """Fill `products` with what adds up products over all lanes; the copies that it needs."""
        if added:
            first, second, places = zip(*added, strict=True)
            row = self.memory.row
            table = list(zip(row("wide_", first), row("wide_", second), places, strict=True))
            body = _Body(_products, (4, 4))
            self.products = [self._outer(nest) or self._loop(nest, body) for nest in nests(table)]
        return self._copies()

    def _outer(self, nest: Nest) -> str:
        """A call for the products of each number of a row and each of another; "" for others."""
        rows, columns = (1, 1, *nest.counts)[-2:]
        by_row, by_column = ((0, 0, 0), (0, 0, 0), *nest.strides)[-2:]
        a = 0 if by_column[0] == 0 else 1  # which of the two is the same in a row
        b = 1 - a
        if nest.tables or by_column[a] or by_row[b] or by_column[2] != 1:
            return ""
        self.longest = max(self.longest, columns)
        return (
            f"outer(memory_, blocks_, across_, {rows}, {nest.starts[a]}, {by_row[a]}, {columns}, "
            f"{nest.starts[b]}, {by_column[b]}, sums_ + {nest.starts[2]}, {by_row[2]});"
        )

    def _row(self, array: str, places: Sequence[int]) -> tuple[str, int]:
        """How operands are read in a loop over q_, from the place where they start; that place."""
        if len(places) == 1:
            return f"{array}[%s]", places[0]
        stride = places[1] - places[0]
        if places == [places[0] + stride * k for k in range(len(places))]:
            return f"{array}[%s + {stride} * q_]", places[0]
        key = tuple(places)
        if key not in self.rows:
            self.rows[key] = len(self.listed)
            self.listed += places
        return f"{array}[places_[%s + q_]]", self.rows[key]

    def _copies(self) -> list[str]:
        """What loops need in an array of theirs, copied."""
        alike: dict[str, list[list[int]]] = {}
        for array, place, home, source in self.memory.copies:
            says = f"{home}[%s]" if home else f"{source}"
            if home == "columns_":
                says = LOADED
            elif array == "wide_":
                says = f"lanes({says})"
            starts = [place, source] if isinstance(source, int) else [place]
            alike.setdefault(f"{array}[%s] = {says};", []).append(starts)
        self.memory.copies.clear()
        return [
            self._loop(nest, _said(text))
            for text, starts in alike.items()
            for nest in nests(starts)
        ]

    def _loop(self, nest: Nest, body: _Body) -> str:
        """A nest of loops in C, each over so many statements at once as the body wants."""
        names = _LOOPED[2 - len(nest.counts) :]
        tables = {}
        for column, places in nest.tables.items():
            tables[column] = f"table{len(self.tables)}_"
            numbers = ", ".join(map(str, places))
            self.tables.append(f"static const int {tables[column]}[] = {{{numbers}}};")

        def place(column: int, shifts: tuple[int, ...]) -> str:
            if column in tables:
                return f"{tables[column]}[{names[0]} + {shifts[0]}]"
            strides = [stride[column] for stride in nest.strides]
            start = nest.starts[column] + sum(map(mul, strides, shifts))
            moving = zip(strides, names, strict=True)
            return " + ".join([str(start), *[f"{s} * {name}" for s, name in moving if s]])

        def written(depth: int, shifts: list[tuple[int, ...]]) -> str:
            if depth == len(names):
                columns = range(len(nest.starts))
                return body.write([[place(k, shift) for k in columns] for shift in shifts])
            name, count, wide = names[depth], nest.counts[depth], body.tile[depth - len(names)]
            text = f"int {name} = 0;"
            for many in (wide, 1) if wide > 1 else (1,):
                if count // many and (many > 1 or count % wide or wide == 1):
                    each = [(*shift, u) for shift in shifts for u in range(many)]
                    text += (
                        f" for (; {name} + {many} <= {count}; {name} += {many}) "
                        f"{{ {written(depth + 1, each)} }}"
                    )
            return f"{{ {text} }}"

        return written(0, [()]) if names else f"{{ {written(0, [()])} }}"

    # Text

    def text(self) -> str:
        """The translation unit."""
        calls = [f"part{k}({PASSED});" for k in range(len(self.parts))]
        wide, single = self.memory.counts["wide_"], self.memory.counts["single_"]
        is_looped = bool(self.products) or any(
            isinstance(item, str) for p in self.parts for item in p
        )
        listed = ", ".join(map(str, self.listed))
        blocks = max(2, min(32, CACHE // (wide + 1))) if self.products else 1
        head = [
            *[OPTIMIZED] * is_looped, HEAD, f"#define WIDE {wide}", f"#define BLOCKS {blocks}",
            *self.tables, *[f"static const int places_[] = {{{listed}}};"] * bool(listed),
        ]  # fmt: skip
        kernel = KERNEL.format(
            sums=len(self.handed["sum_"]),
            all_sums=sum(array == "sums_" for array, _ in self.places.values()),
            across=f"BLOCKS * 2 * (({self.longest} + 2 * LANES - 1) / (2 * LANES))",
            cleared="WIDE" if self.products else "0",
            products="products(block_, memory_ + BLOCKS * WIDE, memory_, sums_);"
            if self.products
            else "",
            single=single,
            same=len(self.handed["same_"]),
            calls="\n            ".join(calls),
            handed="\n    ".join(self._handed_over()),
        )
        if self.products:
            kernel = PRODUCTS.format(loops="\n    ".join(self.products)) + "\n" + kernel
        if self.longest:
            kernel = OUTER.format(tiles="\n".join(map(_tile, (1, 4)))) + "\n" + kernel
        parts = map(self._part, range(len(self.parts)))
        return "\n".join([*head, *self._functions(), *parts, kernel])

    def _handed_over(self) -> list[str]:
        """The loops that bring sum_ and same_ to where they belong."""
        says = {
            ("sum_", "sums_"): "sums_[%s] += summed(sum_[%s]);",
            ("same_", "sums_"): "sums_[%s] = n_ * same_[%s];",
            ("same_", "rows_"): "for (long l = 0; l < n_; l++) rows_[(%s) * n_ + l] = same_[%s];",
        }
        lines = []
        for (held, array), text in says.items():
            found = [[k, place] for place, (to, k) in enumerate(self.handed[held]) if to == array]
            body = _said(text)
            lines += [self._loop(nest, body) for nest in nests(found)]
        return lines

    def _functions(self) -> list[str]:
        """The functions of lanes that are called."""
        inline = CONDITIONS | {"input", "+", "-", "*", "/", "neg", "where", "quotient",
                               "log_sum_exp", "dot"}  # fmt: skip
        steps = zip(self.program.steps, self.varying, strict=True)
        called = sorted({op for (op, _), varies in steps if varies} - inline)
        return [
            POWER if op == "power" else EACH.format(op=op, name=C_NAMES.get(op, op))
            for op in called
        ]

    def _part(self, number: int) -> str:
        body: list[str] = []
        known: set[Ref] = set()
        for item in self.parts[number]:
            if isinstance(item, str):
                body.append(item)
                continue
            for ref in item.operands:
                if ref not in known and self.part_of.get(ref) != number:
                    body.append(self._declared(ref, self.memory.read(ref)))
                known.add(ref)
            says = item.filled([f"v{ref}" for ref in item.operands])
            if item.step is None:
                array, place = self.targets[item.output]
                body.append(_assigned(array, _target_text(array) % place, says))
                continue
            known.add(item.step)
            body.append(self._declared(item.step, says))
            if item.step in self.memory.kept:
                body.append(f"{self.memory.read(item.step)} = v{item.step};")
        return PART.format(number=number, body="\n".join(f"    {text}" for text in body))

    def _declared(self, ref: Ref, says: str) -> str:
        return f"const {'real' if self._is_wide(ref) else 'double'} v{ref} = {says};"


_LOOPED = ("j_", "k_")


def _said(text: str) -> _Body:
    """A text with places to fill in."""

    def write(reads: list[list[str]]) -> str:
        return text % tuple(reads[0])

    return _Body(write, (1, 1))


def _tile(rows: int) -> str:
    """The function that adds up the products of so many rows at once."""
    each = [(j, v) for j in range(rows) for v in range(2)]
    return TILE.format(
        count=rows,
        zeros=", ".join(f"s{j}{v} = {{0}}" for j, v in each),
        adds=" ".join(f"s{j}{v} += from[{j} * step * LANES + l] * x[{v}];" for j, v in each),
        ends=" ".join(
            f"added(sums + {j} * row + (k + {v}) * LANES, columns - (k + {v}) * LANES, s{j}{v});"
            for j, v in each
        ),
    )


class _Body(NamedTuple):
    """What stands in a loop.

    Attributes:
        write: the text for statements side by side, from the places that each of them uses.
        tile: how many are side by side in each of two loops.
    """

    write: Callable[[list[list[str]]], str]
    tile: tuple[int, int]


def _target_text(array: str) -> str:
    return "rows_ + (%s) * n_" if array == "rows_" else f"{array}[%s]"


def _assigned(array: str, target: str, says: str) -> str:
    if array == "rows_":
        return f"stored({target}, i_, rest_, {says});"
    return f"{target} {'+=' if array == 'sum_' else '='} {says};"


def _body(line: Statement, formats: Sequence[str], array: str) -> _Body:
    """The text of statements that are alike, in a loop.

    Args:
        line: one of them.
        formats: how their operands are read, and how their target is written.
        array: of the target.
    """

    def plain(reads: list[list[str]]) -> str:
        *operands, target = _read(formats, reads[0])
        return _assigned(array, target, line.filled(operands))

    def dots(reads: list[list[str]]) -> str:
        sides = [_read(formats, places) for places in reads]
        kind = "real" if any("wide_" in text for text in formats[-3:-1]) else "double"
        begins = [line.filled(side[:1]).removeprefix(DOT) for side in sides]
        if kind == "real" and not begins[0].startswith("wide_"):
            begins = [f"lanes({begin})" for begin in begins]
        sums = ", ".join(f"s{k}_ = {begin}" for k, begin in enumerate(begins))
        adds = " ".join(f"s{k}_ += {side[-3]} * {side[-2]};" for k, side in enumerate(sides))
        ends = " ".join(_assigned(array, side[-1], f"s{k}_") for k, side in enumerate(sides))
        count = len(line.operands) // 2
        return f"{kind} {sums}; for (int q_ = 0; q_ < {count}; q_++) {{ {adds} }} {ends}"

    return _Body(dots, (1, 8)) if line.is_dot else _Body(plain, (1, 1))


def _products(reads: list[list[str]]) -> str:
    """The text that adds up products of registers over all blocks of lanes."""
    zeros = ", ".join(f"s{k}_ = {{0}}" for k in range(len(reads)))
    adds = " ".join(f"s{k}_ += wide_[{a}] * wide_[{b}];" for k, (a, b, _) in enumerate(reads))
    ends = " ".join(f"sums_[{c}] += summed(s{k}_);" for k, (_, _, c) in enumerate(reads))
    block = "const real *const wide_ = memory_ + b_ * WIDE;"
    return f"real {zeros}; for (long b_ = 0; b_ < blocks_; b_++) {{ {block} {adds} }} {ends}"


def _read(formats: Sequence[str], places: Sequence[str]) -> list[str]:
    return [text % place for text, place in zip(formats, places, strict=True)]
