"""A store of short-lived values that several server processes share: one SQLite file, its values sealed."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from anyio import to_thread

from provena_mcp.commands.confirmation.key_value_store import (
    BYTES_PER_OWNER,
    ENTRIES_PER_OWNER,
    check_size,
)
from provena_mcp.errors import StoreError
from provena_mcp.server.shared.encryption import Seal, sealing_context

_BUSY_SECONDS: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS stored_values (
    owner TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
    stored_at REAL NOT NULL, expires REAL NOT NULL,
    PRIMARY KEY (owner, key)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS stored_values_expire ON stored_values (expires);
"""
_REPLACE: Final = "INSERT OR REPLACE INTO stored_values VALUES (?, ?, ?, ?, ?)"
_ADD: Final = "INSERT OR IGNORE INTO stored_values VALUES (?, ?, ?, ?, ?)"


class SqliteStore:
    """A ``KeyValueStore`` in one file; whoever reads the file without the key learns owners and keys only."""

    def __init__(self, path: Path, seal: Seal, clock: Callable[[], float]) -> None:
        """Open or make the file at ``path``; ``clock`` gives Unix seconds, the same for all who share it.

        Raises:
            StoreError: It cannot be opened.
        """
        self._path = path
        self._seal = seal
        self._clock = clock
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and not path.is_file():
                # Its rights are not this store's to take: those of a device are the whole machine's.
                raise OSError(errno.EINVAL, "It is no regular file")
            # Before SQLite makes it: the files beside it get the rights that it has then.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            path.chmod(0o600)
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._failure(error) from error

    async def get(self, owner: str, key: str) -> bytes | None:
        """The value, unless it has expired or was never there."""
        return await to_thread.run_sync(self._get, owner, key)

    async def put(self, owner: str, key: str, value: bytes, seconds: float) -> None:
        """Keep ``value`` for ``seconds``, in place of what was there.

        Raises:
            ArgumentError: It is larger than is kept for one owner.
        """
        await to_thread.run_sync(partial(self._keep, owner, key, value, seconds, replace=True))

    async def add(
        self, owner: str, key: str, value: bytes, seconds: float, *, beside: str | None = None
    ) -> bool:
        """Keep ``value`` unless there is one, or ``beside`` is none; of two at once exactly one succeeds."""
        return await to_thread.run_sync(
            partial(self._keep, owner, key, value, seconds, replace=False, beside=beside)
        )

    async def remove(self, owner: str, key: str) -> None:
        """Forget a value, if it is there."""
        await to_thread.run_sync(self._remove, owner, key)

    def _get(self, owner: str, key: str) -> bytes | None:
        statement = "SELECT value FROM stored_values WHERE owner = ? AND key = ? AND expires > ?"
        try:
            with closing(self._connect()) as connection:
                row = connection.execute(statement, (owner, key, self._clock())).fetchone()
        except sqlite3.Error as error:
            raise self._failure(error) from error
        return self._seal.open(row[0], sealing_context(owner, key)) if row else None

    def _keep(
        self,
        owner: str,
        key: str,
        value: bytes,
        seconds: float,
        *,
        replace: bool,
        beside: str | None = None,
    ) -> bool:
        check_size(value)
        now = self._clock()
        sealed = self._seal.close(value, sealing_context(owner, key))
        try:
            with closing(self._connect()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("DELETE FROM stored_values WHERE expires <= ?", (now,))
                if beside is not None and not self._has(connection, owner, beside):
                    connection.execute("COMMIT")
                    return False
                statement = _REPLACE if replace else _ADD
                done = connection.execute(statement, (owner, key, sealed, now, now + seconds))
                self._make_room(connection, owner)
                connection.execute("COMMIT")
                return done.rowcount == 1
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _has(self, connection: sqlite3.Connection, owner: str, key: str) -> bool:
        found = connection.execute("SELECT 1 FROM stored_values WHERE owner = ? AND key = ?", (owner, key))
        return found.fetchone() is not None

    def _make_room(self, connection: sqlite3.Connection, owner: str) -> None:
        """Drop the owner's oldest values beyond the bounds: nobody's push out another's."""
        connection.execute(
            """
            DELETE FROM stored_values WHERE owner = :owner AND key IN (
                SELECT key FROM (
                    SELECT key, row_number() OVER newest AS number, sum(length(value)) OVER newest AS size
                    FROM stored_values WHERE owner = :owner WINDOW newest AS (ORDER BY stored_at DESC, key)
                ) WHERE number > :entries OR size > :size
            )
            """,
            {"owner": owner, "entries": ENTRIES_PER_OWNER, "size": 2 * BYTES_PER_OWNER},
        )

    def _remove(self, owner: str, key: str) -> None:
        try:
            with closing(self._connect()) as connection:
                connection.execute("DELETE FROM stored_values WHERE owner = ? AND key = ?", (owner, key))
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)

    def _failure(self, error: Exception) -> StoreError:
        return StoreError(
            f"The shared store {self._path} cannot be used: {error}.",
            advice="Check PROVENA_HTTP_STORE: a file on a local disk that this process may write.",
        )
