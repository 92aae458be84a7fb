"""A write is sent at most once, whatever breaks on the way, and nothing is registered twice unawares."""

from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client

from provena_mcp.queries.jobs.job_wait import PollPolicy
from tests.worlds.deployment import (
    HandClock,
    Send,
    a_record,
    answering,
    confirmed,
    losing_the_answer,
    provena,
    server,
)
from tests.worlds.sample import BOTH_ERAS, call, failure

REGISTER = "/prov-api/model_run/register"
LIST_JOBS = "/job-api/jobs/user/list"


async def registered_runs(client: Client) -> int:
    found = await call(client, "list_items", subtype="MODEL_RUN", sort_by="created", limit=50)
    return [row["name"] for row in found["items"]].count("Moore Reef again")


@pytest.mark.asyncio
async def test_a_lost_answer_is_not_sent_again_and_the_run_it_made_is_found(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        reference = (await call(client, "register_model_run", record=a_record()))["reference"]
        wire.spoilt[REGISTER] = losing_the_answer()
        lost = await failure(client, "register_model_run", reference=reference, confirm=True)
        again = await failure(client, "register_model_run", reference=reference, confirm=True)
        assert [(each["kind"], each["retry"]) for each in (lost, again)] == [
            ("AmbiguousWrite", "check_first")
        ] * 2
        assert "list_jobs" in lost["next"]
        assert wire.count(REGISTER) == 1
        found = await call(client, "list_jobs")
        job = await call(client, "get_job", session_id=found["jobs"][0]["session_id"], wait=True)
        assert (job["name"], job["model_run_id"]) == ("Moore Reef again", "local/1000001")
        anew = await call(client, "register_model_run", record=a_record())
    assert not anew["ready"]
    assert "It is model run 'local/1000001'" in anew["problems"][0]["message"]


@pytest.mark.asyncio
async def test_a_lost_request_is_remembered_until_the_user_has_looked(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        reference = (await call(client, "register_model_run", record=a_record()))["reference"]
        wire.spoilt[REGISTER] = losing_the_answer(after_sending=False)
        await failure(client, "register_model_run", reference=reference, confirm=True)
        del wire.spoilt[REGISTER]
        anew = await call(client, "register_model_run", record=a_record())
        assert not anew["ready"]
        assert "look with list_jobs whether it arrived" in anew["problems"][0]["message"]
        shown = await call(client, "register_model_run", record=a_record(), allow_duplicate=True)
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
        assert done["status"] == "succeeded"
        assert await registered_runs(client) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "detail", "kind"),
    [
        (400, "Failed to validate an entity's ID in the record, error: something new.", "Rejected"),
        (
            401,
            "You are not authorised to access this resource as you don't have the correct role.",
            "Forbidden",
        ),
        (503, "down", "Unavailable"),
    ],
)
async def test_after_a_refusal_the_same_reference_may_be_confirmed_again(
    tmp_path: Path, status: int, detail: str, kind: str
):
    async with provena(tmp_path) as wire, server(wire) as client:
        reference = (await call(client, "register_model_run", record=a_record()))["reference"]
        wire.spoilt[REGISTER] = answering(status, {"detail": detail})
        error = await failure(client, "register_model_run", reference=reference, confirm=True)
        assert error["kind"] == kind
        del wire.spoilt[REGISTER]
        done = await call(client, "register_model_run", reference=reference, confirm=True)
        assert done["status"] == "succeeded"
        assert await registered_runs(client) == 1


@pytest.mark.asyncio
async def test_after_a_fault_inside_provena_the_reference_is_used_up(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        reference = (await call(client, "register_model_run", record=a_record()))["reference"]
        wire.spoilt[REGISTER] = answering(500, {"detail": "Unexpected error while dispatching job."})
        error = await failure(client, "register_model_run", reference=reference, confirm=True)
        again = await failure(client, "register_model_run", reference=reference, confirm=True)
    assert (error["kind"], again["kind"]) == ("Deployment", "AmbiguousWrite")
    assert wire.count(REGISTER) == 1


@pytest.mark.asyncio
@BOTH_ERAS
async def test_the_same_record_is_refused_within_a_day_also_after_a_restart(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire:
        async with server(wire, era) as client:
            done = await confirmed(client)
        async with server(wire, era) as restarted:
            shown = await call(restarted, "register_model_run", record=a_record(), confirm=True)
            assert (shown["status"], shown["ready"]) == ("preview", False)
            assert f"It is model run {done['model_run_id']!r}" in shown["problems"][0]["message"]
            allowed = await call(restarted, "register_model_run", record=a_record(), allow_duplicate=True)
            assert allowed["ready"]
            twice = await call(restarted, "register_model_run", reference=allowed["reference"], confirm=True)
            assert twice["model_run_id"] != done["model_run_id"]
            assert await registered_runs(restarted) == 2


@pytest.mark.asyncio
async def test_the_same_record_is_free_again_after_a_day(tmp_path: Path):
    clock = HandClock()
    later: list[float] = []
    async with provena(tmp_path) as wire:
        async with server(wire) as client:
            done = await confirmed(client)
            job = await call(client, "get_job", session_id=done["session_id"])
        assert job["finished"]
        async with server(
            wire, polling=PollPolicy(clock=clock), now=lambda: later[0] if later else 4_000_000_000.0
        ) as client:
            assert (await call(client, "register_model_run", record=a_record()))["ready"]


@pytest.mark.asyncio
async def test_a_submission_whose_job_is_not_listed_yet_is_known_all_the_same(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[LIST_JOBS] = answering(200, {"jobs": [], "pagination_key": None})
        done = await confirmed(client)
        shown = await call(client, "register_model_run", record=a_record())
    assert not shown["ready"]
    assert f"session {done['session_id']!r}" in shown["problems"][0]["message"]


@pytest.mark.asyncio
async def test_where_a_job_cannot_be_understood_the_preview_says_so(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        strange = {"session_id": "s", "created_timestamp": "yesterday"}
        wire.spoilt[LIST_JOBS] = answering(200, {"jobs": [strange], "pagination_key": None})
        shown = await call(client, "register_model_run", record=a_record())
    assert (shown["ready"], shown["warnings"][-1]) == (
        True,
        "Not all that you have submitted within a day could be compared with this: look yourself whether "
        "it was registered before.",
    )


@pytest.mark.asyncio
async def test_where_jobs_cannot_be_read_the_preview_says_so(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[LIST_JOBS] = answering(500, {"detail": "Failed to list jobs"})
        shown = await call(client, "register_model_run", record=a_record())
    assert shown["ready"]
    assert any("submitted before could not be looked up" in warning for warning in shown["warnings"])


@pytest.mark.asyncio
@BOTH_ERAS
async def test_what_was_sent_is_remembered_although_the_caller_hung_up(tmp_path: Path, era: str):
    sending, hung_up = anyio.Event(), anyio.Event()

    async def slowly(request: httpx.Request, send: Send) -> httpx.Response:
        sending.set()
        await hung_up.wait()
        return await send(request)

    async with provena(tmp_path) as wire, server(wire, era) as client:
        reference = (await call(client, "register_model_run", record=a_record()))["reference"]
        confirm = {"reference": reference, "confirm": True}
        wire.spoilt[REGISTER] = slowly
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "register_model_run", confirm)
            await sending.wait()
            tasks.cancel_scope.cancel()
            hung_up.set()
        with anyio.fail_after(10):
            done = (await client.call_tool("register_model_run", confirm)).structured_content
            while not done or done.get("status") != "succeeded":  # the first call may still be on its way
                done = (await client.call_tool("register_model_run", confirm)).structured_content
    assert done["model_run_id"] == "local/1000001"
    assert done["message"].startswith("It had been sent with this reference before")
    assert wire.count(REGISTER) == 1
