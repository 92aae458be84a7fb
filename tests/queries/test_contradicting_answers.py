"""Answers that contradict themselves are never called complete."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.lineage_page import gather_lineage
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.wire.lineage import Contradiction, LineageQuery
from tests.queries.capped_provena import QUERIES, CappedProvena
from tests.worlds.random_worlds import worlds

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover


class LyingProvena(CappedProvena):
    """Answers with a part of the truth: links lost or turned round, strangers added."""

    def __init__(self, graph: ProvenanceGraph, lost: frozenset[int], turned: frozenset[int], strangers: int):
        super().__init__(graph, cap=10)
        self.lost, self.turned, self.strangers = lost, turned, strangers
        self.given: list[ProvenanceGraph] = []

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        true = await super().explore(query, starting_id, depth)
        links = tuple(
            Link(link.target, link.relation, link.source) if number in self.turned else link
            for number, link in enumerate(sorted(true.links))
            if number not in self.lost
        )
        nodes = dict(true.nodes) | {
            f"stranger/{number}": Kind("ENTITY", "DATASET") for number in range(self.strangers)
        }
        self.given.append(ProvenanceGraph(nodes, links))
        return self.given[-1]


NUMBERS = st.frozensets(st.integers(0, 30), max_size=4)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    world=worlds(),
    query=st.sampled_from(QUERIES),
    lost=NUMBERS,
    turned=NUMBERS,
    strangers=st.integers(0, 2),
    depth=st.integers(1, 9),
    data=st.data(),
)
def test_an_answer_whose_items_no_link_joins_to_the_start_is_never_complete_nor_given_hops(
    world: ProvenanceGraph,
    query: LineageQuery,
    lost: frozenset[int],
    turned: frozenset[int],
    strangers: int,
    depth: int,
    data: st.DataObject,
):
    provena = LyingProvena(world, lost, turned, strangers)
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    found = asyncio.run(gather_lineage(provena, DepthCap(), query, start, depth))

    assert -1 not in found.hops
    first, *others = provena.given
    answered = first.merged(others)
    if -1 in Lineage(answered, query, start, depth).hops and query in ("upstream", "downstream"):
        assert found.incomplete_because is not None
        assert "that no link joins to" in found.incomplete_because


def test_an_item_that_is_given_two_kinds_makes_the_answer_incomplete_and_is_named():
    kinds = {"d0": Kind("ENTITY", "DATASET"), "r1": Kind("ACTIVITY", "MODEL_RUN")}
    graph = ProvenanceGraph(kinds, (Link("d0", "wasGeneratedBy", "r1"),), (Contradiction("kinds", "r1"),))
    found = Lineage(graph, "upstream", "d0", 3).joined()

    assert found.incomplete_because == "the service gave 1 item two kinds: r1"
    assert found.graph.nodes == kinds
