"""What serving many users over HTTP adds to the server, from the settings of its operator."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from mcp.server.auth.settings import AuthSettings
from mcp.server.context import ServerMiddleware
from mcp.server.request_state import RequestStateSecurity
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl, ValidationError

from provena_mcp.client import ClientCredentials, ClientLimits, OAuthClient, TokenProvider, public_transport
from provena_mcp.commands.confirmation.key_value_store import InProcessStore, KeyValueStore
from provena_mcp.errors import SettingsError
from provena_mcp.issuer import Issuer
from provena_mcp.server.auth import CallerTokens, Permissions, current_caller
from provena_mcp.server.downloads import Downloads
from provena_mcp.server.encryption import Seal, sealing_keys
from provena_mcp.server.limits import CallsAtOnce
from provena_mcp.server.shared_store import SharedStore
from provena_mcp.server.token_exchange import ExchangedTokens
from provena_mcp.settings import Settings
from provena_mcp.tools.definition import ToolDefinition

MCP_PATH: Final = "/mcp"

_NAME: Final = "provena"

# Each caller is bounded on their own; this only keeps all of them together from overrunning a deployment.
_MANY_USERS: Final = ClientLimits(concurrency=64)


@dataclass(frozen=True)
class Hosting:
    """The parts that depend on who is calling, and what replicas share.

    Attributes:
        tokens: The login to Provena; none where the embedded one asks for none.
        auth: What callers' tokens must be; none where everybody on this machine may call.
        verifier: Checks them.
    """

    settings: Settings
    url: str
    tokens: TokenProvider | None
    auth: AuthSettings | None
    verifier: CallerTokens | None
    request_state: RequestStateSecurity
    key_values: KeyValueStore
    downloads: Downloads
    security: TransportSecuritySettings
    caller: Callable[[], str] = current_caller
    limits: ClientLimits = _MANY_USERS

    def middleware(self, tools: Mapping[str, ToolDefinition]) -> tuple[ServerMiddleware[Any], ...]:
        """What every message of a caller passes, outermost first."""
        return (
            Permissions(tools, self.settings.http_write_scope),
            CallsAtOnce(at_once=self.settings.http_calls_at_once, caller=self.caller),
        )


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
    endpoints = None if sample else settings.endpoints()
    url = _url(settings, host, port)
    keys = sealing_keys(settings.http_key)
    key_values = _store(settings, keys, clock)
    auth, verifier, tokens = None, None, None
    if endpoints is None:
        _require_loopback(host)
    else:
        keycloak = endpoints.keycloak
        if keycloak is None:
            raise SettingsError(
                "Serving a deployment over HTTP needs its Keycloak, to know who is calling.",
                advice="Set PROVENA_KEYCLOAK, or PROVENA_DOMAIN and PROVENA_REALM.",
            )
        auth = _auth(settings, keycloak, url)
        verifier = CallerTokens(Issuer(keycloak, clock=clock, transport=public_transport(to_issuer)), url)
        tokens = _tokens(settings, clock)
    return Hosting(
        settings=settings,
        url=url,
        tokens=tokens,
        auth=auth,
        verifier=verifier,
        request_state=RequestStateSecurity(keys=keys, audience=_NAME),
        key_values=key_values,
        downloads=Downloads(
            key_values, Seal(keys, "document"), url.removesuffix(MCP_PATH), current_caller, clock
        ),
        security=_security(settings, url, host),
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


def _store(settings: Settings, keys: tuple[str, ...], clock: Callable[[], float]) -> KeyValueStore:
    if settings.http_store is None:
        return InProcessStore(clock=clock)
    if settings.http_key is None:
        raise SettingsError(
            "PROVENA_HTTP_STORE is shared by replicas, so they need one key for it.",
            advice="Set PROVENA_HTTP_KEY to the same secret everywhere, e.g. from: openssl rand -hex 32",
        )
    return SharedStore(settings.http_store, Seal(keys, "shared-store"), clock)


def _require_loopback(host: str) -> None:
    if not is_loopback(host):
        raise SettingsError(
            f"The embedded Provena asks nobody who they are, so it is not served at {host}.",
            advice="Serve it on 127.0.0.1, or serve a deployment, whose users log in.",
        )


def _auth(settings: Settings, keycloak: str, url: str) -> AuthSettings:
    try:
        return AuthSettings(
            issuer_url=AnyHttpUrl(keycloak),
            resource_server_url=AnyHttpUrl(url),
            required_scopes=settings.http_scopes.split(),
            validate_token_resource=True,
        )
    except ValidationError:
        raise SettingsError(
            "PROVENA_KEYCLOAK or PROVENA_HTTP_URL is not an address.", advice="Correct it."
        ) from None


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


def _security(settings: Settings, url: str, host: str) -> TransportSecuritySettings:
    named = [each.strip() for each in settings.http_hosts.split(",") if each.strip()]
    loopback = ["127.0.0.1:*", "localhost:*", "[::1]:*"] if is_loopback(host) else []
    origins = [each.strip() for each in settings.http_origins.split(",") if each.strip()]
    return TransportSecuritySettings(
        allowed_hosts=[urlsplit(url).netloc, *named, *loopback], allowed_origins=origins
    )


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine and nothing else."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
