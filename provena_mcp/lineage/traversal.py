"""Walks over a provenance graph along its links or against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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
    ways = graph.ways("upstream")
    tangled = _led_to(graph, ways)
    if not tangled:
        return []
    import networkx as nx

    ids = graph.columns.ids
    tangle: nx.DiGraph[int] = nx.DiGraph((near, far) for near in tangled for far in ways[near])
    groups = (
        tuple(sorted(ids[node] for node in group))
        for group in nx.strongly_connected_components(tangle)
        if len(group) > 1
    )
    return sorted(groups)


def _led_to(graph: ProvenanceGraph, ways: Sequence[Sequence[int]]) -> list[int]:
    """What is left of the items that lead on when those nothing leads to are taken away, again and again."""
    arriving = [0] * len(ways)
    for node in graph.columns.targets:
        arriving[node] += 1
    free = [node for node, count in enumerate(arriving) if not count]
    for node in free:
        for other in ways[node]:
            arriving[other] -= 1
            if not arriving[other]:
                free.append(other)  # grows while it is walked: each item is freed once
    return (
        [node for node, count in enumerate(arriving) if count and ways[node]] if len(free) < len(ways) else []
    )
