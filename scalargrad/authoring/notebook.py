"""%%sg in a notebook: a cell that is a program, after %load_ext scalargrad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scalargrad.authoring.blocks import block


def load_ipython_extension(ipython: Any) -> None:
    """Give a notebook the cells %%sg, and the lines %sg file.sg."""
    ipython.register_magic_function(sg, "line_cell", "sg")


def sg(line: str, cell: str = "") -> Any:
    """Show a program: %%sg --wrt w2 draws it; %%sg derive --wrt w2 and so on, see `Block`."""
    from IPython.core.error import UsageError
    from IPython.display import display

    try:
        *first, last = block(cell, line, Path()).things
    except (ValueError, ArithmeticError) as error:  # a program, an option, a number, its domain
        raise UsageError(str(error)) from None
    for thing in first:
        display(thing)  # type: ignore[no-untyped-call]
    return last
