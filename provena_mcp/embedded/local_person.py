"""The local user's own Person: a run needs a modeller, and nobody else would register one."""

from __future__ import annotations

import sqlite3
from typing import Final

from provena_mcp.embedded import item_history
from provena_mcp.embedded.identity import LOCAL_USER
from provena_mcp.embedded.items import exists, link_users, linked_person
from provena_mcp.embedded.standing import LOCAL_PERSON_ID
from provena_mcp.embedded.store import Store
from provena_mcp.wire.items import JsonObject

_PERSON: Final[JsonObject] = {
    "display_name": "Local user",
    "first_name": "Local",
    "last_name": "User",
    "email": LOCAL_USER.email,
    "ethics_approved": True,
}


async def settle_local_person(store: Store, now: int) -> None:
    """Register the local user's Person and link it, unless the user is linked already."""
    linked = await store.reading(linked_person, LOCAL_USER.username)
    if linked is None:
        await store.writing(_register, now)


def _register(connection: sqlite3.Connection, now: int) -> None:
    if not exists(connection, LOCAL_PERSON_ID):
        username = LOCAL_USER.username
        seed = item_history.seed_item(LOCAL_PERSON_ID, "PERSON", username, now)
        item_history.put(connection, item_history.completed(seed, _PERSON, username, now))
    link_users(connection, {LOCAL_USER.username: LOCAL_PERSON_ID})
