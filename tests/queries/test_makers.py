"""Makers, runs on the way and what is near are those of the whole world, however little one query tells."""

from collections import Counter

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.lineage.lineage import fewest_runs, near_by_type
from provena_mcp.lineage.roles import Part
from provena_mcp.lineage.view import view_lineage
from provena_mcp.rules.graph import Direction, ProvenanceGraph
from provena_mcp.wire.lineage import LineageQuery
from tests.queries.capped_provena import gather
from tests.worlds.random_worlds import makers_in, worlds

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover


@settings(max_examples=80, deadline=None)
@given(
    world=worlds(),
    cap=st.integers(1, 4),
    query=st.sampled_from(("upstream", "contributing_datasets")),
    depth=st.integers(1, 8),
    data=st.data(),
)
def test_datasets_without_a_run_and_with_several_are_told_apart_and_none_that_was_not_followed(
    world: ProvenanceGraph, cap: int, query: LineageQuery, depth: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    view = view_lineage(gather(world, cap, query, start, depth))
    makers = view.makers(view.ids)
    assert makers is not None
    datasets = [item for item in view.ids if world.nodes[item].subtype == "DATASET"]
    nearer = {item for item, hop in zip(view.ids, view.hops, strict=True) if hop < view.depth}
    if view.lineage.incomplete_because is None:
        nearer = set(view.ids)
    made = {item: makers_in(world, item, "MODEL_RUN") for item in datasets}

    none = makers.none(view.ids)
    assert {item for items in none.values() for item in items} <= {item for item in made if not made[item]}
    assert set(none.get("new_version", ())) == {
        item for item in makers.known if item in made and not made[item] and makers_in(world, item, "VERSION")
    }
    told = {item for items in none.values() for item in items}
    assert told >= {item for item in nearer & set(datasets) if not made[item] and item in linked(world)}
    assert makers.several(view.ids) == {
        item: tuple(made[item][:6]) for item in nearer & set(datasets) if len(made[item]) > 1
    }


def linked(world: ProvenanceGraph) -> set[str]:
    return {link.source for link in world.links}


@settings(max_examples=50, deadline=None)
@given(world=worlds(), direction=st.sampled_from(("upstream", "downstream")), data=st.data())
def test_the_runs_on_a_shortest_way_are_the_fewest_of_all_shortest_ways(
    world: ProvenanceGraph, direction: Direction, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    graph: nx.DiGraph[str] = nx.DiGraph((link.source, link.target) for link in world.links)
    graph.add_nodes_from(world.nodes)
    if direction == "downstream":
        graph = graph.reverse()

    def runs_on(path: list[str]) -> int:
        return sum(world.nodes[item].subtype == "MODEL_RUN" for item in path)

    expected = {
        goal: min(map(runs_on, nx.all_shortest_paths(graph, start, goal)))
        for goal in nx.descendants(graph, start) | {start}
    }
    assert fewest_runs(world, start, direction) == expected


@settings(max_examples=60, deadline=None)
@given(world=worlds(), depth=st.integers(1, 8), data=st.data())
def test_who_only_registered_items_is_told_last_and_only_of_those_who_did_nothing_else(
    world: ProvenanceGraph, depth: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    view = view_lineage(gather(world, 4, "contributing_agents", start, depth))
    reached = set(view.ids)
    told: list[Part | None] = [view.part(ref) for ref in range(1, view.answers + 1)]
    order: list[Part] = ["ran", "named", "registered"]
    assert told == sorted(told, key=lambda part: order.index(part or "named"))
    for agent, part in zip(view.ids[1 : view.answers + 1], told, strict=True):
        naming = {link.source for link in view.graph.links if link.target == agent}
        ran = {item for item in naming if world.nodes[item].subtype == "MODEL_RUN"}
        registered = {
            link.source
            for link in world.links
            if link.relation == "wasGeneratedBy"
            and world.nodes[link.target].subtype in ("CREATE", "VERSION")
            and agent in {other.target for other in world.links if other.source == link.target}
        }
        entries = {item for item in naming if world.nodes[item].subtype in ("CREATE", "VERSION")}
        assert (part == "ran") == bool(ran)
        if part == "registered":
            assert naming <= registered | entries
        elif view.lineage.incomplete_because is None and reached >= naming:
            # On a cycle through the start no trail leads back, so its registration is not in there.
            shown = {link.source for link in view.graph.links if link.relation == "wasGeneratedBy"}
            assert ran or naming - (registered & shown) - entries


@settings(max_examples=30, deadline=None)
@given(world=worlds(), direction=st.sampled_from(("upstream", "downstream")), data=st.data())
def test_what_is_near_is_counted_by_type(world: ProvenanceGraph, direction: Direction, data: st.DataObject):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    pairs = {(link.source, link.target) for link in world.links}
    near = {far for here, far in pairs if here == start}
    if direction == "downstream":
        near = {here for here, far in pairs if far == start}
    expected = Counter(world.nodes[item].registry_subtype for item in near)
    assert near_by_type(gather(world, 2, direction, start, 1).graph, start, direction) == dict(expected)
