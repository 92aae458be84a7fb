"""Writing registry items and datasets: a world built from nothing, over HTTP alone."""

from __future__ import annotations

import pytest

from provena_mcp.embedded.store import Store
from tests.embedded.contents import MODEL, PERSON, STUDY, a_dataset, create, lodged
from tests.embedded.routes import MINT, REGISTRY
from tests.embedded.services_client import running_services

pytestmark = pytest.mark.asyncio


async def test_a_world_is_built_over_http_and_a_run_registered_in_it(store: Store) -> None:
    async with running_services(store) as services:
        person = await create(services, "agent/person", PERSON)
        organisation = await create(services, "agent/organisation", {"display_name": "Reef", "name": "Reef"})
        model = await create(services, "entity/model", MODEL)
        template = await create(services, "entity/dataset_template", {"display_name": "Winds"})
        workflow = await create(
            services,
            "entity/model_run_workflow",
            {
                "display_name": "Make waves",
                "software_id": model,
                "input_templates": [{"template_id": template}],
                "output_templates": [{"template_id": template}],
            },
        )
        study = await create(services, "activity/study", STUDY)
        wind, waves = [
            (await services.post(MINT, a_dataset(organisation, name=name))).json()["handle"]
            for name in ("Wind", "Waves")
        ]
        used, made = [
            {"dataset_template_id": template, "dataset_id": each, "dataset_type": "DATA_STORE"}
            for each in (wind, waves)
        ]
        run_id = await services.register(
            {
                "workflow_template_id": workflow,
                "inputs": [used],
                "outputs": [made],
                "display_name": "A run",
                "description": "Of waves",
                "study_id": study,
                "associations": {"modeller_id": person, "requesting_organisation_id": organisation},
                "start_time": 1,
                "end_time": 2,
            }
        )
        upstream = await services.links("upstream", run_id)
    assert upstream == {
        (run_id, "used", wind),
        (run_id, "used", model),
        (run_id, "used", workflow),
        (run_id, "wasAssociatedWith", person),
        (run_id, "wasAssociatedWith", organisation),
        (run_id, "wasInformedBy", study),
    }


async def test_a_created_item_is_answered_whole_and_its_creation_lodged(store: Store) -> None:
    async with running_services(store, clock=lambda: 3000, new_id=iter("abcdefgh").__next__) as services:
        answer = (await services.post(f"{REGISTRY}/entity/model/create", MODEL)).json()
        activity = await lodged(services, answer["register_create_activity_session_id"])
        upstream = await services.links("upstream", answer["created_item"]["id"])
    content = {**MODEL, "user_metadata": None}
    model_id = "local/1000001"
    assert answer == {
        "status": {
            "success": True,
            "details": "Successfully uploaded the complete item. Return item includes handle id.",
        },
        "created_item": {
            **content,
            "history": [
                {
                    "id": 0,
                    "timestamp": 3000,
                    "reason": "Initial record creation",
                    "username": "local",
                    "item": content,
                }
            ],
            "id": model_id,
            "owner_username": "local",
            "created_timestamp": 3000,
            "updated_timestamp": 3000,
            "item_category": "ENTITY",
            "item_subtype": "MODEL",
            "record_type": "COMPLETE_ITEM",
            "workflow_links": {"create_activity_workflow_id": "b", "version_activity_workflow_id": None},
            "versioning_info": {"previous_version": None, "version": 1, "reason": None, "next_version": None},
        },
        "register_create_activity_session_id": "b",
    }
    assert upstream == {
        (model_id, "wasGeneratedBy", activity),
        (model_id, "wasAttributedTo", "local/1000000"),
    }


async def test_a_seed_is_completed_changed_and_restored_with_its_history(store: Store) -> None:
    async with running_services(store) as services:
        seeded = (await services.post(f"{REGISTRY}/activity/study/seed")).json()
        study = seeded["seeded_item"]["id"]
        route = f"{REGISTRY}/activity/study"
        completed = (await services.put(f"{route}/update", STUDY, id=study)).json()
        no_reason = await services.put(f"{route}/update", {**STUDY, "title": "S"}, id=study)
        changed = (
            await services.put(f"{route}/update", {**STUDY, "title": "S"}, id=study, reason="Short")
        ).json()
        reverted = await services.put(
            f"{route}/revert", {"id": study, "history_id": 0, "reason": "Too short"}
        )
        item = await services.item(study)
    assert seeded["seeded_item"]["record_type"] == "SEED_ITEM"
    assert completed["status"]["details"].endswith("Seeded item was updated to a complete item.")
    assert no_reason.status_code == 400
    assert (changed["status"]["success"], reverted.json()["status"]["success"]) == (True, True)
    assert item["title"] == "Swell"
    assert [(entry["id"], entry["reason"], entry["item"]["title"]) for entry in item["history"]] == [
        (2, "(Restoring to v0) Too short", "Swell"),
        (1, "Short", "S"),
        (0, "Initial record creation", "Swell"),
    ]


async def test_a_new_version_follows_the_newest_only_and_is_lodged(store: Store) -> None:
    async with running_services(store) as services:
        first = await create(services, "entity/model", MODEL)
        route = f"{REGISTRY}/entity/model/version"
        answer = (await services.post(route, {"id": first, "reason": "v2 release"})).json()
        activity = await lodged(services, answer["version_job_session_id"])
        second = answer["new_version_id"]
        again = await services.post(route, {"id": first, "reason": "v2 again"})
        items = [await services.item(each) for each in (first, second)]
        version = await services.item(activity)
        upstream = await services.links("upstream", second, 2)
    assert [item["versioning_info"] for item in items] == [
        {"version": 1, "next_version": second},
        {"previous_version": first, "version": 2, "reason": "v2 release"},
    ]
    assert items[1]["history"][0]["reason"] == f"New version of existing item (id={first})."
    assert (version["item_subtype"], version["from_item_id"], version["to_item_id"]) == (
        "VERSION",
        first,
        second,
    )
    assert upstream == {
        (second, "wasGeneratedBy", activity),
        (second, "wasAttributedTo", "local/1000000"),
        (activity, "used", first),
        (activity, "wasAssociatedWith", "local/1000000"),
    }
    assert again.status_code == 400
