"""Jobs as durable rows: their walk, leases, workers that die, stores that fail."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.identity import User
from provena_mcp.embedded.jobs import rows as jobs
from provena_mcp.embedded.jobs.queue import MOST_ATTEMPTS
from provena_mcp.embedded.jobs.rows import JobOutcome, JobRow, NewJob, Submitter
from provena_mcp.embedded.jobs.tasks import JobWork, NoPayload, Task, fail
from provena_mcp.embedded.jobs.worker import LEASE_SECONDS, Worker
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError
from provena_mcp.wire.jobs import JobSubtype
from tests.embedded.services_client import ServicesClient, running_services

SUBMITTER = Submitter(User("jane", "jane@example.org", ("entity-registry-write",)), "http://here/prov-api")
DEQUEUED = "Job removed from queue ready for processing by worker task."
IN_PROGRESS = "Job has been dispatched to worker callback and is in progress."


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(store: Store, clock: Clock) -> Callable[..., Worker]:
    """Makes workers of the store; ``task`` is what each job does."""
    names = (f"worker-{number}" for number in itertools.count())

    def make(task: Callable[[JobWork], JobOutcome] = mark, lease: float = LEASE_SECONDS) -> Worker:
        tasks: dict[JobSubtype, Task] = {"PROV_LODGE_WAKE_UP": Task(task, NoPayload)}
        return Worker(store, tasks, clock, lambda: next(names), lease_seconds=lease)

    return make


def mark(work: JobWork) -> JobOutcome:
    """Leave a trace of having been done."""
    work.connection.execute(
        "INSERT INTO document VALUES (hex(randomblob(8)), ?, 0, '')", (work.job.session_id,)
    )
    return JobOutcome({"done": work.job.session_id})


def submit(store: Store, *names: str) -> None:
    with store.write() as connection:
        jobs.submit(connection, [NewJob(name, "PROV_LODGE_WAKE_UP", {}) for name in names], SUBMITTER, 900)


def turn(store: Store, worker: Worker) -> bool:
    with store.write() as connection:
        return worker.take_turn(connection)


def work(store: Store, worker: Worker) -> None:
    """Take turns until there is nothing to do."""
    while turn(store, worker):
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


def test_a_job_walks_through_the_states_with_their_texts(store: Store, worker: Callable[..., Worker]) -> None:
    submit(store, "a")
    one = worker()

    walk = [state(store, "a")]
    while turn(store, one):
        walk.append(state(store, "a"))

    assert walk == [
        ("PENDING", None),
        ("DEQUEUED", DEQUEUED),
        ("IN_PROGRESS", IN_PROGRESS),
        ("SUCCEEDED", None),
    ]
    assert job(store, "a").as_json() == {
        "session_id": "a",
        "created_timestamp": 900,
        "username": "jane",
        "batch_id": None,
        "payload": {},
        "job_type": "PROV_LODGE",
        "job_sub_type": "PROV_LODGE_WAKE_UP",
        "gsi_status": "ok",
        "status": "SUCCEEDED",
        "info": None,
        "result": {"done": "a"},
    }


def test_jobs_are_done_in_the_order_of_submission(store: Store, worker: Callable[..., Worker]) -> None:
    done: list[str] = []

    def note(work: JobWork) -> JobOutcome:
        done.append(work.job.session_id)
        return JobOutcome({})

    submit(store, "c", "a", "b")
    work(store, worker(note))

    assert done == ["c", "a", "b"]


def test_two_workers_share_the_jobs_and_do_each_once(store: Store, worker: Callable[..., Worker]) -> None:
    names = [f"job-{number:02}" for number in range(20)]
    submit(store, *names)
    one, other = worker(), worker()

    while turn(store, one) | turn(store, other):
        pass

    assert traces(store) == names


@pytest.mark.parametrize("turns", [1, 2])
def test_the_job_of_a_dead_worker_is_free_when_its_lease_ends(
    store: Store, worker: Callable[..., Worker], clock: Clock, turns: int
) -> None:
    submit(store, "a")
    dead, living = worker(), worker()
    for _ in range(turns):
        turn(store, dead)

    clock.now += LEASE_SECONDS - 0.1
    before = turn(store, living)
    clock.now += 0.1
    work(store, living)

    assert (before, state(store, "a")[0], traces(store)) == (False, "SUCCEEDED", ["a"])


def test_a_worker_that_wakes_after_its_lease_does_not_do_the_job_again(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    submit(store, "a")
    asleep, other = worker(), worker()
    turn(store, asleep)
    turn(store, asleep)
    clock.now += LEASE_SECONDS

    work(store, other)
    woke = turn(store, asleep)

    assert (woke, traces(store)) == (False, ["a"])


def test_a_process_killed_in_the_middle_of_a_job_leaves_nothing_of_it(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    class KilledError(BaseException):
        """As if the process ended here."""

    def die(work: JobWork) -> JobOutcome:
        mark(work)
        raise KilledError

    submit(store, "a")
    dying = worker(die)
    turn(store, dying)
    turn(store, dying)
    with pytest.raises(KilledError):
        turn(store, dying)

    assert (state(store, "a")[0], traces(store)) == ("IN_PROGRESS", [])
    clock.now += LEASE_SECONDS
    work(store, worker())
    assert (state(store, "a")[0], traces(store)) == ("SUCCEEDED", ["a"])


def test_a_job_that_kills_every_worker_is_given_up_and_the_one_taken_with_it_is_done(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    submit(store, "a", "b")
    seen: list[list[str]] = []
    for _ in range(MOST_ATTEMPTS):
        dying = worker()
        turn(store, dying)
        turn(store, dying)
        seen.append([state(store, name)[0] for name in ("a", "b")])
        clock.now += LEASE_SECONDS

    work(store, worker())

    # Begun together once, then each alone, so that only the one that kills is given up.
    assert seen == [["IN_PROGRESS", "IN_PROGRESS"], *[["IN_PROGRESS", "DEQUEUED"]] * (MOST_ATTEMPTS - 1)]

    given_up = ("FAILED", f"Job failed, err: {MOST_ATTEMPTS} workers ended without finishing it..")
    assert [state(store, name) for name in ("a", "b")] == [given_up, ("SUCCEEDED", None)]
    assert traces(store) == ["b"]


def test_a_job_that_was_given_back_is_not_given_up(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    submit(store, "a")
    for _ in range(MOST_ATTEMPTS + 1):
        leaving = worker()
        turn(store, leaving)
        turn(store, leaving)
        with store.write() as connection:
            leaving.give_back(connection)

    work(store, worker())

    assert state(store, "a") == ("SUCCEEDED", None)


def test_a_failed_job_says_why_and_leaves_nothing_behind(store: Store, worker: Callable[..., Worker]) -> None:
    def give_up(work: JobWork) -> JobOutcome:
        mark(work)
        fail("Job failed, err: No luck..")

    submit(store, "a")
    work(store, worker(give_up))

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
    work(store, worker(stumble))

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
    work(store, worker(stumble))

    assert state(store, "a") == (
        "FAILED",
        "Callback function raised unhandled exception. Error: malformed JSON.",
    )
    assert traces(store) == ["b"]


@pytest.mark.parametrize(
    "damage",
    [
        "payload = '{not json'",
        "payload = '[]'",
        "payload = '7'",
        "payload = CAST(x'7bff7d' AS TEXT)",
        "payload = ''",
        "submitter = 'nobody'",
        "submitter = '{}'",
        "submitter = CAST(x'ff' AS TEXT)",
        "subtype = 'OF_TOMORROW'",
        "subtype = CAST(x'ff' AS TEXT)",
        "username = CAST(x'ff61' AS TEXT)",
        "username = x'ff'",
        "batch_id = CAST(x'c328' AS TEXT)",
        "created = 'yesterday'",
        "lease_until = NULL",
        "lease_until = 'soon'",
        "lease_until = x'00'",
        "status = 'DEQUEUED', lease_until = NULL, worker = CAST(x'ff' AS TEXT)",
        "status = CAST(x'ff' AS TEXT), lease_until = NULL",
        "attempts = 'many'",
    ],
)
def test_a_damaged_job_fails_and_is_logged_and_the_others_are_done(
    store: Store, worker: Callable[..., Worker], caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    submit(store, "a", "b", "c")
    with store.write() as connection:
        connection.execute(f"UPDATE job SET {damage} WHERE session_id = 'b'")

    work(store, worker())

    status, info = state(store, "b")
    assert (status, bool(info), traces(store)) == ("FAILED", True, ["a", "c"])
    assert "Job b" in caplog.text or "Job number 2 is damaged" in caplog.text or "attempts" in damage


@pytest.mark.parametrize(
    "held", ["lease_until = 9e99", "lease_until = 9e999, worker = 'w', status = 'DEQUEUED'"]
)
def test_a_job_held_until_a_time_far_off_is_done_as_after_its_lease(
    store: Store, worker: Callable[..., Worker], held: str
) -> None:
    submit(store, "a", "b", "c")
    with store.write() as connection:
        connection.execute(f"UPDATE job SET {held} WHERE session_id = 'b'")

    work(store, worker())

    assert (state(store, "b")[0], sorted(traces(store))) == ("SUCCEEDED", ["a", "b", "c"])


def test_a_job_whose_own_name_cannot_be_read_fails_under_another_and_the_others_are_done(
    store: Store, worker: Callable[..., Worker]
) -> None:
    submit(store, "a", "b", "c")
    with store.write() as connection:
        connection.execute("UPDATE job SET session_id = CAST(x'ff' AS TEXT) WHERE session_id = 'b'")

    work(store, worker())

    assert (state(store, "damaged-2")[0], traces(store)) == ("FAILED", ["a", "c"])
    with store.read() as connection:
        assert jobs.fetch_job(connection, "damaged-1") is None
        assert jobs.fetch_job(connection, "damaged-99999999999999999999999") is None


COLUMNS = ("session_id", "created", "username", "batch_id", "subtype", "payload", "status", "info", "result")


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.asyncio
async def test_a_job_with_bytes_that_are_no_text_is_listed_page_by_page_with_the_others(
    store: Store, column: str
) -> None:
    submit(store, "a", "b", "c")
    with store.write() as connection:
        connection.execute("UPDATE job SET lease_until = NULL, status = 'SUCCEEDED', batch_id = 'one'")
        connection.execute(f"UPDATE job SET {column} = CAST(x'ff' AS TEXT) WHERE session_id = 'b'")
    found: list[str] = []
    key: object = None
    async with running_services(store) as services:
        for _ in range(4):
            page = await services.post(
                f"{BASE_PATHS['job']}/jobs/admin/list", {"limit": 1, "pagination_key": key}
            )
            assert page.status_code == 200, page.text
            answer = page.json()
            found += [row["session_id"] for row in answer["jobs"]]
            key = answer["pagination_key"]
            if key is None:
                break
    middle = "damaged-2" if column == "session_id" else "b"
    assert sorted(found) == sorted(["a", middle, "c"])


def test_a_worker_that_holds_for_less_is_followed_sooner(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    submit(store, "a")
    turn(store, worker(lease=0.5))
    clock.now += 0.4
    assert turn(store, worker()) is False
    clock.now += 0.1
    work(store, worker())
    assert traces(store) == ["a"]


def test_a_damaged_job_is_listed_with_the_others(store: Store) -> None:
    submit(store, "a", "b")
    with store.write() as connection:
        connection.execute("UPDATE job SET payload = '{', result = '{', subtype = '' WHERE session_id = 'a'")
        listed = [row.as_json() for row in jobs.list_jobs(connection).jobs]
    assert [(row["session_id"], row["payload"], row["result"]) for row in listed] == [
        ("b", {}, None),
        ("a", {}, None),
    ]


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
    turn(store, one)
    turn(store, one)
    with pytest.raises(StoreError):
        turn(store, one)
    assert ([state(store, name)[0] for name in "abc"], traces(store)) == (["IN_PROGRESS"] * 3, [])

    work(store, one)

    assert ([state(store, name)[0] for name in "abc"], traces(store)) == (["SUCCEEDED"] * 3, ["a", "b", "c"])


def test_a_turn_ends_when_it_has_lasted_and_the_rest_stays_with_its_worker(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    def linger(work: JobWork) -> JobOutcome:
        clock.now += LEASE_SECONDS - 1
        return mark(work)

    submit(store, "a", "b", "c")
    slow, other = worker(linger), worker()
    done: list[list[str]] = []
    while turn(store, slow):
        turn(store, other)
        done.append(traces(store))

    assert done == [[], [], ["a"], ["a", "b"], ["a", "b", "c"]]


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
    turn(store, one)
    turn(store, one)
    with pytest.raises(StoreError, match="the disk is full"):
        turn(store, one)
    assert (state(store, "a")[0], traces(store)) == ("IN_PROGRESS", [])

    work(store, one)

    assert (state(store, "a")[0], traces(store)) == ("SUCCEEDED", ["a", "big"])


def test_what_a_worker_gives_back_can_be_taken_at_once(store: Store, worker: Callable[..., Worker]) -> None:
    submit(store, "a", "b")
    leaving, next_one = worker(), worker()
    turn(store, leaving)
    turn(store, leaving)
    with store.write() as connection:
        leaving.give_back(connection)

    work(store, next_one)

    assert traces(store) == ["a", "b"]


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
