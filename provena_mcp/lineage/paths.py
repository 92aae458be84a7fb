"""How two items are related: all shortest paths between them, or what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provena_mcp.rules.graph import OPPOSITE, UNKNOWN, Direction, Kind, ProvenanceGraph
from provena_mcp.rules.large_values import without_collections

# What an item of unknown kind is, nobody knows: it must not be passed over.
_DATA: Final = frozenset({"DATASET", "MODEL_RUN", ""})


@dataclass(frozen=True)
class ShortestPaths:
    """All shortest paths between two items in one direction.

    ``count`` is exact and may be astronomically large; ``paths`` holds the first few by id, each
    from the start to the goal; ``levels`` holds the items on any of them, by hop from the start.
    """

    direction: Direction
    length: int
    count: int
    paths: tuple[tuple[str, ...], ...]
    levels: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class InCommon:
    """An item that two others both reach, with the hops from each."""

    id: str
    hops_from: int
    hops_to: int

    @property
    def hops(self) -> int:
        """Hops from one of the two to the other by way of this item."""
        return self.hops_from + self.hops_to


@dataclass(frozen=True)
class Meeting:
    """An item that two others both reach in ``direction``, and a shortest way to it from each."""

    id: str
    direction: Direction
    leg_from: tuple[str, ...]
    leg_to: tuple[str, ...]


@without_collections()
def shortest_paths(
    graph: ProvenanceGraph, start: str, goal: str, direction: Direction, *, max_hops: int, show: int
) -> ShortestPaths | None:
    """All shortest paths of at most ``max_hops`` links from ``start`` to ``goal``; none if there is none.

    Args:
        graph: Holds at least every link of every such path.
        start: Where the paths begin.
        goal: Where they end; another item than ``start``.
        direction: Along the links (upstream) or against them.
        max_hops: Longest path looked for.
        show: How many paths to spell out.
    """
    hops, end, name = (
        graph.walk(start, direction).hops,
        graph.numbers.get(goal),
        graph.columns.ids.__getitem__,
    )
    if end is None or not 0 <= hops[end] <= max_hops:
        return None
    levels = _levels_between(graph.ways(OPPOSITE[direction]), hops, end)
    ways = graph.ways(direction)
    return ShortestPaths(
        direction=direction,
        length=hops[end],
        count=_count(ways, levels),
        paths=tuple(tuple(map(name, path)) for path in _first_paths(ways, levels, name, show)),
        levels=tuple(tuple(sorted(map(name, level))) for level in levels),
    )


def in_common(
    hops_from: Mapping[str, int], hops_to: Mapping[str, int], ends: Iterable[str]
) -> list[InCommon]:
    """Items that both walks reached, the nearest to both first; ``ends`` themselves are left out."""
    shared = (hops_from.keys() & hops_to.keys()) - set(ends)
    found = [InCommon(node, hops_from[node], hops_to[node]) for node in shared]
    return sorted(found, key=lambda item: (item.hops, max(item.hops_from, item.hops_to), item.id))


def is_data(kind: Kind) -> bool:
    """Whether an item of this kind is data or a run: no person, study, recipe or registration."""
    return kind.subtype in _DATA


def meeting_at(
    item: str, one: tuple[ProvenanceGraph, str], other: tuple[ProvenanceGraph, str], direction: Direction
) -> Meeting:
    """The shortest ways to ``item``, the first by ids, from two items in the graphs that reach it."""
    legs = (_first_way(graph, start, item, direction) for graph, start in (one, other))
    return Meeting(item, direction, *legs)


def nearest_data(found: Iterable[InCommon], kinds: Mapping[str, Kind]) -> InCommon | None:
    """The first of ``found`` that is data or a run, else the first of all."""
    every = list(found)
    return next((item for item in every if is_data(kinds.get(item.id, UNKNOWN))), every[0] if every else None)


def _first_way(graph: ProvenanceGraph, start: str, goal: str, direction: Direction) -> tuple[str, ...]:
    found = shortest_paths(graph, start, goal, direction, max_hops=len(graph.nodes), show=1)
    return found.paths[0] if found else ()


def _levels_between(back: Sequence[Sequence[int]], hops: Sequence[int], goal: int) -> list[set[int]]:
    """Items on shortest paths to ``goal``, by hop from the start."""
    levels = [{goal}]
    for hop in range(hops[goal] - 1, -1, -1):
        levels.append({near for node in levels[-1] for near in back[node] if hops[near] == hop})
    return levels[::-1]


def _count(ways: Sequence[Sequence[int]], levels: Sequence[set[int]]) -> int:
    """Shortest paths from the start to the goal: from each item as many as from its next items together."""
    counts = dict.fromkeys(levels[-1], 1)
    for level, following in zip(levels[-2::-1], levels[:0:-1], strict=True):
        counts |= {node: sum(map(counts.__getitem__, following.intersection(ways[node]))) for node in level}
    (start,) = levels[0]
    return counts[start]


def _first_paths(
    ways: Sequence[Sequence[int]], levels: Sequence[set[int]], name: Callable[[int], str], show: int
) -> Iterator[tuple[int, ...]]:
    """The first paths by id; no walk runs into a dead end, so each costs only its length."""
    (start,) = levels[0]
    unfinished: list[tuple[int, ...]] = [(start,)]
    while unfinished and show > 0:
        path = unfinished.pop()
        if len(path) == len(levels):
            show -= 1
            yield path
            continue
        nexts = sorted(levels[len(path)].intersection(ways[path[-1]]), key=name, reverse=True)
        unfinished.extend((*path, other) for other in nexts)
