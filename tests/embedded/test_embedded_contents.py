"""Contents of items that are refused: malformed, or referring to the wrong things."""

from __future__ import annotations

import pytest

from provena_mcp.embedded.store import Store
from tests.embedded.contents import MODEL, PERSON, a_dataset, create
from tests.embedded.routes import MINT, REGISTRY
from tests.embedded.services_client import running_services
from tests.worlds.small import Json

pytestmark = pytest.mark.asyncio


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
