"""What serving many users over HTTP adds to the server, from the settings of its operator."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from mcp.server.auth.routes import create_protected_resource_routes
from mcp.server.request_state import RequestStateSecurity
from pydantic import AnyHttpUrl, ValidationError
from starlette.routing import Route

from provena_mcp.client import ClientCredentials, ClientLimits, OAuthClient, TokenProvider, public_transport
from provena_mcp.commands.confirmation.key_value_store import InProcessStore, KeyValueStore
from provena_mcp.errors import SettingsError
from provena_mcp.issuer import Issuer
from provena_mcp.server.callers import current_caller
from provena_mcp.server.http.auth import CallerTokens, Challenge, Login, Scopes
from provena_mcp.server.http.downloads import DownloadStore
from provena_mcp.server.http.limits import Rates, RatesOfProcess
from provena_mcp.server.http.origins import Allowed
from provena_mcp.server.http.paths import MCP_PATH, METADATA_PATH
from provena_mcp.server.http.token_exchange import ExchangedTokens
from provena_mcp.server.identity import NAME, TITLE, WEBSITE
from provena_mcp.server.shared.encryption import Seal, sealing_keys
from provena_mcp.server.shared.redis_store import RedisRates, RedisServer, RedisStore
from provena_mcp.server.shared.sqlite_store import SqliteStore
from provena_mcp.settings import Endpoints, Settings

# Each caller is bounded on their own; this only keeps all of them together from overrunning a deployment.
_MANY_USERS: Final = ClientLimits(concurrency=64)


@dataclass(frozen=True)
class Hosting:
    """The parts that depend on who is calling, and what replicas share.

    Attributes:
        tokens: The login to Provena; none where the embedded one asks for none.
        login: How callers show who they are; none where everybody on this machine may call.
        metadata: Where to log in, for hosts to read (RFC 9728).
        allowed: Under which names and from which pages it may be called.
        rates: Counts each caller's requests.
        close: Closes what is shared, at the end.
    """

    settings: Settings
    url: str
    tokens: TokenProvider | None
    login: Login | None
    metadata: tuple[Route, ...]
    allowed: Allowed
    request_state: RequestStateSecurity
    key_values: KeyValueStore
    rates: Rates
    downloads: DownloadStore
    close: Callable[[], Awaitable[None]]
    caller: Callable[[], str] = current_caller
    limits: ClientLimits = _MANY_USERS


def prepare_hosting(
    settings: Settings,
    *,
    sample: bool,
    host: str,
    port: int,
    clock: Callable[[], float] = time.time,
    to_issuer: httpx.AsyncBaseTransport | None = None,
) -> Hosting:
    """Hosting at ``host`` and ``port`` for ``settings``; ``clock`` gives Unix seconds.

    Raises:
        SettingsError: They contradict each other, or would let strangers act as somebody else.
        StoreError: The shared store cannot be opened.
    """
    url = _url(settings, host, port)
    endpoints = None if sample else settings.endpoints()
    if endpoints is None:
        _require_loopback(host)
    deployment = _deployment(settings, endpoints, url, clock, to_issuer) if endpoints else _NO_DEPLOYMENT
    keys = sealing_keys(settings.http_key)
    shared = _shared(settings, keys, clock)
    return Hosting(
        settings=settings,
        url=url,
        tokens=deployment.tokens,
        login=deployment.login,
        metadata=deployment.metadata,
        allowed=_allowed(settings, url, host),
        request_state=RequestStateSecurity(keys=keys, audience=NAME),
        key_values=shared.key_values,
        rates=shared.rates,
        close=shared.close,
        downloads=DownloadStore(
            shared.key_values, Seal(keys, "document"), url.removesuffix(MCP_PATH), current_caller, clock
        ),
    )


@dataclass(frozen=True)
class _Deployment:
    """Who may call, what clients are told of it, and as whom the deployment is asked."""

    login: Login | None = None
    metadata: tuple[Route, ...] = ()
    tokens: TokenProvider | None = None


_NO_DEPLOYMENT: Final = _Deployment()


def _deployment(
    settings: Settings,
    endpoints: Endpoints,
    url: str,
    clock: Callable[[], float],
    to_issuer: httpx.AsyncBaseTransport | None,
) -> _Deployment:
    keycloak = endpoints.keycloak
    if keycloak is None:
        raise SettingsError(
            "Serving a deployment over HTTP needs its Keycloak, to know who is calling.",
            advice="Set PROVENA_KEYCLOAK, or PROVENA_DOMAIN and PROVENA_REALM.",
        )
    scopes = Scopes(tuple(settings.http_scopes.split()), _write_scope(settings))
    issuer = Issuer(keycloak, clock=clock, transport=public_transport(to_issuer))
    return _Deployment(
        login=Login(CallerTokens(issuer, url), scopes, Challenge(_metadata_url(url))),
        metadata=_metadata(url, keycloak, scopes),
        tokens=_tokens(settings, clock),
    )


def _url(settings: Settings, host: str, port: int) -> str:
    if settings.http_url is None:
        if not is_loopback(host):
            raise SettingsError(
                "Serving others needs the address they reach this server at: their tokens have to name it.",
                advice="Set PROVENA_HTTP_URL, e.g. https://mcp.example.org/mcp.",
            )
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{MCP_PATH}"
    parts = urlsplit(settings.http_url)
    is_private = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not is_private or parts.path != MCP_PATH or parts.query or parts.fragment or parts.username:
        raise SettingsError(
            "PROVENA_HTTP_URL has to be the https address of /mcp, as clients see it.",
            advice="Set it to something like https://mcp.example.org/mcp; http is for loopback only.",
        )
    return settings.http_url


@dataclass(frozen=True)
class _Shared:
    """What replicas share; by default nothing, as there is one process."""

    key_values: KeyValueStore
    rates: Rates
    close: Callable[[], Awaitable[None]]


def _shared(settings: Settings, keys: tuple[str, ...], clock: Callable[[], float]) -> _Shared:
    alone = RatesOfProcess(settings.http_calls_per_minute)
    if settings.http_store is None:
        return _Shared(InProcessStore(clock=clock), alone, _nothing_to_close)
    if settings.http_key is None:
        raise SettingsError(
            "PROVENA_HTTP_STORE is shared by replicas, so they need one key for it.",
            advice="Set PROVENA_HTTP_KEY to the same secret everywhere, e.g. from: openssl rand -hex 32",
        )
    seal = Seal(keys, "shared-store")
    if "://" not in settings.http_store:
        return _Shared(SqliteStore(Path(settings.http_store), seal, clock), alone, _nothing_to_close)
    server = RedisServer(settings.http_store, settings.http_store_password)
    rates = RedisRates(server, settings.http_calls_per_minute, alone)
    return _Shared(RedisStore(server, seal), rates, server.close)


async def _nothing_to_close() -> None:
    """Files are opened and closed for each use."""


def _require_loopback(host: str) -> None:
    if not is_loopback(host):
        raise SettingsError(
            f"The embedded Provena asks nobody who they are, so it is not served at {host}.",
            advice="Serve it on 127.0.0.1, or serve a deployment, whose users log in.",
        )


def _write_scope(settings: Settings) -> str | None:
    return None if settings.read_only else settings.http_write_scope


def _metadata_url(url: str) -> str:
    return f"{url.removesuffix(MCP_PATH)}{METADATA_PATH}{MCP_PATH}"


def _metadata(url: str, keycloak: str, scopes: Scopes) -> tuple[Route, ...]:
    """Where to log in, at the path of the address and, for hosts that look only there, at the root."""
    try:
        (route,) = create_protected_resource_routes(
            resource_url=AnyHttpUrl(url),
            authorization_servers=[AnyHttpUrl(keycloak)],
            scopes_supported=list(scopes.to_write),
            resource_name=TITLE,
            resource_documentation=AnyHttpUrl(WEBSITE),
        )
    except ValidationError:
        raise SettingsError(
            "PROVENA_KEYCLOAK or PROVENA_HTTP_URL is not an address.", advice="Correct it."
        ) from None
    return (route, Route(METADATA_PATH, endpoint=route.endpoint, methods=["GET", "OPTIONS"]))


def _tokens(settings: Settings, clock: Callable[[], float]) -> TokenProvider:
    if settings.access_token or settings.offline_token:
        raise SettingsError(
            "A personal token is set, and over HTTP every caller would act with it.",
            advice="Unset PROVENA_ACCESS_TOKEN and PROVENA_OFFLINE_TOKEN; set PROVENA_CLIENT_ID and "
            "PROVENA_CLIENT_SECRET to a confidential client that may exchange tokens.",
        )
    if settings.client_secret is None:
        raise SettingsError(
            "Serving a deployment over HTTP needs a Keycloak client of this server's own.",
            advice="Set PROVENA_CLIENT_ID and PROVENA_CLIENT_SECRET.",
        )
    if settings.http_login == "exchange":
        client = OAuthClient(settings.client_id, settings.client_secret)
        return ExchangedTokens(client, audience=settings.http_audience, clock=clock)
    if not settings.read_only:
        raise SettingsError(
            "With PROVENA_HTTP_LOGIN=service everybody would write in the name of this server.",
            advice="Set PROVENA_READ_ONLY=true, or use token exchange.",
        )
    return ClientCredentials(client_id=settings.client_id, client_secret=settings.client_secret, clock=clock)


def _allowed(settings: Settings, url: str, host: str) -> Allowed:
    return Allowed(
        hosts=frozenset({urlsplit(url).netloc, *_listed(settings.http_hosts)}),
        # No browser ends an origin with a slash, and people who copy an address do.
        origins=frozenset(origin.removesuffix("/") for origin in _listed(settings.http_origins)),
        on_loopback=is_loopback(host),
    )


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine and nothing else."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
