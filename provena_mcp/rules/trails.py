"""Which links a lineage query returns: those on a trail of at most ``depth`` links (provena-http 5.5).

A trail uses no link twice but may pass an item again. A link lies on one when a way from the start
to it and a way on from it to what is asked for fit into the depth and share no link. Shortest ways
can share one only inside a cycle, so acyclic lineage costs two breadth-first searches. Inside a
cycle the shortest way on one side is kept, the shortest way on the other side that avoids its links
is searched, and then the other way round; if both fail, it matters whether the shared link could be
avoided at all. That decides every link of the graphs provena-http 5.2 and 5.3 can produce. A link it
cannot decide is kept and the answer marked as not exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from provena_mcp.rules.graph import Direction, Link, ProvenanceGraph
from provena_mcp.wire.lineage import LineageQuery

DIRECTION_OF: Final[Mapping[LineageQuery, Direction]] = {
    "upstream": "upstream",
    "contributing_datasets": "upstream",
    "contributing_agents": "upstream",
    "downstream": "downstream",
    "effected_datasets": "downstream",
    "effected_agents": "downstream",
}

# Steps taken in search of ways round before the links left are kept undecided: well under a second.
WORK_LIMIT: Final = 400_000

# Where the last link of effected_agents leads; no id is None, so no trail goes on from there.
_AN_AGENT: Final = None

_Place = str | None
# A link as a query walks it: from, to, link. The last link of effected_agents is walked towards
# the agent, so one link can be two steps.
_Step = tuple[_Place, _Place, Link]


@dataclass(frozen=True)
class Trails:
    """The links on trails, nearest first, at most one between two items in each direction.

    ``exact`` is false where undecided links of a tangle of cycles were kept. For effected_agents it
    takes for granted that agents depend on nothing, as in provena-http 5.2.
    """

    links: tuple[Link, ...] = ()
    exact: bool = True


def links_on_trails(
    graph: ProvenanceGraph, start: str, query: LineageQuery, depth: int, *, work_limit: int = WORK_LIMIT
) -> Trails:
    """The links of ``graph`` that ``query`` from ``start`` returns within ``depth`` hops.

    ``graph`` holds at least every link within ``depth`` hops of ``start`` in the query's direction
    and, for effected_agents, every link from an item there to an agent; what lies beyond is ignored.
    """
    direction = DIRECTION_OF[query]
    steps, hops = _steps_within(graph.links, start, direction, depth)
    if query == direction:
        return Trails(_one_per_pair(steps))
    goals: set[_Place] = {_AN_AGENT}
    if query == "effected_agents":
        steps.extend(_last_steps(graph, hops))
        depth += 1
    else:
        goals = {node for node, kind in graph.nodes.items() if node in hops and kind.is_asked_for(query)}
    to_goal = _hops_to(goals, steps)
    steps = [step for step in steps if hops[step[0]] + 1 + to_goal.get(step[1], depth) <= depth]
    doubtful = _doubtful(steps, goals)
    if not doubtful:
        return Trails(_one_per_pair(steps))
    tangle = _Tangle(steps, start, goals, depth, _Work(work_limit))
    refused = {step for step in doubtful if not tangle.fits(step)}
    return Trails(_one_per_pair(step for step in steps if step not in refused), tangle.is_exact)


def _steps_within(
    links: Iterable[Link], start: str, direction: Direction, depth: int
) -> tuple[list[_Step], dict[_Place, int]]:
    """Steps that begin nearer than ``depth``, nearest first, and the hops to every item they reach."""
    ahead: dict[str, list[tuple[str, Link]]] = {}
    if direction == "upstream":
        for link in links:
            ahead.setdefault(link[0], []).append((link[2], link))
    else:
        for link in links:
            ahead.setdefault(link[2], []).append((link[0], link))
    steps: list[_Step] = []
    hops: dict[_Place, int] = {start: 0}
    rim = [start]
    for hop in range(1, depth + 1):
        here, rim = rim, list[str]()
        for node in here:
            for other, link in ahead.get(node, ()):
                steps.append((node, other, link))
                if other not in hops:
                    hops[other] = hop
                    rim.append(other)
        if not rim:
            break
    return steps, hops


def _hops_to(goals: Iterable[_Place], steps: Iterable[_Step]) -> dict[_Place, int]:
    """Hops from every place to the nearest goal."""
    arriving: dict[_Place, list[_Place]] = {}
    for here, there, _ in steps:
        arriving.setdefault(there, []).append(here)
    hops = dict.fromkeys(goals, 0)
    rim = list(hops)
    while rim:
        reached, rim = rim, list[_Place]()
        for place in reached:
            hop = hops[place] + 1
            for here in arriving.get(place, ()):
                if here not in hops:
                    hops[here] = hop
                    rim.append(here)
    return hops


def _last_steps(graph: ProvenanceGraph, hops: Mapping[_Place, int]) -> Iterable[_Step]:
    """The one more relationship of effected_agents, from an item within reach to an agent."""
    nodes = graph.nodes
    for link in graph.links:
        if link.source in hops and nodes[link.target].category == "AGENT":
            yield link.source, _AN_AGENT, link


def _one_per_pair(steps: Iterable[_Step]) -> tuple[Link, ...]:
    first: dict[tuple[str, str], Link] = {}
    for _, _, link in steps:
        first.setdefault((link[0], link[2]), link)
    return tuple(first.values())


class _Work:
    """Steps that searches for ways round may still take, all together."""

    def __init__(self, steps: int) -> None:
        self.left = steps


class _Side:
    """Shortest ways from every place to some ends, along steps of one orientation."""

    def __init__(self, steps: list[_Step], ends: Iterable[_Place], work: _Work) -> None:
        self._work = work
        self._ways: dict[_Place, list[_Step]] = {}
        self.hops = _hops_to(ends, steps)
        for step in steps:
            self._ways.setdefault(step[0], []).append(step)
        beyond = len(self.hops)
        for ways in self._ways.values():
            ways.sort(key=lambda step: self.hops.get(step[1], beyond))

    def way(self, place: _Place) -> list[_Step]:
        """The steps of a shortest way."""
        steps: list[_Step] = []
        while self.hops[place] > 0:
            steps.append(self._ways[place][0])
            place = steps[-1][1]
        return steps

    def way_round(self, place: _Place, avoid: Collection[Link], limit: int) -> list[_Step] | None:
        """The steps of a shortest way of at most ``limit`` that uses no link of ``avoid``."""
        walked: dict[_Place, int] = {place: 0}
        came: dict[_Place, _Step] = {}
        queue: list[tuple[int, int, int, _Place]] = [(self.hops[place], 0, 0, place)]
        while queue and self._work.left > 0:
            expected, hop, _, here = heappop(queue)
            if self.hops[here] == 0:
                return _traced(came, place, here)
            for step in self._ways.get(here, ()):
                self._work.left -= 1
                there = step[1]
                least = hop + 1 + self.hops.get(there, limit)
                if least > limit:
                    break
                if hop + 1 < walked.get(there, limit + 1) and step[2] not in avoid:
                    walked[there] = hop + 1
                    came[there] = step
                    if least == expected and self.hops[there] == 0:
                        return _traced(came, place, there)
                    # What is left of the work is unique, and prefers the step found last.
                    heappush(queue, (least, hop + 1, self._work.left, there))
        return None


class _Tangle:
    """Steps with cycles among them, each of which some walk from a start to a goal can take."""

    def __init__(
        self, steps: list[_Step], start: str, goals: Iterable[_Place], depth: int, work: _Work
    ) -> None:
        self.is_exact = True
        self._depth = depth
        self._work = work
        self._back = _Side(_turned(steps), {start}, self._work)
        self._on = _Side(steps, goals, self._work)

    def fits(self, step: _Step) -> bool:
        """Whether a way to the step and a way on from it fit into the depth and share no link."""
        near, far, link = step
        before, after = self._back.way(near), self._on.way(far)
        if len({link, *_links(before), *_links(after)}) == 1 + len(before) + len(after):
            return True
        fits = self._fits_round(step, before, after)
        if self._work.left > 0:
            return fits
        self.is_exact = False
        return True

    def _fits_round(self, step: _Step, before: list[_Step], after: list[_Step]) -> bool:
        """The same where the shortest ways share a link: keep one side, search round it, and turn."""
        near, far, link = step
        room = self._depth - 1
        to_here = self._back.way_round(near, {link}, room - len(after)) if link in _links(before) else before
        from_here = self._on.way_round(far, {link}, room - len(before)) if link in _links(after) else after
        if to_here is None or from_here is None:
            return False
        if self._on.way_round(far, {link, *_links(to_here)}, room - len(to_here)) is not None:
            return True
        if not to_here:
            return False
        if self._back.way_round(near, {link, *_links(from_here)}, room - len(from_here)) is not None:
            return True
        if any(self._divides(step, shared) for shared in _links(to_here) & _links(from_here)):
            return False
        self.is_exact = False
        return True

    def _divides(self, step: _Step, shared: Link) -> bool:
        """Whether both every way to a step and every way on from it need the same link."""
        near, far, link = step
        room = self._depth - 1
        return (
            self._on.way_round(far, {link, shared}, room - self._back.hops[near]) is None
            and self._back.way_round(near, {link, shared}, room - self._on.hops[far]) is None
        )


def _doubtful(steps: list[_Step], goals: Collection[_Place]) -> list[_Step]:
    """Steps whose shortest ways to both sides may share a link: on a cycle, or of a link with two steps."""
    on_cycles = _turned(_led_to(_turned(_led_to(steps))))
    doubtful = [step for step in on_cycles if step[1] not in goals]
    last = {link for _, place, link in steps if place is _AN_AGENT}
    walked = {link for _, place, link in steps if place is not _AN_AGENT and link in last} if last else ()
    return doubtful + [step for step in steps if step[2] in walked] if walked else doubtful


def _turned(steps: Iterable[_Step]) -> list[_Step]:
    return [(there, here, link) for here, there, link in steps]


def _links(steps: Iterable[_Step]) -> set[Link]:
    return {link for _, _, link in steps}


def _traced(came: Mapping[_Place, _Step], begin: _Place, end: _Place) -> list[_Step]:
    steps: list[_Step] = []
    while end != begin:
        step = came[end]
        steps.append(step)
        end = step[0]
    return steps[::-1]


def _led_to(steps: Iterable[_Step]) -> list[_Step]:
    """The steps left when those from places that no step leads to are taken away, again and again."""
    ways: dict[_Place, list[_Step]] = {}
    for step in steps:
        ways.setdefault(step[0], []).append(step)
    arriving = Counter(step[1] for leaving in ways.values() for step in leaving)
    unreached = [place for place in ways if not arriving[place]]
    while unreached:
        for step in ways.pop(unreached.pop()):
            arriving[step[1]] -= 1
            if not arriving[step[1]] and step[1] in ways:
                unreached.append(step[1])
    return [step for leaving in ways.values() for step in leaving]
