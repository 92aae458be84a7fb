"""A Provena that answers at length, and questions whose answers wait for room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import httpx

from provena_mcp.client import ProvenaClient
from provena_mcp.client.http.room import UNDER_WAY, RoomHolder
from provena_mcp.rules.graph import ProvenanceGraph
from tests.client.provena_stand_in import LINEAGE, QUICK

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
