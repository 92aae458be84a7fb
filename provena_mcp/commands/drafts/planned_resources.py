"""What planned dataset templates leave to each run: the keys under which the drafted runs state paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provena_mcp.commands.planned_items import PlannedItem
from provena_mcp.wire.items import JsonObject, as_object


def with_stated_keys(planned: PlannedItem, records: Sequence[JsonObject]) -> PlannedItem:
    """A planned dataset template with a resource for every key that a record states in it.

    What was recorded may call its files by keys of the template that it followed elsewhere. A key that not
    all uses have is optional. Any other item is as it was.
    """
    uses = [as_object(use.get("resources")) for use in _uses(planned, records)]
    keys = dict.fromkeys(key for resources in uses for key in resources)
    deferred = planned.item.get("deferred_resources")
    if not keys or not isinstance(deferred, list) or not deferred:
        return planned
    usual = as_object(deferred[0])
    if [*keys] == [usual.get("key")]:
        return planned
    stated: list[JsonObject] = [
        {**usual, "key": key, "optional": not all(key in resources for resources in uses)} for key in keys
    ]
    return planned.model_copy(update={"item": {**planned.item, "deferred_resources": [*stated]}})


def _uses(planned: PlannedItem, records: Sequence[JsonObject]) -> Iterator[JsonObject]:
    for record in records:
        for side in ("inputs", "outputs"):
            listed = record.get(side)
            for use in map(as_object, listed if isinstance(listed, list) else []):
                if use.get("dataset_template_id") == planned.key:
                    yield use
