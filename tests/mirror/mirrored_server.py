"""A server with a mirror of a deployment, and what it is asked."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.types import CallToolResult, TextContent

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.server.build import build_server
from tests.mirror.deployment import URL, Deployment, Pulling
from tests.worlds.deployment import QUICK
from tests.worlds.settings import settings_with
from tests.worlds.small import Json, dataset, model_run
from tests.worlds.writable import writable_world

# Each made from the one before: the last is 24 links from the first.
CHAIN = [
    each
    for number in range(12)
    for each in (
        dataset(f"w/made-{number + 1}", 101 + number * 2),
        model_run(f"w/run-{number + 1}", [f"w/made-{number}"], [f"w/made-{number + 1}"], 102 + number * 2),
    )
]
WORLD = [*writable_world(), dataset("w/made-0", 100), *CHAIN]


@asynccontextmanager
async def deployment(folder: Path) -> AsyncGenerator[Pulling]:
    made = Deployment(folder, WORLD)
    async with made.running():
        pulling = Pulling(folder, made)
        yield pulling
        pulling.mirror.close()
    made.store.close()


@asynccontextmanager
async def server(pull: Pulling, **chosen: Any) -> AsyncGenerator[Client]:
    addresses = {f"{name}_api": f"{URL}{path}" for name, path in BASE_PATHS.items()}
    login = {"domain": "deployment.test", "realm": "r", "access_token": "t"}
    settings = settings_with(**{**addresses, **login, "mirror": pull.mirror.path, **chosen})
    built = build_server(settings, transport=pull.deployment, polling=QUICK, now=lambda: pull.now)
    async with Client(built) as client:
        yield client


async def ask(client: Client, tool: str, **arguments: Any) -> Json:
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return answer.structured_content


def error_in(answer: CallToolResult) -> Json:
    assert answer.is_error
    (text,) = answer.content
    assert isinstance(text, TextContent)
    return json.loads(text.text)["error"]
