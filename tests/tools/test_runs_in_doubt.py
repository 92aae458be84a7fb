"""What a job says is neither believed nor contradicted before the registry has been asked again."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from provena_mcp.queries.jobs.job_wait import PollPolicy
from tests.worlds.deployment import QUICK, HandClock, Send, Spoil, a_record, answering, provena, server
from tests.worlds.lying_jobs import JOBS, FailedJobs, Json, changed, jobs_naming
from tests.worlds.sample import call

FETCH = "/registry-api/registry/general/fetch"
LIST = "/registry-api/registry/general/list"
UPSTREAM = "/prov-api/explore/upstream"
RUN, ANOTHER_RUN = "local/1000001", "sample/1000016"
LOOK = {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}
NOTHING_THERE = answering(400, {"detail": f"{RUN} was not a valid registry item"})
A_SEED = changed(lambda body: body["item"].update(record_type="SEED_ITEM"))
UNLISTED = changed(lambda body: body.update(items=[each for each in body["items"] if each["id"] != RUN]))


def told(result: Json) -> tuple[Any, ...]:
    note = result.get("note") or result.get("message")
    return result["status"], result.get("model_run_id"), note, result.get("next")


def at_first(spoil: Spoil, times: int = 1) -> Spoil:
    """So many answers are spoilt, those after them are not."""
    left = [None] * times

    async def spoilt(request: httpx.Request, send: Send) -> httpx.Response:
        return await (spoil(request, send) if left and not left.pop() else send(request))

    return spoilt


def once_followed(wire: Any, spoilt: dict[str, Spoil]) -> Spoil:
    """From the first look at the job on, ``spoilt`` holds."""

    async def spoil(request: httpx.Request, send: Send) -> httpx.Response:
        wire.spoilt.pop(f"{JOBS}fetch")
        wire.spoilt |= spoilt
        return await send(request)

    return spoil


@pytest.mark.asyncio
async def test_a_run_under_another_handle_is_not_said_to_have_failed_where_the_graph_cannot_be_asked(
    tmp_path: Path,
):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        wire.spoilt |= jobs_naming(lambda _: ANOTHER_RUN)
        wire.spoilt[UPSTREAM] = answering(500, {"detail": "Neo4j lineage query experienced an exception: x."})
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
        job = await call(client, "get_job", session_id=done["session_id"])
    note = (
        f"Its job names {ANOTHER_RUN}, which is not this run. It is in the registry as {RUN}; the "
        "graph could not be asked. Do not register it again: an administrator's store_record puts it into "
        "the graph, delete_model_run with and_registry removes it."
    )
    fetch = {"tool": "fetch_items", "arguments": {"ids": [RUN]}}
    assert told(done) == ("submitted", RUN, note, fetch)
    assert told(job) == ("in_progress", RUN, note, fetch)
    assert not job["finished"]


@pytest.mark.asyncio
@pytest.mark.parametrize("spoil", [NOTHING_THERE, A_SEED], ids=["not there", "a seed"])
async def test_a_run_that_the_registry_shows_a_moment_later_is_registered(tmp_path: Path, spoil: Spoil):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        wire.spoilt[f"{JOBS}fetch"] = once_followed(wire, {FETCH: at_first(spoil), LIST: UNLISTED})
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    assert told(done)[:3] == ("succeeded", RUN, f"Registered as {RUN}.")


@pytest.mark.asyncio
@pytest.mark.parametrize("spoil", [NOTHING_THERE, A_SEED], ids=["not there", "a seed"])
async def test_a_run_of_which_the_registry_has_no_record_is_in_doubt(tmp_path: Path, spoil: Spoil):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        wire.spoilt[f"{JOBS}fetch"] = once_followed(wire, {FETCH: spoil, LIST: UNLISTED})
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
        job = await call(client, "get_job", session_id=done["session_id"])
    note = (
        f"Its job names {RUN}, of which the registry has no record. The registry holds no such run: look "
        "with list_items, subtype MODEL_RUN, before doing it again."
    )
    assert told(done) == ("submitted", None, note, LOOK)
    assert told(job) == ("in_progress", None, note, LOOK)


@pytest.mark.asyncio
async def test_what_the_registry_does_not_show_is_waited_for_once(tmp_path: Path):
    clock = HandClock()
    polling = PollPolicy(clock=clock, sleep=clock.sleep)
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    async with provena(tmp_path) as wire, server(wire, polling=polling) as client:
        wire.spoilt |= {FETCH: NOTHING_THERE, LIST: UNLISTED}
        waited = []
        for _ in range(3):
            began = clock()
            job = await call(client, "get_job", session_id=done["session_id"])
            waited.append(clock() - began)
    assert (job["status"], waited) == ("in_progress", [polling.longest_pause, 0, 0])


@pytest.mark.asyncio
async def test_a_run_that_only_the_list_shows_is_registered(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        wire.spoilt[f"{JOBS}fetch"] = once_followed(wire, {FETCH: NOTHING_THERE})
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    assert told(done)[:3] == ("succeeded", RUN, f"Registered as {RUN}.")


@pytest.mark.asyncio
async def test_an_update_that_one_read_does_not_show_yet_is_made(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        await call(client, "register_model_run", reference=shown["reference"], confirm=True)
        whole = (await call(client, "fetch_items", ids=[RUN], detail="full"))["items"][0]["record"]
        stale = changed(lambda body: body.update(item=json.loads(json.dumps(whole))))
        change = {"model_run_id": RUN, "reason": "Name", "changes": {"display_name": "Another"}}
        shown = await call(client, "update_model_run", **change)
        wire.spoilt[f"{JOBS}fetch"] = once_followed(wire, {FETCH: at_first(stale)})
        done = await call(client, "update_model_run", reference=shown["reference"], confirm=True)
        wire.spoilt[FETCH] = stale
        job = await call(client, "get_job", session_id=done["session_id"])
    async with server(wire) as another:
        unproven = await call(another, "get_job", session_id=done["session_id"])
    assert told(done)[:3] == ("succeeded", RUN, "Updated.")
    # What was proven is not asked again.
    assert (job["status"], job.get("note")) == ("succeeded", None)
    lacking = "Its job says that it is done. The registry does not hold the new record. "
    fetch = {"tool": "fetch_items", "arguments": {"ids": [RUN]}}
    assert (unproven["status"], unproven["note"], unproven["next"]) == (
        "in_progress",
        f"{lacking}fetch_items shows the run as it is.",
        fetch,
    )


@pytest.mark.slow
@pytest.mark.asyncio
async def test_of_many_runs_those_that_the_graph_was_not_asked_about_are_told_as_such(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        FailedJobs(wire, lambda _: True, lambda _: True)
        records = [a_record(display_name=f"Reef run {number}") for number in range(22)]
        shown = await call(client, "register_batch_model_runs", records=records)
        wire.spoilt[UPSTREAM] = answering(200, {"graph": {"nodes": [], "links": []}, "record_count": 0})
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        asked = wire.count(UPSTREAM)
        rows = [row for row in done["runs"] if "the graph was not asked, explore_upstream" in row["reason"]]
    assert (done["counts"], asked) == ({"failed": 22}, 20)
    assert [row["status"] for row in rows] == ["failed"] * 2


@pytest.mark.asyncio
async def test_of_rows_that_name_one_run_each_has_its_own(tmp_path: Path):
    def one_run(body: Json) -> None:
        if len(body["jobs"]) == 3 and all(job["result"] for job in body["jobs"]):
            for job in body["jobs"]:
                job["result"]["record"]["id"] = RUN

    names = [f"Reef run {number}" for number in range(3)]
    async with provena(tmp_path) as wire, server(wire) as client:
        records = [a_record(display_name=name) for name in names]
        shown = await call(client, "register_batch_model_runs", records=records)
        wire.spoilt[f"{JOBS}list_batch"] = changed(one_run)
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        items = await call(client, "fetch_items", ids=[row["model_run_id"] for row in done["runs"]])
    assert (done["status"], done["message"]) == ("succeeded", "All 3 runs are registered.")
    assert [item["name"] for item in items["items"]] == names


@pytest.mark.asyncio
async def test_twins_that_name_one_run_are_in_doubt_and_the_other_rows_are_told(tmp_path: Path):
    named: list[str] = []

    def one_run(body: Json) -> None:
        twins = [job for job in body["jobs"] if job["payload"]["record"]["display_name"] == "Twin"]
        if len(body["jobs"]) == 3 and all(job["result"] for job in body["jobs"]):
            named[:] = [job["result"]["record"]["id"] for job in twins]
            twins[1]["result"]["record"]["id"] = named[0]

    def lost(body: Json) -> None:
        body["items"] = [item for item in body["items"] if item["id"] not in named[1:]]

    async with provena(tmp_path) as wire, server(wire) as client:
        records = [a_record(display_name=name) for name in ("Twin", "Twin", "Another")]
        shown = await call(client, "register_batch_model_runs", records=records, allow_duplicate=True)
        wire.spoilt |= {f"{JOBS}list_batch": changed(one_run), LIST: changed(lost)}
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
    assert (done["status"], done["counts"]) == ("submitted", {"in_progress": 2, "succeeded": 1})
    shared = (
        f"Its job names {named[0]}, and so does another job: which of them made it is not known; look with"
    )
    assert [row.get("reason", "")[: len(shared)] for row in done["runs"]] == [shared, shared, ""]


async def never(request: httpx.Request, send: Send) -> httpx.Response:
    """Nothing is answered."""
    await asyncio.Event().wait()
    return await send(request)


@pytest.mark.asyncio
async def test_a_registry_that_does_not_answer_holds_nobody_up_for_long(tmp_path: Path):
    quick = replace(QUICK, comparison=0.3)
    async with provena(tmp_path) as wire, server(wire, polling=quick) as client:
        shown = await call(client, "register_model_run", record=a_record())
        wire.spoilt[f"{JOBS}fetch"] = once_followed(wire, {FETCH: never})
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
        del wire.spoilt[FETCH]
        job = await call(client, "get_job", session_id=done["session_id"])
    why = "was not compared with the registry (the services did not answer in time)"
    assert (done["status"], done["model_run_id"], why in done["message"]) == ("succeeded", RUN, True)
    assert (job["status"], job["model_run_id"], job.get("note")) == ("succeeded", RUN, None)


@pytest.mark.asyncio
async def test_rows_of_a_large_batch_that_the_registry_has_no_record_of_are_in_doubt(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        records = [a_record(display_name=f"Run {number}") for number in range(45)]
        shown = await call(client, "register_batch_model_runs", records=records)
        wire.spoilt |= jobs_naming(lambda job: f"local/9{job['session_id'][:6]}")
        wire.spoilt[LIST] = changed(
            lambda body: body.update(
                items=[each for each in body["items"] if each["item_subtype"] != "MODEL_RUN"]
            )
        )
        done = await call(
            client, "register_batch_model_runs", reference=shown["reference"], expect_new=45, confirm=True
        )
    statuses = {run["status"] for run in done["runs"]}
    assert (done["status"], statuses) == ("submitted", {"in_progress"})
