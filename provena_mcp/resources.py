"""MCP resources: the documents of ``queries/documents.py`` under their URI templates."""

from __future__ import annotations

from collections.abc import Awaitable

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from provena_mcp.application import Application
from provena_mcp.errors import CallerError, ProvenaError
from provena_mcp.queries.documents import JSON, MERMAID, USUAL_DEPTH, Document, Documents

Ctx = Context[Application]


def register_resources(server: MCPServer[Application]) -> None:
    """Offer every document kind as a resource template."""

    @server.resource(
        "provena://item/{+id}",
        name="item",
        title="Registry item",
        mime_type=JSON,
        description="One registry item.",
    )
    async def item(id: str, ctx: Ctx) -> str | bytes:
        return await _content(_documents(ctx).item(id))

    @server.resource(
        "provena://lineage/{query}/{+id}{?depth}",
        name="lineage",
        title="Lineage graph",
        mime_type=JSON,
        description="The whole graph of a lineage query as node-link JSON.",
    )
    async def lineage(query: str, id: str, ctx: Ctx, depth: int = USUAL_DEPTH) -> str | bytes:
        return await _content(_documents(ctx).lineage(query, id, depth))

    @server.resource(
        "provena://diagram/{query}/{+id}{?depth}",
        name="diagram",
        title="Lineage diagram",
        mime_type=MERMAID,
        description="A bounded Mermaid diagram of a lineage query.",
    )
    async def diagram(query: str, id: str, ctx: Ctx, depth: int = USUAL_DEPTH) -> str | bytes:
        return await _content(_documents(ctx).diagram(query, id, depth))


def _documents(ctx: Ctx) -> Documents:
    return ctx.request_context.lifespan_context.documents()


async def _content(document: Awaitable[Document]) -> str | bytes:
    """The content, or an error whose text the client sees."""
    try:
        return (await document).content
    except ProvenaError as error:
        text = f"{error.message} {error.advice}".strip()
        raise (ResourceNotFoundError if isinstance(error, CallerError) else ResourceError)(text) from error
