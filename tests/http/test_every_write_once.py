"""What a tool writes is sent once, however many calls confirm it at once, and at whichever replica."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

from tests.worlds.deployment import a_record
from tests.worlds.hosted import ADDRESS, WRITER, World
from tests.worlds.sample import BOTH_ERAS, call, error_of
from tests.worlds.writes import WRITING, writes

ADMIN = {"roles": [*WRITER, "entity-registry-admin"]}
SETTINGS: dict[str, Any] = {
    "http_key": "a-key-that-all-replicas-share-0123456789",
    "toolsets": "all",
    "http_calls_per_minute": 1_000_000,
}
AGAIN = "It had been sent with this reference before and was not sent again. "
AT_ONCE = 5


@asynccontextmanager
async def two_replicas(world: World, era: str):
    """A host whose requests reach one replica and the other in turn, as an administrator."""
    async with AsyncExitStack() as stack:
        shared = {**SETTINGS, "http_store": world.folder / "shared.sqlite3"}
        apps = [await stack.enter_async_context(world.app(**shared)) for _ in range(2)]
        turns = itertools.cycle([httpx2.ASGITransport(app) for app in apps])

        class Balancer(httpx2.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
                return await next(turns).handle_async_request(request)

        headers = {"Authorization": f"Bearer {world.token('alice', realm_access=ADMIN)}"}
        async with (
            httpx2.AsyncClient(transport=Balancer(), headers=headers) as http,
            Client(streamable_http_client(ADDRESS, http_client=http), mode=era) as host,
        ):
            yield host


async def confirmed_at_once(host: Client, tool: str, reference: str) -> list[CallToolResult]:
    confirm = {"reference": reference, "confirm": True}
    return await asyncio.gather(*(host.call_tool(tool, confirm) for _ in range(AT_ONCE)))


@pytest.mark.slow
@pytest.mark.asyncio
@BOTH_ERAS
async def test_of_every_tool_that_writes_five_confirmations_at_once_send_one_change(world: World, era: str):
    sent, untrue, repeats = {}, {}, {}
    async with two_replicas(world, era) as host:
        mine = await call(host, "register_model_run", record=a_record(display_name="Mine", study_id=None))
        own = await call(host, "register_model_run", reference=mine["reference"], confirm=True)
        changes = writes(own["model_run_id"])
        for tool, change in changes.items():
            shown = await call(host, tool, **change.arguments)
            assert shown["ready"], shown
            before = len(world.seen)
            answers = await confirmed_at_once(host, tool, shown["reference"])
            later = await call(host, tool, reference=shown["reference"], confirm=True)
            sent[tool] = [path for _, path in world.seen[before:]].count(change.path)
            failures = [error_of(answer) for answer in answers if answer.is_error]
            # Who lost the race is told so, and neither that it failed nor that nothing was done.
            untrue[tool] = [
                each for each in failures if (each["kind"], each["retry"]) != ("UnderWay", "later")
            ]
            repeats[tool] = (len(failures) < AT_ONCE, later["message"].startswith(AGAIN))
    assert set(changes) == WRITING
    assert sent == dict.fromkeys(WRITING, 1)
    assert [each for found in untrue.values() for each in found] == []
    assert repeats == dict.fromkeys(WRITING, (True, True))
