"""Updating model runs in the embedded Provena, and linking them to studies."""

from __future__ import annotations

import pytest

from provena_mcp.embedded.identity import LOCAL_USER, User
from provena_mcp.embedded.store import Store
from tests.embedded.routes import LINK, LODGING_FAILED, UPDATE
from tests.embedded.services_client import running_services
from tests.worlds.writable import a_record, links_of

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("writable")]


async def test_an_update_takes_back_what_the_run_no_longer_asserts(store: Store) -> None:
    changed = a_record(
        display_name="Better",
        inputs=[a_record()["inputs"][0]],
        outputs=[{**a_record()["outputs"][0], "dataset_id": "w/more-waves"}],
        study_id="w/study",
    )
    async with running_services(store) as services:
        other = await services.register(a_record())
        run_id = await services.register(a_record())
        update = {"model_run_id": run_id, "reason": "A mistake", "record": changed}
        answer = (await services.post(UPDATE, update)).json()
        job = await services.job(answer["session_id"])
        item = await services.item(run_id)
        upstream = await services.links("upstream", run_id)
        of_settings = await services.links("downstream", "w/settings")
        of_waves = await services.links("upstream", "w/waves")
    assert list(answer) == ["session_id"]
    assert (job["status"], job["result"]["record"]["id"]) == ("SUCCEEDED", run_id)
    assert (item["display_name"], item["record_status"]) == ("Better", "LODGED")
    assert [entry["reason"] for entry in item["history"]] == [
        "Updating item to mark completion of provenance lodge.",
        "A mistake",
        "Updating item to mark completion of provenance lodge.",
        "Initial record creation",
    ]
    assert upstream == links_of(run_id) - {(run_id, "used", "w/settings")} | {
        (run_id, "wasInformedBy", "w/study")
    }
    assert of_settings == {(other, "used", "w/settings")}
    assert of_waves == {
        ("w/waves", "wasGeneratedBy", other),
        ("w/waves", "wasAttributedTo", "w/jane"),
        ("w/waves", "wasInfluencedBy", "w/out"),
    }


async def test_an_update_of_nothing_of_ones_own_fails_in_its_job(store: Store) -> None:
    async with running_services(store) as services:
        run_id = await services.register(a_record())
        before = await services.item(run_id)
    mallory = User("mallory", "m@example.org", LOCAL_USER.roles[:2])
    async with running_services(store, identify=lambda request: mallory) as services:
        jobs = [
            await services.job((await services.post(UPDATE, body)).json()["session_id"])
            for body in (
                {"model_run_id": run_id, "reason": "Mine now", "record": a_record(display_name="Mine")},
                {"model_run_id": "w/wind", "reason": "No run", "record": a_record()},
                {"model_run_id": "w/nowhere", "reason": "No item", "record": a_record()},
            )
        ]
        after = await services.item(run_id)
    assert [(job["status"], job["info"]) for job in jobs] == [("FAILED", LODGING_FAILED)] * 3
    assert after == before


async def test_a_run_is_linked_to_a_study_once(store: Store) -> None:
    async with running_services(store) as services:
        run_id = await services.register(a_record())
        answer = (await services.post(LINK, model_run_id=run_id, study_id="w/study")).json()
        job = await services.job(answer["session_id"])
        item = await services.item(run_id)
        runs = await services.links("downstream", "w/study")
        again = await services.post(LINK, model_run_id=run_id, study_id="w/other-study")
    assert (answer["model_run_id"], answer["study_id"], answer["status"]["success"]) == (
        run_id,
        "w/study",
        True,
    )
    assert (job["job_sub_type"], job["status"]) == ("MODEL_RUN_LODGE_ONLY", "SUCCEEDED")
    assert (item["record"]["study_id"], item["record_status"]) == ("w/study", "LODGED")
    assert (item["history"][0]["reason"], item["history"][0]["id"]) == ("Linking model run to study.", 2)
    assert runs == {(run_id, "wasInformedBy", "w/study")}
    assert (again.status_code, again.json()) == (
        400,
        {
            "detail": f"ModelRun {run_id} already linked to a study. Study ID: w/study. "
            "Cannot link to another study."
        },
    )


async def test_somebody_elses_run_cannot_be_linked(store: Store) -> None:
    async with running_services(store) as services:
        run_id = await services.register(a_record())
    mallory = User("mallory", "m@example.org", LOCAL_USER.roles[:2])
    async with running_services(store, identify=lambda request: mallory) as services:
        answer = await services.post(LINK, model_run_id=run_id, study_id="w/study")
        item = await services.item(run_id)
    assert answer.status_code == 500
    assert "Got status code 401" in answer.json()["detail"]
    assert "study_id" not in item["record"]
