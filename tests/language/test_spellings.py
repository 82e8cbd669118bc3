"""The table of spellings: what each means, or what its answer says."""

from __future__ import annotations

import math
from typing import Any

import pytest
from spellings import ANSWERED, READ, SPELLINGS, Spelling

from scalargrad import DomainError, ProgramError, Value, program
from scalargrad.engine.scalars import is_exact


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
    typed = [row.typed for rows in SPELLINGS.values() for row in rows]
    assert len(set(typed)) == len(typed) >= 280
