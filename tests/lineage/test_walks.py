import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.rules.cycles import cyclic_groups
from provena_mcp.rules.graph import Direction, ProvenanceGraph
from tests.worlds.random_graphs import NODES, graphs, simple_paths


@pytest.mark.slow
@given(graph=graphs())
def test_items_form_a_group_where_each_leads_to_all_others(graph: ProvenanceGraph) -> None:
    def leads(start: str, goal: str) -> bool:
        return next(simple_paths(graph, start, goal, "upstream"), None) is not None

    groups = {tuple(other for other in NODES if leads(node, other) and leads(other, node)) for node in NODES}

    assert cyclic_groups(graph) == sorted(group for group in groups if len(group) > 1)


@given(graph=graphs(), start=st.sampled_from(NODES), direction=st.sampled_from(("upstream", "downstream")))
def test_groups_are_the_same_once_a_walk_has_come_everywhere(
    graph: ProvenanceGraph, start: str, direction: Direction
) -> None:
    hops = graph.walk(start, direction).hops
    reached = graph.part([node for node, hop in enumerate(hops) if hop >= 0])
    groups = cyclic_groups(ProvenanceGraph(reached.nodes, reached.links))

    reached.walk(start, direction)

    assert cyclic_groups(reached) == groups
