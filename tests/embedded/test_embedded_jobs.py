"""Jobs as durable rows: their walk, their order, who does them."""

from __future__ import annotations

from collections.abc import Callable

from provena_mcp.embedded.jobs.rows import JobOutcome
from provena_mcp.embedded.jobs.tasks import JobWork
from provena_mcp.embedded.jobs.worker import Worker
from provena_mcp.embedded.store import Store
from tests.embedded.job_turns import job, state, submit, traces, work

DEQUEUED = "Job removed from queue ready for processing by worker task."
IN_PROGRESS = "Job has been dispatched to worker callback and is in progress."


def test_a_job_walks_through_the_states_with_their_texts(store: Store, worker: Callable[..., Worker]) -> None:
    submit(store, "a")
    one = worker()

    walk = [state(store, "a")]
    while one.take_turn():
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
    work(worker(note))

    assert done == ["c", "a", "b"]


def test_two_workers_share_the_jobs_and_do_each_once(store: Store, worker: Callable[..., Worker]) -> None:
    names = [f"job-{number:02}" for number in range(20)]
    submit(store, *names)
    one, other = worker(), worker()

    while one.take_turn() | other.take_turn():
        pass

    assert traces(store) == names
