"""Registry items exactly as they are sent, for those who keep copies (provena-http 7.3, 7.5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import ClassVar, Final, Literal

import anyio
import httpx

from provena_mcp.client.checks import ListWalk
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import ServiceApi, list_call, parsed, require_success, required
from provena_mcp.errors import DeadlineError, MalformedAnswerError, UnavailableError
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.registry import FetchAnswer, ListAnswer, ListFilter, ListRequest, ListSort

Order = Literal["CREATED_TIME", "UPDATED_TIME"]

# The registry looks up rights item by item, and a gateway gives it 30 s for a page.
PAGE_SIZE: Final = 100
# A registry has no end that is known beforehand; a page that comes twice still ends it.
_MOST_PAGES: Final = 10**8
_MOST_BYTES: Final = 2**63
# A stray key of the registry's index, in some answers only.
_STRAY: Final = "universal_partition_key"


@dataclass(frozen=True, slots=True)
class RawPage:
    """A page of stored items; it may be empty although more follow.

    ``answered`` is the time at the service in Unix seconds, none where its answer does not say.
    """

    items: tuple[JsonObject, ...]
    pagination_key: JsonObject | None
    answered: float | None


class RawItems(ServiceApi):
    """Lists and fetches items, seeds included, as JSON."""

    service: ClassVar[Service] = "registry"

    async def fetch(self, item_id: str) -> JsonObject:
        """One item.

        Raises:
            NotFoundError: No item has this id.
            ForbiddenError: The caller may not read it.
            MalformedAnswerError: Another item is answered, or none although it says success.
        """
        call = Call(
            service="registry",
            method="GET",
            path="/registry/general/fetch",
            name="fetch an item",
            params={"id": required(item_id, "id")},
            subjects=(item_id,),
        )
        answer = await self._ask(call, FetchAnswer)
        require_success(call, answer.status)
        if answer.item is None or answer.item.get("id") != item_id:
            raise malformed(call, "another item than the one asked for")
        return _stored(answer.item)

    async def first_page(self, order: Order, *, ascending: bool, key: JsonObject | None = None) -> RawPage:
        """The first page of ``pages``."""
        return await _Listing(self, order, ascending=ascending).page(key)

    async def pages(
        self, order: Order, *, ascending: bool, key: JsonObject | None = None
    ) -> AsyncGenerator[RawPage]:
        """Page after page of all items that the caller may read, from the page after ``key`` on.

        From the second page on the next is asked for while one is worked on. Pages that are too large, or
        take too long, are asked for again in smaller ones.

        Raises:
            MalformedAnswerError: A page comes again.
        """
        listing = _Listing(self, order, ascending=ascending)
        page = await listing.page(key)
        yield page
        if page.pagination_key is None:
            return
        coming = asyncio.create_task(listing.page(page.pagination_key))
        try:
            while True:
                page = await coming
                if page.pagination_key is None:
                    break
                coming = asyncio.create_task(listing.page(page.pagination_key))
                yield page
            yield page
        finally:
            coming.cancel()
            # A deadline cancels whoever waits again and again.
            with anyio.CancelScope(shield=True):
                await asyncio.wait({coming})
            if not coming.cancelled():
                coming.exception()

    async def page(self, request: ListRequest) -> tuple[RawPage, int]:
        """One page, and how many bytes it had."""
        call = list_call(request)
        response = await self._connection.fetch(call)
        answer = parsed(call, response, ListAnswer)
        require_success(call, answer.status)
        if answer.items is None:
            raise malformed(call, "success, but no items")
        items = tuple(map(_stored, answer.items))
        return RawPage(items, answer.pagination_key, _time_of(response)), len(response.content)


class _Listing:
    """One way through the pages, whose size follows what the registry manages to answer."""

    def __init__(self, items: RawItems, order: Order, *, ascending: bool) -> None:
        self._items = items
        self._request = ListRequest(
            filter_by=ListFilter(record_type="ALL"),
            sort_by=ListSort(sort_type=order, ascending=ascending),
            page_size=PAGE_SIZE,
        )
        self._walk = ListWalk(list_call(self._request), max_pages=_MOST_PAGES, max_bytes=_MOST_BYTES)
        self._size = PAGE_SIZE

    async def page(self, key: JsonObject | None) -> RawPage:
        while True:
            asked = {"pagination_key": key, "page_size": self._size}
            try:
                page, size = await self._items.page(self._request.model_copy(update=asked))
            except (MalformedAnswerError, DeadlineError, UnavailableError):
                if self._size == 1:
                    raise
                self._size = max(1, self._size // 10)
                continue
            self._walk.note(page.pagination_key, size)
            self._size = min(PAGE_SIZE, self._size * 2)
            return page


def _stored(raw: JsonObject) -> JsonObject:
    return {name: value for name, value in raw.items() if name != _STRAY} if _STRAY in raw else raw


def _time_of(response: httpx.Response) -> float | None:
    try:
        return parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None
