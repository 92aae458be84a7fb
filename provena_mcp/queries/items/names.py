"""Display names of items: few calls, remembered per caller, never a failed answer.

A lineage graph holds ids only and the registry has no batch fetch (provena-http 7.10), so a hundred
names would be a hundred calls. A page of the registry's list carries a hundred items at once:
where many names of one subtype are missing, pages are read as long as each saves more fetches
than it costs.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from provena_mcp.client import RegistryApi
from provena_mcp.errors import AccessError, NotFoundError, ProvenaError, UpstreamError
from provena_mcp.queries.cache import BoundedCache, Clock
from provena_mcp.queries.items.briefs.models import utc
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import DatasetItem, ModelRunItem, RegistryItem
from provena_mcp.wire.registry import ListFilter, ListRequest
from provena_mcp.wire.subtypes import SUBTYPES, ItemSubtype

NAME_LENGTH: Final = 120
_VERSION_LENGTH: Final = 24
_DAY_LENGTH: Final = 10
_PAGE_SIZE: Final = 100
_WORTH_A_PAGE: Final = 12
_MAX_PAGES: Final = 5
_MAX_FETCHES: Final = 400
_ENTRIES: Final = 50_000
_SECONDS: Final = 600.0


@dataclass(frozen=True)
class Named:
    """What a list shows of an item: its display name, its registry subtype, and what tells it from its like.

    Attributes:
        release: Of a dataset, its release status.
        version: ``v2`` where there are several; of a run the version it states of its model.
        day: Of a dataset when it was made, of a run when it started: ``YYYY-MM-DD``.
    """

    name: str
    subtype: str
    release: str | None = None
    version: str | None = None
    day: str | None = None


@dataclass(frozen=True)
class NamesFound:
    """Names by id, and the reason for each that could not be read."""

    named: Mapping[str, Named] = field(default_factory=dict[str, Named])
    unreadable: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def names(self) -> dict[str, str]:
        """Display names by id."""
        return {item_id: named.name for item_id, named in self.named.items()}


class Names:
    """Looks names up over the shared client."""

    def __init__(self, registry: RegistryApi, *, clock: Clock) -> None:
        """Read names from ``registry``; ``clock`` gives monotonic seconds."""
        self._registry = registry
        self._cache: BoundedCache[tuple[str, str], Named] = BoundedCache(
            entries=_ENTRIES, seconds=_SECONDS, clock=clock
        )

    async def of(self, caller: str, wanted: Mapping[str, str]) -> NamesFound:
        """Names of ``wanted`` (id -> subtype, empty if not known) as ``caller`` may read them."""
        named: dict[str, Named] = {}
        missing: dict[str, str] = {}
        for item_id, subtype in wanted.items():
            known = self._cache.get((caller, item_id))
            if known is None:
                missing[item_id] = subtype
            else:
                named[item_id] = known
        named.update(await self._from_lists(caller, missing))
        left = [item_id for item_id in missing if item_id not in named]
        unreadable = dict.fromkeys(left[_MAX_FETCHES:], "not looked up: too many at once")
        left = left[:_MAX_FETCHES]
        for item_id, outcome in zip(left, await self._fetch_all(caller, left), strict=True):
            if isinstance(outcome, Named):
                named[item_id] = outcome
            else:
                unreadable[item_id] = outcome
        return NamesFound(named, unreadable)

    async def of_ids(self, caller: str, ids: Iterable[str]) -> NamesFound:
        """Names of items whose subtype is not known."""
        return await self.of(caller, dict.fromkeys(ids, ""))

    def known(self, caller: str, ids: Iterable[str]) -> dict[str, Named]:
        """Those of ``ids`` whose names ``caller`` has read lately, without asking for the others."""
        found = {item_id: self._cache.get((caller, item_id)) for item_id in ids}
        return {item_id: named for item_id, named in found.items() if named is not None}

    def remember(self, caller: str, item: RegistryItem) -> Named:
        """Keep the name of an item that was read for another reason."""
        release = (item.release_status or "NOT_RELEASED") if isinstance(item, DatasetItem) else None
        name = clean(item.display_name or "", NAME_LENGTH)
        named = Named(name, item.item_subtype, release, _version_of(item), _day_of(item))
        self._cache.put((caller, item.id), named)
        return named

    def forget(self, caller: str, item_id: str) -> None:
        """Read the name anew next time: the item has been changed."""
        self._cache.discard((caller, item_id))

    async def _fetch_all(self, caller: str, ids: list[str]) -> list[Named | str]:
        return await asyncio.gather(*(self._fetch(caller, item_id) for item_id in ids))

    async def _fetch(self, caller: str, item_id: str) -> Named | str:
        try:
            return self.remember(caller, await self._registry.fetch(item_id))
        except ProvenaError as error:
            return unreadable_because(error)

    async def _from_lists(self, caller: str, missing: Mapping[str, str]) -> dict[str, Named]:
        counts = Counter(missing.values())
        worth: list[ItemSubtype] = [kind for kind in SUBTYPES if counts[kind] >= _WORTH_A_PAGE]
        pages = await asyncio.gather(*(self._list(caller, subtype, missing) for subtype in worth))
        return {item_id: named for found in pages for item_id, named in found.items()}

    async def _list(self, caller: str, subtype: ItemSubtype, missing: Mapping[str, str]) -> dict[str, Named]:
        left = {item_id for item_id, kind in missing.items() if kind == subtype}
        found: dict[str, Named] = {}
        request = ListRequest(filter_by=ListFilter(item_subtype=subtype), page_size=_PAGE_SIZE)
        for _ in range(_MAX_PAGES):
            try:
                page = await self._registry.list(request)
            except ProvenaError:
                break  # the fetches that follow say why, id by id
            read = {item.id: self.remember(caller, item) for item in page.items}
            hits = left & read.keys()
            found.update({item_id: read[item_id] for item_id in hits})
            left -= hits
            if page.pagination_key is None or len(hits) < _WORTH_A_PAGE or len(left) < _WORTH_A_PAGE:
                break
            request = request.model_copy(update={"pagination_key": page.pagination_key})
        return found


def _version_of(item: RegistryItem) -> str | None:
    if isinstance(item, ModelRunItem):
        return clean(item.record.model_version or "", _VERSION_LENGTH) or None
    versions = item.versioning_info
    has_others = versions is not None and (versions.version > 1 or versions.next_version is not None)
    return f"v{versions.version}" if versions is not None and has_others else None


def _day_of(item: RegistryItem) -> str | None:
    if isinstance(item, ModelRunItem):
        started = utc(item.record.start_time)
        return started[:10] if started else None
    if isinstance(item, DatasetItem):
        made = item.collection_format.dataset_info.created_date
        return clean(made.value, _DAY_LENGTH) if made and made.value else None
    return None


def unreadable_because(error: ProvenaError) -> str:
    """One or two words for why a name could not be read."""
    if isinstance(error, NotFoundError):
        return "not in the registry"
    if isinstance(error, AccessError):
        return "no permission"
    return "service unavailable" if isinstance(error, UpstreamError) else "not readable"
