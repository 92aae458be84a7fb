"""The local user's own Person: runs need a modeller, and nobody else would register one."""

from __future__ import annotations

import sqlite3

from provena_mcp.embedded.identity import LOCAL_USER
from provena_mcp.embedded.items import LOCAL_PERSON_ID, Entry, exists, link_users, linked_person, put_items
from provena_mcp.embedded.store import Store
from provena_mcp.wire.items import JsonObject, parse_item


async def settle_local_person(store: Store, now: int) -> None:
    """Register the local user's Person and link it, unless the user is linked already."""
    linked = await store.reading(lambda connection: linked_person(connection, LOCAL_USER.username))
    if linked is None:
        await store.writing(lambda connection: _register(connection, now))


def _register(connection: sqlite3.Connection, now: int) -> None:
    if not exists(connection, LOCAL_PERSON_ID):
        raw = _person(now)
        put_items(connection, [Entry(raw, parse_item(raw))])
    link_users(connection, {LOCAL_USER.username: LOCAL_PERSON_ID})


def _person(now: int) -> JsonObject:
    domain: JsonObject = {
        "display_name": "Local user",
        "first_name": "Local",
        "last_name": "User",
        "email": LOCAL_USER.email,
        "ethics_approved": True,
    }
    return {
        **domain,
        "history": [
            {
                "id": 0,
                "timestamp": now,
                "reason": "Initial record creation",
                "username": LOCAL_USER.username,
                "item": domain,
            }
        ],
        "id": LOCAL_PERSON_ID,
        "owner_username": LOCAL_USER.username,
        "created_timestamp": now,
        "updated_timestamp": now,
        "item_category": "AGENT",
        "item_subtype": "PERSON",
        "record_type": "COMPLETE_ITEM",
    }
