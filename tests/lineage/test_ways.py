"""Ways between two items, counted by the runs on them, are those of brute force."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.lineage.ways import WaysOverRuns, count_ways
from provena_mcp.rules.graph import Direction, Kind, Link, ProvenanceGraph
from tests.worlds.random_graphs import NODES, graphs, simple_paths

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

DATASET, RUN = Kind("ENTITY", "DATASET"), Kind("ACTIVITY", "MODEL_RUN")


def of_kinds(graph: ProvenanceGraph, runs: set[str]) -> ProvenanceGraph:
    return ProvenanceGraph({node: RUN if node in runs else DATASET for node in graph.nodes}, graph.links)


def by_trying_all(
    graph: ProvenanceGraph, start: str, goal: str, direction: Direction, max_hops: int
) -> tuple[WaysOverRuns, ...]:
    found: dict[int, list[tuple[str, ...]]] = {}
    for path in simple_paths(graph, start, goal, direction):
        if len(path) <= max_hops + 1:
            runs = sum(graph.nodes[node] == RUN for node in path)
            found.setdefault(runs, []).append(path)
    return tuple(
        WaysOverRuns(runs, len(paths), min(paths, key=lambda path: (len(path), path)))
        for runs, paths in sorted(found.items())
    )


@settings(max_examples=150, deadline=None)
@given(
    graph=graphs(),
    runs=st.sets(st.sampled_from(NODES)),
    ends=st.permutations(NODES).map(lambda order: order[:2]),
    direction=st.sampled_from(("upstream", "downstream")),
    max_hops=st.integers(1, 8),
)
def test_ways_on_any_graph_are_those_of_trying_all(
    graph: ProvenanceGraph, runs: set[str], ends: list[str], direction: Direction, max_hops: int
) -> None:
    world = of_kinds(graph, runs)
    start, goal = ends
    expected = by_trying_all(world, start, goal, direction, max_hops)
    assert count_ways(world, start, goal, direction, max_hops=max_hops) == expected


@settings(max_examples=150, deadline=None)
@given(
    graph=graphs(),
    runs=st.sets(st.sampled_from(NODES)),
    ends=st.permutations(NODES).map(lambda order: order[:2]),
    max_hops=st.integers(1, 8),
)
def test_ways_on_graphs_without_cycles_are_those_of_trying_all(
    graph: ProvenanceGraph, runs: set[str], ends: list[str], max_hops: int
) -> None:
    links = tuple(link for link in graph.links if link.source < link.target)
    world = of_kinds(ProvenanceGraph(graph.nodes, links), runs)
    start, goal = sorted(ends)
    expected = by_trying_all(world, start, goal, "upstream", max_hops)
    assert count_ways(world, start, goal, "upstream", max_hops=max_hops) == expected


def test_ways_too_many_to_list_are_counted_exactly() -> None:
    sides = ("left", "right")
    links = [Link(f"step/{rung}", "used", f"{side}/{rung}") for rung in range(40) for side in sides]
    links += [
        Link(f"{side}/{rung}", "wasGeneratedBy", f"step/{rung + 1}") for rung in range(40) for side in sides
    ]
    nodes = {end: RUN if "right" in end else DATASET for link in links for end in (link.source, link.target)}

    found = count_ways(ProvenanceGraph(nodes, tuple(links)), "step/0", "step/40", "upstream", max_hops=80)

    assert found is not None
    assert [ways.runs for ways in found] == list(range(41))
    assert sum(ways.count for ways in found) == 2**40


def test_a_large_tangle_is_not_counted() -> None:
    names = [f"n{number}" for number in range(14)]
    links = tuple(Link(near, "used", far) for near in names for far in names if near != far)
    graph = ProvenanceGraph(dict.fromkeys(names, DATASET), links)

    assert count_ways(graph, "n0", "n1", "upstream", max_hops=13) is None


def test_a_chain_is_one_way() -> None:
    ids = ("a", "run", "b", "run 2", "c")
    links = tuple(Link(near, "used", far) for near, far in pairwise(ids))
    graph = of_kinds(ProvenanceGraph(dict.fromkeys(ids, DATASET), links), {"run", "run 2"})

    assert count_ways(graph, "a", "c", "upstream", max_hops=9) == (WaysOverRuns(2, 1, ids),)
