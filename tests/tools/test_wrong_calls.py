"""A wrong call is answered with how to put it right."""

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import failure


@pytest.mark.parametrize(
    ("tool", "arguments", "message", "hint"),
    [
        ("search_items", {"query": "  "}, "query is blank.", "few words"),
        ("search_items", {"query": "x", "subtype": "DATASETS"}, "subtype: Input should be", "Correct"),
        ("search_items", {"query": "x", "limits": 3}, "There is no argument 'limits'.", "'limit'"),
        ("fetch_items", {"ids": []}, "ids takes 1 to 50 handles, not 0.", ""),
        ("fetch_items", {"ids": ["two words"]}, "ids 'two words' is not a handle.", "search_items"),
        ("explore_upstream", {"starting_id": ""}, "starting_id is blank.", "search_items"),
        ("explore_upstream", {"starting_id": "sample/1", "depth": -1}, "depth: Input should be", "Correct"),
        ("explore_upstream", {"starting_id": "sample/1", "depth": 101}, "depth: Input should be", "Correct"),
        (
            "explore_upstream",
            {"starting_id": "sample/1", "depth": "abc"},
            "depth: Input should be",
            "Correct",
        ),
        ("explore_upstream", {"starting_id": "sample/9"}, "There is no registered item", "search_items"),
        (
            "explore_upstream",
            {"starting_id": "sample/1", "file_path": "x"},
            "There is no argument",
            "Accepted",
        ),
        (
            "open_document",
            {"uri": "provena://item/sample/1", "file_path": "x"},
            "There is no argument",
            "save_as",
        ),
        (
            "open_document",
            {"uri": "https://example.org"},
            "There is no document 'https://example.org'.",
            "provena://lineage/",
        ),
        (
            "open_document",
            {"uri": "provena://nonsense/x"},
            "There is no document 'provena://nonsense/x'.",
            "provena://lineage/",
        ),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_a_wrong_call_is_an_error_that_says_how_to_put_it_right(
    standing: Standing, tool: str, arguments: dict[str, object], message: str, hint: str
):
    async with standing.client() as client:
        refused = await failure(client, tool, **arguments)
    assert refused["message"].startswith(message)
    assert (refused["fault"], refused["retry"]) == ("caller", "after_change")
    assert hint in refused.get("next", "")
