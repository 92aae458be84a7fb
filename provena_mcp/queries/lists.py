"""Lists and searches of the registry, as rows that tell items apart."""

from __future__ import annotations

import asyncio
from typing import Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from provena_mcp.errors import ArgumentError, ProvenaError
from provena_mcp.queries.briefs.models import Brief, utc
from provena_mcp.queries.items import Reader
from provena_mcp.queries.names import NAME_LENGTH, unreadable_because
from provena_mcp.rules.cursors import decode_cursor, encode_cursor
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import (
    DatasetItem,
    DatasetTemplateItem,
    ModelItem,
    ModelRunItem,
    RegistryItem,
    StudyItem,
)
from provena_mcp.wire.registry import ListFilter, ListRequest, ListSort, SortType
from provena_mcp.wire.subtypes import ItemSubtype

SortBy = Literal["updated", "created", "name"]

_SORT: Final[dict[SortBy, SortType]] = {
    "updated": "UPDATED_TIME",
    "created": "CREATED_TIME",
    "name": "DISPLAY_NAME",
}
# A page may come back empty although more follow (contract 7.5); give up looking after this many.
_MAX_PAGES: Final = 25
_ABOUT_LENGTH: Final = 160


class Row(Brief):
    """One item of a list."""

    id: str
    type: str
    name: str
    updated: str | None = Field(default=None, description="UTC.")
    about: str | None = Field(default=None, description="Start of its description.")
    release: str | None = None
    version: int | None = None
    superseded_by: str | None = None


class ListedItems(Brief):
    """A page of items."""

    items: tuple[Row, ...]
    complete: bool = Field(description="Whether this is all; else go on with cursor.")
    cursor: str | None = None
    note: str | None = None
    unparsable: tuple[str, ...] | None = Field(default=None, description="Ids whose record is not valid.")


class FoundRow(Row):
    """One item that matched a search."""

    score: float


class FoundItems(Brief):
    """What a search found, best first."""

    items: tuple[FoundRow, ...]
    matches: int = Field(description="How many the service returned; it ranks at most 50.")
    note: str | None = None
    unreadable: dict[str, str] | None = Field(
        default=None, description="Matches that may not be read, and why."
    )


async def list_items(
    reader: Reader, subtype: ItemSubtype | None, sort_by: SortBy, limit: int, cursor: str | None
) -> ListedItems:
    """A page of at most ``limit`` complete items, newest first (or by name, A first).

    Raises:
        CursorError: The cursor belongs to another list.
    """
    question = f"list:{subtype}:{sort_by}"
    position = decode_cursor(question, cursor) if cursor else None
    key = position if isinstance(position, dict) else None
    items: list[RegistryItem] = []
    unparsable: list[str] = []
    for _ in range(_MAX_PAGES):
        page = await reader.client.registry.list(
            ListRequest(
                filter_by=ListFilter(item_subtype=subtype),
                sort_by=ListSort(sort_type=_SORT[sort_by], ascending=sort_by == "name"),
                pagination_key=key,
                page_size=limit - len(items),
            )
        )
        items.extend(page.items)
        unparsable.extend(page.unparsable)
        key = page.pagination_key
        if key is None or len(items) >= limit:
            break
    for item in items:
        reader.names.remember(reader.caller, item)
    return ListedItems(
        items=tuple(Row(**row_fields(item)) for item in items),
        complete=key is None,
        cursor=encode_cursor(question, key) if key else None,
        unparsable=tuple(unparsable) or None,
    )


async def search_items(reader: Reader, query: str, subtype: ItemSubtype | None, limit: int) -> FoundItems:
    """The best matches of a free-text search, read and named.

    The search service answers ids and scores only and does not look at permissions (contract 7.7),
    so every hit is fetched; those that may not be read are listed apart.

    Raises:
        ArgumentError: The query is blank.
    """
    if not query.strip():
        raise ArgumentError(
            "query is blank.", parameter="query", advice="Give a few words of a name or topic."
        )
    hits = await reader.client.search.search(query.strip(), subtype, limit)
    outcomes = await asyncio.gather(
        *(reader.client.registry.fetch(hit.id) for hit in hits), return_exceptions=True
    )
    rows: list[FoundRow] = []
    unreadable: dict[str, str] = {}
    for hit, outcome in zip(hits, outcomes, strict=True):
        if isinstance(outcome, RegistryItem):
            reader.names.remember(reader.caller, outcome)
            rows.append(FoundRow(**row_fields(outcome), score=round(hit.score, 2)))
        elif isinstance(outcome, ProvenaError):
            unreadable[hit.id] = unreadable_because(outcome)
        else:
            raise outcome
    return FoundItems(items=tuple(rows), matches=len(hits), unreadable=unreadable or None)


class RowFields(TypedDict):
    """Fields of a row."""

    id: str
    type: str
    name: str
    updated: str | None
    about: str | None
    release: str | None
    version: int | None
    superseded_by: str | None


def row_fields(item: RegistryItem) -> RowFields:
    """An item as a row: what tells it from others of the same name."""
    version = item.versioning_info
    return {
        "id": item.id,
        "type": item.item_subtype,
        "name": clean(item.display_name or "", NAME_LENGTH),
        "updated": utc(item.updated_timestamp),
        "about": clean(_about(item) or "", _ABOUT_LENGTH) or None,
        "release": item.release_status if isinstance(item, DatasetItem) else None,
        "version": version.version if version and (version.version > 1 or version.next_version) else None,
        "superseded_by": version.next_version if version else None,
    }


def _about(item: RegistryItem) -> str | None:
    match item:
        case DatasetItem():
            return item.collection_format.dataset_info.description
        case ModelRunItem():
            return item.record.description
        case ModelItem() | StudyItem() | DatasetTemplateItem():
            return item.description
        case _:
            return None
