"""The table of spellings: what each means, or what its answer says."""

from __future__ import annotations

import math
from typing import Any

import pytest
from spellings import SPELLINGS, Spelling

from scalargrad import DomainError, ProgramError, Value, program
from scalargrad.engine.ops import OPERATIONS
from scalargrad.engine.scalars import is_exact

ROWS = [row for rows in SPELLINGS.values() for row in rows]
AWAITED = ("norm", "‖", "prod", "clip", "asin", "sin^{-1}", "log2", "log(p", "step")  # rows to come
READ = [
    row
    for row in ROWS
    if not row.answer and ("norm" in OPERATIONS or not any(name in row.typed for name in AWAITED))
]
ANSWERED = [row for row in ROWS if row.answer]


def is_near(found: Value, wanted: Any) -> bool:
    if is_exact(found.data) and is_exact(wanted):
        return bool(found.data == wanted)
    return math.isclose(float(found), float(wanted), rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize("row", READ, ids=[row.typed for row in READ])
def test_a_spelling_means_what_a_board_means(row: Spelling) -> None:
    p = program(row.typed)
    if isinstance(row.means, tuple):
        assert len(p.outputs) == len(row.means)
        assert all(map(is_near, p.outputs, row.means))
    else:
        assert is_near(p.output, row.means)


@pytest.mark.parametrize("row", ANSWERED, ids=[row.typed for row in ANSWERED])
def test_what_is_not_read_is_answered_in_place(row: Spelling) -> None:
    with pytest.raises((ProgramError, DomainError)) as raised:
        program(row.typed)
    message, _, caret = str(raised.value).split("\n")
    assert row.answer in message
    assert caret.strip() == "^"
    assert len(message) < 250


def test_the_table_is_as_large_as_it_says() -> None:
    assert len(ROWS) >= 120
    assert len({row.typed for row in ROWS}) == len(ROWS)
