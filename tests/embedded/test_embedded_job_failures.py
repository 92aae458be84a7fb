"""Jobs that fail, stores that fail them, and workers that crash."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.jobs.rows import JobOutcome
from provena_mcp.embedded.jobs.tasks import JobWork, NoPayload, Task, fail
from provena_mcp.embedded.jobs.worker import Worker
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError
from provena_mcp.wire.jobs import JobSubtype
from tests.embedded.job_turns import Clock, job, mark, state, submit, traces, work
from tests.embedded.services_client import ServicesClient, running_services


def test_a_failed_job_says_why_and_leaves_nothing_behind(store: Store, worker: Callable[..., Worker]) -> None:
    def give_up(work: JobWork) -> JobOutcome:
        mark(work)
        fail("Job failed, err: No luck..")

    submit(store, "a")
    work(worker(give_up))

    assert (state(store, "a"), traces(store)) == (("FAILED", "Job failed, err: No luck.."), [])
    assert job(store, "a").result is None


def test_an_unforeseen_failure_of_one_job_does_not_stop_the_others(
    store: Store, worker: Callable[..., Worker]
) -> None:
    def stumble(work: JobWork) -> JobOutcome:
        if work.job.session_id == "a":
            mark(work)
            message = "a stone"
            raise LookupError(message)
        return mark(work)

    submit(store, "a", "b")
    work(worker(stumble))

    assert state(store, "a") == ("FAILED", "Callback function raised unhandled exception. Error: a stone.")
    assert traces(store) == ["b"]


def test_an_error_that_a_job_itself_makes_sqlite_raise_does_not_stop_the_others(
    store: Store, worker: Callable[..., Worker]
) -> None:
    def stumble(work: JobWork) -> JobOutcome:
        if work.job.session_id == "a":
            work.connection.execute("SELECT json_extract('{', '$')")
        return mark(work)

    submit(store, "a", "b")
    work(worker(stumble))

    assert state(store, "a") == (
        "FAILED",
        "Callback function raised unhandled exception. Error: malformed JSON.",
    )
    assert traces(store) == ["b"]


def test_a_group_that_the_store_fails_is_taken_up_again_whole(
    store: Store, worker: Callable[..., Worker]
) -> None:
    faults = iter([sqlite3.OperationalError("disk I/O error")])

    def falter(work: JobWork) -> JobOutcome:
        fault = next(faults, None) if work.job.session_id == "b" else None
        if fault is not None:
            raise fault
        return mark(work)

    submit(store, "a", "b", "c")
    one = worker(falter)
    one.take_turn()
    one.take_turn()
    with pytest.raises(StoreError):
        one.take_turn()
    assert ([state(store, name)[0] for name in "abc"], traces(store)) == (["IN_PROGRESS"] * 3, [])

    work(one)

    assert ([state(store, name)[0] for name in "abc"], traces(store)) == (["SUCCEEDED"] * 3, ["a", "b", "c"])


def test_a_full_disk_delays_a_job_and_loses_nothing(store: Store, worker: Callable[..., Worker]) -> None:
    room = iter([0, 1_000_000])

    def fill(work: JobWork) -> JobOutcome:
        (pages,) = work.connection.execute("PRAGMA page_count").fetchone()
        work.connection.execute(f"PRAGMA max_page_count = {pages + next(room)}")
        mark(work)
        work.connection.execute("INSERT INTO document VALUES ('big', 'big', 0, zeroblob(1000000))")
        return JobOutcome({})

    submit(store, "a")
    one = worker(fill)
    one.take_turn()
    one.take_turn()
    with pytest.raises(StoreError, match="the disk is full"):
        one.take_turn()
    assert (state(store, "a")[0], traces(store)) == ("IN_PROGRESS", [])

    work(one)

    assert (state(store, "a")[0], traces(store)) == ("SUCCEEDED", ["a", "big"])


@pytest.mark.asyncio
async def test_a_worker_waits_while_another_process_keeps_the_store_locked(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    impatient = Store(tmp_path / "impatient.sqlite3", patience=0.05)
    submit(impatient, "a")
    tasks: dict[JobSubtype, Task] = {"PROV_LODGE_WAKE_UP": Task(mark, NoPayload)}
    worker = Worker(impatient, tasks, clock, lambda: "worker", poll_seconds=0.01)
    other = sqlite3.connect(impatient.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with worker.running():
        while "is locked by another process" not in caplog.text:
            await impatient.reading(lambda connection: None)
        locked_out = state(impatient, "a")
        other.execute("ROLLBACK")
        while state(impatient, "a")[0] != "SUCCEEDED":
            await impatient.reading(lambda connection: None)
    other.close()
    assert (locked_out, traces(impatient)) == (("PENDING", None), ["a"])
    impatient.close()


@pytest.mark.asyncio
async def test_a_crashed_worker_is_logged_and_seen_by_the_health_of_every_service(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    is_broken = asyncio.Event()

    def clock() -> float:
        if is_broken.is_set():
            message = "no time"
            raise ZeroDivisionError(message)
        return 1000.0

    async def health(services: ServicesClient) -> list[int]:
        return [(await services.get(f"{path}/")).status_code for path in BASE_PATHS.values()]

    async with running_services(store, clock=clock) as services:
        before = await health(services)
        is_broken.set()
        submit(store, "a")
        while "The worker has crashed" not in caplog.text:
            await asyncio.sleep(0.005)
        after = await health(services)
        said = (await services.get("/job-api/")).json()

    assert (before, after) == ([200] * len(BASE_PATHS), [500] * len(BASE_PATHS))
    assert said == {
        "detail": "The worker has crashed, as the log says: jobs wait until this is started again."
    }
    assert "ZeroDivisionError: no time" in caplog.text
