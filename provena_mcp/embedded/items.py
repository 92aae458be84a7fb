"""Registry items as database rows: store, fetch, count, delete."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydantic import JsonValue

from provena_mcp.embedded import search
from provena_mcp.embedded.json_text import compact_json
from provena_mcp.wire.items import JsonObject, RegistryItem

_PREFIX: Final = "local"


# What these assert enters the graph (provena-http 5.2, 5.3).
LODGED_SUBTYPES: Final = frozenset({"MODEL_RUN", "CREATE", "VERSION"})

_PUT: Final = """
    INSERT INTO item (id, subtype, record_type, owner, created, updated, display_name, raw, pending)
    VALUES (:id, :subtype, :record_type, :owner, :created, :updated, :display_name, :raw, :pending)
    ON CONFLICT (id) DO UPDATE SET
        subtype = excluded.subtype, record_type = excluded.record_type, owner = excluded.owner,
        created = excluded.created, updated = excluded.updated, display_name = excluded.display_name,
        raw = excluded.raw, pending = excluded.pending
"""


@dataclass(frozen=True)
class Entry:
    """An item to put: its JSON as it came, and what was read from it."""

    raw: JsonObject
    item: RegistryItem

    @cached_property
    def text(self) -> str:
        """The JSON as it is kept."""
        return compact_json(self.raw)


def put_items(
    connection: sqlite3.Connection, entries: Iterable[Entry], *, are_lodged: bool = False
) -> tuple[str, ...]:
    """Insert or replace items and index their words; the ids of those that were new or differed.

    Items whose provenance belongs into the graph are marked as pending: lodging them is the caller's
    next step. With ``are_lodged`` they are not: that happens in the same transaction.
    """
    texts = {entry.item.id: (entry, entry.text) for entry in entries}
    kept = fetch_texts(connection, texts)
    changed = {item_id: entry for item_id, (entry, text) in texts.items() if kept.get(item_id) != text}
    connection.executemany(
        _PUT, (_row(entry, texts[item_id][1], are_lodged) for item_id, entry in changed.items())
    )
    raws = {item_id: entry.raw for item_id, entry in changed.items()}
    search.index(connection, raws, kept.keys() & raws.keys())
    return tuple(changed)


def _row(entry: Entry, text: str, is_lodged: bool) -> dict[str, str | int | None]:
    item = entry.item
    lodges = item.item_subtype in LODGED_SUBTYPES and not item.is_seed and not is_lodged
    return {
        "id": item.id,
        "subtype": item.item_subtype,
        "record_type": item.record_type,
        "owner": item.owner_username,
        "created": item.created_timestamp,
        "updated": item.updated_timestamp,
        "display_name": item.display_name,
        "raw": text,
        "pending": int(lodges),
    }


def fetch_raw(connection: sqlite3.Connection, item_id: str) -> JsonObject | None:
    """The item exactly as it was stored, or ``None``."""
    row = connection.execute("SELECT raw FROM item WHERE id = ?", (item_id,)).fetchone()
    return None if row is None else json.loads(row[0])


def fetch_texts(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """The JSON texts of those items that exist, by id."""
    return dict(
        connection.execute(
            "SELECT item.id, raw FROM json_each(?) AS wanted CROSS JOIN item ON item.id = wanted.value",
            (json.dumps(list(ids)),),
        )
    )


def delete_item(connection: sqlite3.Connection, item_id: str) -> None:
    """Take an item out of the registry; the graph keeps what it asserted (provena-http 7.4)."""
    search.forget(connection, item_id)
    connection.execute("DELETE FROM item WHERE id = ?", (item_id,))


def exists(connection: sqlite3.Connection, item_id: str) -> bool:
    """Whether the registry knows this id, seed items included."""
    return connection.execute("SELECT 1 FROM item WHERE id = ?", (item_id,)).fetchone() is not None


def every_raw(connection: sqlite3.Connection) -> Iterator[str]:
    """Every item's JSON text, oldest first."""
    return (row[0] for row in connection.execute("SELECT raw FROM item ORDER BY created, id"))


def links(connection: sqlite3.Connection) -> dict[str, str]:
    """Which Person each username is linked to."""
    return dict(connection.execute("SELECT username, person_id FROM user_link ORDER BY username"))


def link_users(connection: sqlite3.Connection, persons: Mapping[str, str]) -> bool:
    """Link usernames to Persons; whether that changed anything."""
    if all(links(connection).get(username) == person for username, person in persons.items()):
        return False
    connection.executemany("INSERT OR REPLACE INTO user_link VALUES (?, ?)", persons.items())
    return True


def unlink_users(connection: sqlite3.Connection, usernames: Iterable[str]) -> None:
    """Link usernames to nobody."""
    connection.executemany("DELETE FROM user_link WHERE username = ?", ((name,) for name in usernames))


def lodge_again(connection: sqlite3.Connection) -> None:
    """Mark every item that asserts provenance to be lodged in the graph again."""
    connection.execute(
        "UPDATE item SET pending = 1 WHERE record_type = 'COMPLETE_ITEM' "
        "AND subtype IN ('MODEL_RUN', 'CREATE', 'VERSION')"
    )


def linked_person(connection: sqlite3.Connection, username: str) -> str | None:
    """The Person a username is linked to."""
    row = connection.execute("SELECT person_id FROM user_link WHERE username = ?", (username,)).fetchone()
    return None if row is None else row[0]


def without_nulls(value: JsonValue) -> JsonValue:
    """The value as the registry stores it: keys without a value are left out (provena-http 7.3)."""
    if isinstance(value, dict):
        return {key: without_nulls(kept) for key, kept in value.items() if kept is not None}
    return [without_nulls(kept) for kept in value] if isinstance(value, list) else value


def mint(connection: sqlite3.Connection) -> str:
    """A new handle, different from all that were minted or loaded before."""
    # An UPDATE that returns may have to be undone by itself: before each, SQLite would write the words of all
    # items so far to the index.
    place, last = connection.execute("SELECT rowid, last FROM minted").fetchone()
    last += 1
    while exists(connection, f"{_PREFIX}/{last}"):
        last += 1
    connection.execute("UPDATE minted SET last = ? WHERE rowid = ?", (last, place))
    return f"{_PREFIX}/{last}"
