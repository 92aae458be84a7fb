"""What many items themselves depend on, in few queries: upstream of the farthest lie those on the way to it.

From an item that others led to, one query tells all links of each of them. So of what an impact affects, the
makers, people and studies are known after a handful of queries, where one for each item would be dozens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from provena_mcp.errors import NotFoundError
from provena_mcp.lineage.impact import names_whom
from provena_mcp.lineage.lineage import Query
from provena_mcp.queries.lineage.frontier import DepthCap, Explorer, QueryBudget
from provena_mcp.rules.graph import UNKNOWN, Kind, Link, ProvenanceGraph
from provena_mcp.rules.links_by_kind import links_to

# A deep query may answer thousands of items; one of two hops tells of a dataset and of the run that made it.
_MOST_DEEP: Final = 4
_MOST_SHALLOW: Final = 24
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
    outcomes = await asyncio.gather(
        *(budget.explore("upstream", query) for query in _queries(graph, hops, cap.hops)),
        return_exceptions=True,
    )
    answers: list[tuple[Query, ProvenanceGraph]] = []
    for outcome in outcomes:
        if not isinstance(outcome, BaseException):
            answers.append(outcome)
        elif not isinstance(outcome, NotFoundError):
            raise outcome
    return _told(answers, hops, graph)


def _queries(graph: ProvenanceGraph, hops: Mapping[str, int], reach: int) -> list[Query]:
    """Queries that tell of all items; where that is too many, only the deep ones, which tell of most."""
    left = dict(hops)
    deep = [_next_query(graph, left, reach) for _ in range(_MOST_DEEP) if left]
    shallow = [_next_query(graph, left, min(reach, _SHALLOW)) for _ in range(_MOST_SHALLOW) if left]
    return deep if left else [*deep, *shallow]


def _next_query(graph: ProvenanceGraph, left: dict[str, int], reach: int) -> Query:
    """Upstream of the farthest item that is left; what it tells of is left no more."""
    farthest = max(left, key=lambda item: (left[item], item))
    del left[farthest]
    depth = 1
    for hop, level in enumerate(graph.walk(farthest, "upstream").levels[:reach]):
        for node in level:
            if left.pop(graph.columns.ids[node], None) is not None:
                depth = hop + 1
    return Query(farthest, depth)


def _told(
    answers: Iterable[tuple[Query, ProvenanceGraph]], hops: Mapping[str, int], graph: ProvenanceGraph
) -> LinksAhead:
    known: set[str] = set()
    naming: dict[Link, None] = {}
    kinds: dict[str, Kind] = {}
    made: dict[str, set[str]] = {}
    datasets: set[str] = set()
    for query, answer in answers:
        near = chain.from_iterable(answer.walk(query.start, "upstream").levels[: query.depth])
        # An item without any link is missing from the answer that says so.
        here = {query.start, *map(answer.columns.ids.__getitem__, near)} & hops.keys()
        known |= here
        datasets |= {
            item for item in here if "DATASET" in (_subtype_in(graph, item), _subtype_in(answer, item))
        }
        for link in links_to(answer, names_whom):
            if link.source in here:
                naming[link] = None
                kinds |= {end: answer.nodes[end] for end in (link.source, link.target)}
        for source, relation, run in links_to(answer, _is_run):
            if source in here and relation == "wasGeneratedBy":
                made.setdefault(source, set()).add(run)
    makers = {item: tuple(sorted(made.get(item, ()))) for item in datasets}
    return LinksAhead(frozenset(known), ProvenanceGraph(kinds, tuple(naming)), makers)


def _subtype_in(graph: ProvenanceGraph, item: str) -> str:
    return graph.nodes.get(item, UNKNOWN).subtype


def _is_run(kind: Kind) -> bool:
    return kind.subtype == "MODEL_RUN"
