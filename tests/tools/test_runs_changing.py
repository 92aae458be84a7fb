"""Correcting a registered run and putting it into a study: before and after in names, then the same gate."""

import json
from pathlib import Path

import httpx
import pytest
from mcp import Client

from tests.worlds.deployment import Asked, Send, Wire, a_record, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure

UPDATE = "/prov-api/model_run/update"
LINK = "/prov-api/model_run/edit/link_to_study"
PILOT = "sample/1000016"
FETCH_RUN = "/registry-api/registry/activity/model_run/fetch"


async def registered(client: Client, **changes: object) -> str:
    shown = await call(client, "register_model_run", record=a_record(**changes))
    done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    return done["model_run_id"]


@pytest.mark.asyncio
@BOTH_ERAS
async def test_changes_to_a_run_are_shown_before_and_after_and_made_once(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        run_id = await registered(client)
        changes = {
            "display_name": "Moore Reef, corrected",
            "study_id": None,
            "annotations": {"notes": "as agreed"},
            "end_time": "2023-11-15T00:13:20+00:00",
        }
        shown = await call(
            client, "update_model_run", model_run_id=run_id, reason="Wrong end", changes=changes
        )
        assert shown == {
            "status": "preview",
            "message": shown["message"],
            "ready": True,
            "reference": shown["reference"],
            "missing": [],
            "problems": [],
            "warnings": shown["warnings"],
            "run": {"id": run_id, "name": "Moore Reef again"},
            "why": "Wrong end",
            "changes": [
                {"field": "display_name", "before": "Moore Reef again", "after": "Moore Reef, corrected"},
                {
                    "field": "annotations",
                    "before": "scenario = hindcast, grid_resolution = 200 m",
                    "after": "scenario = hindcast, grid_resolution = 200 m, notes = as agreed",
                },
                {"field": "study_id", "before": "Reef hindcast 2016-2019 (sample/1000031)"},
                {"field": "end_time", "before": "2023-11-14T23:13:20Z", "after": "2023-11-15T00:13:20Z"},
            ],
        }
        done = await call(client, "update_model_run", reference=shown["reference"], confirm=True)
        item = (await call(client, "fetch_items", ids=[run_id]))["items"][0]
        lineage = await call(client, "explore_upstream", starting_id=run_id, depth=1)
    assert {key: done[key] for key in ("status", "model_run_id", "name")} == {
        "status": "succeeded",
        "model_run_id": run_id,
        "name": "Moore Reef, corrected",
    }
    assert (item["name"], item["ended"]) == ("Moore Reef, corrected", "2023-11-15T00:13:20Z")
    assert "study" not in item
    assert lineage["start"]["name"] == "Moore Reef, corrected"
    assert wire.count(UPDATE) == 1


@pytest.mark.asyncio
async def test_a_whole_record_replaces_the_present_one_and_keeps_who_ran_it(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        run_id = await registered(client)
        shown = await call(
            client,
            "update_model_run",
            model_run_id=f"hdl:{run_id}",
            reason="Other model version",
            record=a_record(model_version="1.3", associations=None),
        )
    assert shown["ready"]
    assert shown["changes"] == [{"field": "model_version", "before": "1.2", "after": "1.3"}]


@pytest.mark.asyncio
async def test_what_a_change_breaks_is_said_with_what_the_template_asks_for(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(
            client,
            "update_model_run",
            model_run_id=PILOT,
            reason="Tidy",
            changes={"description": None, "inputs": []},
        )
    assert (shown["ready"], shown["missing"]) == (False, ["description"])
    assert [problem["path"] for problem in shown["problems"]] == ["inputs", "inputs", "annotations"]
    assert shown["template_asks"]["template"]["name"] == "Reef hydrodynamics"


@pytest.mark.asyncio
async def test_a_change_needs_a_reason_and_something_to_change(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        run_id = await registered(client)
        no_reason = await call(
            client, "update_model_run", model_run_id=run_id, changes={"model_version": "2"}
        )
        blank = await call(
            client, "update_model_run", model_run_id=run_id, reason="  ", changes={"model_version": "2"}
        )
        nothing = await call(
            client, "update_model_run", model_run_id=run_id, reason="Same", changes={"model_version": "1.2"}
        )
    assert [(each["ready"], each["missing"]) for each in (no_reason, blank)] == [(False, ["reason"])] * 2
    assert nothing["problems"] == [
        {"path": "changes", "message": "This changes nothing: the run's record says so already."}
    ]


@pytest.mark.asyncio
async def test_a_run_that_is_none_is_told_with_runs_that_may_be_meant(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        unknown = await call(
            client,
            "update_model_run",
            model_run_id="sample/1999999",
            reason="x",
            changes={"model_version": "2"},
        )
        dataset = await call(
            client,
            "update_model_run",
            model_run_id="sample/1000012",
            reason="x",
            changes={"model_version": "2"},
        )
    assert (unknown["ready"], unknown["problems"][0]["path"]) == (False, "model_run_id")
    assert len(unknown["problems"][0]["candidates"]) == 3
    assert dataset["problems"][0]["message"] == "'sample/1000012' is a dataset, not a model run."


@pytest.mark.asyncio
async def test_a_record_and_changes_together_or_no_run_are_argument_errors(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        both = await failure(
            client, "update_model_run", model_run_id=PILOT, reason="x", record=a_record(), changes={}
        )
        none = await failure(client, "update_model_run", reason="x", changes={"model_version": "2"})
    assert (both["parameter"], none["parameter"]) == ("changes", "model_run_id")


@pytest.mark.asyncio
async def test_an_unknown_field_in_the_changes_is_named(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        run_id = await registered(client)
        shown = await call(
            client, "update_model_run", model_run_id=run_id, reason="x", changes={"name": "Better"}
        )
    assert shown["problems"][0]["path"] == "name"
    assert shown["problems"][0]["candidates"][0] == {"id": "display_name"}


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_run_that_somebody_changed_meanwhile_is_previewed_again(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        run_id = await registered(client)
        change = {"model_run_id": run_id, "reason": "x", "changes": {"model_version": "2"}}
        shown = await call(client, "update_model_run", **change)
        other = await call(client, "update_model_run", **{**change, "changes": {"description": "Theirs."}})
        await call(client, "update_model_run", reference=other["reference"], confirm=True)
        again = await call(client, "update_model_run", reference=shown["reference"], confirm=True)
        assert again["message"].startswith("Something this change refers to has changed")
        done = await call(client, "update_model_run", reference=again["reference"], confirm=True)
        item = (await call(client, "fetch_items", ids=[run_id]))["items"][0]
    assert done["status"] == "succeeded"
    assert (item["description"], item["model_version"]) == ("Theirs.", "2")


def _as_seen_by_a_reader(**fields: object):
    async def fetch(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(await (await send(request)).aread())
        return httpx.Response(200, json=body | fields)

    return fetch


@pytest.mark.asyncio
async def test_whoever_may_hardly_change_a_run_is_warned_and_a_locked_run_is_refused(tmp_path: Path):
    change = {"model_run_id": PILOT, "study_id": "sample/1000022"}
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.edit_item(PILOT, record={**a_record(study_id=None), "inputs": [], "outputs": []})
        wire.spoilt[FETCH_RUN] = _as_seen_by_a_reader(roles=["metadata-read"])
        doubtful = await call(client, "link_model_run_to_study", **change)
        wire.spoilt[FETCH_RUN] = _as_seen_by_a_reader(locked=True)
        locked = await call(client, "link_model_run_to_study", **change)
    assert doubtful["ready"]
    assert doubtful["warnings"] == [
        "You seem not to be allowed to change this run, so Provena may refuse it."
    ]
    assert not locked["ready"]
    assert locked["problems"][0]["message"] == (f"Run {PILOT!r} is locked: its owner has to unlock it first.")


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_run_without_a_study_is_put_into_one(tmp_path: Path, era: str):
    user = Asked()
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:
        run_id = await registered(client, study_id=None)
        arguments = {"model_run_id": run_id, "study_id": "sample/1000031"}
        shown = await call(client, "link_model_run_to_study", **arguments)
        assert (shown["ready"], wire.count(LINK)) == (True, 0)
        done = await call(client, "link_model_run_to_study", **arguments, confirm=True)
        item = (await call(client, "fetch_items", ids=[run_id]))["items"][0]
        again = await call(client, "link_model_run_to_study", **arguments, confirm=True)
    assert user.questions == [
        f"Put model run Moore Reef again ({run_id}) into study Reef hindcast 2016-2019 (sample/1000031)?"
    ]
    assert {key: done[key] for key in ("status", "message", "model_run_id", "name")} == {
        "status": "succeeded",
        "message": "Linked.",
        "model_run_id": run_id,
        "name": "Moore Reef again",
    }
    assert item["study"]["id"] == "sample/1000031"
    assert not again["ready"]
    assert "already belongs to study 'sample/1000031'" in again["problems"][0]["message"]
    assert wire.count(LINK) == 1


@pytest.mark.asyncio
async def test_a_study_that_is_none_is_told_with_studies_that_may_be_meant(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "link_model_run_to_study", model_run_id=PILOT, study_id="sample/1000012")
    (problem,) = shown["problems"]
    assert problem["message"] == "'sample/1000012' is a dataset, not a study."
    assert problem["candidates"]


@pytest.mark.asyncio
async def test_what_could_not_be_looked_up_is_an_error_and_not_a_verdict(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/registry-api/registry/general/fetch"] = answering(500, {"detail": "down"})
        error = await failure(
            client, "link_model_run_to_study", model_run_id=PILOT, study_id="sample/1000031", confirm=True
        )
    assert error["fault"] == "deployment"
    assert _untouched(wire)


def _untouched(wire: Wire) -> bool:
    return wire.count(LINK) == wire.count(UPDATE) == 0
