"""What runs a program: Python itself, numpy, C, JAX or PyTorch."""

from __future__ import annotations

import ctypes
import math
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

from scalargrad.compiler import arrays, python
from scalargrad.compiler.c_lanes import kernel_source
from scalargrad.compiler.library import compiler, library
from scalargrad.compiler.loops import with_dots
from scalargrad.compiler.program import Program
from scalargrad.engine import scalars
from scalargrad.engine.kinds import INVERSES

# Of the inputs that are numbers and of those that are lanes, both in order, and the count of lanes:
# the outputs that are added up over the lanes, and those that have an element for each lane.
Kernel = Callable[[Sequence[Any], Sequence[Any], int], tuple[Any, Any]]
Backend = Callable[..., Kernel]  # of a program, its lanes, the places of the summed outputs

LARGEST_AUTO = 30_000  # operations; a C compiler takes seconds for them
LARGEST_JIT = 20_000  # operations or lines that JAX compiles as one; beyond it takes minutes


def python_kernel(program: Program, lanes: Sequence[str], summed: frozenset[int]) -> Kernel:
    """Plain Python, a loop over the lanes."""
    source = python.lanes_source(program, lanes, summed)
    function = python.defined(source, python.runtime_names(), "over_lanes")

    def kernel(numbers: Sequence[Any], columns: Sequence[Any], count: int) -> tuple[Any, Any]:
        as_lists = [list(map(float, column)) for column in columns]
        sums, rows = function(map(float, numbers), as_lists)
        return sums, [_array(row) if as_lists else row[0] for row in rows]

    return kernel


def _array(row: Sequence[float]) -> Any:
    import numpy as np

    return np.array(row)


def numpy_kernel(
    program: Program, lanes: Sequence[str], summed: frozenset[int], *, fast: bool = False
) -> Kernel:
    """numpy: each step computes all lanes, and of a layer all units."""
    import numpy as np

    kind = scalars.kind_of(np.zeros(1))
    names = {**kind.functions, "quotient": np.divide, "abs": np.abs, "inf": np.inf, "nan": np.nan}
    names["log_sum_exp"] = lambda rounded, *a: kind.functions["log_sum_exp"](a, rounded)
    names["where"] = np.where
    looped = arrays.looped_source(program, lanes, summed)
    if looped:
        names |= arrays.functions(np, arrays.at_once(np.matmul) if fast else arrays.in_order)
        return _in_matrices(python.defined(looped, names, "on_arrays"))
    run = python.defined(python.array_source(program, lanes, summed), names, "on_arrays")

    def kernel(numbers: Sequence[Any], columns: Sequence[Any], count: int) -> tuple[Any, Any]:
        with np.errstate(all="ignore"):
            together, apart = run(
                list(np.asarray(numbers, dtype=float)), list(np.asarray(columns, dtype=float))
            )
            if not len(columns):
                return list(map(float, together)), list(map(float, apart))
            summed_rows = np.empty((len(together), count))
            for row, found in zip(summed_rows, together, strict=True):
                row[:] = found
            rows = [np.broadcast_to(found, (count,)).astype(float) for found in apart]
            return summed_rows.sum(axis=1), rows

    return kernel


def _in_matrices(run: Callable[[Any, Any], tuple[Any, Any]]) -> Kernel:
    """A kernel of numpy of a function of the numbers and the columns as matrices."""
    import numpy as np

    def kernel(numbers: Sequence[Any], columns: Sequence[Any], count: int) -> tuple[Any, Any]:
        matrix = np.asarray(columns, dtype=float).reshape(len(columns), count)
        with np.errstate(all="ignore"):
            sums, rows = run(np.asarray(numbers, dtype=float)[:, None], matrix)
        if not len(columns):
            return list(map(float, sums)), [float(row[0]) for row in rows]
        return np.asarray(sums), np.broadcast_to(rows, (len(rows), count)).copy()

    return kernel


class CKernel:
    """C, through the system's compiler, as many lanes at once as a vector register holds.

    Attributes:
        function: the C function itself, of pointers.
        apart: how many outputs are not summed over the lanes.
    """

    def __init__(
        self, program: Program, lanes: Sequence[str], summed: frozenset[int], *, fast: bool = False
    ) -> None:
        self.function = library(kernel_source(program, lanes, summed), fast=fast).kernel
        self.function.argtypes = [ctypes.c_long, *[ctypes.c_void_p] * 3]
        self._summed, self.apart = len(summed), len(program.outputs) - len(summed)
        self._size = program.size

    def __call__(
        self, numbers: Sequence[Any], columns: Sequence[Any], count: int
    ) -> tuple[Any, Any]:
        """The outputs, those that are summed and the others."""
        import numpy as np

        if numbers.__class__ is list:  # which an array of Python's takes up sooner
            held: Any = array("d", numbers)
            held_at = held.buffer_info()[0]
        else:
            held = np.ascontiguousarray(numbers, dtype=float)
            held_at = address(held)
        matrix = np.ascontiguousarray(columns, dtype=float)
        outputs = np.empty(self._summed + self.apart * count)
        if self.function(count, held_at, address(matrix), address(outputs)):
            raise MemoryError(f"no memory for a program of {self._size} operations")
        return outputs[: self._summed], outputs[self._summed :].reshape(self.apart, count)


def address(array: Any) -> int:
    """Where the numbers of an array of numpy stand in memory."""
    return int(array.__array_interface__["data"][0])


def jax_kernel(program: Program, lanes: Sequence[str], summed: frozenset[int]) -> Kernel:
    """JAX: in the precision, on the device and under the transformations that the user chose."""
    import jax
    import numpy as np
    from jax import numpy as jnp
    from jax.scipy import special

    names = {name: getattr(jnp, name) for name in _COMMON}
    names |= {name: getattr(jnp, f"arc{name[1:]}") for name in INVERSES}
    names |= {"power": jnp.power, "quotient": jnp.divide,
              "erf": special.erf, "erfc": special.erfc}  # fmt: skip

    def broadcast(found: Any, shape: tuple[int, ...]) -> Any:
        return jnp.broadcast_to(found, shape)

    def taken(number: Any) -> Any:
        is_theirs = isinstance(number, float | np.ndarray | jax.Array)
        return number if is_theirs else np.asarray(number)

    looped = arrays.looped_source(program, lanes, summed)
    if looped:
        names |= arrays.functions(jnp, arrays.at_once(partial(jnp.matmul, precision="highest")))
        loops = python.defined(looped, names | _PLAIN, "on_arrays")
        is_short = looped.count("\n") <= LARGEST_JIT
        return _looped_on_jax(jax.jit(loops) if is_short else loops, taken)
    function = _traced_kernel(program, names, lanes, summed, broadcast)
    run = jax.jit(function, static_argnums=2) if program.size <= LARGEST_JIT else function

    def kernel(numbers: Sequence[Any], columns: Sequence[Any], count: int) -> tuple[Any, Any]:
        found: tuple[Any, Any] = run(list(map(taken, numbers)), list(map(taken, columns)), count)
        return found

    return kernel


def _looped_on_jax(run: Callable[[Any, Any], tuple[Any, Any]], taken: Callable[..., Any]) -> Kernel:
    """A kernel of JAX of a function of the numbers and the columns as matrices."""
    from jax import numpy as jnp

    def kernel(numbers: Sequence[Any], columns: Sequence[Any], count: int) -> tuple[Any, Any]:
        columns = list(map(taken, columns))
        held = [numbers] if hasattr(numbers, "dtype") else list(map(taken, numbers))
        kinds = {getattr(one, "dtype", float): one for one in held}
        dtype = jnp.result_type(*kinds.values(), *columns)
        matrix = jnp.array(columns, dtype).reshape(len(columns), count)
        sums, rows = run(jnp.array(held, dtype).reshape(-1, 1), matrix)
        return sums, jnp.broadcast_to(rows, (len(rows), count)) if columns else list(rows[:, 0])

    return kernel


def torch_kernel(program: Program, lanes: Sequence[str], summed: frozenset[int]) -> Kernel:
    """PyTorch: numbers become tensors in double precision, tensors stay what they are."""
    import numpy as np
    import torch

    names = {name: getattr(torch, name) for name in _COMMON}
    names |= {name: getattr(torch, name) for name in INVERSES}
    names |= {"power": torch.pow, "quotient": torch.true_divide,
              "erf": torch.special.erf, "erfc": torch.special.erfc}  # fmt: skip
    names = {name: _on_tensors(torch, f) for name, f in names.items()}

    def tensor(number: Any) -> Any:
        if isinstance(number, torch.Tensor):
            return number
        return torch.from_numpy(np.array(number, dtype=float, order="C"))

    def broadcast(found: Any, shape: tuple[int, ...]) -> Any:
        return tensor(found).expand(shape)

    function = _traced_kernel(program, names, lanes, summed, broadcast)

    def kernel(numbers: Sequence[Any], columns: Sequence[Any], count: int) -> tuple[Any, Any]:
        return function(list(map(tensor, numbers)), list(map(tensor, columns)), count)

    return kernel


_COMMON = ("where", "abs", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos",
           "tan", "sinh", "cosh", "tanh")  # fmt: skip


_PLAIN = {"inf": math.inf, "nan": math.nan, "log_sum_exp": lambda rounded, *a: rounded}


def _on_tensors(torch: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors that takes numbers too, where another operand is a tensor."""

    def applied(*operands: Any) -> Any:
        like = next(a for a in reversed(operands) if isinstance(a, torch.Tensor))
        real = like if like.is_floating_point() else like.double()
        return function(*[a if isinstance(a, torch.Tensor) else torch.full_like(real, a)
                          for a in operands])  # fmt: skip

    return applied


def _traced_kernel(
    program: Program,
    names: dict[str, Any],
    lanes: Sequence[str],
    summed: frozenset[int],
    broadcast: Callable[[Any, tuple[int, ...]], Any],
) -> Kernel:
    """A kernel in the namespace of a library that differentiates or compiles what it runs."""
    source = python.array_source(program, lanes, summed)
    run = python.defined(source, names | _PLAIN, "on_arrays")

    def kernel(numbers: Sequence[Any], columns: Sequence[Any], count: int) -> tuple[Any, Any]:
        shape = (count,) if lanes else ()
        together, apart = run(numbers, columns)
        sums = [broadcast(found, shape).sum() for found in together]
        return sums, [broadcast(found, shape) for found in apart]

    return kernel


def chosen(backend: str, program: Program, fast: bool) -> tuple[str, Backend]:
    """A backend by its name; "auto" is C where there is a compiler and not too much to compile.

    Raises:
        ValueError: for an unknown name, or `fast` with another backend than C and numpy.
        ModuleNotFoundError: for JAX or PyTorch where it is not installed.
    """
    if backend == "auto":
        backend = "c" if compiler() and _is_compilable(program) else "numpy"
    if backend not in BACKENDS:
        raise ValueError(f"a backend is one of {', '.join(('auto', *BACKENDS))}; got {backend!r}")
    if backend in ("jax", "torch") and find_spec(backend) is None:
        raise ModuleNotFoundError(
            f"backend={backend!r} needs {backend}, which is not installed: pip install {backend}"
        )
    if not fast:
        return backend, BACKENDS[backend]
    if backend not in ("c", "numpy"):
        raise ValueError(f"fast=True is for the backends c and numpy; got {backend!r}")
    return backend, partial(BACKENDS[backend], fast=True)


def _is_compilable(program: Program) -> bool:
    """Whether a C compiler is done with a program soon: its dots and gradients are loops."""
    if program.size <= LARGEST_AUTO:
        return True
    shorter = with_dots(program)
    return len(shorter.steps) - len(shorter.inputs) - len(shorter.gradients) <= LARGEST_AUTO


BACKENDS: dict[str, Backend] = {
    "python": python_kernel,
    "numpy": numpy_kernel,
    "c": CKernel,
    "jax": jax_kernel,
    "torch": torch_kernel,
}
