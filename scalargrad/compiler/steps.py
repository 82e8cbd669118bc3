"""Many steps of training as one call of C: batches in, losses out, the parameters moved."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from typing import Any, NamedTuple

from scalargrad.compiler.backends import CKernel, address
from scalargrad.compiler.c import listing_of
from scalargrad.compiler.library import library
from scalargrad.compiler.program import traced
from scalargrad.compiler.source import Tape
from scalargrad.engine.value import Value

State = tuple[Any, list[Any]]  # parameters as an array, and an array, or None, for what is kept


class Made(NamedTuple):
    """What a call did.

    Attributes:
        steps: how many were made.
        after: the parameters and what is kept of them.
        before: the same before the last step.
        gradient: that of the last batch that was looked at.
        values: the mean loss of each batch.
        sizes: for each batch the mean |gradient| of each layer.
        rows: the examples of all steps.
        outputs: the predictions, a column for each of these.
    """

    steps: int
    after: State
    before: State
    gradient: Any
    values: list[float]
    sizes: list[list[float]]
    rows: Any
    outputs: Any


class Steps:
    """Steps by the kernel of a program that gives a loss, predictions and gradients.

    Args:
        kernel: takes the parameters as numbers, an example as lanes.
        moved: of a rate, the count of steps before, a parameter, its gradient, and what is kept of
            it, the parameter after the step and what is kept then. It runs once, on Sources.
        layers: the places of the parameters of each layer.
        kept: what is kept, of what may be.
        fast: whether multiplications and additions may be fused.
    """

    def __init__(
        self,
        kernel: CKernel,
        moved: Callable[..., Sequence[Any]],
        layers: Sequence[Sequence[int]],
        kept: Sequence[bool],
        *,
        fast: bool,
    ) -> None:
        import numpy as np

        self._kernel, self._kept = kernel, kept
        self._places = np.array(list(chain.from_iterable(layers)), dtype=np.intc)
        self._ends = np.array(list(accumulate(map(len, layers))), dtype=np.intc)
        self._run = library(_source(moved, kept), fast=fast).steps
        pointer, whole, real = ctypes.c_void_p, ctypes.c_long, ctypes.c_double
        self._run.restype = whole
        self._run.argtypes = [pointer, *[whole] * 8, *[real] * 3, *[pointer] * 12]

    def __call__(
        self, theta: Any, memory: Sequence[Any], examples: Any, batches: Sequence[Sequence[int]],
        rates: Sequence[float], done: int, most: float, bounds: tuple[float, float], *,
        is_mean: bool,
    ) -> Made:  # fmt: skip
        """A step for each batch, up to the first that somebody should look at.

        Args:
            theta: the parameters.
            memory: what is kept of them.
            examples: a row each.
            batches: the rows of each.
            rates: of each step.
            done: how many steps were made before.
            most: the greatest |loss|.
            bounds: of the mean |gradient| of a layer.
            is_mean: whether gradients are those of the mean loss, or of the sum.
        """
        import numpy as np

        counts = np.array(list(map(len, batches)), dtype=np.intc)
        rows = np.array(list(chain.from_iterable(batches)), dtype=np.intc)
        states = np.empty((2, 1 + sum(self._kept), len(theta)))
        states[0] = [theta, *[numbers for numbers in memory if numbers is not None]]
        gradient = np.empty(len(theta))
        values, sizes = np.empty(len(batches)), np.empty((len(batches), len(self._ends)))
        outputs = np.empty((self._kernel.apart, len(rows)))
        room = examples.shape[1] + self._kernel.apart
        work = np.empty(1 + len(theta) + room * int(max(counts)))
        arrays = (counts, rows, examples, np.array(rates, dtype=float), self._places, self._ends,
                  states, gradient, values, sizes, outputs, work)  # fmt: skip
        count = self._run(
            self._kernel.function, len(batches), len(rows), examples.shape[1], len(outputs),
            len(theta), len(self._ends), done, is_mean, most, *bounds, *map(address, arrays),
        )  # fmt: skip
        if count < 0:
            raise MemoryError(f"no memory for {max(counts)} examples at once")
        seen = int(sum(counts[:count]))
        return Made(
            count, self._state(states[count % 2]), self._state(states[(count + 1) % 2]), gradient,
            values[:count].tolist(), sizes[:count].tolist(), rows[:seen], outputs[:, :seen],
        )  # fmt: skip

    def _state(self, rows: Any) -> State:
        theta, *kept = rows
        return theta, [kept.pop(0) if is_kept else None for is_kept in self._kept]


def _source(moved: Callable[..., Sequence[Any]], kept: Sequence[bool]) -> str:
    """The C function `steps`, for a rule by which parameters move."""
    names = ["rate", "done", "data", "grad", *[f"kept{k}" for k in range(1, 1 + sum(kept))]]
    tape = Tape()
    rate, done, data, grad, *numbers = map(tape.input, names)
    memory = [numbers.pop(0) if is_kept else None for is_kept in kept]
    after = [Value(x) for x in moved(rate, done, data, grad, *memory) if x is not None]
    program = traced(tape, after[0], {}, after[1:])
    varying = program.lanes(names[2:])
    listing = listing_of(program, [False] * len(varying))
    once: list[str] = []  # what is the same for all parameters
    each = [
        f"const double {name} = from_[{k} * count_ + k_];" for k, name in enumerate(names[4:], 1)
    ]
    for line in listing.lines(dict(enumerate(program.outputs))):
        if line.step is None:
            each.append(f"to_[{line.output} * count_ + k_] = {line.says};")
        else:
            text = f"const double {listing.variables[line.step]} = {line.says};"
            (each if varying[line.step] else once).append(text)
    return _STEPS.format(once="\n    ".join(once), each="\n        ".join(each), arrays=len(after))


_STEPS = """\
#pragma GCC optimize ("O3")
#include <math.h>
#include <string.h>

typedef int program(long n, const double *numbers, const double *columns, double *outputs);

/* The sum of |a|, added up as numpy adds up an array, so that no bit differs. */
static double sum_of_sizes(const double *a, const int *places, long count)
{{
    if (count > 128) {{
        const long half = count / 2 - count / 2 % 8;
        return sum_of_sizes(a, places, half) + sum_of_sizes(a, places + half, count - half);
    }}
    double s[8] = {{0}}, sum = 0;
    long i = 0;
    for (; i + 8 <= count; i += 8)
        for (int j = 0; j < 8; j++) s[j] += fabs(a[places[i + j]]);
    sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    for (; i < count; i++) sum += fabs(a[places[i]]);
    return sum;
}}

static void moved(
    long count_, double rate, double done, const double *restrict grad_,
    const double *restrict from_, double *restrict to_)
{{
    (void)rate, (void)done;
    {once}
    for (long k_ = 0; k_ < count_; k_++) {{
        const double data = from_[k_], grad = grad_[k_];
        {each}
    }}
}}

/* A step for each batch, up to the first that somebody should look at, which is not made; how many
   were made, or -1 for want of memory. `states` has room for two: steps go to and fro. */
long steps(
    program *kernel, long batches, long examples_count, long columns, long outputs, long parameters,
    long layers, long done, long is_mean, double most, double least_size, double most_size,
    const int *counts, const int *rows, const double *examples, const double *rates,
    const int *places, const int *ends, double *states, double *grad, double *values, double *sizes,
    double *predicted, double *work)
{{
    double *from = states, *to = states + {arrays} * parameters;
    for (long b = 0, start = 0; b < batches; start += counts[b++]) {{
        const long n = counts[b];
        double *const found = work + columns * n;
        for (long c = 0; c < columns; c++)
            for (long i = 0; i < n; i++) work[c * n + i] = examples[rows[start + i] * columns + c];
        if (kernel(n, from, work, found)) return -1;
        values[b] = found[0] / n;
        for (long k = 0; k < parameters; k++) grad[k] = found[1 + k] / (is_mean ? n : 1);
        double all = 0;
        int is_odd = 0;
        for (long l = 0, first = 0; l < layers; first = ends[l++]) {{
            const double sum = sum_of_sizes(grad, places + first, ends[l] - first);
            const double size = sizes[b * layers + l] = sum / (ends[l] - first);
            all += size;
            is_odd |= !(least_size <= size && size <= most_size);
        }}
        if (is_odd || !isfinite(values[b] + all) || fabs(values[b]) > most) return b;
        for (long k = 0; k < outputs; k++)
            memcpy(predicted + k * examples_count + start, found + 1 + parameters + k * n,
                   n * sizeof(double));
        moved(parameters, rates[b], done + b, grad, from, to);
        double *const before = from;
        from = to;
        to = before;
    }}
    return batches;
}}
"""
