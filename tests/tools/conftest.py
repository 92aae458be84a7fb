"""Servers that are started once for the tests that only ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from mcp import Client

from tests.worlds.sample import sample_client


class Standing:
    """Clients of the sample world, one an era, that stand from their first use until ``close``.

    Each is entered and left by a task of its own: a test's task is not there to leave what another's entered.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clients: dict[str, asyncio.Future[Client]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()

    @asynccontextmanager
    async def client(self, era: str = "auto") -> AsyncGenerator[Client]:
        """The client of an era; it is still there afterwards."""
        if era not in self._clients:
            self._clients[era] = asyncio.get_running_loop().create_future()
            folder = self._folder / era
            folder.mkdir()
            context = sample_client(folder, era)
            self._tasks.append(asyncio.create_task(self._hold(context, self._clients[era])))
        yield await self._clients[era]

    async def close(self) -> None:
        self._ended.set()
        await asyncio.gather(*self._tasks)

    async def _hold(
        self, context: AbstractAsyncContextManager[Client], entered: asyncio.Future[Client]
    ) -> None:
        try:
            async with context as client:
                entered.set_result(client)
                await self._ended.wait()
        except Exception as error:
            if entered.done():
                raise
            entered.set_exception(error)  # for the tests that wait for it


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def standing(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Standing]:
    """The sample world for tests that only read it, in the loop of the session."""
    clients = Standing(tmp_path_factory.mktemp("standing"))
    yield clients
    await clients.close()
