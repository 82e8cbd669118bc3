"""The program as a C function over lanes, as many side by side as a vector register holds."""

from __future__ import annotations

from collections.abc import Sequence

from scalargrad.compiler.c import C_NAMES, listing_of
from scalargrad.compiler.listing import Line
from scalargrad.compiler.program import Program
from scalargrad.compiler.source import CONDITIONS

LONGEST = 200  # statements in one function: compilers take more than linear time for longer ones

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
# what one part leaves for the next.
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

_KERNEL = """\
int kernel(long n_, const double *numbers_, const double *const *columns_, double *sums_,
    double *const *rows_)
{{
    real *const sum_ = aligned_alloc(sizeof(real), ({sums} + {crossing} + 1) * sizeof(real));
    double *const single_ = malloc(({crossing} + {same} + 1) * sizeof(double));
    if (!sum_ || !single_) {{
        free(sum_);
        free(single_);
        return 1;
    }}
    real *const wide_ = sum_ + {sums};
    double *const same_ = single_ + {crossing};
    memset(sum_, 0, {sums} * sizeof(real));
    const long rest_ = n_ % LANES;
    for (long i_ = rest_ ? rest_ - LANES : 0; i_ < n_; i_ += LANES) {{
        {calls}
        if (i_ < 0) /* what lies beyond the rest does not count */
            for (int j = 0; j < {sums}; j++)
                for (int k = rest_; k < LANES; k++) sum_[j][k] = 0;
    }}
    static const int same_sums[][2] = {{{same_sums}}}, same_rows[][2] = {{{same_rows}}};
    for (int j = 0; j < {sums}; j++) {{
        sums_[j] = 0;
        for (int k = 0; k < LANES; k++) sums_[j] += sum_[j][k];
    }}
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
        self.program = program
        self.varying = program.lanes(lanes)
        self.listing = listing_of(program, self.varying, names=False)
        lines = list(self.listing.lines(dict(enumerate(program.outputs))))
        self.parts = [lines[k : k + LONGEST] for k in range(0, len(lines), LONGEST)]
        self.sums = {place: k for k, place in enumerate(sorted(summed))}
        apart = [place for place in range(len(program.outputs)) if place not in summed]
        self.rows = {place: k for k, place in enumerate(apart)}
        same = [place for place in range(len(program.outputs)) if not self._varies(place)]
        self.same = {place: k for k, place in enumerate(same)}
        self.loads = self._loads(lanes)
        self.part_of = {line.step: k for k, part in enumerate(self.parts) for line in part}
        self.crossing = self._crossing()

    def _loads(self, lanes: Sequence[str]) -> dict[int, str]:
        """For each input the statement that reads it."""
        loads, counts = {}, {True: 0, False: 0}
        for index, name in enumerate(self.program.inputs):
            variable, is_column = self.listing.variables[index], name in lanes
            place = counts[is_column]
            counts[is_column] += 1
            loads[index] = (
                f"const real {variable} = loaded(columns_[{place}], i_, rest_);"
                if is_column
                else f"const double {variable} = numbers_[{place}];"
            )
        return loads

    def _crossing(self) -> dict[int, str]:
        """Where in memory one part leaves a step for another."""
        found: dict[int, str] = {}
        for number, part in enumerate(self.parts):
            for step in (step for line in part for step in line.uses):
                if step not in self.loads and self.part_of[step] != number and step not in found:
                    memory = "wide_" if self.varying[step] else "single_"
                    found[step] = f"{memory}[{len(found)}]"
        return found

    def text(self) -> str:
        """The translation unit."""
        calls = [f"part{k}({_NAMES});" for k in range(len(self.parts))]
        kernel = _KERNEL.format(
            sums=len(self.sums),
            crossing=len(self.crossing),
            same=len(self.same),
            calls="\n        ".join(calls),
            **self._same("sums", self.sums),
            **self._same("rows", self.rows),
        )
        return "\n".join([_HEAD, *self._functions(), *map(self._part, range(len(calls))), kernel])

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
                               "log_sum_exp"}  # fmt: skip
        steps = zip(self.program.steps, self.varying, strict=True)
        called = sorted({op for (op, _), varies in steps if varies} - inline)
        return [
            _POWER if op == "power" else _EACH.format(op=op, name=C_NAMES.get(op, op))
            for op in called
        ]

    def _part(self, number: int) -> str:
        body: list[str] = []
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
            if line.step in self.crossing:
                body.append(f"{self.crossing[line.step]} = {self.listing.variables[line.step]};")
        text = "\n".join(f"    {statement}" for statement in body)
        return _PART.format(number=number, body=text)

    def _declared(self, step: int, says: str) -> str:
        kind = "real" if self.varying[step] else "double"
        return f"const {kind} {self.listing.variables[step]} = {says};"

    def _varies(self, place: int) -> bool:
        ref = self.program.outputs[place]
        return isinstance(ref, int) and self.varying[ref]

    def _handed_over(self, line: Line) -> str:
        place = line.output
        assert place is not None
        if place in self.same:
            return f"same_[{self.same[place]}] = {line.says};"
        if place in self.sums:
            return f"sum_[{self.sums[place]}] += {line.says};"
        return f"stored(rows_[{self.rows[place]}], i_, rest_, {line.says});"
