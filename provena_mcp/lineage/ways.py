"""How many ways lead from one item to another, by the number of runs on them: not only the shortest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from provena_mcp.lineage.traversal import Ways, hops_along
from provena_mcp.rules.graph import UNKNOWN, Direction, ProvenanceGraph

# Beyond so many steps the ways are not counted: seconds of work for a number nobody reads.
_MOST_STEPS: Final = 50_000


@dataclass(frozen=True)
class WaysOverRuns:
    """Ways that pass ``runs`` model runs, ends included; ``first`` is the shortest, then the first by ids."""

    runs: int
    count: int
    first: tuple[str, ...]


class _Length(NamedTuple):
    """What a way from here to the goal costs."""

    hops: int
    runs: int


class _TooManySteps(Exception):
    """Counting takes longer than it is worth."""


def count_ways(
    graph: ProvenanceGraph, start: str, goal: str, direction: Direction, *, max_hops: int
) -> tuple[WaysOverRuns, ...] | None:
    """Every way of at most ``max_hops`` that visits no item twice, fewest runs first.

    None where counting would take too long, which only large tangles do.
    """
    count = _Count(graph, start, goal, direction, max_hops)
    try:
        return count.over_cycles() if count.is_cyclic else count.in_order()
    except _TooManySteps:
        return None


class _Count:
    """Counts ways within the part of a graph that lies between two items."""

    def __init__(
        self, graph: ProvenanceGraph, start: str, goal: str, direction: Direction, max_hops: int
    ) -> None:
        self._start, self._goal, self._max_hops = start, goal, max_hops
        back: Direction = "downstream" if direction == "upstream" else "upstream"
        self._from = hops_along(graph.ahead(direction), (start,), max_hops)
        self._to = hops_along(graph.ahead(back), (goal,), max_hops)
        self._ahead = self._between(graph.ahead(direction))
        self._is_run = {
            node: graph.nodes.get(node, UNKNOWN).subtype == "MODEL_RUN" for node in (*self._ahead, goal)
        }
        self._steps = 0

    @property
    def is_cyclic(self) -> bool:
        """Whether a way could come to an item twice."""
        return len(self._order) < len(self._ahead)

    def in_order(self) -> tuple[WaysOverRuns, ...]:
        """Where there is no cycle, the ways on from an item are those on from the items after it."""
        onward: dict[str, Counter[_Length]] = {
            self._goal: Counter({_Length(0, self._runs_at(self._goal)): 1})
        }
        for node in self._order:
            lengths = onward[node] = Counter[_Length]()
            for other in self._ahead[node]:
                for length, count in onward[other].items():
                    self._step()
                    if self._from[node] + length.hops < self._max_hops:
                        lengths[_Length(length.hops + 1, length.runs + self._runs_at(node))] += count
        found: dict[int, int] = {}
        for length, count in onward.get(self._start, Counter[_Length]()).items():
            found[length.runs] = found.get(length.runs, 0) + count
        return tuple(WaysOverRuns(runs, found[runs], self._first(onward, runs)) for runs in sorted(found))

    def over_cycles(self) -> tuple[WaysOverRuns, ...]:
        """Every way by itself."""
        found: dict[int, WaysOverRuns] = {}
        unfinished: list[tuple[str, ...]] = [(self._start,)]
        while unfinished:
            path = unfinished.pop()
            self._step()
            if path[-1] == self._goal:
                runs = sum(map(self._runs_at, path))
                known = found.get(runs, WaysOverRuns(runs, 0, path))
                found[runs] = WaysOverRuns(runs, known.count + 1, min(known.first, path, key=_by_length))
                continue
            left = self._max_hops - len(path)
            others = (other for other in self._ahead[path[-1]] if self._to[other] <= left)
            unfinished.extend((*path, other) for other in others if other not in path)
        return tuple(found[runs] for runs in sorted(found))

    def _between(self, ahead: Ways) -> dict[str, list[str]]:
        """The links on ways that are short enough."""
        too_far = self._max_hops + 1
        near = {node for node, hop in self._from.items() if hop + self._to.get(node, too_far) < too_far}
        return {
            node: sorted(other for other in ahead.get(node, ()) if other in near)
            for node in near
            if node != self._goal
        }

    @cached_property
    def _order(self) -> list[str]:
        """Each item after all that it leads to; those that lead to a cycle are never reached."""
        order: list[str] = []
        waiting = {node: len(others) for node, others in self._ahead.items()}
        before: dict[str, list[str]] = {}
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

    def _first(self, onward: Mapping[str, Counter[_Length]], runs: int) -> tuple[str, ...]:
        length = min(length for length in onward[self._start] if length.runs == runs)
        path = [self._start]
        while path[-1] != self._goal:
            length = _Length(length.hops - 1, length.runs - self._runs_at(path[-1]))
            path.append(next(other for other in self._ahead[path[-1]] if length in onward[other]))
        return tuple(path)

    def _runs_at(self, node: str) -> int:
        return 1 if self._is_run[node] else 0

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise _TooManySteps


def _by_length(path: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return len(path), path
