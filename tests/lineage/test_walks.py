import pytest
from hypothesis import given

from provena_mcp.rules.cycles import cyclic_groups
from provena_mcp.rules.graph import ProvenanceGraph
from tests.worlds.random_graphs import NODES, graphs, simple_paths


@pytest.mark.slow
@given(graph=graphs())
def test_items_form_a_group_where_each_leads_to_all_others(graph: ProvenanceGraph) -> None:
    def leads(start: str, goal: str) -> bool:
        return next(simple_paths(graph, start, goal, "upstream"), None) is not None

    groups = {tuple(other for other in NODES if leads(node, other) and leads(other, node)) for node in NODES}

    assert cyclic_groups(graph) == sorted(group for group in groups if len(group) > 1)
