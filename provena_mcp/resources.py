"""MCP resources: the kinds of documents of ``queries/documents/kinds.py`` under their URI templates.

``open_document`` reads through them too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from inspect import Parameter, Signature
from typing import TYPE_CHECKING

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.shared.uri_template import UriTemplate
from mcp.types import Resource

from provena_mcp.application import Application
from provena_mcp.errors import ProvenaError
from provena_mcp.next_call import naming_tools
from provena_mcp.queries.documents.kinds import DOCUMENT_KINDS, MARKDOWN, DocumentKind
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.handles import ABOUT, FORMATS, path_of
from provena_mcp.rules.text import clean

if TYPE_CHECKING:
    from provena_mcp.queries.documents.documents import Document, Documents

Ctx = Context[Application]


def register_resources(server: MCPServer[Application], about: Callable[[], str]) -> None:
    """Offer every document kind as a resource template, and list a few to start from.

    Args:
        server: Gets the resources.
        about: Says which Provena answers.
    """
    for kind in DOCUMENT_KINDS:
        server.resource(
            kind.uri_template,
            name=kind.name,
            title=kind.title,
            mime_type=kind.mime_type,
            description=kind.description,
        )(_handler(kind))
    _register_fixed(server, about)


@cache
def _handler(kind: DocumentKind) -> Callable[..., Awaitable[str | bytes]]:
    async def read(ctx: Ctx, **variables: str | None) -> str | bytes:
        given = {name: value for name, value in variables.items() if value is not None}
        return await _content(kind.read(_documents(ctx), given))

    # The SDK takes a function's parameters for the variables of its template.
    template = UriTemplate.parse(kind.uri_template)
    optional = set(template.query_variable_names)
    parameters = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=None if name in optional else Parameter.empty,
            annotation=str | None if name in optional else str,
        )
        for name in template.variable_names
    ]
    context = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD, annotation=Ctx)
    read.__signature__ = Signature([context, *parameters])  # pyright: ignore[reportFunctionMemberAccess]
    read.__annotations__ = {each.name: each.annotation for each in (context, *parameters)}
    return read


def _register_fixed(server: MCPServer[Application], about: Callable[[], str]) -> None:
    @server.resource(
        ABOUT,
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
        FORMATS,
        name="formats",
        title="Formats of documents",
        mime_type=MARKDOWN,
        description="What is in the CSV, lineage, PROV and report documents, and how to fill in a CSV.",
    )
    async def formats() -> str:
        return files("provena_mcp.queries.documents").joinpath("formats.md").read_text("utf-8")


def recent_documents(app: Application) -> list[Resource]:
    """The documents that the caller had lately, as they are listed for them alone."""
    typed = [(uri, _media_type(uri)) for uri in app.recent_documents.of(app.caller())]
    return [_listed(uri, mime_type) for uri, mime_type in typed if mime_type]


def _listed(uri: str, mime_type: str) -> Resource:
    place = clean(path_of(uri), NAME_LENGTH)
    return Resource(uri=uri, name=place, title=f"Recent: {place}", mime_type=mime_type)


def _media_type(uri: str) -> str | None:
    """The media type of a document of a caller's; None of any other URI."""
    return next((kind.mime_type for kind in DOCUMENT_KINDS if kind.names(uri)), None)


def _documents(ctx: Ctx) -> Documents:
    return ctx.request_context.lifespan_context.documents()


async def _content(document: Awaitable[Document]) -> str | bytes:
    """The content, or an error whose text the client sees and whose cause others tell."""
    try:
        return (await document).content
    except ProvenaError as error:
        text = f"{error.message} {naming_tools(error.advice)}".strip()
        raise ResourceError(text) from error
