"""The parts of the search: columns, crossings, places, equations, pockets and folds."""

import random
from itertools import pairwise, permutations, product

import pytest

from scalargrad.notation.names import Written
from scalargrad.view.layout.columns import columns
from scalargrad.view.layout.crossings import orders
from scalargrad.view.layout.diagram import (
    Card,
    Diagram,
    Link,
    Piece,
    aligned,
    places,
    width,
)
from scalargrad.view.layout.equations import block, parts
from scalargrad.view.layout.places import _settled
from scalargrad.view.layout.pockets import Grid
from scalargrad.view.layout.search import CAP, arranged


def card(text="h", leaf=False, near=""):
    lines = ((Piece(Written(text), "name"),),)
    return Card(lines, lines, lines, is_leaf=leaf, near=near)


def diagram(edges, cards=None, **more):
    size = 1 + max(max(edge) for edge in edges)
    given = cards or [card(str(k)) for k in range(size)]
    return Diagram(tuple(given), tuple(Link(a, b) for a, b in edges), **more)


def test_a_target_and_the_input_of_a_time_step_stand_beside_their_users():
    # h0, x1 -> h1; h1, x2 -> h2; h2, y -> loss
    edges = [(0, 2), (1, 2), (2, 4), (3, 4), (4, 6), (5, 6)]
    cards = [card("h0"), card("x1", near="x"), card("h1"), card("x2", near="x"), card("h2"),
             card("y", near="y"), card("loss")]  # fmt: skip
    place = columns(diagram(edges, cards))
    assert set(place.hosts) == {1, 3, 5}
    assert place.column == (0, 1, 1, 2, 2, 3, 3)
    assert columns(diagram(edges, cards), beside=False).hosts == {}


def test_both_inputs_of_a_neuron_stay_in_their_column():
    assert columns(diagram([(0, 2), (1, 2)])).hosts == {}


def test_what_is_made_of_a_late_leaf_alone_stands_late_too():
    # x -> a -> b -> c; y -> 1 - y; both into the loss, y itself too
    place = columns(diagram([(0, 1), (1, 2), (2, 3), (4, 5), (4, 6), (3, 7), (5, 7), (6, 7)]))
    assert place.column == (0, 1, 2, 3, 2, 3, 3, 4)


@pytest.mark.parametrize("seed", range(25))
def test_two_columns_cross_as_little_as_they_can(seed):
    chance = random.Random(seed)
    left, right = list(range(4)), list(range(4, 8))
    pairs = list(product(left, right))
    edges = chance.sample(pairs, chance.randint(3, 9))

    def crossings(a, b):
        lines = [(a.index(s), b.index(t)) for s, t in edges]
        return sum((p - r) * (q - s) < 0 for k, (p, q) in enumerate(lines) for r, s in lines[:k])

    least = min(crossings(a, b) for a, b in product(permutations(left), permutations(right)))
    best = orders((tuple(left), tuple(right)), tuple(edges), 8)
    assert crossings(*best[0]) == least
    assert all(crossings(*order) <= least + 1 for order in best)
    assert all(sorted(order[0]) == left and sorted(order[1]) == right for order in best)


@pytest.mark.parametrize("seed", range(25))
def test_places_keep_their_distances_and_are_nearest_to_those_wanted(seed):
    chance = random.Random(seed)
    wanted = [chance.uniform(0, 10) for _ in range(4)]
    least = [chance.uniform(0.2, 2) for _ in range(3)]
    places = _settled(wanted, least, (0.0, 10.0))
    assert places[0] >= -1e-9
    assert places[-1] <= 10 + 1e-9
    assert all(b - a >= d - 1e-9 for (a, b), d in zip(pairwise(places), least, strict=True))

    def far(points):
        return sum((p - w) ** 2 for p, w in zip(points, wanted, strict=True))

    for _ in range(300):  # no other places that keep them are nearer
        other = [p + chance.gauss(0, 0.4) for p in places]
        inside = other[0] >= 0 and other[-1] <= 10
        apart = all(b - a >= d for (a, b), d in zip(pairwise(other), least, strict=True))
        if inside and apart:
            assert far(other) >= far(places) - 1e-9


def test_an_equation_breaks_at_its_signs_only_and_loses_nothing():
    line = Written(
        "∂ℓ/∂w = ∂ℓ/∂h × ∂h/∂w + ∂ℓ/∂g × ∂g/∂w = (−1.2) × (0.1) + (2) × (3) = 5.88",
        r"\frac{a}{b} = \frac{a}{c} \times \frac{c}{b} + \frac{a}{d} \times \frac{d}{b} "
        r"= (-1.2) \times (0.1) + (2) \times (3) = 5.88",
    )
    atoms = parts(line)
    assert " ".join(atom.text for atom in atoms) == line.text
    assert " ".join(atom.math for atom in atoms) == line.math
    seen = set()
    for wide in (50, 25, 15, 9):
        made = block(atoms, wide)
        assert made is not None
        assert made.width <= wide
        assert " ".join(text.text for text, _ in made.lines) == line.text
        assert all(text.text[0] in "=+×∂" for text, _ in made.lines)
        seen.add(len(made.lines))
    assert min(seen) == 1
    assert len(seen) > 2
    assert block(atoms, 0.5) is None


def test_a_pocket_is_free_and_the_nearest():
    grid = Grid((20.0, 10.0), [(0, 0, 20, 4), (0, 4, 8, 10)], [[(8, 4), (14, 10)]])
    corner = grid.pocket(3, 2, (20, 5))
    assert corner is not None
    x, y = corner
    assert x > 8
    assert y >= 4
    assert x + 3 <= 20
    assert y + 2 <= 10
    assert x - 8 > y - 4  # right of the line, which falls by one in one
    assert grid.pocket(13, 2, (10, 5)) is None


def test_a_long_chain_is_folded_into_rows_that_turn():
    plan = arranged(diagram([(k, k + 1) for k in range(19)]))
    rows = [round(y) for _, y in plan.centers]
    assert 1 < len(set(rows)) < 8
    assert rows == sorted(rows)
    first = [x for (x, _), row in zip(plan.centers, rows, strict=True) if row == rows[0]]
    second = [
        x for (x, _), row in zip(plan.centers, rows, strict=True) if row == sorted(set(rows))[1]
    ]
    assert first == sorted(first)
    assert second == sorted(second, reverse=True)
    assert plan.size == pytest.approx(CAP)


def test_a_smaller_place_has_smaller_text_and_the_same_cards():
    made = diagram([(0, 2), (1, 2), (2, 3)], headings=("",) * 4)
    large, small = arranged(made, (400.0, 200.0)), arranged(made, (100.0, 60.0))
    assert small.size < large.size
    assert small.room == (100.0, 60.0)
    assert len(small.areas) == 4


def test_a_derivation_of_two_lines_has_symbols_above_and_numbers_beneath():
    line = Written("∂ℓ/∂w = ∂ℓ/∂ŷ × ∂ŷ/∂h × ∂h/∂w = (−1.2) × (0.1) × (2) = −0.24")
    whole = block(parts(line), 100)
    narrow = block(parts(line), whole.width - 0.1)
    assert [text.text for text, _ in narrow.lines] == [
        "∂ℓ/∂w = ∂ℓ/∂ŷ × ∂ŷ/∂h × ∂h/∂w", "= (−1.2) × (0.1) × (2) = −0.24"
    ]  # fmt: skip


def test_pieces_of_aligned_lines_stand_under_one_another():
    def line(*texts):
        inks = ("name", "value", "gradient")
        return tuple(Piece(Written(t), i) for t, i in zip(texts, inks, strict=False))

    lines = aligned([line("w", "0.5", "−0.25"), line("w long", "−10", "1"), line("b", "3")])
    assert len({round(width(each), 9) for each in lines}) == 1
    middles = [places(each) for each in lines]
    for each, at in zip(lines, middles, strict=True):
        name, number = each[0].extent.width / 2, each[1].extent.width / 2
        assert at[0] - name == pytest.approx(middles[0][0] - lines[0][0].extent.width / 2)
        assert at[1] + number == pytest.approx(middles[0][1] + lines[0][1].extent.width / 2)


def test_what_is_left_of_the_height_stands_above_and_below():
    made = diagram([(0, 1)], headings=("input|inputs", "output|outputs"))
    plan = arranged(made, (886.0, 403.0))
    (_, heading), top = plan.headings[0][1], min(area[1] for area in plan.areas)
    bottom = max(area[3] for area in plan.areas)
    assert 0 < top - heading < plan.size
    assert heading - plan.size == pytest.approx(403 - bottom, abs=plan.size)
