"""Two items are related alike whether a deployment answers deep queries or shallow ones."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.errors import NotFoundError
from provena_mcp.lineage.paths import InCommon, Meeting, in_common, shortest_paths
from provena_mcp.lineage.ways import count_ways
from provena_mcp.queries.answers.path_search import Relation, find_relation
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.rules.graph import Direction, Kind, Link, ProvenanceGraph
from tests.queries.capped_provena import CappedProvena, chain
from tests.worlds.hops import hops_along
from tests.worlds.random_graphs import NODES, graphs, simple_paths

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

DATASET = Kind("ENTITY", "DATASET")


def related(provena: CappedProvena, from_id: str, to_id: str, max_hops: int) -> Relation:
    return asyncio.run(find_relation(provena, DepthCap(), from_id, to_id, max_hops, show=3))


@given(
    graph=graphs(),
    ends=st.permutations(NODES).map(lambda order: order[:2]),
    cap=st.integers(1, 5),
    max_hops=st.integers(1, 9),
)
def test_walking_from_both_ends_under_any_cap_finds_what_the_whole_graph_holds(
    graph: ProvenanceGraph, ends: list[str], cap: int, max_hops: int
) -> None:
    start, goal = ends
    directions: tuple[Direction, ...] = ("upstream", "downstream")
    each = [
        shortest_paths(graph, start, goal, direction, max_hops=max_hops, show=3) for direction in directions
    ]
    expected = sorted((paths for paths in each if paths is not None), key=lambda paths: paths.length)
    common = {
        direction: tuple(
            in_common(
                hops_along(graph, direction, start, max_hops),
                hops_along(graph, direction, goal, max_hops),
                ends,
            )
        )
        for direction in directions
    }

    found = related(CappedProvena(graph, cap), start, goal, max_hops)

    assert (list(found.paths), found.within) == (expected, max_hops)
    if expected:
        (first, *_) = found.paths
        assert (found.ways, found.ways_within) == (
            count_ways(graph, start, goal, first.direction, max_hops=max_hops),
            max_hops,
        )
    else:
        assert (found.ancestors, found.descendants) == (common["upstream"], common["downstream"])
        assert found.common_within == max_hops


@settings(max_examples=150, deadline=None)
@given(
    graph=graphs(),
    people=st.sets(st.sampled_from(NODES)),
    ends=st.permutations(NODES).map(lambda order: order[:2]),
    cap=st.integers(1, 3),
)
def test_the_legs_lead_to_the_nearest_data_that_both_reach_and_to_people_only_where_there_is_none(
    graph: ProvenanceGraph, people: set[str], ends: list[str], cap: int
) -> None:
    kinds = {node: Kind("AGENT", "PERSON") if node in people else DATASET for node in graph.nodes}
    found = related(CappedProvena(ProvenanceGraph(kinds, graph.links), cap), ends[0], ends[1], 9)

    def first_way(node: str, end: str, direction: Direction) -> tuple[str, ...]:
        return min(simple_paths(graph, end, node, direction), key=lambda path: (len(path), path))

    def meeting(shared: tuple[InCommon, ...], direction: Direction) -> list[Meeting]:
        order = sorted(shared, key=lambda item: item.id in people)
        return [
            Meeting(item.id, direction, *(first_way(item.id, end, direction) for end in ends))
            for item in order[:1]
        ]

    assert list(found.meetings) == [
        *meeting(found.ancestors, "upstream"),
        *meeting(found.descendants, "downstream"),
    ]


@pytest.mark.parametrize(
    ("from_id", "to_id", "direction"), [("d0", "d40", "upstream"), ("d40", "d0", "downstream")]
)
def test_a_path_of_forty_hops_is_found_through_queries_of_ten(
    from_id: str, to_id: str, direction: Direction
) -> None:
    provena = CappedProvena(chain(60), 10)

    found = related(provena, from_id, to_id, 100)

    assert [(paths.direction, paths.length, paths.count) for paths in found.paths] == [(direction, 40, 1)]
    assert provena.answered <= 16


def test_where_calls_run_out_the_answer_says_how_far_it_is_certain() -> None:
    fan = [Link("root", "used", f"middle/{number}") for number in range(80)]
    fan += [Link(f"middle/{number}", "used", f"end/{number}") for number in range(80)]
    fan += [Link(f"start/{number}", "used", "lonely") for number in range(80)]
    fan += [Link(f"further/{number}", "used", f"start/{number}") for number in range(80)]
    nodes = {end: DATASET for link in fan for end in (link.source, link.target)}

    found = related(CappedProvena(ProvenanceGraph(nodes, tuple(fan)), 1), "root", "lonely", 5)

    assert (found.paths, found.within, found.goes_on) == ((), 2, True)


def test_an_item_that_is_in_no_lineage_is_related_to_nothing() -> None:
    found = related(CappedProvena(chain(3), 10), "d0", "unused study", 20)

    assert found == Relation(graph=found.graph, paths=(), within=20, common_within=20, goes_on=False)


def test_an_item_the_registry_has_lost_bounds_how_far_the_answer_is_certain() -> None:
    lost = NotFoundError("There is no item.")
    provena = CappedProvena(chain(60), 10, {"d10": lost, "d40": lost})

    found = related(provena, "d0", "d50", 100)

    assert (found.paths, found.within) == ((), 20)
