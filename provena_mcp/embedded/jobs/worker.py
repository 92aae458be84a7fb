"""The worker that does the jobs of a store, one at a time; every process that serves the store has one.

A turn is one transaction: finish the job in progress with all that it does, begin the one taken
before, take the next. A process that dies loses nothing but its turn.
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
from provena_mcp.embedded.jobs.rows import JobRow, JobSubtype, Outcome
from provena_mcp.embedded.jobs.tasks import JobFailedError, Task, Work
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 1.0
# Turns taken in a row; between rows whoever else wants to write gets the store.
_TURNS: Final = 10


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
    ) -> None:
        """Make a worker; ``running`` starts it.

        Args:
            store: Whose jobs to do.
            tasks: What a job of each subtype does.
            clock: Gives Unix seconds.
            new_id: Gives UUIDs: the worker's own name, and those of further jobs.
            poll_seconds: How soon a job that another process submitted, or left behind, is noticed.
        """
        self._store = store
        self._tasks = tasks
        self._clock = clock
        self._new_id = new_id
        self._poll_seconds = poll_seconds
        self._name = new_id()
        self._wake = asyncio.Event()
        self._stopping = False

    def nudge(self) -> None:
        """Say that there may be something to do."""
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Work until the end of the block; a turn under way is ended first."""
        task = asyncio.create_task(self._work())
        try:
            yield
        finally:
            self._stopping = True
            self.nudge()
            await task

    def take_turn(self, connection: sqlite3.Connection) -> bool:
        """One turn, in a write transaction; whether there was anything to do."""
        now = self._clock()
        job = job_queue.job_in_progress(connection, self._name)
        if job is not None:
            job_queue.finish(connection, job, self._perform(connection, job, int(now)))
        begun = job_queue.begin(connection, self._name, now)
        taken = job_queue.claim(connection, self._name, now)
        return job is not None or begun or taken

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
            with self._store.write() as connection:
                busy = self.take_turn(connection)
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
        return job_queue.is_claimable(connection, self._clock()) or job_queue.holds_any(
            connection, self._name
        )

    def _perform(self, connection: sqlite3.Connection, job: JobRow, now: int) -> Outcome:
        connection.execute("SAVEPOINT job")
        try:
            outcome = self._tasks[job.subtype].perform(Work(connection, job, now, self._new_id))
        except JobFailedError as error:
            outcome = Outcome(info=error.info)
        except sqlite3.OperationalError:
            # The disk or a lock, not the job: the whole turn is undone and tried again.
            raise
        except Exception as error:
            # One broken job must not stop all others, and its info says so, as in the services.
            logger.exception("Job %s failed unforeseen", job.session_id)
            outcome = Outcome(info=f"Callback function raised unhandled exception. Error: {error}.")
        if outcome.result is None:
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return outcome
