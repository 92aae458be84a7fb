"""Cycles in a graph: which nodes may be on one, and which lead to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from provena_mcp.rules.graph import Direction, ProvenanceGraph


def cyclic_groups(graph: ProvenanceGraph) -> list[tuple[str, ...]]:
    """Groups of items each of which leads to all others of its group; sorted, as are their members.

    Lineage without cycles, the usual case, is recognised without building a networkx graph.
    """
    tangled = tangle(graph)
    if not tangled:
        return []
    import networkx as nx

    ids, ways = graph.columns.ids, graph.ways("upstream")
    tangled_graph: nx.DiGraph[int] = nx.DiGraph((near, far) for near in tangled for far in ways[near])
    groups = (
        tuple(sorted(ids[node] for node in group))
        for group in nx.strongly_connected_components(tangled_graph)
        if len(group) > 1
    )
    return sorted(groups)


def tangle(graph: ProvenanceGraph) -> Sequence[int]:
    """The nodes on cycles, and those on ways from one cycle to another or on from one; mostly none."""
    if graph.tangled is None:
        graph.tangled = _tangled(graph)
    return graph.tangled


def _tangled(graph: ProvenanceGraph) -> list[int]:
    direction, suspects = _suspects(graph)
    ways = graph.ways(direction)
    arriving = Counter(chain.from_iterable(map(ways.__getitem__, suspects)))
    free = [node for node in suspects if not arriving[node]]
    for node in free:
        for other in ways[node]:
            arriving[other] -= 1
            if not arriving[other]:
                free.append(other)  # grows while it is walked: each item is freed once
    return [node for node, count in arriving.items() if count and ways[node]]


def _suspects(graph: ProvenanceGraph) -> tuple[Direction, Iterable[int]]:
    """Nodes that hold all cycles, and with each of them whatever it leads to.

    Where a walk has come everywhere these are few: what the nodes lead to that it has met again.
    """
    known = graph.walk_everywhere()
    if known is None:
        return "upstream", range(len(graph.columns.ids))
    direction, walk = known
    ways = graph.ways(direction)
    suspects, found = set(walk.nearer), list(walk.nearer)
    for node in found:
        new = set(ways[node]) - suspects
        suspects |= new
        found += new  # grows while it is walked: each node is found once
    return direction, suspects
