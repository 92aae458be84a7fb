"""What a mirror holds: items as the deployment has them, who their owners are, and what they assert."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping

from provena_mcp.embedded import graph, items
from provena_mcp.embedded.items import Entry
from provena_mcp.mirror import ledger
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.wire.items import JsonObject


def keep(connection: sqlite3.Connection, entries: Collection[Entry]) -> tuple[str, ...]:
    """Keep items as they are now; the ids of those that were new or differed.

    What they assert is lodged by ``graph_sync.lodge_pending``.
    """
    changed = items.put_items(connection, entries)
    if changed:
        ledger.note_change(connection)
    # A run that was revised may have become a seed again, which asserts nothing.
    withdrawn = [entry.item.id for entry in entries if entry.item.is_seed and entry.item.id in changed]
    graph.lodge(connection, [(item_id, ProvenanceGraph()) for item_id in withdrawn])
    return changed


def keep_in_pass(
    connection: sqlite3.Connection, entries: Collection[Entry], key: JsonObject | None
) -> tuple[str, ...]:
    """As ``keep``, of a page of the pass under way, which ``key`` follows."""
    changed = keep(connection, entries)
    ledger.note_page(connection, (entry.item.id for entry in entries), key)
    return changed


def keep_beside(connection: sqlite3.Connection, entries: Collection[Entry]) -> tuple[str, ...]:
    """As ``keep``, of items that were found otherwise: a pass under way need not meet them."""
    changed = keep(connection, entries)
    ledger.note_seen(connection, (entry.item.id for entry in entries))
    return changed


def forget(connection: sqlite3.Connection, gone: Iterable[str], now: float) -> None:
    """Let go of items, and of what they assert, since the deployment does not show them any more.

    A deployment keeps what a deleted run asserts. Here nothing stays that this user may not read.
    """
    for item_id in gone:
        ledger.note_gone(connection, item_id, now)
        graph.lodge(connection, [(item_id, ProvenanceGraph())])
        items.delete_item(connection, item_id)
        ledger.note_change(connection)


def count(connection: sqlite3.Connection) -> int:
    """How many items there are."""
    return int(connection.execute("SELECT count(*) FROM item").fetchone()[0])


def owners(connection: sqlite3.Connection) -> set[str]:
    """The usernames of all owners."""
    return {row[0] for row in connection.execute("SELECT DISTINCT owner FROM item WHERE owner IS NOT NULL")}


def link_owners(connection: sqlite3.Connection, persons: Mapping[str, str | None]) -> None:
    """Link usernames to Persons, or to none; what activities assert is to be lodged again if that is new."""
    known = items.links(connection)
    if all(known.get(username) == person for username, person in persons.items()):
        return
    items.unlink_users(connection, [name for name, person in persons.items() if person is None])
    items.link_users(connection, {name: person for name, person in persons.items() if person is not None})
    items.lodge_again(connection)
