"""The worker that does the jobs of a store in turn; every process that serves the store has one.

A turn is one transaction: finish the jobs in progress with all that they do, begin those taken before,
take the next. Jobs go in groups, since most of what one costs is its share of a transaction; each is
done whole or not at all within it. A process that dies loses nothing but its turn.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from starlette.concurrency import run_in_threadpool

from provena_mcp.embedded.jobs import queue as job_queue
from provena_mcp.embedded.jobs.rows import JobOutcome, JobRow
from provena_mcp.embedded.jobs.tasks import JobFailedError, JobWork, Task
from provena_mcp.embedded.standing import is_claimable
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError
from provena_mcp.wire.jobs import JobSubtype

logger = logging.getLogger(__name__)

LEASE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 1.0
# Turns taken in a row; between rows whoever else wants to write gets the store.
_TURNS: Final = 4
# Jobs of a turn, while they take no longer than this: as long others wait to write.
_GROUP: Final = 25
_TURN_SECONDS: Final = 0.25

# What SQLite says when the disk or another process is in the way, rather than the job at fault.
_OF_THE_STORE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
    }
)


class _HalfDoneError(Exception):
    """A job failed after it had changed something, and nothing marks where that began."""


class Worker:
    """Takes turns while it runs and there is something to do."""

    def __init__(
        self,
        store: Store,
        tasks: Mapping[JobSubtype, Task],
        clock: Callable[[], float],
        new_id: Callable[[], str],
        *,
        poll_seconds: float = _POLL_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """Make a worker; ``running`` starts it.

        Args:
            store: Whose jobs to do.
            tasks: What a job of each subtype does.
            clock: Gives Unix seconds.
            new_id: Gives UUIDs: the worker's own name, and those of further jobs.
            poll_seconds: How soon a job that another process submitted, or left behind, is noticed.
            lease_seconds: How long a job stays with a worker that is not heard of any more.
        """
        self._store = store
        self._tasks = tasks
        self._clock = clock
        self._new_id = new_id
        self._poll_seconds = poll_seconds
        self._lease = lease_seconds
        self._name = new_id()
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def has_crashed(self) -> bool:
        """Whether it was started and has ended without being told to: jobs wait for another one."""
        return self._task is not None and self._task.done() and not self._stopping

    def nudge(self) -> None:
        """Say that there may be something to do."""
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Work until the end of the block; a turn under way is ended first."""
        self._task = asyncio.create_task(self._work())
        self._task.add_done_callback(_log_crash)
        try:
            yield
        finally:
            self._stopping = True
            self.nudge()
            await asyncio.wait([self._task])

    def take_turn(self) -> bool:
        """One turn; whether there was anything to do.

        Raises:
            StoreError: The store failed; the turn is to be taken again.
        """
        try:
            # Nearly every job that fails does so before it has changed anything. A savepoint for each takes a
            # tenth of the time: SQLite puts the words of an item into the index whenever one is released.
            with self._store.write() as connection:
                return self._turn(connection, in_parts=False)
        except _HalfDoneError:
            with self._store.write(in_parts=True) as connection:
                return self._turn(connection, in_parts=True)

    def _turn(self, connection: sqlite3.Connection, *, in_parts: bool) -> bool:
        now = started = self._clock()
        jobs = job_queue.jobs_in_progress(connection, self._name)
        for number, job in enumerate(jobs):
            if number and self._clock() - started > _TURN_SECONDS:
                job_queue.hold_on(connection, self._name, self._clock(), self._lease)
                return True
            outcome = self._perform(connection, job, int(now), in_parts=in_parts)
            job_queue.finish(connection, job, outcome)
        begun = job_queue.begin(connection, self._name, now, self._lease)
        taken = job_queue.claim(connection, self._name, now, _GROUP, self._lease)
        return bool(jobs) or begun or taken > 0

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Let any worker have what this one has taken or begun."""
        job_queue.release(connection, self._name)

    async def _work(self) -> None:
        while not self._stopping:
            try:
                busy = await self._store.reading(self._has_work) and await run_in_threadpool(self._take_turns)
            except StoreError as error:
                # The disk may be full or the file locked for long; the jobs wait for better times.
                logger.warning("Jobs are waiting. %s %s", error.message, error.advice)
                busy = False
            if not busy:
                await self._rest()
        try:
            await self._store.writing(self.give_back)
        except StoreError as error:
            logger.warning("Jobs stay taken until their lease ends. %s", error.message)

    def _take_turns(self) -> bool:
        for _ in range(_TURNS):
            busy = self.take_turn()
            if not busy or self._stopping:
                return busy
        return True

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), self._poll_seconds)
        except TimeoutError:
            return
        self._wake.clear()

    def _has_work(self, connection: sqlite3.Connection) -> bool:
        return is_claimable(connection, self._clock()) or job_queue.holds_any(connection, self._name)

    def _perform(
        self, connection: sqlite3.Connection, job: JobRow, now: int, *, in_parts: bool
    ) -> JobOutcome:
        if job.damage is not None:
            logger.error("Job %s cannot be read: %s", job.session_id, job.damage)
            return JobOutcome(info=f"Job failed, err: what it was asked to do cannot be read: {job.damage}.")
        before = connection.total_changes
        if in_parts:
            connection.execute("SAVEPOINT job")
        try:
            outcome = self._tasks[job.subtype].perform(JobWork(connection, job, now, self._new_id))
        except JobFailedError as error:
            outcome = JobOutcome(info=error.info)
        except Exception as error:
            if _is_of_the_store(error):
                # The whole turn is undone and tried again.
                raise
            if not in_parts and connection.total_changes != before:
                raise _HalfDoneError from error
            # One broken job must not stop all others, and its info says so, as in the services.
            logger.exception("Job %s failed unforeseen", job.session_id)
            outcome = JobOutcome(info=f"Callback function raised unhandled exception. Error: {error}.")
        if in_parts:
            if outcome.result is None:
                connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
        elif outcome.result is None and connection.total_changes != before:
            raise _HalfDoneError
        return outcome


def _is_of_the_store(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and (code is None or code & 0xFF in _OF_THE_STORE)


def _log_crash(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.error("The worker has crashed: jobs wait for another one.", exc_info=task.exception())
