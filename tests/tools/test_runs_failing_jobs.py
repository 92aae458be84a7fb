"""A job that fails half-way leaves what it made: that is looked for, told, and not made again."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tools.breakdown import JOBS, Breakdown
from tests.tools.job_answers import FETCH_JOB, a_job
from tests.worlds.deployment import Send, a_record, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call

UPSTREAM = "/prov-api/explore/upstream"
FAILED = "Provena accepted the record, and the job that registers it failed."
FINISHING = (
    "Do not register it again: an administrator's store_record puts it into the graph, delete_model_run with "
    "and_registry removes it."
)


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
async def test_that_there_is_no_run_is_not_said_where_the_job_does_not_say_which(tmp_path: Path):
    job = a_job(
        status="FAILED", info="Job failed, err: x.", payload={"record": {"display_name": "Moore Reef"}}
    )
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[FETCH_JOB] = answering(200, {"job": job})
        failed = await call(client, "get_job", session_id=job["session_id"])
    assert (failed["status"], failed["note"]) == (
        "failed",
        "What the registry holds of it could not be looked up (its job does not say what was to be "
        "registered): look with list_items, subtype MODEL_RUN, before doing it again.",
    )
