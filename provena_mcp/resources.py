"""MCP resources: the kinds of documents of ``queries/documents/kinds.py`` under their URI templates.

``open_document`` reads through them too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from mcp.server import MCPServer
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp.server.mcpserver.resources import (
    DEFAULT_RESOURCE_SECURITY,
    ResourceSecurityError,
    ResourceTemplate,
)
from mcp.shared.uri_template import UriTemplate
from mcp.types import InputRequiredResult, Resource
from mcp.types import ResourceTemplate as ListedTemplate

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


async def document_at(uri: str, ctx: Ctx) -> ReadResourceContents | None:
    """The document that a URI names, or None where its kind is none of ours.

    Raises:
        ResourceError: It cannot be had, or a part of its URI would be a path on a machine.
    """
    for template in _templates():
        try:
            variables = template.matches(uri)
        except ResourceSecurityError as error:
            raise ResourceNotFoundError(f"Unknown resource: {uri}") from error
        if variables is not None:
            found = await template.create_resource(uri, variables, ctx)
            assert not isinstance(found, InputRequiredResult)  # documents ask nothing
            return ReadResourceContents(content=await found.read(), mime_type=found.mime_type)
    return None


def listed_kinds() -> list[ListedTemplate]:
    """Every document kind as a resource template."""
    return [
        ListedTemplate(
            uri_template=template.uri_template,
            name=template.name,
            title=template.title,
            description=template.description,
            mime_type=template.mime_type,
        )
        for template in _templates()
    ]


@cache
def _templates() -> tuple[ResourceTemplate, ...]:
    # Remembered: they follow from the kinds alone, and are the same for every server.
    return tuple(_template(kind) for kind in DOCUMENT_KINDS)


def _template(kind: DocumentKind) -> ResourceTemplate:
    # Not from a function: the SDK would make a model of its parameters, and all variables are text.
    async def read(ctx: Ctx, **variables: str) -> str | bytes:
        return await _content(kind.read(_documents(ctx), variables))

    return ResourceTemplate(
        uri_template=kind.uri_template,
        name=kind.name,
        title=kind.title,
        description=kind.description,
        mime_type=kind.mime_type or "text/plain",
        fn=read,
        parameters={},
        context_kwarg="ctx",
        parsed_template=UriTemplate.parse(kind.uri_template),
        security=DEFAULT_RESOURCE_SECURITY,
    )


def register_resources(server: MCPServer[Application], about: Callable[[], str]) -> None:
    """List a few documents to start from.

    Args:
        server: Gets the resources.
        about: Says which Provena answers.
    """

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
