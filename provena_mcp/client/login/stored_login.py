"""A person's login on this machine: kept between runs, renewed when needed, shared by processes."""

from __future__ import annotations

import time
from typing import Final

from pydantic import SecretStr

from provena_mcp.client.http.errors_from_http import LOG_IN
from provena_mcp.client.login.keycloak import Clock, Keycloak, OAuthClient
from provena_mcp.client.login.login_store import LoginStore
from provena_mcp.client.login.token_providers import KeycloakTokens, refreshing
from provena_mcp.errors import FileRefusedError, LoginRefusedError, NotLoggedInError
from provena_mcp.wire.tokens import TokenGrant

_OVER: Final = "invalid_grant"


class StoredLogin(KeycloakTokens):
    """The login that ``provena-mcp login`` has left; nothing is read before a token is asked for."""

    def __init__(self, store: LoginStore, *, client_id: str, clock: Clock = time.time) -> None:
        """Renew what ``store`` holds as ``client_id``; ``clock`` gives seconds."""
        super().__init__(client_id=client_id, clock=clock)
        self._store = store

    @property
    def oauth_client(self) -> OAuthClient:
        """As whom Keycloak is asked."""
        return self._client

    @property
    def keycloak(self) -> Keycloak:
        """The Keycloak of the client this login was given to.

        Raises:
            SettingsError: It was given to none.
        """
        return self._connected()

    async def accept(self, grant: TokenGrant) -> str | None:
        """Begin the login that ``grant`` holds; says where it is kept, none if it ends with this process.

        Raises:
            FileRefusedError: It cannot be kept.
        """
        self._keep(grant)
        if grant.refresh_token is None:
            return None
        async with self._store.turn():
            return await self._store.save(grant.refresh_token)

    async def end(self) -> bool:
        """Forget the login here, then end its session at Keycloak; whether there was one.

        Raises:
            UpstreamError: It is forgotten, but Keycloak failed or could not be reached.
        """
        self._access = None
        async with self._store.turn():
            try:
                refresh_token = await self._store.load()
            except FileRefusedError:
                refresh_token = None
            await self._store.clear()
        if refresh_token is None:
            return False
        form = {"token": refresh_token.get_secret_value(), "token_type_hint": "refresh_token"}
        await self.keycloak.revoke(self._client.form(form))
        return True

    async def _grant(self) -> TokenGrant:
        async with self._store.turn():
            refresh_token = await self._store.load()
            if refresh_token is None:
                raise NotLoggedInError("Nobody is logged in to this Provena here.", advice=LOG_IN)
            return await self._renewed(refresh_token)

    async def _renewed(self, refresh_token: SecretStr) -> TokenGrant:
        try:
            grant = await self._ask(refreshing(refresh_token))
        except LoginRefusedError as error:
            if error.code == _OVER:
                await self._store.clear()
            raise
        if grant.refresh_token and grant.refresh_token != refresh_token:
            await self._store.save(grant.refresh_token)
        return grant
