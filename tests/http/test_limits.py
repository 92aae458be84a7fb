"""What one caller may ask for, so that the others are served."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from mcp import MCPError

from tests.worlds.hosted import PERSONS, World, call, failure, host_of, new_record, web
from tests.worlds.sample import error_of

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


class Gate:
    """Holds requests to Provena until it is opened, and counts those it has held at once."""

    def __init__(self, world: World) -> None:
        self.opened = asyncio.Event()
        self.arrived = asyncio.Event()
        self.waiting = 0
        self.most = 0
        world.hold = self

    async def __call__(self, request: httpx.Request) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        self.arrived.set()
        await self.opened.wait()
        self.waiting -= 1


@pytest.mark.asyncio
async def test_requests_beyond_the_rate_are_told_when_to_come_back_and_do_not_slow_others(world: World):
    async with world.app(http_calls_per_minute=5) as app:
        async with web(app, world.token("alice")) as alice:
            answers = [await alice.post("/mcp", json=PING) for _ in range(6)]
        async with web(app, world.token("bob")) as bob:
            other = await bob.post("/mcp", json=PING)
    assert 429 not in [answer.status_code for answer in answers[:5]]
    assert (answers[5].status_code, answers[5].headers["retry-after"]) == (429, "12")
    assert other.status_code != 429


@pytest.mark.asyncio
async def test_calls_beyond_those_at_once_wait_their_turn_and_others_need_not(world: World):
    async with (
        world.app(http_calls_at_once=2) as app,
        host_of(app, world.token("alice")) as alice,
        host_of(app, world.token("bob")) as bob,
    ):
        gate = Gate(world)
        calls = [asyncio.create_task(call(alice, "fetch_items", ids=[f"x/{n}"])) for n in range(6)]
        calls.append(asyncio.create_task(call(bob, "fetch_items", ids=["x/7"])))
        await gate.arrived.wait()
        while len({user for user, _ in world.seen}) < 2:
            await asyncio.sleep(0)
        gate.opened.set()
        results = await asyncio.gather(*calls)
    assert gate.most <= 3
    assert all(result["not_found"] for result in results)


@pytest.mark.asyncio
async def test_a_flood_of_calls_is_refused_in_words(world: World):
    async with world.app(http_calls_at_once=1) as app, host_of(app, world.token("alice")) as alice:
        gate = Gate(world)
        calls = [asyncio.create_task(alice.call_tool("list_items", {"limit": 1})) for _ in range(10)]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        refused = [task.result() for task in done]
        gate.opened.set()
        results = await asyncio.gather(*calls)
    assert [error_of(result)["kind"] for result in refused] == ["UnderWay"]
    assert error_of(refused[0])["retry_after"] == 5.0
    assert sum(result.is_error for result in results) == 1


@pytest.mark.asyncio
async def test_a_call_that_takes_too_long_ends_in_words(world: World):
    async with world.app(call_seconds=0.2) as app, host_of(app, world.token("alice")) as alice:
        Gate(world)
        error = await failure(alice, "list_items", limit=1)
        with pytest.raises(MCPError, match="There was no answer within"):
            await alice.read_resource("provena://item/x/1")
    assert (error["kind"], error["message"]) == ("Deadline", "There was no answer within 0.2 s.")


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_write_whose_end_was_not_awaited_is_not_sent_again(world: World):
    slow = asyncio.Event()

    async def hold_the_job(request: httpx.Request) -> None:
        if "/job-api/" in request.url.path and any(path.endswith("/register") for _, path in world.seen):
            await slow.wait()

    async with world.app(call_seconds=1.5) as app, host_of(app, world.token("alice")) as alice:
        preview = await call(alice, "register_model_run", record=await new_record(alice))
        world.hold = hold_the_job
        late = await failure(alice, "register_model_run", reference=preview["reference"], confirm=True)
        slow.set()
        done = await call(alice, "register_model_run", reference=preview["reference"], confirm=True)
    assert (late["kind"], late["retry"]) == ("AmbiguousWrite", "check_first")
    assert late["next"].startswith("Repeat it with the same reference, which sends nothing twice")
    assert done["status"] == "succeeded"
    assert [path for _, path in world.seen].count("/prov-api/model_run/register") == 1


@pytest.mark.slow
@pytest.mark.asyncio
async def test_two_hundred_calls_at_once_are_all_answered(world: World):
    async with world.app() as app:
        hosts = [host_of(app, world.token(f"user{n}")) for n in range(20)]
        entered = [await host.__aenter__() for host in hosts]
        try:
            for host in entered:
                # Or each call of a session that knows no tool yet lists them first.
                await host.list_tools()
            calls = (call(host, "fetch_items", ids=[PERSONS["alice"]]) for host in entered for _ in range(10))
            answers = await asyncio.gather(*calls)
        finally:
            for host in reversed(hosts):
                await host.__aexit__(None, None, None)
    names = [answer["items"][0]["name"].split(" sees ")[0] for answer in answers]
    assert names == [f"user{n}" for n in range(20) for _ in range(10)]
