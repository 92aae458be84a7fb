"""Tools that hand out documents."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.commands import generate_report as reports
from provena_mcp.queries.documents import open_document as documents
from provena_mcp.queries.documents.kinds import DOCX
from provena_mcp.queries.documents.reports import ReportId, subtype_of
from provena_mcp.queries.documents.user_files import place_for
from provena_mcp.rules.handles import parse_handle
from provena_mcp.tools.call_context import progress_reporter
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.document_links import ending_of, read_document, report_link, with_download
from provena_mcp.tools.parameters import ItemId, SaveAs


@tool(title="Generate report", toolset="documents")
async def generate_report(
    ctx: Context[Application],
    id: ItemId,
    item_subtype: Literal["STUDY", "MODEL_RUN"] | None = None,
    depth: Annotated[int, Field(ge=1, le=3, description="Hops upstream")] = 1,
    save_as: SaveAs = None,
) -> Reply[reports.GenerateReportResult]:
    """Have a study's or run's report written."""
    app = ctx.request_context.lifespan_context
    place = place_for(app.output, save_as, ending_of(DOCX))
    reader, handle = app.reader(), parse_handle(id)
    report = ReportId(handle, await subtype_of(reader.client, handle, item_subtype), depth)
    made = await reports.generate_report(
        reader, app.recent_reports, report, place, app.polling, progress_reporter(ctx)
    )
    written = made.uri if made.status == "succeeded" else None
    return Reply(await with_download(ctx, made, written), report_link(made))


@tool(title="Open document", toolset="documents")
async def open_document(
    ctx: Context[Application],
    uri: Annotated[str, Field(description="provena:// URI from a result")],
    save_as: SaveAs = None,
    offset: Annotated[int, Field(ge=0, description="Characters to skip")] = 0,
) -> Reply[documents.OpenDocumentResult]:
    """Read a provena:// document as text, or save it."""
    app = ctx.request_context.lifespan_context
    place = place_for(app.output, save_as)
    uri = uri.strip()
    mime_type, content = await read_document(ctx, uri)
    place = place.ending_in(ending_of(mime_type)) if place else None
    opened = await documents.open_document(uri, mime_type, content, place, offset, app.max_result_tokens)
    return Reply(opened if offset else await with_download(ctx, opened, uri))


TOOLS = (generate_report, open_document)
