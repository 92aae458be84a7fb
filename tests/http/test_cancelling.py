"""Cancelling over HTTP in the older era: a message of its own names the call that is to end."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.http.messages import BOTH, cancelling, listing, outcome
from tests.worlds.hosted import World, web


class Held:
    """Holds what is asked of Provena until it is let go; counts what was given up meanwhile."""

    def __init__(self, world: World) -> None:
        self.let_go = asyncio.Event()
        self.arrived = asyncio.Queue[str]()
        self.given_up = 0
        world.hold = self

    async def __call__(self, request: httpx.Request) -> None:
        await self.arrived.put(request.url.path)
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise


@pytest.mark.asyncio
async def test_a_cancelled_call_ends_at_once_and_asks_provena_no_longer(world: World):
    async with world.app() as app, web(app, world.token("alice"), **BOTH) as http:
        held = Held(world)
        call = asyncio.create_task(http.post("/mcp", json=listing(5)))
        await held.arrived.get()
        cancelled = await http.post("/mcp", json=cancelling(5))
        answer = await call
    assert cancelled.status_code == 202
    assert outcome(answer) == {
        "jsonrpc": "2.0",
        "id": 5,
        "error": {"code": -32800, "message": "Cancelled, as the client asked."},
    }
    assert held.given_up == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("user", "program", "number"),
    [
        ("bob", "host/1", 5),
        ("alice", "another-host/1", 5),
        ("alice", "host/1", 6),
        ("alice", "host/1", [5]),
        ("alice", "host/1", None),
    ],
)
async def test_nobody_cancels_what_is_not_theirs(world: World, user: str, program: str, number: object):
    async with (
        world.app() as app,
        web(app, world.token("alice"), **BOTH, **{"User-Agent": "host/1"}) as http,
        web(app, world.token(user), **BOTH, **{"User-Agent": program}) as other,
    ):
        held = Held(world)
        call = asyncio.create_task(http.post("/mcp", json=listing(5)))
        await held.arrived.get()
        await other.post("/mcp", json=cancelling(number))
        held.let_go.set()
        answer = await call
    assert held.given_up == 0
    assert "result" in outcome(answer)


@pytest.mark.asyncio
async def test_of_two_calls_that_cannot_be_told_apart_neither_is_cancelled(world: World):
    async with world.app() as app, web(app, world.token("alice"), **BOTH) as http:
        held = Held(world)
        calls = [asyncio.create_task(http.post("/mcp", json=listing("same"))) for _ in range(2)]
        for _ in calls:
            await held.arrived.get()
        await http.post("/mcp", json=cancelling("same"))
        held.let_go.set()
        answers = [outcome(await call) for call in calls]
    assert held.given_up == 0
    assert ["result" in answer for answer in answers] == [True, True]


@pytest.mark.asyncio
async def test_a_call_that_waits_for_its_turn_can_be_cancelled(world: World):
    async with world.app(http_calls_at_once=1) as app, web(app, world.token("alice"), **BOTH) as http:
        held = Held(world)
        first = asyncio.create_task(http.post("/mcp", json=listing(1)))
        await held.arrived.get()
        waiting = asyncio.create_task(http.post("/mcp", json=listing(2)))
        cancelled: dict[str, Any] = {}
        while "error" not in cancelled:
            await http.post("/mcp", json=cancelling(2))
            done, _ = await asyncio.wait([waiting], timeout=0)
            cancelled = outcome(waiting.result()) if done else {}
        held.let_go.set()
        answer = outcome(await first)
    assert cancelled["error"]["code"] == -32800
    assert "result" in answer
