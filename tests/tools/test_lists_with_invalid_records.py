"""Lists of a registry that answers nonsense: that is said, and no such list is called all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.types import PromptReference

from tests.worlds.deployment import Send, Spoil, Wire, a_record, provena, server
from tests.worlds.sample import call, error_of, failure

LIST = "/registry-api/registry/general/list"
AGAIN = "registry-api answered something unreadable (list items): the same page again."
INVALID = ("sample/1000042", "sample/1000049")
UNREAD = "Items whose record is not valid could not be read; they may belong here too."


def spoil(wire: Wire) -> None:
    """Two runs are answered without their records, and something that is no item at all with them."""

    async def without_records(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(await (await send(request)).aread())
        for item in body["items"]:
            if item["id"] in INVALID:
                item["record"] = "lost"
        return httpx.Response(200, json={**body, "items": [*body["items"], {}]})

    wire.spoilt[LIST] = without_records


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "question", [{"limit": 100}, {"limit": 1}, {"group_by": "modeller"}], ids=["whole", "a page", "counted"]
)
async def test_a_list_is_not_all_where_records_cannot_be_read(tmp_path: Path, question: dict[str, Any]):
    async with provena(tmp_path) as wire, server(wire) as client:
        before = await call(client, "list_items", subtype="MODEL_RUN", **question)
        spoil(wire)
        listed = await call(client, "list_items", subtype="MODEL_RUN", **question)
    assert before["complete"] is ("limit" not in question or question["limit"] > 1)
    assert (before.get("note"), before.get("unparsable"), before.get("total_is_minimum")) == (
        None,
        None,
        None,
    )
    assert (listed["complete"], listed["total_is_minimum"], listed["note"]) == (False, True, UNREAD)
    assert sorted(listed["unparsable"]) == sorted(INVALID)
    assert listed["total"] == before["total"] - len(INVALID)


@pytest.mark.asyncio
async def test_the_last_page_is_not_called_all_where_an_earlier_one_met_invalid_records(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        spoil(wire)
        page = await call(client, "list_items", subtype="MODEL_RUN", limit=8)
        wire.spoilt.clear()
        while "cursor" in page:
            page = await call(client, "list_items", subtype="MODEL_RUN", limit=8, cursor=page["cursor"])
    assert (page["complete"], page["note"], page.get("unparsable")) == (False, UNREAD, None)


def repeat(wire: Wire, keys: list[dict[str, int] | None]) -> None:
    """Every page is the first five items, and ``keys`` are told in turn for where to go on."""
    told = iter(keys)

    async def first_page(request: httpx.Request, send: Send) -> httpx.Response:
        asked = {**json.loads(request.content), "pagination_key": None, "page_size": 5}
        headers = {"authorization": request.headers["authorization"]}
        answer = await send(httpx.Request("POST", request.url, headers=headers, json=asked))
        body = json.loads(await answer.aread())
        return httpx.Response(200, json={**body, "pagination_key": next(told)})

    wire.spoilt[LIST] = first_page


@pytest.mark.asyncio
@pytest.mark.parametrize("question", [{"limit": 100}, {"limit": 3}, {"group_by": "modeller"}], ids=str)
async def test_an_item_on_several_pages_counts_once(tmp_path: Path, question: dict[str, Any]):
    async with provena(tmp_path) as wire, server(wire) as client:
        repeat(wire, [{"k": 1}, {"k": 2}, {"k": 3}, None, None])
        listed = await call(client, "list_items", subtype="MODEL_RUN", **question)
    ids = [row["id"] for row in listed["items"]]
    assert (listed["total"], len(ids)) == (5, len(set(ids)))


@pytest.mark.asyncio
@pytest.mark.parametrize("question", [{"limit": 100}, {"limit": 3}, {"group_by": "modeller"}], ids=str)
async def test_keys_that_lead_back_are_found_out(tmp_path: Path, question: dict[str, Any]):
    async with provena(tmp_path) as wire, server(wire) as client:
        repeat(wire, [{"k": number % 2} for number in range(10)])
        error = await failure(client, "list_items", subtype="MODEL_RUN", **question)
    assert (error["kind"], error["message"]) == ("MalformedAnswer", AGAIN)


@pytest.mark.asyncio
async def test_keys_that_lead_back_are_found_out_over_the_calls_of_who_pages_on(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        for path, tool, question in (
            (LIST, "list_items", {"subtype": "MODEL_RUN", "limit": 5}),
            ("/job-api/jobs/user/list", "list_jobs", {"limit": 1}),
        ):
            begin = f'"k":{{"in": {tool!r}}}'
            keys = iter({"k": f"{begin}{number % 7}"} for number in range(10_000))
            wire.spoilt[path] = going_on_with(keys)
            asked, cursor = 0, None
            while True:
                result = await client.call_tool(tool, {**question, **({"cursor": cursor} if cursor else {})})
                asked += 1
                if result.is_error:
                    break
                cursor = (result.structured_content or {})["cursor"]
                assert asked < 40
            assert error_of(result)["message"].endswith("the same page again.")
            wire.spoilt.clear()


def going_on_with(keys: Iterator[dict[str, str]]) -> Spoil:
    """Every page is told to be followed by another."""

    async def go_on(request: httpx.Request, send: Send) -> httpx.Response:
        asked = {**json.loads(request.content), "pagination_key": None}
        headers = {"authorization": request.headers["authorization"]}
        body = json.loads(
            await (await send(httpx.Request("POST", request.url, headers=headers, json=asked))).aread()
        )
        return httpx.Response(200, json={**body, "pagination_key": next(keys)})

    return go_on


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("tool", "question"),
    [
        ("fetch_items", {"ids": [f"sample/1000{number}" for number in range(100, 124)]}),
        ("list_items", {"study_id": "none"}),
        ("list_items", {"model": "sample/1000006"}),
        ("analyse_impact", {"item_id": "sample/1000013", "depth": 20, "contacts": True}),
        ("what_changed", {"since": "2020-01-01", "mine": True}),
        ("register_model_run", {"record": {"workflow_template_id": "reef"}}),
        ("fetch_items", {"ids": ["1000013"]}),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:40],
)
async def test_no_question_follows_a_ring_of_pages(tmp_path: Path, tool: str, question: dict[str, Any]):
    async with provena(tmp_path) as wire, server(wire, toolsets="all") as client:
        wire.spoilt[LIST] = going_on_with(iter({"k": str(number % 2)} for number in range(10_000)))
        await client.call_tool(tool, question)
        # Each of the lists that it reads is read until the first key comes again, which is the third page.
        assert wire.count(LIST) <= 3 * 10


@pytest.mark.asyncio
async def test_no_suggestion_follows_a_ring_of_pages(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[LIST] = going_on_with(iter({"k": str(number % 2)} for number in range(10_000)))
        found = await client.complete(
            PromptReference(name="audit_a_study"), {"name": "study_id", "value": "reef"}
        )
    assert (found.completion.values, wire.count(LIST)) == ([], 3)


def losing(item_id: str) -> Spoil:
    """The record of one item cannot be read, wherever it is listed, nor its id."""

    async def lose(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(await (await send(request)).aread())
        body["items"] = [{} if item["id"] == item_id else item for item in body["items"]]
        return httpx.Response(200, json=body)

    return lose


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("lost", "question", "note"),
    [
        (
            "sample/1000031",
            {"study_id": "none", "subtype": "DATASET"},
            "A study could not be read, so some of these may belong to it.",
        ),
        (
            "sample/1000011",
            {"model": "sample/1000006", "subtype": "MODEL_RUN"},
            "1 workflow template could not be read and may run this model.",
        ),
        (
            "sample/1000011",
            {"model": "sample/1000006", "group_by": "modeller"},
            "1 workflow template could not be read and may run this model.",
        ),
    ],
    ids=["study", "model", "counted"],
)
async def test_a_list_is_not_all_where_what_its_filter_rests_on_cannot_be_read(
    tmp_path: Path, lost: str, question: dict[str, Any], note: str
):
    async with provena(tmp_path) as wire, server(wire) as client:
        whole = await call(client, "list_items", limit=100, **question)
        wire.spoilt[LIST] = losing(lost)
        listed = await call(client, "list_items", limit=100, **question)
    assert (whole["complete"], whole.get("note")) == (True, None)
    assert (listed["complete"], listed["total_is_minimum"], listed["note"]) == (False, True, note)


@pytest.mark.asyncio
async def test_a_study_whose_record_cannot_be_read_keeps_what_is_in_it(tmp_path: Path):
    async def without_description(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(await (await send(request)).aread())
        for item in body["items"]:
            if item["item_subtype"] == "STUDY":
                item["created_timestamp"] = "lost"
        return httpx.Response(200, json=body)

    question = {"study_id": "none", "subtype": "DATASET", "limit": 100}
    async with provena(tmp_path) as wire, server(wire) as client:
        before = await call(client, "list_items", **question)
        wire.spoilt[LIST] = without_description
        assert await call(client, "list_items", **question) == before


@pytest.mark.asyncio
async def test_a_run_that_cannot_be_read_may_be_the_one_that_is_to_be_registered(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        before = await call(client, "register_model_run", record=a_record())
        wire.spoilt[LIST] = losing("sample/1000119")
        shown = await call(client, "register_model_run", record=a_record())
    assert shown["warnings"] == [
        *before["warnings"],
        "Not all runs registered within a day could be compared with this (1 run could not be read): look "
        "yourself whether it is among them.",
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(("created", "doubts"), [(1.0, 0), (4e9, 1), ("lost", 1)], ids=["old", "new", "lost"])
async def test_only_a_run_of_the_last_day_makes_it_doubtful_whether_there_is_one_already(
    tmp_path: Path, created: object, doubts: int
):
    async def without_record(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(await (await send(request)).aread())
        for item in body["items"]:
            if item["id"] == "sample/1000119":
                item |= {"record": "lost", "created_timestamp": created}
        return httpx.Response(200, json=body)

    async with provena(tmp_path) as wire, server(wire) as client:
        before = await call(client, "register_model_run", record=a_record())
        wire.spoilt[LIST] = without_record
        shown = await call(client, "register_model_run", record=a_record())
    assert len(shown["warnings"]) - len(before["warnings"]) == doubts


@pytest.mark.asyncio
async def test_a_study_that_cannot_be_asked_makes_it_doubtful_what_is_in_none(tmp_path: Path):
    async def fail_for_one(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.params["starting_id"] == "sample/1000031":
            return httpx.Response(500, json={"detail": "It broke."})
        return await send(request)

    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/prov-api/explore/downstream"] = fail_for_one
        listed = await call(client, "list_items", study_id="none", subtype="DATASET", limit=100)
    assert (listed["complete"], listed["note"]) == (
        False,
        "1 study could not be asked, so some of these may belong to a study.",
    )
