"""Gives any document as text a model can read, or saves it."""

from __future__ import annotations

from typing import Final

from anyio import to_thread
from pydantic import Field

from provena_mcp.crates.export.packed_files import names_in
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.documents.kinds import ZIP
from provena_mcp.queries.documents.report_outline import read_outline
from provena_mcp.queries.documents.user_files import WritableFile
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.text import clean_lines

# Text costs about a token for three characters; JSON of ids and names a little more.
_CHARACTERS_PER_TOKEN: Final = 2


class OpenDocumentResult(Brief):
    """A document's text from ``offset`` on, or where it was saved."""

    uri: str
    mime_type: str
    text: str | None = Field(default=None, description="Of a report: its outline.")
    total_chars: int | None = None
    next_offset: int | None = Field(default=None, description="Where to go on; absent at the end.")
    bytes: int | None = None
    saved_to: str | None = None
    download_url: str | None = Field(default=None, description="For the user: opens once, within 10 min.")


async def open_document(
    uri: str, mime_type: str, content: str | bytes, place: WritableFile | None, offset: int, max_tokens: int
) -> OpenDocumentResult:
    """The part of a document from ``offset`` on that fits ``max_tokens``, or the whole saved at ``place``.

    What is saved is the document byte for byte; what is read is without control and invisible characters.

    Raises:
        ArgumentError: ``offset`` is beyond the end.
        FileRefusedError: It could not be saved.
    """
    if place is not None:
        raw = content.encode() if isinstance(content, str) else content
        return OpenDocumentResult(uri=uri, mime_type=mime_type, bytes=len(raw), saved_to=place.write(raw))
    text = await to_thread.run_sync(_readable, mime_type, content)
    if offset and offset >= len(text):
        raise ArgumentError(
            f"offset is beyond the {len(text)} characters of the document.", parameter="offset"
        )
    end = offset + max_tokens * _CHARACTERS_PER_TOKEN
    return OpenDocumentResult(
        uri=uri,
        mime_type=mime_type,
        text=text[offset:end],
        total_chars=len(text),
        next_offset=end if end < len(text) else None,
    )


def _readable(mime_type: str, content: str | bytes) -> str:
    if isinstance(content, str):
        return clean_lines(content)
    if mime_type == ZIP:
        return "Give save_as to keep this archive. It holds:\n" + "\n".join(names_in(content))
    return clean_lines(read_outline(content).as_text())
