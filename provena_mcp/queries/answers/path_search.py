"""Finds how two items are related, walking from both so that a deployment's depth cap does not matter.

A path of length L from one to the other lies wholly within f hops of the one and g hops of the other
as soon as f + g is at least L. So each side is walked only as far as needed, the cheaper side first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from provena_mcp.lineage.paths import (
    InCommon,
    Meeting,
    ShortestPaths,
    in_common,
    meeting_at,
    nearest_data,
    shortest_paths,
)
from provena_mcp.lineage.ways import WaysOverRuns, count_ways
from provena_mcp.queries.cache import together
from provena_mcp.queries.lineage.frontier import DepthCap, Explorer, Frontier, QueryBudget, in_thread
from provena_mcp.queries.lineage.neighbourhood import CheckedExplorer
from provena_mcp.rules.graph import Direction, ProvenanceGraph
from provena_mcp.rules.large_values import without_collections
from provena_mcp.rules.text import all_reasons

# Queries more than the shortest paths need, to learn of longer ways.
_MORE_QUERIES: Final = 12


@dataclass(frozen=True)
class Relation:
    """How two items are related.

    Attributes:
        graph: The items told of, with the links between them that were read.
        paths: The shortest paths, first the shorter of the two directions; both exist on a cycle.
        ancestors: What both depend on, and ``descendants`` what depends on both; only without paths.
        meetings: The ways to the nearest of the ancestors and of the descendants, of data if there are any.
        within: Hops up to which the paths are exact: the limit asked for unless calls ran out.
        ways: All ways in the direction of the first paths, of up to ``ways_within`` hops; none where there
            are too many to count.
        common_within: The same for what they have in common.
        goes_on: Whether any side leads further than was asked.
        doubts: Why what the service answered may not be all, if anything about it says so.
    """

    graph: ProvenanceGraph
    paths: tuple[ShortestPaths, ...]
    within: int
    ways: tuple[WaysOverRuns, ...] | None = None
    ways_within: int = 0
    ancestors: tuple[InCommon, ...] = ()
    descendants: tuple[InCommon, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    common_within: int = field(default=0)
    goes_on: bool = False
    doubts: str | None = None

    def doubted(self, reason: str | None) -> Relation:
        """The same doubted for ``reason`` too, if there is one."""
        return replace(self, doubts=all_reasons(self.doubts, reason))


async def find_relation(
    explorer: Explorer, cap: DepthCap, from_id: str, to_id: str, max_hops: int, *, show: int
) -> Relation:
    """The shortest paths of at most ``max_hops`` between two items, or what they have in common.

    Raises:
        NotFoundError: No item has one of the ids.
        ProvenaError: The deployment failed.
    """
    checked = CheckedExplorer(explorer)
    pair = _Pair(QueryBudget(checked, cap), from_id, to_id, max_hops, show)
    return (await pair.find_relation()).doubted(checked.incomplete_because)


class _Pair:
    """Two items, and what lies upstream and downstream of each."""

    def __init__(self, budget: QueryBudget, from_id: str, to_id: str, max_hops: int, show: int) -> None:
        self._budget = budget
        self._max_hops = max_hops
        self._show = show
        self._up_from = Frontier(budget, from_id, "upstream")
        self._up_to = Frontier(budget, to_id, "upstream")
        self._down_from = Frontier(budget, from_id, "downstream")
        self._down_to = Frontier(budget, to_id, "downstream")

    async def find_relation(self) -> Relation:
        await together(self._up_from.extend(self._max_hops), self._up_to.extend(self._max_hops))
        upstream, known_up = await self._meet(self._up_from, self._down_to)
        downstream, known_down = await self._meet(self._down_from, self._up_to)
        found = [paths for paths in (upstream, downstream) if paths is not None]
        within = min(known_up, known_down)
        if found:
            shortest_first = tuple(sorted(found, key=lambda paths: paths.length))
            ways, ways_within = await self._ways(shortest_first[0].direction)
            told = {item for paths in found for level in paths.levels for item in level}
            told.update(item for way in ways or () for item in way.first)
            return Relation(self._between(told), shortest_first, within, ways, ways_within)
        ancestors, within_up = await self._common(self._up_from, self._up_to)
        descendants, within_down = await self._common(self._down_from, self._down_to)
        meetings = (
            *self._meeting(ancestors, self._up_from, self._up_to),
            *self._meeting(descendants, self._down_from, self._down_to),
        )
        told = {item.id for item in (*ancestors, *descendants)}
        told.update(item for meeting in meetings for item in (*meeting.leg_from, *meeting.leg_to))
        return Relation(
            graph=self._between(told),
            paths=(),
            within=within,
            ancestors=ancestors,
            descendants=descendants,
            meetings=meetings,
            common_within=min(within_up, within_down),
            goes_on=not all(side.is_whole for side in self._sides()),
        )

    async def _meet(self, out: Frontier, back: Frontier) -> tuple[ShortestPaths | None, int]:
        """The shortest paths between two reaches, and the hops up to which that is certain."""
        while True:
            known = self._known(out, back)
            graph = _where_they_meet(out, back)
            if graph is not None:
                paths = await in_thread(
                    shortest_paths,
                    graph,
                    out.start,
                    back.start,
                    out.direction,
                    max_hops=known,
                    show=self._show,
                )
                if paths is not None:
                    return paths, self._max_hops
            if known >= self._max_hops:
                return None, known
            cheaper, dearer = sorted((out, back), key=lambda side: len(side.edge))
            room = self._max_hops - known
            if not (await cheaper.extend(room) or await dearer.extend(room)):
                return None, known

    async def _ways(self, direction: Direction) -> tuple[tuple[WaysOverRuns, ...] | None, int]:
        """All ways of up to as many hops as a few more queries make certain."""
        up = direction == "upstream"
        out, back = (self._up_from, self._down_to) if up else (self._down_from, self._up_to)
        spare = self._budget.left - _MORE_QUERIES
        while (known := self._known(out, back)) < self._max_hops:
            side = min((out, back), key=lambda side: len(side.edge))
            if len(side.edge) > self._budget.left - spare or not await side.extend(self._max_hops - known):
                break
        graph = _every_way(out, back)
        ways = await in_thread(count_ways, graph, out.start, back.start, direction, max_hops=known)
        return ways, known

    def _known(self, out: Frontier, back: Frontier) -> int:
        """Paths up to this length are certain to lie in the two reaches."""
        if out.is_whole or back.is_whole:
            return self._max_hops
        return min(self._max_hops, out.depth + back.depth)

    async def _common(self, one: Frontier, other: Frontier) -> tuple[tuple[InCommon, ...], int]:
        """What both reach within the limit, and the hops up to which that is certain."""
        await one.extend_to(self._max_hops)
        await other.extend_to(self._max_hops)
        within = min(self._max_hops if side.is_whole else side.depth for side in (one, other))
        return tuple(in_common(one.hops, other.hops, (one.start, other.start))), within

    def _meeting(self, shared: tuple[InCommon, ...], one: Frontier, other: Frontier) -> Iterator[Meeting]:
        nearest = nearest_data(shared, one.graph.nodes)
        if nearest is not None:
            yield meeting_at(nearest.id, (one.graph, one.start), (other.graph, other.start), one.direction)

    def _sides(self) -> tuple[Frontier, ...]:
        return self._up_from, self._up_to, self._down_from, self._down_to

    def _between(self, items: Collection[str]) -> ProvenanceGraph:
        """What was read of ``items`` and the two ends: their kinds, and the links between them."""
        kept = {self._up_from.start, self._up_to.start, *items}
        parts = (_part(side.graph, kept) for side in self._sides())
        return ProvenanceGraph().merged(parts)


@without_collections()
def _part(graph: ProvenanceGraph, items: Collection[str]) -> ProvenanceGraph:
    """These items of a graph and the links between them."""
    return graph.part(sorted(graph.numbers[item] for item in items if item in graph.numbers))


def _where_they_meet(out: Frontier, back: Frontier) -> ProvenanceGraph | None:
    """A graph with every path between two reaches, as far as either knows; none if they do not touch."""
    if _reaches(out, back.start):
        return out.graph
    if _reaches(back, out.start):
        return back.graph
    return out.graph.merged([back.graph]) if out.hops.keys() & back.hops.keys() else None


def _reaches(side: Frontier, item: str) -> bool:
    number = side.graph.numbers.get(item)
    return number is not None and side.graph.walk(side.start, side.direction).hops[number] >= 0


def _every_way(out: Frontier, back: Frontier) -> ProvenanceGraph:
    """A graph with all ways between two reaches that either knows."""
    if out.is_whole:
        return out.graph
    return back.graph if back.is_whole else out.graph.merged([back.graph])
