"""The tool that says which Provena answers and who is asking."""

from __future__ import annotations

from mcp.server.mcpserver import Context

from provena_mcp.application import Application
from provena_mcp.queries.health import GetHealthCheckResult, check_health
from provena_mcp.tools.definition import Reply, tool


@tool(title="Health check", toolset="health")
async def get_health_check(ctx: Context[Application]) -> Reply[GetHealthCheckResult]:
    """Say which Provena answers, its services' state and who the caller is."""
    app = ctx.request_context.lifespan_context
    return Reply(await check_health(app.reader(), app.which(), app.now))


TOOLS = (get_health_check,)
