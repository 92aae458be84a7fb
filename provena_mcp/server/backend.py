"""Which Provena is behind the server: a deployment over the network, or the embedded one in process."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from importlib import import_module
from typing import Final
from urllib.parse import urlsplit

import httpx
from anyio import to_thread
from starlette.types import ASGIApp

from provena_mcp.application import MirrorStanding
from provena_mcp.client import (
    ClientLimits,
    NoToken,
    Personal,
    ProvenaClient,
    TokenProvider,
    token_provider_from,
)
from provena_mcp.client.http.connection import Sender
from provena_mcp.client.login.keycloak import Keycloak
from provena_mcp.client.login.token_providers import KeycloakUser
from provena_mcp.client.preparations import PREPARATIONS
from provena_mcp.embedded import EmbeddedProvena
from provena_mcp.embedded.store import resolve_store_path
from provena_mcp.errors import SettingsError, StoreError
from provena_mcp.queries.health import WhichProvena
from provena_mcp.settings import Endpoints, Settings

Around = Callable[[Sender], Sender]

_HOST: Final = "http://embedded.invalid"
_IN_PROCESS: Final = Endpoints(
    prov=f"{_HOST}/prov-api",
    registry=f"{_HOST}/registry-api",
    job=f"{_HOST}/job-api",
    search=f"{_HOST}/search",
    auth=f"{_HOST}/auth-api",
    data=f"{_HOST}/data-api",
)
_HOW_TO_FILL: Final = (
    "Fill it with 'provena-mcp local load FILE' (registry items as JSON), try 'provena-mcp serve --sample', "
    "or point the server at a deployment with PROVENA_DOMAIN and PROVENA_REALM."
)


@dataclass(frozen=True)
class Backend:
    """How to say which Provena answers, and how to reach it.

    Attributes:
        which: What is known of it without asking it.
        client: Opens the way to it.
        subject: Who was logged in at the last request, as their token calls them; none if nobody was.
        mirror: What answers in its place.
        preparations: Steps that make what the first requests need; none of them touches the network.
    """

    which: Callable[[], WhichProvena]
    client: Callable[[], AbstractAsyncContextManager[ProvenaClient]]
    subject: Callable[[], str | None] = lambda: None
    mirror: MirrorStanding | None = None
    preparations: Sequence[Callable[[], object]] = PREPARATIONS


def choose_backend(
    settings: Settings,
    *,
    sample: bool,
    personal: Personal = "stored",
    tokens: TokenProvider | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    limits: ClientLimits | None = None,
    now: Callable[[], float] = time.time,
) -> Backend:
    """The deployment that ``settings`` name, else the embedded Provena (or its sample world).

    Args:
        settings: What the operator set.
        sample: Answer from the shipped sample world instead.
        personal: What the login of the person at this machine is good for at a deployment.
        tokens: Another login to a deployment than the settings describe.
        transport: Another way to a deployment than the network.
        limits: Other deadlines and bounds than the client's usual.
        now: Unix seconds, by which a mirror's age is told.

    Raises:
        SettingsError: A deployment is half configured.
    """
    endpoints = None if sample else settings.endpoints()
    if endpoints is None:
        if settings.mirror and not sample:
            raise SettingsError(
                "PROVENA_MIRROR is of a deployment, and none is set.",
                advice="Set PROVENA_DOMAIN and PROVENA_REALM too, or unset PROVENA_MIRROR.",
            )
        return _embedded(
            EmbeddedProvena.sample(settings.store) if sample else EmbeddedProvena(settings.store),
            read_only=settings.read_only,
        )
    deployment = partial(
        *(deployment_backend, endpoints, settings),
        **{"personal": personal, "tokens": tokens, "transport": transport, "limits": limits},
    )
    if settings.mirror is None:
        return deployment()
    # Few have a mirror; what answers from one takes time to load.
    from provena_mcp.mirror.mirror import Mirror
    from provena_mcp.server.mirror_backend import mirrored_backend

    return mirrored_backend(Mirror(settings.mirror, endpoints.registry, clock=now), settings, deployment)


def describe_backend(settings: Settings) -> WhichProvena:
    """Which Provena ``settings`` name; an embedded store that is not there yet is not made.

    Raises:
        SettingsError: A deployment is half configured.
        StoreError: The embedded store cannot be opened.
    """
    if settings.endpoints() is None:
        file = resolve_store_path(settings.store)
        if not file.exists():
            return WhichProvena(kind="embedded", where=str(file), items=0, advice=_HOW_TO_FILL)
        return _describe(EmbeddedProvena(settings.store))
    return choose_backend(settings, sample=False).which()


def _describe(provena: EmbeddedProvena) -> WhichProvena:
    count = provena.count_items()
    return WhichProvena(
        kind="sample" if provena.is_sample else "embedded",
        where=provena.where,
        items=count,
        advice=None if count else _HOW_TO_FILL,
    )


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
    which = WhichProvena(kind="deployment", where=settings.domain or urlsplit(endpoints.prov).netloc)
    observed = _Observed(tokens or token_provider_from(settings, personal=personal))
    limits = limits or ClientLimits()

    def client() -> ProvenaClient:
        return ProvenaClient(
            endpoints,
            tokens=observed,
            transport=transport,
            limits=limits,
            read_only=settings.read_only,
            around=around,
        )

    return Backend(which=lambda: which, client=client, subject=lambda: observed.subject)


class _Observed:
    """A login that remembers whose token it gave last."""

    def __init__(self, tokens: TokenProvider) -> None:
        self._tokens = tokens
        self._last: str | None = None
        self.subject: str | None = None

    async def token(self) -> str | None:
        token = await self._tokens.token()
        if token != self._last:
            # What reads tokens is loaded when there is one.
            from provena_mcp.wire.claims import read_claims

            claims = read_claims(token) if token else None
            self._last, self.subject = token, claims.sub if claims else None
        return token

    async def rejected(self, token: str) -> bool:
        return await self._tokens.rejected(token)

    def connect(self, keycloak: Keycloak) -> None:
        if isinstance(self._tokens, KeycloakUser):
            self._tokens.connect(keycloak)

    async def disconnect(self) -> None:
        if isinstance(self._tokens, KeycloakUser):
            await self._tokens.disconnect()


def _embedded(provena: EmbeddedProvena, *, read_only: bool) -> Backend:
    def which() -> WhichProvena:
        try:
            return _describe(provena)
        except StoreError as error:
            # The server starts all the same: every call says what is wrong.
            kind = "sample" if provena.is_sample else "embedded"
            return WhichProvena(kind=kind, where=provena.where, advice=f"{error.message} {error.advice}")

    @asynccontextmanager
    async def client() -> AsyncGenerator[ProvenaClient]:
        async with (
            provena.on_demand() as app,
            ProvenaClient(
                _IN_PROCESS, tokens=NoToken(), transport=_InProcess(app, provena), read_only=read_only
            ) as in_process,
        ):
            yield in_process

    app = partial(import_module, "provena_mcp.embedded.app")
    return Backend(which=which, client=client, preparations=(app, *PREPARATIONS))


class _InProcess(httpx.ASGITransport):
    """The way to the embedded Provena; a store that is not usable is the operator's matter, not its fault."""

    def __init__(self, app: ASGIApp, provena: EmbeddedProvena) -> None:
        # What fails unforeseen is a 500 as over a socket.
        super().__init__(app=app, raise_app_exceptions=False)
        self._provena = provena

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            # Raises if the store cannot be read, with what to do about it.
            await to_thread.run_sync(self._provena.count_items)
        return answer
