"""What the server's middleware has to know of a client's messages."""

from __future__ import annotations

from typing import Any, Final

from mcp import MCPError
from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.types import INTERNAL_ERROR

from provena_mcp.errors import ProvenaError
from provena_mcp.next_call import naming_tools
from provena_mcp.tools.error_results import failure_result

MCP_PATH: Final = "/mcp"

COSTLY: Final = frozenset({"tools/call", "resources/read", "prompts/get", "completion/complete"})
"""The methods that ask Provena; the others answer from memory."""


def name_in(ctx: ServerRequestContext[Any, Any]) -> str:
    """The tool or prompt that a message names."""
    return str((ctx.params or {}).get("name", ""))


def failed(ctx: ServerRequestContext[Any, Any], error: ProvenaError) -> HandlerResult:
    """``error`` as the model sees it: of a tool call the result.

    Raises:
        MCPError: It was no tool call, so that only the protocol can tell.
    """
    if ctx.method == "tools/call":
        return failure_result(error, name_in(ctx))
    raise MCPError(code=INTERNAL_ERROR, message=f"{error.message} {naming_tools(error.advice)}".strip())
