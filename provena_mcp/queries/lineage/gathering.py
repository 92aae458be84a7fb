"""The six lineage questions: ask the deployment, walk on where it stops, judge completeness."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from provena_mcp.errors import DepthLimitError
from provena_mcp.queries.lineage.neighbourhood import (
    DepthCap,
    Explorer,
    Neighbourhood,
    Query,
    gather_neighbourhood,
)
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.trails import DIRECTION_OF, links_on_trails
from provena_mcp.wire.lineage import LineageQuery


@dataclass(frozen=True)
class Gathered:
    """The graph that answers a lineage question, why it may not be all, and whether more depth helps."""

    graph: ProvenanceGraph
    incomplete_because: str | None = None
    goes_deeper: bool = False


async def gather_lineage(
    prov: Explorer, cap: DepthCap, query: LineageQuery, start: str, depth: int
) -> Gathered:
    """The links that answer ``query`` from ``start`` within ``depth`` hops (contract 5.5).

    The deployment's own route answers a special query within its cap; the plain neighbourhood is
    read beside it, because a special answer alone cannot tell whether the lineage goes on. Beyond
    the cap special answers do not compose, so the trails are found in the gathered neighbourhood.

    Raises:
        NotFoundError: No item has the id ``start``.
        ProvenaError: The deployment failed.
    """
    direction = DIRECTION_OF[query]
    if query == direction:
        found = await gather_neighbourhood(prov, cap, start, direction, depth)
        return Gathered(found.graph, found.incomplete_because, found.goes_deeper)
    around = gather_neighbourhood(prov, cap, start, direction, depth, query=query)
    if depth > cap.hops and cap.is_known:
        return await _special_beyond_cap(prov, query, start, depth, await around)
    special, found = await asyncio.gather(prov.explore(query, start, depth), around, return_exceptions=True)
    if isinstance(special, DepthLimitError) and special.limit < depth:
        cap.learn(special.limit)
        return await gather_lineage(prov, cap, query, start, depth)
    if isinstance(special, BaseException):
        raise special
    if isinstance(found, BaseException):
        raise found
    return Gathered(special, found.incomplete_because, found.goes_deeper)


async def _special_beyond_cap(
    prov: Explorer, query: LineageQuery, start: str, depth: int, found: Neighbourhood
) -> Gathered:
    graph = found.graph
    if query == "effected_agents":
        graph = graph.merged(await agents_along(prov, found.queries, depth))
    trails = await asyncio.to_thread(links_on_trails, graph, start, query, depth)
    ends = {end for link in trails.links for end in (link.source, link.target)}
    nodes = {node: kind for node, kind in graph.nodes.items() if node in ends}
    because = found.incomplete_because
    if not trails.exact and because is None:
        because = "a tangle of cycles was too large to resolve exactly; some links may lie on no single trail"
    return Gathered(ProvenanceGraph(nodes, tuple(trails.links)), because, found.goes_deeper)


async def agents_along(prov: Explorer, queries: tuple[Query, ...], depth: int) -> list[ProvenanceGraph]:
    """Agents hang upstream of what lies downstream: each query of the walk is asked for them too."""
    return await asyncio.gather(
        *(prov.explore("effected_agents", query.start, min(query.depth, depth)) for query in queries)
    )
