"""Calls whose answers of Provena are large: a few at once, until each is answered, and nobody else waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

from tests.worlds.deployment import Send, provena, server

START, OTHER = "sample/1000041", "sample/1000013"
UPSTREAM = "/prov-api/explore/upstream"
NAMES = ("/registry-api/registry/general/list", "/registry-api/registry/general/fetch")
BLANKS = b" " * (20 * 1024 * 1024)


@dataclass
class Padded(httpx.AsyncByteStream):
    """An answer, made large with blanks, which says when it is read."""

    body: bytes
    is_read: asyncio.Event

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.is_read.set()
        yield self.body
        yield BLANKS


@dataclass
class Padding:
    """Makes lineages of more than one hop large, two too large for the room that there is."""

    of: dict[str, asyncio.Event] = field(
        default_factory=lambda: {START: asyncio.Event(), OTHER: asyncio.Event()}
    )
    asked: dict[str, asyncio.Event] = field(
        default_factory=lambda: {START: asyncio.Event(), OTHER: asyncio.Event()}
    )

    async def __call__(self, request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        start = request.url.params["starting_id"]
        if int(request.url.params["depth"]) < 3:
            return answer
        self.asked[start].set()
        body = await answer.aread()
        length = {"content-length": str(len(body) + len(BLANKS))}
        return httpx.Response(200, headers=length, stream=Padded(body, self.of[start]))


@dataclass
class Held:
    """Holds the first request back until it may pass."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_pass: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: httpx.Request, send: Send) -> httpx.Response:
        if not self.begun.is_set():
            self.begun.set()
            await self.may_pass.wait()
        return await send(request)


def lineage(client: Client, item: str, depth: int, **more: Any) -> asyncio.Task[Any]:
    arguments = {"starting_id": item, "depth": depth, **more}
    return asyncio.create_task(client.call_tool("explore_upstream", arguments))


@pytest.mark.asyncio
async def test_a_large_answer_is_not_read_before_the_call_that_has_the_room_is_answered(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        padding, held = Padding(), Held()
        wire.spoilt |= {UPSTREAM: padding, **dict.fromkeys(NAMES, held)}
        first = lineage(client, START, 5)
        # It was read, and its names are asked for: what was made of it is still there.
        await asyncio.gather(padding.of[START].wait(), held.begun.wait())
        second = lineage(client, OTHER, 5, names=False)
        await padding.asked[OTHER].wait()
        small = await lineage(client, START, 1, names=False)
        done, _ = await asyncio.wait({first, second}, timeout=0.05)
        assert (done, padding.of[OTHER].is_set(), small.is_error) == (set(), False, False)
        held.may_pass.set()
        assert [(await call).is_error for call in (first, second)] == [False, False]
        assert padding.of[OTHER].is_set()


@pytest.mark.asyncio
async def test_a_call_that_needs_two_large_answers_does_not_wait_for_itself(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[UPSTREAM] = Padding()
        arguments = {"from_id": START, "to_id": OTHER}
        ways = await client.call_tool("find_lineage_path", arguments)
        assert (ways.is_error, ways.structured_content["found"]) == (False, True)


@pytest.mark.asyncio
async def test_a_call_that_fails_lets_the_next_large_answer_be_read(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        padding = Padding()
        wire.spoilt[UPSTREAM] = padding
        failed = await lineage(client, START, 5, cursor="none of this server's")
        after = await lineage(client, OTHER, 5, names=False)
        assert (failed.is_error, after.is_error) == (True, False)
