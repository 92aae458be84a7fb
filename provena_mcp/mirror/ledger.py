"""A mirror's records about itself: whose copy it is, of which deployment, when, and how far a pull has come.

Its tables lie beside those of the store, with a version of their own.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from provena_mcp.errors import StoreError
from provena_mcp.rules.items.events import Gone
from provena_mcp.wire.items import JsonObject

_VERSION: Final = 1

_TABLES: Final = (
    # One row. Times are Unix seconds: as_of and whole_as_of by this machine's clock, marks by the
    # deployment's. A pass is one way through all items; it has begun and not ended while began is set.
    # changes counts what was kept and let go.
    """CREATE TABLE mirror (
        version INTEGER NOT NULL,
        source TEXT NOT NULL,
        subject TEXT,
        username TEXT NOT NULL,
        as_of REAL,
        whole_as_of REAL,
        mark REAL,
        began REAL,
        pass_mark REAL,
        pass_key TEXT,
        changes INTEGER NOT NULL DEFAULT 0
    )""",
    # What the pass under way has met.
    "CREATE TABLE mirror_seen (id TEXT PRIMARY KEY) WITHOUT ROWID",
    # What the deployment does not list any more, and when that was noticed.
    """CREATE TABLE mirror_gone (
        id TEXT PRIMARY KEY, subtype TEXT NOT NULL, name TEXT, noticed REAL NOT NULL
    ) WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True)
class MirrorOrigin:
    """Of which deployment a mirror is, by its registry's address, and whose rights it is read with.

    ``subject`` is the user as their tokens call them, none where these do not say.
    """

    source: str
    username: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """A way through all items.

    When it began, the mark from which later changes are to be read, and the key of the next page.
    """

    began: float
    mark: float
    key: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """How a mirror stands.

    Attributes:
        origin: Whose it is, and of what.
        as_of: When the last pull that ended had begun; none before the first has ended.
        whole_as_of: The same of the last that looked at every item.
        mark: Up to which of the deployment's update times everything is here.
        changes: How often what is here has changed.
        under_way: The pass that was begun and has not ended.
    """

    origin: MirrorOrigin
    as_of: float | None = None
    whole_as_of: float | None = None
    mark: float = 0.0
    changes: int = 0
    under_way: Pass | None = None


def open_ledger(connection: sqlite3.Connection, origin: MirrorOrigin) -> Ledger:
    """The ledger of a mirror of ``origin``, which is made where there is none.

    Raises:
        StoreError: It is a mirror of something else.
    """
    known = read_ledger(connection)
    if known is None:
        for table in _TABLES:
            connection.execute(table)
        connection.execute(
            "INSERT INTO mirror (version, source, subject, username) VALUES (?, ?, ?, ?)",
            (_VERSION, origin.source, origin.subject, origin.username),
        )
        return Ledger(origin)
    check_origin(known.origin, origin.source, origin.subject, origin.username)
    return known


def read_ledger(connection: sqlite3.Connection) -> Ledger | None:
    """The ledger; none of a mirror that nothing was pulled into.

    Raises:
        StoreError: A newer version has written it.
    """
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'mirror'").fetchone() is None:
        return None
    (version,) = connection.execute("SELECT version FROM mirror").fetchone()
    if version > _VERSION:
        raise StoreError(
            f"The mirror has version {version}; this provena-mcp knows up to {_VERSION}.",
            advice="Upgrade provena-mcp, or pull into another file.",
        )
    source, subject, username, as_of, whole_as_of, mark, changes, began, pass_mark, key = connection.execute(
        """SELECT source, subject, username, as_of, whole_as_of, mark, changes, began, pass_mark, pass_key
        FROM mirror"""
    ).fetchone()
    under_way = None if began is None else Pass(began, pass_mark, json.loads(key) if key else None)
    return Ledger(
        MirrorOrigin(source, username, subject), as_of, whole_as_of, mark or 0.0, changes, under_way
    )


def check_origin(known: MirrorOrigin, source: str, subject: str | None, username: str | None) -> None:
    """Refuse a mirror of another deployment, or of another user as far as that can be told.

    Raises:
        StoreError: It is one.
    """
    if known.source != source:
        raise StoreError(
            f"The mirror is of another deployment, {known.source}, than {source}.",
            advice="Pull into another file, or set PROVENA_DOMAIN to the mirror's deployment.",
        )
    by_subject = known.subject is not None and subject is not None
    is_other = known.subject != subject if by_subject else username not in (None, known.username)
    if is_other:
        raise StoreError(
            f"The mirror holds what {known.username!r} may read, and somebody else is logged in.",
            advice="Pull into a file of your own, or log in as that user.",
        )


def begin_pass(connection: sqlite3.Connection, new: Pass) -> None:
    """Note that a pass begins, in place of one that was under way."""
    connection.execute("DELETE FROM mirror_seen")
    connection.execute("UPDATE mirror SET began = ?, pass_mark = ?, pass_key = NULL", (new.began, new.mark))


def note_page(connection: sqlite3.Connection, ids: Iterable[str], key: JsonObject | None) -> None:
    """Note what the pass has met, and, unless that was its last page, the key of the next."""
    note_seen(connection, ids)
    if key is not None:
        connection.execute("UPDATE mirror SET pass_key = ?", (json.dumps(key),))


def note_seen(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Note items that are there now, whichever way they were found: a pass under way need not meet them."""
    rows = [(item_id,) for item_id in ids]
    connection.executemany(
        "INSERT OR IGNORE INTO mirror_seen SELECT ? WHERE (SELECT began FROM mirror) IS NOT NULL", rows
    )
    connection.executemany("DELETE FROM mirror_gone WHERE id = ?", rows)


def note_change(connection: sqlite3.Connection) -> None:
    """Count a change of what is here."""
    connection.execute("UPDATE mirror SET changes = changes + 1")


def unseen(connection: sqlite3.Connection) -> list[str]:
    """Items that are here and that the pass has not met."""
    return [
        row[0]
        for row in connection.execute(
            "SELECT id FROM item WHERE NOT EXISTS (SELECT 1 FROM mirror_seen WHERE mirror_seen.id = item.id)"
        )
    ]


def note_gone(connection: sqlite3.Connection, item_id: str, now: float) -> None:
    """Note that an item, which is still here, is gone at the deployment."""
    connection.execute(
        "INSERT OR REPLACE INTO mirror_gone SELECT id, subtype, display_name, ? FROM item WHERE id = ?",
        (now, item_id),
    )


def end_pass(connection: sqlite3.Connection, ended: Pass) -> None:
    """Note that a pass has come to its end, and all it found is here."""
    connection.execute("DELETE FROM mirror_seen")
    connection.execute(
        "UPDATE mirror SET as_of = ?, whole_as_of = ?, mark = ?, "
        "began = NULL, pass_mark = NULL, pass_key = NULL",
        (ended.began, ended.began, ended.mark),
    )


def note_caught_up(connection: sqlite3.Connection, as_of: float, mark: float) -> None:
    """Note that everything updated up to ``mark`` is here, as of ``as_of``."""
    connection.execute("UPDATE mirror SET as_of = ?, mark = ?", (as_of, mark))


def gone_since(connection: sqlite3.Connection, since: float) -> tuple[Gone, ...]:
    """What was noticed to be gone, oldest first."""
    rows = connection.execute(
        "SELECT id, subtype, name, noticed FROM mirror_gone WHERE noticed >= ? ORDER BY noticed, id", (since,)
    )
    return tuple(Gone(*row) for row in rows)
