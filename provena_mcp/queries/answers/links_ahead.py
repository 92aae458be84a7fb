"""What many items themselves depend on, in few queries: upstream of the farthest lie those on the way to it.

From an item that others led to, one query tells all links of each of them. So of what an impact affects, the
makers, people and studies are known after a handful of queries, where one for each item would be dozens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import Final

from provena_mcp.errors import NotFoundError
from provena_mcp.lineage.impact import names_whom
from provena_mcp.lineage.lineage import Query
from provena_mcp.queries.cache import together
from provena_mcp.queries.lineage.frontier import DepthCap, Explorer, QueryBudget, worked_out
from provena_mcp.rules.graph import UNKNOWN, ProvenanceGraph

# A deep query may answer thousands of items; one of two hops tells of a dataset and of the run that made it.
_MOST_DEEP: Final = 6
_MOST_DEEP_OF_SOME: Final = 4
_MOST: Final = 28
_SHALLOW: Final = 2


@dataclass(frozen=True)
class LinksAhead:
    """What the links of some items say.

    Attributes:
        known: The items all of whose links were read.
        naming: Their links to agents and studies.
        makers: Of the datasets among them, the runs that made each, sorted.
    """

    known: frozenset[str] = frozenset()
    naming: ProvenanceGraph = field(default_factory=ProvenanceGraph)
    makers: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


async def read_links_ahead(
    prov: Explorer, cap: DepthCap, graph: ProvenanceGraph, hops: Mapping[str, int]
) -> LinksAhead:
    """The links of as many of the items in ``hops`` as few queries tell.

    Args:
        prov: Answers the queries.
        cap: What is known of its depth limit.
        graph: Holds the ways between the items, downstream of where ``hops`` are counted from.
        hops: Of each item.

    Raises:
        ProvenaError: The deployment failed.
    """
    budget = QueryBudget(prov, cap)
    queries = await worked_out(lambda: _queries(graph, hops, cap.hops), len(graph.columns.ids))

    async def answer_to(query: Query) -> tuple[Query, ProvenanceGraph] | None:
        try:
            return await budget.explore("upstream", query)
        except NotFoundError:
            return None

    answers = [answer for answer in await together(*map(answer_to, queries)) if answer]
    items = sum(len(answer.columns.ids) for _, answer in answers)
    return await worked_out(lambda: _links_ahead(answers, hops, graph), items)


def _queries(graph: ProvenanceGraph, hops: Mapping[str, int], reach: int) -> list[Query]:
    """Queries that tell of all items; where that is too many, only the deep ones, which tell of most.

    Only a query from itself tells of an item that led to no other. So each of those needs one, and asked
    first they leave few others.
    """
    farthest = sorted(hops, key=lambda item: (hops[item], item), reverse=True)
    leading = _leading_on(graph, hops)
    for order in (sorted(farthest, key=leading.__contains__), farthest):
        queries, left = _asked_in_order(graph, order, reach)
        if not left:
            return queries
    return queries[:_MOST_DEEP_OF_SOME]


def _leading_on(graph: ProvenanceGraph, hops: Mapping[str, int]) -> set[str]:
    """Those of the items that led to another of them."""
    columns = graph.columns
    is_asked = list(map(hops.__contains__, columns.ids))
    links = zip(columns.sources, columns.targets, strict=True)
    return {
        columns.ids[target]
        for source, target in links
        if source != target and is_asked[source] and is_asked[target]
    }


def _asked_in_order(
    graph: ProvenanceGraph, order: Iterable[str], reach: int
) -> tuple[list[Query], Collection[str]]:
    """The queries from the first items that no earlier one tells of, and the items that none tells of."""
    items = list(order)
    left, queries = set(items), list[Query]()
    for start in items:
        if start in left and len(queries) < _MOST:
            is_deep = len(queries) < _MOST_DEEP
            queries.append(_query(graph, left, start, reach if is_deep else min(reach, _SHALLOW)))
    return queries, left


def _query(graph: ProvenanceGraph, left: set[str], start: str, reach: int) -> Query:
    """Upstream of ``start``, as deep as it tells of items that are left; those are left no more."""
    left.remove(start)
    depth = 1
    for hop, level in enumerate(graph.walk(start, "upstream").levels[:reach]):
        before = len(left)
        left.difference_update(map(graph.columns.ids.__getitem__, level))
        if len(left) < before:
            depth = hop + 1
    return Query(start, depth)


def _links_ahead(
    answers: Iterable[tuple[Query, ProvenanceGraph]], hops: Mapping[str, int], graph: ProvenanceGraph
) -> LinksAhead:
    known: set[str] = set()
    naming: list[ProvenanceGraph] = []
    makers: dict[str, tuple[str, ...]] = {}
    for query, answer in answers:
        levels = answer.walk(query.start, "upstream").levels[: query.depth]
        ids = answer.columns.ids
        here = {node for level in levels for node in level if ids[node] in hops}
        naming.append(answer.of_links(_naming_links(answer, here)))
        # An item without any link is missing from the answer that says so.
        told = {query.start, *map(ids.__getitem__, here)}
        known |= told
        made = _runs_that_made(answer, here)
        makers |= {item: made.get(item, ()) for item in told if _is_dataset(item, answer, graph)}
    return LinksAhead(frozenset(known), ProvenanceGraph().merged(naming), makers)


def _naming_links(answer: ProvenanceGraph, here: Collection[int]) -> list[bool]:
    """Of each link, whether it leads from one of these items to an agent or a study."""
    columns = answer.columns
    names = {kind: names_whom(kind) for kind in set(columns.kinds)}
    ends = zip(columns.sources, columns.targets, strict=True)
    return [names[columns.kinds[target]] and source in here for source, target in ends]


def _runs_that_made(answer: ProvenanceGraph, here: Collection[int]) -> dict[str, tuple[str, ...]]:
    columns = answer.columns
    made: dict[int, set[str]] = {}
    links = zip(columns.sources, columns.targets, strict=True)
    for source, target in compress(links, map("wasGeneratedBy".__eq__, columns.relations)):
        if source in here and columns.kinds[target].subtype == "MODEL_RUN":
            made.setdefault(source, set()).add(columns.ids[target])
    return {columns.ids[node]: tuple(sorted(runs)) for node, runs in made.items()}


def _is_dataset(item: str, *graphs: ProvenanceGraph) -> bool:
    return any(graph.nodes.get(item, UNKNOWN).subtype == "DATASET" for graph in graphs)
