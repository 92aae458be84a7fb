"""Who may write registry items, and what they are told of rights and locks."""

from __future__ import annotations

import pytest

from provena_mcp.embedded.identity import LOCAL_USER, User
from provena_mcp.embedded.store import Store
from tests.embedded.contents import MODEL, PERSON, STUDY, a_dataset, create
from tests.embedded.routes import BATCH, LINK, MINT, REGISTER, REGISTRY, UPDATE
from tests.embedded.services_client import running_services

pytestmark = pytest.mark.asyncio


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


@pytest.mark.usefixtures("writable")
@pytest.mark.parametrize(
    ("path", "roles"),
    [
        (REGISTER, ["entity-registry-read"]),
        (BATCH, ["entity-registry-write"]),
        (UPDATE, ["entity-registry-read"]),
        (LINK, []),
        ("/prov-api/model_run/register_sync", ["entity-registry-read", "entity-registry-write"]),
        ("/prov-api/model_run/delete", ["entity-registry-read", "entity-registry-write"]),
        ("/prov-api/admin/store_records", ["entity-registry-read", "entity-registry-admin"]),
        ("/prov-api/explore/generate/report", []),
    ],
)
async def test_writing_asks_for_roles_before_it_looks_at_anything(
    store: Store, path: str, roles: list[str]
) -> None:
    async with running_services(store, identify=lambda request: User("jane", roles=tuple(roles))) as services:
        answer = await services.post(path, "nonsense")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "don't have the correct role" in answer.json()["detail"]
