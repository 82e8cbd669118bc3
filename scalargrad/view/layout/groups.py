"""Boxes round cards that belong together, each with a title where no edge of its own runs.

That is above the highest card, or on the left of the first one where data flow downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scalargrad.view.layout.diagram import Diagram, Group
from scalargrad.view.scene import Area

PADDING = 0.4  # between a box and the cards in it, in sizes of the text
TITLE = 1.25  # height of a title with its air


@dataclass(frozen=True)
class Box:
    """Where a box stands.

    Attributes:
        area: what it covers, its title included.
        title: what the title covers.
    """

    area: Area
    title: Area


def box(group: Group, areas: Sequence[Area], turned: bool, size: float = 1.0) -> Box:
    """The box round some cards.

    Args:
        group: the cards.
        areas: of all cards, as they are seen.
        turned: whether data flow downwards.
        size: of the text.
    """
    inside = [areas[card] for card in group.cards]
    pad, wide, high = PADDING * size, group.title.extent.width * size, TITLE * size
    first = min(inside, key=lambda area: area[0 if turned else 1])
    left, top = (first[0] + first[2] - wide) / 2, first[1] - high
    if turned:
        left, top = first[0] - pad - wide, (first[1] + first[3] - high) / 2
    title = (left, top, left + wide, top + high)
    return Box(
        (
            min(a[0] for a in (title, *inside)) - pad,
            min(a[1] for a in (title, *inside)) - pad * turned,
            max(a[2] for a in (title, *inside)) + pad,
            max(a[3] for a in (title, *inside)) + pad,
        ),
        title,
    )


def foreign(group: Group, areas: Sequence[Area], turned: bool, size: float) -> list[int]:
    """The cards that a box would hold though they do not belong to it."""
    left, top, right, bottom = box(group, areas, turned, size).area
    return [
        card
        for card, area in enumerate(areas)
        if card not in group.cards
        and area[0] < right and left < area[2] and area[1] < bottom and top < area[3]
    ]  # fmt: skip


def together(diagram: Diagram, order: Sequence[Sequence[int]]) -> list[list[int]]:
    """The columns with the cards of a group beside each other, where they are on the average."""
    found = []
    for column in order:
        rank = {item: float(k) for k, item in enumerate(column)}
        for group in diagram.groups:
            members = [item for item in column if item in group.cards]
            if members:
                mean = sum(rank[item] for item in members) / len(members)
                rank |= dict.fromkeys(members, mean)
        found.append(sorted(column, key=lambda item: rank[item]))
    return found


def spacing(diagram: Diagram, column: Sequence[int]) -> dict[int, tuple[float, float]]:
    """How much farther the items of a column reach above and below for the boxes around them."""
    found = {}
    for k, item in enumerate(column):
        above = below = 0.0
        for group in diagram.groups:
            if item in group.cards:
                title = group.title.extent.width + 2 * PADDING if diagram.turned else TITLE
                above += (PADDING + title) * (k == 0 or column[k - 1] not in group.cards)
                below += PADDING * (item == column[-1] or column[k + 1] not in group.cards)
        found[item] = (above, below)
    return found
