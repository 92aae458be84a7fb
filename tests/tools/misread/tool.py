"""A tool that reads what an assistant gives it for the answer of a service."""

from typing import Any

from mcp.server.mcpserver import Context
from pydantic import BaseModel

from provena_mcp.tools.definition import Reply, ToolDefinition
from provena_mcp.wire.registry import SearchHit


class Read(BaseModel):
    """What was read."""

    hit: str


async def read(ctx: Context[Any], answer: str, times: int = 1) -> Reply[Read]:
    """Take an answer for a hit."""
    del ctx
    return Reply(Read(hit=SearchHit.model_validate_json(answer * times).id))


MISREAD = ToolDefinition(
    name="misread", title="Misread", toolset="registry", effect="reads", load=lambda: read
)
