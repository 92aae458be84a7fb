"""Two server processes that share nothing but a Redis, before a deployment over real HTTP."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.http.replicas import KEY
from tests.http.server_process import serving, until_ready
from tests.oidc.protected import fill, protected_provena
from tests.oidc.realm import EXCHANGE_SECRET, MCP_SERVER, token_of
from tests.worlds.hosted import NEW_RUN, call, names_of_runs, new_record
from tests.worlds.redis_server import redis_server

if TYPE_CHECKING:
    from tests.oidc.realm import Realm


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_preview_of_one_process_is_sent_once_whichever_processes_are_told_to(
    realm: Realm, tmp_path: Path
):
    folders = [tmp_path / name for name in ("one", "other")]
    async with AsyncExitStack() as stack:
        provena = stack.enter_context(protected_provena(realm, tmp_path, fill))
        shared = stack.enter_context(redis_server(tmp_path / "redis"))
        environment = {
            **provena.environment(),
            "PROVENA_CLIENT_ID": "provena-mcp",
            "PROVENA_CLIENT_SECRET": EXCHANGE_SECRET,
            "PROVENA_HTTP_URL": MCP_SERVER,
            "PROVENA_HTTP_AUDIENCE": "provena-api",
            "PROVENA_HTTP_KEY": KEY,
            "PROVENA_HTTP_STORE": shared.url,
            "PROVENA_HTTP_CALLS_AT_ONCE": "20",
        }
        token = await token_of(realm, "writer")
        hosts: list[Client] = []
        for folder in folders:
            folder.mkdir()
            _, base = stack.enter_context(serving(folder, **environment))
            await until_ready(base)
            http = await stack.enter_async_context(
                httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60)
            )
            transport = streamable_http_client(f"{base}/mcp", http_client=http)
            hosts.append(await stack.enter_async_context(Client(transport)))
        record = await new_record(hosts[0])
        reference = (await call(hosts[0], "register_model_run", record=record))["reference"]
        confirm = {"reference": reference, "confirm": True}
        await asyncio.gather(
            *(hosts[number % 2].call_tool("register_model_run", confirm) for number in range(20))
        )
        outcomes = [await call(host, "register_model_run", **confirm) for host in hosts]
        names = await names_of_runs(hosts[1])
    assert names.count(NEW_RUN) == 1
    assert len({outcome["model_run_id"] for outcome in outcomes}) == 1
    assert {outcome["status"] for outcome in outcomes} == {"succeeded"}
