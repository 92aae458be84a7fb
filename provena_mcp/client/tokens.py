"""Where bearer tokens come from; asked before every request.

Secrets live in ``SecretStr`` and in memory only. An interactive login, or one login per caller,
is another ``TokenProvider``.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from pydantic import SecretStr

from provena_mcp.errors import SettingsError
from provena_mcp.settings import Settings
from provena_mcp.wire.tokens import TokenGrant

Clock = Callable[[], float]
GrantTokens = Callable[[Mapping[str, str]], Awaitable[TokenGrant]]

RENEW_BEFORE_SECONDS: Final = 30.0
_LIFETIME_UNSTATED: Final = 60.0


class TokenProvider(Protocol):
    """Gives the bearer token of whoever is calling."""

    async def token(self) -> str | None:
        """The token for the next request; none for a Provena that asks for no login.

        Raises:
            AccessError: There is no login, or it cannot be renewed.
        """
        ...

    async def rejected(self, token: str) -> bool:
        """Note that a service refused ``token`` itself; says whether another may now be had."""
        ...


class NoToken:
    """No login: the embedded Provena asks for none."""

    async def token(self) -> str | None:
        """None, always."""
        return None

    async def rejected(self, token: str) -> bool:
        """There is no other."""
        return False


class ReadyToken:
    """One access token, used until it expires."""

    def __init__(self, token: SecretStr) -> None:
        """Use ``token`` as it is, but for white space around it."""
        self._token = SecretStr(token.get_secret_value().strip())

    async def token(self) -> str | None:
        """The token."""
        return self._token.get_secret_value()

    async def rejected(self, token: str) -> bool:
        """There is no other."""
        return False


class KeycloakTokens(ABC):
    """Access tokens granted by Keycloak, renewed 30 s before they expire, once for all who wait."""

    def __init__(
        self, *, client_id: str, client_secret: SecretStr | None = None, clock: Clock = time.time
    ) -> None:
        """Ask as ``client_id``; ``clock`` gives seconds."""
        self._client = {"client_id": client_id}
        self._client_secret = client_secret
        self._clock = clock
        self._grant_tokens: GrantTokens | None = None
        self._access: SecretStr | None = None
        self._fresh_until = 0.0
        self._renewal: asyncio.Task[None] | None = None

    def connect(self, grant_tokens: GrantTokens) -> None:
        """Ask Keycloak through ``grant_tokens``; ``ProvenaClient`` calls this with its own connection."""
        self._grant_tokens = grant_tokens

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
    def _form(self) -> dict[str, str]:
        """The grant's own form fields."""

    def _keep(self, grant: TokenGrant) -> None:
        lifetime = grant.expires_in if grant.expires_in is not None else _LIFETIME_UNSTATED
        self._access = grant.access_token
        self._fresh_until = self._clock() + lifetime - min(RENEW_BEFORE_SECONDS, lifetime / 2)

    async def _renew_once(self) -> None:
        # A task of its own: a waiter that is cancelled must not lose a refresh token that has been
        # rotated already.
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())
            self._renewal.add_done_callback(_collect)
        await asyncio.shield(self._renewal)

    async def _renew(self) -> None:
        if self._grant_tokens is None:
            raise SettingsError(
                "This login is not connected to a Keycloak.",
                advice="Give it to a ProvenaClient, and set PROVENA_REALM or PROVENA_KEYCLOAK.",
            )
        form = self._client | self._form()
        if self._client_secret:
            form["client_secret"] = self._client_secret.get_secret_value()
        self._keep(await self._grant_tokens(form))


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

    def _form(self) -> dict[str, str]:
        return {"grant_type": "refresh_token", "refresh_token": self._refresh.get_secret_value()}

    def _keep(self, grant: TokenGrant) -> None:
        super()._keep(grant)
        self._refresh = grant.refresh_token or self._refresh


class ClientCredentials(KeycloakTokens):
    """A service's own login, with the client's secret."""

    def _form(self) -> dict[str, str]:
        return {"grant_type": "client_credentials"}


def token_provider_from(settings: Settings, *, clock: Clock = time.time) -> TokenProvider:
    """The login that ``settings`` describe: an offline token, else a ready one, else the client's own.

    Raises:
        SettingsError: A login needs Keycloak and none is set.
    """
    if settings.is_embedded:
        return NoToken()
    if settings.access_token and not settings.offline_token:
        return ReadyToken(settings.access_token)
    if not (settings.offline_token or settings.client_secret):
        return NoToken()
    endpoints = settings.endpoints()
    if endpoints is None or endpoints.keycloak is None:
        raise SettingsError(
            "PROVENA_OFFLINE_TOKEN and PROVENA_CLIENT_SECRET need a Keycloak to renew the login.",
            advice="Set PROVENA_KEYCLOAK, or PROVENA_DOMAIN and PROVENA_REALM.",
        )
    if settings.offline_token:
        return RefreshToken(
            settings.offline_token,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            clock=clock,
        )
    return ClientCredentials(client_id=settings.client_id, client_secret=settings.client_secret, clock=clock)


def _collect(renewal: asyncio.Task[None]) -> None:
    """Take the outcome even if every waiter has gone, so that asyncio does not report it."""
    if not renewal.cancelled():
        renewal.exception()
