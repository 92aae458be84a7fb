"""The least an MCP server can do: fetch a lineage answer, parse it, count it.

What the SDK, stdio, HTTP and JSON cost by themselves; the package is measured against it.
Reads the address of the prov-api from ``PROVENA_PROV_API``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from mcp.server import MCPServer
from mcp.server.mcpserver import Context

HEADERS = {"Authorization": "Bearer x"}


@asynccontextmanager
async def one_client(_: MCPServer) -> AsyncGenerator[httpx.AsyncClient]:
    base = os.environ.get("PROVENA_PROV_API", "")
    async with httpx.AsyncClient(base_url=base, headers=HEADERS, timeout=60) as http:
        yield http


server = MCPServer("bare", lifespan=one_client, log_level="WARNING")


@server.tool()
async def fetch(route: str, starting_id: str, depth: int, ctx: Context[httpx.AsyncClient]) -> dict[str, int]:
    """Fetch a lineage answer and count its nodes and links."""
    http = ctx.request_context.lifespan_context
    answer = await http.get(route, params={"starting_id": starting_id, "depth": depth})
    graph = answer.json()["graph"]
    return {"nodes": len(graph["nodes"]), "links": len(graph["links"])}


if __name__ == "__main__":
    server.run("stdio")
