"""The tables of a store file, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from provena_mcp.embedded.standing import STRANDED
from provena_mcp.errors import StoreError

# mirror: what a store holds is copied from a deployment, and nothing else may write to it.
Kind = Literal["store", "mirror"]

# "PROV" and "PROM" in ASCII: tell a store and a mirror from each other and from any other SQLite file.
_APPLICATION_ID: Final[dict[Kind, int]] = {"store": 0x50524F56, "mirror": 0x50524F4D}

# How another file is named.
OTHER_FILE: Final[dict[Kind, str]] = {
    "store": "name another file with --store or PROVENA_STORE",
    "mirror": "name another file with --mirror or PROVENA_MIRROR",
}

Step = str | Callable[[sqlite3.Connection], None]

_ITEM_TEXT: Final = """CREATE VIRTUAL TABLE item_text
    USING fts5 (id, name, body, tokenize = 'porter unicode61 remove_diacritics 2')"""
_ITEM_WORD: Final = "CREATE VIRTUAL TABLE item_word USING fts5vocab (item_text, 'row')"

_ITEMS: Final = (
    # One row per registry item. raw is the item's JSON as it came; the other columns are what lists
    # filter and sort by. pending is 1 until the graph holds what the item asserts.
    """CREATE TABLE item (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        subtype TEXT NOT NULL,
        record_type TEXT NOT NULL,
        owner TEXT,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        display_name TEXT,
        raw TEXT NOT NULL,
        pending INTEGER NOT NULL
    )""",
    "CREATE INDEX item_by_created ON item (created, id)",
    "CREATE INDEX item_by_updated ON item (updated, id)",
    "CREATE INDEX item_by_name ON item (display_name, id) WHERE display_name IS NOT NULL",
    "CREATE INDEX item_by_subtype_created ON item (subtype, created, id)",
    "CREATE INDEX item_by_subtype_updated ON item (subtype, updated, id)",
    "CREATE INDEX item_by_subtype_name ON item (subtype, display_name, id) WHERE display_name IS NOT NULL",
    "CREATE INDEX item_pending ON item (created, id) WHERE pending",
    _ITEM_TEXT,
    _ITEM_WORD,
    "CREATE TABLE user_link (username TEXT PRIMARY KEY, person_id TEXT NOT NULL) WITHOUT ROWID",
)

_GRAPH: Final = (
    """CREATE TABLE node (
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        category TEXT NOT NULL,
        subtype TEXT NOT NULL
    )""",
    # One link per pair of nodes, the first asserted (provena-http 5.5), clustered for walking either way;
    # relation is a position in graph.RELATIONS.
    """CREATE TABLE link (
        source INTEGER NOT NULL,
        target INTEGER NOT NULL,
        relation INTEGER NOT NULL,
        PRIMARY KEY (source, target)
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX link_by_target ON link (target, source, relation)",
    # Which records (runs, CREATE and VERSION activities, as node keys) assert an element (provena-http 5.1).
    """CREATE TABLE node_record (
        record INTEGER NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (record, node)
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX node_record_by_node ON node_record (node, record)",
    """CREATE TABLE link_record (
        record INTEGER NOT NULL,
        source INTEGER NOT NULL,
        target INTEGER NOT NULL,
        relation INTEGER NOT NULL,
        PRIMARY KEY (record, source, target, relation)
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX link_record_by_link ON link_record (source, target, relation, record)",
)

_JOBS: Final = (
    # One row per job. lease_until (Unix seconds) is when any worker may take it: 0 while it waits, later
    # while a worker holds it, none once it is finished. submitter is who asked, and from where.
    """CREATE TABLE job (
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL UNIQUE,
        created INTEGER NOT NULL,
        username TEXT NOT NULL,
        batch_id TEXT,
        subtype TEXT NOT NULL,
        payload TEXT NOT NULL,
        submitter TEXT NOT NULL,
        status TEXT NOT NULL,
        info TEXT,
        result TEXT,
        worker TEXT,
        lease_until REAL,
        attempts INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX job_unfinished ON job (lease_until, key) WHERE lease_until IS NOT NULL",
    "CREATE INDEX job_held ON job (worker) WHERE worker IS NOT NULL",
    "CREATE INDEX job_by_created ON job (created, key)",
    "CREATE INDEX job_by_user ON job (username, created, key)",
    "CREATE INDEX job_by_batch ON job (batch_id, created, key) WHERE batch_id IS NOT NULL",
    # The last number handed out as a handle; handles are never given twice.
    "CREATE TABLE minted (last INTEGER NOT NULL)",
    "INSERT INTO minted VALUES (1000000)",
    # Documents to be fetched by whoever knows the token, until they expire (Unix seconds).
    """CREATE TABLE document (
        token TEXT PRIMARY KEY, name TEXT NOT NULL, expires INTEGER NOT NULL, content BLOB NOT NULL
    ) WITHOUT ROWID""",
)


def _index_again(connection: sqlite3.Connection) -> None:
    # Loaded by who needs it: a store that is up to date is opened without.
    from provena_mcp.embedded import search

    search.index_again(connection)


# The index was of words as they stand; now they are folded, so that those of a query find them. Once more
# where more letters are folded than the index was made with.
_FOLDED_WORDS: Final[tuple[Step, ...]] = (
    "DROP TABLE item_word",
    "DROP TABLE item_text",
    _ITEM_TEXT,
    _ITEM_WORD,
    _index_again,
)

# How often the graph has changed (its last version), and lately in which nodes: a JSON array of node
# keys, none where there were too many.
_CHANGES: Final = (
    "CREATE TABLE graph_change (version INTEGER PRIMARY KEY AUTOINCREMENT, nodes TEXT)",
    "INSERT INTO graph_change (nodes) VALUES (NULL)",
)

# Jobs that no worker would find: not ended, and without the time until which somebody holds them.
_STRANDED: Final = (f"CREATE INDEX IF NOT EXISTS job_stranded ON job (key) WHERE {STRANDED}",)

# A file's user_version says how many of these it has had; later ones are appended, none is changed.
_MIGRATIONS: Final[tuple[tuple[Step, ...], ...]] = (
    (*_ITEMS, *_GRAPH),
    _JOBS,
    _FOLDED_WORDS,
    _CHANGES,
    _STRANDED,
    _FOLDED_WORDS,
)


def prepare(connection: sqlite3.Connection, path: Path, patience: float, kind: Kind) -> None:
    """Bring the file behind ``connection`` to this version's tables, creating them where it is new.

    Args:
        connection: In autocommit mode.
        path: For messages.
        patience: Seconds to wait for another process that is preparing the same file.
        kind: What it is to be.

    Raises:
        StoreError: The file belongs to something else or to a newer version.
        sqlite3.Error: It is no SQLite file, or cannot be written.
    """
    if _is_ready(connection, path, kind):
        return
    _use_write_ahead_log(connection, patience)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _is_ready(connection, path, kind):
            _migrate(connection, kind)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_ready(connection: sqlite3.Connection, path: Path, kind: Kind) -> bool:
    version = _pragma(connection, "PRAGMA user_version")
    application = _pragma(connection, "PRAGMA application_id")
    is_empty = not _pragma(connection, "SELECT count(*) FROM sqlite_master")
    if not is_empty and application != _APPLICATION_ID[kind]:
        raise StoreError(
            f"{str(path)!r} is {_described(application)}.",
            advice=f"N{OTHER_FILE[kind][1:]}; this one was not touched.",
        )
    if version > len(_MIGRATIONS):
        raise StoreError(
            f"The store {str(path)!r} has schema version {version}; this provena-mcp knows up to "
            f"{len(_MIGRATIONS)}.",
            advice=f"Upgrade provena-mcp, or {OTHER_FILE[kind]}.",
        )
    return version == len(_MIGRATIONS)


def _described(application: int) -> str:
    if application == _APPLICATION_ID["mirror"]:
        return "a mirror of a deployment, which PROVENA_MIRROR reads"
    if application == _APPLICATION_ID["store"]:
        return "a store of the embedded Provena and no mirror"
    return "an SQLite file of another program"


def _migrate(connection: sqlite3.Connection, kind: Kind) -> None:
    done = _pragma(connection, "PRAGMA user_version")
    for steps in _MIGRATIONS[done:]:
        for step in steps:
            if isinstance(step, str):
                connection.execute(step)
            else:
                step(connection)
    # PRAGMA takes no parameters; both numbers are ours.
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID[kind]}")
    connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _use_write_ahead_log(connection: sqlite3.Connection, patience: float) -> None:
    # SQLite does not wait for its busy timeout here, so several processes on a new file would collide.
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _pragma(connection: sqlite3.Connection, question: str) -> int:
    return int(connection.execute(question).fetchone()[0])
