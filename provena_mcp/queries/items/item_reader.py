"""Reads many registry items for one answer: each once, none that fails spoiling the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from provena_mcp.errors import (
    MalformedItemError,
    NotFoundError,
    NotLoggedInError,
    ProvenaError,
    UpstreamError,
)
from provena_mcp.queries.items.fetch import Reader
from provena_mcp.queries.items.names import unreadable_because
from provena_mcp.rules.records.references import Found, Outcome, RefusalKind, Refused
from provena_mcp.wire.items import RegistryItem, VersioningInfo
from provena_mcp.wire.registry import ListFilter, ListRequest
from provena_mcp.wire.subtypes import ItemSubtype

_PAGE_SIZE: Final = 200
# The registry has no batch fetch (provena-http 7.10): a page of a list pays from about this many on.
_WORTH_A_PAGE: Final = 25
_MAX_CHAIN: Final = 20


class Records:
    """What reading has found so far, id by id."""

    def __init__(self, reader: Reader, *, needs_all: bool = False) -> None:
        """Read as ``reader`` does; with ``needs_all`` a service that fails fails the reading."""
        self._reader = reader
        self._needs_all = needs_all
        self._known: dict[str, Outcome] = {}
        self._failed: set[str] = set()

    @property
    def known(self) -> Mapping[str, Outcome]:
        """Found or refused, for every id that was looked up."""
        return self._known

    @property
    def incomplete_because(self) -> str | None:
        """How many items nothing is known of, because a service failed or answered what cannot be read."""
        count = len(self._failed)
        return f"the service failed to answer for {count} item{'s' if count > 1 else ''}" if count else None

    def item(self, item_id: str) -> RegistryItem | None:
        """An item that was read and found."""
        outcome = self._known.get(item_id)
        return outcome.item if isinstance(outcome, Found) else None

    def is_gone(self, item_id: str) -> bool:
        """Whether the registry was asked for an item and does not hold it."""
        outcome = self._known.get(item_id)
        return isinstance(outcome, Refused) and outcome.kind == "unknown"

    async def read(self, ids: Iterable[str]) -> None:
        """Look up what was not looked up yet.

        Raises:
            NotLoggedInError: Nobody is logged in.
            UpstreamError: A service failed, where everything is needed.
        """
        wanted = [item_id for item_id in dict.fromkeys(ids) if item_id and item_id not in self._known]
        outcomes = await asyncio.gather(*(self._fetch(item_id) for item_id in wanted))
        self._known.update(zip(wanted, outcomes, strict=True))

    async def read_listed(
        self, ids: Iterable[str], subtype: ItemSubtype, *, most_pages: int, most_fetches: int
    ) -> None:
        """Look up many items of one subtype, those that matter most first.

        Pages of the registry's list are read as long as each saves more fetches than it costs, then the
        first of what is left are fetched; the others are left alone.
        """
        left = [item_id for item_id in dict.fromkeys(ids) if item_id not in self._known]
        request = ListRequest(filter_by=ListFilter(item_subtype=subtype), page_size=_PAGE_SIZE)
        for _ in range(most_pages):
            if len(left) <= _WORTH_A_PAGE:
                break
            page = await self._reader.client.registry.list(request)
            for item in page.items:
                self._keep(item)
            before = len(left)
            left = [item_id for item_id in left if item_id not in self._known]
            if page.pagination_key is None or before - len(left) < _WORTH_A_PAGE // 2:
                break
            request = request.model_copy(update={"pagination_key": page.pagination_key})
        await self.read(left[:most_fetches])

    async def read_newer_versions(self, ids: Iterable[str]) -> None:
        """Look up what replaced each of ``ids``, and what replaced that, up to the latest."""
        await self._read_chain(ids, lambda version: version.next_version)

    async def read_older_versions(self, ids: Iterable[str]) -> None:
        """Look up what each of ``ids`` replaced, and what that replaced, down to the first."""
        await self._read_chain(ids, lambda version: version.previous_version)

    async def _read_chain(
        self, ids: Iterable[str], neighbour: Callable[[VersioningInfo], str | None]
    ) -> None:
        rim: set[str] = set(ids)
        for _ in range(_MAX_CHAIN):
            found = [neighbour(place) for item_id in rim if (place := self._place_of(item_id)) is not None]
            rim = {other for other in found if other and other not in self._known}
            if not rim:
                return
            await self.read(sorted(rim))

    def _place_of(self, item_id: str) -> VersioningInfo | None:
        item = self.item(item_id)
        return item.versioning_info if item else None

    async def _fetch(self, item_id: str) -> Outcome:
        try:
            item = await self._reader.client.registry.fetch(item_id)
        except NotLoggedInError:
            raise
        except UpstreamError as error:
            if self._needs_all and not isinstance(error, MalformedItemError):
                raise
            self._failed.add(item_id)
            return Refused(_kind_of(error), unreadable_because(error))
        except ProvenaError as error:
            return Refused(_kind_of(error), unreadable_because(error))
        return self._keep(item)

    def _keep(self, item: RegistryItem) -> Found:
        self._reader.names.remember(self._reader.caller, item)
        found = Found(item)
        self._known[item.id] = found
        return found


def _kind_of(error: ProvenaError) -> RefusalKind:
    if isinstance(error, NotFoundError):
        return "unknown"
    return "malformed" if isinstance(error, MalformedItemError) else "unreadable"
