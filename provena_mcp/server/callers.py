"""Who calls over HTTP: the token that was checked when the request came in."""

from __future__ import annotations

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken

from provena_mcp.application import LOCAL_CALLER


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
