"""Which column a card stands in, and which leaves stand beside the card that uses them."""

from __future__ import annotations

from dataclasses import dataclass

from scalargrad.view.layout.diagram import Diagram

_BESIDE = 2  # leaves that stand beside one card: one below it and one above


@dataclass(frozen=True)
class Columns:
    """Cards in columns.

    Attributes:
        column: of each card.
        hosts: for a leaf that stands beside its only user, the link between them.
    """

    column: tuple[int, ...]
    hosts: dict[int, int]

    @property
    def count(self) -> int:
        """How many columns there are."""
        return max(self.column, default=-1) + 1

    def beside(self, diagram: Diagram, card: int) -> list[int]:
        """The leaves that stand beside a card, the first below it, the second above."""
        return [leaf for leaf, link in self.hosts.items() if diagram.links[link].target == card]


def columns(diagram: Diagram, beside: bool = True) -> Columns:
    """The columns by longest way from the leaves; a leaf stands just before its first use.

    Args:
        diagram: what is laid out.
        beside: whether leaves with one use may stand beside their user: targets, inputs of a time
            step and what is added late.
    """
    if diagram.pinned:
        return Columns(diagram.pinned, {})
    hosts = _hosts(diagram) if beside else {}
    depth = [0] * len(diagram.cards)
    links = [link for link in diagram.links if link.source not in hosts]
    for link in sorted(links, key=lambda link: link.target):
        depth[link.target] = max(depth[link.target], depth[link.source] + 1)
    has_sources = {link.target for link in links}
    first_use: dict[int, int] = {}
    for link in links:
        first_use[link.source] = min(
            first_use.get(link.source, depth[link.target]), depth[link.target]
        )
    for card, use in first_use.items():
        if card not in has_sources:
            depth[card] = use - 1
    _move_late(diagram, depth)
    for leaf, host in hosts.items():
        depth[leaf] = depth[diagram.links[host].target]
    return Columns(tuple(depth), hosts)


def _move_late(diagram: Diagram, depth: list[int]) -> None:
    """Move a leaf to the right with all that is made of it alone, such as 1 − y of a target y."""
    sources: dict[int, set[int]] = {}
    targets: dict[int, list[int]] = {}
    for link in diagram.links:
        sources.setdefault(link.target, set()).add(link.source)
        targets.setdefault(link.source, []).append(link.target)
    for leaf in range(len(diagram.cards)):
        users = targets.get(leaf, [])
        if leaf in sources or not users or not all(sources[u] == {leaf} for u in users):
            continue
        if all(user in targets for user in users):
            late = {user: min(depth[end] for end in targets[user]) - 1 for user in users}
            if min(late.values()) - 1 > depth[leaf]:
                depth[leaf] = min(late.values()) - 1
                for user, column in late.items():
                    depth[user] = column


def _hosts(diagram: Diagram) -> dict[int, int]:
    """For each leaf that stands beside its only user, the link between them."""
    into: list[list[int]] = [[] for _ in diagram.cards]
    uses = [0] * len(diagram.cards)
    for index, link in enumerate(diagram.links):
        into[link.target].append(index)
        uses[link.source] += 1

    def leaves(card: int) -> list[int]:
        sources = [diagram.links[link].source for link in into[card]]
        return [
            link
            for link, source in zip(into[card], sources, strict=True)
            if not into[source] and uses[source] == 1
        ]

    hosts: dict[int, int] = {}
    stems = set()
    for card in range(len(diagram.cards)):
        single = leaves(card)
        others = [k for k in into[card] if k not in single]
        if not others or len(single) > _BESIDE:
            continue
        if not all(into[diagram.links[k].source] for k in others):
            continue  # the others are leaves too: they all stand in the column before
        for index in single:
            source = diagram.links[index].source
            hosts[source] = index
            stems.add(diagram.cards[source].near)
    for card in range(len(diagram.cards)):  # x₁ stands under h₁ where x₂ does under h₂
        single = leaves(card)
        near = [k for k in single if diagram.cards[diagram.links[k].source].near in stems - {""}]
        if len(near) < len(into[card]) and len(near) <= _BESIDE:
            for index in near:
                hosts.setdefault(diagram.links[index].source, index)
    return hosts
