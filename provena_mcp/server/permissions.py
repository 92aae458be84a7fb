"""What a caller's token opens of the tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from provena_mcp.errors import ForbiddenError
from provena_mcp.server.callers import CallerToken, current_token
from provena_mcp.server.calls import failed, name_in
from provena_mcp.tools.definition import ToolDefinition

ADMIN_ROLE: Final = "entity-registry-admin"


@dataclass(frozen=True)
class Permissions:
    """Refuses tools that the caller's token does not open, before they run.

    Provena decides anyway, by the caller's own token; this keeps what a host was not given the scope
    for from being tried at all.
    """

    tools: Mapping[str, ToolDefinition]
    write_scope: str | None

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Let the message through, or answer a tool call with why not."""
        token = current_token()
        if ctx.method == "tools/call" and token is not None:
            refusal = self._refusal(self.tools.get(name_in(ctx)), token)
            if refusal is not None:
                return failed(ctx, refusal)
        return await call_next(ctx)

    def _refusal(self, tool: ToolDefinition | None, token: CallerToken) -> ForbiddenError | None:
        if tool is None:
            return None
        if tool.effect != "reads" and self.write_scope and self.write_scope not in token.scopes:
            return ForbiddenError(
                lacks_scope(self.write_scope, tool.name),
                advice="Ask the user to log the host in again with that scope, if they want it to write.",
            )
        if tool.toolset == "admin" and ADMIN_ROLE not in token.roles:
            return ForbiddenError(
                f"{tool.name} is for administrators: your login lacks the role {ADMIN_ROLE}.",
                advice="Ask the administrators of this Provena, or somebody who has the role.",
            )
        return None


def lacks_scope(scope: str, tool: str) -> str:
    """Why a login without ``scope`` may not call ``tool``."""
    return f"This login lacks the scope {scope!r}, which {tool} needs."
