"""Starts the embedded Provena when it is needed: most starts of a server end at its list of tools."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from provena_mcp.embedded.store_failure import failed_answer
from provena_mcp.errors import StoreError

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 1.0


class LazyApp:
    """An ASGI application that starts another one at its first request, or when there is work for it.

    One task enters and leaves the other application's context. A start that fails answers the
    requests that waited for it with a 500; the next request tries again.
    """

    def __init__(
        self,
        start: Callable[[], AbstractAsyncContextManager[ASGIApp]],
        has_work: Callable[[], Awaitable[bool]],
        *,
        poll_seconds: float = _POLL_SECONDS,
    ) -> None:
        """Make one; nothing starts before ``open``.

        Args:
            start: Starts the application; it may raise a StoreError.
            has_work: Whether the application has something to do that nobody asked for.
            poll_seconds: How soon such work is noticed.
        """
        self._start = start
        self._has_work = has_work
        self._poll_seconds = poll_seconds
        self._wanted = asyncio.Event()
        self._ended = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[ASGIApp]:
        """This application, until the end of the block; what it started has ended then too."""
        self.open()
        try:
            yield self
        finally:
            await self.close()

    def open(self) -> None:
        """Answer from now on."""
        self._started = asyncio.get_running_loop().create_future()
        self._owner = asyncio.create_task(self._own())

    async def close(self) -> None:
        """Answer no more; what it started ends."""
        self._ended.set()
        self._wanted.set()
        await self._owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        started = self._started
        self._wanted.set()
        # Waits for the owner too, lest its crash leave everybody waiting.
        await asyncio.wait({self._owner, started}, return_when=asyncio.FIRST_COMPLETED)
        await started.result()(scope, receive, send)

    async def _own(self) -> None:
        while await self._is_needed():
            try:
                async with self._start() as app:
                    self._started.set_result(app)
                    await self._ended.wait()
            except StoreError as error:
                logger.warning("The embedded Provena did not start. %s %s", error.message, error.advice)
                self._started.set_result(_failing(error))
                self._started = asyncio.get_running_loop().create_future()
                self._wanted.clear()
                await self._rest()

    async def _is_needed(self) -> bool:
        """Wait for a request or for work; false at the end."""
        while not self._ended.is_set():
            if self._wanted.is_set() or await self._finds_work():
                return True
            await self._rest()
        return False

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), self._poll_seconds)

    async def _finds_work(self) -> bool:
        try:
            return await self._has_work()
        except StoreError:
            # Whoever asks for something is told.
            return False


def _failing(error: StoreError) -> ASGIApp:
    return failed_answer(error)
