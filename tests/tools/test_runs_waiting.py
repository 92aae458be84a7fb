"""The job of a run that was sent is waited for, not for ever, and told as it stands."""

from pathlib import Path

import httpx
import pytest

from provena_mcp.queries.jobs.job_wait import PollPolicy
from tests.worlds.deployment import (
    QUICK,
    HandClock,
    Send,
    Spoil,
    a_record,
    answering,
    confirmed,
    provena,
    server,
)
from tests.worlds.sample import BOTH_ERAS, call

FETCH_JOB = "/job-api/jobs/user/fetch"


@pytest.mark.asyncio
async def test_without_waiting_the_answer_says_how_to_follow_the_job(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        sent = await confirmed(client, wait=False)
        assert sent == {
            "status": "submitted",
            "message": "Sent; Provena is still working on it. get_job says what came of it.",
            "session_id": sent["session_id"],
            "name": "Moore Reef again",
            "next": {"tool": "get_job", "arguments": {"session_id": sent["session_id"], "wait": True}},
        }
        job = await call(client, "get_job", **sent["next"]["arguments"])
    assert (job["status"], job["finished"], job["model_run_id"]) == ("succeeded", True, "local/1000001")


def stuck(status: str, **fields: object) -> Spoil:
    """The job that is asked for stands still."""

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        del send
        job = {
            "session_id": request.url.params["session_id"],
            "created_timestamp": 1,
            "status": status,
            "job_type": "PROV_LODGE",
            "job_sub_type": "MODEL_RUN_PROV_LODGE",
            "payload": {},
        }
        return httpx.Response(200, json={"job": job | fields})

    return answer


@pytest.mark.asyncio
@BOTH_ERAS
async def test_waiting_ends_within_45_seconds_and_tells_how_it_stands_meanwhile(tmp_path: Path, era: str):
    clock = HandClock()
    told: list[tuple[float, float | None, str | None]] = []
    polling = PollPolicy(clock=clock, sleep=clock.sleep)
    async with provena(tmp_path) as wire, server(wire, era, polling=polling) as client:
        shown = await call(client, "register_model_run", record=a_record())
        wire.spoilt[FETCH_JOB] = stuck("PENDING")
        begun = clock.now

        async def show(progress: float, total: float | None, message: str | None) -> None:
            told.append((progress, total, message))

        answer = await client.call_tool(
            "register_model_run",
            {"reference": shown["reference"], "confirm": True},
            progress_callback=show,
        )
    assert answer.structured_content is not None
    assert answer.structured_content["status"] == "submitted"
    assert clock.now - begun == pytest.approx(40.0)
    assert told == [(number, None, "pending") for number in range(1, len(told) + 1)]
    assert len(told) > 20


@pytest.mark.asyncio
async def test_a_job_that_appears_late_is_waited_for(tmp_path: Path):
    looks = 0

    async def late(request: httpx.Request, send: Send) -> httpx.Response:
        nonlocal looks
        looks += 1
        if looks <= 3:
            return httpx.Response(400, json={"detail": "Item was not found."})
        return await send(request)

    async with provena(tmp_path) as wire, server(wire, polling=QUICK) as client:
        wire.spoilt[FETCH_JOB] = late
        done = await confirmed(client)
    assert done["status"] == "succeeded"
    assert looks > 3


@pytest.mark.asyncio
async def test_a_job_that_cannot_be_followed_does_not_make_the_write_a_failure(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[FETCH_JOB] = answering(500, {"detail": "Unexpected internal error occurred"})
        sent = await confirmed(client)
    assert sent["status"] == "submitted"
    assert sent["warnings"][0].startswith("It was sent, but its job could not be followed: ")


@pytest.mark.asyncio
async def test_a_job_that_fails_without_a_word_is_explained(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        info = "Job failed, err: An error occurred while lodging the provenance record. Error: .."
        wire.spoilt[FETCH_JOB] = stuck("FAILED", info=info)
        done = await confirmed(client)
    assert {key: done[key] for key in ("status", "reason", "likely_causes", "name")} == {
        "status": "failed",
        "reason": "Provena did not say why it failed.",
        "likely_causes": [
            "your login may not create model runs",
            "the registry or the graph was down (an id may have been reserved without content)",
        ],
        "name": "Moore Reef again",
    }
    assert "next" not in done
