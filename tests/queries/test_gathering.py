"""Lineage gathered in many small queries equals lineage answered in one."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.errors import DepthLimitError, NotFoundError, UnavailableError
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.lineage_page import gather_lineage
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.trails import links_on_trails
from provena_mcp.wire.lineage import LineageQuery
from tests.queries.capped_provena import QUERIES, CappedProvena, chain, gather
from tests.worlds.random_worlds import worlds

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    world=worlds(),
    cap=st.integers(1, 4),
    query=st.sampled_from(QUERIES),
    depth=st.integers(1, 8),
    data=st.data(),
)
def test_many_capped_queries_find_the_links_of_one_deep_query(
    world: ProvenanceGraph, cap: int, query: LineageQuery, depth: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    found = gather(world, cap, query, start, depth)
    assert set(found.graph.links) == set(links_on_trails(world, start, query, depth).links)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    world=worlds(),
    cap=st.integers(1, 12),
    direction=st.sampled_from(("upstream", "downstream")),
    depth=st.integers(1, 8),
    data=st.data(),
)
def test_an_exploration_is_complete_exactly_when_one_hop_more_adds_nothing(
    world: ProvenanceGraph, cap: int, direction: LineageQuery, depth: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    found = gather(world, cap, direction, start, depth)
    deeper = links_on_trails(world, start, direction, depth + 1).links
    assert (found.incomplete_because is None) == (set(found.graph.links) == set(deeper))


@pytest.mark.parametrize(
    ("depth", "because"),
    [
        (9, "stopped at depth 9; lineage goes on from 1 item at hop 9"),
        (22, "stopped at depth 22; lineage goes on from 1 item at hop 22"),
        (23, None),
        (100, None),
    ],
)
def test_a_chain_longer_than_the_cap_is_followed_to_the_depth_asked_for(depth: int, because: str | None):
    found = gather(chain(23), 10, "contributing_datasets", "d0", depth)
    datasets = {node for node in found.graph.nodes if node.startswith("d")} - {"d0"}
    assert datasets == {f"d{number}" for number in range(2, min(depth, 23) + 1, 2)}
    assert found.incomplete_because == because


def test_a_query_within_the_cap_asks_once():
    provena = CappedProvena(chain(6), 10)
    asyncio.run(gather_lineage(provena, DepthCap(), "upstream", "d0", 3))
    assert provena.answered == 1


def test_a_walk_that_needs_too_many_queries_says_where_it_stopped():
    provena = CappedProvena(chain(99), 1)
    found = asyncio.run(gather_lineage(provena, DepthCap(), "upstream", "d0", 100))
    assert provena.answered == 60
    assert found.incomplete_because == (
        "stopped after 60 queries; 1 item from hop 60 on not followed further"
    )


@pytest.mark.parametrize(
    ("depth", "reached", "because"),
    [
        (10, 10, "1 item no longer in the registry cannot be followed further"),
        (15, 10, "1 item no longer in the registry cannot be followed further"),
        (9, 9, "stopped at depth 9; lineage goes on from 1 item at hop 9"),
    ],
)
@pytest.mark.parametrize("query", ["upstream", "contributing_datasets"])
def test_an_item_the_registry_has_lost_ends_the_walk_there_and_not_the_answer(
    query: LineageQuery, depth: int, reached: int, because: str
):
    provena = CappedProvena(chain(23), 10, {"d10": NotFoundError("There is no item 'd10'.")})
    found = asyncio.run(gather_lineage(provena, DepthCap(), query, "d0", depth))
    whole = links_on_trails(provena.graph, "d0", query, reached).links
    assert (set(found.graph.links), found.incomplete_because) == (set(whole), because)


def test_a_start_that_is_not_in_the_registry_is_not_found():
    provena = CappedProvena(chain(3), 10, {"d0": NotFoundError("There is no item 'd0'.")})
    with pytest.raises(NotFoundError, match="'d0'"):
        asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "d0", 3))


def test_a_deployment_that_fails_on_the_way_fails_the_answer():
    provena = CappedProvena(chain(23), 10, {"d10": UnavailableError("No connection to prov-api.")})
    with pytest.raises(UnavailableError):
        asyncio.run(gather_lineage(provena, DepthCap(), "upstream", "d0", 15))


def test_a_refusal_that_contradicts_itself_is_told_and_not_asked_again_for_ever():
    provena = CappedProvena(chain(3), 10, {"d0": DepthLimitError(10)})
    with pytest.raises(DepthLimitError):
        asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "d0", 3))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    world=worlds(),
    cap=st.integers(2, 12),
    query=st.sampled_from(QUERIES[2:]),
    depth=st.integers(1, 8),
    data=st.data(),
)
def test_a_special_answer_called_complete_has_nothing_more_at_any_depth(
    world: ProvenanceGraph, cap: int, query: LineageQuery, depth: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    found = gather(world, cap, query, start, depth)
    deep = gather(world, 100, query, start, 60)
    asked = {node for node, kind in found.graph.nodes.items() if kind.is_asked_for(query)}
    if found.incomplete_because is None:
        assert asked == {node for node, kind in deep.graph.nodes.items() if kind.is_asked_for(query)}
    assert found.goes_deeper == (found.incomplete_because is not None)


def test_what_can_lead_to_no_dataset_does_not_make_an_answer_incomplete():
    graph = chain(2).merged(
        [
            ProvenanceGraph(
                {
                    "d2": Kind("ENTITY", "DATASET"),
                    "c": Kind("ACTIVITY", "CREATE"),
                    "p": Kind("AGENT", "PERSON"),
                },
                (Link("d2", "wasGeneratedBy", "c"), Link("c", "wasAssociatedWith", "p")),
            )
        ]
    )
    assert gather(graph, 10, "contributing_datasets", "d0", 2).incomplete_because is None
    assert gather(graph, 10, "upstream", "d0", 2).incomplete_because == (
        "stopped at depth 2; lineage goes on from 1 item at hop 2"
    )


@pytest.mark.parametrize("query", ["upstream", "effected_agents"])
def test_a_limit_that_a_query_kept_is_an_error_and_nothing_is_learned_from_it(query: LineageQuery):
    """Learned, it would be blamed on callers ever after."""

    class Contradicting:
        async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
            raise DepthLimitError(depth)

    cap = DepthCap()
    with pytest.raises(DepthLimitError):
        asyncio.run(gather_lineage(Contradicting(), cap, query, "d0", 3))
    assert not cap.is_known
