"""The SQLite file of the embedded Provena: opening it, and transactions on it.

Plain ``sqlite3`` in worker threads: SQLite itself is synchronous, so an asynchronous wrapper would
add a thread hop per statement where one per transaction is enough.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from starlette.concurrency import run_in_threadpool

from provena_mcp.embedded import schema
from provena_mcp.embedded.store_path import IN_MEMORY, keep_private, kind_of, resolve_store_path
from provena_mcp.errors import StoreError

T = TypeVar("T")
P = ParamSpec("P")

# Our own writes last milliseconds.
PATIENCE_SECONDS: Final = 30.0
_CACHE_KIB: Final = 32_768

# What is wrong, and what to do; ``other`` is how another file is named.
_EXPLAINED: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_NOTADB: ("is not an SQLite file", "Check the path, or {other}."),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        "Restore it from a copy, or {other} and fill it again.",
    ),
    sqlite3.SQLITE_READONLY: ("cannot be written", "Give yourself write permission, or {other}."),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "Check that it is a file you may read and write, or {other}.",
    ),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "Free some space; nothing half-written was kept."),
    sqlite3.SQLITE_BUSY: ("is locked by another process", "Try again when the other process has finished."),
}


def _close_all(idle: list[sqlite3.Connection]) -> None:
    while idle:
        idle.pop().close()


class Store:
    """One store file, shared by the threads of this process and by other processes.

    Write-ahead logging: readers see a consistent snapshot and never wait; writers take turns. The path
    ``:memory:`` stands for a store without a file, in which readers take turns too.
    """

    def __init__(
        self, path: Path | None = None, *, kind: schema.Kind = "store", patience: float = PATIENCE_SECONDS
    ) -> None:
        """Open the file, creating it, for its owner only, where it is missing.

        Args:
            path: The file; none means the default one.
            kind: What the file is, or is to be.
            patience: Seconds to wait for another process's write.

        Raises:
            StoreError: It cannot be opened, or is not a store of this version.
        """
        self.path = resolve_store_path(path)
        self._kind: schema.Kind = kind
        self._patience = patience
        self._idle: list[sqlite3.Connection] = []
        # A server that is built, and so has looked at its store, need not ever run.
        weakref.finalize(self, _close_all, self._idle).atexit = False
        self._closed = False
        self._turn = threading.RLock()
        self._in_memory = self.path == IN_MEMORY
        if not self._in_memory:
            self._check_place()
            keep_private(self.path)
        with self._explained():
            connection = self._connect()
            self._idle.append(connection)
            try:
                schema.prepare(connection, self.path, patience, kind)
            except BaseException:
                self.close()
                raise

    @classmethod
    def existing(cls, path: Path | None = None) -> Self:
        """As a new ``Store``, but of a file that is there.

        Raises:
            StoreError: There is none, or it cannot be opened.
        """
        file = resolve_store_path(path)
        if not file.exists():
            raise StoreError(
                f"There is no store {str(file)!r}.",
                advice=f"'provena-mcp local load FILE' makes and fills it; or {schema.OTHER_FILE['store']}.",
            )
        return cls(file)

    @contextmanager
    def read(self) -> Generator[sqlite3.Connection]:
        """A connection in a transaction that sees one state of the store.

        Raises:
            StoreError: SQLite failed.
        """
        # Written out, since small answers take no longer than entering contexts does.
        if self._in_memory:
            self._turn.acquire()
        try:
            connection = self._taken()
            try:
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    connection.execute("ROLLBACK")
            finally:
                self._give_back(connection)
        except sqlite3.Error as error:
            raise self._explain(error) from error
        finally:
            if self._in_memory:
                self._turn.release()

    @contextmanager
    def write(self, *, in_parts: bool = False) -> Generator[sqlite3.Connection]:
        """A connection in a transaction that is committed on leaving, or undone by an exception.

        Args:
            in_parts: Whether it has savepoints. What undoing one takes is then kept in memory: SQLite would
                write it to a temporary file for nearly every one, which takes a tenth of the time.

        Raises:
            StoreError: SQLite failed, or another process kept the file locked.
        """
        with self._explained(), self._turn, self._connection() as connection:
            if in_parts:
                connection.execute("PRAGMA temp_store = MEMORY")
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    # A full disk has SQLite undo the transaction itself.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            finally:
                if in_parts and not connection.in_transaction:
                    connection.execute("PRAGMA temp_store = DEFAULT")

    async def reading(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What ``work`` makes of a connection and the arguments, in a read transaction off the event loop."""

        def run() -> T:
            with self.read() as connection:
                return work(connection, *args, **kwargs)

        return await run_in_threadpool(run)

    async def writing(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As ``reading``, but in a write transaction."""

        def run() -> T:
            with self.write() as connection:
                return work(connection, *args, **kwargs)

        return await run_in_threadpool(run)

    def close(self) -> None:
        """Close the file; transactions under way end first."""
        self._closed = True
        _close_all(self._idle)

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        connection = self._taken()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _taken(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        # One that could not end its transaction is of no use to the next.
        if self._closed or connection.in_transaction:
            connection.close()
        else:
            self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        # What a machine that fails takes from a mirror, the next pull brings again.
        is_copy = self._kind == "mirror"
        try:
            connection.execute("PRAGMA synchronous = NORMAL" if is_copy else "PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_place(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            raise StoreError(
                f"There is no directory {str(folder)!r} for the store.",
                advice=f"Create it, or {schema.OTHER_FILE[self._kind]}.",
            )
        if self.path.exists() and not self.path.is_file():
            # Before its rights are looked after: those of a device are the whole machine's.
            raise StoreError(
                f"The {self._kind} {str(self.path)!r} is no file, but {kind_of(self.path)}.",
                advice=f"N{schema.OTHER_FILE[self._kind][1:]}.",
            )
        for place in (folder, self.path):
            if place.exists() and not os.access(place, os.R_OK | os.W_OK):
                raise self._error(sqlite3.SQLITE_READONLY)

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def _explain(self, error: sqlite3.Error) -> StoreError:
        return self._error(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF, error)

    def _error(self, code: int, error: sqlite3.Error | None = None) -> StoreError:
        what, advice = _EXPLAINED.get(code, (f"failed: {error}", "Check the disk, or {other}."))
        advice = advice.format(other=schema.OTHER_FILE[self._kind])
        return StoreError(f"The {self._kind} {str(self.path)!r} {what}.", advice=advice)
