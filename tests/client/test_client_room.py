"""Few large answers are in memory at once: what waits for room, what does not, and who lets others in."""

from __future__ import annotations

import asyncio
import gc
from contextvars import Context

import httpx
import pytest

from provena_mcp.errors import MalformedAnswerError
from provena_mcp.rules.graph import ProvenanceGraph
from tests.client.lengthy_stand_in import (
    BEGINNING,
    ITEM,
    LIMITS,
    REST,
    SMALL,
    Provena,
    elsewhere,
    large,
    question,
    small,
    until_waiting,
)
from tests.client.provena_stand_in import client_over


@pytest.mark.asyncio
@pytest.mark.parametrize(("tells_length", "begun"), [(True, 0), (False, 3)])
async def test_no_more_than_the_beginning_is_read_of_what_waits_and_small_answers_pass_by(
    tells_length: bool, begun: int
):
    provena = Provena(tells_length)
    async with client_over(provena, limits=LIMITS) as client:
        with question():
            graph = await large(client)
            read = provena.chunks
            await provena.asked.acquire()
            waiting = [elsewhere(client) for _ in range(3)]
            await until_waiting(provena, *waiting)
            assert (await small(client), provena.chunks - read) == (graph, begun)
        assert await asyncio.gather(*waiting) == [graph] * 3


@pytest.mark.asyncio
async def test_a_question_does_not_wait_for_itself_however_many_large_answers_it_needs():
    provena = Provena()
    async with client_over(provena, limits=LIMITS) as client:
        with question():
            graphs = await asyncio.gather(*(large(client) for _ in range(5)))
        assert graphs == [await small(client)] * 5


@pytest.mark.asyncio
async def test_a_question_of_many_requests_leaves_slots_to_others():
    may_answer, asked = asyncio.Event(), list[str]()

    async def holding(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["depth"])
        if request.url.params["depth"] != "1":
            await may_answer.wait()
        return httpx.Response(200, content=SMALL)

    async with client_over(holding) as client:
        with question():
            many = [large(client) for _ in range(40)]
        await asyncio.wait(many, timeout=0.02)
        with question():
            async with asyncio.timeout(5):
                graph = await small(client)
        held = asked.count("2")
        may_answer.set()
        assert (held, await asyncio.gather(*many)) == (12, [graph] * 40)


@pytest.mark.asyncio
async def test_who_goes_away_lets_the_next_one_in():
    provena = Provena()
    async with client_over(provena, limits=LIMITS) as client:
        with question():
            await large(client)
            await provena.asked.acquire()
            gone, stays = elsewhere(client), elsewhere(client)
            await until_waiting(provena, gone, stays)
            gone.cancel()
            await asyncio.wait({gone})
        assert (gone.cancelled(), await stays) == (True, await small(client))


@pytest.mark.asyncio
async def test_an_answer_that_does_not_tell_its_size_keeps_no_more_room_than_it_needed():
    limits = LIMITS.model_copy(update={"large_bytes_at_once": 2 * len(BEGINNING + REST)})
    provena = Provena(tells_length=False)
    async with client_over(provena, limits=limits) as client:
        with question():
            graph = await large(client)
            async with asyncio.timeout(5):
                with question():
                    assert await large(client) == graph
                    provena.asked = asyncio.Semaphore(0)
                    waits = elsewhere(client)
                    await until_waiting(provena, waits)
        assert await waits == graph


@pytest.mark.asyncio
async def test_what_a_question_left_behind_when_it_failed_keeps_no_room():
    provena = Provena()
    async with client_over(provena, limits=LIMITS) as client:
        with question():
            await large(client)
            await provena.asked.acquire()

            async def failing() -> None:
                with question():
                    left.append(large(client))
                    await provena.asked.acquire()

            left: list[asyncio.Task[ProvenanceGraph]] = []
            await asyncio.create_task(failing(), context=Context())
        assert await left[0] == await large(client)


@pytest.mark.asyncio
async def test_a_question_that_waits_for_somebody_leaves_its_room_and_takes_it_again():
    provena = Provena()
    async with client_over(provena, limits=LIMITS) as client:
        with question() as asked:
            graph = await large(client)
            await provena.asked.acquire()
            waits = elsewhere(client)
            await until_waiting(provena, waits)
            asked.leave()
            async with asyncio.timeout(5):
                assert (await waits, await large(client)) == (graph, graph)
            await provena.asked.acquire()
            waits = elsewhere(client)
            await until_waiting(provena, waits)
        assert await waits == graph


@pytest.mark.asyncio
@pytest.mark.parametrize("tells_length", [True, False])
async def test_an_answer_that_is_larger_than_any_may_be_fails_and_keeps_no_room(tells_length: bool):
    provena = Provena(tells_length)
    limits = LIMITS.model_copy(update={"max_body_bytes": len(BEGINNING)})
    async with client_over(provena, limits=limits) as client:
        with pytest.raises(MalformedAnswerError, match="answered more than"):
            await large(client)
        with pytest.raises(MalformedAnswerError):
            await large(client)


@pytest.mark.asyncio
async def test_an_answer_that_says_to_be_larger_than_any_may_be_waits_for_nothing_and_is_not_read():
    provena = Provena()
    limits = LIMITS.model_copy(update={"max_body_bytes": provena.length})
    async with client_over(provena, limits=limits) as client:
        with question():
            await large(client)
            read = provena.chunks
            provena.length += 1
            async with asyncio.timeout(5):
                with pytest.raises(MalformedAnswerError, match="answered more than"):
                    await elsewhere(client)
            assert provena.chunks == read


@pytest.mark.asyncio
@pytest.mark.parametrize("is_read", [True, False])
async def test_nothing_of_an_answer_is_left_for_the_collector_of_garbage(is_read: bool):
    most = LIMITS.max_body_bytes if is_read else len(BEGINNING)
    limits = LIMITS.model_copy(update={"max_body_bytes": most})
    async with client_over(Provena(tells_length=False), limits=limits) as client:

        async def ask() -> bool:
            try:
                return bool(await client.prov.explore("upstream", ITEM, 2))
            except MalformedAnswerError:
                return False

        await ask()
        gc.collect()
        gc.disable()
        try:
            before = answers()
            assert await ask() == is_read
            await asyncio.sleep(0.02)  # the event loop closes what was begun and not read to its end
            left = [kept for kept in answers() if not any(kept is other for other in before)]
        finally:
            gc.enable()
    assert left == []


def answers() -> list[httpx.Response | httpx.HTTPError]:
    """Those that are there, of other tests too, and failures, which keep what was read of theirs."""
    return [kept for kept in gc.get_objects() if isinstance(kept, httpx.Response | httpx.HTTPError)]
