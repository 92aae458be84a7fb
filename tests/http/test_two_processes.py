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

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from tests.http.replicas import KEY
from tests.http.test_real_provider import ADDRESS, token_of
from tests.http.test_serving import serving, until_ready
from tests.oidc.protected import protected_provena
from tests.oidc.realm import EXCHANGE_SECRET
from tests.worlds.hosted import call, new_record
from tests.worlds.redis_server import redis_server

if TYPE_CHECKING:
    from tests.oidc.realm import Realm

NAME = "Registered by a test"


def fill(store: Store) -> None:
    load_items(store, sample_source(), links={"writer": "sample/1000001"})


async def names_of_runs(host: Client) -> list[str]:
    listed = await call(host, "list_items", subtype="MODEL_RUN", limit=5)
    return [run["name"] for run in listed["items"]]


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
            "PROVENA_HTTP_URL": ADDRESS,
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
    assert names.count(NAME) == 1
    assert len({outcome["model_run_id"] for outcome in outcomes}) == 1
    assert {outcome["status"] for outcome in outcomes} == {"succeeded"}
