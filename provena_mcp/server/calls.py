"""What the server's middleware has to know of a call: what it asks for, and whose it is."""

from __future__ import annotations

from typing import Any, Final

from mcp import MCPError
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.types import INTERNAL_ERROR

from provena_mcp.application import LOCAL_CALLER
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


class CallerToken(AccessToken):
    """A token that was found good when it was checked.

    Attributes:
        caller: A key for its owner, the same for all their tokens and clients; what is kept for one is
            worthless to another.
        roles: What the owner may do in Provena.
    """

    caller: str
    roles: tuple[str, ...] = ()


def current_token() -> CallerToken | None:
    """The token of the request under way; none where everybody on this machine may call."""
    token = get_access_token()
    return token if isinstance(token, CallerToken) else None


def current_caller() -> str:
    """The key of whoever is calling."""
    token = current_token()
    return token.caller if token else LOCAL_CALLER
