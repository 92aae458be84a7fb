"""A Provena that answers queries up to a depth only, and lineage gathered from it."""

import asyncio
from collections.abc import Mapping
from itertools import pairwise

from provena_mcp.errors import DepthLimitError, ProvenaError
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.lineage_page import gather_lineage
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.trails import links_on_trails
from provena_mcp.wire.lineage import LineageQuery

QUERIES: tuple[LineageQuery, ...] = (
    "upstream",
    "downstream",
    "contributing_datasets",
    "effected_datasets",
    "contributing_agents",
    "effected_agents",
)


class CappedProvena:
    """A Provena over one graph that refuses queries deeper than its cap, and counts those it answers.

    A query that starts from an item of ``failing`` fails like that.
    """

    def __init__(
        self, graph: ProvenanceGraph, cap: int, failing: Mapping[str, ProvenaError] | None = None
    ) -> None:
        self.graph = graph
        self.cap = cap
        self.failing = failing or {}
        self.answered = 0

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        if depth > self.cap:
            raise DepthLimitError(self.cap)
        if starting_id in self.failing:
            raise self.failing[starting_id]
        self.answered += 1
        links = links_on_trails(self.graph, starting_id, query, depth).links
        ends = {end for link in links for end in (link.source, link.target)}
        return ProvenanceGraph({node: self.graph.nodes[node] for node in ends}, links)


def gather(graph: ProvenanceGraph, cap: int, query: LineageQuery, start: str, depth: int) -> Lineage:
    return asyncio.run(gather_lineage(CappedProvena(graph, cap), DepthCap(), query, start, depth))


def chain(length: int, activity: str = "VERSION") -> ProvenanceGraph:
    """Datasets and activities in turn, d0 the result of all the others."""
    nodes = [f"{'d' if number % 2 == 0 else 'r'}{number}" for number in range(length + 1)]
    links = [
        Link(later, "wasGeneratedBy" if later[0] == "d" else "used", earlier)
        for later, earlier in pairwise(nodes)
    ]
    kinds = {
        node: Kind("ENTITY", "DATASET") if node[0] == "d" else Kind("ACTIVITY", activity) for node in nodes
    }
    return ProvenanceGraph(kinds, tuple(links))
