"""Lists of registry items over HTTP (provena-http 7.5)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.embedded.conftest import Http, Load
from tests.embedded.routes import DATASET, GENERAL, STUDY
from tests.worlds.small import SEED, dataset, item, small_world


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
