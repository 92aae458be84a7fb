"""Finds items by name, for people who do not have an id at hand."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Final

from mcp import Client
from pydantic import JsonValue

from provena_mcp.errors import ArgumentError, NotFoundError
from provena_mcp.queries.items.search import FoundRow, SearchItemsResult
from provena_mcp.rules.handles import parse_handle
from provena_mcp.wire.items import JsonObject

_ID: Final = re.compile(r"\S+/\S+")
_MOST_OFFERED: Final = 8
_LONGEST: Final = 60


class ItemFinder:
    """Finds the ids of items by their names."""

    def __init__(self, client: Client) -> None:
        """Search with ``client``."""
        self._client = client

    async def resolved(self, arguments: JsonObject, items: tuple[str, ...]) -> JsonObject:
        """The arguments, with ids where ``items`` among them hold names.

        Raises:
            NotFoundError: Nothing is called so.
            ArgumentError: Several are, and none exactly so.
        """
        return {name: await self._ids(value) if name in items else value for name, value in arguments.items()}

    async def _ids(self, value: JsonValue) -> JsonValue:
        if isinstance(value, list):
            return [await self._id(str(part)) for part in value]
        return await self._id(str(value))

    async def _id(self, text: str) -> str:
        if is_id(text):
            return text
        outcome = await self._client.call_tool("search_items", {"query": text, "limit": 50})
        if outcome.is_error:
            # The question itself will fail alike, and says why.
            return text
        found = SearchItemsResult.model_validate(outcome.structured_content).items
        row = _chosen(text, [row for row in found if row.matched.keys() - {"not_found"}])
        sys.stderr.write(f"{row.name}: {row.id}\n")
        return row.id


def is_id(text: str) -> bool:
    """Whether a text is an id, or an address that holds one, and no name."""
    try:
        return _ID.fullmatch(parse_handle(text)) is not None
    except ArgumentError:
        return False


def _chosen(text: str, found: Sequence[FoundRow]) -> FoundRow:
    if not found:
        raise NotFoundError(
            f"Nothing is called {text[:_LONGEST]!r}.", advice="'ask search' and 'ask list' find items."
        )
    exact = [row for row in found if row.name.casefold() == text.strip().casefold()]
    if len(exact) == 1:
        return exact[0]
    offered = "\n".join(
        f"  {row.id}  {row.name}  {row.when or ''}".rstrip() for row in (exact or found)[:_MOST_OFFERED]
    )
    why = f"{len(exact)} items are called so" if exact else "no item is called exactly so"
    raise ArgumentError(f"{text[:_LONGEST]!r}: {why}.", advice=f"Give one of these ids:\n{offered}")
