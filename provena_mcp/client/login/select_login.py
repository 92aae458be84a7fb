"""Which login the settings describe."""

from __future__ import annotations

import time
from typing import Literal

from provena_mcp.client.http.auth import NoLogin, NoToken, ReadyToken, TokenProvider
from provena_mcp.client.login.interactive_login import InteractiveLogin
from provena_mcp.client.login.keycloak import Clock
from provena_mcp.client.login.login_store import Keyring, LoginStore
from provena_mcp.client.login.stored_login import StoredLogin
from provena_mcp.client.login.token_providers import ClientCredentials, RefreshToken
from provena_mcp.errors import FileRefusedError, SettingsError
from provena_mcp.settings import Settings

# What the login of the person at this machine is good for where the settings hold none.
# stored: it is used; ask: it is used, or else asked for; never: this process serves others too.
Personal = Literal["stored", "ask", "never"]


def token_provider_from(
    settings: Settings,
    *,
    personal: Personal = "stored",
    clock: Clock = time.time,
    keyring: Keyring | None = None,
) -> TokenProvider:
    """The login that ``settings`` describe: an offline token, a ready one, the client's own, else a person's.

    Args:
        settings: What the operator set.
        personal: What the login of the person at this machine is good for.
        clock: Unix seconds.
        keyring: Another keyring than the system's.

    Raises:
        SettingsError: A login needs Keycloak and none is set.
    """
    endpoints = settings.endpoints()
    if endpoints is None:
        return NoToken()
    if settings.access_token and not settings.offline_token:
        return ReadyToken(settings.access_token)
    if settings.offline_token or settings.client_secret:
        return _automatic(settings, endpoints.keycloak, clock)
    if endpoints.keycloak is None:
        return NoToken()
    if personal == "never":
        return NoLogin(
            "This server has no login for Provena: one stored at a desk is not shared with others.",
            "Set PROVENA_CLIENT_ID and PROVENA_CLIENT_SECRET for it.",
        )
    store = LoginStore(endpoints.keycloak, settings.client_id, keyring=keyring)
    stored = StoredLogin(store, client_id=settings.client_id, clock=clock)
    return InteractiveLogin(stored, clock=clock) if personal == "ask" else stored


async def stored_subject(settings: Settings, *, keyring: Keyring | None = None) -> str | None:
    """Whose login the settings describe, as far as it says so itself: nobody is asked."""
    secret = settings.offline_token or settings.access_token
    endpoints = settings.endpoints()
    if secret is None and not settings.client_secret and endpoints and endpoints.keycloak:
        try:
            secret = await LoginStore(endpoints.keycloak, settings.client_id, keyring=keyring).load()
        except FileRefusedError:
            return None
    if secret is None:
        return None
    # What reads tokens is loaded when there is one.
    from provena_mcp.wire.claims import read_claims

    claims = read_claims(secret.get_secret_value())
    return claims.sub if claims else None


def _automatic(settings: Settings, keycloak: str | None, clock: Clock) -> TokenProvider:
    if keycloak is None:
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
