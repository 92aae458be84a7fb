"""Registering model runs in the embedded Provena: at once, in a job, in a batch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from provena_mcp.embedded.store import Store
from tests.embedded.routes import BATCH, LODGING_FAILED, REGISTER, UPDATE
from tests.embedded.services_client import running_services
from tests.worlds.writable import a_record, links_of, writable_world

REFUSED = "Failed to validate an entity's ID in the record, error: "
pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("writable")]


async def test_a_registered_run_is_in_the_registry_and_in_the_graph(store: Store) -> None:
    async with running_services(store, clock=lambda: 5000.5) as services:
        run_id = await services.register(a_record())
        item = await services.item(run_id)
        upstream = await services.links("upstream", run_id)
        downstream = await services.links("downstream", run_id)
    history = item.pop("history")
    stored = {key: value for key, value in a_record().items() if value is not None}
    stored["associations"] = {"modeller_id": "w/jane"}
    prov = item.pop("prov_serialisation")
    assert item == {
        "id": "local/1000001",
        "display_name": "A run",
        "record_status": "LODGED",
        "record": stored,
        "owner_username": "local",
        "created_timestamp": 5000,
        "updated_timestamp": 5000,
        "item_category": "ACTIVITY",
        "item_subtype": "MODEL_RUN",
        "record_type": "COMPLETE_ITEM",
        "universal_partition_key": "OK",
    }
    assert '"wasGeneratedBy"' in prov
    assert [(entry["id"], entry["reason"], entry["item"]["record_status"]) for entry in history] == [
        (1, "Updating item to mark completion of provenance lodge.", "LODGED"),
        (0, "Initial record creation", "COMPLETE"),
    ]
    assert upstream == links_of("local/1000001")
    assert downstream == {("w/waves", "wasGeneratedBy", "local/1000001")}


async def test_handles_are_never_given_twice_nor_to_what_was_loaded(
    store: Store, load: Callable[..., Any]
) -> None:
    async with running_services(store) as services:
        first = await services.register(a_record())
        await services.client.delete("/registry-api/registry/general/delete", params={"id": first})
        load([{**writable_world()[0], "id": "local/1000002"}])
        second = await services.register(a_record())
    assert (first, second) == ("local/1000001", "local/1000003")


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"associations": {"modeller_id": "w/reef"}},
            "Modeller with id w/reef was not a valid person, error: Failed to retrieve item with details: "
            "The record was found but could not parsed as an appropriate type",
        ),
        ({"annotations": None}, "Missing required annotations with keys: (scenario).."),
        (
            {"outputs": []},
            "The workflow definition expects dataset with template ID w/out but it was not present in the "
            "outputs..",
        ),
        (
            {"study_id": "w/nowhere"},
            "Provided model run workflow definition with id w/nowhere was not a valid id, error: Failed to "
            "retrieve item with details: Could not find the given key (w/nowhere) in the registry.",
        ),
    ],
)
async def test_a_record_that_does_not_fit_is_refused_before_anything_is_queued(
    store: Store, changes: dict[str, Any], detail: str
) -> None:
    async with running_services(store) as services:
        answer = await services.post(REGISTER, a_record(**changes))
        listed = (await services.post("/job-api/jobs/user/list", {})).json()
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"{REFUSED}{detail}")
    assert listed == {"jobs": [], "pagination_key": None}


async def test_a_malformed_record_is_located_where_it_was_sent(store: Store) -> None:
    broken = {key: value for key, value in a_record().items() if key != "display_name"}
    missing = {"msg": "field required", "type": "value_error.missing"}
    async with running_services(store) as services:
        alone = await services.post(REGISTER, broken)
        in_batch = await services.post(BATCH, {"records": [a_record(), broken]})
        update = await services.post(UPDATE, {"model_run_id": "w/run", "record": broken})
        no_list = await services.post(BATCH, {"records": {}})
    assert [answer.status_code for answer in (alone, in_batch, update, no_list)] == [422] * 4
    assert alone.json() == {"detail": [{"loc": ["body", "display_name"], **missing}]}
    assert in_batch.json() == {"detail": [{"loc": ["body", "records", 1, "display_name"], **missing}]}
    assert update.json() == {
        "detail": [
            {"loc": ["body", "reason"], **missing},
            {"loc": ["body", "record", "display_name"], **missing},
        ]
    }
    assert no_list.json() == {
        "detail": [
            {"loc": ["body", "records"], "msg": "value is not a valid list", "type": "type_error.list"}
        ]
    }


async def test_half_characters_are_refused_and_not_kept(store: Store) -> None:
    body = json.dumps({"records": [a_record(display_name="\ud800")]})
    async with running_services(store) as services:
        answer = await services.client.post(BATCH, content=body, headers={"content-type": "application/json"})
        listed = (await services.post("/job-api/jobs/user/list", {"limit": 2**62})).json()
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        [
            {
                "loc": ["body", "records", 0, "display_name"],
                "msg": "it holds text that is not Unicode (a lone surrogate)",
                "type": "value_error",
            }
        ],
    )
    assert listed["jobs"] == []


async def test_a_batch_becomes_a_job_for_each_run_and_one_bad_run_spoils_no_other(store: Store) -> None:
    records = [a_record(display_name="One"), a_record(annotations={}), a_record(display_name="Three")]
    async with running_services(store) as services:
        parent = await services.job((await services.post(BATCH, {"records": records})).json()["session_id"])
        children = await services.batch(parent["result"]["batch_id"])
    assert (parent["status"], parent["info"], parent["batch_id"]) == (
        "SUCCEEDED",
        "Successfully distributed batch jobs to queue.",
        None,
    )
    assert [
        (child["status"], child["info"], child["result"] and child["result"]["record"]["id"])
        for child in children
    ] == [
        ("SUCCEEDED", None, "local/1000001"),
        ("FAILED", f"{REFUSED}Missing required annotations with keys: (scenario)..", None),
        ("SUCCEEDED", None, "local/1000002"),
    ]
    assert {child["batch_id"] for child in children} == {parent["result"]["batch_id"]}


async def test_an_empty_batch_is_accepted_and_fails(store: Store) -> None:
    async with running_services(store) as services:
        job = await services.job((await services.post(BATCH, {"records": []})).json()["session_id"])
    assert (job["status"], job["info"]) == (
        "FAILED",
        "Callback function raised unhandled exception. Error: .",
    )


async def test_registering_at_once_answers_the_run(store: Store) -> None:
    async with running_services(store) as services:
        answer = (await services.post("/prov-api/model_run/register_sync", a_record())).json()
        upstream = await services.links("upstream", "local/1000001")
    assert answer["status"] == {"success": True, "details": "Provenance record lodged successfully."}
    assert answer["record_info"]["id"] == "local/1000001"
    assert answer["record_info"]["record"]["inputs"][0]["resources"] is None
    assert upstream == links_of("local/1000001")


async def test_a_run_whose_template_vanishes_before_its_job_is_not_half_lodged(
    store: Store, http: Callable[..., Any]
) -> None:
    async with http() as idle:
        sessions = [
            (await idle.post(path, json=body)).json()["session_id"]
            for path, body in (
                (REGISTER, a_record()),
                (UPDATE, {"model_run_id": "w/wind", "reason": "No run", "record": a_record()}),
            )
        ]
        await idle.delete("/registry-api/registry/general/delete", params={"id": "w/wf"})
    async with running_services(store) as services:
        jobs = [await services.job(session_id) for session_id in sessions]
        downstream = await services.links("downstream", "w/wind")
        first_handle = await services.item("local/1000001")
    assert (jobs[0]["status"], jobs[0]["info"]) == ("FAILED", LODGING_FAILED)
    assert jobs[1]["info"].startswith(f"{REFUSED}Provided model run workflow definition with id w/wf")
    assert (downstream, first_handle) == (set(), None)
