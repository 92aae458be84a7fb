"""Gathers everything within a number of hops, also beyond what a deployment answers at once.

The walk goes on until the depth asked for is reached, nothing is left, or the queries are used up. One
hop more than asked is read where the cap allows, so that the answer knows whether anything lies beyond.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provena_mcp.lineage.lineage import Lineage, Query
from provena_mcp.queries.lineage.frontier import (
    AT_ONCE,
    MAX_QUERIES,
    USUAL_DEPTH_CAP,
    DepthCap,
    Explorer,
    Frontier,
    QueryBudget,
)
from provena_mcp.rules.graph import Direction, Link, ProvenanceGraph
from provena_mcp.wire.lineage import LineageQuery

_WORTH_PROBING: Final = 12

# Upstream, a dataset is only reached through these (provena-http 5.2, 5.3).
_ON_THE_WAY: Final[Mapping[LineageQuery, frozenset[str]]] = {
    "contributing_datasets": frozenset({"DATASET", "MODEL_RUN", "VERSION"})
}


async def gather_neighbourhood(
    prov: Explorer,
    cap: DepthCap,
    start: str,
    direction: Direction,
    depth: int,
    *,
    query: LineageQuery | None = None,
) -> Lineage:
    """Everything within ``depth`` hops of ``start`` in ``direction``.

    With ``query``, only what can lead to something it asks for counts as lying beyond.

    Raises:
        NotFoundError: No item has this id.
        ProvenaError: The deployment failed.
    """
    frontier = Frontier(QueryBudget(prov, cap), start, direction)
    await frontier.ask([Query(start, _first_depth(cap, depth))])
    stopped = await _walk_on(frontier, cap, depth)
    beyond = None if stopped else await _beyond(frontier, depth, query or direction)
    reasons = filter(None, (stopped, beyond, _unfollowed(frontier)))
    found = Lineage(
        _cut(frontier, depth),
        direction,
        start,
        depth,
        incomplete_because="; ".join(reasons) or None,
        goes_deeper=beyond is not None,
        queries=tuple(frontier.queries),
    )
    return found.joined()


def _first_depth(cap: DepthCap, depth: int) -> int:
    asked = depth + 1 if cap.is_known or depth != USUAL_DEPTH_CAP else depth
    return min(asked, cap.hops) if cap.is_known else asked


async def _walk_on(frontier: Frontier, cap: DepthCap, depth: int) -> str | None:
    """Follow the frontier until nothing nearer than ``depth`` is open; says why if it stopped before."""
    while nodes := frontier.open_nodes(nearer_than=depth):
        allowed = min(AT_ONCE, MAX_QUERIES - len(frontier.queries) - len(frontier.unregistered))
        if allowed <= 0:
            return (
                f"stopped after {MAX_QUERIES} queries; {_items(len(nodes))} from hop "
                f"{frontier.hops[nodes[0]]} on not followed further"
            )
        await frontier.ask(
            [Query(node, min(cap.hops, depth - frontier.hops[node] + 1)) for node in nodes[:allowed]]
        )
    return None


async def _beyond(frontier: Frontier, depth: int, query: LineageQuery) -> str | None:
    """Whether anything asked for may lie beyond the last hop, and how many items lead there."""
    last = {node for node, hop in frontier.hops.items() if hop == depth}
    if not last:
        return None
    unknown = [
        node
        for node in frontier.open_nodes(nearer_than=depth + 1)
        if frontier.hops[node] == depth and _may_lead_to(frontier.graph, node, query)
    ]
    if len(unknown) > _WORTH_PROBING:
        return f"depth {depth} reached; {_items(len(unknown))} at hop {depth} may lead further"
    if unknown:
        await frontier.ask([Query(node, 1) for node in unknown])
    ahead = frontier.graph.ahead(frontier.direction)
    leading = sum(
        any(_may_lead_to(frontier.graph, other, query) for other in ahead.get(node, ())) for node in last
    )
    return (
        f"depth {depth} reached; lineage goes on from {_items(leading)} at hop {depth}" if leading else None
    )


def _may_lead_to(graph: ProvenanceGraph, node: str, query: LineageQuery) -> bool:
    """Whether ``node`` is something that ``query`` asks for, or may lead to it."""
    kind = graph.nodes.get(node)
    on_the_way = _ON_THE_WAY.get(query)
    return on_the_way is None or kind is None or not kind.subtype or kind.subtype in on_the_way


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


def _unfollowed(frontier: Frontier) -> str | None:
    count = len(frontier.unregistered)
    return f"{_items(count)} no longer in the registry cannot be followed further" if count else None


def _cut(frontier: Frontier, depth: int) -> ProvenanceGraph:
    """Only the links whose nearer end lies within reach (provena-http 5.5)."""
    near = Link._fields.index("source" if frontier.direction == "upstream" else "target")
    beyond = {node for node, hop in frontier.hops.items() if hop >= depth}
    if not beyond:
        return frontier.graph
    links = tuple(link for link in frontier.graph.links if link[near] not in beyond)
    kept = {end for link in links for end in (link.source, link.target)}
    nodes = {
        node: kind for node, kind in frontier.graph.nodes.items() if node in kept or node not in frontier.hops
    }
    return ProvenanceGraph(nodes, links, frontier.graph.contradictions)
