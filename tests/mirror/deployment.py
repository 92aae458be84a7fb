"""A deployment to be mirrored: the embedded Provena behind rights, changing while somebody looks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx

from provena_mcp.client import ClientLimits, NoToken, ProvenaClient
from provena_mcp.embedded import items
from provena_mcp.embedded.app import BASE_PATHS, create_app
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.mirror.mirror import Mirror
from provena_mcp.mirror.pull import Deployment as Services
from provena_mcp.mirror.pull import PullReport
from provena_mcp.settings import Endpoints
from tests.worlds.small import Json

URL = "http://deployment.test"
ENDPOINTS = Endpoints(**{name: f"{URL}{path}" for name, path in BASE_PATHS.items()})
LISTS = "/registry-api/registry/general/list"
_FETCH = "/registry-api/registry/general/fetch"

# Later than everything in the worlds that tests load.
NOW = 1_800_000_000.0

Event = Callable[[], None]


class Deployment(httpx.AsyncBaseTransport):
    """What it holds is ``store``; ``hidden`` items are not for the user; it says ``now`` in its answers.

    ``events`` happen one by one, each before a page of a list is answered; ``is_away`` breaks every
    connection; ``page_size`` is the most that a page has.
    """

    def __init__(self, folder: Path, world: list[Json]) -> None:
        self.store = Store(folder / "deployment.sqlite3")
        self.hidden: set[str] = set()
        self.now: float | None = NOW
        self.events: list[Event] = []
        self.is_away = False
        self.page_size: int | None = None
        self.seen: list[str] = []
        self.load(*world)
        self._app = create_app(self.store, clock=lambda: self.now or NOW)
        self._inner = httpx.ASGITransport(self._app, raise_app_exceptions=False)

    def load(self, *world: Json, **persons: str) -> None:
        """Items are there now, or are other ones."""
        load_items(self.store, Source(tuple(world), persons))

    def delete(self, *ids: str) -> None:
        """Items are not there any more."""
        with self.store.write() as connection:
            for item_id in ids:
                items.delete_item(connection, item_id)

    def readable(self) -> dict[str, Json]:
        """What the user may read, by id."""
        with self.store.read() as connection:
            found = [json.loads(raw) for raw in items.every_raw(connection)]
        return {each["id"]: each for each in found if each["id"] not in self.hidden}

    def count(self, path: str) -> int:
        return self.seen.count(path)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with self._app.router.lifespan_context(self._app):
            yield

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.seen.append(path)
        if self.is_away:
            raise httpx.ConnectError("away", request=request)
        if path == LISTS:
            if self.events:
                self.events.pop(0)()
            request = self._in_small_pages(request)
        answer = await self._inner.handle_async_request(request)
        return self._for_the_user(path, request, answer.status_code, await answer.aread())

    def _in_small_pages(self, request: httpx.Request) -> httpx.Request:
        if self.page_size is None:
            return request
        body = json.loads(request.content)
        body["page_size"] = min(body["page_size"], self.page_size)
        headers = {"content-type": "application/json"}
        return httpx.Request("POST", request.url, json=body, headers=headers)

    def _for_the_user(self, path: str, request: httpx.Request, status: int, content: bytes) -> httpx.Response:
        headers = {"content-type": "application/json"}
        if self.now is not None:
            headers["date"] = formatdate(self.now, usegmt=True)
        if path == LISTS and status == 200:
            body = json.loads(content)
            body["items"] = [each for each in body["items"] if each["id"] not in self.hidden]
            content = json.dumps(body).encode()
        if path == _FETCH and request.url.params.get("id") in self.hidden:
            status, content = 401, b'{"detail": "You are not authorised to fetch this item."}'
        return httpx.Response(status, headers=headers, content=content)

    def client(self, **limits: Any) -> ProvenaClient:
        """A client of it."""
        usual = {"attempts": 1, "pause_seconds": 0.0, "jitter_seconds": 0.0}
        return ProvenaClient(
            ENDPOINTS, tokens=NoToken(), transport=self, limits=ClientLimits(**{**usual, **limits})
        )


def contents(mirror: Mirror) -> dict[str, Json]:
    """What a mirror holds, by id."""
    with mirror.opened().read() as connection:
        found = [json.loads(raw) for raw in items.every_raw(connection)]
    return {each["id"]: each for each in found}


def links(store: Store) -> set[tuple[str, int, str]]:
    """The links of a store's graph."""
    with store.read() as connection:
        return set(
            connection.execute(
                """SELECT source.id, relation, target.id FROM link
                JOIN node AS source ON source.key = link.source
                JOIN node AS target ON target.key = link.target"""
            )
        )


def services_of(client: ProvenaClient) -> Services:
    """What a pull asks."""
    return Services(client.prov, client.raw_items, client.auth)


class Pulling:
    """A mirror of a deployment, and the clock it is pulled by."""

    def __init__(self, folder: Path, deployment: Deployment) -> None:
        self.deployment = deployment
        self.now = NOW
        self.mirror = Mirror(folder / "mirror.sqlite3", ENDPOINTS.registry, clock=lambda: self.now)

    async def __call__(self, *, whole: bool = False, **limits: Any) -> PullReport:
        async with self.deployment.client(**limits) as client:
            return await self.mirror.pull(services_of(client), lambda: None, whole=whole)
