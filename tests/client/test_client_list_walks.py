"""Lists read page by page: on while there is a key, never round and round, and never without an end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from provena_mcp.client.checks import UNMARKED, ListWalk
from provena_mcp.client.http.request import Call
from provena_mcp.errors import MalformedAnswerError
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.registry import ListRequest
from tests.client.answers import JOB, OK, SEED, STUDY, batch, people, person, row
from tests.client.provena_stand_in import Script, client_over, json_answer

RUN_JOB = {
    "session_id": "7c10",
    "status": "SUCCEEDED",
    "batch_id": "b1",
    "job_sub_type": "MODEL_RUN_PROV_LODGE",
    "result": {"record": {"id": "10378.1/1"}},
}


@pytest.mark.asyncio
async def test_pages_go_on_while_there_is_a_key_even_if_one_is_empty():
    def page(items: list[object], key: object) -> httpx.Response:
        return json_answer({"status": OK, "items": items, "pagination_key": key})

    script = Script([page([STUDY], {"k": 1}), page([], {"k": 2}), page([SEED], None)])
    async with client_over(script) as client:
        pages = [page async for page in client.registry.pages(ListRequest(page_size=1))]
    assert [[item.id for item in page.items] for page in pages] == [["10378.1/3"], [], ["10378.1/4"]]
    assert [json.loads(request.content).get("pagination_key") for request in script.requests] == [
        None,
        {"k": 1},
        {"k": 2},
    ]


@pytest.mark.asyncio
async def test_only_the_rows_that_are_wanted_are_read():
    broken = {key: value for key, value in STUDY.items() if key != "title"} | {"id": "10378.1/5"}
    script = Script([json_answer({"status": OK, "items": [broken, STUDY, {}]})])
    async with client_over(script) as client:
        walk = client.registry.walk(ListRequest(), is_wanted=lambda item_id: item_id == "10378.1/3")
        page = await walk.next_page(20)
    assert page is not None
    assert ([item.id for item in page.items], page.unparsable) == (["10378.1/3"], ())


@pytest.mark.asyncio
async def test_job_pages_go_on_while_there_is_a_key():
    script = Script(
        [
            json_answer({"jobs": [RUN_JOB], "pagination_key": {"k": 1}}),
            json_answer({"jobs": [], "pagination_key": None}),
        ]
    )
    async with client_over(script) as client:
        pages = [page async for page in client.jobs.batch_pages("b1", limit=1)]
    assert [len(page.jobs) for page in pages] == [1, 0]
    assert [json.loads(request.content)["pagination_key"] for request in script.requests] == [None, {"k": 1}]


@pytest.mark.asyncio
async def test_a_service_that_repeats_a_page_for_ever_is_stopped():
    jobs = Script([json_answer({"jobs": [JOB], "pagination_key": {"k": 1}})])
    items = Script([json_answer({"status": OK, "items": [STUDY], "pagination_key": {"k": 1}})])
    async with client_over(jobs) as client:
        with pytest.raises(MalformedAnswerError, match="same page again"):
            [page async for page in client.jobs.pages()]
    async with client_over(items) as client:
        with pytest.raises(MalformedAnswerError, match="same page again"):
            [page async for page in client.registry.pages(ListRequest())]
    assert (len(jobs.requests), len(items.requests)) == (2, 2)


LIST = Call(service="registry", method="POST", path="/", name="list items")


def two_keys_in_turn(rows: str, row: object) -> Iterator[dict[str, object]]:
    for turn in range(10):
        yield {"status": OK, rows: [row], "pagination_key": {"k": turn % 2}}


@pytest.mark.asyncio
async def test_two_page_keys_in_turn_are_found_out():
    for call, bodies in (
        (people, two_keys_in_turn("items", person("1/1"))),
        (batch, two_keys_in_turn("jobs", row(1))),
    ):
        script = Script([json_answer(body) for body in bodies])
        async with client_over(script) as client:
            with pytest.raises(MalformedAnswerError, match="same page again"):
                await call(client)
        assert len(script.requests) == 3


def walk_by_single_pages(before: int, ring: int) -> None:
    """Read a page a call: some ``before``, then those of a ring, four times round and a little."""
    keys: list[JsonObject] = [{"n": number} for number in range(before + ring)]
    key: JsonObject | None = None
    mark = UNMARKED
    for page in range(4 * (before + ring) + 4):
        walk = ListWalk(LIST, key, mark)
        key = keys[page if page < before else before + (page - before) % ring]
        walk.note(key, 1)
        mark = walk.mark


@pytest.mark.parametrize("before", [0, 1, 6])
@pytest.mark.parametrize("ring", [1, 2, 3, 7])
def test_a_ring_of_pages_is_found_out_though_each_call_reads_one_of_them(before: int, ring: int):
    with pytest.raises(MalformedAnswerError, match="same page again"):
        walk_by_single_pages(before, ring)


def test_a_page_that_is_followed_by_itself_is_found_out_though_no_mark_was_carried():
    with pytest.raises(MalformedAnswerError, match="same page again"):
        ListWalk(LIST, {"n": 1}).note({"n": 1}, 1)


def test_a_walk_has_a_bound_where_none_was_named():
    walk = ListWalk(LIST)
    for number in range(9_999):
        walk.note({"n": number}, 1)
    with pytest.raises(MalformedAnswerError, match="without an end"):
        walk.note({"n": -1}, 1)
    with pytest.raises(MalformedAnswerError, match="without an end"):
        ListWalk(LIST).note({"n": 1}, 256 * 1024 * 1024)


@pytest.mark.parametrize("walk", [ListWalk(LIST, max_pages=5), ListWalk(LIST, max_bytes=5_000)])
def test_pages_and_bytes_of_one_walk_are_bounded(walk: ListWalk):
    for number in range(4):
        walk.note({"k": number}, 1_000)
    with pytest.raises(MalformedAnswerError, match="pages without an end"):
        walk.note({"k": 4}, 1_000)


def test_the_last_page_may_be_the_one_that_fills_the_measure():
    walk = ListWalk(LIST, max_pages=1, max_bytes=10)
    walk.note(None, 1_000)
