"""The special queries: which part of what is around an item leads to the datasets or agents asked for.

The plain neighbourhood has to be read in any case: a special answer alone cannot tell whether the lineage
goes on, who made a dataset and which datasets no run made. All that a special query returns of it lies on
its trails, so its route is asked only where they cannot be decided here: in a tangle of cycles, and for
effected_agents, whose last link leads out of the neighbourhood.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace

from provena_mcp.errors import DepthLimitError, UpstreamError
from provena_mcp.lineage.lineage import Lineage, Query
from provena_mcp.queries.lineage.frontier import DepthCap, Explorer, in_thread, worked_out
from provena_mcp.queries.lineage.neighbourhood import CheckedExplorer, gather_neighbourhood
from provena_mcp.rules.acyclic_trails import part_on_trails
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.trails import DIRECTION_OF, links_on_trails
from provena_mcp.wire.lineage import LineageQuery


async def gather_special(
    prov: Explorer, cap: DepthCap, query: LineageQuery, start: str, depth: int
) -> Lineage:
    """The links that answer a special query from ``start`` within ``depth`` hops (provena-http 5.5).

    Raises:
        NotFoundError: No item has the id ``start``.
        ProvenaError: The deployment failed.
    """
    around = gather_neighbourhood(prov, cap, start, DIRECTION_OF[query], depth, query=query)
    if query == "effected_agents":
        if not cap.is_known or depth <= cap.hops:
            return await _agents_beside(prov, cap, around, start, depth)
        found = await around
        checked = CheckedExplorer(prov)
        agents = await agents_along(checked, found.queries, depth)
        doubted = found.doubted(checked.incomplete_because)
        return await _within_tangles(prov, query, doubted, found.graph.merged(agents))
    found = await around
    items = len(found.graph.columns.ids)
    part = await worked_out(lambda: part_on_trails(found.graph, start, query, depth), items)
    if part is None:
        return await _within_tangles(prov, query, found, found.graph)
    return _of(found, query, part)


async def agents_along(prov: Explorer, queries: tuple[Query, ...], depth: int) -> list[ProvenanceGraph]:
    """Agents hang upstream of what lies downstream: each query of the walk is asked for them too."""
    return await asyncio.gather(
        *(prov.explore("effected_agents", query.start, min(query.depth, depth)) for query in queries)
    )


async def _agents_beside(
    prov: Explorer, cap: DepthCap, around: Awaitable[Lineage], start: str, depth: int
) -> Lineage:
    """The service's own answer, read at once with what lies around."""
    agents, found = await asyncio.gather(
        prov.explore("effected_agents", start, depth), around, return_exceptions=True
    )
    if isinstance(agents, DepthLimitError) and agents.limit < depth:
        cap.learn(agents.limit)
        return await gather_special(prov, cap, "effected_agents", start, depth)
    if isinstance(agents, BaseException):
        raise agents
    if isinstance(found, BaseException):
        raise found
    return _of(found, "effected_agents", agents).joined()


async def _within_tangles(
    prov: Explorer, query: LineageQuery, found: Lineage, graph: ProvenanceGraph
) -> Lineage:
    """The links of ``graph`` that lie on trails; what cannot be decided here is left to the service."""
    trails = await in_thread(links_on_trails, graph, found.start, query, found.depth)
    if not trails.exact and found.queries[0].depth >= found.depth:
        # Where the service fails, what was found stands, with the reason that it may be too much.
        with suppress(UpstreamError):
            return _of(found, query, await prov.explore(query, found.start, found.depth)).joined()
    ends = {end for link in trails.links for end in (link.source, link.target)}
    nodes = {node: kind for node, kind in graph.nodes.items() if node in ends}
    because = found.incomplete_because
    if not trails.exact and because is None:
        because = "a tangle of cycles was too large to resolve exactly; some links may lie on no single trail"
    return replace(_of(found, query, ProvenanceGraph(nodes, trails.links)), incomplete_because=because)


def _of(around: Lineage, query: LineageQuery, graph: ProvenanceGraph) -> Lineage:
    return replace(around, graph=graph, query=query, around=around.graph)
