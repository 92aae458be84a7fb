"""A deployment over the network, and who was logged in there last."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from urllib.parse import urlsplit

import httpx

from provena_mcp.client.http.auth import RememberedTokens, TokenProvider
from provena_mcp.client.http.connection import Sender
from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.login.keycloak import Keycloak
from provena_mcp.client.login.select_login import Personal, token_provider_from
from provena_mcp.client.login.token_providers import KeycloakUser
from provena_mcp.client.provena import ProvenaClient
from provena_mcp.queries.which_provena import WhichProvena
from provena_mcp.server.backend import Backend, OnDemand
from provena_mcp.settings import Endpoints, Settings

Around = Callable[[Sender], Sender]


def deployment_backend(
    endpoints: Endpoints,
    settings: Settings,
    *,
    personal: Personal = "stored",
    tokens: TokenProvider | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    limits: ClientLimits | None = None,
    around: Around = lambda connection: connection,
) -> Backend:
    """The deployment at ``endpoints``; see ``choose_backend``, and ``ProvenaClient`` for ``around``."""
    # Without it the first request of all would wait for what opens connections to be loaded.
    import_module("httpcore")
    which = WhichProvena(kind="deployment", where=settings.domain or urlsplit(endpoints.prov).netloc)
    observed = _Observed(tokens or token_provider_from(settings, personal=personal))
    limits = limits or ClientLimits()

    @asynccontextmanager
    async def client() -> AsyncGenerator[OnDemand]:
        async with ProvenaClient(
            endpoints,
            tokens=observed,
            transport=transport,
            limits=limits,
            read_only=settings.read_only,
            around=around,
        ) as made:
            yield lambda: made

    return Backend(which=lambda: which, client=client, subject=lambda: observed.subject)


class _Observed(RememberedTokens):
    """A login that knows who was logged in last."""

    def __init__(self, tokens: TokenProvider) -> None:
        super().__init__(tokens)
        self._read: str | None = None
        self._subject: str | None = None

    @property
    def subject(self) -> str | None:
        """Whose the last token was, as it says itself; read once a token."""
        if self.last != self._read:
            # What reads tokens is loaded when there is one.
            from provena_mcp.wire.claims import read_claims

            claims = read_claims(self.last) if self.last else None
            self._read, self._subject = self.last, claims.sub if claims else None
        return self._subject

    def connect(self, keycloak: Keycloak) -> None:
        if isinstance(self._tokens, KeycloakUser):
            self._tokens.connect(keycloak)

    async def disconnect(self) -> None:
        if isinstance(self._tokens, KeycloakUser):
            await self._tokens.disconnect()
