"""Leases on jobs: what workers that die, sleep, linger or leave let others do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provena_mcp.embedded.jobs.queue import MOST_ATTEMPTS
from provena_mcp.embedded.jobs.rows import JobOutcome
from provena_mcp.embedded.jobs.tasks import JobWork
from provena_mcp.embedded.jobs.worker import LEASE_SECONDS, Worker
from provena_mcp.embedded.store import Store
from tests.embedded.job_turns import Clock, mark, state, submit, traces, work


@pytest.mark.parametrize("turns", [1, 2])
def test_the_job_of_a_dead_worker_is_free_when_its_lease_ends(
    store: Store, worker: Callable[..., Worker], clock: Clock, turns: int
) -> None:
    submit(store, "a")
    dead, living = worker(), worker()
    for _ in range(turns):
        dead.take_turn()

    clock.now += LEASE_SECONDS - 0.1
    before = living.take_turn()
    clock.now += 0.1
    work(living)

    assert (before, state(store, "a")[0], traces(store)) == (False, "SUCCEEDED", ["a"])


def test_a_worker_that_wakes_after_its_lease_does_not_do_the_job_again(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    submit(store, "a")
    asleep, other = worker(), worker()
    asleep.take_turn()
    asleep.take_turn()
    clock.now += LEASE_SECONDS

    work(other)
    woke = asleep.take_turn()

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
    dying.take_turn()
    dying.take_turn()
    with pytest.raises(KilledError):
        dying.take_turn()

    assert (state(store, "a")[0], traces(store)) == ("IN_PROGRESS", [])
    clock.now += LEASE_SECONDS
    work(worker())
    assert (state(store, "a")[0], traces(store)) == ("SUCCEEDED", ["a"])


def test_a_job_that_kills_every_worker_is_given_up_and_the_one_taken_with_it_is_done(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    submit(store, "a", "b")
    seen: list[list[str]] = []
    for _ in range(MOST_ATTEMPTS):
        dying = worker()
        dying.take_turn()
        dying.take_turn()
        seen.append([state(store, name)[0] for name in ("a", "b")])
        clock.now += LEASE_SECONDS

    work(worker())

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
        leaving.take_turn()
        leaving.take_turn()
        with store.write() as connection:
            leaving.give_back(connection)

    work(worker())

    assert state(store, "a") == ("SUCCEEDED", None)


@pytest.mark.parametrize(
    "held", ["lease_until = 9e99", "lease_until = 9e999, worker = 'w', status = 'DEQUEUED'"]
)
def test_a_job_held_until_a_time_far_off_is_done_as_after_its_lease(
    store: Store, worker: Callable[..., Worker], held: str
) -> None:
    submit(store, "a", "b", "c")
    with store.write() as connection:
        connection.execute(f"UPDATE job SET {held} WHERE session_id = 'b'")

    work(worker())

    assert (state(store, "b")[0], sorted(traces(store))) == ("SUCCEEDED", ["a", "b", "c"])


def test_a_worker_that_holds_for_less_is_followed_sooner(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    submit(store, "a")
    worker(lease=0.5).take_turn()
    clock.now += 0.4
    assert worker().take_turn() is False
    clock.now += 0.1
    work(worker())
    assert traces(store) == ["a"]


def test_a_turn_ends_when_it_has_lasted_and_the_rest_stays_with_its_worker(
    store: Store, worker: Callable[..., Worker], clock: Clock
) -> None:
    def linger(work: JobWork) -> JobOutcome:
        clock.now += LEASE_SECONDS - 1
        return mark(work)

    submit(store, "a", "b", "c")
    slow, other = worker(linger), worker()
    done: list[list[str]] = []
    while slow.take_turn():
        other.take_turn()
        done.append(traces(store))

    assert done == [[], [], ["a"], ["a", "b"], ["a", "b", "c"]]


def test_what_a_worker_gives_back_can_be_taken_at_once(store: Store, worker: Callable[..., Worker]) -> None:
    submit(store, "a", "b")
    leaving, next_one = worker(), worker()
    leaving.take_turn()
    leaving.take_turn()
    with store.write() as connection:
        leaving.give_back(connection)

    work(next_one)

    assert traces(store) == ["a", "b"]
