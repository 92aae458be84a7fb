"""How long a request may take, what counts towards that, and what a caller that gives up leaves."""

import asyncio

import httpx
import pytest

from provena_mcp.client import NoToken
from provena_mcp.errors import DeadlineError
from tests.client.provena_stand_in import (
    GOOD,
    LINEAGE,
    RECORD,
    TWO_ATTEMPTS,
    Loopback,
    Script,
    always,
    client_at,
    client_over,
    explore,
    never,
)


@pytest.mark.asyncio
async def test_a_service_that_never_answers_runs_into_the_deadline():
    async with Loopback(never).serving() as server, client_at(server.base, total_seconds=0.5) as client:
        with pytest.raises(DeadlineError, match=r"prov-api did not answer within 0\.5 s"):
            await explore(client)
    assert len(server.heads) == 1


@pytest.mark.asyncio
async def test_a_service_that_stops_halfway_runs_into_the_read_deadline():
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(GOOD[:-20])
        await writer.drain()
        await asyncio.Event().wait()

    async with Loopback(reply).serving() as server, client_at(server.base, read_seconds=0.1) as client:
        with pytest.raises(DeadlineError, match="prov-api stopped answering"):
            await explore(client)


@pytest.mark.asyncio
async def test_a_write_whose_time_runs_out_before_it_is_sent_is_not_ambiguous():
    class HangingLogin(NoToken):
        async def token(self) -> str | None:
            return await asyncio.Event().wait() and None

    limits = TWO_ATTEMPTS.model_copy(update={"total_seconds": 0.05})
    async with client_over(Script([]), tokens=HangingLogin(), limits=limits) as client:
        with pytest.raises(DeadlineError):
            await client.prov.register(RECORD)


@pytest.mark.asyncio
async def test_a_service_is_not_blamed_for_calls_that_never_got_to_it():
    class SlowLogin(NoToken):
        hangs = True

        async def token(self) -> str | None:
            return await asyncio.Event().wait() and None if self.hangs else None

    login = SlowLogin()
    limits = TWO_ATTEMPTS.model_copy(update={"total_seconds": 0.05})
    async with client_over(
        Script([httpx.Response(200, json=LINEAGE)]), tokens=login, limits=limits
    ) as client:
        lost = await asyncio.gather(*(explore(client) for _ in range(9)), return_exceptions=True)
        login.hangs = False
        graph = await client.prov.explore("upstream", "10378.1/2", 3)
    assert [type(outcome) for outcome in lost] == [DeadlineError] * 9
    assert set(graph.nodes) == {"10378.1/1", "10378.1/2"}


@pytest.mark.asyncio
async def test_waiting_for_a_free_slot_counts_towards_the_deadline():
    async with (
        Loopback(never).serving() as server,
        client_at(server.base, total_seconds=0.1, concurrency=1) as client,
    ):
        outcomes = await asyncio.gather(*(explore(client) for _ in range(4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DeadlineError] * 4


@pytest.mark.asyncio
async def test_a_caller_that_gives_up_frees_its_slot():
    arrived = asyncio.Event()
    answers = [never, always(GOOD)]

    async def reply(writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await answers.pop(0)(writer)

    async with Loopback(reply).serving() as server, client_at(server.base, concurrency=1) as client:
        asking = asyncio.create_task(explore(client))
        await arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await explore(client)
