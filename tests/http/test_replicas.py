"""Replicas behind a round-robin balancer: no request needs the process that saw the one before."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ElicitResult, InputRequiredResult
from pydantic import SecretStr

from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.errors import ArgumentError, StoreError
from provena_mcp.server.shared.encryption import Seal, sealing_keys
from provena_mcp.server.shared.sqlite_store import SqliteStore
from tests.http.replicas import KEY, behind_a_balancer
from tests.worlds.hosted import ADDRESS, World, call, new_record


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_a_preview_of_one_replica_is_confirmed_at_another_and_sent_once(world: World, era: str):
    async with (
        behind_a_balancer(world) as http,
        Client(streamable_http_client(ADDRESS, http_client=http), mode=era) as host,
    ):
        preview = await call(host, "register_model_run", record=await new_record(host))
        confirmed = [
            call(host, "register_model_run", reference=preview["reference"], confirm=True) for _ in range(3)
        ]
        outcomes = await asyncio.gather(*confirmed, return_exceptions=True)
        again = await call(host, "register_model_run", reference=preview["reference"], confirm=True)
    sent = [path for _, path in world.seen if path == "/prov-api/model_run/register"]
    assert len(sent) == 1
    assert len(outcomes) == 3
    assert again["status"] == "succeeded"


@pytest.mark.asyncio
async def test_the_answer_to_a_question_may_reach_another_replica(world: World):
    async def agree(context: object, params: object) -> ElicitResult:
        return ElicitResult(action="accept", content={"agree": True})

    async with (
        behind_a_balancer(world, replicas=2) as http,
        Client(streamable_http_client(ADDRESS, http_client=http), elicitation_callback=agree) as host,
    ):
        done = await call(host, "register_model_run", record=await new_record(host), confirm=True)
    assert done["status"] == "succeeded"


@pytest.mark.asyncio
async def test_a_consent_that_reaches_every_replica_is_sent_once(world: World):
    async def nobody(context: object, params: object) -> ElicitResult:
        raise AssertionError("the test answers itself")

    async with (
        behind_a_balancer(world) as http,
        Client(streamable_http_client(ADDRESS, http_client=http), elicitation_callback=nobody) as host,
    ):
        arguments = {"record": await new_record(host), "confirm": True}
        asked = await host.session.call_tool("register_model_run", arguments, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)

        async def agree() -> CallToolResult:
            answer = await host.session.call_tool(
                "register_model_run",
                arguments,
                input_responses={"agree": ElicitResult(action="accept", content={})},
                request_state=asked.request_state,
                allow_input_required=True,
            )
            assert isinstance(answer, CallToolResult)
            return answer

        await asyncio.gather(*(agree() for _ in range(6)))
        later = (await agree()).structured_content
    assert later is not None
    assert later["message"].startswith("It had been sent with this reference before")
    assert [path for _, path in world.seen].count("/prov-api/model_run/register") == 1


@pytest.mark.asyncio
async def test_a_document_of_one_replica_is_handed_out_by_another_once(world: World):
    async with (
        behind_a_balancer(world, replicas=2) as http,
        Client(streamable_http_client(ADDRESS, http_client=http)) as host,
    ):
        opened = await call(host, "open_document", uri="provena://item/sample/1000001")
        answers = await asyncio.gather(*(http.get(opened["download_url"]) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7


class Time:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def opened(tmp_path: Path, clock: Time) -> Callable[..., SqliteStore]:
    return lambda keys=(KEY,): SqliteStore(tmp_path / "kept.sqlite3", Seal(keys, "test"), clock)


@pytest.mark.asyncio
async def test_what_one_process_keeps_another_finds_until_it_expires(
    opened: Callable[..., SqliteStore], clock
):
    one, other = opened(), opened()
    await one.put("alice", "key", b"value", 60)
    assert await other.get("alice", "key") == b"value"
    assert await other.get("bob", "key") is None
    clock.now += 61
    assert await other.get("alice", "key") is None


@pytest.mark.asyncio
async def test_of_all_who_add_at_once_one_succeeds(opened: Callable[..., SqliteStore], clock: Time):
    stores = [opened() for _ in range(4)]
    added = await asyncio.gather(*(store.add("alice", "claim", b"1", 60) for store in stores * 5))
    assert added.count(True) == 1
    await stores[0].remove("alice", "claim")
    assert await stores[1].add("alice", "claim", b"1", 60)
    clock.now += 61
    assert await stores[2].add("alice", "claim", b"1", 60)


@pytest.mark.asyncio
@pytest.mark.parametrize("shared", [True, False], ids=["in a file", "in memory"])
async def test_nothing_is_claimed_that_is_there_no_more(
    opened: Callable[..., SqliteStore], clock: Time, shared: bool
):
    store = opened() if shared else InProcessStore(clock=clock)
    assert not await store.add("alice", "claim", b"1", 60, beside="reference")
    await store.put("alice", "reference", b"a change", 30)
    await store.put("bob", "other", b"a change", 30)
    assert not await store.add("alice", "claim", b"1", 60, beside="other")
    assert await store.add("alice", "claim", b"1", 60, beside="reference")
    await store.remove("alice", "claim")
    clock.now += 31
    assert not await store.add("alice", "claim", b"1", 60, beside="reference")


@pytest.mark.asyncio
async def test_the_file_and_those_beside_it_are_their_owners_only(
    opened: Callable[..., SqliteStore], tmp_path: Path
):
    before = os.umask(0)
    try:
        store = opened()
        with closing(sqlite3.connect(tmp_path / "kept.sqlite3")) as reader:
            # Somebody reads meanwhile, so that the files beside it stay.
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM stored_values").fetchall()
            await store.put("alice", "key", b"value", 60)
            rights = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert rights == dict.fromkeys(("kept.sqlite3", "kept.sqlite3-wal", "kept.sqlite3-shm"), "0o600")


@pytest.mark.asyncio
async def test_the_file_alone_tells_nothing_of_the_values(opened: Callable[..., SqliteStore], tmp_path: Path):
    await opened().put("alice", "key", b"nobody else's business", 60)
    assert b"business" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert await opened(("another-key-another-key-another-key",)).get("alice", "key") is None


@pytest.mark.asyncio
async def test_after_a_change_of_keys_the_old_one_still_opens(opened: Callable[..., SqliteStore]):
    await opened().put("alice", "key", b"value", 60)
    new = sealing_keys(SecretStr(f"the-new-key-the-new-key-the-new-key,{KEY}"))
    assert await opened(new).get("alice", "key") == b"value"


@pytest.mark.slow
@pytest.mark.asyncio
async def test_one_owner_fills_only_their_own_shelf(opened: Callable[..., SqliteStore], clock: Time):
    store = opened()
    await store.put("bob", "mine", b"kept", 60)
    for number in range(505):
        clock.now += 0.001
        await store.put("alice", f"key{number}", b"x", 60)
    assert await store.get("bob", "mine") == b"kept"
    assert [await store.get("alice", f"key{number}") is None for number in (0, 4, 5, 504)] == [
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(ArgumentError):
        await store.put("alice", "huge", bytes(33 * 1024 * 1024), 60)


def test_a_store_that_cannot_be_opened_is_named(tmp_path: Path):
    (tmp_path / "kept.sqlite3").write_text("not a database, but long enough to be looked at " * 40)
    with pytest.raises(StoreError, match="shared store"):
        SqliteStore(tmp_path / "kept.sqlite3", Seal((KEY,), "test"), Time())
