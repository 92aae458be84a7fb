"""Gathers everything within a number of hops, also beyond what a deployment answers at once.

A deployment caps the depth of one query. From each item at the rim the walk goes on with another
query until the depth asked for is reached, nothing is left, or the call limit is hit. One hop more
than asked is read where the cap allows, so that the answer knows whether anything lies beyond.

A query starts from registry items only, while the graph keeps what was deleted from the registry
(provena-http 7.4). Such an item at the rim cannot be followed, which the answer says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from provena_mcp.errors import DepthLimitError, NotFoundError
from provena_mcp.lineage.traversal import hops_along
from provena_mcp.rules.graph import Direction, Link, ProvenanceGraph
from provena_mcp.wire.lineage import LineageQuery

USUAL_DEPTH_CAP: Final = 10
_MAX_QUERIES: Final = 60
_AT_ONCE: Final = 6
_RIM_WORTH_PROBING: Final = 12

# provena-http 5.2 and 5.3 give these no link of their own, so upstream ends at them.
# Upstream, a dataset is only reached through these (provena-http 5.2, 5.3).
_ON_THE_WAY: Final[Mapping[LineageQuery, frozenset[str]]] = {
    "contributing_datasets": frozenset({"DATASET", "MODEL_RUN", "VERSION"})
}
_UPSTREAM_ENDS: Final = frozenset({"PERSON", "ORGANISATION", "STUDY"})


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


@dataclass(frozen=True)
class Query:
    """One query of a walk: where it started and how deep it went."""

    start: str
    depth: int


@dataclass(frozen=True)
class Neighbourhood:
    """All links within ``depth`` hops of ``start``, and whether more lie beyond.

    ``goes_deeper`` says that a greater depth would show more.
    """

    graph: ProvenanceGraph
    incomplete_because: str | None = None
    goes_deeper: bool = False
    queries: tuple[Query, ...] = field(default=())


class _Walk:
    """Nodes and links seen so far, hops from the start, and which nodes are expanded."""

    def __init__(self, start: str, direction: Direction) -> None:
        self.start = start
        self.direction: Direction = direction
        self.graph = ProvenanceGraph()
        self.expanded: set[str] = set()
        self.unregistered: set[str] = set()
        self.queries: list[Query] = []
        self.hops: dict[str, int] = {start: 0}

    def add(self, answers: Iterable[tuple[Query, ProvenanceGraph]]) -> None:
        """Merge answers; every node nearer to a query's start than its depth is expanded."""
        answers = list(answers)
        known = [self.graph] if self.graph.nodes else []
        first, *others = [*known, *(graph for _, graph in answers)]
        self.graph = first.merged(others) if others else first
        self.hops = _hops_from(self.graph, self.start, self.direction)
        for query, graph in answers:
            is_all = graph is self.graph and query.start == self.start
            reached = self.hops if is_all else _hops_from(graph, query.start, self.direction)
            self.expanded.update(node for node, hop in reached.items() if hop < query.depth)
            self.expanded.add(query.start)
            self.queries.append(query)

    def open_nodes(self, *, nearer_than: int) -> list[str]:
        """Unexpanded nodes within reach that may lead on, nearest first."""
        found = [
            node
            for node, hop in self.hops.items()
            if hop < nearer_than
            and node not in self.expanded
            and node not in self.unregistered
            and may_lead_on(self.graph, node, self.direction)
        ]
        return sorted(found, key=lambda node: (self.hops[node], node))

    def may_lead_to(self, node: str, query: LineageQuery) -> bool:
        """Whether ``node`` is something that ``query`` asks for, or may lead to it."""
        kind = self.graph.nodes.get(node)
        on_the_way = _ON_THE_WAY.get(query)
        return on_the_way is None or kind is None or not kind.subtype or kind.subtype in on_the_way


def may_lead_on(graph: ProvenanceGraph, node: str, direction: Direction) -> bool:
    """Whether an item of this kind can have links in ``direction``."""
    kind = graph.nodes.get(node)
    return direction == "downstream" or kind is None or kind.subtype not in _UPSTREAM_ENDS


async def gather_neighbourhood(
    prov: Explorer,
    cap: DepthCap,
    start: str,
    direction: Direction,
    depth: int,
    *,
    query: LineageQuery | None = None,
) -> Neighbourhood:
    """Everything within ``depth`` hops of ``start`` in ``direction``.

    With ``query``, only what can lead to something it asks for counts as lying beyond.

    Raises:
        NotFoundError: No item has this id.
        ProvenaError: The deployment failed.
    """
    walk = _Walk(start, direction)
    first = await _first_query(prov, cap, start, direction, depth)
    walk.add([first])
    stopped = await _walk_on(prov, cap, walk, depth)
    beyond = None if stopped else await _beyond(prov, walk, depth, query or direction)
    reasons = filter(None, (stopped, beyond, _unfollowed(walk)))
    return Neighbourhood(
        _cut(walk, depth), "; ".join(reasons) or None, beyond is not None, tuple(walk.queries)
    )


def _hops_from(graph: ProvenanceGraph, start: str, direction: Direction) -> dict[str, int]:
    return hops_along(graph.ahead(direction), (start,), len(graph.nodes))


async def _first_query(
    prov: Explorer, cap: DepthCap, start: str, direction: Direction, depth: int
) -> tuple[Query, ProvenanceGraph]:
    asked = depth + 1 if cap.is_known or depth != USUAL_DEPTH_CAP else depth
    if cap.is_known:
        asked = min(asked, cap.hops)
    try:
        return Query(start, asked), await prov.explore(direction, start, asked)
    except DepthLimitError as refusal:
        cap.learn(refusal.limit)
    asked = min(asked, cap.hops)
    return Query(start, asked), await prov.explore(direction, start, asked)


async def _walk_on(prov: Explorer, cap: DepthCap, walk: _Walk, depth: int) -> str | None:
    """Expand the rim until nothing nearer than ``depth`` is open; says why if it stopped before."""
    while rim := walk.open_nodes(nearer_than=depth):
        allowed = min(_AT_ONCE, _MAX_QUERIES - len(walk.queries) - len(walk.unregistered))
        if allowed <= 0:
            return (
                f"stopped after {_MAX_QUERIES} queries; {_items(len(rim))} from hop {walk.hops[rim[0]]} on "
                "not followed further"
            )
        queries = [Query(node, min(cap.hops, depth - walk.hops[node] + 1)) for node in rim[:allowed]]
        await _ask(prov, walk, queries)
    return None


async def _beyond(prov: Explorer, walk: _Walk, depth: int, query: LineageQuery) -> str | None:
    """Whether anything asked for may lie beyond the last hop, and how many items lead there."""
    rim = {node for node, hop in walk.hops.items() if hop == depth}
    if not rim:
        return None
    unknown = [
        node
        for node in walk.open_nodes(nearer_than=depth + 1)
        if walk.hops[node] == depth and walk.may_lead_to(node, query)
    ]
    if len(unknown) > _RIM_WORTH_PROBING:
        return f"depth {depth} reached; {_items(len(unknown))} at hop {depth} may lead further"
    if unknown:
        await _ask(prov, walk, [Query(node, 1) for node in unknown])
    ahead = walk.graph.ahead(walk.direction)
    leading = sum(any(walk.may_lead_to(other, query) for other in ahead.get(node, ())) for node in rim)
    return (
        f"depth {depth} reached; lineage goes on from {_items(leading)} at hop {depth}" if leading else None
    )


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"


def _unfollowed(walk: _Walk) -> str | None:
    count = len(walk.unregistered)
    return f"{_items(count)} no longer in the registry cannot be followed further" if count else None


async def _ask(prov: Explorer, walk: _Walk, queries: list[Query]) -> None:
    """Add the answers to ``queries``, and note which items they cannot start from."""
    outcomes = await asyncio.gather(
        *(prov.explore(walk.direction, query.start, query.depth) for query in queries), return_exceptions=True
    )
    answers: list[tuple[Query, ProvenanceGraph]] = []
    for query, outcome in zip(queries, outcomes, strict=True):
        if isinstance(outcome, NotFoundError):
            walk.unregistered.add(query.start)
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            answers.append((query, outcome))
    walk.add(answers)


def _cut(walk: _Walk, depth: int) -> ProvenanceGraph:
    """Only the links whose nearer end lies within reach (provena-http 5.5)."""
    near = _near_end(walk.direction)
    beyond = {node for node, hop in walk.hops.items() if hop >= depth}
    if not beyond:
        return walk.graph
    links = tuple(link for link in walk.graph.links if link[near] not in beyond)
    kept = {end for link in links for end in (link.source, link.target)}
    return ProvenanceGraph({node: kind for node, kind in walk.graph.nodes.items() if node in kept}, links)


def _near_end(direction: Direction) -> int:
    """Which part of a link is the end nearer to the start."""
    return Link._fields.index("source" if direction == "upstream" else "target")
