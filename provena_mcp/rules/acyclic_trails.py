"""What a special query returns of a lineage without cycles, found by number (provena-http 5.5).

There every way is a trail, so a link lies on one as soon as the hops to it, itself and the hops on to the
nearest item asked for fit into the depth. ``rules/trails.py`` says what holds where there are cycles.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from provena_mcp.rules.cycles import tangle
from provena_mcp.rules.graph import Direction, ProvenanceGraph, Walk
from provena_mcp.rules.trails import DIRECTION_OF
from provena_mcp.wire.lineage import LineageQuery


def part_on_trails(
    graph: ProvenanceGraph, start: str, query: LineageQuery, depth: int
) -> ProvenanceGraph | None:
    """The part of ``graph`` that ``query`` from ``start`` returns within ``depth`` hops; none if it cycles.

    Args:
        graph: All that is within ``depth`` hops of ``start`` in the direction of ``query``.
        start: Where every trail begins.
        query: A special query other than effected_agents, whose last link leads the other way.
        depth: Links on a trail at most.
    """
    columns, direction = graph.columns, DIRECTION_OF[query]
    near, far = graph.ends(direction)
    asked_for = {kind for kind in set(columns.kinds) if kind.is_asked_for(query)}
    onward = _hops_on(list(map(asked_for.__contains__, columns.kinds)), near, far, depth)
    hops = graph.walk(start, direction).hops
    # How far it may be from the end of a link to what is asked for; nothing joins some items to the start.
    room = [depth - hop if hop >= 0 else 0 for hop in hops]
    part = graph.of_links([onward[end] < room[begin] for begin, end in zip(near, far, strict=True)])
    # With an item, all its shortest ways from the start are in the part: its hops are the same there.
    place = map(graph.numbers.__getitem__, part.columns.ids)
    part.keep_walk(start, direction, _walk_of(part, list(map(hops.__getitem__, place)), direction))
    return None if tangle(part) else part


def _walk_of(graph: ProvenanceGraph, hops: list[int], direction: Direction) -> Walk:
    """The walk that gives every node the hops it is known to have."""
    near, far = graph.ends(direction)
    levels: list[list[int]] = [[] for _ in range(max(hops, default=-1) + 1)]
    for node, hop in enumerate(hops):
        levels[hop].append(node)
    nearer = {end for begin, end in zip(near, far, strict=True) if hops[begin] >= hops[end]}
    return Walk(hops, levels, nearer)


def _hops_on(is_goal: Sequence[bool], near: Sequence[int], far: Sequence[int], depth: int) -> list[int]:
    """Hops from every node to the nearest goal; ``depth`` where it is no nearer than that."""
    onward = [0 if goal else depth for goal in is_goal]
    is_open = [not goal for goal in is_goal]
    is_rim = is_goal
    for hop in range(1, depth):
        still = list(map(is_open.__getitem__, near))
        near, far = list(compress(near, still)), list(compress(far, still))
        reached = set(compress(near, map(is_rim.__getitem__, far)))
        if not reached:
            break
        is_rim = bytearray(len(onward))
        for node in reached:
            onward[node], is_open[node], is_rim[node] = hop, False, True
    return onward
