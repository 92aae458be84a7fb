"""Answers to lineage queries that cannot be all: they fall apart, or contradict themselves.

A lineage gathered in many queries may hang together although one of the answers did not: what that answer
lost is lacking all the same.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Final

from provena_mcp.errors import MalformedAnswerError
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.queries.lineage.frontier import Explorer, worked_out
from provena_mcp.rules.graph import UNKNOWN, Kind, ProvenanceGraph
from provena_mcp.rules.text import plural
from provena_mcp.wire.lineage import LineageQuery

# Ids that are told of items with two kinds.
_NAMED: Final = 3


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
                await worked_out(lambda: self._compare(graph), len(graph.columns.ids))
        return graph

    @property
    def doubts(self) -> tuple[str, ...]:
        """Each doubt once."""
        if not self._changed:
            return tuple(self._told)
        named = ", ".join(islice(self._changed, _NAMED))
        count = plural(len(self._changed), "item")
        return (*self._told, f"the service gave {count} another kind than in an earlier answer: {named}")

    @property
    def incomplete_because(self) -> str | None:
        """The doubts in one text, if there are any."""
        return "; ".join(self.doubts) or None

    def _compare(self, graph: ProvenanceGraph) -> None:
        """Note which items an answer gives other kinds than one before did."""
        if self._first is not None and not self._kinds:
            self._kinds.update(self._first.nodes)
        for item, kind in zip(graph.columns.ids, graph.columns.kinds, strict=True):
            before = self._kinds.setdefault(item, kind)
            if before is kind or before == kind or kind == UNKNOWN:
                continue
            self._kinds[item] = kind
            if before != UNKNOWN:
                self._changed[item] = None


async def doubt_of(graph: ProvenanceGraph, query: LineageQuery, start: str, depth: int) -> str | None:
    """Why an answer cannot be all: nothing joins items of it to its start, or it contradicts itself."""
    joined = await worked_out(Lineage(graph, query, start, depth).joined, len(graph.columns.ids))
    return joined.incomplete_because


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
