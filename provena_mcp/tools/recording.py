"""Tools that know files again by their content."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.queries.recording import check_inputs as inputs
from provena_mcp.queries.recording import identify_file as files
from provena_mcp.tools.definition import Reply, tool


@tool(title="Identify a file", toolset="recording")
async def identify_file(
    ctx: Context[Application], file: Annotated[str, Field(description="Path (stdio), or SHA-256")]
) -> Reply[files.IdentifyFileResult]:
    """Say what a file is."""
    app = ctx.request_context.lifespan_context
    return Reply(await files.identify_file(app.reader(), app.recordings, file))


@tool(title="Check inputs", toolset="recording")
async def check_inputs(
    ctx: Context[Application],
    files: Annotated[list[str] | None, Field(description="Paths (stdio), or SHA-256s")] = None,
    capture: Annotated[str | None, Field(description="Name of a capture (stdio): its inputs")] = None,
) -> Reply[inputs.CheckInputsResult]:
    """Say whether inputs are fit to be used."""
    app = ctx.request_context.lifespan_context
    return Reply(await inputs.check_inputs(app.reader(), app.recordings, files, capture))


TOOLS = (identify_file, check_inputs)
