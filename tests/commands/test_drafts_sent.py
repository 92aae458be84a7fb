"""A draft that is sent, stops half-way, or whose answer is lost: what the next draft knows of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.drafts import TOOLSETS, toy
from tests.worlds.captured import ANSWERS, two_steps
from tests.worlds.deployment import Asked, answering, losing_the_answer, provena, server
from tests.worlds.sample import call, failure


@pytest.mark.asyncio
async def test_a_plan_that_stops_half_way_says_what_there_is_and_is_gone_on_with(tmp_path: Path):
    two_steps(tmp_path / "captures")
    asked = Asked()
    async with (
        provena(tmp_path) as wire,
        server(wire, asked=asked, toolsets=TOOLSETS, captures=str(tmp_path / "captures")) as client,
    ):
        drafted = await call(client, "draft_model_runs", capture="1-flow", answers=ANSWERS)
        refusing = answering(400, {"detail": "no"})
        wire.spoilt["/registry-api/registry/entity/model_run_workflow_template/create"] = refusing
        wire.spoilt["/registry-api/registry/entity/model_run_workflow/create"] = refusing
        stopped = await call(
            client, "register_batch_model_runs", **drafted["next"]["arguments"], confirm=True
        )
        again = await call(client, "register_batch_model_runs", **drafted["next"]["arguments"], confirm=True)
        wire.spoilt.clear()
        answers = {**ANSWERS, "organisation": stopped["created"][0]["id"]}
        rest = await call(client, "draft_model_runs", capture="1-flow", answers=answers)
    assert (stopped["status"], [each["name"] for each in stopped["created"]][:3]) == (
        "failed",
        ["Reef Institute", "rain.csv", "flow.csv"],
    )
    assert "could not be created" in stopped["message"]
    assert again["created"] == stopped["created"]
    assert [each["name"] for each in rest["to_create"]] == ["MODEL_RUN_WORKFLOW_TEMPLATE Run of flow.py"]
    assert asked.questions[0].startswith("Create first, for good:\n- an organisation: Reef Institute\n")


@pytest.mark.asyncio
async def test_a_capture_whose_registration_nobody_waited_for_is_told_of_it_by_the_next_draft(tmp_path: Path):
    folder, _ = two_steps(tmp_path / "captures")
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", capture="1-flow", answers=ANSWERS)
        shown = await call(client, drafted["next"]["tool"], **drafted["next"]["arguments"])
        sent = await call(
            client, drafted["next"]["tool"], reference=shown["reference"], confirm=True, wait=False
        )
        before = (folder / "registration.json").exists()
        await call(client, "get_job", session_id=sent["session_id"], wait=True)
        again = await call(client, "draft_model_runs", capture="1-flow")
    assert (sent["status"], before) == ("submitted", False)
    assert json.loads((folder / "registration.json").read_text()) == {
        "run_id": again["runs"][0]["registered_as"]
    }


@pytest.mark.parametrize("lost", [False, True], ids=["queued", "answer lost"])
@pytest.mark.asyncio
async def test_what_is_drafted_again_before_its_job_is_seen_was_submitted_already(tmp_path: Path, lost: bool):
    two_steps(tmp_path / "captures")
    queued = {"status": {"success": True, "details": "queued"}, "session_id": "s-1"}
    async with (
        provena(tmp_path) as wire,
        server(wire, toolsets=TOOLSETS, captures=str(tmp_path / "captures")) as client,
    ):
        drafted = await call(client, "draft_model_runs", capture="1-flow", answers=ANSWERS)
        shown = await call(client, drafted["next"]["tool"], **drafted["next"]["arguments"])
        register = "/prov-api/model_run/register_batch"
        wire.spoilt[register] = losing_the_answer(after_sending=False) if lost else answering(200, queued)
        sending = {"reference": shown["reference"], "confirm": True, "wait": False}
        if lost:
            sent = await failure(client, drafted["next"]["tool"], **sending)
        else:
            sent = await call(client, drafted["next"]["tool"], **sending)
        organisations = await call(client, "list_items", subtype="ORGANISATION", sort_by="created")
        answers = {**ANSWERS, "organisation": organisations["items"][0]["id"]}
        again = await call(client, "draft_model_runs", capture="1-flow", answers=answers)
        refused = await call(client, again["next"]["tool"], **again["next"]["arguments"])
    assert sent["message"].startswith("The items were created: " if lost else "Sent; ")
    assert (organisations["items"][0]["id"] in sent["message"]) is lost
    told = "look with list_jobs" if lost else "session 's-1'"
    assert (refused["ready"], [told in each["message"] for each in refused["problems"]]) == (False, [True])
