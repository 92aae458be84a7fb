"""Hops through a graph by its links alone: what walks over columns are held against."""

from __future__ import annotations

from provena_mcp.rules.graph import Direction, ProvenanceGraph


def hops_along(graph: ProvenanceGraph, direction: Direction, start: str, depth: int) -> dict[str, int]:
    """Hops from ``start`` to every item within ``depth``, nearest first."""
    ahead: dict[str, list[str]] = {}
    for link in graph.links:
        near, far = (link.source, link.target) if direction == "upstream" else (link.target, link.source)
        ahead.setdefault(near, []).append(far)
    hops = {start: 0}
    frontier = [start]
    for hop in range(1, depth + 1):
        reached = dict.fromkeys(far for near in frontier for far in ahead.get(near, ()) if far not in hops)
        hops |= dict.fromkeys(reached, hop)
        frontier = list(reached)
    return hops
