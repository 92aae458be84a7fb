"""What to say to a handle that was given without its prefix, as people read numbers off a screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from provena_mcp.errors import ProvenaError
from provena_mcp.queries.items.reader import Reader
from provena_mcp.wire.registry import ListRequest

_NUMBER: Final = re.compile(r"\d+")
_PAGE_SIZE: Final = 50
_MOST_PREFIXES: Final = 3


async def hint_for_numbers(reader: Reader, ids: Iterable[str]) -> str | None:
    """Which items may be meant by those of ``ids`` that are bare numbers; none if there is nothing to say."""
    numbers = [item_id for item_id in ids if _NUMBER.fullmatch(item_id)]
    if not numbers:
        return None
    try:
        page = await reader.client.registry.list(ListRequest(page_size=_PAGE_SIZE))
    except ProvenaError:
        return None
    handles = [item.id for item in page.items if "/" in item.id]
    if not handles:
        return None
    examples = {handle.partition("/")[0]: handle for handle in reversed(handles)}
    prefixes = [*reversed(examples)][:_MOST_PREFIXES]
    meant = [f"{prefix}/{number}" for number in numbers for prefix in prefixes]
    found = (await reader.names.of_ids(reader.caller, meant)).named
    if found:
        told = " or ".join(f"{item_id!r} ({named.name})" for item_id, named in found.items())
        return f"Handles have a prefix: did you mean {told}?"
    like = " or ".join(repr(examples[prefix]) for prefix in prefixes)
    return f"Handles have a prefix and look like {like} here. Find the id by name with search_items."
