"""A lineage question, from the id as it was written to one page of the answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PagePlan, PageRequest, plan_page
from provena_mcp.lineage.result import LineageResult
from provena_mcp.lineage.view import LineageView, view_lineage
from provena_mcp.queries.cache import BoundedCache
from provena_mcp.queries.items.names import NamesFound
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.credit import read_credit
from provena_mcp.queries.lineage.frontier import LARGE_ITEMS, DepthCap, Explorer, worked_out
from provena_mcp.queries.lineage.neighbourhood import gather_neighbourhood
from provena_mcp.queries.lineage.special_answer import gather_special
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.trails import DIRECTION_OF
from provena_mcp.wire.lineage import LineageQuery


async def gather_lineage(
    prov: Explorer, cap: DepthCap, query: LineageQuery, start: str, depth: int
) -> Lineage:
    """The links that answer ``query`` from ``start`` within ``depth`` hops (provena-http 5.5).

    Raises:
        NotFoundError: No item has the id ``start``.
        ProvenaError: The deployment failed.
    """
    direction = DIRECTION_OF[query]
    if query == direction:
        return await gather_neighbourhood(prov, cap, start, direction, depth)
    return await gather_special(prov, cap, query, start, depth)


MOST_KEPT: Final = 300_000
"""Items and links of all lineages that are kept for their next page; a larger one is asked for again."""

# From so many items on, others wait for milliseconds while a lineage is read, and again while it is shown.
_LONG: Final = 1_000

RecentLineage = BoundedCache[tuple[str, LineageQuery, str, int], Lineage]


def size_of(lineage: Lineage) -> int:
    """Its items and links, and of a special query those that it lies among."""
    graphs = [lineage.graph]
    if lineage.around is not None and lineage.around is not lineage.graph:
        graphs.append(lineage.around)
    return sum(len(graph.columns.ids) + len(graph.columns.sources) for graph in graphs)


@dataclass(frozen=True)
class LineageQuestion:
    """What a lineage tool was asked; depth in hops, budget in tokens; of agents, who did which run."""

    query: LineageQuery
    starting_id: str
    depth: int
    page: PageRequest
    by_run: bool = False


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
        if len(found.graph.columns.ids) > _LONG:
            await asyncio.sleep(0)  # reading it took a while: whoever asked meanwhile goes first
    start_type = await _type_of(reader, start) if start not in found.graph.numbers else ""
    page, credit = question.page, None
    items = len(found.graph.columns.ids)
    view = await worked_out(lambda: view_lineage(found, start_type=start_type), items)
    if question.query == "contributing_agents" and page.cursor is None:
        credit = await read_credit(reader, view, page.max_tokens, by_run=question.by_run)
        page = replace(page, reserved=credit.tokens)
    plan = await worked_out(lambda: _planned(view, page), items)
    named = await reader.names.of(reader.caller, plan.wanted) if plan.wanted else NamesFound()
    if doubt := named.doubt_of(plan.wanted):
        doubted = found.doubted(doubt)
        recent.put(key, doubted)  # for the pages to come, which may name none of what it is about
        plan = replace(plan, view=replace(view, lineage=doubted))
    result = plan.write(named.names, named.unreadable, named.versions)
    return credit.beside(result) if credit else result


def _planned(view: LineageView, page: PageRequest) -> PagePlan:
    """The plan of a page, and of a large lineage what is said on every page of it."""
    plan = plan_page(view, page)
    if len(view.ids) > LARGE_ITEMS:
        _ = plan.frame  # so that nothing but rows is left to write where others wait
    return plan


async def _type_of(reader: Reader, item_id: str) -> str:
    """The subtype of an item that no link mentions."""
    found = await reader.names.of_ids(reader.caller, [item_id])
    named = found.named.get(item_id)
    return named.subtype if named else ""
