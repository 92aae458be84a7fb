"""A body is answered alike in both eras of the protocol, whatever is in it: each has a parser of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.worlds.hosted import World, web

BOTH = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "probe", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
ERAS = {
    "legacy": {"MCP-Protocol-Version": "2025-11-25"},
    "modern": {
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": "search_items",
    },
}


def call(query: str, number: object = 2) -> str:
    """A request whose ``query`` stands there as it is written."""
    params = f'{{"_meta": {json.dumps(ENVELOPE)}, "name": "search_items", "arguments": {{"query": {query}}}}}'
    return f'{{"jsonrpc": "2.0", "id": {json.dumps(number)}, "method": "tools/call", "params": {params}}}'


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("body", "number"),
    [
        (call(r'"cut emoji \ud83d"').encode(), 2),
        (call(r'"\udc00"', "two").encode(), "two"),
        (call("[" * 900 + "]" * 900).encode(), 2),
        (call('{"a":' * 100_000 + "1" + "}" * 100_000).encode(), 2),
        (call("9" * 6_000).encode(), 2),
        (call('"reef"').encode()[:-3], 2),
        (call('"Gr\xfc\xdfe"').encode("latin-1"), 2),
        (call('"reef"').encode("utf-16"), None),
        (b"nonsense", None),
        (b"", None),
    ],
    ids=[
        *("half an emoji", "the other half", "900 lists", "100000 objects", "6000 digits"),
        *("cut off", "latin 1", "utf 16", "no JSON", "nothing"),
    ],
)
@pytest.mark.asyncio
async def test_a_body_that_cannot_be_read_gets_an_error_with_its_number_where_it_has_one(
    world: World, era: str, body: bytes, number: object
):
    async with world.app() as app, web(app, world.token("alice"), **BOTH, **ERAS[era]) as http:
        answer = await http.post("/mcp", content=body)
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["id"], told["error"]["code"]) == (400, number, -32700)
    assert told["error"]["message"].startswith("This body cannot be read as JSON: ")


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.asyncio
async def test_a_byte_order_mark_keeps_nobody_out(world: World, era: str):
    async with world.app() as app, web(app, world.token("alice"), **BOTH, **ERAS[era]) as http:
        answer = await http.post("/mcp", content=b"\xef\xbb\xbf" + call('"reef"').encode())
    assert answer.status_code == 200
    assert '"isError":false' in answer.text


@pytest.mark.asyncio
async def test_a_form_sent_to_where_nothing_is_finds_nothing(world: World):
    async with world.app() as app, web(app, world.token("alice")) as http:
        answer = await http.post("/nowhere", data={"name": "reef"})
    assert (answer.status_code, answer.text) == (404, "Not Found")
