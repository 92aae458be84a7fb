import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.rules.acyclic_trails import part_on_trails
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.trails import DIRECTION_OF, links_on_trails
from provena_mcp.wire.lineage import LineageQuery
from tests.worlds.random_worlds import worlds

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

QUERIES: tuple[LineageQuery, ...] = ("contributing_datasets", "effected_datasets", "contributing_agents")


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(world=worlds(), query=st.sampled_from(QUERIES), depth=st.integers(1, 8), data=st.data())
def test_the_part_found_by_number_is_the_links_on_trails_and_their_ends_or_it_cycles(
    world: ProvenanceGraph, query: LineageQuery, depth: int, data: st.DataObject
) -> None:
    start = data.draw(st.sampled_from(sorted(world.nodes)))

    part = part_on_trails(world, start, query, depth)

    if part is None:
        assert not nx.is_directed_acyclic_graph(nx.DiGraph((link[0], link[2]) for link in world.links))
        return
    links = set(links_on_trails(world, start, query, depth).links)
    ends = {end for link in links for end in (link.source, link.target)}
    assert set(part.links) == links
    assert part.nodes == {node: world.nodes[node] for node in ends}
    assert walked(part, start, query) == walked(ProvenanceGraph.of_columns(part.columns), start, query)


def walked(
    graph: ProvenanceGraph, start: str, query: LineageQuery
) -> tuple[list[int], list[set[int]], set[int]]:
    hops, levels, nearer = graph.walk(start, DIRECTION_OF[query])
    return hops, [set(level) for level in levels], nearer


def test_what_nothing_joins_to_the_start_is_no_part() -> None:
    run, dataset = Kind("ACTIVITY", "MODEL_RUN"), Kind("ENTITY", "DATASET")
    graph = ProvenanceGraph(
        {"run": run, "input": dataset, "stranger": run, "its input": dataset},
        (Link("run", "used", "input"), Link("stranger", "used", "its input")),
    )

    assert part_on_trails(graph, "run", "contributing_datasets", 4) == ProvenanceGraph(
        {"run": run, "input": dataset}, (Link("run", "used", "input"),)
    )
