"""Pages of lists, and the one way through them: no caller follows a page's key by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from pydantic import JsonValue, ValidationError

from provena_mcp.client.checks import UNMARKED, Mark, Walk, distinct_items
from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import encoded
from provena_mcp.wire.items import JsonObject, RegistryItem, parse_item
from provena_mcp.wire.registry import ListAnswer, ListRequest


class Page(Protocol):
    """What the pages of all lists have."""

    @property
    def pagination_key(self) -> JsonObject | None:
        """The key of the page that follows, if one does."""
        ...

    @property
    def size(self) -> int:
        """How many bytes its answer had."""
        ...


PageT = TypeVar("PageT", bound=Page)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list is read from: its beginning, or where an earlier walk stopped."""

    key: JsonObject | None = None
    mark: Mark = UNMARKED

    def as_json(self) -> list[JsonValue]:
        """The place as a cursor can carry it."""
        return [self.key, self.mark.count, self.mark.digest]

    @classmethod
    def from_json(cls, held: JsonValue) -> Place | None:
        """The place that ``as_json`` wrote down; none if it is something else."""
        match held:
            case [(dict() | None) as key, int() as count, str() as digest]:
                return cls(key, Mark(count, digest))
            case _:
                return None


BEGINNING: Final = Place()


class Pages(Generic[PageT]):
    """Page after page of one list, from a place on, as many as the caller asks for."""

    def __init__(
        self, call: Call, read: Callable[[JsonObject | None, int], Awaitable[PageT]], start: Place
    ) -> None:
        """Go through the list that ``call`` names; ``read`` asks for so many rows after a key."""
        self.place: Place | None = start
        self._read = read
        self._walk = Walk(call, start.key, start.mark)

    async def next_page(self, rows: int) -> PageT | None:
        """The page at ``place``, of so many ``rows``; none after the last.

        Raises:
            MalformedAnswerError: A page comes again, or there is no end to them.
        """
        return None if self.place is None else await self.page_at(self.place, rows)

    async def page_at(self, place: Place, rows: int) -> PageT:
        """The page at ``place``, where the walk goes on behind it; errors as ``next_page``."""
        page = await self._read(place.key, rows)
        self._walk.note(page.pagination_key, page.size)
        self.place = None if page.pagination_key is None else Place(page.pagination_key, self._walk.mark)
        return page

    def is_new(self, row_id: str) -> bool:
        """Whether no page before had this row: rows move to the next page while a list grows."""
        return self._walk.is_new(row_id)


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row of a list that is no valid item; ``id`` is empty and ``created`` none where it tells neither."""

    id: str
    created: float | None = None

    @classmethod
    def of(cls, raw: JsonObject) -> UnreadRow:
        """What is known of the row ``raw``."""
        named, created = raw.get("id"), raw.get("created_timestamp")
        if isinstance(created, bool) or not isinstance(created, int | float):
            created = None
        return cls(named if isinstance(named, str) else "", created)

    def may_be_since(self, since: float) -> bool:
        """Whether the item may have been created at ``since`` (Unix seconds) or later."""
        return self.created is None or not self.created < since


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of a list, each item once; it may be empty although more follow, as its ``pagination_key`` says.

    ``size`` is that of the answer, in bytes.
    """

    items: tuple[RegistryItem, ...]
    unread: tuple[UnreadRow, ...] = ()
    pagination_key: JsonObject | None = None
    size: int = field(default=0, compare=False)

    @property
    def unparsable(self) -> tuple[str, ...]:
        """Ids of the rows that are no valid items; empty where a row tells none."""
        return tuple(row.id for row in self.unread)


def list_call(request: ListRequest) -> Call:
    """The call that asks for a page of items of any subtype."""
    return Call(
        service="registry",
        method="POST",
        path="/registry/general/list",
        name="list items",
        body=encoded(request),
    )


def item_page(
    call: Call, answer: ListAnswer, raw_items: Sequence[JsonObject] | None, subtype: str | None, size: int
) -> ItemPage:
    """What ``answer`` says of ``raw_items``, all of ``subtype`` if one is given; it had ``size`` bytes."""
    if raw_items is None:
        raise malformed(call, "success, but no items")
    items: list[RegistryItem] = []
    unread: list[UnreadRow] = []
    for raw in raw_items:
        try:
            items.append(parse_item(raw))
        except ValidationError:
            unread.append(UnreadRow.of(raw))
    found = distinct_items(call, items, subtype)
    return ItemPage(found, tuple(unread), answer.pagination_key, size)
