"""Items that were read for a change a moment ago, for the next step of the same change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from provena_mcp.client import RegistryApi
from provena_mcp.queries.cache import BoundedCache, Clock
from provena_mcp.queries.items.changes import item_digest, unchanged
from provena_mcp.wire.items import RegistryItem

_SECONDS: Final = 600.0
_ITEMS: Final = 1_000
# From this many on, the one list that says whether they have changed costs less than reading them again.
_WORTH_A_LIST: Final = 3


class RecentItems:
    """Items that a conversion or a preview has read, for the preview or the confirmation that follows.

    They are given out again only where the registry's own list of what was updated last says that they
    have not changed since, and to the caller that read them only. Access that was taken away in between
    is noticed when the change is sent.
    """

    def __init__(self, *, clock: Clock) -> None:
        """Remember for ten minutes by ``clock`` (Unix seconds, as the registry's times are)."""
        self._items: BoundedCache[tuple[str, str], tuple[float, RegistryItem]] = BoundedCache(
            entries=_ITEMS, seconds=_SECONDS, clock=clock
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
        """Those of ``ids`` that are remembered and have not changed; one request at most."""
        held = {item_id: found for item_id in ids if (found := self._items.get((caller, item_id)))}
        if len(held) < _WORTH_A_LIST:
            return {}
        since = min(read_at for read_at, _ in held.values())
        digests = {item_id: item_digest(item) for item_id, (_, item) in held.items()}
        certain = await unchanged(registry, digests, since)
        return {item_id: item for item_id, (_, item) in held.items() if item_id in certain}
