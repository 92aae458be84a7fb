"""MCP resources: the documents of ``queries/documents/documents.py`` under their URI templates.

This is the one table of document kinds: ``open_document`` reads through it too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp.types import Resource

from provena_mcp.application import Application
from provena_mcp.errors import CallerError, ProvenaError
from provena_mcp.next_call import naming_tools
from provena_mcp.queries.documents.kinds import (
    CSV,
    DOCX,
    HTML,
    JSON,
    MARKDOWN,
    MERMAID,
    PROV_TYPES,
    SVG,
    USUAL_DEPTH,
    ProvFormat,
)
from provena_mcp.rules import uris
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.text import clean

if TYPE_CHECKING:
    from provena_mcp.queries.documents.documents import Document, Documents

Ctx = Context[Application]

_MEDIA_TYPES: Final = {
    "item": JSON,
    "lineage": JSON,
    "diagram": MERMAID,
    "picture": HTML,
    "figure": SVG,
    "csv-template": CSV,
    "csv-batch": CSV,
    "report": DOCX,
}


def register_resources(server: MCPServer[Application], about: Callable[[], str]) -> None:
    """Offer every document kind as a resource template, and list a few to start from.

    Args:
        server: Gets the resources.
        about: Says which Provena answers.
    """
    _register_graphs(server)
    _register_pictures(server)
    _register_prov(server)
    _register_files(server)
    _register_fixed(server, about)
    server.middleware.append(_listing_recent_documents)


def _register_fixed(server: MCPServer[Application], about: Callable[[], str]) -> None:
    @server.resource(
        uris.ABOUT,
        name="about",
        title="About this Provena",
        mime_type=MARKDOWN,
        description="Which Provena answers here, and which documents it has.",
    )
    async def about_this_provena() -> str:
        kinds = [
            f"- {kind.title} (`{kind.uri_template}`): {kind.description}"
            for kind in await server.list_resource_templates()
        ]
        return "\n".join(("# About this Provena", "", about(), "", "## Documents", "", *kinds, ""))

    @server.resource(
        uris.FORMATS,
        name="formats",
        title="Formats of documents",
        mime_type=MARKDOWN,
        description="What is in the CSV, lineage, PROV and report documents, and how to fill in a CSV.",
    )
    async def formats() -> str:
        return files("provena_mcp.queries.documents").joinpath("formats.md").read_text("utf-8")


async def _listing_recent_documents(
    ctx: ServerRequestContext[Application, Any], call_next: CallNext
) -> HandlerResult:
    """Middleware: add the documents that a caller had lately to what is listed for them alone."""
    result = await call_next(ctx)
    app = ctx.lifespan_context
    if ctx.method == "resources/read":
        app.recent_documents.add(app.caller(), str((ctx.params or {}).get("uri")))
    # Middleware sees results as they go over the wire.
    elif ctx.method == "resources/list" and isinstance(result, dict):
        recent = [_listed(uri) for uri in app.recent_documents.of(app.caller()) if _media_type(uri)]
        return {**result, "resources": [*result["resources"], *recent]}
    return result


def _listed(uri: str) -> dict[str, Any]:
    place = clean(uris.path_of(uri), NAME_LENGTH)
    listed = Resource(uri=uri, name=place, title=f"Recent: {place}", mime_type=_media_type(uri))
    return listed.model_dump(mode="json", by_alias=True, exclude_none=True)


def _media_type(uri: str) -> str | None:
    """The media type of a document of a caller's; None of any other URI."""
    kind = uris.document_kind(uri)
    if kind == "prov":
        return next((type_ for format, type_ in PROV_TYPES.items() if f"/{format}/" in uri), None)
    return _MEDIA_TYPES.get(kind or "")


def _register_graphs(server: MCPServer[Application]) -> None:
    @server.resource(
        uris.ITEM,
        name="item",
        title="Registry item",
        mime_type=JSON,
        description="One registry item.",
    )
    async def item(id: str, ctx: Ctx) -> str | bytes:
        return await _content(_documents(ctx).item(id))

    @server.resource(
        uris.LINEAGE,
        name="lineage",
        title="Lineage graph",
        mime_type=JSON,
        description="The whole graph of a lineage query as node-link JSON.",
    )
    async def lineage(query: str, id: str, ctx: Ctx, depth: str = USUAL_DEPTH) -> str | bytes:
        return await _content(_documents(ctx).lineage(query, id, depth))

    @server.resource(
        uris.DIAGRAM,
        name="diagram",
        title="Lineage diagram",
        mime_type=MERMAID,
        description="A bounded Mermaid diagram of a lineage query, of an impact, or of the path to an item.",
    )
    async def diagram(
        query: str, id: str, ctx: Ctx, to: str | None = None, depth: str | None = None
    ) -> str | bytes:
        return await _content(_documents(ctx).diagram(query, id, depth, to))


def _register_pictures(server: MCPServer[Application]) -> None:
    @server.resource(
        uris.PICTURE,
        name="picture",
        title="Picture of a lineage",
        mime_type=HTML,
        description="A page to look at: a lineage query, an impact, or the path to an item, drawn.",
    )
    async def picture(
        query: str, id: str, ctx: Ctx, to: str | None = None, depth: str | None = None
    ) -> str | bytes:
        return await _content(_documents(ctx).picture(query, id, depth, to))

    @server.resource(
        uris.FIGURE,
        name="figure",
        title="Figure of a lineage",
        mime_type=SVG,
        description="The same as one still SVG, for papers and slides.",
    )
    async def figure(
        query: str, id: str, ctx: Ctx, to: str | None = None, depth: str | None = None
    ) -> str | bytes:
        return await _content(_documents(ctx).figure(query, id, depth, to))


def _register_prov(server: MCPServer[Application]) -> None:
    # A template has one media type, so each format has a template of its own before the general one.
    for wanted, mime_type in PROV_TYPES.items():
        server.resource(
            uris.prov_template(wanted),
            name=f"prov-{wanted}",
            title=f"PROV of a model run ({wanted})",
            mime_type=mime_type,
            description="A model run as a W3C PROV document.",
        )(_prov_in(wanted))

    @server.resource(
        uris.PROV,
        name="prov",
        title="PROV of a model run",
        description=f"A model run as a W3C PROV document; format is one of {', '.join(PROV_TYPES)}.",
    )
    async def prov(format: str, id: str, ctx: Ctx) -> str | bytes:
        return await _content(_documents(ctx).prov(format, id))


def _prov_in(wanted: ProvFormat) -> Callable[..., Awaitable[str | bytes]]:
    async def prov(id: str, ctx: Ctx) -> str | bytes:
        return await _content(_documents(ctx).prov(wanted, id))

    return prov


def _register_files(server: MCPServer[Application]) -> None:
    @server.resource(
        uris.CSV_TEMPLATE,
        name="csv-template",
        title="CSV template",
        mime_type=CSV,
        description="The CSV of a workflow template, one row per run to fill in.",
    )
    async def csv_template(workflow_template_id: str, ctx: Ctx) -> str | bytes:
        return await _content(_documents(ctx).csv_template(workflow_template_id))

    @server.resource(
        uris.CSV_BATCH,
        name="csv-batch",
        title="Batch as CSV",
        mime_type=CSV,
        description="The runs of a batch as a CSV, with what became of each.",
    )
    async def csv_batch(batch_id: str, ctx: Ctx) -> str | bytes:
        return await _content(_documents(ctx).csv_batch(batch_id))

    @server.resource(
        uris.REPORT,
        name="report",
        title="Close-out report",
        mime_type=DOCX,
        description="The report on a study or model run; made anew without the session_id of its job.",
    )
    async def report(
        item_subtype: str, depth: str, id: str, ctx: Ctx, session_id: str | None = None
    ) -> str | bytes:
        return await _content(_documents(ctx).report(item_subtype, depth, id, session_id))


def _documents(ctx: Ctx) -> Documents:
    return ctx.request_context.lifespan_context.documents()


async def _content(document: Awaitable[Document]) -> str | bytes:
    """The content, or an error whose text the client sees and whose cause ``open_document`` tells."""
    try:
        return (await document).content
    except ProvenaError as error:
        text = f"{error.message} {naming_tools(error.advice)}".strip()
        raise (ResourceNotFoundError if isinstance(error, CallerError) else ResourceError)(text) from error
