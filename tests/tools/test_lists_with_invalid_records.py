"""Lists of a registry that answers nonsense: that is said, and no such list is called all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.worlds.deployment import Send, Wire, provena, server
from tests.worlds.sample import call, failure

LIST = "/registry-api/registry/general/list"
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
    assert (error["kind"], error["message"]) == (
        "MalformedAnswer",
        "The registry answers the same page again: its list has no end.",
    )
