"""Walks over a provenance graph along its links or against them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

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


def cyclic_groups(ahead: Ways) -> list[tuple[str, ...]]:
    """Groups of items each of which leads to all others of its group; sorted, as are their members.

    Lineage without cycles, the usual case, is recognised without building a networkx graph.
    """
    tangled = _led_to(ahead)
    if not tangled:
        return []
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph((near, far) for near in tangled for far in ahead[near])
    groups = (tuple(sorted(group)) for group in nx.strongly_connected_components(graph) if len(group) > 1)
    return sorted(groups)


def _led_to(ahead: Ways) -> list[str]:
    """What is left of the items that lead on when those nothing leads to are taken away, again and again."""
    arriving = Counter(chain.from_iterable(ahead.values()))
    free = [node for node in ahead if node not in arriving]
    for node in free:
        for other in ahead[node]:
            arriving[other] -= 1
            if not arriving[other] and other in ahead:
                free.append(other)  # grows while it is walked: each item is freed once
    return [node for node in ahead if arriving[node]]
