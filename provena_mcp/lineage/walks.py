"""Walks over a provenance graph along its links or against them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from provena_mcp.rules.graph import Direction, Link

Ways = Mapping[str, list[str]]


def ways(links: Iterable[Link], direction: Direction) -> Ways:
    """From each item, the items one link away in ``direction``, each once."""
    found: dict[str, dict[str, None]] = {}
    if direction == "upstream":
        for source, _, target in links:
            found.setdefault(source, {})[target] = None
    else:
        for source, _, target in links:
            found.setdefault(target, {})[source] = None
    return {node: list(others) for node, others in found.items()}


def hops_along(ahead: Ways, starts: Iterable[str], depth: int) -> dict[str, int]:
    """Hops from the nearest of ``starts`` to every item within ``depth``, nearest first."""
    hops = dict.fromkeys(starts, 0)
    rim = list(hops)
    for hop in range(1, depth + 1):
        here, rim = rim, list[str]()
        for node in here:
            for other in ahead.get(node, ()):
                if other not in hops:
                    hops[other] = hop
                    rim.append(other)
        if not rim:
            break
    return hops


def cyclic_groups(links: Iterable[Link]) -> list[tuple[str, ...]]:
    """Groups of items each of which leads to all others of its group; sorted, as are their members.

    Lineage without cycles, the usual case, is recognised without building a networkx graph.
    """
    kept = _without_ends(list(links))
    if not kept:
        return []
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph((source, target) for source, _, target in kept)
    groups = (tuple(sorted(group)) for group in nx.strongly_connected_components(graph) if len(group) > 1)
    return sorted(groups)


def _without_ends(links: list[Link]) -> list[Link]:
    """The links left when those into items that lead nowhere are taken away, again and again."""
    leaving = Counter(source for source, _, _ in links)
    arriving: dict[str, list[str]] = {}
    for source, _, target in links:
        arriving.setdefault(target, []).append(source)
    ends = [node for node in arriving if not leaving[node]]
    gone: set[str] = set()
    while ends:
        end = ends.pop()
        gone.add(end)
        for node in arriving.get(end, ()):
            leaving[node] -= 1
            if not leaving[node]:
                ends.append(node)
    return [link for link in links if link.target not in gone]
