from itertools import pairwise
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.lineage.paths import InCommon, ShortestPaths, in_common, shortest_paths
from provena_mcp.rules.graph import Direction, Kind, Link, ProvenanceGraph
from tests.worlds.hops import hops_along
from tests.worlds.random_graphs import NODES, graphs, simple_paths

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

DATASET = Kind("ENTITY", "DATASET")


def chain(*ids: str) -> ProvenanceGraph:
    links = tuple(Link(near, "used", far) for near, far in pairwise(ids))
    return ProvenanceGraph(dict.fromkeys(ids, DATASET), links)


@pytest.mark.slow
@given(
    graph=graphs(),
    ends=st.permutations(NODES).map(lambda order: order[:2]),
    direction=st.sampled_from(("upstream", "downstream")),
    max_hops=st.integers(1, 8),
)
def test_shortest_paths_are_those_of_brute_force_on_any_graph(
    graph: ProvenanceGraph, ends: list[str], direction: Direction, max_hops: int
) -> None:
    start, goal = ends
    every = sorted(path for path in simple_paths(graph, start, goal, direction) if len(path) <= max_hops + 1)
    shortest = [path for path in every if len(path) == min(map(len, every))]

    found = shortest_paths(graph, start, goal, direction, max_hops=max_hops, show=3)

    if not shortest:
        assert found is None
        return
    levels = tuple(tuple(sorted({path[hop] for path in shortest})) for hop in range(len(shortest[0])))
    assert found == ShortestPaths(direction, len(shortest[0]) - 1, len(shortest), tuple(shortest[:3]), levels)


def test_paths_too_many_to_list_are_counted_exactly() -> None:
    rungs = 400
    links = [
        Link(f"step/{rung}", "used", f"{side}/{rung}") for rung in range(rungs) for side in ("left", "right")
    ] + [
        Link(f"{side}/{rung}", "wasGeneratedBy", f"step/{rung + 1}")
        for rung in range(rungs)
        for side in ("left", "right")
    ]
    nodes = {end: DATASET for link in links for end in (link.source, link.target)}

    found = shortest_paths(
        ProvenanceGraph(nodes, tuple(links)), "step/0", f"step/{rungs}", "upstream", max_hops=1000, show=2
    )

    assert found is not None
    assert (found.length, found.count, len(found.paths)) == (2 * rungs, 2**rungs, 2)


def test_a_grid_has_as_many_shortest_paths_as_the_binomial_says() -> None:
    side = 12
    links = [
        Link(f"{x},{y}", "used", f"{x + dx},{y + dy}")
        for x in range(side + 1)
        for y in range(side + 1)
        for dx, dy in ((1, 0), (0, 1))
        if x + dx <= side and y + dy <= side
    ]
    nodes = {end: DATASET for link in links for end in (link.source, link.target)}

    found = shortest_paths(
        ProvenanceGraph(nodes, tuple(links)), "0,0", f"{side},{side}", "upstream", max_hops=99, show=1
    )

    assert found is not None
    assert found.count == comb(2 * side, side)


def test_two_relations_between_one_pair_are_one_path() -> None:
    graph = ProvenanceGraph(
        {"run": DATASET, "data": DATASET},
        (Link("run", "used", "data"), Link("run", "wasInformedBy", "data")),
    )

    assert shortest_paths(graph, "run", "data", "upstream", max_hops=5, show=3) == ShortestPaths(
        "upstream", 1, 1, (("run", "data"),), (("run",), ("data",))
    )


@pytest.mark.parametrize(("max_hops", "is_found"), [(2, False), (3, True)])
def test_a_path_longer_than_asked_for_is_not_found(max_hops: int, is_found: bool) -> None:
    found = shortest_paths(chain("a", "b", "c", "d"), "a", "d", "upstream", max_hops=max_hops, show=3)

    assert (found is not None) == is_found


@pytest.mark.slow
@given(graph=graphs(), direction=st.sampled_from(("upstream", "downstream")), depth=st.integers(1, 8))
def test_what_two_items_have_in_common_is_what_paths_from_both_reach(
    graph: ProvenanceGraph, direction: Direction, depth: int
) -> None:
    first, second = NODES[:2]

    def distance(start: str, goal: str) -> int:
        return min((len(path) - 1 for path in simple_paths(graph, start, goal, direction)), default=99)

    expected = {
        InCommon(node, distance(first, node), distance(second, node))
        for node in NODES[2:]
        if max(distance(first, node), distance(second, node)) <= depth
    }

    from_first = hops_along(graph, direction, first, depth)
    found = in_common(from_first, hops_along(graph, direction, second, depth), (first, second))

    assert set(found) == expected
    assert [item.hops for item in found] == sorted(item.hops for item in found)
