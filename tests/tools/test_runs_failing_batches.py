"""Of a batch that fails half-way each row says what there is of its run."""

import json
from pathlib import Path

import httpx
import pytest

from tests.tools.breakdown import JOBS, LOST, Breakdown, request_as
from tests.worlds.deployment import Send, a_record, answering, provena, server
from tests.worlds.sample import call


@pytest.mark.asyncio
async def test_of_a_batch_each_row_says_what_there_is_of_its_run(tmp_path: Path):
    records = [a_record(display_name=f"Reef run {number}") for number in range(3)]
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=records)
        Breakdown(wire, "graph", lambda name: name == "Reef run 1")
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        again = await call(client, "register_batch_model_runs", records=records)
    assert (done["status"], done["counts"]) == ("failed", {"failed": 1, "succeeded": 2})
    assert done["message"] == (
        "1 of 3 runs could not be registered; the others were. "
        "1 of them is in the registry all the same: see runs."
    )
    lost, *others = done["runs"]
    assert (lost["row"], lost["name"], lost["status"]) == (2, "Reef run 1", "failed")
    assert f"It is in the registry as {lost['model_run_id']}; the lineage graph lacks it." in lost["reason"]
    assert [row["row"] for row in others] == [1, 3]
    assert len({row["model_run_id"] for row in done["runs"]}) == 3
    assert [problem["path"] for problem in again["problems"]] == ["records[0]", "records[1]", "records[2]"]


@pytest.mark.asyncio
async def test_a_batch_asked_by_its_own_id_is_told_by_its_submission(tmp_path: Path):
    records = [a_record(display_name=f"Reef run {number}") for number in range(3)]
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=records)
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        whole = await call(client, "get_job", session_id=done["batch_id"])

        async def one_of_three(request: httpx.Request, send: Send) -> httpx.Response:
            body = json.loads(await (await send(request)).aread())
            return httpx.Response(200, json={**body, "jobs": body["jobs"][:1]})

        wire.spoilt[f"{JOBS}list_batch"] = one_of_three
        partly = await call(client, "get_job", session_id=done["batch_id"])
        wire.spoilt[f"{JOBS}list"] = answering(200, {"jobs": [], "pagination_key": None})
        alone = await call(client, "get_job", session_id=done["batch_id"])
    assert [(row["row"], row["name"]) for row in whole["runs"]] == [
        (number + 1, f"Reef run {number}") for number in range(3)
    ]
    assert (whole["status"], whole["of"], whole["session_id"]) == ("succeeded", 3, done["session_id"])
    assert (partly["status"], partly["finished"], partly["of"]) == ("in_progress", False, 3)
    assert (alone["status"], alone["finished"], "of" in alone) == ("in_progress", False, False)
    assert alone["note"].startswith("How many runs this batch was submitted with is not known")
    assert alone["next"] == {"tool": "list_jobs", "arguments": {}}


@pytest.mark.asyncio
async def test_a_row_of_a_batch_that_proves_nothing_is_not_waited_for_and_the_answer_says_how_to_find_out(
    tmp_path: Path,
):
    async def one_without_result(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(await (await send(request)).aread())
        for job in body["jobs"]:
            if job["payload"]["record"]["display_name"] == "Reef run 1":
                job.update(status="SUCCEEDED", result=None)
        return httpx.Response(200, json=body)

    records = [a_record(display_name=f"Reef run {number}") for number in range(3)]
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=records)
        wire.spoilt[f"{JOBS}list_batch"] = one_without_result
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        told = await call(client, "get_job", session_id=done["session_id"], wait=True)
    unknown = (
        "1 row of the batch cannot be read, or said to have succeeded without naming its run: what came of "
        "it is not known. Look for the run by its name before anything is registered again."
    )
    newest = {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}
    assert (done["status"], done["message"], done["next"]) == ("submitted", f"Sent. {unknown}", newest)
    assert (told["status"], told["finished"], told["note"]) == ("in_progress", False, unknown)
    assert (told["counts"], told["of"], told["next"]) == ({"succeeded": 2}, 3, newest)


@pytest.mark.asyncio
async def test_a_batch_whose_submission_fails_after_it_queued_runs_is_not_said_to_have_registered_none(
    tmp_path: Path,
):
    async def broken_down(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(await (await send(request)).aread())
        for job in (body.get("job"), *body.get("jobs", ())):
            if job and job["job_sub_type"] == "MODEL_RUN_BATCH_SUBMIT" and job["result"]:
                await _ended(job["result"]["batch_id"], request.headers, send)
                job |= {"status": "FAILED", "info": LOST, "result": None}
        return httpx.Response(200, json=body)

    records = [a_record(display_name=f"Reef run {number}") for number in range(3)]
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=records)
        wire.spoilt |= {f"{JOBS}{route}": broken_down for route in ("fetch", "list")}
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        told = await call(client, "get_job", session_id=done["session_id"])
        again = await call(client, "register_batch_model_runs", records=records)
    left = (
        "3 of its 3 runs are in the registry: local/1000001, local/1000002, local/1000003. Others may have "
        "been queued before it failed: look with list_items, subtype MODEL_RUN, before any are "
        "registered again."
    )
    newest = {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}
    assert (done["status"], done["message"], done["next"]) == (
        "failed",
        f"Provena could not take the batch. {left}",
        newest,
    )
    assert (told["status"], told["note"], told["next"]) == ("failed", left, newest)
    assert len(again["problems"]) == 3


async def _ended(batch_id: str, headers: httpx.Headers, send: Send) -> None:
    """Return when all jobs of a batch have ended."""
    ended = False
    while not ended:
        answer = await send(request_as("POST", f"{JOBS}list_batch", headers, json={"batch_id": batch_id}))
        jobs = json.loads(await answer.aread())["jobs"]
        ended = bool(jobs) and all(job["status"] in ("SUCCEEDED", "FAILED") for job in jobs)
