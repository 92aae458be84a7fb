"""What the service APIs share: how each asks its service, and the one way through the pages of its lists.

No caller follows a page's key by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, Generic, Protocol, TypeVar

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from provena_mcp.client.checks import UNMARKED, ListWalk, Mark, distinct_items
from provena_mcp.client.http.connection import Sender
from provena_mcp.client.http.errors_from_http import failure_of_status
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.http.upstream_words import is_web_page
from provena_mcp.errors import ArgumentError, MalformedItemError, UpstreamError
from provena_mcp.wire.base import HealthAnswer, Status
from provena_mcp.wire.items import JsonObject, RegistryItem, parse_item
from provena_mcp.wire.registry import ListAnswer, ListRequest

Model = TypeVar("Model", bound=BaseModel)


class ServiceApi:
    """One service of a Provena, over the shared connection."""

    service: ClassVar[Service]

    def __init__(self, connection: Sender) -> None:
        """Call the service over ``connection``."""
        self._connection = connection

    async def health(self) -> HealthAnswer:
        """What the service's root says; needs no login.

        Raises:
            UpstreamError: The service is down, or something else is at its address.
        """
        call = Call(
            service=self.service,
            method="GET",
            path="/",
            name="check that it is up",
            role="any",
            token="welcome",
        )
        return await self._ask(call, HealthAnswer)

    async def _ask(self, call: Call, model: type[Model]) -> Model:
        return parsed(call, await self._connection.fetch(call), model)

    async def _ask_page(self, call: Call, model: type[Model]) -> tuple[Model, int]:
        """The answer, and how many bytes it had."""
        response = await self._connection.fetch(call)
        return parsed(call, response, model), len(response.content)

    async def _fetch_file(self, call: Call) -> bytes:
        response = await self._connection.fetch(call)
        if is_web_page(response):
            raise malformed(call, "a web page instead of a file, as a login or proxy page would be")
        return response.content


def parsed(call: Call, response: httpx.Response, model: type[Model]) -> Model:
    """The answer as a ``model``.

    Raises:
        MalformedAnswerError: It is not JSON, is cut short, or has another shape.
        AmbiguousWriteError: The same, of a write: it has probably happened.
    """
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        # Not chained: pydantic's text quotes the input, which may hold a token.
        raise unreadable(call, response, error) from None


def unreadable(call: Call, response: httpx.Response, error: ValidationError) -> UpstreamError:
    """The error for a response that does not have the shape its route promises."""
    if is_web_page(response):
        return malformed(call, "a web page instead of JSON, as a login or proxy page would be")
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return malformed(call, "not JSON, or cut short" if response.content else "nothing at all")
    place = ".".join(str(part) for part in first["loc"][:6])
    return malformed(call, f"JSON of another shape, first at {place or 'its root'!r}")


def require_success(call: Call, status: Status | None) -> None:
    """Raise what ``success: false`` in a 200 means (provena-http 3.1).

    Raises:
        CallerError: Of the class that the status's details tell.
    """
    if status is not None and not status.success:
        raise failure_of_status(call, status)


def encoded(model: BaseModel) -> bytes:
    """A request model as JSON; what is not set is left out."""
    return model.model_dump_json(exclude_none=True).encode()


def required(text: str, parameter: str) -> str:
    """``text``, which is not blank: services answer a blank id with a bare 500 (provena-http 7.3).

    Raises:
        ArgumentError: It is blank.
    """
    if not text.strip():
        raise ArgumentError(f"{parameter} is blank.", parameter=parameter, advice="Give a handle or an id.")
    return text


def item_of(call: Call, raw: JsonObject | None) -> RegistryItem:
    """The registry item in an answer.

    Raises:
        MalformedAnswerError: There is none.
        MalformedItemError: It lacks what its subtype needs.
    """
    if raw is None:
        raise malformed(call, "success, but no item")
    try:
        return parse_item(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"][:6])
        raise malformed(call, f"an item that lacks or misspells {place!r}", MalformedItemError) from None


class PagedAnswer(Protocol):
    """What the pages of all lists have."""

    @property
    def pagination_key(self) -> JsonObject | None:
        """The key of the page that follows, if one does."""
        ...

    @property
    def size(self) -> int:
        """How many bytes its answer had."""
        ...


PageT = TypeVar("PageT", bound=PagedAnswer)


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where a list is read from: its beginning, or where an earlier walk stopped."""

    key: JsonObject | None = None
    mark: Mark = UNMARKED

    def as_json(self) -> list[JsonValue]:
        """The place as a cursor can carry it."""
        return [self.key, self.mark.count, self.mark.digest]

    @classmethod
    def from_json(cls, held: JsonValue) -> ListPlace | None:
        """The place that ``as_json`` wrote down; none if it is something else."""
        match held:
            case [(dict() | None) as key, int() as count, str() as digest]:
                return cls(key, Mark(count, digest))
            case _:
                return None


BEGINNING: Final = ListPlace()


class Pages(Generic[PageT]):
    """Page after page of one list, from a place on, as many as the caller asks for."""

    def __init__(
        self, call: Call, read: Callable[[JsonObject | None, int], Awaitable[PageT]], start: ListPlace
    ) -> None:
        """Go through the list that ``call`` names; ``read`` asks for so many rows after a key."""
        self.place: ListPlace | None = start
        self._read = read
        self._walk = ListWalk(call, start.key, start.mark)

    async def next_page(self, rows: int) -> PageT | None:
        """The page at ``place``, of so many ``rows``; none after the last.

        Raises:
            MalformedAnswerError: A page comes again, or there is no end to them.
        """
        return None if self.place is None else await self.page_at(self.place, rows)

    async def page_at(self, place: ListPlace, rows: int) -> PageT:
        """The page at ``place``, where the walk goes on behind it; errors as ``next_page``."""
        page = await self._read(place.key, rows)
        self._walk.note(page.pagination_key, page.size)
        self.place = None if page.pagination_key is None else ListPlace(page.pagination_key, self._walk.mark)
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
