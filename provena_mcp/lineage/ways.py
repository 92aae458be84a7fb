"""How many ways lead from one item to another, by the number of runs on them: not only the shortest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provena_mcp.rules.graph import OPPOSITE, Direction, ProvenanceGraph
from provena_mcp.rules.large_values import kept_property, without_collections

# Beyond so many steps the ways are not counted: seconds of work for a number nobody reads.
_MOST_STEPS: Final = 50_000
# More than there are runs on any way.
_HOP: Final = 1 << 20


@dataclass(frozen=True)
class WaysOverRuns:
    """Ways that pass ``runs`` model runs, ends included; ``first`` is the shortest, then the first by ids."""

    runs: int
    count: int
    first: tuple[str, ...]


class _TooManySteps(Exception):
    """Counting takes longer than it is worth."""


@without_collections()
def count_ways(
    graph: ProvenanceGraph, start: str, goal: str, direction: Direction, *, max_hops: int
) -> tuple[WaysOverRuns, ...] | None:
    """Every way of at most ``max_hops`` that visits no item twice, fewest runs first.

    None where counting would take too long, which only large tangles do.
    """
    if start not in graph.numbers or goal not in graph.numbers:
        return ()
    count = _Count(graph, start, goal, direction, max_hops)
    try:
        return count.over_cycles() if count.is_cyclic else count.in_order()
    except _TooManySteps:
        return None


class _Count:
    """Counts ways within the part of a graph that lies between two items.

    What is left of a way is one number, its hops times ``_HOP`` and its runs: there are many of them.
    """

    def __init__(
        self, graph: ProvenanceGraph, start: str, goal: str, direction: Direction, max_hops: int
    ) -> None:
        self._ids, self._max_hops = graph.columns.ids, max_hops
        self._start, self._goal = graph.numbers[start], graph.numbers[goal]
        self._from = graph.walk(start, direction).hops
        self._to = graph.walk(goal, OPPOSITE[direction]).hops
        self._ahead = self._between(graph.ways(direction))
        runs = {kind: int(kind.subtype == "MODEL_RUN") for kind in set(graph.columns.kinds)}
        self._runs_at = list(map(runs.__getitem__, graph.columns.kinds))
        self._steps = 0

    @property
    def is_cyclic(self) -> bool:
        """Whether a way could come to an item twice."""
        return len(self._order) < len(self._ahead)

    def in_order(self) -> tuple[WaysOverRuns, ...]:
        """Where there is no cycle, the ways on from an item are those on from the items after it."""
        onward: dict[int, dict[int, int]] = {self._goal: {self._runs_at[self._goal]: 1}}
        for node in self._order:
            lengths = onward[node] = dict[int, int]()
            too_long = (self._max_hops - self._from[node]) * _HOP
            here = _HOP + self._runs_at[node]
            for other in self._ahead[node]:
                self._step(len(onward[other]))
                for length, count in onward[other].items():
                    if length < too_long:
                        lengths[length + here] = lengths.get(length + here, 0) + count
        found: dict[int, int] = {}
        for length, count in onward.get(self._start, {}).items():
            found[length % _HOP] = found.get(length % _HOP, 0) + count
        return tuple(WaysOverRuns(runs, found[runs], self._first(onward, runs)) for runs in sorted(found))

    def over_cycles(self) -> tuple[WaysOverRuns, ...]:
        """Every way by itself."""
        found: dict[int, WaysOverRuns] = {}
        unfinished: list[tuple[int, ...]] = [(self._start,)]
        while unfinished:
            path = unfinished.pop()
            self._step(1)
            if path[-1] == self._goal:
                runs = sum(map(self._runs_at.__getitem__, path))
                named = tuple(map(self._ids.__getitem__, path))
                known = found.get(runs, WaysOverRuns(runs, 0, named))
                found[runs] = WaysOverRuns(runs, known.count + 1, min(known.first, named, key=_by_length))
                continue
            left = self._max_hops - len(path)
            others = (other for other in self._ahead[path[-1]] if self._to[other] <= left)
            unfinished.extend((*path, other) for other in others if other not in path)
        return tuple(found[runs] for runs in sorted(found))

    def _between(self, ways: Sequence[Sequence[int]]) -> dict[int, set[int]]:
        """The links on ways that are short enough."""
        near = {
            node
            for node, (hop, left) in enumerate(zip(self._from, self._to, strict=True))
            if hop >= 0 and left >= 0 and hop + left <= self._max_hops
        }
        return {node: near.intersection(ways[node]) for node in near if node != self._goal}

    @kept_property
    def _order(self) -> list[int]:
        """Each item after all that it leads to; those that lead to a cycle are never reached."""
        order: list[int] = []
        waiting = {node: len(others) for node, others in self._ahead.items()}
        before: dict[int, list[int]] = {}
        for node, others in self._ahead.items():
            for other in others:
                before.setdefault(other, []).append(node)
        ready = [self._goal]
        while ready:
            node = ready.pop()
            order.append(node)
            for other in before.get(node, ()):
                waiting[other] -= 1
                if not waiting[other]:
                    ready.append(other)
        return order[1:]

    def _first(self, onward: Mapping[int, Mapping[int, int]], runs: int) -> tuple[str, ...]:
        length = min(length for length in onward[self._start] if length % _HOP == runs)
        path = [self._start]
        while path[-1] != self._goal:
            length -= _HOP + self._runs_at[path[-1]]
            others = (other for other in self._ahead[path[-1]] if length in onward[other])
            path.append(min(others, key=self._ids.__getitem__))
        return tuple(map(self._ids.__getitem__, path))

    def _step(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise _TooManySteps


def _by_length(path: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(path), path
