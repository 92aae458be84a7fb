"""A service that fails is left alone, and one request at a time tries whether it is back."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from provena_mcp.client.http.transports import Breaker, BreakerTransport
from provena_mcp.errors import UnavailableError

FAILURES = 8


class Service(httpx.AsyncBaseTransport):
    """Down, until it holds whoever asks."""

    def __init__(self) -> None:
        self.is_down = False
        self.held = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            return httpx.Response(503)
        self.held += 1
        await asyncio.Event().wait()
        raise AssertionError("nobody lets it go")


async def ended(*tasks: asyncio.Task[httpx.Response]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.asyncio
async def test_an_old_request_that_is_given_up_lets_no_second_one_try():
    now, service = [0.0], Service()
    async with httpx.AsyncClient(transport=BreakerTransport(service, Breaker(lambda: now[0]))) as client:
        old = asyncio.create_task(client.get("http://service"))
        while not service.held:
            await asyncio.sleep(0)
        service.is_down = True
        for _ in range(FAILURES):
            await client.get("http://service")
        now[0], service.is_down = 60.0, False
        trying = asyncio.create_task(client.get("http://service"))
        while service.held < 2:
            await asyncio.sleep(0)
        await ended(old)
        with pytest.raises(UnavailableError):
            await asyncio.wait_for(client.get("http://service"), timeout=10)
        await ended(trying)
        next_trying = asyncio.create_task(client.get("http://service"))
        while service.held < 3:
            await asyncio.sleep(0)
        await ended(next_trying)
    assert service.held == 3
