"""Rows of jobs that are damaged: they fail, are listed, and spoil no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.jobs import rows as jobs
from provena_mcp.embedded.jobs.worker import Worker
from provena_mcp.embedded.store import Store
from tests.embedded.job_turns import state, submit, traces, work
from tests.embedded.services_client import running_services


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

    work(worker())

    status, info = state(store, "b")
    assert (status, bool(info), traces(store)) == ("FAILED", True, ["a", "c"])
    assert "Job b" in caplog.text or "Job number 2 is damaged" in caplog.text or "attempts" in damage


def test_a_job_whose_own_name_cannot_be_read_fails_under_another_and_the_others_are_done(
    store: Store, worker: Callable[..., Worker]
) -> None:
    submit(store, "a", "b", "c")
    with store.write() as connection:
        connection.execute("UPDATE job SET session_id = CAST(x'ff' AS TEXT) WHERE session_id = 'b'")

    work(worker())

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


def test_a_damaged_job_is_listed_with_the_others(store: Store) -> None:
    submit(store, "a", "b")
    with store.write() as connection:
        connection.execute("UPDATE job SET payload = '{', result = '{', subtype = '' WHERE session_id = 'a'")
        listed = [row.as_json() for row in jobs.list_jobs(connection).jobs]
    assert [(row["session_id"], row["payload"], row["result"]) for row in listed] == [
        ("b", {}, None),
        ("a", {}, None),
    ]
