"""Lists of the registry, page by page, with the filters that its own lists lack."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal, cast

from pydantic import Field, JsonValue

from provena_mcp.client.registry import ItemPage
from provena_mcp.errors import MalformedAnswerError
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.counts import RUN_GROUPS, GroupBy, GroupCount, group_counts
from provena_mcp.queries.items.filters import ItemFilter, ItemFilters, make_filter
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.items.rows import Row, row_fields
from provena_mcp.queries.items.run_filters import run_predicates
from provena_mcp.rules.budgets import size_of
from provena_mcp.rules.cursors import decode_cursor, encode_cursor
from provena_mcp.wire.items import JsonObject, RegistryItem
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
    """Where a page starts: after the registry's key, and that many rows further."""

    key: JsonObject | None = None
    skip: int = 0


class _Seen:
    """Which items one answer has looked at, and after which keys it has asked: each counts once."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._keys: set[str] = set()

    def is_new(self, item: RegistryItem) -> bool:
        """Whether no page before had this item: items move to the next page while a list grows."""
        is_new = item.id not in self._ids
        self._ids.add(item.id)
        return is_new

    def forget(self, item: RegistryItem) -> None:
        """Take back an item that is told later."""
        self._ids.discard(item.id)

    def after(self, key: JsonObject | None, answer: ItemPage) -> _Place | None:
        """Where to go on after the page that ``key`` led to.

        Raises:
            MalformedAnswerError: That leads back.
        """
        self._keys.add(json.dumps(key))
        following = answer.pagination_key
        if following is None:
            return None
        if json.dumps(following) in self._keys:
            raise MalformedAnswerError("The registry answers the same page again: its list has no end.")
        return _Place(following)


class _Page:
    """What has been gathered so far, and where to go on."""

    def __init__(self, place: _Place, limit: int, max_tokens: int) -> None:
        self.seen = _Seen()
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
    place, was_doubted = _start(question)
    page = _Page(place, question.limit, max_tokens)
    for _ in range(_MAX_PAGES):
        if page.place is None or page.is_full or not page.wanted:
            break
        await _read_on(reader, question, item_filter, page, page.place)
    # A later page need not say again how many there are.
    rest = None
    if question.cursor is None:
        rest = await _read_rest(reader, question, item_filter, page.place, page.seen)
    unparsable = dict.fromkeys([*page.unparsable, *(rest.unparsable if rest else ())])
    is_doubted = was_doubted or bool(unparsable)
    return ListItemsResult(
        items=tuple(page.rows),
        total=None if rest is None else len(page.rows) + len(rest.kept),
        total_is_minimum=(rest is not None and not (rest.is_all and not unparsable)) or None,
        complete=page.place is None and not is_doubted,
        scanned=page.scanned if item_filter.predicates else None,
        left_out=dict(page.left_out) or None,
        cursor=_cursor(question, page.place, is_doubted=is_doubted) if page.place else None,
        note=_note(is_doubted, None if page.rows else item_filter.doubt),
        unparsable=_shown(unparsable),
    )


def _note(is_doubted: bool, doubt: str | None) -> str | None:
    """What keeps a list from being all, or may."""
    return " ".join(filter(None, (_UNREAD if is_doubted else None, doubt))) or None


def _shown(unparsable: Iterable[str]) -> tuple[str, ...] | None:
    return tuple(islice(filter(None, unparsable), _MOST_UNPARSABLE)) or None


@dataclass(frozen=True)
class _Rest:
    """What passes the filters from a place on, and whether that was looked through to its end."""

    kept: tuple[RegistryItem, ...]
    is_all: bool
    left_out: dict[str, int]
    unparsable: tuple[str, ...]


async def _read_rest(
    reader: Reader,
    question: ListQuestion,
    item_filter: ItemFilter,
    place: _Place | None,
    seen: _Seen,
    pages: int = _COUNTED_PAGES,
) -> _Rest:
    kept: list[RegistryItem] = []
    left_out: Counter[str] = Counter()
    unparsable: list[str] = []
    while place is not None and pages:
        answer = await _ask(reader, question, place.key, _FILTERED_AT_ONCE)
        unparsable.extend(answer.unparsable)
        new = [item for item in answer.items[place.skip :] if seen.is_new(item)]
        kept.extend(item for item in new if item_filter.keeps(item, left_out))
        place = seen.after(place.key, answer)
        pages -= 1
    return _Rest(tuple(kept), place is None, dict(left_out), tuple(unparsable))


async def _grouped(
    reader: Reader, question: ListQuestion, item_filter: ItemFilter, by: GroupBy
) -> ListItemsResult:
    """Only counts: of all that pass, and of each group of them."""
    found = await _read_rest(reader, question, item_filter, _Place(), _Seen(), _GROUPED_PAGES)
    groups, count = await group_counts(reader, found.kept, by)
    return ListItemsResult(
        items=(),
        total=len(found.kept),
        total_is_minimum=not found.is_all or bool(found.unparsable) or None,
        group_by=by,
        groups=groups,
        group_count=count if count > len(groups) else None,
        complete=found.is_all and not found.unparsable,
        left_out=found.left_out or None,
        note=_note(bool(found.unparsable), None if found.kept else item_filter.doubt),
        unparsable=_shown(found.unparsable),
    )


async def _ask(reader: Reader, question: ListQuestion, key: JsonObject | None, size: int) -> ItemPage:
    return await reader.client.registry.list(
        ListRequest(
            filter_by=ListFilter(item_subtype=question.only),
            sort_by=ListSort(sort_type=_SORT[question.sort_by], ascending=question.sort_by == "name"),
            pagination_key=key,
            page_size=size,
        )
    )


async def _read_on(
    reader: Reader, question: ListQuestion, item_filter: ItemFilter, page: _Page, place: _Place
) -> None:
    """Read one page of the registry; where it holds more than fits, go on within it next time."""
    size = _FILTERED_AT_ONCE if item_filter.predicates else place.skip + page.wanted
    answer = await _ask(reader, question, place.key, size)
    page.unparsable.extend(answer.unparsable)
    page.place = page.seen.after(place.key, answer)
    for position, item in enumerate(answer.items[place.skip :], start=place.skip):
        reader.names.remember(reader.caller, item)
        if not page.seen.is_new(item):
            continue
        if item_filter.keeps(item, page.left_out) and not page.takes(Row(**row_fields(item))):
            page.seen.forget(item)
            page.place = _Place(place.key, position)
            return
        page.scanned += 1


def _cursor(question: ListQuestion, place: _Place, *, is_doubted: bool) -> str:
    return encode_cursor(question.key(), [place.key, place.skip, is_doubted])


def _start(question: ListQuestion) -> tuple[_Place, bool]:
    """Where the page asked for starts, and whether a page before met records that are not valid."""
    position = decode_cursor(question.key(), question.cursor) if question.cursor else None
    parts = cast("list[JsonValue]", position) if isinstance(position, list) else []
    if len(parts) != 3 or not isinstance(parts[1], int):
        return _Place(), False
    return _Place(parts[0] if isinstance(parts[0], dict) else None, parts[1]), parts[2] is True
