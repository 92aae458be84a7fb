"""Keycloak's token endpoint (contract 1.2)."""

from __future__ import annotations

from collections.abc import Mapping

from provena_mcp.client.answers import parsed
from provena_mcp.client.calls import Call
from provena_mcp.client.connection import Connection
from provena_mcp.wire.tokens import TokenGrant


class Keycloak:
    """Grants tokens over the shared connection."""

    def __init__(self, connection: Connection) -> None:
        """Ask over ``connection``."""
        self._connection = connection

    async def grant(self, form: Mapping[str, str]) -> TokenGrant:
        """The tokens that a grant's ``form`` earns; sent once, since a refresh token may work only once.

        Raises:
            NotLoggedInError: Keycloak refused.
            UpstreamError: Keycloak failed or could not be reached.
        """
        call = Call(
            service="keycloak",
            method="POST",
            path="/protocol/openid-connect/token",
            name="renew the login",
            effect="start",
            token="never",
            form=form,
        )
        return parsed(call, await self._connection.fetch(call), TokenGrant)
