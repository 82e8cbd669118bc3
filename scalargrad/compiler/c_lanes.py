"""The program as a C function over lanes, as many side by side as a vector register holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scalargrad.compiler.c import C_NAMES, listing_of
from scalargrad.compiler.listing import Line, Text
from scalargrad.compiler.memory import Memory
from scalargrad.compiler.program import Program
from scalargrad.compiler.rolling import Products, rolled
from scalargrad.compiler.source import CONDITIONS

LONGEST = 200  # statements in one function: compilers take more than linear time for longer ones

# A straight line takes longer to compile at -O2, and is no faster; loops are twice as fast.
_LOOPS = '#pragma GCC optimize ("O2")\n'

_HEAD = """\
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As many doubles side by side as a vector register holds. */
#if defined __AVX512F__
#define LANES 8
#elif defined __AVX__
#define LANES 4
#else
#define LANES 2
#endif
typedef double real __attribute__((vector_size(8 * LANES)));
typedef long long mask __attribute__((vector_size(8 * LANES)));

static inline real lanes(double a)
{
    real r;
    for (int k = 0; k < LANES; k++) r[k] = a;
    return r;
}

static inline mask masks(int c) { return (mask){0} - (long long)c; }

static inline real where(mask c, real a, real b)
{
    return (real)((c & (mask)a) | (~c & (mask)b));
}

#define CALLED static __attribute__((noinline)) /* compiled once, not wherever it is called */

CALLED real loaded_rest(const double *column, long rest)
{
    real r;
    for (int k = 0; k < LANES; k++) r[k] = column[k < rest ? k : 0];
    return r;
}

CALLED void stored_rest(double *row, long rest, real r)
{
    for (long k = 0; k < rest; k++) row[k] = r[k];
}

/* The lanes from i on; a first block of fewer, of `rest` lanes, begins before 0. */
static inline real loaded(const double *column, long i, long rest)
{
    real r;
    if (i < 0) return loaded_rest(column, rest);
    memcpy(&r, column + i, sizeof r);
    return r;
}

static inline void stored(double *row, long i, long rest, real r)
{
    if (i < 0) stored_rest(row, rest, r);
    else memcpy(row + i, &r, sizeof r);
}
"""

_EACH = """\
static inline real {op}_lanes(real a)
{{
    real r;
    for (int k = 0; k < LANES; k++) r[k] = {name}(a[k]);
    return r;
}}
"""

_POWER = """\
static inline real power_lanes(real a, real b)
{
    real r;
    for (int k = 0; k < LANES; k++) r[k] = pow(a[k], b[k]);
    return r;
}
"""

# sum_ is added up over the lanes, same_ are outputs that no lane changes; wide_ and single_ are
# what one part leaves for the next, and wide_ of each block what its products are made of.
_NAMES = "i_, rest_, numbers_, columns_, sum_, wide_, single_, same_, rows_"

_PART = """\
static void part{number}(
    long i_, long rest_, const double *restrict numbers_, const double *const *columns_,
    real *restrict sum_, real *restrict wide_, double *restrict single_, double *restrict same_,
    double *const *rows_)
{{
    (void)i_, (void)rest_, (void)numbers_, (void)columns_;
    (void)sum_, (void)wide_, (void)single_, (void)same_, (void)rows_;
{body}
}}
"""

_PRODUCTS = """\
#define BLOCKS 32 /* of lanes, after which products are added up: their memory stays in the cache */

static inline double summed(const real *a, const real *b, long blocks, long rest)
{{
    real s = *a * *b;
    for (long k = rest; k < LANES; k++) s[k] = 0; /* what lies beyond the rest does not count */
    for (long i = 1; i < blocks; i++) s += a[i * {wide}] * b[i * {wide}];
    double sum = 0;
    for (int k = 0; k < LANES; k++) sum += s[k];
    return sum;
}}

static void products(long blocks_, long rest_, const real *restrict wide_, double *restrict sums_)
{{
    {loops}
}}
"""

_KERNEL = """\
int kernel(long n_, const double *numbers_, const double *const *columns_, double *sums_,
    double *const *rows_)
{{
    real *const sum_ = aligned_alloc(sizeof(real), ({sums} + {blocks} * {wide} + 1) * sizeof(real));
    double *const single_ = malloc(({single} + {same} + 1) * sizeof(double));
    if (!sum_ || !single_) {{
        free(sum_);
        free(single_);
        return 1;
    }}
    real *const memory_ = sum_ + {sums};
    double *const same_ = single_ + {single};
    memset(sum_, 0, {sums} * sizeof(real));
    memset(sums_, 0, {all_sums} * sizeof(double));
    const long rest_ = n_ % LANES;
    for (long i_ = rest_ ? rest_ - LANES : 0; i_ < n_;) {{
        const long held_ = i_ < 0 ? rest_ : LANES;
        long block_ = 0;
        for (; i_ < n_ && block_ < {blocks}; i_ += LANES, block_++) {{
            real *const wide_ = memory_ + block_ * {wide};
            {calls}
            if (i_ < 0) /* what lies beyond the rest does not count */
                for (int j = 0; j < {sums}; j++)
                    for (int k = rest_; k < LANES; k++) sum_[j][k] = 0;
        }}
        {products}
    }}
    static const int places[] = {{{places}}};
    static const int same_sums[][2] = {{{same_sums}}}, same_rows[][2] = {{{same_rows}}};
    for (int j = 0; j < {sums}; j++)
        for (int k = 0; k < LANES; k++) sums_[places[j]] += sum_[j][k];
    for (int j = 0; j < {same_sums_count}; j++)
        sums_[same_sums[j][0]] = n_ * same_[same_sums[j][1]];
    for (int j = 0; j < {same_rows_count}; j++)
        for (long k = 0; k < n_; k++) rows_[same_rows[j][0]][k] = same_[same_rows[j][1]];
    free(sum_);
    free(single_);
    return 0;
}}
"""


def kernel_source(program: Program, lanes: Sequence[str], summed: frozenset[int]) -> str:
    """The function `kernel(n, numbers, columns, sums, rows)`; it returns 1 for want of memory.

    Args:
        program: the steps.
        lanes: the inputs that are columns of n numbers each; the others are single numbers.
        summed: the places of the outputs that are added up over the lanes into sums; the others
            are written to rows, n numbers each.
    """
    return _Writer(program, lanes, summed).text()


class _Writer:
    """The statements of a kernel, in functions of bearable length."""

    def __init__(self, program: Program, lanes: Sequence[str], summed: frozenset[int]) -> None:
        varying = program.lanes(lanes)
        self.all_sums = {place: k for k, place in enumerate(sorted(summed))}
        apart = [place for place in range(len(program.outputs)) if place not in summed]
        self.rows = {place: k for k, place in enumerate(apart)}
        same = [place for place, ref in enumerate(program.outputs)
                if not (isinstance(ref, int) and varying[ref])]  # fmt: skip
        self.same = {place: k for k, place in enumerate(same)}
        added = [place for place in self.all_sums if place not in self.same]
        alike = [{place: program.outputs[place] for place in places} for places in (same, added)]
        self.program, self.products = rolled(program, alike)
        gone = {place + k for place, _, others in self.products for k in range(len(others))}
        self.sums = {place: k for k, place in enumerate(p for p in added if p not in gone)}
        self.varying = self.program.lanes(lanes)
        self.inputs = self._inputs(lanes)
        self.memory = Memory(self.varying, self.inputs)
        self.pairs = {
            index: self.memory.pairs(args[1:])
            for index, (op, args) in enumerate(self.program.steps) if op == "dot"
        }  # fmt: skip
        self.factors = [self._factors(found) for found in self.products]
        straight = [(op, args[:1]) if op == "dot" else (op, args)
                    for op, args in self.program.steps]  # fmt: skip
        self.listing = listing_of(
            replace(self.program, steps=tuple(straight)), self.varying, names=False,
            loop=self._sum, apart=self.memory.steps,
        )  # fmt: skip
        outputs = {k: ref for k, ref in enumerate(self.program.outputs) if k not in gone}
        lines = list(self.listing.lines(outputs))
        self.parts = [lines[k : k + LONGEST] for k in range(0, len(lines), LONGEST)] or [[]]
        self.loads = {
            index: f"const {kind} {self.listing.variables[index]} = {says};"
            for index, (kind, says) in enumerate(map(self._loaded, self.inputs))
        }
        self.part_of = {line.step: k for k, part in enumerate(self.parts) for line in part}
        self.crossing = self._crossing()

    def _inputs(self, lanes: Sequence[str]) -> list[tuple[str, int]]:
        """For each input the array that holds it, and its place there."""
        counts = {"columns_": 0, "numbers_": 0}
        inputs = []
        many = set(lanes)
        for name in self.program.inputs:
            array = "columns_" if name in many else "numbers_"
            inputs.append((array, counts[array]))
            counts[array] += 1
        return inputs

    def _loaded(self, held: tuple[str, int]) -> tuple[str, str]:
        """The type of an input, and the expression that reads it."""
        array, place = held
        if array == "columns_":
            return "real", f"loaded(columns_[{place}], i_, rest_)"
        return "double", f"numbers_[{place}]"

    def _crossing(self) -> dict[int, str]:
        """Where in memory one part leaves a step for another."""
        found: dict[int, str] = {}
        for number, part in enumerate(self.parts):
            for step in (step for line in part for step in line.uses):
                if step not in self.loads and self.part_of[step] != number and step not in found:
                    found[step] = self.memory.place(step)
        return found

    def _factors(self, found: Products) -> tuple[str, str]:
        """Expressions for what products share, and in k_ for the other factor of each."""
        if found.place in self.same:
            return self.memory.rows([found.factor]), self.memory.rows(found.others)
        return self.memory.place(found.factor), self.memory.rows(found.others, "wide_")

    def _sum(self, index: int, start: Text) -> Text:
        """A loop that adds up products, as an expression."""
        operands = self.program.steps[index][1]
        a, b = self.pairs[index]
        kind, begin = "double", start.says
        if self.varying[index]:
            is_wide = isinstance(operands[0], int) and self.varying[operands[0]]
            kind, begin = "real", begin if is_wide else f"lanes({begin})"
        loop = f"for (int k_ = 0; k_ < {len(operands) // 2}; k_++) s_ += {a} * {b};"
        return Text(f"({{ {kind} s_ = {begin}; {loop} s_; }})", depth=start.depth + 1)

    def text(self) -> str:
        """The translation unit."""
        calls = [f"part{k}({_NAMES});" for k in range(len(self.parts))]
        wide = self.memory.count("wide_")
        loops = self._added_products()
        kernel = _KERNEL.format(
            sums=len(self.sums),
            all_sums=len(self.all_sums),
            places=", ".join(str(self.all_sums[place]) for place in self.sums) or "0",
            wide=wide,
            blocks="BLOCKS" if loops else 1,
            products="products(block_, held_, memory_, sums_);" if loops else "(void)held_;",
            single=self.memory.count("single_"),
            same=len(self.same),
            calls="\n        ".join(calls),
            **self._same("sums", self.all_sums),
            **self._same("rows", self.rows),
        )
        if loops:
            kernel = _PRODUCTS.format(wide=wide, loops="\n    ".join(loops)) + "\n" + kernel
        parts = map(self._part, range(len(calls)))
        head = _LOOPS + _HEAD if self.pairs or self.products else _HEAD
        return "\n".join([head, *self._functions(), *self.memory.tables, *parts, kernel])

    def _added_products(self) -> list[str]:
        """The loops over products that are added up over the lanes."""
        return [
            f"for (int k_ = 0; k_ < {len(found.others)}; k_++) "
            f"sums_[{self.all_sums[found.place]} + k_] += summed(&{a}, &{b}, blocks_, rest_);"
            for found, (a, b) in zip(self.products, self.factors, strict=True)
            if found.place not in self.same
        ]

    def _same_products(self) -> list[str]:
        """The loops over products that no lane changes, when everything is computed."""
        return [
            f"for (int k_ = 0; k_ < {len(found.others)}; k_++) "
            f"same_[{self.same[found.place]} + k_] = {a} * {b};"
            for found, (a, b) in zip(self.products, self.factors, strict=True)
            if found.place in self.same
        ]

    def _same(self, name: str, places: dict[int, int]) -> dict[str, str]:
        """Which of the sums, or rows, are outputs that no lane changes."""
        pairs = [f"{{{places[place]}, {k}}}" for place, k in self.same.items() if place in places]
        return {
            f"same_{name}": ", ".join(pairs or ["{0, 0}"]),
            f"same_{name}_count": str(len(pairs)),
        }

    def _functions(self) -> list[str]:
        """The functions of lanes that are called."""
        inline = CONDITIONS | {"input", "+", "-", "*", "/", "neg", "where", "quotient",
                               "log_sum_exp", "dot"}  # fmt: skip
        steps = zip(self.program.steps, self.varying, strict=True)
        called = sorted({op for (op, _), varies in steps if varies} - inline)
        return [
            _POWER if op == "power" else _EACH.format(op=op, name=C_NAMES.get(op, op))
            for op in called
        ]

    def _part(self, number: int) -> str:
        body = [] if number else self.memory.filled()
        known: set[int] = set()
        for line in self.parts[number]:
            for step in line.uses:
                if step not in known and step in self.loads:
                    body.append(self.loads[step])
                elif step not in known and self.part_of[step] != number:
                    body.append(self._declared(step, self.crossing[step]))
                known.add(step)
            if line.step is None:
                body.append(self._handed_over(line))
                continue
            known.add(line.step)
            body.append(self._declared(line.step, line.says))
            body += self.memory.stored(line.step, self.listing.variables[line.step])
        if number == len(self.parts) - 1:
            body += self._same_products()
        text = "\n".join(f"    {statement}" for statement in body)
        return _PART.format(number=number, body=text)

    def _declared(self, step: int, says: str) -> str:
        kind = "real" if self.varying[step] else "double"
        return f"const {kind} {self.listing.variables[step]} = {says};"

    def _handed_over(self, line: Line) -> str:
        place = line.output
        assert place is not None
        if place in self.same:
            return f"same_[{self.same[place]}] = {line.says};"
        if place in self.sums:
            return f"sum_[{self.sums[place]}] += {line.says};"
        return f"stored(rows_[{self.rows[place]}], i_, rest_, {line.says});"
