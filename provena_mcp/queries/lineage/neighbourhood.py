"""Gathers everything within a number of hops, also beyond the depth that a deployment answers at once.

The walk goes on until the depth asked for is reached, nothing is left, or the queries are used up. One
hop more than asked is read where the cap allows, so that the answer knows whether anything lies beyond.

Answers that fall apart or contradict themselves cannot be all. A lineage gathered in many queries may hang
together although one of the answers did not: what that answer lost is lacking all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import islice
from typing import Final

from provena_mcp.errors import MalformedAnswerError
from provena_mcp.lineage.flaws import reasons
from provena_mcp.lineage.lineage import Lineage, Query
from provena_mcp.queries.lineage.frontier import (
    AT_ONCE,
    MAX_QUERIES,
    USUAL_DEPTH_CAP,
    DepthCap,
    Explorer,
    Frontier,
    QueryBudget,
    worked_out,
)
from provena_mcp.rules.graph import UNKNOWN, Direction, Kind, ProvenanceGraph
from provena_mcp.rules.handles import alike_but_for_case
from provena_mcp.rules.text import all_reasons, plural
from provena_mcp.wire.lineage import Contradiction, LineageQuery

_WORTH_PROBING: Final = 12
# Ids that are told of items with two kinds.
_NAMED: Final = 3

# What every run leads to, each counted in bits of its own.
_MODELS, _TEMPLATES, _PEOPLE, _RUN = (0xFFFFF << shift for shift in (0, 20, 40, 60))
_NAMED_BY_RUN: Final = {
    "MODEL": 1,
    "MODEL_RUN_WORKFLOW_TEMPLATE": 1 << 20,
    "WORKFLOW_TEMPLATE": 1 << 20,
    "PERSON": 1 << 40,
}

# Upstream, a dataset is only reached through these (provena-http 5.2, 5.3).
_ON_THE_WAY: Final[Mapping[LineageQuery, frozenset[str]]] = {
    "contributing_datasets": frozenset({"DATASET", "MODEL_RUN", "VERSION"})
}


async def gather_neighbourhood(
    prov: Explorer,
    cap: DepthCap,
    start: str,
    direction: Direction,
    depth: int,
    *,
    query: LineageQuery | None = None,
) -> Lineage:
    """Everything within ``depth`` hops of ``start`` in ``direction``.

    With ``query``, only what can lead to something it asks for counts as lying beyond.

    Raises:
        NotFoundError: No item has this id.
        ProvenaError: The deployment failed.
    """
    checked = CheckedExplorer(prov)
    frontier = Frontier(QueryBudget(checked, cap), start, direction)
    await frontier.ask([Query(start, _first_depth(cap, depth))])
    stopped = await _walk_on(frontier, cap, depth)
    beyond = None if stopped else await _beyond(frontier, depth, query or direction)
    found = Lineage(
        await worked_out(lambda: _cut(frontier, depth), len(frontier.graph.columns.ids)),
        direction,
        start,
        depth,
        incomplete_because=all_reasons(stopped, beyond, _unfollowed(frontier)),
        goes_deeper=beyond is not None,
        queries=tuple(frontier.queries),
    )
    joined = await worked_out(found.joined, len(found.graph.columns.ids))
    return joined.doubted(checked.incomplete_because)


def _first_depth(cap: DepthCap, depth: int) -> int:
    asked = depth + 1 if cap.is_known or depth != USUAL_DEPTH_CAP else depth
    return min(asked, cap.hops) if cap.is_known else asked


async def _walk_on(frontier: Frontier, cap: DepthCap, depth: int) -> str | None:
    """Follow the frontier until nothing nearer than ``depth`` is open; says why if it stopped before."""
    while items := frontier.open_nodes(nearer_than=depth):
        allowed = min(AT_ONCE, MAX_QUERIES - len(frontier.queries) - len(frontier.unregistered))
        if allowed <= 0:
            nearest, _ = items[0]
            return (
                f"stopped after {MAX_QUERIES} queries; {plural(len(items), 'item')} from hop "
                f"{nearest} on not followed further"
            )
        await frontier.ask([Query(node, min(cap.hops, depth - hop + 1)) for hop, node in items[:allowed]])
    return None


async def _beyond(frontier: Frontier, depth: int, query: LineageQuery) -> str | None:
    """Whether anything asked for may lie beyond the last hop, and how many items lead there."""
    levels = frontier.graph.walk(frontier.start, frontier.direction).levels
    if len(levels) <= depth:
        return None
    numbers, kinds = frontier.graph.numbers, frontier.graph.columns.kinds
    unknown = [
        node
        for hop, node in frontier.open_nodes(nearer_than=depth + 1)
        if hop == depth and _may_lead_to(kinds[numbers[node]], query)
    ]
    if len(unknown) > _WORTH_PROBING:
        return f"stopped at depth {depth}; {plural(len(unknown), 'item')} at hop {depth} may lead further"
    if unknown:
        await frontier.ask([Query(node, 1) for node in unknown])
    ways, kinds = frontier.graph.ways(frontier.direction), frontier.graph.columns.kinds
    leading = sum(any(_may_lead_to(kinds[other], query) for other in ways[node]) for node in levels[depth])
    return (
        f"stopped at depth {depth}; lineage goes on from {plural(leading, 'item')} at hop {depth}"
        if leading
        else None
    )


def _may_lead_to(kind: Kind, query: LineageQuery) -> bool:
    """Whether an item of this kind is something that ``query`` asks for, or may lead to it."""
    on_the_way = _ON_THE_WAY.get(query)
    return on_the_way is None or not kind.subtype or kind.subtype in on_the_way


def _unfollowed(frontier: Frontier) -> str | None:
    count = len(frontier.unregistered)
    return f"{plural(count, 'item')} no longer in the registry cannot be followed further" if count else None


def _cut(frontier: Frontier, depth: int) -> ProvenanceGraph:
    """Only the links whose nearer end lies within reach (provena-http 5.5)."""
    graph = frontier.graph
    hops, levels, _ = graph.walk(frontier.start, frontier.direction)
    if len(levels) <= depth:
        return graph
    near = graph.columns.sources if frontier.direction == "upstream" else graph.columns.targets
    links = [link for link, node in enumerate(near) if hops[node] < depth]
    if len(links) == len(near):
        return graph
    return graph.part([node for node, hop in enumerate(hops) if hop <= depth], links)


class CheckedExplorer:
    """Answers lineage queries, and keeps in ``doubts`` why what they answered may not be all.

    Answers that are consistent each by itself may still contradict each other.
    """

    def __init__(self, explorer: Explorer) -> None:
        """Pass queries on to ``explorer``."""
        self._told: dict[str, None] = {}
        self._explorer = explorer
        self._first: ProvenanceGraph | None = None
        self._kinds: dict[str, Kind] = {}
        self._changed: dict[str, None] = {}
        self._comparing = asyncio.Lock()

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        """The answer as it came; errors as ``ProvenaClient.prov.explore``."""
        graph = await self._explorer.explore(query, starting_id, depth)
        if doubt := await doubt_of(graph, query, starting_id, depth):
            self._told[doubt] = None
        # Answers come at once, and each has to be seen whole by the next.
        async with self._comparing:
            if self._first is None:
                self._first = graph
            else:
                # The kinds in the first answer are read when there is a second.
                first = 0 if self._kinds else len(self._first.columns.ids)
                await worked_out(lambda: self._compare(graph), max(first, len(graph.columns.ids)))
        return graph

    @property
    def doubts(self) -> tuple[str, ...]:
        """Each doubt once."""
        told = dict(self._told)
        if self._changed:
            named = ", ".join(islice(self._changed, _NAMED))
            count = plural(len(self._changed), "item")
            told[f"the service gave {count} another kind than in an earlier answer: {named}"] = None
        if alike := alike_but_for_case(self._kinds):
            told |= dict.fromkeys(reasons(Contradiction("letters", " and ".join(some)) for some in alike))
        return tuple(told)

    @property
    def incomplete_because(self) -> str | None:
        """The doubts in one text, if there are any."""
        return all_reasons(*self.doubts)

    def _compare(self, graph: ProvenanceGraph) -> None:
        """Note which items an answer gives other kinds than one before did."""
        if self._first is not None and not self._kinds:
            self._kinds.update(self._first.nodes)
        for item, kind in zip(graph.columns.ids, graph.columns.kinds, strict=True):
            before = self._kinds.setdefault(item, kind)
            if before is kind or before == kind or kind == UNKNOWN:
                continue
            self._kinds[item] = kind
            if before.contradicts(kind):
                self._changed[item] = None


async def doubt_of(graph: ProvenanceGraph, query: LineageQuery, start: str, depth: int) -> str | None:
    """Why an answer cannot be all: it falls apart, contradicts itself, or leaves out what every run names."""

    def doubt() -> str | None:
        bare = _bare_runs(graph, start, depth) if query == "upstream" and not graph.contradictions else ()
        answer = ProvenanceGraph.of_columns(graph.columns, bare) if bare else graph
        return Lineage(answer, query, start, depth).joined().incomplete_because

    return await worked_out(doubt, len(graph.columns.ids))


class _Weights(dict[Kind, int]):
    """What an item of a kind counts, so that a sum over what a run leads to tells whether all is there."""

    def __missing__(self, kind: Kind) -> int:
        weight = self[kind] = _RUN if kind.subtype == "MODEL_RUN" else _NAMED_BY_RUN.get(kind.subtype, 0)
        return weight


def _bare_runs(graph: ProvenanceGraph, start: str, depth: int) -> tuple[Contradiction, ...]:
    """Runs whose links an upstream answer holds without those that every run has (provena-http 5.2)."""
    columns, ways = graph.columns, graph.ways("upstream")
    weights = list(map(_Weights().__getitem__, columns.kinds))
    levels = graph.walk(start, "upstream").levels[:depth]
    runs = [node for level in levels for node in level if weights[node] == _RUN]
    weight_of = weights.__getitem__
    sums = [sum(map(weight_of, ways[run])) for run in runs]
    return tuple(
        Contradiction("bare", columns.ids[run])
        for run, total in zip(runs, sums, strict=True)
        if not (total & _MODELS and total & _TEMPLATES and total & _PEOPLE)
    )


async def explore_whole(explorer: Explorer, query: LineageQuery, start: str, depth: int) -> ProvenanceGraph:
    """An answer that hangs together, for those who have no way to say that theirs may not be all.

    Raises:
        MalformedAnswerError: It does not.
        ProvenaError: The deployment failed.
    """
    graph = await explorer.explore(query, start, depth)
    if doubt := await doubt_of(graph, query, start, depth):
        raise MalformedAnswerError(f"The lineage of {start!r} cannot be used: {doubt}.")
    return graph
