"""Gives documents an address that the user can open, where the server is not on their machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import ResourceLink

from provena_mcp.application import Application
from provena_mcp.errors import ArgumentError, ProvenaError
from provena_mcp.queries.documents.kinds import (
    CITATION_TYPES,
    CSV,
    DOCX,
    HTML,
    JSON,
    JSON_LD,
    MARKDOWN,
    MERMAID,
    PROV_TYPES,
    SVG,
    ZIP,
)
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.handles import path_of

if TYPE_CHECKING:
    from provena_mcp.commands.generate_report import GenerateReportResult


def report_link(report: GenerateReportResult) -> tuple[ResourceLink, ...]:
    """The .docx file of a report that is written."""
    if report.status != "succeeded" or report.uri is None:
        return ()
    name = f"report on {report.id}.docx"
    return (ResourceLink(uri=report.uri, name=name, title="Report", mime_type=DOCX, size=report.bytes),)


def csv_link(uri: str, name: str) -> ResourceLink:
    """A CSV file."""
    return ResourceLink(uri=uri, name=name, title="CSV", mime_type=CSV)


ResultT = TypeVar("ResultT", bound=Brief)

_ENDING: Final = {
    JSON: "json",
    JSON_LD: "json",
    MARKDOWN: "md",
    MERMAID: "mmd",
    HTML: "html",
    SVG: "svg",
    CSV: "csv",
    DOCX: "docx",
    ZIP: "zip",
    CITATION_TYPES["cff"]: "cff",
    CITATION_TYPES["bibtex"]: "bib",
    CITATION_TYPES["datacite"]: "json",
} | {mime_type: wanted for wanted, mime_type in PROV_TYPES.items() if mime_type != JSON}


def ending_of(mime_type: str) -> str:
    """What the name of a file of this media type ends in, without the dot."""
    return _ENDING.get(mime_type, "txt")


async def with_download(ctx: Context[Application], result: ResultT, uri: str | None) -> ResultT:
    """``result`` with a ``download_url`` of the document ``uri``, where this server gives such addresses.

    The document is listed for its caller from now on.
    """
    app = ctx.request_context.lifespan_context
    if uri is None:
        return result
    app.recent_documents.add(app.caller(), uri)
    downloads = app.downloads
    if downloads is None:
        return result
    try:
        mime_type, content = await read_document(ctx, uri)
        raw = content.encode() if isinstance(content, str) else content
        address = await downloads.offer(_file_name(uri, mime_type), mime_type, raw)
    except ProvenaError:
        return result  # what was asked for is there; only this further way to it is not
    return result.model_copy(update={"download_url": address})


async def read_document(ctx: Context[Application], uri: str) -> tuple[str, str | bytes]:
    """Media type and content of a resource of this very server, so that both ways to it agree.

    Raises:
        ArgumentError: The server has no such resource.
        ProvenaError: The reason why it could not be read.
    """
    try:
        (found,) = await ctx.read_resource(uri)
    except MCPError as error:
        if isinstance(error.__cause__, ProvenaError):
            raise error.__cause__ from None
        raise
    except ResourceNotFoundError:
        raise await _no_document(ctx, uri) from None
    return found.mime_type or "text/plain", found.content


async def _no_document(ctx: Context[Application], uri: str) -> ArgumentError:
    templates = await ctx.mcp_server.list_resource_templates()
    return ArgumentError(
        f"There is no document {uri[:80]!r}.",
        parameter="uri",
        advice="Pass a URI exactly as a result gave it. Kinds: "
        + ", ".join(template.uri_template for template in templates),
    )


def _file_name(uri: str, mime_type: str) -> str:
    place = re.sub(r"[^\w.-]+", "-", path_of(uri))
    return f"{place}.{ending_of(mime_type)}"
