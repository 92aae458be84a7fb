"""Few large answers are in memory at once: what waits for room, what does not, and who lets others in."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from provena_mcp.client import Breaker, NoToken, ProvenaClient
from provena_mcp.client.http.room import UNDER_WAY, RoomHolder
from provena_mcp.errors import MalformedAnswerError, UnavailableError
from provena_mcp.rules.graph import ProvenanceGraph
from tests.client.provena_stand_in import LINEAGE, QUICK, client_over, endpoints

ITEM = "10378.1/2"
SMALL = json.dumps(LINEAGE).encode()
BEGINNING = SMALL + b" " * 1_000
REST = b" " * 1_000
LIMITS = QUICK.model_copy(
    update={"concurrency": 1, "large_bytes": len(SMALL), "large_bytes_at_once": len(BEGINNING + REST)}
)


@dataclass
class Body(httpx.AsyncByteStream):
    """A large answer in two chunks, which counts how many were asked for."""

    provena: Provena
    beginning: bytes = BEGINNING

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in (self.beginning, REST):
            self.provena.chunks += 1
            yield chunk
        if self.provena.breaks_off:
            self.provena.breaks_off = self.provena.keeps_breaking
            raise httpx.ReadError("broken")


@dataclass
class Provena:
    """Answers a lineage of depth 1 at once, one of depth 2 at length, whose bytes it may tell beforehand."""

    tells_length: bool = True
    length: int = len(BEGINNING + REST)
    breaks_off: bool = False
    keeps_breaking: bool = False
    is_down: bool = False
    large_status: int = 200
    chunks: int = 0
    asked: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.release()
        if self.is_down:
            return httpx.Response(503)
        if request.url.params["depth"] == "1":
            return httpx.Response(200, content=SMALL)
        length = {"content-length": str(self.length)} if self.tells_length else {}
        return httpx.Response(self.large_status, headers=length, stream=Body(self))


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


@contextmanager
def question() -> Generator[RoomHolder]:
    """One question, as a call of the server is."""
    asked = RoomHolder(asyncio.get_running_loop().create_future())
    before = UNDER_WAY.set(asked)
    try:
        yield asked
    finally:
        UNDER_WAY.reset(before)
        asked.answered.set_result(None)


def small(client: ProvenaClient) -> asyncio.Task[ProvenanceGraph]:
    return asyncio.create_task(client.prov.explore("upstream", ITEM, 1))


def large(client: ProvenaClient) -> asyncio.Task[ProvenanceGraph]:
    return asyncio.create_task(client.prov.explore("upstream", ITEM, 2))


def elsewhere(client: ProvenaClient) -> asyncio.Task[ProvenanceGraph]:
    """A large one, not of the question under way."""
    return asyncio.create_task(client.prov.explore("upstream", ITEM, 2), context=Context())


async def until_waiting(provena: Provena, *tasks: asyncio.Task[Any]) -> None:
    """Return when Provena was asked by each task, and none of them can do more by itself."""
    for _ in tasks:
        await provena.asked.acquire()
    done, _ = await asyncio.wait(tasks, timeout=0.02)
    assert not done


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
async def test_the_wait_for_room_is_not_the_services_time():
    provena = Provena()
    limits = LIMITS.model_copy(update={"total_seconds": 0.3})
    async with client_over(provena, limits=limits) as client:
        with question():
            graph = await large(client)
            await provena.asked.acquire()
            waits = elsewhere(client)
            await until_waiting(provena, waits)
            done, _ = await asyncio.wait({waits}, timeout=0.4)
        assert (done, await waits) == (set(), graph)


@pytest.mark.asyncio
async def test_a_login_refused_at_length_is_renewed_in_the_time_that_the_wait_for_room_left():
    provena, tokens = Renewing(tells_length=False), Tokens(2)
    limits = LIMITS.model_copy(update={"total_seconds": 0.3})
    async with client_over(provena, limits=limits, tokens=tokens) as client:
        with question():
            graph = await large(client)
            await provena.asked.acquire()
            tokens.number = 1
            waits = elsewhere(client)
            await until_waiting(provena, waits)
            done, _ = await asyncio.wait({waits}, timeout=0.4)
        assert (done, await waits) == (set(), graph)


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
