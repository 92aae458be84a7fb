"""Registry fetch and list over HTTP (provena-http 7.3 to 7.5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from provena_mcp import __version__
from provena_mcp.embedded.identity import User
from tests.worlds.small import dataset, item, model, model_run, person, small_world

Http = Callable[..., httpx.AsyncClient]
Load = Callable[..., Any]
GENERAL = "/registry-api/registry/general"
MODEL = "/registry-api/registry/entity/model"
DATASET = "/registry-api/registry/entity/dataset"
STUDY = "/registry-api/registry/activity/study"
SEED = {
    "id": "w/seed",
    "owner_username": "jane",
    "created_timestamp": 7,
    "updated_timestamp": 7,
    "item_category": "ACTIVITY",
    "item_subtype": "STUDY",
    "record_type": "SEED_ITEM",
}
REFUSED = {"item": None, "roles": None, "locked": None, "item_is_seed": None}


def _refusal(details: str) -> dict[str, Any]:
    return {"status": {"success": False, "details": details}, **REFUSED}


# Fetch


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


# Lists


def _datasets(count: int) -> list[dict[str, Any]]:
    return [
        dataset(f"w/{number:02}", created=number // 3, display_name=f"Name {count - number:02}")
        for number in range(count)
    ]


async def _listed(client: httpx.AsyncClient, path: str, **request: Any) -> tuple[list[str], list[int]]:
    """The ids of all pages, and how many each page held."""
    ids: list[str] = []
    sizes: list[int] = []
    key: Any = None
    for _ in range(50):
        answer = await client.post(f"{path}/list", json={**request, "pagination_key": key})
        body = answer.json()
        sizes.append(len(body["items"]))
        ids += [listed["id"] for listed in body["items"]]
        key = body["pagination_key"]
        if key is None:
            return ids, sizes
    pytest.fail("the list does not end")


@pytest.mark.asyncio
@pytest.mark.parametrize("sort_type", ["CREATED_TIME", "UPDATED_TIME", "DISPLAY_NAME", None])
@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("filter_by", [None, {"item_subtype": "DATASET"}])
async def test_pages_join_to_the_whole_list_in_order(
    load: Load, http: Http, sort_type: str | None, ascending: bool, filter_by: Any
) -> None:
    load(_datasets(20))
    sort = {"sort_type": sort_type, "ascending": ascending}
    async with http() as client:
        whole, _ = await _listed(client, GENERAL, sort_by=sort, filter_by=filter_by, page_size=100)
        ids, sizes = await _listed(client, GENERAL, sort_by=sort, filter_by=filter_by, page_size=7)
    key = "display_name" if sort_type == "DISPLAY_NAME" else "created_timestamp"
    expected = sorted(_datasets(20), key=lambda raw: (raw[key], raw["id"]), reverse=not ascending)
    assert whole == ids == [raw["id"] for raw in expected]
    assert sizes == [7, 7, 6]


@pytest.mark.asyncio
async def test_a_page_is_cut_before_seeds_are_left_out(load: Load, http: Http) -> None:
    seeds = [{**SEED, "id": f"w/seed{number}", "created_timestamp": 50 + number} for number in range(4)]
    load([*seeds, item("w/study", "STUDY", 1, title="T", description="D")])
    async with http() as client:
        sort = {"sort_type": "CREATED_TIME"}
        complete = await _listed(client, GENERAL, page_size=2, sort_by=sort)
        only_seeds = await _listed(
            client, GENERAL, page_size=2, sort_by=sort, filter_by={"record_type": "SEED_ONLY"}
        )
        everything = await _listed(
            client, GENERAL, page_size=5, sort_by=sort, filter_by={"record_type": "ALL"}
        )
        typed = await client.post(f"{STUDY}/list", json={"filter_by": {"record_type": "ALL"}})
    assert complete == (["w/study"], [0, 0, 1])
    assert only_seeds == (["w/seed3", "w/seed2", "w/seed1", "w/seed0"], [2, 2, 0])
    # A page that is exactly full has a key although nothing follows.
    assert (len(everything[0]), everything[1]) == (5, [5, 0])
    counts = {key: value for key, value in typed.json().items() if key.endswith("_count")}
    assert counts == {
        "total_item_count": 5,
        "complete_item_count": 1,
        "seed_item_count": 4,
        "unparsable_item_count": 0,
        "not_authorised_count": 0,
    }


@pytest.mark.asyncio
async def test_a_typed_list_holds_that_subtype_only(load: Load, http: Http) -> None:
    load(small_world())
    async with http() as client:
        answer = await client.post(f"{DATASET}/list", json={"page_size": 1})
    body = answer.json()
    assert [listed["id"] for listed in body["items"]] == ["w/b"]
    assert body["status"] == {"success": True, "details": "Successfully listed items."}
    assert body["pagination_key"] == {"id": "w/b", "item_subtype": "DATASET", "updated_timestamp": 5}


@pytest.mark.asyncio
async def test_released_datasets_are_listed_by_reviewer_and_by_address(load: Load, http: Http) -> None:
    load(
        [
            dataset("w/a", release_approver="w/jane", release_timestamp=5, release_status="RELEASED"),
            dataset("w/b", release_approver="w/jane", release_timestamp=9, release_status="PENDING"),
            dataset("w/c", access_info_uri="https://example.org/b"),
            dataset("w/d", access_info_uri="https://example.org/a"),
            dataset("w/e", access_info_uri="ftp://example.org/a"),
        ]
    )
    reviewer = {"release_reviewer": "w/jane"}
    by_release = {"sort_type": "RELEASE_TIMESTAMP"}
    begins = {"sort_type": "ACCESS_INFO_URI_BEGINS_WITH", "begins_with": "https://", "ascending": True}
    async with http() as client:
        released = await _listed(client, GENERAL, filter_by=reviewer, sort_by=by_release)
        pending = await _listed(client, GENERAL, filter_by={**reviewer, "release_status": "PENDING"})
        hosted = await _listed(client, GENERAL, filter_by={"item_subtype": "DATASET"}, sort_by=begins)
    assert (released[0], pending[0], hosted[0]) == (["w/b", "w/a"], ["w/b"], ["w/d", "w/c"])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("request_body", "status", "loc"),
    [
        ({"filter_by": {"item_subtype": "BANANA"}}, 422, ["body", "filter_by", "item_subtype"]),
        (
            {"filter_by": {"item_subtype": "DATASET", "release_status": "RELEASED"}},
            422,
            ["body", "filter_by", "__root__"],
        ),
        ({"sort_by": {"begins_with": "x"}}, 422, ["body", "sort_by", "__root__"]),
        (
            {"sort_by": {"sort_type": "ACCESS_INFO_URI_BEGINS_WITH"}},
            422,
            ["body", "sort_by", "__root__"],
        ),
        ({"page_size": "many"}, 422, ["body", "page_size"]),
        ({"pagination_key": "w/a"}, 422, ["body", "pagination_key"]),
        ([1], 422, ["body"]),
        ({"sort_by": {"sort_type": "RELEASE_TIMESTAMP"}}, 400, None),
        (
            {"sort_by": {"sort_type": "ACCESS_INFO_URI_BEGINS_WITH", "begins_with": "x"}},
            400,
            None,
        ),
        (
            {"filter_by": {"release_reviewer": "w/jane"}, "sort_by": {"sort_type": "CREATED_TIME"}},
            400,
            None,
        ),
        ({"pagination_key": {"id": "w/a"}}, 400, None),
        ({"page_size": 0}, 400, None),
    ],
)
async def test_a_list_that_cannot_be_made_is_refused(
    http: Http, request_body: Any, status: int, loc: list[str] | None
) -> None:
    async with http() as client:
        answer = await client.post(f"{GENERAL}/list", json=request_body)
    detail = answer.json()["detail"]
    assert answer.status_code == status
    if loc is None:
        assert detail.startswith("Failed to generate query parameters. Error: ")
    else:
        assert detail[0]["loc"] == loc


@pytest.mark.asyncio
async def test_bodies_that_are_no_json_are_refused_as_the_services_do(http: Http) -> None:
    async with http() as client:
        broken = await client.post(
            f"{GENERAL}/list", content="{not json", headers={"content-type": "application/json"}
        )
        missing = await client.post(f"{GENERAL}/list")
        null = await client.post(
            f"{GENERAL}/list", content=b"null", headers={"content-type": "application/json"}
        )
        form = await client.post(f"{GENERAL}/list", content="{}", headers={"content-type": "text/plain"})
        undeclared = await client.post(f"{GENERAL}/list", content=b"{}")
    assert broken.json() == {
        "detail": [
            {
                "loc": ["body", 1],
                "msg": "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
                "type": "value_error.jsondecode",
                "ctx": {
                    "msg": "Expecting property name enclosed in double quotes",
                    "doc": "{not json",
                    "pos": 1,
                    "lineno": 1,
                    "colno": 2,
                },
            }
        ]
    }
    absent = {"detail": [{"loc": ["body"], "msg": "field required", "type": "value_error.missing"}]}
    assert (missing.json(), null.json()) == (absent, absent)
    no_dict = {"detail": [{"loc": ["body"], "msg": "value is not a valid dict", "type": "type_error.dict"}]}
    assert (form.json(), undeclared.json()) == (no_dict, no_dict)


@pytest.mark.asyncio
async def test_items_are_given_back_unchanged_whatever_text_they_hold(load: Load, http: Http) -> None:
    odd = model_run("w/run", [], [], 10, display_name="'; DROP TABLE item; -- \u202e é 😀 \u2028 <b>")
    load([odd])
    async with http() as client:
        answer = await client.get(f"{GENERAL}/fetch", params={"id": "w/run"})
    assert answer.json()["item"] == {**odd, "universal_partition_key": "OK"}
    assert json.loads(answer.text) == answer.json()
