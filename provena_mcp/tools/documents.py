"""Tools that hand out documents."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.queries.opening import OpenedDocument, open_uri
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.parameters import SaveAs


@tool(title="Open document", toolset="documents")
async def open_document(
    ctx: Context[Application],
    uri: Annotated[str, Field(description="provena:// URI from a result")],
    save_as: SaveAs = None,
    offset: Annotated[int, Field(ge=0, description="Characters to skip")] = 0,
) -> Reply[OpenedDocument]:
    """Read a provena:// document as text, or save it."""
    app = ctx.request_context.lifespan_context
    opened = await open_uri(
        app.documents(),
        uri,
        save_as=save_as,
        offset=offset,
        output=app.output,
        max_tokens=app.max_result_tokens,
    )
    return Reply(opened)


TOOLS = (open_document,)
