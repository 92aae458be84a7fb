"""A lineage question, from the id as it was written to one page of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.result import LineageResult
from provena_mcp.lineage.view import view_lineage
from provena_mcp.queries.cache import BoundedCache
from provena_mcp.queries.items.fetch import Reader
from provena_mcp.queries.items.names import NamesFound
from provena_mcp.queries.lineage.gathering import Gathered, gather_lineage
from provena_mcp.queries.lineage.neighbourhood import DepthCap
from provena_mcp.rules.handles import parse_handle
from provena_mcp.wire.lineage import LineageQuery

RecentLineage = BoundedCache[tuple[str, LineageQuery, str, int], Gathered]


@dataclass(frozen=True)
class LineageQuestion:
    """What a lineage tool was asked; depth in hops, budget in tokens."""

    query: LineageQuery
    starting_id: str
    depth: int
    page: PageRequest


async def answer_lineage(
    reader: Reader, cap: DepthCap, recent: RecentLineage, question: LineageQuestion
) -> LineageResult:
    """One page of the answer, its names read.

    A first page always asks Provena anew; the pages after it are cut from the graph kept in
    ``recent`` while it is there.

    Raises:
        ArgumentError: The id cannot be a handle.
        NotFoundError: No item has it.
        CursorError: The cursor is not of this question, or the lineage has changed since.
    """
    start = parse_handle(question.starting_id, "starting_id")
    key = (reader.caller, question.query, start, question.depth)
    found = recent.get(key) if question.page.cursor else None
    if found is None:
        found = await gather_lineage(reader.client.prov, cap, question.query, start, question.depth)
        recent.put(key, found)
    view = view_lineage(
        found.graph,
        question.query,
        start,
        question.depth,
        incomplete_because=found.incomplete_because,
        goes_deeper=found.goes_deeper,
        start_type=await _type_of(reader, start) if start not in found.graph.nodes else "",
    )
    plan = plan_page(view, question.page)
    named = await reader.names.of(reader.caller, plan.wanted) if plan.wanted else NamesFound()
    return plan.write(named.names, named.unreadable)


async def _type_of(reader: Reader, item_id: str) -> str:
    """The subtype of an item that no link mentions."""
    found = await reader.names.of_ids(reader.caller, [item_id])
    named = found.named.get(item_id)
    return named.subtype if named else ""
