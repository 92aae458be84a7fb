"""Lists of the registry, page by page, with the filters that its own lists lack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

from pydantic import Field

from provena_mcp.client.service import BEGINNING, ListPlace
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.counts import RUN_GROUPS, GroupBy, GroupCount, group_counts
from provena_mcp.queries.items.filters import ItemFilter, ItemFilters, make_filter
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.items.rows import Row, row_fields
from provena_mcp.queries.items.run_filters import run_predicates
from provena_mcp.rules.budgets import size_of
from provena_mcp.rules.cursors import decode_cursor, encode_cursor, foreign_cursor
from provena_mcp.wire.items import RegistryItem
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
_FILTERED_AT_ONCE: Final = 100
# Further pages that are read to say how many items there are, and to group them.
_COUNTED_PAGES: Final = 20
_GROUPED_PAGES: Final = 200
_MOST_UNPARSABLE: Final = 20
_UNREAD: Final = "Items whose record is not valid could not be read; they may belong here too."


class ListItemsResult(Brief):
    """A page of items."""

    items: tuple[Row, ...]
    total: int | None = Field(default=None, description="All that pass, shown or not.")
    total_is_minimum: bool | None = Field(default=None, description="There are more than were counted.")
    group_by: str | None = None
    groups: tuple[GroupCount, ...] | None = Field(default=None, description="Largest first; months in order.")
    group_count: int | None = Field(default=None, description="All groups, if not all are shown.")
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
    group_by: GroupBy | None = None

    @property
    def only(self) -> ItemSubtype | None:
        """The only subtype that can be on the list: what only runs state is looked for in runs."""
        of_runs = self.group_by in RUN_GROUPS or self.filters.is_of_runs
        return "MODEL_RUN" if self.subtype is None and of_runs else self.subtype

    def key(self) -> str:
        """The question a cursor belongs to."""
        return f"list:{self.filters.digest(self.subtype, self.sort_by, self.group_by)}"


@dataclass(frozen=True)
class _Place:
    """Where a page starts: at a page of the registry's, and that many rows further."""

    page: ListPlace = BEGINNING
    skip: int = 0


Found = list[tuple[_Place, RegistryItem]]


class _Source:
    """The items of the registry's list from a place on, each once, with the place of each."""

    def __init__(self, reader: Reader, question: ListQuestion, start: _Place) -> None:
        self.unparsable: list[str] = []
        request = ListRequest(
            filter_by=ListFilter(item_subtype=question.only),
            sort_by=ListSort(sort_type=_SORT[question.sort_by], ascending=question.sort_by == "name"),
        )
        self._walk = reader.client.registry.walk(request, start.page)
        self._next: _Place | None = start
        self._left: Found = []

    @property
    def place(self) -> _Place | None:
        """Where what was not read yet begins; none after the last item."""
        return self._left[0][0] if self._left else self._next

    async def read(self, rows: int) -> Found:
        """What was put back, or the next page of the registry's, with so many rows."""
        if self._left or self._next is None:
            left, self._left = self._left, []
            return left
        start = self._next
        page = await self._walk.page_at(start.page, start.skip + rows)
        self.unparsable.extend(page.unparsable)
        self._next = None if self._walk.place is None else _Place(self._walk.place)
        rest = enumerate(page.items[start.skip :], start=start.skip)
        return [(_Place(start.page, at), item) for at, item in rest if self._walk.is_new(item.id)]

    def put_back(self, found: Found) -> None:
        """Have the last of what was read read again."""
        self._left = found


class _Page:
    """What has been gathered so far."""

    def __init__(self, limit: int, max_tokens: int) -> None:
        self.rows: list[Row] = []
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
        self._tokens_left -= size_of(row)
        if self.rows and (self._tokens_left < 0 or not self.wanted):
            self.is_full = True
            return False
        self.rows.append(row)
        return True


async def list_items(reader: Reader, question: ListQuestion, max_tokens: int) -> ListItemsResult:
    """A page of complete items that pass the filters, newest first (or by name, A first).

    Raises:
        ArgumentError: A filter cannot be meant.
        CursorError: The cursor belongs to another list.
    """
    item_filter = await make_filter(reader, question.filters, question.only)
    item_filter = replace(
        item_filter, predicates=(*item_filter.predicates, *await run_predicates(reader, question.filters))
    )
    if question.group_by is not None:
        return await _grouped(reader, question, item_filter, question.group_by)
    place, was_unread = _start(question)
    source, page = _Source(reader, question, place), _Page(question.limit, max_tokens)
    for _ in range(_MAX_PAGES):
        if source.place is None or page.is_full or not page.wanted:
            break
        await _read_on(reader, source, item_filter, page)
    end = source.place
    # A later page need not say again how many there are.
    rest = await _read_rest(source, item_filter, _COUNTED_PAGES) if question.cursor is None else None
    unparsable = dict.fromkeys(source.unparsable)
    is_unread = was_unread or bool(unparsable)
    is_doubted = is_unread or item_filter.unsure is not None
    return ListItemsResult(
        items=tuple(page.rows),
        total=None if rest is None else len(page.rows) + len(rest.kept),
        total_is_minimum=(rest is not None and not (rest.is_all and not is_doubted)) or None,
        complete=end is None and not is_doubted,
        scanned=page.scanned if item_filter.predicates else None,
        left_out=dict(page.left_out) or None,
        cursor=_cursor(question, end, is_unread=is_unread) if end else None,
        note=_note(item_filter, is_empty=not page.rows, is_unread=is_unread),
        unparsable=_shown(unparsable),
    )


def _note(item_filter: ItemFilter, *, is_empty: bool, is_unread: bool) -> str | None:
    """What keeps a list from being all, or may."""
    doubts = (_UNREAD if is_unread else None, item_filter.unsure, item_filter.doubt if is_empty else None)
    return " ".join(filter(None, doubts)) or None


def _shown(unparsable: Iterable[str]) -> tuple[str, ...] | None:
    return tuple(islice(filter(None, unparsable), _MOST_UNPARSABLE)) or None


@dataclass(frozen=True)
class _Rest:
    """What passes the filters from a place on, and whether that was looked through to its end."""

    kept: tuple[RegistryItem, ...]
    is_all: bool
    left_out: dict[str, int]


async def _read_rest(source: _Source, item_filter: ItemFilter, pages: int) -> _Rest:
    kept: list[RegistryItem] = []
    left_out: Counter[str] = Counter()
    for _ in range(pages):
        if source.place is None:
            break
        found = await source.read(_FILTERED_AT_ONCE)
        kept.extend(item for _, item in found if item_filter.keeps(item, left_out))
    return _Rest(tuple(kept), source.place is None, dict(left_out))


async def _grouped(
    reader: Reader, question: ListQuestion, item_filter: ItemFilter, by: GroupBy
) -> ListItemsResult:
    """Only counts: of all that pass, and of each group of them."""
    source = _Source(reader, question, _Place())
    found = await _read_rest(source, item_filter, _GROUPED_PAGES)
    groups, count = await group_counts(reader, found.kept, by)
    is_all = found.is_all and not source.unparsable and item_filter.unsure is None
    return ListItemsResult(
        items=(),
        total=len(found.kept),
        total_is_minimum=not is_all or None,
        group_by=by,
        groups=groups,
        group_count=count if count > len(groups) else None,
        complete=is_all,
        left_out=found.left_out or None,
        note=_note(item_filter, is_empty=not found.kept, is_unread=bool(source.unparsable)),
        unparsable=_shown(source.unparsable),
    )


async def _read_on(reader: Reader, source: _Source, item_filter: ItemFilter, page: _Page) -> None:
    """Read one page of the registry; where it holds more than fits, that is left to be read again."""
    found = await source.read(_FILTERED_AT_ONCE if item_filter.predicates else page.wanted)
    for number, (_, item) in enumerate(found):
        reader.names.remember(reader.caller, item)
        if item_filter.keeps(item, page.left_out) and not page.takes(Row(**row_fields(item))):
            source.put_back(found[number:])
            return
        page.scanned += 1


def _cursor(question: ListQuestion, place: _Place, *, is_unread: bool) -> str:
    return encode_cursor(question.key(), [place.page.as_json(), place.skip, is_unread])


def _start(question: ListQuestion) -> tuple[_Place, bool]:
    """Where the page asked for starts, and whether a page before met records that are not valid."""
    if question.cursor is None:
        return _Place(), False
    match decode_cursor(question.key(), question.cursor):
        case [page, int() as skip, bool() as was_unread] if place := ListPlace.from_json(page):
            return _Place(place, skip), was_unread
        case _:
            raise foreign_cursor()
