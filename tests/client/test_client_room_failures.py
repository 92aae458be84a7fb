"""What fails, breaks off, or recovers while it waits for room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import Context

import httpx
import pytest

from provena_mcp.client import Breaker, NoToken, ProvenaClient
from provena_mcp.errors import MalformedAnswerError, UnavailableError
from provena_mcp.rules.graph import ProvenanceGraph
from tests.client.lengthy_stand_in import (
    BEGINNING,
    LIMITS,
    Body,
    Provena,
    elsewhere,
    large,
    question,
    small,
    until_waiting,
)
from tests.client.provena_stand_in import client_over, endpoints

HASTY = LIMITS.model_copy(update={"total_seconds": 0.3})


class Renewing(Provena):
    """Refuses at length every token but the second, and sends the second after a while."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != "Bearer token-1":
            return super().__call__(request)
        self.asked.release()
        refusal = b'{"detail": "Could not validate credentials"}'
        return httpx.Response(401, stream=Body(self, refusal + b" " * (len(BEGINNING) - len(refusal))))


class Tokens:
    """Numbers its tokens; the next one takes a moment."""

    def __init__(self, number: int) -> None:
        self.number = number

    async def token(self) -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return f"token-{self.number}"

    async def rejected(self, token: str) -> bool:
        self.number += 1
        return True


async def waiting_past_its_time(provena: Provena, client: ProvenaClient) -> asyncio.Task[ProvenanceGraph]:
    """A large answer that has waited for room longer than its service may take, and still waits."""
    waits = elsewhere(client)
    await until_waiting(provena, waits)
    done, _ = await asyncio.wait({waits}, timeout=0.4)
    assert not done
    return waits


@pytest.mark.asyncio
async def test_the_wait_for_room_is_not_the_services_time():
    provena = Provena()
    async with client_over(provena, limits=HASTY) as client:
        with question():
            graph = await large(client)
            await provena.asked.acquire()
            waits = await waiting_past_its_time(provena, client)
        assert await waits == graph


@pytest.mark.asyncio
async def test_a_login_refused_at_length_is_renewed_in_the_time_that_the_wait_for_room_left():
    provena, tokens = Renewing(tells_length=False), Tokens(2)
    async with client_over(provena, limits=HASTY, tokens=tokens) as client:
        with question():
            graph = await large(client)
            await provena.asked.acquire()
            tokens.number = 1
            waits = await waiting_past_its_time(provena, client)
        assert await waits == graph


@pytest.mark.asyncio
async def test_a_large_answer_that_breaks_off_fails_alone_and_keeps_no_room():
    async with client_over(Provena(breaks_off=True), limits=LIMITS) as client:
        with pytest.raises(MalformedAnswerError, match="broke off"):
            await large(client)
        assert await large(client) == await small(client)


@pytest.mark.asyncio
@pytest.mark.parametrize("is_of_a_question", [True, False])
async def test_a_large_answer_that_breaks_off_after_a_wait_is_asked_for_once_more(is_of_a_question: bool):
    provena = Provena()

    async def asking() -> ProvenanceGraph:
        if not is_of_a_question:
            return await large(client)
        with question():
            return await large(client)

    async with client_over(provena, limits=LIMITS) as client:
        with question():
            graph = await large(client)
            await provena.asked.acquire()
            waits = asyncio.create_task(asking(), context=Context())
            await until_waiting(provena, waits)
            provena.breaks_off = True
        assert (await waits, await large(client)) == (graph, graph)


@pytest.mark.asyncio
async def test_a_large_answer_that_breaks_off_again_fails():
    provena = Provena()
    async with client_over(provena, limits=LIMITS) as client:
        with question():
            await large(client)
            await provena.asked.acquire()
            waits = elsewhere(client)
            await until_waiting(provena, waits)
            provena.breaks_off, provena.keeps_breaking = True, True
        with pytest.raises(MalformedAnswerError, match="broke off"):
            await waits
        assert provena.chunks == 2 * 3


@asynccontextmanager
async def tried_while_room_is_taken(
    provena: Provena,
) -> AsyncGenerator[tuple[ProvenaClient, asyncio.Task[ProvenanceGraph]]]:
    """A client whose circuit opened, and the large answer, waiting for room, that decides for it."""
    now = [0.0]
    client = ProvenaClient(
        endpoints(),
        tokens=NoToken(),
        transport=httpx.MockTransport(provena),
        limits=LIMITS.model_copy(update={"attempts": 1}),
        breaker=Breaker(lambda: now[0]),
    )
    status, provena.large_status = provena.large_status, 200
    async with client:
        with question():
            await large(client)
            provena.is_down, provena.large_status = True, status
            for _ in range(8):
                with pytest.raises(UnavailableError):
                    await small(client)
            provena.is_down, provena.asked = False, asyncio.Semaphore(0)
            now[0] += 11
            tries = elsewhere(client)
            await until_waiting(provena, tries)
            yield client, tries
        await asyncio.wait({tries})


@pytest.mark.asyncio
async def test_a_service_that_recovers_with_a_large_answer_is_asked_by_others_while_that_waits():
    async with tried_while_room_is_taken(Provena()) as (client, tries):
        graph = await small(client)
        assert not tries.done()
    assert await tries == graph


@pytest.mark.asyncio
async def test_a_service_said_to_be_down_at_length_is_left_alone_while_that_waits():
    async with tried_while_room_is_taken(Provena(large_status=503)) as (client, tries):
        with pytest.raises(UnavailableError, match="left alone"):
            await small(client)
        assert not tries.done()
    with pytest.raises(UnavailableError):
        await tries
