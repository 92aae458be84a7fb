"""Use case: how are two items related?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from pydantic import Field, JsonValue

from provena_mcp.errors import ArgumentError
from provena_mcp.lineage.paths import InCommon, ShortestPaths
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.common import (
    NamedItem,
    NextCalls,
    Unreadable,
    first_that_fits,
    kinds_of,
    named_item,
    plural,
    unreadable_of,
)
from provena_mcp.queries.answers.path_search import Relation, find_relation
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.fetch import Reader
from provena_mcp.queries.items.names import NamesFound
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.rules.graph import Direction
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.uris import diagram_uri

MAX_HOPS: Final = 100
_SHOWN: Final = 3
_SHOWN_SHARED: Final = 12
_SHOWN_OF_A_TYPE: Final = 3
_RUNS_TO_FETCH: Final = 5


class Shared(NamedItem):
    """An item that both lead to, or that leads to both."""

    hops_from: int
    hops_to: int


class SharedItems(Brief):
    """What two items have in common on one side."""

    count: int
    nearest: tuple[Shared, ...] = Field(description="Nearest to both first, few of a type.")


class OtherDirection(Brief):
    """Paths the other way round, which exist only on a cycle."""

    direction: Direction
    length: int
    count: int
    path: tuple[str, ...]


class FindLineagePathResult(Brief):
    """How two items are related."""

    found: bool
    answer: str
    from_item: NamedItem
    to_item: NamedItem
    direction: Direction | None = Field(default=None, description="Where to_item lies, seen from from_item.")
    length: int | None = Field(default=None, description="Hops of the shortest paths.")
    count: int | None = Field(default=None, description="How many shortest paths there are.")
    paths: tuple[tuple[str, ...], ...] | None = Field(
        default=None, description="Ids; the first of all shortest."
    )
    chains: tuple[str, ...] | None = Field(default=None, description="The same paths in names and relations.")
    other_direction: OtherDirection | None = None
    common_ancestors: SharedItems | None = Field(default=None, description="What both came from.")
    common_descendants: SharedItems | None = Field(default=None, description="What came of both.")
    searched_hops: int = Field(description="Paths up to this length would have been found.")
    incomplete_because: str | None = None
    unreadable: tuple[Unreadable, ...] | None = None
    diagram_uri: str | None = None
    next: NextCalls = None


async def find_path(
    reader: Reader, cap: DepthCap, from_id: str, to_id: str, max_hops: int, max_tokens: int
) -> FindLineagePathResult:
    """The shortest paths between two items, whichever depends on the other; else what they share.

    Raises:
        ArgumentError: An id is no handle, or both are the same.
        NotFoundError: No item has one of the ids.
    """
    start, goal = parse_handle(from_id, "from_id"), parse_handle(to_id, "to_id")
    if start == goal:
        raise ArgumentError(
            f"from_id and to_id are both {start!r}.",
            parameter="to_id",
            advice="Give two different items; the explore tools show what is around one.",
        )
    relation = await find_relation(reader.client.prov, cap, start, goal, max_hops, show=_SHOWN)
    return await PathAnswer(reader, relation, start, goal, max_hops).result(max_tokens)


class PathAnswer:
    """Tells a relation in names."""

    def __init__(self, reader: Reader, relation: Relation, start: str, goal: str, max_hops: int) -> None:
        self._reader = reader
        self._relation = relation
        self._start = start
        self._goal = goal
        self._max_hops = max_hops
        self._kinds = kinds_of(relation.graph)
        self._said = {(link.source, link.target): link.relation for link in relation.graph.links}
        self._named = NamesFound()

    async def result(self, max_tokens: int) -> FindLineagePathResult:
        """The result, with as many paths as fit."""
        relation = self._relation
        ancestors, descendants = (
            _nearest(relation.ancestors, self._kinds),
            _nearest(relation.descendants, self._kinds),
        )
        shown = {self._start, self._goal, *(item.id for item in (*ancestors, *descendants))}
        shown.update(node for paths in relation.paths[:1] for path in paths.paths for node in path)
        wanted = {node: self._kinds.get(node, "") for node in sorted(shown)}
        self._named = await self._reader.names.of(self._reader.caller, wanted)
        if relation.paths:
            return first_that_fits(self._found(relation.paths[0], relation.paths[1:]), max_tokens)
        return self._not_found(ancestors, descendants)

    def _found(
        self, paths: ShortestPaths, others: Iterable[ShortestPaths]
    ) -> Iterator[FindLineagePathResult]:
        ends = self._ends()
        other = next(
            (
                OtherDirection(direction=o.direction, length=o.length, count=o.count, path=o.paths[0])
                for o in others
            ),
            None,
        )
        for shown in range(len(paths.paths), 0, -1):
            yield FindLineagePathResult(
                found=True,
                answer=self._says(paths, other),
                from_item=ends[0],
                to_item=ends[1],
                direction=paths.direction,
                length=paths.length,
                count=paths.count,
                paths=paths.paths[:shown],
                chains=tuple(self._chain(path, paths.direction) for path in paths.paths[:shown]),
                other_direction=other,
                searched_hops=self._relation.within,
                incomplete_because=self._stopped(self._relation.within),
                unreadable=unreadable_of(self._named),
                diagram_uri=diagram_uri("path", self._start, self._max_hops, to=self._goal),
                next=self._runs_to_fetch(paths),
            )

    def _not_found(self, ancestors: list[InCommon], descendants: list[InCommon]) -> FindLineagePathResult:
        relation = self._relation
        ends = self._ends()
        within = relation.within
        return FindLineagePathResult(
            found=False,
            answer=f"None within {plural(within, 'hop')}: no path that short leads from one to the other."
            + self._shares(),
            from_item=ends[0],
            to_item=ends[1],
            common_ancestors=self._shared(relation.ancestors, ancestors),
            common_descendants=self._shared(relation.descendants, descendants),
            searched_hops=within,
            incomplete_because=self._stopped(min(within, relation.common_within)),
            unreadable=unreadable_of(self._named),
            next=self._go_on(ancestors),
        )

    def _ends(self) -> tuple[NamedItem, NamedItem]:
        return (
            named_item(self._start, self._named, self._kinds),
            named_item(self._goal, self._named, self._kinds),
        )

    def _says(self, paths: ShortestPaths, other: OtherDirection | None) -> str:
        start, goal = self._called(self._start), self._called(self._goal)
        came = f"{start} came from {goal}" if paths.direction == "upstream" else f"{goal} came from {start}"
        ways = "one shortest path" if paths.count == 1 else f"{paths.count} shortest paths"
        cycle = " They also lie on a cycle: each came from the other." if other else ""
        return f"{came}: {plural(paths.length, 'hop')}, {ways}.{cycle}"

    def _shares(self) -> str:
        relation = self._relation
        found = [
            f"{plural(len(items), 'item')} {what}"
            for items, what in (
                (relation.ancestors, "that both came from"),
                (relation.descendants, "made from both"),
            )
            if items
        ]
        within = f"within {plural(relation.common_within, 'hop')}"
        if found:
            return f" They share, {within}, {' and '.join(found)}."
        alone = [self._called(end) for end in (self._start, self._goal) if end not in relation.graph.nodes]
        if alone:
            return f" In no lineage at all: {', '.join(alone)}."
        return f" Nor do they share an ancestor or descendant {within}."

    def _chain(self, path: tuple[str, ...], direction: Direction) -> str:
        words = [self._quoted(path[0])]
        for near, far in pairwise(path):
            if direction == "upstream":
                words.append(f"-{self._said[near, far]}->")
            else:
                words.append(f"<-{self._said[far, near]}-")
            words.append(self._quoted(far))
        return " ".join(words)

    def _called(self, node: str) -> str:
        item = named_item(node, self._named, self._kinds)
        return f"{self._quoted(node)} ({(item.type or 'item').lower().replace('_', ' ')})"

    def _quoted(self, node: str) -> str:
        name = named_item(node, self._named, self._kinds).name
        return f"'{name}'" if name else node

    def _shared(self, found: tuple[InCommon, ...], nearest: list[InCommon]) -> SharedItems | None:
        if not found:
            return None
        rows = (
            Shared(
                **named_item(item.id, self._named, self._kinds).model_dump(),
                hops_from=item.hops_from,
                hops_to=item.hops_to,
            )
            for item in nearest
        )
        return SharedItems(count=len(found), nearest=tuple(rows))

    def _stopped(self, within: int) -> str | None:
        if within >= self._max_hops:
            return None
        return (
            f"not certain beyond {plural(within, 'hop')}: too many queries would be needed, or an item on "
            f"the way is no longer in the registry; asked were {self._max_hops}"
        )

    def _runs_to_fetch(self, paths: ShortestPaths) -> NextCalls:
        runs = [node for node in paths.paths[0] if self._kinds.get(node) == "MODEL_RUN"][:_RUNS_TO_FETCH]
        if not runs:
            return None
        return (
            NextCall(
                tool="fetch_items", arguments={"ids": [*runs]}, why="how the runs on the path were done"
            ),
        )

    def _go_on(self, ancestors: list[InCommon]) -> NextCalls:
        calls: list[NextCall] = []
        if self._relation.goes_on and self._max_hops < MAX_HOPS and self._relation.within == self._max_hops:
            arguments: dict[str, JsonValue] = {
                "from_id": self._start,
                "to_id": self._goal,
                "max_hops": min(MAX_HOPS, 2 * self._max_hops),
            }
            calls.append(NextCall(tool="find_lineage_path", arguments=arguments, why="search further"))
        data = next((item.id for item in ancestors if self._kinds.get(item.id) == "DATASET"), None)
        if data is not None:
            arguments: dict[str, JsonValue] = {"from_id": self._start, "to_id": data}
            calls.append(
                NextCall(tool="find_lineage_path", arguments=arguments, why="the way to what both share")
            )
        return tuple(calls) or None


def _nearest(found: Iterable[InCommon], kinds: dict[str, str]) -> list[InCommon]:
    """The nearest few, and few of each type, so that shared people do not hide shared data."""
    shown = Counter[str]()
    nearest: list[InCommon] = []
    for item in found:
        kind = kinds.get(item.id, "")
        shown[kind] += 1
        if kind != "CREATE" and shown[kind] <= _SHOWN_OF_A_TYPE:
            nearest.append(item)
    return nearest[:_SHOWN_SHARED]
