"""Replicas of a server, the store that they share, and what alice does at one of them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
from mcp import Client
from pydantic import SecretStr

from provena_mcp.server.shared.encryption import Seal
from provena_mcp.server.shared.redis_store import RedisServer, RedisStore
from tests.worlds.hosted import World, call, failure, host_of, new_record
from tests.worlds.redis_server import RedisProcess

KEY = "a-key-that-all-replicas-share-0123456789"
SENT = "/prov-api/model_run/register"


@asynccontextmanager
async def behind_a_balancer(world: World, replicas: int = 3, **chosen: object):
    """An HTTP client whose requests go to one replica after the other, as alice."""
    async with AsyncExitStack() as stack:
        settings = {"http_key": KEY, "http_store": world.folder / "shared.sqlite3", **chosen}
        apps = [await stack.enter_async_context(world.app(**settings)) for _ in range(replicas)]
        turns = itertools.cycle([httpx2.ASGITransport(app) for app in apps])

        class Balancer(httpx2.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
                return await next(turns).handle_async_request(request)

        headers = {"Authorization": f"Bearer {world.token('alice')}"}
        async with httpx2.AsyncClient(transport=Balancer(), headers=headers) as http:
            yield http


@asynccontextmanager
async def replicas(world: World, *urls: str, **chosen: object) -> AsyncGenerator[list[Client]]:
    """Alice's host at each of so many replicas, each with the store at its URL."""
    async with AsyncExitStack() as stack:
        hosts: list[Client] = []
        for url in urls:
            app = await stack.enter_async_context(world.app(http_key=KEY, http_store=url, **chosen))
            hosts.append(await stack.enter_async_context(host_of(app, world.token("alice"))))
        yield hosts


async def confirmed(host: Client, reference: str) -> dict:
    return await call(host, "register_model_run", reference=reference, confirm=True)


async def previewed(host: Client) -> str:
    return (await call(host, "register_model_run", record=await new_record(host)))["reference"]


async def refused(host: Client, reference: str) -> dict:
    return await failure(host, "register_model_run", reference=reference, confirm=True)


def times_sent(world: World) -> int:
    return [path for _, path in world.seen].count(SENT)


async def until_replicated(server: RedisProcess) -> None:
    while server.do("WAIT", 1, 100) < 1:
        await asyncio.sleep(0)


@asynccontextmanager
async def stored_in(
    *urls: str, key: str = KEY, password: str | None = None
) -> AsyncGenerator[list[RedisStore]]:
    """A store at each of ``urls``."""
    servers = [RedisServer(url, SecretStr(password) if password else None) for url in urls]
    try:
        yield [RedisStore(server, Seal((key,), "test")) for server in servers]
    finally:
        for server in servers:
            await server.close()
