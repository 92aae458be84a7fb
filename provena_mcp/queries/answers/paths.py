"""Use case: how are two items related?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from provena_mcp.errors import ArgumentError
from provena_mcp.lineage.paths import ShortestPaths
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.common import (
    NextCalls,
    first_that_fits,
    kinds_of,
    unreadable_of,
)
from provena_mcp.queries.answers.path_result import FindLineagePathResult, OtherDirection, WaysRow
from provena_mcp.queries.answers.path_search import Relation, find_relation
from provena_mcp.queries.answers.path_words import PathWords
from provena_mcp.queries.answers.unrelated_answer import UnrelatedAnswer
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.rules.handles import diagram_uri, parse_handle
from provena_mcp.rules.text import all_reasons, plural

_SHOWN: Final = 3
_SHOWN_COUNTS: Final = 8
_RUNS_TO_FETCH: Final = 5


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
    if relation.paths:
        words, doubt = await _words(reader, relation, {start, goal, *chain(*relation.paths[0].paths)})
        answer = PathAnswer(relation.doubted(doubt), start, goal, max_hops)
        return first_that_fits(answer.answers(words), max_tokens)
    unrelated = UnrelatedAnswer(relation, start, goal, max_hops)
    words, doubt = await _words(reader, relation, unrelated.ids)
    doubts = relation.doubted(doubt).doubts
    because = _incomplete_because(min(relation.within, relation.common_within), max_hops, doubts)
    return first_that_fits(unrelated.answers(words, because, doubts), max_tokens)


async def _words(reader: Reader, relation: Relation, shown: set[str]) -> tuple[PathWords, str | None]:
    """Words for the items that are shown, and what the registry says otherwise of them than the graph."""
    kinds, graph = kinds_of(relation.graph), relation.graph
    wanted = {node: kinds.get(node, "") for node in sorted(shown)}
    named = await reader.names.of(reader.caller, wanted)
    between = graph.part(sorted(graph.numbers[node] for node in shown if node in graph.numbers))
    relations = {(link.source, link.target): link.relation for link in between.links}
    return PathWords(named, kinds, relations), named.doubt_of(wanted)


def _incomplete_because(within: int, asked: int, doubts: str | None) -> str | None:
    if within >= asked:
        return doubts
    uncertain = (
        f"not certain beyond {plural(within, 'hop')}: too many queries would be needed, or an item on "
        f"the way is no longer in the registry; asked were {asked}"
    )
    return all_reasons(uncertain, doubts)


class PathAnswer:
    """The answer where paths lead from one item to the other."""

    def __init__(self, relation: Relation, start: str, goal: str, max_hops: int) -> None:
        """Tell the paths of ``relation``, looked for within ``max_hops``."""
        self._relation = relation
        self._start = start
        self._goal = goal
        self._max_hops = max_hops
        self._kinds = kinds_of(relation.graph)

    def answers(self, words: PathWords) -> Iterator[FindLineagePathResult]:
        """Ever smaller answers, with fewer of the paths."""
        paths, *others = self._relation.paths
        other = next(
            (
                OtherDirection(direction=o.direction, length=o.length, count=o.count, path=o.paths[0])
                for o in others
            ),
            None,
        )
        relation = self._relation
        for shown in range(len(paths.paths), 0, -1):
            yield FindLineagePathResult(
                found=True,
                answer=self._says(paths, other, words),
                from_item=words.item(self._start),
                to_item=words.item(self._goal),
                direction=paths.direction,
                length=paths.length,
                count=paths.count,
                paths=paths.paths[:shown],
                chains=tuple(words.chain(path, paths.direction) for path in paths.paths[:shown]),
                ways=self._ways(paths.paths[:shown], shown),
                ways_within=relation.ways_within if relation.ways is not None else None,
                other_direction=other,
                searched_hops=relation.within,
                incomplete_because=_incomplete_because(relation.within, self._max_hops, relation.doubts),
                unreadable=unreadable_of(words.named),
                diagram_uri=diagram_uri("path", self._start, self._max_hops, to=self._goal),
                next=self._runs_to_fetch(paths),
            )

    def _ways(self, told: tuple[tuple[str, ...], ...], most_paths: int) -> tuple[WaysRow, ...] | None:
        """How many ways pass how many runs, the first of some spelled out."""
        rows: list[WaysRow] = []
        for ways in self._relation.ways or ():
            is_told = ways.first in told or most_paths <= 0
            rows.append(WaysRow(runs=ways.runs, count=ways.count, path=None if is_told else ways.first))
            most_paths -= not is_told
        return tuple(rows) or None

    def _says(self, paths: ShortestPaths, other: OtherDirection | None, words: PathWords) -> str:
        start, goal = words.called(self._start), words.called(self._goal)
        came = f"{start} came from {goal}" if paths.direction == "upstream" else f"{goal} came from {start}"
        which = (
            ("path found", "paths found") if self._relation.doubts else ("shortest path", "shortest paths")
        )
        ways = f"one {which[0]}" if paths.count == 1 else f"{paths.count} {which[1]}"
        runs = sum(self._kinds.get(node) == "MODEL_RUN" for node in paths.paths[0])
        over = f" over {plural(runs, 'run')}" if runs else ""
        cycle = " They also lie on a cycle: each came from the other." if other else ""
        told = f"{came}: {plural(paths.length, 'hop')}{over}, {ways}.{self._says_ways(paths)}{cycle}"
        if self._relation.doubts:
            told += " But what Provena answered does not hang together: there may be other ways."
        return told

    def _says_ways(self, paths: ShortestPaths) -> str:
        ways, within = self._relation.ways, self._relation.ways_within
        found = " found" if self._relation.doubts else ""
        if ways is None:
            return " Longer ways are too many to count."
        if within <= paths.length < self._max_hops:
            return " Longer ways were not looked for: too many queries would be needed."
        if sum(row.count for row in ways) == paths.count:
            return f" No longer way{found} within {plural(within, 'hop')}."
        told = ", ".join(f"{row.count} over {plural(row.runs, 'run')}" for row in ways[:_SHOWN_COUNTS])
        more = ", …" if len(ways) > _SHOWN_COUNTS else ""
        return f" All ways{found} within {plural(within, 'hop')}: {told}{more}."

    def _runs_to_fetch(self, paths: ShortestPaths) -> NextCalls:
        runs = [node for node in paths.paths[0] if self._kinds.get(node) == "MODEL_RUN"][:_RUNS_TO_FETCH]
        if not runs:
            return None
        return (
            NextCall(
                tool="fetch_items", arguments={"ids": [*runs]}, why="how the runs on the path were done"
            ),
        )
