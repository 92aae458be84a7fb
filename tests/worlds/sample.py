"""The server over the shipped sample world: a client of it in memory, and how a host starts it."""

import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, ReadResourceResult, TextContent, TextResourceContents

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.server.build import build_server
from tests.worlds.sample_store import put_sample_beside
from tests.worlds.settings import settings_with

LINEAGE_TOOLS = (
    "explore_upstream",
    "explore_downstream",
    "get_contributing_datasets",
    "get_effected_datasets",
    "get_contributing_agents",
    "get_effected_agents",
)
BOTH_ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])


@asynccontextmanager
async def sample_client(folder: Path, era: str = "auto", **chosen: Any) -> AsyncGenerator[Client]:
    """A connected client; ``chosen`` are settings besides the store and the output folder."""
    store = folder / "store.sqlite3"
    put_sample_beside(store)
    settings = settings_with(store=store, output_dir=str(folder / "saved"), **chosen)
    async with Client(build_server(settings, sample=True), mode=era) as client:
        yield client


@asynccontextmanager
async def world_client(
    folder: Path, items: list[Any], *, local: bool = True, **chosen: Any
) -> AsyncGenerator[Client]:
    """A connected client of the server over these items; ``chosen`` are further settings."""
    path = folder / "world.sqlite3"
    store = Store(path)
    report = load_items(store, Source(tuple(items)))
    store.close()
    assert not report.skipped
    settings = settings_with(store=path, output_dir=str(folder / "saved"), **chosen)
    async with Client(build_server(settings, local=local)) as client:
        yield client


def stdio_server(folder: Path) -> StdioServerParameters:
    """How a host starts the server, with a store and an output folder in ``folder``."""
    ours = {
        "PROVENA_STORE": str(folder / "store.sqlite3"),
        "PROVENA_OUTPUT_DIR": str(folder / "out"),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "provena_mcp", "serve", "--sample"],
        env={**inherited, **ours},
        cwd=folder,
    )


def text_of(result: CallToolResult) -> str:
    """The text that a result opens with."""
    block = result.content[0]
    assert isinstance(block, TextContent)
    return block.text


def text_in(result: ReadResourceResult) -> str:
    """The text of a resource."""
    (found,) = result.contents
    assert isinstance(found, TextResourceContents)
    return found.text


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured result of a call that has to succeed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def failure(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The error of a call that has to fail."""
    return error_of(await client.call_tool(tool, arguments))


def error_of(result: CallToolResult) -> dict[str, Any]:
    """The error that a failed call tells: text alone, the JSON of ``{"error": …}``."""
    assert result.is_error, result.structured_content
    assert ([block.type for block in result.content], result.structured_content) == (["text"], None)
    (told,) = json.loads(text_of(result)).items()
    assert told[0] == "error"
    return told[1]
