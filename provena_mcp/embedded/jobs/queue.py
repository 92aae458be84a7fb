"""The job queue: claim, start, finish and release jobs (provena-http 6.3).

A worker holds what it takes until a lease ends; after that any worker may take it. Finishing a job
and everything it does are one transaction, and only who still holds it can finish it: a job takes
effect exactly once, whoever dies when.
"""

from __future__ import annotations

import logging
import sqlite3
from itertools import takewhile
from typing import Final

from provena_mcp.embedded.jobs.rows import JobOutcome, JobRow, select_jobs
from provena_mcp.embedded.json_text import compact_json
from provena_mcp.embedded.standing import FIND_STRANDED, LONGEST_LEASE, at

logger = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 10
"""A job during which this many workers died is given up: it is what kills them."""

_DEQUEUED: Final = "Job removed from queue ready for processing by worker task."
_IN_PROGRESS: Final = "Job has been dispatched to worker callback and is in progress."
_STRANDED: Final = "Job failed, err: its row does not say until when a worker holds it.."
_GIVEN_UP: Final = f"Job failed, err: {MOST_ATTEMPTS} workers ended without finishing it.."


def holds_any(connection: sqlite3.Connection, worker: str) -> bool:
    """Whether ``worker`` has jobs taken or begun."""
    return connection.execute("SELECT 1 FROM job WHERE worker = ? LIMIT 1", (worker,)).fetchone() is not None


def claim(connection: sqlite3.Connection, worker: str, now: float, most: int, lease: float) -> int:
    """Take up to ``most`` of the next jobs for ``worker``; how many.

    A job during which a worker died before is taken alone, so that it can harm no other. A job that
    kills its workers is given up, and so is one whose row does not say until when it is held. ``lease`` is
    how many seconds a job stays with a worker that is not heard of any more.
    """
    _give_up_stranded(connection, now)
    connection.execute(
        """UPDATE job SET status = 'FAILED', info = ?, worker = NULL, lease_until = NULL
        WHERE lease_until <= ? AND attempts >= ?""",
        (_GIVEN_UP, now, MOST_ATTEMPTS),
    )
    waiting = connection.execute(
        "SELECT key, attempts FROM job WHERE lease_until <= ? ORDER BY lease_until, key LIMIT ?", (now, most)
    ).fetchall()
    fresh = takewhile(lambda row: not row[1], waiting)
    group = [key for key, _ in fresh] or [key for key, _ in waiting[:1]]
    connection.executemany(
        "UPDATE job SET status = 'DEQUEUED', info = ?, worker = ?, lease_until = ? WHERE key = ?",
        ((_DEQUEUED, worker, now + lease, key) for key in group),
    )
    return len(group)


def _give_up_stranded(connection: sqlite3.Connection, now: float) -> None:
    # Held until a time that is too far off: the clock was ahead then. It may be taken, as after its lease.
    connection.execute(
        "UPDATE job SET lease_until = 0 WHERE lease_until > ? AND typeof(lease_until) IN ('integer', 'real')",
        (now + LONGEST_LEASE,),
    )
    stranded = connection.execute(FIND_STRANDED, at(now)).fetchall()
    for (key,) in stranded:
        logger.error("Job number %s is damaged: its row does not say until when a worker holds it", key)
    connection.executemany(
        "UPDATE job SET status = 'FAILED', info = ?, worker = NULL, lease_until = NULL WHERE key = ?",
        ((_STRANDED, key) for (key,) in stranded),
    )


def begin(connection: sqlite3.Connection, worker: str, now: float, lease: float) -> bool:
    """Set the jobs that ``worker`` has taken in progress; whether it still had any.

    That is an attempt; a job that was only taken when its worker died is not what killed it.
    """
    begun = connection.execute(
        """UPDATE job SET status = 'IN_PROGRESS', info = ?, lease_until = ?, attempts = attempts + 1
        WHERE worker = ? AND status = 'DEQUEUED'""",
        (_IN_PROGRESS, now + lease, worker),
    )
    return begun.rowcount > 0


def jobs_in_progress(connection: sqlite3.Connection, worker: str) -> tuple[JobRow, ...]:
    """The jobs that ``worker`` has begun, in turn, but for those it lost to another one meanwhile."""
    return select_jobs(connection, "worker = ? AND status = 'IN_PROGRESS' ORDER BY key", worker)


def hold_on(connection: sqlite3.Connection, worker: str, now: float, lease: float) -> None:
    """Let ``worker`` go on with the jobs it has begun."""
    connection.execute(
        "UPDATE job SET lease_until = ? WHERE worker = ? AND status = 'IN_PROGRESS'",
        (now + lease, worker),
    )


def finish(connection: sqlite3.Connection, job: JobRow, outcome: JobOutcome) -> None:
    """Write how a job ended."""
    connection.execute(
        "UPDATE job SET status = ?, info = ?, result = ?, worker = NULL, lease_until = NULL WHERE key = ?",
        (
            outcome.status,
            outcome.info,
            None if outcome.result is None else compact_json(outcome.result),
            job.key,
        ),
    )


def release(connection: sqlite3.Connection, worker: str) -> None:
    """Give back what ``worker`` holds, as if it had never been taken."""
    connection.execute(
        """UPDATE job SET attempts = attempts - (status = 'IN_PROGRESS'), status = 'PENDING', info = NULL,
            worker = NULL, lease_until = 0 WHERE worker = ?""",
        (worker,),
    )
