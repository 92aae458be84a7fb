"""Pages of lists and searches: they join to the whole, in order, within the budget."""

import json
from pathlib import Path

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import call, failure, sample_client


@pytest.mark.asyncio(loop_scope="session")
async def test_pages_of_a_list_join_to_all_items_without_repeats(standing: Standing):
    seen: list[str] = []
    cursor: dict[str, str] = {}
    async with standing.client() as client:
        while True:
            page = await call(client, "list_items", subtype="DATASET", limit=7, **cursor)
            seen += [item["id"] for item in page["items"]]
            if page["complete"]:
                break
            cursor = {"cursor": page["cursor"]}
        whole = await call(client, "list_items", subtype="DATASET", limit=100)
    assert seen == [item["id"] for item in whole["items"]]
    assert len(set(seen)) == len(seen) > 20


@pytest.mark.asyncio(loop_scope="session")
async def test_a_list_by_name_starts_with_a(standing: Standing):
    async with standing.client() as client:
        page = await call(client, "list_items", subtype="PERSON", sort_by="name")
    names = [item["name"] for item in page["items"] if item["id"].startswith("sample/")]
    assert names[0] == "Anjali Deshmukh"
    assert names == sorted(names)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_cursor_of_another_list_says_to_start_over(standing: Standing):
    async with standing.client() as client:
        page = await call(client, "list_items", subtype="DATASET", limit=2)
        refused = await failure(client, "list_items", subtype="MODEL", cursor=page["cursor"])
    assert refused["message"] == "The cursor belongs to another question."


@pytest.mark.asyncio(loop_scope="session")
async def test_pages_of_a_search_join_to_the_whole_in_order(standing: Standing):
    question = {"query": "coral cover", "subtype": "DATASET", "release_status": "NOT_RELEASED"}
    async with standing.client() as client:
        whole = await call(client, "search_items", **question, limit=50)
        first = await call(client, "search_items", **question, limit=4)
        second = await call(client, "search_items", **question, limit=50, cursor=first["cursor"])
        other = await failure(client, "search_items", query="currents", cursor=first["cursor"])
    ids = [item["id"] for item in whole["items"]]
    assert [item["id"] for item in (*first["items"], *second["items"])] == ids
    assert (whole["complete"], first["complete"], second["complete"]) == (True, False, True)
    assert other["message"] == "The cursor belongs to another question."


@pytest.mark.parametrize("filters", [{}, {"release_status": "NOT_RELEASED"}], ids=str)
@pytest.mark.asyncio
async def test_pages_are_cut_to_the_budget_and_join_to_the_whole(tmp_path: Path, filters: dict[str, str]):
    async with sample_client(tmp_path) as client:
        whole = {
            "list_items": await call(client, "list_items", subtype="DATASET", **filters, limit=100),
            "search_items": await call(client, "search_items", query="coral", **filters, limit=50),
        }
    async with sample_client(tmp_path, max_result_tokens=600) as client:
        for tool, asked in (("list_items", {"subtype": "DATASET"}), ("search_items", {"query": "coral"})):
            ids: list[str] = []
            cursor: dict[str, str] | None = {}
            while cursor is not None:
                page = await call(client, tool, **asked, **filters, limit=50, **cursor)
                assert len(json.dumps(page["items"])) < 600 * 4
                ids += [item["id"] for item in page["items"]]
                cursor = {"cursor": page["cursor"]} if "cursor" in page else None
            assert ids == [item["id"] for item in whole[tool]["items"]]
            assert len(ids) > 3


@pytest.mark.asyncio(loop_scope="session")
async def test_a_page_may_be_smaller_than_the_one_before(standing: Standing):
    async with standing.client() as client:
        whole = await call(client, "list_items", subtype="DATASET", limit=20)
        first = await call(client, "list_items", subtype="DATASET", limit=7)
        second = await call(client, "list_items", subtype="DATASET", limit=2, cursor=first["cursor"])
        third = await call(client, "list_items", subtype="DATASET", limit=11, cursor=second["cursor"])
    pages = [*first["items"], *second["items"], *third["items"]]
    assert [item["id"] for item in pages] == [item["id"] for item in whole["items"]]
