"""The tool that shows a lineage: an answer that stands by itself, and a page for hosts that draw it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from mcp.server.apps import client_supports_apps
from mcp.server.mcpserver import Context
from pydantic import Field, JsonValue

from provena_mcp.application import Application
from provena_mcp.lineage.picture.scene import Picture
from provena_mcp.queries.documents.shown_lineage import ShowLineageResult, describe_picture
from provena_mcp.queries.documents.user_files import place_for
from provena_mcp.rules.budgets import MOST_HOPS
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.document_links import with_download
from provena_mcp.tools.parameters import ItemId, SaveAs
from provena_mcp.tools.picture_page import APP_URI
from provena_mcp.wire.lineage import LineageQuery

PICTURE_META: Final = "provena/picture"
"""Where a result carries the picture for that page; models do not read it."""

Shown = Literal[LineageQuery, "path", "impact"]


@tool(title="Show lineage", toolset="documents", ui=APP_URI)
async def show_lineage(
    ctx: Context[Application],
    id: ItemId,
    query: Shown = "upstream",
    to: Annotated[str | None, Field(description="path: the other item")] = None,
    depth: Annotated[int, Field(ge=1, le=MOST_HOPS, description="Hops")] = 10,
    save_as: SaveAs = None,
) -> Reply[ShowLineageResult]:
    """Draw a lineage, an impact or a path."""
    app = ctx.request_context.lifespan_context
    place = place_for(app.output, save_as, "html")
    picture = await app.documents().drawn(query, id, str(depth), to)
    saved_to = place.write(_page(picture).encode()) if place else None
    goal = picture.starts[1] if query == "path" else None
    described = describe_picture(picture, query, depth, goal, saved_to)
    drawn: dict[str, JsonValue] | None = {PICTURE_META: _data(picture)} if client_supports_apps(ctx) else None
    return Reply(await with_download(ctx, described, described.picture_uri), meta=drawn)


def _page(picture: Picture) -> str:
    from provena_mcp.lineage.picture.page import picture_page

    return picture_page(picture)


def _data(picture: Picture) -> JsonValue:
    from provena_mcp.lineage.picture.page import picture_data

    return picture_data(picture)


TOOLS = (show_lineage,)
