"""Opens any ``provena://`` URI as text a model can read, or saves it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field

from provena_mcp.errors import ArgumentError, FileRefusedError
from provena_mcp.queries.briefs.models import Brief
from provena_mcp.queries.documents import USUAL_DEPTH, Document, Documents
from provena_mcp.queries.saving import OutputFolder

_ADVICE: Final = (
    "Pass a provena:// URI exactly as a result gave it, e.g. provena://item/<handle> or "
    "provena://lineage/upstream/<handle>?depth=3."
)
# Text costs about a token for three characters; JSON of ids and names a little more.
_CHARACTERS_PER_TOKEN: Final = 2


class OpenedDocument(Brief):
    """A document's text from ``offset`` on, or where it was saved."""

    uri: str
    mime_type: str
    text: str | None = None
    total_chars: int | None = None
    next_offset: int | None = Field(default=None, description="Where to go on; absent at the end.")
    bytes: int | None = None
    saved_to: str | None = None


async def open_uri(
    documents: Documents,
    uri: str,
    *,
    save_as: str | None,
    offset: int,
    output: OutputFolder | None,
    max_tokens: int,
) -> OpenedDocument:
    """Render the document behind ``uri``.

    Raises:
        ArgumentError: The URI is not one of ours.
        FileRefusedError: ``save_as`` is refused, or saving is switched off.
    """
    document = await _resolve(documents, uri.strip())
    content = document.content.encode() if isinstance(document.content, str) else document.content
    if save_as is not None:
        if output is None:
            raise FileRefusedError("Saving files is switched off here.", advice="Leave save_as out.")
        saved_to = output.save(save_as, content)
        return OpenedDocument(uri=uri, mime_type=document.mime_type, bytes=len(content), saved_to=saved_to)
    return _part(uri, document, offset, max_tokens * _CHARACTERS_PER_TOKEN)


def _part(uri: str, document: Document, offset: int, length: int) -> OpenedDocument:
    text = document.content if isinstance(document.content, str) else document.content.decode()
    if offset and offset >= len(text):
        raise ArgumentError(
            f"offset is beyond the {len(text)} characters of the document.", parameter="offset"
        )
    end = offset + length
    return OpenedDocument(
        uri=uri,
        mime_type=document.mime_type,
        text=text[offset:end],
        total_chars=len(text),
        next_offset=end if end < len(text) else None,
    )


async def _resolve(documents: Documents, uri: str) -> Document:
    parts = urlsplit(uri)
    if parts.scheme != "provena":
        raise ArgumentError(f"{uri[:80]!r} is not a provena:// URI.", parameter="uri", advice=_ADVICE)
    path = unquote(parts.path).lstrip("/")
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    renderers: dict[str, Callable[[], Awaitable[Document]]] = {
        "item": lambda: documents.item(path),
        "lineage": lambda: documents.lineage(*_query_and_id(path), _depth_of(options)),
        "diagram": lambda: documents.diagram(*_query_and_id(path), _depth_of(options)),
    }
    render = renderers.get(parts.netloc)
    if render is None:
        raise ArgumentError(
            f"There is no document kind {parts.netloc[:40]!r}.",
            parameter="uri",
            advice=f"Kinds: {', '.join(renderers)}. {_ADVICE}",
        )
    return await render()


def _query_and_id(path: str) -> tuple[str, str]:
    query, _, item_id = path.partition("/")
    return query, item_id


def _depth_of(options: dict[str, str]) -> int:
    text = options.get("depth", str(USUAL_DEPTH))
    if not text.isdecimal():
        raise ArgumentError(f"depth {text[:20]!r} is not a number of hops.", parameter="uri", advice=_ADVICE)
    return int(text)
