"""``provena-mcp export-crate``, ``cite`` and ``dossier``: documents of the server's, kept on this machine."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import BlobResourceContents

from provena_mcp.cli.export_place import keep_file, keep_files
from provena_mcp.cli.own_server import own_server
from provena_mcp.crates.export.packed_files import unpack
from provena_mcp.errors import CallerError, NotFoundError, WrongSubtypeError
from provena_mcp.queries.documents.kinds import SUBTYPE_OF
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.uris import item_uri, packed_crate_uri
from provena_mcp.settings import Settings

_KIND_OF: Final = {subtype: kind for kind, subtype in SUBTYPE_OF.items()}


async def read_packed_crate(
    settings: Settings, item_id: str, depth: int, beside: str, *, sample: bool
) -> bytes:
    """The zip of the crate of a run, study or dataset.

    Raises:
        NotFoundError: It cannot be had; the message says why.
        WrongSubtypeError: The item is none of these.
        ProvenaError: The server cannot be built from these settings.
    """
    handle = parse_handle(item_id)
    failure: CallerError | None = None
    async with Client(own_server(settings, sample=sample)) as client:
        try:
            item = json.loads(await read_document(client, item_uri(handle)))
            kind = _KIND_OF.get(item["item_subtype"])
            if kind is not None:
                return await read_document(client, packed_crate_uri(kind, handle, depth, beside or None))
            kinds = ", ".join(SUBTYPE_OF)
            failure = WrongSubtypeError(
                f"{handle!r} is of subtype {item['item_subtype']}; there are crates of {kinds}."
            )
        except MCPError as error:
            # Raised below: out of the client's task groups it would come wrapped.
            failure = NotFoundError(error.error.message)
    raise failure


async def read_export(settings: Settings, uri: str, *, sample: bool) -> bytes:
    """A document's bytes.

    Raises:
        NotFoundError: It cannot be had; the message says why.
        ProvenaError: The server cannot be built from these settings.
    """
    async with Client(own_server(settings, sample=sample)) as client:
        try:
            return await read_document(client, uri)
        except MCPError as error:
            failure = NotFoundError(error.error.message)
    raise failure


async def read_document(client: Client, uri: str) -> bytes:
    """A document's bytes.

    Raises:
        MCPError: It cannot be had.
    """
    (content,) = (await client.read_resource(uri)).contents
    if isinstance(content, BlobResourceContents):
        return base64.b64decode(content.blob)
    return content.text.encode()


def keep_packed(packed: bytes, place: Path, *, force: bool) -> int:
    """Write a zip's files as a folder, or as the zip it is where ``place`` ends so; returns how many.

    Raises:
        FileRefusedError: There is something already, or it cannot be written.
    """
    files = unpack(packed)
    if place.suffix.lower() == ".zip":
        keep_file(packed, place, force=force)
    else:
        keep_files(files, place, force=force)
    return len(files)
