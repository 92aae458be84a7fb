"""Items are compared with what was asked: another's, repeated ones, and what was written without a name."""

from __future__ import annotations

import pytest

from provena_mcp.client import ProvenaClient
from provena_mcp.errors import AmbiguousWriteError, MalformedAnswerError, RejectedError
from provena_mcp.wire.registry import ListRequest
from tests.client.answers import OK, asked, people, person


async def fetch(client: ProvenaClient) -> object:
    return (await client.registry.fetch("10378.1/7")).id


async def search(client: ProvenaClient) -> object:
    return [(hit.id, hit.score) for hit in await client.search.search("reef")]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (person("10378.1/7"), "10378.1/7"),
        (person("10378.1/8"), MalformedAnswerError),
        (person(" "), MalformedAnswerError),
        (None, MalformedAnswerError),
    ],
)
async def test_another_item_than_the_one_asked_for_is_an_error(item: object, outcome: object):
    assert await asked(fetch, {"status": OK, "item": item}) == outcome
    typed = await asked(
        lambda client: client.registry.fetch_typed("PERSON", "10378.1/7"), {"status": OK, "item": item}
    )
    assert (typed if isinstance(typed, type) else typed.item.id) == outcome


@pytest.mark.asyncio
async def test_an_item_of_another_subtype_than_asked_for_is_an_error():
    typed = await asked(
        lambda client: client.registry.fetch_typed("STUDY", "10378.1/7"),
        {"status": OK, "item": person("10378.1/7")},
    )
    assert typed is MalformedAnswerError


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("items", "outcome"),
    [
        ([person("1/1"), person("1/2")], ["1/1", "1/2"]),
        ([person("1/1")] * 5, ["1/1"]),
        ([], []),
        (None, MalformedAnswerError),
        ([person("1/1"), person("1/2", item_subtype="ORGANISATION")], MalformedAnswerError),
        ([person("1/1"), person(" ")], MalformedAnswerError),
    ],
)
async def test_a_list_holds_each_item_once_and_only_what_was_asked_for(
    items: list[object] | None, outcome: object
):
    assert await asked(people, {"status": OK, "items": items, "pagination_key": None}) == outcome
    listed = await asked(
        lambda client: client.registry.list_typed("PERSON", ListRequest()), {"status": OK, "items": items}
    )
    assert (listed if isinstance(listed, type) else [item.id for item in listed.items]) == outcome


@pytest.mark.asyncio
async def test_an_item_that_moves_to_the_next_page_while_a_list_grows_counts_once():
    pages = (
        {"status": OK, "items": [person("1/1"), person("1/2")], "pagination_key": {"k": 1}},
        {"status": OK, "items": [person("1/2"), person("1/3")], "pagination_key": None},
    )
    assert await asked(people, *pages) == ["1/1", "1/2", "1/3"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        (
            [{"id": "1/1", "score": 2}, {"id": "1/2", "score": 1}, {"id": "1/1", "score": 0.5}],
            [("1/1", 2.0), ("1/2", 1.0)],
        ),
        ([{"id": "", "score": 1}], MalformedAnswerError),
        ([{"score": 1}], MalformedAnswerError),
        (None, MalformedAnswerError),
        ([], []),
    ],
)
async def test_search_results_name_each_item_once(results: object, outcome: object):
    assert await asked(search, {"status": OK, "results": results}) == outcome


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda client: client.registry.create("STUDY", {}), {"status": OK, "created_item": person("1/1")}),
        (lambda client: client.registry.create("PERSON", {}), {"status": OK, "created_item": person("")}),
        (lambda client: client.registry.create("PERSON", {}), {"status": OK, "created_item": person("x")}),
        (lambda client: client.registry.create("PERSON", {}), {"status": OK, "created_item": None}),
        (
            lambda client: client.registry.create("PERSON", {"display_name": "Somebody else"}),
            {"status": OK, "created_item": person("1/1")},
        ),
        (lambda client: client.registry.seed("STUDY"), {"status": OK, "seeded_item": person("1/1")}),
        (lambda client: client.registry.version("MODEL", "1/1", "why"), {"new_version_id": ""}),
        (lambda client: client.registry.version("MODEL", "1/1", "why"), {"new_version_id": "1/1"}),
        (lambda client: client.data.mint_dataset({}), {"status": OK, "handle": None}),
        (lambda client: client.data.mint_dataset({}), {"status": OK, "handle": ""}),
        (lambda client: client.data.mint_dataset({}), {"status": OK, "handle": "10378.1"}),
        (lambda client: client.registry.seed("PERSON"), {"status": OK, "seeded_item": person("x y/z")}),
        (lambda client: client.registry.version("MODEL", "1/1", "why"), {"new_version_id": "x"}),
    ],
)
async def test_something_written_that_is_not_named_or_is_another_may_have_happened(call, body):
    assert await asked(call, body) is AmbiguousWriteError


@pytest.mark.asyncio
async def test_a_failure_that_is_told_is_still_the_failure():
    refused = {"status": {"success": False, "details": "no"}, "items": None, "results": None}
    assert await asked(people, refused) is RejectedError
    assert await asked(search, refused) is RejectedError
