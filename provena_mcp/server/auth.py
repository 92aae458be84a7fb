"""Who calls over HTTP: bearer tokens of the deployment's Keycloak, meant for this server."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from provena_mcp.application import LOCAL_CALLER
from provena_mcp.errors import ForbiddenError, NotLoggedInError
from provena_mcp.issuer import Issuer
from provena_mcp.server.messages import failed, name_in
from provena_mcp.tools.definition import ToolDefinition

ADMIN_ROLE: Final = "entity-registry-admin"

_ROLES: Final = "roles"

logger = logging.getLogger(__name__)


class CallerTokens:
    """Checks callers' tokens: genuine, of this issuer, for this server, valid now."""

    def __init__(self, issuer: Issuer, audience: str) -> None:
        """Accept tokens of ``issuer`` whose audience is ``audience``."""
        self._issuer = issuer
        self._audience = audience

    async def verify_token(self, token: str) -> AccessToken | None:
        """What the token says; none if it is refused.

        Raises:
            UpstreamError: The issuer's keys cannot be had, so that nothing is known of the token.
        """
        try:
            claims = await self._issuer.claims_of(token.strip(), audience=self._audience)
        except NotLoggedInError as error:
            logger.info("%s", error.message)
            return None
        if not claims.sub:
            logger.warning("A token without a subject was refused: give the client Keycloak's 'basic' scope.")
            return None
        return AccessToken(
            token=token.strip(),
            client_id=claims.azp or "",
            scopes=claims.scope.split(),
            expires_at=int(claims.exp or 0),
            resource=self._audience,
            subject=claims.sub,
            claims={"iss": claims.iss, _ROLES: list(claims.roles)},
        )


def current_caller() -> str:
    """A key for whoever is calling, under which their things are kept; another's is worthless to them."""
    return caller_key(get_access_token())


def caller_key(token: AccessToken | None) -> str:
    """The key of a token's owner: the same for all their tokens and clients."""
    if token is None:
        return LOCAL_CALLER
    return f"{(token.claims or {}).get('iss')}|{token.subject}"


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
        token = get_access_token()
        if ctx.method == "tools/call" and token is not None:
            refusal = self._refusal(self.tools.get(name_in(ctx)), token)
            if refusal is not None:
                return failed(ctx, refusal)
        return await call_next(ctx)

    def _refusal(self, tool: ToolDefinition | None, token: AccessToken) -> ForbiddenError | None:
        if tool is None:
            return None
        if tool.effect != "reads" and self.write_scope and self.write_scope not in token.scopes:
            return ForbiddenError(
                f"This host's login lacks the scope {self.write_scope!r}, which {tool.name} needs.",
                advice="Ask the user to log the host in again with that scope, if they want it to write.",
            )
        if tool.toolset == "admin" and ADMIN_ROLE not in (token.claims or {}).get(_ROLES, ()):
            return ForbiddenError(
                f"{tool.name} is for administrators: your login lacks the role {ADMIN_ROLE}.",
                advice="Ask the administrators of this Provena, or somebody who has the role.",
            )
        return None
