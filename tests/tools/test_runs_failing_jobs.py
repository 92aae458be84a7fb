"""A job that fails half-way leaves what it made: that is looked for, told, and not made again.

The job does its work in the embedded Provena; then what the steps after the failure made is taken
back, and the job is answered as failed or without its result, as the services would have it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from tests.worlds.deployment import BASE, Send, Wire, a_record, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call

JOBS = "/job-api/jobs/user/"
UPSTREAM = "/prov-api/explore/upstream"
LOST = "Job failed, err: An error occurred while lodging the provenance record. Error: .."
FAILED = "Provena accepted the record, and the job that registers it failed."
FINISHING = (
    "Do not register it again: an administrator's store_record puts it into the graph, delete_model_run with "
    "and_registry removes it."
)

Step = Literal["registry", "graph", "result"]


class Breakdown:
    """Runs are registered, and their jobs break down at ``step``; ``affects`` says whose."""

    def __init__(self, wire: Wire, step: Step, affects: Callable[[str], bool] = lambda name: True) -> None:
        self._step = step
        self._affects = affects
        self._undone: set[str] = set()
        wire.spoilt |= {f"{JOBS}{route}": self._answer for route in ("fetch", "list", "list_batch")}

    async def _answer(self, request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        body = json.loads(await answer.aread())
        for job in (body.get("job"), *body.get("jobs", ())):
            if job and job["job_sub_type"] in ("MODEL_RUN_PROV_LODGE", "MODEL_RUN_UPDATE") and job["result"]:
                await self._break(job, request.headers, send)
        return httpx.Response(answer.status_code, json=body)

    async def _break(self, job: dict[str, Any], headers: httpx.Headers, send: Send) -> None:
        record = job["payload"].get("record") or job["payload"]["updated_record"]
        if not self._affects(record["display_name"]):
            return
        run_id = job["result"]["record"]["id"]
        job |= {"status": "FAILED", "info": LOST, "result": None}
        if self._step != "result" and run_id not in self._undone:
            self._undone.add(run_id)
            body = {"record_id": run_id, "trial_mode": False}
            await send(_request("POST", "/prov-api/model_run/delete", headers, json=body))
            if self._step == "registry":
                path = "/registry-api/registry/activity/model_run/delete"
                await send(_request("DELETE", path, headers, params={"id": run_id}))


def _request(method: str, path: str, headers: httpx.Headers, **more: Any) -> httpx.Request:
    return httpx.Request(method, BASE + path, headers={"authorization": headers["authorization"]}, **more)


async def registered(client: Any, **changes: Any) -> dict[str, Any]:
    shown = await call(client, "register_model_run", record=a_record(**changes))
    assert shown["ready"], shown
    return await call(client, "register_model_run", reference=shown["reference"], confirm=True)


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_run_that_got_as_far_as_the_registry_is_told_with_how_to_finish_or_remove_it(
    tmp_path: Path, era: str
):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        Breakdown(wire, "graph")
        done = await registered(client)
        again = await call(client, "register_model_run", record=a_record())
        job = await call(client, "get_job", session_id=done["session_id"])
    note = f"It is in the registry as local/1000001; the lineage graph lacks it. {FINISHING}"
    assert {key: done[key] for key in ("status", "message", "model_run_id", "next")} == {
        "status": "failed",
        "message": f"{FAILED} {note}",
        "model_run_id": "local/1000001",
        "next": {"tool": "fetch_items", "arguments": {"ids": ["local/1000001"]}},
    }
    assert not again["ready"]
    assert "It is model run 'local/1000001'." in again["problems"][0]["message"]
    assert (job["status"], job["finished"], job["model_run_id"], job["note"]) == (
        "failed",
        True,
        "local/1000001",
        note,
    )


@pytest.mark.asyncio
async def test_a_run_whose_graph_cannot_be_asked_is_told_as_it_is_known(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        Breakdown(wire, "graph")
        wire.spoilt[UPSTREAM] = answering(500, {"detail": "Neo4j lineage query experienced an exception: x."})
        done = await registered(client)
    assert done["message"] == (
        f"{FAILED} It is in the registry as local/1000001; the graph could not be asked. {FINISHING}"
    )


@pytest.mark.asyncio
async def test_a_run_that_was_not_made_may_be_registered_again(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        Breakdown(wire, "registry")
        done = await registered(client)
        again = await call(client, "register_model_run", record=a_record())
    assert (done["status"], done["message"]) == ("failed", f"{FAILED} The registry holds no such run.")
    assert "model_run_id" not in done
    assert again["ready"]


@pytest.mark.asyncio
async def test_a_run_that_is_whole_although_its_job_failed_is_registered(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        Breakdown(wire, "result")
        done = await registered(client)
        job = await call(client, "get_job", session_id=done["session_id"])
    assert (done["status"], done["model_run_id"]) == ("succeeded", "local/1000001")
    assert done["message"] == (
        f"{FAILED} It is registered as local/1000001: the registry and the lineage graph hold it."
    )
    assert (job["status"], job["model_run_id"]) == ("succeeded", "local/1000001")


@pytest.mark.asyncio
async def test_where_the_registry_cannot_be_asked_nothing_is_claimed_of_the_run(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        Breakdown(wire, "graph")

        async def away_once_it_is_sent(request: httpx.Request, send: Send) -> httpx.Response:
            if wire.count("/prov-api/model_run/register"):
                return httpx.Response(500, json={"detail": "down"})
            return await send(request)

        wire.spoilt["/registry-api/registry/general/list"] = away_once_it_is_sent
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    assert done["status"] == "failed"
    assert "What the registry holds of it could not be looked up" in done["message"]
    assert "model_run_id" not in done


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
@pytest.mark.parametrize(
    ("in_the_registry", "message"),
    [
        (
            True,
            "The job that updates the run failed. The registry holds the new record. "
            "The lineage graph may not: an administrator's store_record brings it up to date.",
        ),
        (False, "The run was not updated."),
    ],
    ids=["after the registry", "before the registry"],
)
async def test_an_update_is_told_as_not_made_only_where_the_record_is_as_before(
    tmp_path: Path, in_the_registry: bool, message: str
):
    async with provena(tmp_path) as wire, server(wire) as client:
        run_id = (await registered(client))["model_run_id"]
        before = await call(client, "fetch_items", ids=[run_id], detail="full")
        shown = await call(
            client,
            "update_model_run",
            model_run_id=run_id,
            reason="A better name",
            changes={"display_name": "Renamed"},
        )
        Breakdown(wire, "result", lambda name: name == "Renamed")
        if not in_the_registry:

            async def as_before(request: httpx.Request, send: Send) -> httpx.Response:
                answer = json.loads(await (await send(request)).aread())
                if answer.get("item") and answer["item"]["id"] == run_id:
                    answer["item"] = before["items"][0]["record"]
                return httpx.Response(200, json=answer)

            wire.spoilt["/registry-api/registry/general/fetch"] = as_before
        done = await call(client, "update_model_run", reference=shown["reference"], confirm=True)
    assert (done["status"], done["message"], done["model_run_id"]) == ("failed", message, run_id)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("register_model_run", {"record": a_record()}),
        ("register_batch_model_runs", {"records": [a_record()]}),
    ],
    ids=["run", "batch"],
)
async def test_a_success_that_names_nothing_is_none_and_the_answer_says_how_to_find_out(
    tmp_path: Path, tool: str, arguments: dict[str, Any]
):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, tool, **arguments)

        async def without_result(request: httpx.Request, send: Send) -> httpx.Response:
            body = json.loads(await (await send(request)).aread())
            body["job"]["result"] = None
            return httpx.Response(200, json=body)

        wire.spoilt[f"{JOBS}fetch"] = without_result
        done = await call(client, tool, reference=shown["reference"], confirm=True)
    assert (done["status"], "model_run_id" in done) == ("submitted", False)
    assert done["warnings"][0].startswith("It was sent, but its job could not be followed: ")
    assert done["warnings"][0].endswith("Whether it came about, list_items or fetch_items shows.")


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
        "1 row of the batch cannot be read, or said to have succeeded without naming a run: what came of it "
        "is not known. Look for the run by its name before anything is registered again."
    )
    newest = {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}
    assert (done["status"], done["message"], done["next"]) == ("submitted", f"Sent. {unknown}", newest)
    assert (told["status"], told["finished"], told["note"]) == ("in_progress", False, unknown)
    assert (told["counts"], told["of"], told["next"]) == ({"succeeded": 2}, 3, newest)


@pytest.mark.asyncio
async def test_a_run_that_equals_another_but_for_its_name_and_description_is_warned_of(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        await registered(client)
        renamed = a_record(display_name="Moore Reef, third try", description="Once more.")
        shown = await call(client, "register_model_run", record=renamed)
        batch = await call(
            client,
            "register_batch_model_runs",
            records=[a_record(model_version="9", display_name=name) for name in ("One", "Two")],
        )
    assert (shown["ready"], shown["warnings"][1:]) == (
        True,
        ["This record differs from run 'local/1000001' in name and description only: is it the same run?"],
    )
    assert (batch["ready"], batch["warnings"][1:]) == (
        True,
        ["records[1] differs from records[0] in name and description only: is it the same run?"],
    )


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
        answer = await send(_request("POST", f"{JOBS}list_batch", headers, json={"batch_id": batch_id}))
        jobs = json.loads(await answer.aread())["jobs"]
        ended = bool(jobs) and all(job["status"] in ("SUCCEEDED", "FAILED") for job in jobs)
