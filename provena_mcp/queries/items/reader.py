"""Reads registry items on behalf of one caller; caches their names, and items read a moment ago."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from provena_mcp.errors import ForbiddenError, MalformedItemError, NotFoundError, ProvenaError
from provena_mcp.queries.cache import BoundedCache, Clock
from provena_mcp.queries.items.item_reader import LOGIN_ONLY, NOTHING, ItemReader, Needs, unreadable_because
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.text import clean
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import DatasetItem, ModelRunItem, RegistryItem
from provena_mcp.wire.registry import ListRequest

if TYPE_CHECKING:
    from provena_mcp.client import ProvenaClient, RegistryApi

_VERSION_LENGTH: Final = 24
_DAY_LENGTH: Final = 10
_MAX_FETCHES: Final = 400
_ENTRIES: Final = 50_000
_SECONDS: Final = 600.0
# That an item is gone, private or malformed lasts, though it may be mended at any time.
_LASTING: Final = (NotFoundError, ForbiddenError, MalformedItemError)
_LASTING_SECONDS: Final = 60.0
_RECENT_ITEMS: Final = 1_000
# From this many on, the one list that says whether they have changed costs less than reading them again.
_WORTH_A_LIST: Final = 3
# How it came about, and a key of the registry's own that lists do not show (provena-http 7.3).
_NOT_STATED: Final = frozenset({"history", "universal_partition_key"})
_PAGE: Final = 25
# How far the registry's clock may be from ours, in seconds.
_SKEW: Final = 300.0


@dataclass(frozen=True)
class Named:
    """What a list shows of an item: its display name, its subtype, and what distinguishes it from namesakes.

    Attributes:
        release: Of a dataset, its release status.
        version: ``v2`` where there are several; of a run the version it states of its model.
        day: Of a dataset when it was made, of a run when it started: ``YYYY-MM-DD``.
        custodian: Of a dataset, the id of the person who looks after it.
    """

    name: str
    subtype: str
    release: str | None = None
    version: str | None = None
    day: str | None = None
    custodian: str | None = None


@dataclass(frozen=True)
class NamesFound:
    """Names by id, and the reason for each that could not be read."""

    named: Mapping[str, Named] = field(default_factory=dict[str, Named])
    unreadable: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def names(self) -> dict[str, str]:
        """Display names by id."""
        return {item_id: named.name for item_id, named in self.named.items()}

    @property
    def versions(self) -> dict[str, str]:
        """By id, which of several versions an item is: ``v2``. Of a run that would be its model's version."""
        found = ((item_id, named) for item_id, named in self.named.items() if named.subtype != "MODEL_RUN")
        return {item_id: named.version for item_id, named in found if named.version}


class Names:
    """Looks up display names over the shared client. Never raises; reports unreadable names instead."""

    def __init__(self, registry: RegistryApi, *, clock: Clock) -> None:
        """Read names from ``registry``; ``clock`` gives monotonic seconds."""
        self._registry = registry
        self._cache: BoundedCache[tuple[str, str], Named] = BoundedCache(
            entries=_ENTRIES, seconds=_SECONDS, clock=clock
        )
        self._refused: BoundedCache[tuple[str, str], str] = BoundedCache(
            entries=_ENTRIES, seconds=_LASTING_SECONDS, clock=clock
        )

    async def of(self, caller: str, wanted: Mapping[str, str]) -> NamesFound:
        """Names of ``wanted`` (id -> subtype, empty if not known) as ``caller`` may read them."""
        named: dict[str, Named] = {}
        unreadable: dict[str, str] = {}
        missing: dict[str, str] = {}
        for item_id, subtype in wanted.items():
            key = (caller, item_id)
            if known := self._cache.get(key):
                named[item_id] = known
            elif reason := self._refused.get(key):
                unreadable[item_id] = reason
            else:
                missing[item_id] = subtype
        if missing:
            items = ItemReader(self._registry, partial(self.remember, caller), NOTHING)
            beyond = await items.read_many(missing, most_fetches=_MAX_FETCHES)
            unreadable |= dict.fromkeys(beyond, "not looked up: too many at once")
            for item_id in missing.keys() & items.outcomes.keys():
                outcome = items.outcomes[item_id]
                if isinstance(outcome, RegistryItem):
                    named[item_id] = self._named(outcome)
                else:
                    unreadable[item_id] = self._unreadable(caller, item_id, outcome)
        return NamesFound(named, unreadable)

    async def of_ids(self, caller: str, ids: Iterable[str]) -> NamesFound:
        """Names of items whose subtype is not known."""
        return await self.of(caller, dict.fromkeys(ids, ""))

    def known(self, caller: str, ids: Iterable[str]) -> dict[str, Named]:
        """Names from the cache for those of ``ids`` that ``caller`` has read recently; sends no request."""
        found = {item_id: self._cache.get((caller, item_id)) for item_id in ids}
        return {item_id: named for item_id, named in found.items() if named is not None}

    def remember(self, caller: str, item: RegistryItem) -> Named:
        """Cache the name of an item that was fetched for some other purpose."""
        named = self._named(item)
        self._cache.put((caller, item.id), named)
        self._refused.discard((caller, item.id))
        return named

    def _unreadable(self, caller: str, item_id: str, error: ProvenaError) -> str:
        reason = unreadable_because(error)
        if isinstance(error, _LASTING):
            self._refused.put((caller, item_id), reason)
        return reason

    def _named(self, item: RegistryItem) -> Named:
        release = (item.release_status or "NOT_RELEASED") if isinstance(item, DatasetItem) else None
        name = clean(item.display_name or "", NAME_LENGTH)
        custodian = (
            item.collection_format.associations.data_custodian_id if isinstance(item, DatasetItem) else None
        )
        return Named(name, item.item_subtype, release, _version_of(item), _day_of(item), custodian)

    def forget(self, caller: str, item_id: str) -> None:
        """Drop the cached name, because the item has been changed."""
        self._cache.discard((caller, item_id))
        self._refused.discard((caller, item_id))


class RecentItems:
    """Items that a conversion or a preview has read, so that the next step need not fetch them again.

    An item is reused only for the caller that read it, and only if the registry's list of recent updates
    shows that it has not changed since. Revoked access is noticed when the change is sent.
    """

    def __init__(self, *, clock: Clock) -> None:
        """Remember for ten minutes by ``clock`` (Unix seconds, as the registry's times are)."""
        self._items: BoundedCache[tuple[str, str], tuple[float, RegistryItem]] = BoundedCache(
            entries=_RECENT_ITEMS, seconds=_SECONDS, clock=clock
        )
        self._clock = clock

    def now(self) -> float:
        """The time of the clock, in Unix seconds."""
        return self._clock()

    def put(self, caller: str, items: Iterable[RegistryItem], read_at: float) -> None:
        """Remember ``items``, the reading of which began at ``read_at`` (Unix seconds)."""
        for item in items:
            self._items.put((caller, item.id), (read_at, item))

    async def get(self, caller: str, ids: Iterable[str], registry: RegistryApi) -> Mapping[str, RegistryItem]:
        """Those of ``ids`` that are cached and have not changed since; sends at most one request."""
        held = {item_id: found for item_id in ids if (found := self._items.get((caller, item_id)))}
        if len(held) < _WORTH_A_LIST:
            return {}
        since = min(read_at for read_at, _ in held.values())
        digests = {item_id: item_digest(item) for item_id, (_, item) in held.items()}
        certain = await unchanged(registry, digests, since)
        return {item_id: item for item_id, (_, item) in held.items() if item_id in certain}


@dataclass(frozen=True)
class Reader:
    """Reads items on behalf of one caller."""

    client: ProvenaClient
    names: Names
    caller: str
    recent: RecentItems

    def items(self, needs: Needs = LOGIN_ONLY) -> ItemReader:
        """A reader of items for one answer; ``needs`` are the errors that make the whole answer fail."""
        return ItemReader(self.client.registry, partial(self.names.remember, self.caller), needs)


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


def item_digest(item: RegistryItem) -> str:
    """A digest of an item's content, without its history."""
    stated = {key: value for key, value in item.as_json().items() if key not in _NOT_STATED}
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


async def may_have_changed(registry: RegistryApi, digests: Mapping[str, str], since: float) -> bool:
    """Whether any of the items may have changed since ``since`` (Unix seconds).

    ``digests`` holds each item's digest at that time, by id.
    """
    return await unchanged(registry, digests, since) != frozenset(digests)


async def unchanged(registry: RegistryApi, digests: Mapping[str, str], since: float) -> frozenset[str]:
    """The items that have certainly not changed since ``since`` (Unix seconds); ``digests`` as above.

    The registry lists the latest updates first (provena-http 7.5). If one page does not reach back to
    ``since``, or cannot be read, no item counts as unchanged.
    """
    if not digests:
        return frozenset()
    try:
        page = await registry.list(ListRequest(page_size=_PAGE))
    except ProvenaError:
        return frozenset()
    oldest = min((item.updated_timestamp or math.inf for item in page.items), default=math.inf)
    if page.pagination_key is not None and oldest >= since - _SKEW:
        return frozenset()
    listed = (item for item in page.items if item.id in digests)
    changed = {item.id for item in listed if digests[item.id] != item_digest(item)}
    return frozenset(digests.keys() - changed - set(page.unparsable))
