"""What a style makes of a graph: a diagram, how its parts are painted, and what is left of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from scalargrad.notation.names import Written
from scalargrad.view.layout.diagram import Card, Diagram, Label, Line, Link, Piece, Row
from scalargrad.view.scene import Look

BAR = Piece(Written("|"), "bar")
EQUALS = Piece(Written("="), "muted")
SUM = Piece(Written("Σ"), "muted")


@dataclass(frozen=True)
class Board:
    """A diagram, and how its parts are painted.

    Attributes:
        diagram: what is laid out.
        nodes: of the graph, what each card stands for; -1 for none.
        accented: cards on the path.
        new: cards that are new in a step.
        hidden: cards that are not painted.
        dropped: cards that are greyed.
        path: links on the path.
        gone: links of dropped cards.
        closed: links with a factor of 0, through which no gradient passes.
        strengths: from -1 to 1, of links that are as wide and coloured as they are strong.
        fills: from -1 to 1, of cards that are filled so much.
    """

    diagram: Diagram
    nodes: tuple[int, ...]
    accented: frozenset[int] = frozenset()
    new: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()
    path: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()
    strengths: Mapping[int, float] = field(default_factory=dict)
    fills: Mapping[int, float] = field(default_factory=dict)


def visible(line: Line) -> list[bool]:
    """Whether each piece of a line is painted: a sign between two waits for the second one."""
    following = [piece.written.text for piece in line[1:]] + ["no more"]
    signs = [(sign.written, sign.ink) for sign in (BAR, EQUALS, SUM)]
    return [
        bool(piece.written.text and ((piece.written, piece.ink) not in signs or after))
        for piece, after in zip(line, following, strict=True)
    ]


# Without gaps ------------------------------------------------------------------------------------


def without_gaps(full: Board, now: Board, look: Look) -> tuple[Board, Board]:
    """Both boards without the hidden cards and the empty pieces of the first."""
    cards = [card for card in range(len(full.nodes)) if card not in full.hidden]
    card_at = {card: new for new, card in enumerate(cards)}
    ends = [(link.source, link.target) for link in full.diagram.links]
    kept = [k for k, (a, b) in enumerate(ends) if a in card_at and b in card_at]
    link_at = {link: new for new, link in enumerate(kept)}
    return _kept(full, full, look, card_at, link_at), _kept(now, full, look, card_at, link_at)


def _kept(
    board: Board, full: Board, look: Look, card_at: dict[int, int], link_at: dict[int, int]
) -> Board:
    """The part of a board that is some of its cards and links, at their new places."""
    diagram = board.diagram
    cards = [_card(diagram.cards[k], full.diagram.cards[k]) for k in card_at]
    links = [_link(diagram.links[k], full.diagram.links[k], full.diagram, card_at) for k in link_at]
    remaining = replace(
        diagram,
        cards=tuple(cards),
        links=tuple(links),
        headings=tuple(diagram.headings[k] for k in card_at if "headings" not in look.without),
        pinned=tuple(diagram.pinned[k] for k in card_at if diagram.pinned),
        groups=tuple(
            replace(group, cards=cards_left)
            for group in diagram.groups
            if (cards_left := tuple(card_at[k] for k in group.cards if k in card_at))
        ),
        equation=() if look.level != "all" or "derivation" in look.without else diagram.equation,
        notes=() if "notes" in look.without else diagram.notes,
    )

    def moved(indices: frozenset[int], at: dict[int, int]) -> frozenset[int]:
        return frozenset(at[k] for k in indices if k in at)

    return Board(
        remaining,
        tuple(board.nodes[k] for k in card_at),
        moved(board.accented, card_at),
        moved(board.new, card_at),
        frozenset(),
        moved(board.dropped, card_at),
        moved(board.path, link_at),
        moved(board.gone, link_at),
        moved(board.closed, link_at),
        {link_at[k]: share for k, share in board.strengths.items() if k in link_at},
        {card_at[k]: share for k, share in board.fills.items() if k in card_at},
    )


def _lines(mine: Sequence[Line], full: Sequence[Line]) -> tuple[Line, ...]:
    """The pieces of lines that others show, without lines of none."""
    pairs = [zip(a, visible(b), strict=True) for a, b in zip(mine, full, strict=True)]
    found = (tuple(piece for piece, is_shown in pair if is_shown) for pair in pairs)
    return tuple(line for line in found if line)


def _card(mine: Card, full: Card) -> Card:
    return replace(
        mine,
        three=_lines(mine.three, full.three),
        two=_lines(mine.two, full.two),
        one=_lines(mine.one, full.one),
        rows=tuple(
            Row(_lines((a.line,), (b.line,))[0], _lines(a.stacked, b.stacked))
            for a, b in zip(mine.rows, full.rows, strict=True)
            if any(visible(b.line))
        ),
    )


def _link(mine: Link, full: Link, diagram: Diagram, card_at: dict[int, int]) -> Link:
    label, row = None, None
    if mine.label and full.label:
        pairs = zip(mine.label.forms, full.label.forms, strict=True)
        forms = tuple(form for form in (_lines(a, b) for a, b in pairs) if form)
        label = Label(forms) if forms else None
    if mine.row is not None:
        above = diagram.cards[full.target].rows[: mine.row + 1]
        shown = [any(visible(row.line)) for row in above]
        row = sum(shown) - 1 if shown[-1] else None
    source, target = card_at[mine.source], card_at[mine.target]
    return replace(mine, source=source, target=target, label=label, row=row)
