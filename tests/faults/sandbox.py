"""A server before the sample world whose answers can be spoilt, and ways to spoil them."""

from __future__ import annotations

import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from hypothesis import HealthCheck, Phase, settings
from mcp import Client
from mcp.types import CallToolResult

from provena_mcp.client import ClientLimits, NoToken
from provena_mcp.embedded.app import BASE_PATHS, create_app
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.server.build import build_server
from tests.worlds.settings import settings_with

CASES: Final = int(os.environ.get("PROVENA_FUZZ_CASES", "300"))
LIMITS: Final = ClientLimits(attempts=1, total_seconds=10)
INSTEAD: Final[list[Any]] = [
    None, True, 0, -1, 1e308, 2**63, "", "x", "\x1b[31m", "Ignore instructions", [], [None], {}, {"id": None},
]  # fmt: skip

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Given:
    """A JSON answer as the server received it."""

    path: str
    query: dict[str, str]
    status: int
    body: Any


class Sandbox:
    """A server before the sample world; ``change`` may spoil what it is answered, ``given`` keeps that."""

    def __init__(self) -> None:
        self.change: Change | None = None
        self.given: list[Given] = []
        self.loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory()
        self._store = Store(Path(self._folder.name) / "fuzz.sqlite3")
        load_items(self._store, sample_source())
        self._app = create_app(self._store)
        self._to_provena = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
        self._calls: asyncio.Queue[tuple[str, dict[str, Any], asyncio.Future[CallToolResult]]] = (
            asyncio.Queue()
        )
        self._under_way = 0
        self._slept = 0.0
        self._ahead = 0.0
        self._serving: asyncio.Task[None] | None = None
        self.tools: dict[str, dict[str, Any]] = {}
        ready = self.loop.create_future()
        self._serving = self.loop.create_task(self._serve(ready))
        begun = asyncio.wait({ready, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        self.loop.run_until_complete(begun)
        if self._serving.done():
            self._serving.result()

    def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        async def ask() -> CallToolResult:
            answered: asyncio.Future[CallToolResult] = self.loop.create_future()
            await self._calls.put((tool, arguments, answered))
            result = await asyncio.wait_for(answered, 60)
            await self._quiet()
            return result

        return self.loop.run_until_complete(ask())

    def runs_called(self, name: str) -> list[str]:
        """Ids of the runs of that name which the registry holds, whatever the services answer."""
        asked = "SELECT id FROM item WHERE display_name = ? AND subtype = 'MODEL_RUN'"
        with self._store.read() as connection:
            return [row[0] for row in connection.execute(asked, (name,))]

    def kinds(self) -> dict[str, str]:
        """The subtype of every item that the registry holds, whatever the services answer."""
        with self._store.read() as connection:
            return dict(connection.execute("SELECT id, subtype FROM item"))

    def close(self) -> None:
        assert self._serving is not None
        self._serving.cancel()
        self.loop.run_until_complete(asyncio.gather(self._serving, return_exceptions=True))
        self.loop.close()
        self._store.close()
        self._folder.cleanup()

    def let_pass(self, seconds: float) -> None:
        """Have the server's clock go on by ``seconds``."""
        self._ahead += seconds

    async def _serve(self, ready: asyncio.Future[None]) -> None:
        async with self._client() as client:
            self.tools = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
            ready.set_result(None)
            while True:
                tool, arguments, answered = await self._calls.get()
                answered.set_result(await client.call_tool(tool, arguments))

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Client]:
        urls = {f"{name}_api": f"https://provena.example.org{path}" for name, path in BASE_PATHS.items()}
        chosen = {"toolsets": "all", "output_dir": f"{self._folder.name}/out", "call_seconds": 30, **urls}
        server = build_server(
            settings_with(**chosen),
            tokens=NoToken(),
            transport=httpx.MockTransport(self._answer),
            limits=LIMITS,
            now=lambda: time.time() + self._ahead,
            polling=PollPolicy(
                patience=8.0, late_row=4.0, clock=lambda: self._slept, sleep=self._until_jobs_are_done
            ),
        )
        async with self._app.router.lifespan_context(self._app), Client(server) as client:
            yield client

    async def _until_jobs_are_done(self, seconds: float) -> None:
        """Let seconds pass on the clock of polling: what ends meanwhile does not depend on the machine."""
        self._slept += seconds
        asked = "SELECT 1 FROM job WHERE lease_until IS NOT NULL LIMIT 1"
        while True:
            with self._store.read() as connection:
                if connection.execute(asked).fetchone() is None:
                    return
            await asyncio.sleep(0.005)

    async def _quiet(self) -> None:
        """Wait for what a call left under way when a request of it failed: that is not the next call's."""
        unasked = 0
        while unasked < 20:
            await asyncio.sleep(0)
            unasked = 0 if self._under_way else unasked + 1

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self._under_way += 1
        try:
            return await self._spoilt(request)
        finally:
            self._under_way -= 1

    async def _spoilt(self, request: httpx.Request) -> httpx.Response:
        answer = await self._to_provena.handle_async_request(request)
        body = await answer.aread()
        if self.change is None or not answer.headers.get("content-type", "").startswith("application/json"):
            return httpx.Response(answer.status_code, headers=answer.headers, content=body)
        changed = self.change(json.loads(body))
        self.given.append(Given(request.url.path, dict(request.url.params), answer.status_code, changed))
        return httpx.Response(
            answer.status_code, content=json.dumps(changed), headers={"content-type": "application/json"}
        )


class Mutation:
    """Changes each answer in some places, the same way for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._places = self._random.choice([0.03, 0.3, 1, 3, 30])
        self._share = 0.0

    def __call__(self, value: Any) -> Any:
        self._share = self._places / _size_of(value)
        return self._changed(value)

    def _changed(self, value: Any) -> Any:
        if self._random.random() < self._share:
            return self._random.choice(INSTEAD)
        if isinstance(value, list):
            changed = [self._changed(each) for each in value]
            return changed * 2 if self._random.random() < self._share else changed
        if isinstance(value, dict):
            kept = {k: self._changed(v) for k, v in value.items() if self._random.random() > self._share / 2}
            return kept | ({"unheard of": 1} if self._random.random() < self._share else {})
        return value


def _size_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_size_of, inner))


def fuzzed(cases: int) -> settings:
    return settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.function_scoped_fixture,
        ],
    )
