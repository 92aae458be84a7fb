"""Writing registry items and datasets: a world built from nothing, over HTTP alone."""

from __future__ import annotations

from typing import Any

import pytest

from provena_mcp.embedded.identity import LOCAL_USER, User
from provena_mcp.embedded.store import Store
from tests.embedded.services_client import ServicesClient, running_services
from tests.worlds.small import Json

REGISTRY = "/registry-api/registry"
MINT = "/data-api/register/mint-dataset"
PERSON: Json = {
    "display_name": "Ada Lovelace",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.org",
    "ethics_approved": True,
}
MODEL: Json = {
    "display_name": "Waves",
    "name": "Waves",
    "description": "A wave model",
    "documentation_url": "https://example.org/doc",
    "source_url": "https://example.org/src",
}
STUDY: Json = {"display_name": "Swell", "title": "Swell", "description": "Of swell"}

pytestmark = pytest.mark.asyncio


def a_dataset(organisation_id: str, **info: Any) -> Json:
    none = {"relevant": False, "obtained": False}
    return {
        "associations": {"organisation_id": organisation_id},
        "approvals": {
            "ethics_registration": none,
            "ethics_access": none,
            "indigenous_knowledge": none,
            "export_controls": none,
        },
        "dataset_info": {
            "name": "Wind",
            "description": "Wind speeds",
            "access_info": {"reposited": True},
            "publisher_id": organisation_id,
            "created_date": {"relevant": True, "value": "2024-05-01"},
            "published_date": {"relevant": False},
            "license": "https://creativecommons.org/licenses/by/4.0/",
            **info,
        },
    }


async def create(services: ServicesClient, route: str, content: Json) -> str:
    answer = (await services.post(f"{REGISTRY}/{route}/create", content)).json()
    assert answer["status"]["success"], answer
    return answer["created_item"]["id"]


async def lodged(services: ServicesClient, session_id: str) -> str:
    """The activity that a job registers, once its lodging job has finished too."""
    job = await services.job(session_id)
    await services.job(job["result"]["lodge_session_id"])
    result = job["result"]
    return result.get("creation_activity_id") or result["version_activity_id"]


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


@pytest.mark.parametrize(
    ("route", "content", "problem"),
    [
        (
            "agent/person",
            {**PERSON, "email": "nobody"},
            {"loc": ["body", "email"], "msg": "value is not a valid email address", "type": "value_error"},
        ),
        (
            "entity/model",
            {**MODEL, "source_url": "somewhere"},
            {"loc": ["body", "source_url"], "msg": "invalid or missing URL scheme", "type": "value_error"},
        ),
        (
            "activity/study",
            {"display_name": "Swell", "title": "Swell"},
            {"loc": ["body", "description"], "msg": "field required", "type": "value_error.missing"},
        ),
        (
            "entity/model_run_workflow",
            {
                "display_name": "W",
                "software_id": "m",
                "input_templates": [{"template_id": "t"}, {"template_id": "t"}],
            },
            {
                "loc": ["body"],
                "msg": "input template ids must differ; given more than once: 't'",
                "type": "value_error",
            },
        ),
    ],
)
async def test_malformed_content_is_refused(store: Store, route: str, content: Json, problem: Json) -> None:
    async with running_services(store) as services:
        created = await services.post(f"{REGISTRY}/{route}/create", content)
        validated = await services.post(f"{REGISTRY}/{route}/validate", content)
    for answer in (created, validated):
        assert (answer.status_code, answer.json()) == (422, {"detail": [problem]})


async def test_content_that_refers_to_the_wrong_things_is_a_failure_in_a_200(store: Store) -> None:
    workflow = {"display_name": "W", "software_id": "local/1000000"}
    async with running_services(store) as services:
        unasked = (
            await services.post(f"{REGISTRY}/agent/person/create", {**PERSON, "ethics_approved": False})
        ).json()
        dangling = (await services.post(f"{REGISTRY}/entity/model_run_workflow/create", workflow)).json()
        dataset = (await services.post(MINT, a_dataset("w/nowhere"))).json()
        malformed = (await services.post(MINT, a_dataset("w/nowhere", colour="blue"))).json()
    assert unasked["created_item"] is None
    assert "ethics_approved must be true" in unasked["status"]["details"]
    assert dangling["status"]["details"].startswith(
        "Provided software_id with id local/1000000 was not a valid id"
    )
    assert (dataset["handle"], dataset["status"]["success"]) == (None, False)
    assert "Provided associations.organisation_id with id w/nowhere" in dataset["status"]["details"]
    assert malformed["status"]["details"] == (
        "Failed to validate metadata against schema, error: dataset_info.colour: extra fields not permitted."
    )


async def test_a_user_without_a_person_links_to_one_before_registering_entities(store: Store) -> None:
    new = User("new", "new@example.org", LOCAL_USER.roles)
    async with running_services(store, identify=lambda request: new) as services:
        refused = await services.post(f"{REGISTRY}/entity/model/create", MODEL)
        nobody = await services.post("/auth-api/link/user/assign", {"person_id": "w/nowhere"})
        person = await create(services, "agent/person", PERSON)
        await services.post("/auth-api/link/user/assign", {"person_id": person})
        created = await services.post(f"{REGISTRY}/entity/model/create", MODEL)
        other = await create(services, "agent/person", PERSON)
        second = await services.post("/auth-api/link/user/assign", {"person_id": other})
    assert (refused.status_code, refused.json()["detail"]) == (
        400,
        "In order to perform this operation you must link your User account to a Person in the registry.",
    )
    assert (nobody.status_code, created.status_code, second.status_code) == (400, 200, 400)


async def test_only_owners_and_administrators_change_items_and_only_the_latter_delete(store: Store) -> None:
    async with running_services(store) as services:
        study = await create(services, "activity/study", STUDY)
    writer = User("mallory", "m@example.org", ("entity-registry-read", "entity-registry-write"))
    async with running_services(store, identify=lambda request: writer) as services:
        route = f"{REGISTRY}/activity/study"
        changed = await services.put(f"{route}/update", STUDY, id=study, reason="Mine")
        deleted = await services.client.delete(f"{route}/delete", params={"id": study})
        rights = (await services.get(f"{route}/auth/evaluate", id=study)).json()
    async with running_services(store) as services:
        gone = await services.client.delete(f"{route}/delete", params={"id": study})
        item = await services.item(study)
        found = (await services.get("/search/search/entity-registry", query="Swell")).json()
    assert (changed.status_code, deleted.status_code, rights) == (401, 401, {"roles": ["metadata-read"]})
    assert (gone.status_code, item, found["results"]) == (200, None, [])


async def test_rights_and_locks_of_an_item_are_told(store: Store) -> None:
    async with running_services(store) as services:
        organisation = await create(services, "agent/organisation", {"display_name": "Reef", "name": "Reef"})
        wind = (await services.post(MINT, a_dataset(organisation))).json()["handle"]
        dataset = f"{REGISTRY}/entity/dataset"
        paths = ("auth/evaluate", "auth/configuration", "locks/locked", "locks/history")
        answers = [(await services.get(f"{dataset}/{path}", id=wind)).json() for path in paths]
        roles = (await services.get(f"{dataset}/auth/roles")).json()["roles"]
        unknown = await services.get(f"{dataset}/auth/evaluate", id="w/nowhere")
        no_study = await services.get(f"{REGISTRY}/activity/study/auth/evaluate", id=wind)
        schema = (await services.get(f"{dataset}/schema")).json()
    reading = ["dataset-data-read", "metadata-read"]
    assert answers == [
        {"roles": [*reading, "dataset-data-write", "metadata-write", "admin"]},
        {"owner": "local", "general": reading, "groups": {}},
        {"locked": False},
        {"status": {"success": True, "details": "Successfully retrieved lock history."}, "history": []},
    ]
    assert [role["role_name"] for role in roles] == [
        "metadata-read",
        "metadata-write",
        "admin",
        "dataset-data-read",
        "dataset-data-write",
    ]
    assert (unknown.status_code, no_study.status_code) == (400, 400)
    assert "collection_format" in schema["json_schema"]["properties"]


async def test_an_item_is_not_changed_into_something_wrong(store: Store) -> None:
    async with running_services(store) as services:
        route = f"{REGISTRY}/agent/person"
        person = await create(services, "agent/person", PERSON)
        before = await services.item(person)
        refused = (
            await services.put(
                f"{route}/update", {**PERSON, "ethics_approved": False}, id=person, reason="No"
            )
        ).json()
        valid = (await services.post(f"{route}/validate", PERSON)).json()
        no_entry = await services.put(f"{route}/revert", {"id": person, "history_id": 7, "reason": "Back"})
        seed = (await services.post(f"{REGISTRY}/entity/model/seed")).json()["seeded_item"]["id"]
        no_version = await services.post(f"{REGISTRY}/entity/model/version", {"id": seed, "reason": "Two"})
        after = await services.item(person)
    assert refused["status"]["success"] is False
    assert valid["status"] == {"success": True, "details": "Successfully validated item contents."}
    assert (no_entry.status_code, no_version.status_code) == (400, 400)
    assert after == before
