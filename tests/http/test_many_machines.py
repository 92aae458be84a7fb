"""Replicas on several machines, over a real Redis: what they share while it is away, full or promoted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.http.replicas import (
    KEY,
    SENT,
    behind_a_balancer,
    confirmed,
    previewed,
    refused,
    replicas,
    stored_in,
    times_sent,
    until_replicated,
)
from tests.worlds.hosted import ADDRESS, World, call, failure, new_record, web
from tests.worlds.redis_server import RedisProcess, redis_server
from tests.worlds.sample import text_of

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


# What replicas share


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_twenty_confirmations_of_one_preview_at_two_replicas_send_it_once(
    world: World, shared: RedisProcess, era: str
):
    async with (
        behind_a_balancer(world, replicas=2, http_store=shared.url, http_calls_at_once=20) as http,
        Client(streamable_http_client(ADDRESS, http_client=http), mode=era) as host,
    ):
        reference = await previewed(host)
        outcomes = await asyncio.gather(
            *(
                host.call_tool("register_model_run", {"reference": reference, "confirm": True})
                for _ in range(20)
            )
        )
        again = await confirmed(host, reference)
    assert times_sent(world) == 1
    assert again["status"] == "succeeded"
    told = {outcome.structured_content["model_run_id"] for outcome in outcomes if not outcome.is_error}
    assert told == {again["model_run_id"]}
    assert {text_of(outcome).count("is being sent at this moment") for outcome in outcomes} <= {
        0,
        1,
    }


@pytest.mark.asyncio
async def test_a_document_of_one_replica_is_handed_out_by_another_once(world: World, shared: RedisProcess):
    async with (
        behind_a_balancer(world, replicas=2, http_store=shared.url) as http,
        Client(streamable_http_client(ADDRESS, http_client=http)) as host,
    ):
        opened = await call(host, "open_document", uri="provena://item/sample/1000001")
        answers = await asyncio.gather(*(http.get(opened["download_url"]) for _ in range(8)))
        shared.kill()
        later = await http.get(opened["download_url"])
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7
    assert (later.status_code, later.headers["retry-after"]) == (503, "5")


@pytest.mark.asyncio
async def test_a_caller_has_one_rate_at_all_replicas_and_one_at_each_while_the_store_is_away(
    world: World, shared: RedisProcess
):
    settings = {"http_key": KEY, "http_store": shared.url, "http_calls_per_minute": 6}
    async with (
        world.app(**settings) as one,
        world.app(**settings) as other,
        web(one, world.token("alice")) as here,
        web(other, world.token("alice")) as there,
        web(one, world.token("bob")) as bob,
    ):
        together = [(await http.post("/mcp", json=PING)).status_code for http in [here, there] * 4]
        another = (await bob.post("/mcp", json=PING)).status_code
        shared.kill()
        alone = [(await here.post("/mcp", json=PING)).status_code for _ in range(8)]
    assert [status == 429 for status in together] == [False] * 6 + [True] * 2
    assert another != 429
    assert [status == 429 for status in alone] == [False] * 6 + [True] * 2


# What happens to it


@pytest.mark.asyncio
async def test_while_the_store_is_away_nothing_is_sent_and_afterwards_the_preview_is_good_no_more(
    world: World, shared: RedisProcess
):
    async with replicas(world, shared.url) as (host,):
        reference = await previewed(host)
        shared.kill()
        away = await refused(host, reference)
        preview = await failure(host, "register_model_run", record=await new_record(host))
        shared.start()
        empty = await refused(host, reference)
        afresh = await confirmed(host, await previewed(host))
    assert (away["kind"], away["retry"], preview["kind"]) == ("Unavailable", "later", "Unavailable")
    assert away["message"] == (
        f"The shared store 127.0.0.1:{shared.port} does not answer as it should (ConnectionError)."
    )
    assert (empty["kind"], "This call changed nothing." in empty["message"]) == ("Argument", True)
    assert "list_jobs shows what came of it" in empty["next"]
    assert afresh["status"] == "succeeded"
    assert times_sent(world) == 1


@pytest.mark.asyncio
async def test_a_store_that_went_back_in_time_does_not_send_twice(world: World, shared: RedisProcess):
    """Restarted from a copy that was made after the preview and before it was confirmed."""
    async with replicas(world, shared.url) as (host,):
        reference = await previewed(host)
        shared.do("SAVE")
        assert (await confirmed(host, reference))["status"] == "succeeded"
        shared.kill()
        shared.start()
        assert shared.do("DBSIZE") > 0
        error = await refused(host, reference)
    assert "There is no reference" in error["message"]
    assert times_sent(world) == 1


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_failover_between_claim_and_send_neither_doubles_nor_loses_the_change(
    world: World, shared: RedisProcess, tmp_path: Path
):
    """The one that takes over knows the preview, and has not heard of the claim."""
    arrived, let_go = asyncio.Event(), asyncio.Event()

    async def hold(request: httpx.Request) -> None:
        if request.url.path == SENT:
            arrived.set()
            await let_go.wait()

    with redis_server(tmp_path / "standby", "--replicaof", "127.0.0.1", str(shared.port)) as standby:
        async with replicas(world, shared.url, standby.url) as (host, other):
            await until_replicated(shared)
            reference = await previewed(host)
            shared.do("WAIT", 1, 10_000)
            standby.do("REPLICAOF", "NO", "ONE")
            world.hold = hold
            sending = asyncio.create_task(confirmed(host, reference))
            await arrived.wait()
            shared.kill()
            assert standby.do("DBSIZE") > 0
            error = await refused(other, reference)
            let_go.set()
            done = await sending
            repeated = await refused(other, reference)
    assert done["status"] == "succeeded"
    assert "There is no reference" in error["message"]
    assert "There is no reference" in repeated["message"]
    assert times_sent(world) == 1


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_promoted_store_is_no_other_ground_for_a_claim_than_the_one_it_was_opened_at(
    shared: RedisProcess, tmp_path: Path
):
    """A preview that was opened before the failover cannot be claimed after it."""
    with redis_server(tmp_path / "standby", "--replicaof", "127.0.0.1", str(shared.port)) as standby:
        await until_replicated(shared)
        async with stored_in(shared.url, standby.url) as (before, after):
            await before.put("alice", "reference", b"a change", 60)
            shared.do("WAIT", 1, 10_000)
            standby.do("REPLICAOF", "NO", "ONE")
            assert await before.add("alice", "claim", b"one", 60, beside="reference")
            assert not await after.add("alice", "claim", b"two", 60, beside="reference")
            assert await after.get("alice", "reference") is None


@pytest.mark.asyncio
@pytest.mark.slow
async def test_a_store_that_does_not_answer_is_not_waited_for_long(world: World, shared: RedisProcess):
    async with replicas(world, shared.url) as (host,):
        reference = await previewed(host)
        shared.halt()
        error = await refused(host, reference)
        shared.go_on()
        done = await confirmed(host, reference)
    assert (error["kind"], "(TimeoutError)" in error["message"]) == ("Unavailable", True)
    assert done["status"] == "succeeded"
    assert times_sent(world) == 1


@pytest.mark.asyncio
async def test_a_full_store_takes_nothing_and_says_so(world: World, shared: RedisProcess):
    async with replicas(world, shared.url) as (host,):
        reference = await previewed(host)
        shared.do("CONFIG", "SET", "maxmemory", 1)
        error = await refused(host, reference)
        shared.do("CONFIG", "SET", "maxmemory", 0)
        done = await confirmed(host, reference)
    assert (error["kind"], error["message"]) == (
        "Store",
        f"The shared store 127.0.0.1:{shared.port} is full.",
    )
    assert done["status"] == "succeeded"
    assert times_sent(world) == 1


@pytest.mark.asyncio
async def test_a_store_that_would_throw_claims_away_is_not_used(world: World, shared: RedisProcess):
    shared.do("CONFIG", "SET", "maxmemory", 100_000_000)
    shared.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    async with replicas(world, shared.url) as (host,):
        error = await failure(host, "register_model_run", record=await new_record(host))
    assert (error["kind"], error["message"]) == (
        "Store",
        f"The shared store 127.0.0.1:{shared.port} would throw away what is still needed (allkeys-lru).",
    )
