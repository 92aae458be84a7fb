"""How many large answers are read at once, and what waits for them."""

from __future__ import annotations

import asyncio
import json

import pytest

from provena_mcp.client import ClientLimits, NoToken, ProvenaClient
from provena_mcp.client.http.large_answers import LARGE_BYTES
from tests.client.provena_stand_in import LINEAGE, Loopback, always, endpoints, raw_answer

LARGE = raw_answer(json.dumps(LINEAGE).encode() + b" " * LARGE_BYTES * 2)


class Questions:
    """Questions of one large answer each, and how many of them hold theirs."""

    def __init__(self, client: ProvenaClient) -> None:
        self.client = client
        self.holding = 0
        self.most = 0
        self.answered = 0

    async def ask(self) -> None:
        async with self.client.large_answers.question():
            for _ in range(2):
                await self.client.prov.explore("upstream", "10378.1/2", 3)
            self.holding += 1
            self.most = max(self.most, self.holding)
            await asyncio.sleep(0)
            self.holding -= 1
        self.answered += 1


@pytest.mark.asyncio
async def test_one_question_at_a_time_holds_large_answers_and_each_is_answered():
    async with (
        Loopback(always(LARGE)).serving() as server,
        ProvenaClient(endpoints(server.base), tokens=NoToken()) as client,
    ):
        questions = Questions(client)
        await asyncio.gather(*(questions.ask() for _ in range(4)))
    assert (questions.answered, questions.most) == (4, 1)


@pytest.mark.asyncio
async def test_waiting_for_a_turn_is_not_the_services_time():
    limits = ClientLimits(total_seconds=1.0)
    async with (
        Loopback(always(LARGE)).serving() as server,
        ProvenaClient(endpoints(server.base), tokens=NoToken(), limits=limits) as client,
    ):
        questions = Questions(client)
        held = client.large_answers.question()
        await held.__aenter__()
        await client.prov.explore("upstream", "10378.1/2", 3)
        waiting = asyncio.create_task(questions.ask())
        done, _ = await asyncio.wait({waiting}, timeout=1.3)
        assert not done
        await held.__aexit__(None, None, None)
        await waiting
    assert questions.answered == 1
