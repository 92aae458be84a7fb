"""Who acted for the person: the client's name and version, in the run where it is wanted, never a prompt."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import Implementation

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.server.build import build_server
from tests.worlds.sample import BOTH_ERAS, call, text_in
from tests.worlds.settings import settings_with
from tests.worlds.writable import a_record, writable_world

HOST = Implementation(name="careful-host\u202e", version="2.1")


@asynccontextmanager
async def host(folder: Path, era: str = "auto", **chosen: Any) -> AsyncGenerator[Client]:
    """A client that says who it is, of a server over a world in which runs can be registered."""
    path = folder / "world.sqlite3"
    if not path.exists():
        store = Store(path)
        load_items(store, Source(tuple(writable_world())))
        store.close()
    async with Client(
        build_server(settings_with(store=path, **chosen)), client_info=HOST, mode=era
    ) as client:
        yield client


async def registered(client: Client, record: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The preview of a record, and the annotations of the run that came of it."""
    shown = await call(client, "register_model_run", record=record)
    done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    stored = json.loads(text_in(await client.read_resource(f"provena://item/{done['model_run_id']}")))
    return shown, stored["record"]["annotations"]


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_run_names_the_client_that_registered_it_where_that_is_wanted(tmp_path: Path, era: str):
    forged = {"scenario": "baseline", "provena.via": "somebody else"}
    async with host(tmp_path, era, annotate_via=True) as client:
        shown, annotations = await registered(client, a_record(annotations=forged))
    assert annotations == {"scenario": "baseline", "provena.via": "careful-host 2.1"}
    assert "careful-host 2.1" in json.dumps(shown)


@pytest.mark.asyncio
async def test_a_run_names_no_client_unless_that_is_wanted(tmp_path: Path):
    async with host(tmp_path) as client:
        _, annotations = await registered(client, a_record())
    assert annotations == {"scenario": "baseline"}


@pytest.mark.asyncio
async def test_the_same_run_is_noticed_whichever_client_registers_it(tmp_path: Path):
    async with host(tmp_path) as client:
        await registered(client, a_record())
    async with host(tmp_path, annotate_via=True) as client:
        again = await call(client, "register_model_run", record=a_record())
    assert again["ready"] is False
    assert "local/1000001" in again["problems"][0]["message"]
