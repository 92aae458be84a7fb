"""Fetching registry items over HTTP (provena-http 7.3, 7.4)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from provena_mcp import __version__
from provena_mcp.embedded.identity import User
from tests.embedded.conftest import Http, Load
from tests.embedded.routes import DATASET, GENERAL, MODEL, STUDY
from tests.worlds.small import SEED, dataset, model, model_run, person

REFUSED = {"item": None, "roles": None, "locked": None, "item_is_seed": None}


def _refusal(details: str) -> dict[str, Any]:
    return {"status": {"success": False, "details": details}, **REFUSED}


@pytest.mark.asyncio
async def test_a_general_fetch_gives_the_stored_item_without_nulls(load: Load, http: Http) -> None:
    load([model("w/m", note=None, more={"a": "b", "c": None}), SEED])
    async with http() as client:
        complete = await client.get(f"{GENERAL}/fetch", params={"id": "w/m"})
        seed = await client.get(f"{GENERAL}/fetch", params={"id": "w/seed"})
    status = {"success": True, "details": "Successfully retrieved item from the registry."}
    assert complete.json() == {
        "status": status,
        "item": {**model("w/m", more={"a": "b"}), "universal_partition_key": "OK"},
    }
    assert seed.json() == {"status": status, "item": {**SEED, "universal_partition_key": "OK"}}


@pytest.mark.asyncio
async def test_a_general_fetch_of_an_unknown_an_empty_and_no_id(http: Http) -> None:
    async with http() as client:
        unknown = await client.get(f"{GENERAL}/fetch", params={"id": "w/x"})
        empty = await client.get(f"{GENERAL}/fetch", params={"id": ""})
        missing = await client.get(f"{GENERAL}/fetch")
    details = (
        'The id you specified was not available in the registry, error: "Failed to find item. '
        "Is the ID ('w/x') correct and in the database?\"."
    )
    assert (unknown.status_code, unknown.json()) == (
        200,
        {"status": {"success": False, "details": details}, "item": None},
    )
    assert (empty.status_code, empty.text) == (500, "Internal Server Error")
    assert (missing.status_code, missing.json()) == (
        422,
        {"detail": [{"loc": ["query", "id"], "msg": "field required", "type": "value_error.missing"}]},
    )


@pytest.mark.asyncio
async def test_a_typed_fetch_fills_in_nulls_and_drops_what_the_model_does_not_know(
    load: Load, http: Http
) -> None:
    load([dataset("w/a", surprise="x", owner="ann")])
    async with http() as client:
        answer = await client.get(f"{DATASET}/fetch", params={"id": "w/a"})
    body = answer.json()
    assert body["item"]["collection_format"]["dataset_info"] == {
        "name": "w/a",
        "description": "Some data",
        "keywords": ["waves", "swell"],
    } | dict.fromkeys(
        (
            "access_info",
            "publisher_id",
            "created_date",
            "published_date",
            "license",
            "purpose",
            "rights_holder",
            "usage_limitations",
            "preferred_citation",
            "spatial_info",
            "temporal_info",
            "formats",
            "user_metadata",
            "version",
        )
    )
    assert (body["item"]["release_history"], body["item"]["versioning_info"]) == ([], None)
    assert "surprise" not in body["item"]
    assert {key: body[key] for key in ("locked", "item_is_seed")} == {"locked": False, "item_is_seed": False}


@pytest.mark.asyncio
async def test_a_typed_fetch_says_what_the_caller_may_do(load: Load, http: Http) -> None:
    load([dataset("w/a", owner="ann"), model("w/m", owner="ann")])
    read = ("entity-registry-read",)
    callers = {"ann": User("ann", None, read), "joe": User("joe", None, read)}

    async def roles(client: httpx.AsyncClient, path: str, item_id: str) -> Any:
        return (await client.get(f"{path}/fetch", params={"id": item_id})).json()["roles"]

    found: dict[str, list[Any]] = {}
    for name, user in callers.items():

        def identify(_: Request, user: User = user) -> User:
            return user

        async with http(identify=identify) as client:
            found[name] = [await roles(client, DATASET, "w/a"), await roles(client, MODEL, "w/m")]
    assert found == {
        "ann": [
            ["dataset-data-read", "metadata-read", "dataset-data-write", "metadata-write", "admin"],
            ["metadata-read", "metadata-write", "admin"],
        ],
        "joe": [["dataset-data-read", "metadata-read"], ["metadata-read"]],
    }


@pytest.mark.asyncio
async def test_a_typed_fetch_refuses_in_the_registrys_words(load: Load, http: Http) -> None:
    load([SEED, model("w/m"), person("w/jane")])
    async with http() as client:

        async def fetch(path: str, **params: str) -> httpx.Response:
            return await client.get(f"{path}/fetch", params=params)

        seed = await fetch(STUDY, id="w/seed")
        seed_allowed = await fetch(STUDY, id="w/seed", seed_allowed="true")
        foreign_seed = await fetch(MODEL, id="w/seed", seed_allowed="true")
        empty = await fetch(MODEL, id="")
        foreign = await fetch(f"{MODEL}_run_workflow", id="w/m")
        odd = await fetch(MODEL, id="w/m", seed_allowed="perhaps")
    assert seed.json() == _refusal("A valid seed item was found, but seed_allowed was set to false.")
    assert seed_allowed.json()["item"] == {**SEED, "workflow_links": None, "versioning_info": None}
    assert seed_allowed.json()["item_is_seed"] is True
    assert foreign_seed.status_code == 400
    assert "did not have the correct category or subtype" in foreign_seed.json()["detail"]
    assert empty.json()["status"]["details"].startswith("Value error. Details ")
    assert foreign.json() == _refusal(
        "The record was found but could not parsed as an appropriate type: Error The record was marked as a "
        "COMPLETE_ITEM but could not be parsed as the correct model. Error: 2 validation errors for "
        "ItemModelRunWorkflowTemplate\nsoftware_id\n  field required (type=value_error.missing)\n"
        "item_subtype\n  Incorrect item_subtype provided. The required type is MODEL_RUN_WORKFLOW_TEMPLATE. "
        "(type=assertion_error).."
    )
    assert (odd.status_code, odd.json()["detail"][0]["type"]) == (422, "type_error.bool")


@pytest.mark.asyncio
async def test_the_version_names_the_embedded_provena(http: Http) -> None:
    async with http() as client:
        answer = await client.get(f"{GENERAL}/about/version")
    assert answer.json() == {
        "commit_id": None,
        "commit_url": None,
        "tag_name": f"v{__version__}",
        "release_title": f"Embedded Provena of provena-mcp {__version__}",
        "release_url": None,
    }


@pytest.mark.asyncio
async def test_items_are_given_back_unchanged_whatever_text_they_hold(load: Load, http: Http) -> None:
    odd = model_run("w/run", [], [], 10, display_name="'; DROP TABLE item; -- \u202e é 😀 \u2028 <b>")
    load([odd])
    async with http() as client:
        answer = await client.get(f"{GENERAL}/fetch", params={"id": "w/run"})
    assert answer.json()["item"] == {**odd, "universal_partition_key": "OK"}
    assert json.loads(answer.text) == answer.json()
