"""Large answers are worked on one after another; what waits for that, and what does not."""

from __future__ import annotations

import asyncio
import json
import threading
import weakref
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx
import pytest

from provena_mcp.client import ProvenaClient
from provena_mcp.errors import MalformedAnswerError
from provena_mcp.rules.graph import ProvenanceGraph
from tests.client.provena_stand_in import LINEAGE, QUICK, client_over

SMALL = json.dumps(LINEAGE).encode()
LARGE = SMALL + b" " * 1_000
BROKEN = b"[" * len(LARGE)
LIMITS = QUICK.model_copy(update={"concurrency": 2, "total_seconds": 5.0, "large_bytes": len(SMALL)})


@dataclass
class Provena:
    """Answers a lineage by its depth, and counts what it was asked."""

    bodies: dict[str, bytes] = field(default_factory=lambda: {"1": SMALL, "2": LARGE, "3": BROKEN})
    asked: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.release()
        return httpx.Response(200, content=self.bodies[request.url.params["depth"]])


def small(client: ProvenaClient) -> asyncio.Task[ProvenanceGraph]:
    return asyncio.create_task(client.prov.explore("upstream", "10378.1/2", 1))


def large(client: ProvenaClient) -> asyncio.Task[ProvenanceGraph]:
    return asyncio.create_task(client.prov.explore("upstream", "10378.1/2", 2))


def broken(client: ProvenaClient) -> asyncio.Task[ProvenanceGraph]:
    return asyncio.create_task(client.prov.explore("upstream", "10378.1/2", 3))


@asynccontextmanager
async def busy(client: ProvenaClient) -> AsyncGenerator[asyncio.Task[bool]]:
    """Within the block another's piece of work is being done."""
    begun, may_end = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return may_end.wait(5)

    piece = asyncio.create_task(client.large_work.do(work))
    try:
        assert await asyncio.to_thread(begun.wait, 5)
        yield piece
    finally:
        may_end.set()


@pytest.mark.asyncio
async def test_more_large_answers_than_slots_wait_without_a_slot_and_small_ones_do_not_wait():
    provena = Provena()
    async with client_over(provena, limits=LIMITS) as client:
        async with busy(client):
            waiting = [large(client) for _ in range(5)]
            for _ in waiting:
                await provena.asked.acquire()
            graph = await small(client)
            done = [task.done() for task in waiting]
        graphs = await asyncio.gather(*waiting)
    assert (done, graphs) == ([False] * 5, [graph] * 5)


@pytest.mark.asyncio
async def test_who_goes_away_while_waiting_keeps_nobody_else_waiting():
    provena = Provena()
    async with client_over(provena, limits=LIMITS) as client:
        async with busy(client):
            gone, stays = large(client), large(client)
            for _ in range(2):
                await provena.asked.acquire()
            gone.cancel()
            await asyncio.wait({gone})
        assert (gone.cancelled(), await stays) == (True, await small(client))


@pytest.mark.asyncio
async def test_work_whose_caller_went_away_is_ended_before_the_next_begins():
    async with client_over(Provena(), limits=LIMITS) as client:
        async with busy(client) as piece:
            piece.cancel()
            await asyncio.wait({piece})
            next_one = large(client)
            done, _ = await asyncio.wait({next_one}, timeout=0.05)
        assert (done, await next_one) == (set(), await small(client))


class Body:
    """Something that is large."""


@pytest.mark.asyncio
async def test_who_goes_away_while_waiting_leaves_no_answer_behind():
    async with client_over(Provena(), limits=LIMITS) as client, busy(client):
        body = Body()
        held = weakref.ref(body)
        waits = asyncio.create_task(client.large_work.do(partial(str, body)))
        await asyncio.wait({waits}, timeout=0)
        waits.cancel()
        await asyncio.wait({waits})
        del waits, body
        assert held() is None


@pytest.mark.asyncio
async def test_the_thread_of_large_work_ends_with_its_client():
    before = {*threading.enumerate()}
    async with client_over(Provena(), limits=LIMITS) as client:
        await large(client)
        own = [thread for thread in threading.enumerate() if thread not in before]
    for thread in own:
        await asyncio.to_thread(thread.join, 5)
    assert [(thread.name, thread.is_alive()) for thread in own] == [("large work_0", False)]


@pytest.mark.asyncio
async def test_a_large_answer_that_cannot_be_read_fails_alone():
    async with client_over(Provena(), limits=LIMITS) as client:
        failed, graph = await asyncio.gather(broken(client), large(client), return_exceptions=True)
        assert (type(failed), graph) == (MalformedAnswerError, await small(client))


@pytest.mark.asyncio
async def test_two_pieces_of_work_never_run_at_once():
    both = threading.Barrier(2)
    async with client_over(Provena(), limits=LIMITS) as client:
        pieces = [client.large_work.do(lambda: both.wait(0.02)) for _ in range(2)]
        outcomes = await asyncio.gather(*pieces, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [threading.BrokenBarrierError] * 2
