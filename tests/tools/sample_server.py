"""A client of the server over the shipped sample world, in memory, in either protocol era."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult

from provena_mcp.server.building import build_server
from provena_mcp.settings import Settings

BOTH_ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])


@asynccontextmanager
async def sample_client(folder: Path, era: str = "auto", **chosen: Any) -> AsyncGenerator[Client]:
    """A connected client; ``chosen`` are settings besides the store and the output folder."""
    settings = Settings(
        _env_file=None, store=folder / "store.sqlite3", output_dir=str(folder / "saved"), **chosen
    )
    async with Client(build_server(settings, sample=True), mode=era) as client:
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured result of a call that has to succeed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def failure(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The error of a call that has to fail."""
    result: CallToolResult = await client.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is not None
    return result.structured_content["error"]
