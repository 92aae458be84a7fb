"""A registry item as it is first written, and each rewriting of it with its entry in the history."""

from __future__ import annotations

import sqlite3
from typing import Final

from provena_mcp.embedded.items import Entry, put_items, without_nulls
from provena_mcp.wire.items import JsonObject, RecordInfo, parse_item
from provena_mcp.wire.subtypes import CATEGORY_OF, ItemSubtype

FIRST_REASON: Final = "Initial record creation"

# Everything else but the history is the owner's.
_RECORD_INFO: Final = frozenset(RecordInfo.model_fields)


def seed_item(item_id: str, subtype: ItemSubtype, username: str, now: int) -> JsonObject:
    """A reserved id: an item without content."""
    return {
        "id": item_id,
        "owner_username": username,
        "created_timestamp": now,
        "updated_timestamp": now,
        "item_category": CATEGORY_OF[subtype],
        "item_subtype": subtype,
        "record_type": "SEED_ITEM",
    }


def completed(
    seed: JsonObject, domain: JsonObject, username: str, now: int, reason: str = FIRST_REASON
) -> JsonObject:
    """A seed item with its first content."""
    return _written({**seed, "record_type": "COMPLETE_ITEM"}, domain, username, now, reason)


def revised(raw: JsonObject, domain: JsonObject, username: str, now: int, reason: str) -> JsonObject:
    """A complete item with other content, for a reason."""
    return _written(raw, domain, username, now, reason)


def domain_of(raw: JsonObject) -> JsonObject:
    """The content of an item."""
    return {name: value for name, value in raw.items() if name not in _RECORD_INFO and name != "history"}


def put(connection: sqlite3.Connection, raw: JsonObject, *, is_lodged: bool = False) -> None:
    """Keep an item; what it asserts is lodged by the caller, with ``is_lodged`` in this transaction."""
    put_items(connection, [Entry(raw, parse_item(raw))], are_lodged=is_lodged)


def _written(raw: JsonObject, domain: JsonObject, username: str, now: int, reason: str) -> JsonObject:
    kept = without_nulls(domain)
    assert isinstance(kept, dict)
    history = raw.get("history")
    past = history if isinstance(history, list) else []
    entry: JsonObject = {
        "id": len(past),
        "timestamp": now,
        "reason": reason,
        "username": username,
        "item": kept,
    }
    info = {name: value for name, value in raw.items() if name in _RECORD_INFO}
    return {**kept, "history": [entry, *past], **info, "updated_timestamp": now}
