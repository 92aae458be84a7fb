"""Walks over a provenance graph along its links or against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provena_mcp.rules.graph import ProvenanceGraph

Ways = Mapping[str, list[str]]


def hops_along(ahead: Ways, starts: Iterable[str], depth: int) -> dict[str, int]:
    """Hops from the nearest of ``starts`` to every item within ``depth``, nearest first."""
    hops = dict.fromkeys(starts, 0)
    frontier = list(hops)
    for hop in range(1, depth + 1):
        here, frontier = frontier, list[str]()
        for node in here:
            for other in ahead.get(node, ()):
                if other not in hops:
                    hops[other] = hop
                    frontier.append(other)
        if not frontier:
            break
    return hops


def cyclic_groups(graph: ProvenanceGraph) -> list[tuple[str, ...]]:
    """Groups of items each of which leads to all others of its group; sorted, as are their members.

    Lineage without cycles, the usual case, is recognised without building a networkx graph.
    """
    if not graph.tangle:
        return []
    import networkx as nx

    ids, ways = graph.columns.ids, graph.ways("upstream")
    tangle: nx.DiGraph[int] = nx.DiGraph((near, far) for near in graph.tangle for far in ways[near])
    groups = (
        tuple(sorted(ids[node] for node in group))
        for group in nx.strongly_connected_components(tangle)
        if len(group) > 1
    )
    return sorted(groups)
