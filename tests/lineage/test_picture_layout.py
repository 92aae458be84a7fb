"""Where a picture's items stand: whatever the graph, everything has its place and nothing overlaps."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.lineage.picture.layout import MAX_LANES, Arrangement, arrange, crossings, heights

COLUMNS = st.lists(st.integers(0, 6), min_size=1, max_size=24)


@st.composite
def layered(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    columns = draw(COLUMNS)
    items = st.integers(0, len(columns) - 1)
    links = draw(st.lists(st.tuples(items, items).filter(lambda ends: ends[0] != ends[1]), max_size=40))
    return columns, links


def _crossed(arrangement: Arrangement) -> int:
    place = arrangement.place
    right: dict[int, list[int]] = {}
    for one, other in arrangement.edges:
        near, far = sorted((one, other), key=lambda slot: place[slot][0])
        if place[near][0] != place[far][0]:
            right.setdefault(near, []).append(far)
    return crossings(arrangement.columns, right)


@given(layered())
def test_every_item_stands_once_in_its_column_and_every_link_leads_from_column_to_column(
    world: tuple[list[int], list[tuple[int, int]]],
):
    columns, links = world
    arrangement = arrange(columns, links)
    place = arrangement.place
    assert {item: place[item][0] for item in range(len(columns))} == dict(enumerate(columns))
    assert sorted(place) == list(range(len(place)))
    for number, (source, target) in enumerate(links):
        steps = [place[slot][0] for slot in (source, *arrangement.lanes.get(number, ()), target)]
        distance = abs(columns[source] - columns[target])
        assert all(abs(one - other) == 1 for one, other in pairwise(steps)) or distance == 0
        assert len(steps) == max(distance, 1) + 1


@given(layered())
def test_the_same_items_and_links_give_the_same_order_with_no_more_crossings_than_unordered(
    world: tuple[list[int], list[tuple[int, int]]],
):
    arrangement = arrange(*world)
    assert arrange(*world) == arrangement
    unordered = Arrangement(
        tuple(tuple(sorted(slots)) for slots in arrangement.columns), arrangement.lanes, arrangement.edges
    )
    assert _crossed(arrangement) <= _crossed(unordered)


@given(layered(), st.floats(0, 30))
def test_no_two_boxes_of_a_column_overlap_and_the_picture_begins_at_the_top(
    world: tuple[list[int], list[tuple[int, int]]], gap: float
):
    arrangement = arrange(*world)
    size = {slot: 46.0 if slot < len(world[0]) else 10.0 for slot in arrangement.place}
    middle = heights(arrangement, size, gap)
    assert abs(min(middle[slot] - size[slot] / 2 for slot in middle)) < 1e-6
    for slots in arrangement.columns:
        for above, below in pairwise(slots):
            assert middle[below] - middle[above] >= (size[above] + size[below]) / 2 + gap - 1e-6


def test_two_chains_that_cross_are_uncrossed():
    arrangement = arrange([0, 0, 1, 1, 2, 2], [(0, 3), (1, 2), (3, 4), (2, 5)])
    assert _crossed(arrangement) == 0


def test_nothing_at_all_and_one_item_are_arranged_too():
    assert arrange([], []).columns == ()
    assert heights(arrange([0], []), {0: 46.0}, 12.0) == {0: 23.0}


def test_more_long_links_than_can_be_ordered_are_left_without_lanes():
    links = [(0, 1)] * (MAX_LANES + 10)
    assert len(arrange([0, 2], links).lanes) == MAX_LANES
