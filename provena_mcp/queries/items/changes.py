"""Whether items have changed since they were read: one list, instead of reading them all again."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Final

from provena_mcp.client import RegistryApi
from provena_mcp.errors import ProvenaError
from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.registry import ListRequest

# How it came about, and a key of the registry's own that lists do not show (provena-http 7.3).
_NOT_STATED: Final = frozenset({"history", "universal_partition_key"})
_PAGE: Final = 25
# How far the registry's clock may be from ours, in seconds.
_SKEW: Final = 300.0


def item_digest(item: RegistryItem) -> str:
    """A digest of all that an item states."""
    stated = {key: value for key, value in item.as_json().items() if key not in _NOT_STATED}
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


async def may_have_changed(registry: RegistryApi, digests: Mapping[str, str], since: float) -> bool:
    """Whether any of the items may state something else than it did at ``since``, in Unix seconds.

    ``digests`` are those of the items then, by id.
    """
    return await unchanged(registry, digests, since) != frozenset(digests)


async def unchanged(registry: RegistryApi, digests: Mapping[str, str], since: float) -> frozenset[str]:
    """The items that certainly state what they did at ``since``, in Unix seconds; ``digests`` as above.

    The registry lists what was updated last first (provena-http 7.5). Where one page does not reach back
    to ``since``, or cannot be read, no item is certain.
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
