"""Handles as people write them: bare numbers and the marks of a sentence around them."""

from typing import Any

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import call, failure


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("explore_upstream", {"starting_id": "1000115"}),
        ("analyse_impact", {"item_id": "1000115"}),
        ("find_lineage_path", {"from_id": "sample/1000117", "to_id": "1000115"}),
        ("audit_reproducibility", {"item_id": "1000115"}),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_a_bare_number_is_answered_with_the_handle_it_may_mean(
    standing: Standing, tool: str, arguments: dict[str, Any]
):
    async with standing.client() as client:
        error = await failure(client, tool, **arguments)
    assert error["next"] == (
        "Handles have a prefix: did you mean 'sample/1000115' (Sea country values, Moore and Davies reefs)?"
    )


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "written",
    [f"{text}sample/1000006{mark}" for text in ("", "hdl:") for mark in (".", ",", ")", "/", ").", "];")]
    + ["(sample/1000006", "(sample/1000006),", "https://hdl.handle.net/sample/1000006)."],
)
async def test_a_handle_with_the_marks_of_a_sentence_on_it_is_answered_with_the_bare_one(
    standing: Standing, written: str
):
    meant = "If the text around left its marks on a handle, 'sample/1000006' is meant."
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000006", written])
        error = await failure(client, "explore_upstream", starting_id=written)
    assert ([item["id"] for item in fetched["items"]], fetched["hint"]) == (["sample/1000006"], meant)
    assert error["next"] == f"{meant} Check the handle; search_items and list_items find items by name."


@pytest.mark.asyncio(loop_scope="session")
async def test_a_handle_in_other_capitals_is_answered_with_the_small_one(standing: Standing):
    meant = "Capital letters count in ids: maybe 'sample/1000006' is meant."
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["Sample/1000006"])
        error = await failure(client, "explore_upstream", starting_id="SAMPLE/1000006")
    assert (fetched["not_found"], fetched["hint"]) == (["Sample/1000006"], meant)
    assert error["next"] == f"{meant} Check the handle; search_items and list_items find items by name."


@pytest.mark.asyncio(loop_scope="session")
async def test_numbers_that_nothing_has_are_answered_with_what_handles_look_like(standing: Standing):
    async with standing.client() as client:
        several = await call(client, "fetch_items", ids=["1000115", "7", "sample/7"])
        error = await failure(client, "explore_upstream", starting_id="7")
    assert several["not_found"] == ["1000115", "7", "sample/7"]
    assert several["hint"].startswith("Handles have a prefix: did you mean 'sample/1000115' (Sea country")
    assert error["next"].startswith("Handles have a prefix and look like '")
    assert "'sample/" in error["next"]
