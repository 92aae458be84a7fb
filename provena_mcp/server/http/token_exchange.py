"""Provena tokens for callers: each caller's own is exchanged at Keycloak, never passed on (RFC 8693)."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from pydantic import SecretStr

from provena_mcp.client import OAuthClient
from provena_mcp.client.login.keycloak import Keycloak
from provena_mcp.errors import LoginRefusedError, NotLoggedInError, SettingsError
from provena_mcp.queries.cache import BoundedCache

_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
_ENTRIES: Final = 2_000
_AT_MOST_SECONDS: Final = 3_600.0
_RENEW_BEFORE_SECONDS: Final = 30.0
_UNSTATED_SECONDS: Final = 60.0
_OPERATOR: Final = (
    "Tell the operator of this server: its client in Keycloak has to be confidential, with token exchange "
    "switched on and the audience allowed."
)


@dataclass(frozen=True)
class _Exchanged:
    token: SecretStr
    fresh_until: float


class ExchangedTokens:
    """Tokens for Provena in the name of whoever is calling, one exchange for all who wait for it.

    Kept by the caller's token, so that a new token, with other roles perhaps, is exchanged anew.
    """

    def __init__(
        self,
        client: OAuthClient,
        *,
        audience: str | None,
        clock: Callable[[], float] = time.time,
        caller: Callable[[], AccessToken | None] = get_access_token,
    ) -> None:
        """Exchange as ``client``.

        Args:
            client: This server's own, which has a secret.
            audience: Whom the new tokens are for; Keycloak's default if none.
            clock: Unix seconds.
            caller: The verified token of the request under way.
        """
        self._client = client
        self._audience = audience
        self._clock = clock
        self._caller = caller
        self._keycloak: Keycloak | None = None
        self._kept: BoundedCache[str, _Exchanged] = BoundedCache(
            entries=_ENTRIES, seconds=_AT_MOST_SECONDS, clock=clock
        )
        self._under_way: dict[str, asyncio.Task[_Exchanged]] = {}

    def connect(self, keycloak: Keycloak) -> None:
        """Ask through ``keycloak``; ``ProvenaClient`` calls this."""
        self._keycloak = keycloak

    async def disconnect(self) -> None:
        """Give up what is under way: the connection is about to close."""
        for task in self._under_way.values():
            task.cancel()

    async def token(self) -> str | None:
        """A Provena token of the caller.

        Raises:
            NotLoggedInError: Nobody is calling, or their login has ended.
            UpstreamError: Keycloak failed or could not be reached.
        """
        caller = self._caller()
        if caller is None:
            raise NotLoggedInError("Nobody is logged in.", advice="Log in through the MCP host.")
        key = _key(caller)
        kept = self._kept.get(key)
        if kept is None or self._clock() >= kept.fresh_until:
            kept = await self._exchange_once(key, caller)
        return kept.token.get_secret_value()

    async def rejected(self, token: str) -> bool:
        """Forget the caller's ``token``, unless it has been replaced already; another can be had."""
        caller = self._caller()
        if caller is None:
            return False
        kept = self._kept.get(_key(caller))
        if kept is not None and kept.token.get_secret_value() == token:
            self._kept.discard(_key(caller))
        return True

    async def _exchange_once(self, key: str, caller: AccessToken) -> _Exchanged:
        # A task of its own: whoever began it may hang up while others wait.
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._exchange(key, caller))
            task.add_done_callback(lambda done: self._settle(key, done))
        return await asyncio.shield(task)

    def _settle(self, key: str, task: asyncio.Task[_Exchanged]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()

    async def _exchange(self, key: str, caller: AccessToken) -> _Exchanged:
        if self._keycloak is None:
            raise SettingsError("Token exchange needs a Keycloak.", advice="Set PROVENA_KEYCLOAK.")
        fields = {
            "grant_type": _EXCHANGE,
            "subject_token": caller.token,
            "subject_token_type": _ACCESS_TOKEN,
            "requested_token_type": _ACCESS_TOKEN,
        }
        if self._audience:
            fields["audience"] = self._audience
        try:
            grant = await self._keycloak.grant(self._client.form(fields))
        except LoginRefusedError as error:
            raise _explained(error) from None
        lifetime = grant.expires_in if grant.expires_in is not None else _UNSTATED_SECONDS
        fresh_until = self._clock() + lifetime - min(_RENEW_BEFORE_SECONDS, lifetime / 2)
        # No longer than the caller's own: what they were let in with decides when they have to come again.
        exchanged = _Exchanged(grant.access_token, min(fresh_until, caller.expires_at or fresh_until))
        self._kept.put(key, exchanged)
        return exchanged


def _key(caller: AccessToken) -> str:
    return hashlib.sha256(caller.token.encode()).hexdigest()


def _explained(error: LoginRefusedError) -> NotLoggedInError:
    if error.code == "invalid_grant":
        return NotLoggedInError(
            "Your login has ended at Keycloak, so this server can get no token of yours for Provena.",
            advice="Ask the user to log in again through the MCP host.",
            upstream=error.upstream,
        )
    return NotLoggedInError(
        f"Keycloak gives this server no token for Provena in your name ({error.code or 'no reason'}).",
        advice=_OPERATOR,
        upstream=error.upstream,
    )
