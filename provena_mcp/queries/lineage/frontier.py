"""Follows the lineage of an item in one direction, beyond the depth that a deployment answers at once.

A deployment caps the depth of one query. The items at which a query stopped are the frontier: from each of
them another query continues. Queries can start only from registry items, but the graph also keeps items that
were deleted from the registry (provena-http 7.4); those cannot be followed further.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain
from typing import Final, ParamSpec, Protocol, TypeVar

from anyio.lowlevel import RunVar

from provena_mcp.errors import DepthLimitError, NotFoundError
from provena_mcp.lineage.lineage import Query
from provena_mcp.queries.cache import together
from provena_mcp.rules.graph import Direction, Kind, ProvenanceGraph
from provena_mcp.rules.large_values import without_collections
from provena_mcp.wire.lineage import LineageQuery

USUAL_DEPTH_CAP: Final = 10
MAX_QUERIES: Final = 60
AT_ONCE: Final = 6

LARGE_ITEMS: Final = 20_000
"""From so many items on, what is worked out of a lineage would keep others waiting: a thread does it."""

# provena-http 5.2 and 5.3 give these no link of their own, so upstream ends at them.
_UPSTREAM_ENDS: Final = frozenset({"PERSON", "ORGANISATION", "STUDY"})

_THREADS: Final = 4
# Of each event loop; they end when that is gone.
_FEW: Final = RunVar[ThreadPoolExecutor]("threads that compute")

Made = TypeVar("Made")
P = ParamSpec("P")


async def in_thread(work: Callable[P, Made], *args: P.args, **kwargs: P.kwargs) -> Made:
    """What ``work`` makes, in a thread that is none of the event loop's own: in those hosts are looked up.

    Few at once, in the order they come: threads that compute take turns anyway, and the others are for
    those who wait for files. Who goes away while it waits takes it along; what has begun keeps its thread
    until it ends, since nothing can end it sooner.
    """
    context = copy_context()

    def made() -> Made:
        try:
            return context.run(work, *args, **kwargs)
        except StopIteration as error:
            # No future takes one: whoever awaits this would wait for ever.
            raise RuntimeError("stopped short") from error

    return await asyncio.get_running_loop().run_in_executor(_few(), made)


def _few() -> ThreadPoolExecutor:
    try:
        return _FEW.get()
    except LookupError:
        few = ThreadPoolExecutor(_THREADS, "computing")
        _FEW.set(few)
        return few


async def worked_out(work: Callable[[], Made], items: int) -> Made:
    """What ``work`` makes of so many items; in a thread, where it would keep others waiting for too long."""
    if items > LARGE_ITEMS:
        return await in_thread(work)
    with without_collections():
        return work()


class Explorer(Protocol):
    """Answers one lineage query, as ``ProvenaClient.prov`` does."""

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        """The links that answer ``query`` within ``depth`` hops; a ``DepthLimitError`` if too deep."""
        ...


class DepthCap:
    """The deepest single query this deployment answers, learned from its refusal."""

    def __init__(self) -> None:
        """Assume the usual cap until a deployment says otherwise."""
        self.hops = USUAL_DEPTH_CAP
        self.is_known = False

    def learn(self, hops: int) -> None:
        """Note what the deployment said."""
        self.hops = hops
        self.is_known = True


class QueryBudget:
    """Lineage queries that one answer may still make, a few at once."""

    def __init__(self, explorer: Explorer, cap: DepthCap, limit: int = MAX_QUERIES) -> None:
        """Ask ``explorer`` at most ``limit`` times; ``cap`` is what is known of its depth limit."""
        self.cap = cap
        self.left = limit
        self._explorer = explorer
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def explore(self, direction: Direction, query: Query) -> tuple[Query, ProvenanceGraph]:
        """One query and its answer; a refusal for its depth is learned from, and less is asked.

        Raises:
            NotFoundError: No item has the id it starts from.
            DepthLimitError: The deployment names a limit that the query kept.
        """
        self.left -= 1
        async with self._slots:
            try:
                return query, await self._explorer.explore(direction, query.start, query.depth)
            except DepthLimitError as refusal:
                if refusal.limit >= query.depth:
                    raise
                self.cap.learn(refusal.limit)
                query = Query(query.start, refusal.limit)
                return query, await self._explorer.explore(direction, query.start, query.depth)


class Frontier:
    """All that is known in one direction of an item, and the items from which it may go on.

    Attributes:
        graph: What the queries so far have answered, merged.
        unregistered: Items that the registry no longer has, so that no query starts from them.
        queries: What was asked, and answered.
    """

    def __init__(self, budget: QueryBudget, start: str, direction: Direction) -> None:
        """Know nothing yet of what lies ``direction`` of ``start``."""
        self.start = start
        self.direction: Direction = direction
        self.graph = ProvenanceGraph()
        self.unregistered: set[str] = set()
        self.queries: list[Query] = []
        self._budget = budget
        # By number: merging leaves the numbers of what is known as they are.
        self._expanded: set[int] = set()
        # Items that may lead on, with their hops, nearest first.
        self._open: list[tuple[int, str]] = [(0, start)]
        self._hops: dict[str, int] | None = None

    @property
    def hops(self) -> dict[str, int]:
        """From the start to every item that is reached, nearest first."""
        if self._hops is None:
            ids = self.graph.columns.ids
            levels = self.graph.walk(self.start, self.direction).levels
            self._hops = {self.start: 0} | {
                ids[node]: hop for hop, level in enumerate(levels) for node in level
            }
        return self._hops

    @property
    def depth(self) -> int:
        """Hops up to which everything is known; of no use where nothing is left to follow."""
        if self._open:
            return self._open[0][0]
        return max(0, len(self.graph.walk(self.start, self.direction).levels) - 1)

    @property
    def is_whole(self) -> bool:
        """Whether nothing lies beyond what is known."""
        return not self._open

    @property
    def edge(self) -> list[str]:
        """The nearest items from which it may go on."""
        depth = self.depth
        return [node for hop, node in self._open if hop == depth]

    def open_nodes(self, *, nearer_than: int) -> list[tuple[int, str]]:
        """Hops and ids of items within reach that may lead on and that a query can start from, in order."""
        return sorted(
            (hop, node) for hop, node in self._open if hop < nearer_than and node not in self.unregistered
        )

    async def ask(self, queries: Sequence[Query]) -> None:
        """Add the answers to ``queries``, and note which items they cannot start from.

        Raises:
            NotFoundError: No item has the id that everything starts from.
            ProvenaError: The deployment failed.
        """
        answers = [answer for answer in await together(*map(self._answer_to, queries)) if answer]
        items = sum(len(graph.columns.ids) for _, graph in answers)
        await worked_out(lambda: self._add(answers), items)

    async def _answer_to(self, query: Query) -> tuple[Query, ProvenanceGraph] | None:
        try:
            return await self._budget.explore(self.direction, query)
        except NotFoundError:
            if not self.queries:
                raise
            self.unregistered.add(query.start)
            return None

    async def extend(self, hops: int) -> bool:
        """Learn at least one and at most ``hops`` more hops; whether that was possible.

        It is not where too few queries are left, nor beyond an item that cannot be followed.

        Raises:
            NotFoundError: No item has the id that everything starts from.
        """
        edge = self.edge
        if not edge or len(edge) > self._budget.left or self.unregistered.intersection(edge):
            return False
        await self.ask([Query(node, min(hops, self._budget.cap.hops)) for node in edge])
        return not self.unregistered.intersection(edge)

    async def extend_to(self, depth: int) -> bool:
        """Learn all within ``depth`` hops; whether that was possible."""
        while not self.is_whole and self.depth < depth:
            if not await self.extend(depth - self.depth):
                return False
        return True

    def _add(self, answers: Sequence[tuple[Query, ProvenanceGraph]]) -> None:
        """Merge answers; every node nearer to a query's start than its depth is expanded."""
        known = [self.graph] if self.graph.columns.ids else []
        parts = [*known, *(graph for _, graph in answers)]
        if parts:
            self.graph = parts[0].merged(parts[1:]) if len(parts) > 1 else parts[0]
        for query, graph in answers:
            self._expanded.update(self._expanded_by(query, graph))
            self.queries.append(query)
        self._open = list(self._unexpanded())
        self._hops = None

    def _expanded_by(self, query: Query, answer: ProvenanceGraph) -> Iterable[int]:
        """Numbers of the items all of whose links ahead an answer holds."""
        near = answer.walk(query.start, self.direction).levels[: query.depth]
        if answer is self.graph:
            return chain.from_iterable(near)
        ids, numbers = answer.columns.ids, self.graph.numbers
        # An item without any link may be missing from the answer that says so.
        start = [query.start] if query.start in numbers else []
        return [numbers[node] for node in (*start, *(ids[node] for level in near for node in level))]

    def _unexpanded(self) -> Iterable[tuple[int, str]]:
        ids, kinds = self.graph.columns.ids, self.graph.columns.kinds
        for hop, level in enumerate(self.graph.walk(self.start, self.direction).levels):
            for node in level:
                if node not in self._expanded and may_lead_on(kinds[node], self.direction):
                    yield hop, ids[node]


def may_lead_on(kind: Kind, direction: Direction) -> bool:
    """Whether an item of this kind can have links in ``direction``."""
    return direction == "downstream" or kind.subtype not in _UPSTREAM_ENDS
