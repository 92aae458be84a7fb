"""The shared HTTP connection to one Provena: its addresses, one pool, and our errors in place of httpx's."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from provena_mcp import __version__
from provena_mcp.client.http.auth import BearerAuth, TokenProvider
from provena_mcp.client.http.errors_from_http import failure_of
from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.network import NetworkTransport
from provena_mcp.client.http.redaction import QueryHider, scrub
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.http.transport_errors import failure_without_answer, if_ambiguous, if_in_turn
from provena_mcp.client.http.transports import Breaker, surround
from provena_mcp.errors import ArgumentError, ForbiddenError, SettingsError, StoreError
from provena_mcp.settings import Endpoints

_HTTPX_LOGGER: Final = logging.getLogger("httpx")
_HEADERS: Final = {"User-Agent": f"provena-mcp/{__version__}", "Accept-Encoding": "gzip, deflate"}


class Sender(ABC):
    """Sends calls to one Provena, or to a mirror in its place."""

    @abstractmethod
    def open(self) -> None:
        """Open what is needed to send; call once before ``send``."""

    @abstractmethod
    async def close(self) -> None:
        """Close it; calls under way fail."""

    @abstractmethod
    def url_of(self, service: Service) -> str:
        """The base URL of a service, without a trailing slash.

        Raises:
            SettingsError: None is set.
        """

    @abstractmethod
    async def send(self, call: Call) -> httpx.Response:
        """The answer to ``call``, whatever its status.

        Raises:
            UpstreamError: There was no complete answer in time, or the circuit breaker is open.
            StoreError: The embedded Provena cannot read its store.
            AccessError: There is no login, it cannot be renewed, or this client only reads.
            ArgumentError: What is asked is longer than an address may be.
        """

    async def fetch(self, call: Call) -> httpx.Response:
        """The answer to ``call``, which is 2xx.

        Raises:
            ProvenaError: Of the class that tells what went wrong.
        """
        response = await self.send(call)
        if not response.is_success:
            raise failure_of(call, response)
        return response


class Connection(Sender):
    """Sends calls through ``auth`` and ``transports``, each within its total time."""

    def __init__(
        self,
        endpoints: Endpoints,
        tokens: TokenProvider,
        *,
        transport: httpx.AsyncBaseTransport | None,
        limits: ClientLimits,
        clock: Callable[[], float],
        read_only: bool = False,
        breaker: Breaker | None = None,
    ) -> None:
        """Prepare; nothing is opened before ``open``.

        Raises:
            SettingsError: A base URL is not an http(s) address.
        """
        self._base_urls = _base_urls(endpoints)
        self._tokens = tokens
        self._transport = transport
        self._limits = limits
        self._clock = clock
        self._read_only = read_only
        self._breaker = breaker or Breaker()
        self._log_filter = QueryHider()
        self._http: httpx.AsyncClient | None = None

    def open(self) -> None:
        """Open the pool."""
        if self._http is not None:
            raise RuntimeError("This ProvenaClient is already open.")
        _HTTPX_LOGGER.addFilter(self._log_filter)
        limits = self._limits
        network = self._transport or NetworkTransport(limits)
        self._http = httpx.AsyncClient(
            transport=surround(network, limits=limits, clock=self._clock, breaker=self._breaker),
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds, pool=None),
            headers=_HEADERS,
            # One pool serves every caller: a load balancer's cookie for one must not go with another's call.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,  # NetworkTransport reads the environment
        )

    async def close(self) -> None:
        """Close the pool; what is under way fails."""
        http, self._http = self._http, None
        _HTTPX_LOGGER.removeFilter(self._log_filter)
        if http is not None:
            await http.aclose()

    def url_of(self, service: Service) -> str:
        """The base URL of a service; errors as ``Sender`` has them."""
        try:
            return self._base_urls[service]
        except KeyError:
            raise SettingsError(
                f"No address is set for {service}.", advice="Set PROVENA_REALM or PROVENA_KEYCLOAK."
            ) from None

    async def send(self, call: Call) -> httpx.Response:
        """The answer to ``call``, whatever its status; errors as ``Sender`` has them."""
        if self._http is None:
            raise RuntimeError("This ProvenaClient is not open: use it in an 'async with' block.")
        if self._read_only and call.effect == "write":
            raise ForbiddenError(
                f"This server only reads, so nothing was sent: {call.name}.",
                advice="Its operator has set PROVENA_READ_ONLY.",
            )
        deadline = asyncio.get_running_loop().time() + self._limits.total_seconds
        base_url = "" if call.service == "storage" else self.url_of(call.service)
        request = _request(self._http, base_url + call.path, call, deadline)
        auth = None if call.token == "never" else BearerAuth(self._tokens, call)
        try:
            response = await self._http.send(request, auth=auth)
        except httpx.HTTPError as error:
            place = scrub((base_url or call.path).partition("?")[0])
            raise failure_without_answer(call, error, place, self._limits) from error
        except StoreError as error:
            # From the embedded Provena, over a transport without a socket: it failed within what was sent.
            raise (if_in_turn if call.in_turn else if_ambiguous)(call, error) from error
        # It is read. By its stream it would hold itself, body and all, until garbage is looked for.
        response.stream = httpx.ByteStream(b"")
        return response


def _request(http: httpx.AsyncClient, url: str, call: Call, deadline: float) -> httpx.Request:
    upload = call.upload
    files = {upload.field_name: (upload.filename, upload.content, upload.content_type)} if upload else None
    try:
        return http.build_request(
            call.method,
            url,
            params=call.params,
            content=call.body,
            data=call.form,
            files=files,
            headers={"Content-Type": "application/json"} if call.body is not None else None,
            extensions=extensions_of(call, deadline),
        )
    except httpx.InvalidURL:
        raise ArgumentError(
            f"This is longer than an address may be: {call.name}.", advice="Give less text."
        ) from None


def extensions_of(call: Call, deadline: float) -> dict[str, object]:
    """What ``transports`` have to know of ``call``; ``deadline`` is a moment of the event loop's clock."""
    known: dict[str, object] = {
        "service": call.service,
        "purpose": call.name,
        "repeatable": call.effect == "read",
        "deadline": deadline,
    }
    # The path of a presigned address is a secret's other half.
    return known if call.service == "storage" else known | {"path": call.path}


def _base_urls(endpoints: Endpoints) -> dict[Service, str]:
    urls: dict[Service, str | None] = {
        "prov": endpoints.prov,
        "registry": endpoints.registry,
        "job": endpoints.job,
        "search": endpoints.search,
        "auth": endpoints.auth,
        "data": endpoints.data,
        "keycloak": endpoints.keycloak,
    }
    return {service: _checked(service, url) for service, url in urls.items() if url is not None}


def _checked(service: Service, url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL("")
    if parts.scheme not in ("http", "https") or not parts.host or parts.query or parts.fragment:
        name = "PROVENA_KEYCLOAK" if service == "keycloak" else f"PROVENA_{service.upper()}_API"
        raise SettingsError(
            f"The address of {service} is not a base URL: {scrub(url)!r}.",
            advice=f"Set {name} to something like https://{service}-api.example.org.",
        )
    return url.rstrip("/")
