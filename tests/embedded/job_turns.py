"""Jobs in a store, and turns that workers take at them by a clock that is set by hand."""

from __future__ import annotations

from provena_mcp.embedded.identity import User
from provena_mcp.embedded.jobs import rows as jobs
from provena_mcp.embedded.jobs.rows import JobOutcome, JobRow, NewJob, Submitter
from provena_mcp.embedded.jobs.tasks import JobWork
from provena_mcp.embedded.jobs.worker import Worker
from provena_mcp.embedded.store import Store

SUBMITTER = Submitter(User("jane", "jane@example.org", ("entity-registry-write",)), "http://here/prov-api")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def mark(work: JobWork) -> JobOutcome:
    """Leave a trace of having been done."""
    work.connection.execute(
        "INSERT INTO document VALUES (hex(randomblob(8)), ?, 0, '')", (work.job.session_id,)
    )
    return JobOutcome({"done": work.job.session_id})


def submit(store: Store, *names: str) -> None:
    with store.write() as connection:
        jobs.submit(connection, [NewJob(name, "PROV_LODGE_WAKE_UP", {}) for name in names], SUBMITTER, 900)


def work(worker: Worker) -> None:
    """Take turns until there is nothing to do."""
    while worker.take_turn():
        pass


def job(store: Store, name: str) -> JobRow:
    with store.read() as connection:
        found = jobs.fetch_job(connection, name)
    assert found is not None
    return found


def state(store: Store, name: str) -> tuple[str, str | None]:
    found = job(store, name)
    return found.status, found.info


def traces(store: Store) -> list[str]:
    with store.read() as connection:
        return [name for (name,) in connection.execute("SELECT name FROM document ORDER BY name")]
