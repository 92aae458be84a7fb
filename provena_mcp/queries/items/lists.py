"""Lists of the registry, page by page, with the filters that its own lists lack."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal, cast

from pydantic import Field, JsonValue

from provena_mcp.lineage.tokens import estimate_tokens
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.fetch import Reader
from provena_mcp.queries.items.filters import ItemFilters, Sieve, make_sieve
from provena_mcp.queries.items.rows import Row, row_fields
from provena_mcp.rules.cursors import decode_cursor, encode_cursor
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.registry import ListFilter, ListRequest, ListSort, SortType
from provena_mcp.wire.subtypes import ItemSubtype

SortBy = Literal["updated", "created", "name"]

_SORT: Final[dict[SortBy, SortType]] = {
    "updated": "UPDATED_TIME",
    "created": "CREATED_TIME",
    "name": "DISPLAY_NAME",
}
# A page may come back empty although more follow (provena-http 7.5); stop for now after this many.
_MAX_PAGES: Final = 25
_SIFTED_AT_ONCE: Final = 100


class ListedItems(Brief):
    """A page of items."""

    items: tuple[Row, ...]
    complete: bool = Field(description="Whether this is all; else go on with cursor.")
    scanned: int | None = Field(default=None, description="Items that the filters looked at for this page.")
    left_out: dict[str, int] | None = Field(default=None, description="Items dropped, by filter.")
    cursor: str | None = None
    note: str | None = None
    unparsable: tuple[str, ...] | None = Field(default=None, description="Ids whose record is not valid.")


@dataclass(frozen=True)
class ListQuestion:
    """Which items to list; ``limit`` items a page."""

    subtype: ItemSubtype | None
    filters: ItemFilters
    sort_by: SortBy
    limit: int
    cursor: str | None = None

    def key(self) -> str:
        """The question a cursor belongs to."""
        return f"list:{self.filters.digest(self.subtype, self.sort_by)}"


@dataclass(frozen=True)
class _Place:
    """Where a page starts: after the registry's key, and that many rows further."""

    key: JsonObject | None = None
    skip: int = 0


class _Page:
    """What has been gathered so far, and where to go on."""

    def __init__(self, place: _Place, limit: int, max_tokens: int) -> None:
        self.place: _Place | None = place
        self.rows: list[Row] = []
        self.unparsable: list[str] = []
        self.scanned = 0
        self.left_out: Counter[str] = Counter()
        self.is_full = False
        self._limit = limit
        self._tokens_left = max_tokens

    @property
    def wanted(self) -> int:
        """How many rows are still to come."""
        return self._limit - len(self.rows)

    def takes(self, row: Row) -> bool:
        """Add ``row`` if there is room; the first one always fits."""
        self._tokens_left -= estimate_tokens(row.model_dump_json(exclude_none=True))
        if self.rows and (self._tokens_left < 0 or not self.wanted):
            self.is_full = True
            return False
        self.rows.append(row)
        return True


async def list_items(reader: Reader, question: ListQuestion, max_tokens: int) -> ListedItems:
    """A page of complete items that pass the filters, newest first (or by name, A first).

    Raises:
        ArgumentError: A filter cannot be meant.
        CursorError: The cursor belongs to another list.
    """
    page = _Page(_place(question), question.limit, max_tokens)
    sieve = await make_sieve(reader, question.filters, question.subtype)
    for _ in range(_MAX_PAGES):
        if page.place is None or page.is_full or not page.wanted:
            break
        await _read_on(reader, question, sieve, page, page.place)
    return ListedItems(
        items=tuple(page.rows),
        complete=page.place is None,
        scanned=page.scanned if sieve.tests else None,
        left_out=dict(page.left_out) or None,
        cursor=encode_cursor(question.key(), [page.place.key, page.place.skip]) if page.place else None,
        note=None if page.rows else sieve.doubt,
        unparsable=tuple(page.unparsable) or None,
    )


async def _read_on(reader: Reader, question: ListQuestion, sieve: Sieve, page: _Page, place: _Place) -> None:
    """Read one page of the registry; where it holds more than fits, go on within it next time."""
    answer = await reader.client.registry.list(
        ListRequest(
            filter_by=ListFilter(item_subtype=question.subtype),
            sort_by=ListSort(sort_type=_SORT[question.sort_by], ascending=question.sort_by == "name"),
            pagination_key=place.key,
            page_size=_SIFTED_AT_ONCE if sieve.tests else place.skip + page.wanted,
        )
    )
    page.unparsable.extend(answer.unparsable)
    page.place = _Place(answer.pagination_key) if answer.pagination_key is not None else None
    for position, item in enumerate(answer.items[place.skip :], start=place.skip):
        reader.names.remember(reader.caller, item)
        if sieve.keeps(item, page.left_out) and not page.takes(Row(**row_fields(item))):
            page.place = _Place(place.key, position)
            return
        page.scanned += 1


def _place(question: ListQuestion) -> _Place:
    position = decode_cursor(question.key(), question.cursor) if question.cursor else None
    parts = cast("list[JsonValue]", position) if isinstance(position, list) else []
    if len(parts) != 2 or not isinstance(parts[1], int):
        return _Place()
    return _Place(parts[0] if isinstance(parts[0], dict) else None, parts[1])
