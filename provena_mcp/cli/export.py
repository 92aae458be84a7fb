"""``provena-mcp export-crate``, ``cite`` and ``dossier``: documents of the server's, kept on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from mcp import Client

from provena_mcp.cli.documents import document_bytes, with_own_server
from provena_mcp.cli.export_place import keep_file, keep_files
from provena_mcp.crates.export.packed_files import unpack
from provena_mcp.errors import WrongSubtypeError
from provena_mcp.queries.documents.kinds import SUBTYPE_OF
from provena_mcp.rules.handles import item_uri, packed_crate_uri, parse_handle
from provena_mcp.settings import Settings

_KIND_OF: Final = {subtype: kind for kind, subtype in SUBTYPE_OF.items()}


async def read_packed_crate(
    settings: Settings, item_id: str, depth: int, beside: str, *, sample: bool
) -> bytes:
    """The zip of the crate of a run, study or dataset.

    Raises:
        WrongSubtypeError: The item is none of these.
        ProvenaError: It cannot be had, or the server cannot be built from these settings.
    """
    handle = parse_handle(item_id)

    async def packed(client: Client) -> bytes:
        item = json.loads(await document_bytes(client, item_uri(handle)))
        kind = _KIND_OF.get(item["item_subtype"])
        if kind is None:
            kinds = ", ".join(SUBTYPE_OF)
            raise WrongSubtypeError(
                f"{handle!r} is of subtype {item['item_subtype']}; there are crates of {kinds}."
            )
        return await document_bytes(client, packed_crate_uri(kind, handle, depth, beside or None))

    return await with_own_server(settings, packed, sample=sample)


async def read_export(settings: Settings, uri: str, *, sample: bool) -> bytes:
    """A document's bytes.

    Raises:
        ProvenaError: It cannot be had, or the server cannot be built from these settings.
    """
    return await with_own_server(settings, lambda client: document_bytes(client, uri), sample=sample)


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
