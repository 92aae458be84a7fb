"""Bearer tokens that Keycloak grants: with an offline token, or a client's own secret.

A login that outlives the process, or that asks a person, is in ``stored_login`` and ``interactive_login``;
``select_login`` picks one for the settings.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final, Protocol, runtime_checkable

from pydantic import SecretStr

from provena_mcp.client.login.keycloak import Clock, Keycloak, OAuthClient
from provena_mcp.errors import SettingsError
from provena_mcp.wire.tokens import TokenGrant

RENEW_BEFORE_SECONDS: Final = 30.0
_LIFETIME_UNSTATED: Final = 60.0
_LAST_RENEWAL_SECONDS: Final = 10.0


@runtime_checkable
class KeycloakUser(Protocol):
    """A provider that asks Keycloak; ``ProvenaClient`` lends it its own connection."""

    def connect(self, keycloak: Keycloak) -> None:
        """Ask through ``keycloak`` from now on."""
        ...

    async def disconnect(self) -> None:
        """Finish or give up what is under way: the connection is about to close."""
        ...


class KeycloakTokens(ABC):
    """Access tokens granted by Keycloak, renewed 30 s before they expire, once for all who wait."""

    def __init__(
        self, *, client_id: str, client_secret: SecretStr | None = None, clock: Clock = time.time
    ) -> None:
        """Ask as ``client_id``; ``clock`` gives seconds."""
        self._client = OAuthClient(client_id, client_secret)
        self._clock = clock
        self._keycloak: Keycloak | None = None
        self._access: SecretStr | None = None
        self._fresh_until = 0.0
        self._ends_at: float | None = None
        self._renewal: asyncio.Task[None] | None = None

    def connect(self, keycloak: Keycloak) -> None:
        """Ask through ``keycloak``; ``ProvenaClient`` calls this."""
        self._keycloak = keycloak

    async def disconnect(self) -> None:
        """Wait a moment for a renewal under way: a token that it rotates must not be lost."""
        if self._renewal is not None:
            await asyncio.wait({self._renewal}, timeout=_LAST_RENEWAL_SECONDS)

    @property
    def ends_at(self) -> float | None:
        """Until when the login can be renewed, in the clock's seconds; none where Keycloak names no end."""
        return self._ends_at

    async def token(self) -> str | None:
        """An access token that stays valid for a while.

        Raises:
            NotLoggedInError: Keycloak does not renew the login any more.
            UpstreamError: Keycloak failed or could not be reached.
        """
        if self._access is None or self._clock() >= self._fresh_until:
            await self._renew_once()
        return self._access.get_secret_value() if self._access else None

    async def rejected(self, token: str) -> bool:
        """Forget ``token`` unless it has been replaced already; another can be had."""
        if self._access is not None and self._access.get_secret_value() == token:
            self._access = None
        return True

    @abstractmethod
    async def _grant(self) -> TokenGrant:
        """A new access token, asked for through ``_ask``."""

    async def _ask(self, fields: Mapping[str, str]) -> TokenGrant:
        return await self._connected().grant(self._client.form(fields))

    def _connected(self) -> Keycloak:
        if self._keycloak is None:
            raise SettingsError(
                "This login is not connected to a Keycloak.",
                advice="Give it to a ProvenaClient, and set PROVENA_REALM or PROVENA_KEYCLOAK.",
            )
        return self._keycloak

    def _keep(self, grant: TokenGrant) -> None:
        lifetime = grant.expires_in if grant.expires_in is not None else _LIFETIME_UNSTATED
        self._access = grant.access_token
        self._fresh_until = self._clock() + lifetime - min(RENEW_BEFORE_SECONDS, lifetime / 2)
        self._ends_at = self._clock() + grant.refresh_expires_in if grant.refresh_expires_in else None

    async def _renew_once(self) -> None:
        # A task of its own: a waiter that is cancelled must not lose a refresh token that has been
        # rotated already.
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())
            self._renewal.add_done_callback(collect)
        await asyncio.shield(self._renewal)

    async def _renew(self) -> None:
        self._keep(await self._grant())


class RefreshToken(KeycloakTokens):
    """A login kept alive by an offline (refresh) token; when Keycloak rotates it, the new one is kept."""

    def __init__(
        self,
        refresh_token: SecretStr,
        *,
        client_id: str,
        client_secret: SecretStr | None = None,
        clock: Clock = time.time,
    ) -> None:
        """Renew with ``refresh_token``."""
        super().__init__(client_id=client_id, client_secret=client_secret, clock=clock)
        self._refresh = SecretStr(refresh_token.get_secret_value().strip())

    async def _grant(self) -> TokenGrant:
        grant = await self._ask(refreshing(self._refresh))
        self._refresh = grant.refresh_token or self._refresh
        return grant


class ClientCredentials(KeycloakTokens):
    """A service's own login, with the client's secret."""

    async def _grant(self) -> TokenGrant:
        return await self._ask({"grant_type": "client_credentials"})


def refreshing(refresh_token: SecretStr) -> dict[str, str]:
    """The form fields of a renewal."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}


def collect(task: asyncio.Task[None]) -> None:
    """Take a task's outcome even if everybody who waited has gone, so that asyncio does not report it."""
    if not task.cancelled():
        task.exception()
