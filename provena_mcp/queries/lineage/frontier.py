"""How far an item reaches in one direction, learned query by query."""

from __future__ import annotations

import asyncio
from typing import Final

from provena_mcp.errors import DepthLimitError, NotFoundError
from provena_mcp.lineage.traversal import hops_along
from provena_mcp.queries.lineage.neighbourhood import DepthCap, Explorer, may_lead_on
from provena_mcp.rules.graph import Direction, ProvenanceGraph

MAX_QUERIES: Final = 60
_AT_ONCE: Final = 6


class Calls:
    """Lineage queries that one answer may still make."""

    def __init__(self, explorer: Explorer, cap: DepthCap, limit: int = MAX_QUERIES) -> None:
        """Ask ``explorer`` at most ``limit`` times; ``cap`` is what is known of its depth limit."""
        self.cap = cap
        self.left = limit
        self._explorer = explorer
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def explore(self, direction: Direction, start: str, depth: int) -> ProvenanceGraph:
        """One query.

        Raises:
            DepthLimitError: It is deeper than the deployment goes.
            NotFoundError: No item has the id ``start``.
        """
        self.left -= 1
        async with self._slots:
            return await self._explorer.explore(direction, start, depth)


class Reach:
    """All links within ``depth`` hops of an item, and the hops to every item they join."""

    def __init__(self, calls: Calls, start: str, direction: Direction) -> None:
        """Know nothing yet of what lies ``direction`` of ``start``."""
        self.start = start
        self.direction: Direction = direction
        self.depth = 0
        self.graph = ProvenanceGraph()
        self.hops: dict[str, int] = {start: 0}
        self.rim: list[str] = [start]
        self._calls = calls
        self._is_blocked = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing lies beyond what is known."""
        return not self.rim

    async def extend(self, hops: int) -> bool:
        """Learn at least one and at most ``hops`` more hops; whether that was possible.

        It is not where too few calls are left, nor beyond an item that the graph has kept and the
        registry has not (provena-http 7.4): queries start from registry items only.

        Raises:
            NotFoundError: No item has the id asked for.
        """
        if self._is_blocked or len(self.rim) > self._calls.left:
            return False
        step = min(hops, self._calls.cap.hops)
        try:
            parts = await asyncio.gather(
                *(self._calls.explore(self.direction, node, step) for node in self.rim)
            )
        except DepthLimitError as refusal:
            if refusal.limit >= step:
                raise
            self._calls.cap.learn(refusal.limit)
            return await self.extend(hops)
        except NotFoundError:
            if not self.depth:
                raise
            self._is_blocked = True
            return False
        first, *others = (self.graph, *parts) if self.graph.nodes else parts
        self.graph = first.merged(others) if others else first
        self.depth += step
        self.hops = hops_along(self.graph.ahead(self.direction), (self.start,), self.depth)
        self.rim = [
            node
            for node, hop in self.hops.items()
            if hop == self.depth and may_lead_on(self.graph, node, self.direction)
        ]
        return True

    async def extend_to(self, depth: int) -> bool:
        """Learn all within ``depth`` hops; whether that was possible."""
        while self.depth < depth and not self.is_whole:
            if not await self.extend(depth - self.depth):
                return False
        return True
