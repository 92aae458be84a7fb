"""Tools that find and read registry items."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.queries import items, lists
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.parameters import Cursor
from provena_mcp.wire.subtypes import ItemSubtype


@tool(title="Search items", toolset="registry")
async def search_items(
    ctx: Context[Application],
    query: Annotated[str, Field(description="Words of name or topic")],
    subtype: ItemSubtype | None = None,
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
) -> Reply[lists.FoundItems]:
    """Find items by words."""
    app = ctx.request_context.lifespan_context
    found = await lists.search_items(app.reader(), query, subtype, limit)
    return Reply(found.model_copy(update={"note": app.why_empty()}))


@tool(title="Fetch items", toolset="registry")
async def fetch_items(
    ctx: Context[Application],
    ids: Annotated[list[str], Field(description="Up to 50 handles")],
    detail: Annotated[items.Detail, Field(description="full: raw records")] = "summary",
) -> Reply[items.FetchedItems]:
    """Read items by id."""
    app = ctx.request_context.lifespan_context
    return Reply(await items.fetch_items(app.reader(), ids, detail, app.max_result_tokens))


@tool(title="List items", toolset="registry")
async def list_items(
    ctx: Context[Application],
    subtype: ItemSubtype | None = None,
    sort_by: lists.SortBy = "updated",
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
    cursor: Cursor = None,
) -> Reply[lists.ListedItems]:
    """List items page by page."""
    app = ctx.request_context.lifespan_context
    listed = await lists.list_items(app.reader(), subtype, sort_by, limit, cursor)
    return Reply(listed.model_copy(update={"note": app.why_empty()}))


TOOLS = (search_items, fetch_items, list_items)
