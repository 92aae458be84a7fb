"""A job that failed made none of the runs that other jobs of the same record made."""

from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tests.worlds.deployment import a_record, answering, provena, server
from tests.worlds.lying_jobs import JOBS, FailedJobs, Json, changed, jobs_naming
from tests.worlds.sample import call

FAILED = "Provena accepted the record, and the job that registers it failed."
FETCH = "/registry-api/registry/general/fetch"
LIST = "/registry-api/registry/general/list"
FIRST, SECOND = "local/1000001", "local/1000002"
NAMES_THE_FIRST = (
    f"Its job names {FIRST}, which is not this run. It is registered as {SECOND}: the registry and the "
    "lineage graph hold it."
)
NOT_KNOWN = "look with list_items, subtype MODEL_RUN, before doing it again."


async def registered(client: Client) -> Json:
    """What is told of the same record, registered once more."""
    shown = await call(client, "register_model_run", record=a_record(), allow_duplicate=True)
    assert shown["ready"], shown
    return await call(client, "register_model_run", reference=shown["reference"], confirm=True)


def told(result: Json) -> tuple[Any, ...]:
    return result["status"], result.get("model_run_id"), result.get("note") or result.get("message")


@pytest.mark.asyncio
async def test_a_job_that_made_nothing_does_not_claim_the_run_that_was_registered_before_it(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        before = await registered(client)
        FailedJobs(wire, lambda session: session != before["session_id"])
        done = await registered(client)
    assert before["model_run_id"] == FIRST
    assert told(done) == ("failed", None, f"{FAILED} The registry holds no such run.")


@pytest.mark.asyncio
async def test_a_job_that_made_nothing_does_not_claim_the_run_that_trying_again_made(tmp_path: Path):
    failing: list[str] = []
    async with provena(tmp_path) as wire, server(wire) as client:
        FailedJobs(wire, lambda session: not failing or session in failing)
        first = await registered(client)
        failing.append(first["session_id"])
        again = await registered(client)
        job = await call(client, "get_job", session_id=first["session_id"])
    assert told(again) == ("succeeded", SECOND, f"Registered as {SECOND}.")
    assert told(job) == ("failed", None, "The registry holds no such run.")


@pytest.mark.asyncio
async def test_of_two_jobs_that_failed_and_one_run_nobody_knows_which_made_it(tmp_path: Path):
    without: list[str] = []
    async with provena(tmp_path) as wire, server(wire) as client:
        FailedJobs(wire, lambda _: True, lambda session: bool(without) and session not in without)
        first = await registered(client)
        without.append(first["session_id"])
        second = await registered(client)
        jobs = [await call(client, "get_job", session_id=each["session_id"]) for each in (first, second)]
    unknown = f"An equal run is registered as {SECOND}: whether this job made it is not known; {NOT_KNOWN}"
    assert told(first) == ("failed", None, f"{FAILED} The registry holds no such run.")
    assert told(second) == ("failed", None, f"{FAILED} {unknown}")
    assert [told(job) for job in jobs] == [("failed", None, unknown)] * 2
    fetch = {"tool": "fetch_items", "arguments": {"ids": [SECOND]}}
    assert [each["next"] for each in (second, *jobs)] == [fetch] * 3


@pytest.mark.asyncio
async def test_an_equal_run_is_nobodys_where_the_other_jobs_cannot_be_read(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        FailedJobs(wire, lambda _: True, lambda _: True)
        shown = await call(client, "register_model_run", record=a_record())
        wire.spoilt[f"{JOBS}list"] = answering(500, {"detail": "x"})
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    unknown = f"An equal run is registered as {FIRST}: whether this job made it is not known; {NOT_KNOWN}"
    assert told(done) == ("failed", None, f"{FAILED} {unknown}")


@pytest.mark.asyncio
async def test_a_run_that_was_there_before_its_job_is_not_said_to_be_made_by_it(tmp_path: Path):
    def earlier(body: Json) -> None:
        for item in body["items"]:
            item["created_timestamp"] -= 30 * (item["id"] == FIRST)

    async with provena(tmp_path) as wire, server(wire) as client:
        FailedJobs(wire, lambda _: True, lambda _: True)
        wire.spoilt[LIST] = changed(earlier)
        done = await registered(client)
    assert told(done)[:2] == ("failed", None)
    assert f"An equal run is registered as {FIRST}" in done["message"]


@pytest.mark.asyncio
async def test_twins_of_a_batch_that_are_both_there_are_both_told(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        FailedJobs(wire, lambda _: True, lambda _: True)
        records = {"records": [a_record()] * 2, "allow_duplicate": True}
        shown = await call(client, "register_batch_model_runs", **records)
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
    assert (done["status"], {row["model_run_id"] for row in done["runs"]}) == ("succeeded", {FIRST, SECOND})


@pytest.mark.asyncio
async def test_a_run_that_one_job_is_proven_to_have_made_is_not_that_of_another_that_names_it(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        before = await registered(client)
        wire.spoilt |= jobs_naming(lambda _: FIRST)
        done = await registered(client)
    assert told(before) == ("succeeded", FIRST, f"Registered as {FIRST}.")
    assert told(done) == ("succeeded", SECOND, NAMES_THE_FIRST)


@pytest.mark.asyncio
async def test_an_equal_run_of_another_user_is_not_the_one_that_was_registered(tmp_path: Path):
    def of_another(body: Json) -> None:
        for item in (body.get("item"), *body.get("items", ())):
            if item and item["id"] == FIRST:
                item["owner_username"] = "jane"

    async with provena(tmp_path) as wire:
        async with server(wire) as before:
            await registered(before)
        wire.spoilt |= jobs_naming(lambda _: FIRST) | dict.fromkeys((FETCH, LIST), changed(of_another))
        async with server(wire) as client:
            done = await registered(client)
    assert told(done) == ("succeeded", SECOND, NAMES_THE_FIRST)
