"""Reads registry items on behalf of one caller, and not again those read a moment ago and unchanged."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from provena_mcp.errors import ProvenaError
from provena_mcp.queries.cache import BoundedCache, Clock
from provena_mcp.queries.items.item_reader import LOGIN_ONLY, ItemReader, Needs
from provena_mcp.queries.items.names import Names
from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.registry import ListRequest

if TYPE_CHECKING:
    from provena_mcp.client import ProvenaClient, RegistryApi

_SECONDS: Final = 600.0
_RECENT_ITEMS: Final = 1_000
# From this many on, the one list that says whether they have changed costs less than reading them again.
_WORTH_A_LIST: Final = 3
# How it came about, and a key of the registry's own that lists do not show (provena-http 7.3).
_NOT_STATED: Final = frozenset({"history", "universal_partition_key"})
_PAGE: Final = 25
# How far the registry's clock may be from ours, in seconds.
_SKEW: Final = 300.0


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
