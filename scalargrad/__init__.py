"""scalargrad: scalar automatic differentiation for people who teach and learn backpropagation.

Importing it loads the engine and the standard library only; what draws, checks and reads programs
is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scalargrad.engine import ops as ops
from scalargrad.engine.backward import topological_order
from scalargrad.engine.inplace import no_grad
from scalargrad.engine.rebuild import partial
from scalargrad.engine.value import Value
from scalargrad.errors import (
    CompilerError,
    DomainError,
    DrawingError,
    FileError,
    GradientMismatch,
    ProgramError,
)

if TYPE_CHECKING:
    from scalargrad.checking.gradcheck import assert_gradients, gradcheck
    from scalargrad.checking.marking import check
    from scalargrad.checking.report import Report
    from scalargrad.compiler.compiled import Compiled, compile
    from scalargrad.graph.derivation import Derivation, derive
    from scalargrad.graph.table import table
    from scalargrad.graph.vectors import Matrix, gradient, jacobian, theta
    from scalargrad.interop.graphviz import to_graphviz
    from scalargrad.interop.sympy import to_sympy
    from scalargrad.interop.torch import from_torch, to_torch
    from scalargrad.language.reading import Program, program
    from scalargrad.language.writing import program_text
    from scalargrad.sheets.worksheet import worksheet
    from scalargrad.view.drawing import Drawing, draw, nudge
    from scalargrad.view.picture import Frames
    from scalargrad.view.stepper.stepper import Stepper, step

__version__ = "0.1.0"

__all__ = [
    "Compiled",
    "CompilerError",
    "Derivation",
    "DomainError",
    "Drawing",
    "DrawingError",
    "FileError",
    "Frames",
    "GradientMismatch",
    "Matrix",
    "Program",
    "ProgramError",
    "Report",
    "Stepper",
    "Value",
    "assert_gradients",
    "check",
    "compile",
    "derive",
    "draw",
    "from_torch",
    "gradcheck",
    "gradient",
    "jacobian",
    "no_grad",
    "nudge",
    "partial",
    "program",
    "program_text",
    "step",
    "table",
    "theta",
    "to_graphviz",
    "to_sympy",
    "to_torch",
    "topological_order",
    "worksheet",
]

_WHERE = {
    "Compiled": "compiler.compiled",
    "Derivation": "graph.derivation",
    "Drawing": "view.drawing",
    "Frames": "view.picture",
    "Matrix": "graph.vectors",
    "Program": "language.reading",
    "Report": "checking.report",
    "Stepper": "view.stepper.stepper",
    "assert_gradients": "checking.gradcheck",
    "check": "checking.marking",
    "compile": "compiler.compiled",
    "derive": "graph.derivation",
    "draw": "view.drawing",
    "from_torch": "interop.torch",
    "gradcheck": "checking.gradcheck",
    "gradient": "graph.vectors",
    "load_ipython_extension": "authoring.notebook",  # for %load_ext scalargrad
    "jacobian": "graph.vectors",
    "nudge": "view.drawing",
    "program": "language.reading",
    "program_text": "language.writing",
    "step": "view.stepper.stepper",
    "table": "graph.table",
    "theta": "graph.vectors",
    "to_graphviz": "interop.graphviz",
    "to_sympy": "interop.sympy",
    "to_torch": "interop.torch",
    "worksheet": "sheets.worksheet",
}


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"scalargrad.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'scalargrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
