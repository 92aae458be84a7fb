"""Lists of a registry some of whose records are none: that is said, and no such list is called all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.worlds.deployment import Send, Wire, provena, server
from tests.worlds.sample import call

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
