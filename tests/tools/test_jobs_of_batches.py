"""The job of a batch and those of its rows: when it is finished, and how long they are waited for."""

from pathlib import Path
from typing import Any

import pytest

from provena_mcp.queries.jobs.job_wait import PollPolicy
from tests.tools.job_answers import FETCH_JOB, LIST_BATCH, a_job
from tests.worlds.deployment import HandClock, a_record, answering, provena, server
from tests.worlds.sample import call


@pytest.mark.asyncio
async def test_rows_of_a_batch_that_have_not_appeared_keep_it_unfinished(tmp_path: Path):
    record = a_record()
    for dataset in (*record["inputs"], *record["outputs"]):
        dataset["dataset_type"] = "DATA_STORE"
    parent = a_job(
        job_sub_type="MODEL_RUN_BATCH_SUBMIT",
        payload={"records": [record, {**record, "display_name": "Second"}]},
        result={"batch_id": "b1"},
    )
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=record)
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
        run_id = done["model_run_id"]
        result = {"record": {"id": run_id}}
        made = {"session_id": done["session_id"], "username": "local", "result": result}
        child = a_job(batch_id="b1", payload={"record": record}, **made)
        wire.spoilt[FETCH_JOB] = answering(200, {"job": parent})
        wire.spoilt[LIST_BATCH] = answering(200, {"jobs": [child], "pagination_key": None})
        job = await call(client, "get_job", session_id="5b0c0f9e")
    assert {key: job[key] for key in ("status", "finished", "batch_id", "of", "counts", "runs")} == {
        "status": "in_progress",
        "finished": False,
        "batch_id": "b1",
        "of": 2,
        "counts": {"succeeded": 1},
        "runs": [{"row": 1, "name": "Moore Reef again", "status": "succeeded", "model_run_id": run_id}],
    }


@pytest.mark.asyncio
async def test_a_batch_none_of_whose_rows_can_be_read_exists_all_the_same(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        rows = {"jobs": [{"no": "job"}] * 3, "pagination_key": None}
        wire.spoilt[LIST_BATCH] = answering(200, rows)
        told = await call(client, "get_job", session_id="b1")
    assert (told["status"], told["finished"], told["batch_id"]) == ("in_progress", False, "b1")
    assert told["note"].startswith("3 rows of the batch ")
    assert told["next"] == {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "following"),
    [
        ("IN_PROGRESS", {"tool": "get_job", "arguments": {"session_id": "b1", "wait": True}}),
        ("FAILED", {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}),
    ],
)
async def test_a_batch_of_unknown_size_is_waited_for_only_while_one_of_its_jobs_is_at_work(
    tmp_path: Path, status: str, following: dict[str, Any]
):
    child = a_job(session_id="c1", batch_id="b1", status=status, info="Refused.", result=None)
    async with provena(tmp_path) as wire, server(wire) as client:
        rows = {"jobs": [child, {"no": "job"}], "pagination_key": None}
        wire.spoilt[LIST_BATCH] = answering(200, rows)
        told = await call(client, "get_job", session_id="b1")
    assert (told["status"], told["finished"], told["next"]) == ("in_progress", False, following)


@pytest.mark.asyncio
async def test_rows_of_a_batch_that_never_appear_are_waited_for_once_only(tmp_path: Path):
    clock = HandClock()
    polling = PollPolicy(clock=clock, sleep=clock.sleep)
    record = a_record()
    parent = a_job(
        job_sub_type="MODEL_RUN_BATCH_SUBMIT",
        payload={
            "records": [record, {**record, "display_name": "Second"}, {**record, "display_name": "Third"}]
        },
        result={"batch_id": "b1"},
    )
    child = a_job(
        session_id="c1", batch_id="b1", payload={"record": record}, result={"record": {"id": "10378.1/1"}}
    )
    async with provena(tmp_path) as wire, server(wire, polling=polling) as client:
        wire.spoilt[FETCH_JOB] = answering(200, {"job": parent})
        wire.spoilt[LIST_BATCH] = answering(200, {"jobs": [child], "pagination_key": None})
        at_once = await call(client, "get_job", session_id="5b0c0f9e")
        waited = await call(client, "get_job", session_id="5b0c0f9e", wait=True)
    assert at_once["next"] == {"tool": "get_job", "arguments": {"session_id": "5b0c0f9e", "wait": True}}
    assert (waited["status"], waited["finished"], waited["of"]) == ("in_progress", False, 3)
    assert waited["note"].startswith("2 rows of the batch did not appear while they were waited for: ")
    assert waited["next"] == {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}


@pytest.mark.asyncio
async def test_a_batch_of_unknown_size_without_any_row_is_waited_for_once(tmp_path: Path):
    clock = HandClock()
    polling = PollPolicy(clock=clock, sleep=clock.sleep)
    parent = a_job(job_sub_type="MODEL_RUN_BATCH_SUBMIT", payload={}, result={"batch_id": "b1"})
    async with provena(tmp_path) as wire, server(wire, polling=polling) as client:
        wire.spoilt[FETCH_JOB] = answering(200, {"job": parent})
        wire.spoilt[LIST_BATCH] = answering(200, {"jobs": [], "pagination_key": None})
        at_once = await call(client, "get_job", session_id="5b0c0f9e")
        waited = await call(client, "get_job", session_id="5b0c0f9e", wait=True)
    assert at_once["next"] == {"tool": "get_job", "arguments": {"session_id": "5b0c0f9e", "wait": True}}
    assert (waited["status"], waited["finished"]) == ("in_progress", False)
    assert waited["note"].startswith("The rows of the batch did not appear while they were waited for: ")
    assert waited["next"] == {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}
