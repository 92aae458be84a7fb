"""The network as a transport: through the proxies and with the certificates that the environment names.

What the environment says and cannot be used is an error of the requests it concerns, not of starting up.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import ssl
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import httpx
from socksio.exceptions import SOCKSError

from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.redaction import scrub
from provena_mcp.errors import SettingsError

_LAST_PORT: Final = 65_535
_PORTS: Final = {"http": 80, "https": 443}
# httpx lets through what a SOCKS proxy answers against its protocol, and what names that none can have cause.
_NO_CONNECTION: Final = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError),
    *(SOCKSError, UnicodeError),
)
_ONE: Final = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None)
_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")

_Place = tuple[str, str, int | None]


class ProxyRefused(httpx.ProxyError):
    """A proxy cannot be reached or does not let a request through; ``variable`` is where it is named."""

    def __init__(self, request: httpx.Request, variable: str) -> None:
        """Blame the proxy that ``variable`` names."""
        super().__init__(f"The proxy that {variable} names refused.", request=request)
        self.variable = variable


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the variable that names it."""

    variable: str
    address: httpx.Proxy


class NetworkTransport(httpx.AsyncBaseTransport):
    """Sends each request to its host, or through the proxy that is named for it."""

    def __init__(self, limits: ClientLimits, environ: Mapping[str, str] = os.environ) -> None:
        """Read ``environ`` when the first request is sent; keep idle connections as ``limits`` say."""
        self._lanes = _Lanes(limits.concurrency, limits.keepalive_seconds)
        self._environ = environ
        self._trust: ssl.SSLContext | None = None
        self._trust_none: ssl.SSLContext | None = None
        self._proxy_of: dict[_Place, Proxy | None] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it.

        Raises:
            SettingsError: The environment names a proxy or certificates that cannot be used.
        """
        url = request.url
        if (url.port or 0) > _LAST_PORT:
            raise httpx.ConnectError("There is no such port.", request=request)
        place = (url.scheme, url.host, url.port)
        if place not in self._proxy_of:
            self._proxy_of[place] = proxy_for(url, self._environ)
        proxy = self._proxy_of[place]
        lane = await self._lanes.take(place, lambda: self._opened(url.scheme, proxy and proxy.address))
        try:
            response = await self._sent(lane, request, proxy)
            body = response.stream
            assert isinstance(body, httpx.AsyncByteStream)
        except BaseException:
            await self._lanes.drop(lane)
            raise
        response.stream = _Lent(body, lambda: self._lanes.give_back(lane))
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        await self._lanes.close()

    async def _sent(self, lane: _Lane, request: httpx.Request, proxy: Proxy | None) -> httpx.Response:
        try:
            return await lane.transport.handle_async_request(request)
        except _NO_CONNECTION as error:
            if proxy is not None and not _is_about_certificates(error):
                raise ProxyRefused(request, proxy.variable) from error
            if isinstance(error, httpx.HTTPError):
                raise
            raise httpx.ConnectError("There is no such address.", request=request) from error

    def _opened(self, scheme: str, proxy: httpx.Proxy | None) -> httpx.AsyncHTTPTransport:
        if scheme == "https" or (proxy and proxy.url.scheme == "https"):
            self._trust = self._trust or trusted_certificates(self._environ)
        # Without TLS nothing is verified, and no certificates need to be loaded: each would trust none.
        self._trust_none = self._trust_none or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.AsyncHTTPTransport(
            verify=self._trust or self._trust_none, limits=_ONE, proxy=proxy, trust_env=False
        )


@dataclass(eq=False, slots=True)
class _Lane:
    """A connection to one place, kept in a pool of its own; ``idle_since`` is in the event loop's seconds."""

    place: _Place
    transport: httpx.AsyncHTTPTransport
    idle_since: float = 0.0


class _Lanes:
    """Connections, each of which carries one request at a time; those that are idle are used again.

    A pool looks at each of its connections before and after every request: of sixteen that took longer than
    a small request itself, so each is the only one of its pool. The slots in front bound how many there are,
    but for large answers: each has its own while it waits for room.
    """

    def __init__(self, most_idle: int, seconds: float) -> None:
        self._most_idle = most_idle
        self._seconds = seconds
        # Idle ones in the order in which they became that.
        self._idle: list[_Lane] = []
        self._all: set[_Lane] = set()

    async def take(self, place: _Place, opened: Callable[[], httpx.AsyncHTTPTransport]) -> _Lane:
        """The one to ``place`` that was used last, else one that is ``opened``; those too long idle end."""
        earliest = asyncio.get_running_loop().time() - self._seconds
        while self._idle and (len(self._idle) > self._most_idle or self._idle[0].idle_since <= earliest):
            oldest = self._idle.pop(0)
            self._all.discard(oldest)
            await oldest.transport.aclose()
        if (lane := next((lane for lane in reversed(self._idle) if lane.place == place), None)) is not None:
            self._idle.remove(lane)
        else:
            lane = _Lane(place, opened())
            self._all.add(lane)
        return lane

    def give_back(self, lane: _Lane) -> None:
        """Note that what ``lane`` carried is over."""
        if lane in self._all and lane not in self._idle:
            lane.idle_since = asyncio.get_running_loop().time()
            self._idle.append(lane)

    async def drop(self, lane: _Lane) -> None:
        """End one whose request failed: its pool may take it for busy ever after, as a tunnel half made."""
        self._all.discard(lane)
        with anyio.CancelScope(shield=True):
            await lane.transport.aclose()

    async def close(self) -> None:
        """Close them all."""
        lanes, self._all, self._idle = self._all, set(), []
        for lane in lanes:
            await lane.transport.aclose()


class _Lent(httpx.AsyncByteStream):
    """The body of an answer, whose end is ``told``."""

    def __init__(self, body: httpx.AsyncByteStream, told: Callable[[], None]) -> None:
        self._body = body
        self._told = told

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            self._told()


def trusted_certificates(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """The certificates to trust: SSL_CERT_FILE or SSL_CERT_DIR, else those that come with ``certifi``.

    Raises:
        SettingsError: There are none where the variable points.
    """
    variable = next((name for name in _CERTIFICATES if environ.get(name)), None)
    if variable is None:
        return httpx.create_ssl_context(trust_env=False)
    path = environ[variable]
    try:
        if variable == "SSL_CERT_FILE":
            return ssl.create_default_context(cafile=path)
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        reason = "there is no such folder"
    except ssl.SSLError:
        reason = "it holds no certificate"
    except OSError as error:
        reason = error.strerror or "it cannot be read"
    raise SettingsError(
        f"{variable} names certificates that cannot be used ({path!r}: {reason}).",
        advice=f"Correct {variable}, or unset it.",
    )


def proxy_for(url: httpx.URL, environ: Mapping[str, str] = os.environ) -> Proxy | None:
    """The proxy through which ``url`` is reached; none if it is reached directly.

    Raises:
        SettingsError: One is named, and it is no address of a proxy that can be used.
    """
    if is_excepted(url, environ.get("no_proxy") or environ.get("NO_PROXY") or ""):
        return None
    variable, value = _proxy_setting(url.scheme, environ)
    if not value:
        return None
    try:
        proxy = httpx.Proxy(value if "://" in value else f"http://{value}")
    except (ValueError, httpx.InvalidURL):
        proxy = None
    if proxy is None or not proxy.url.host or (proxy.url.port or 0) > _LAST_PORT:
        raise SettingsError(
            f"{variable} names a proxy that cannot be used: {scrub(value)!r}.",
            advice=f"Set {variable} to something like http://proxy.example.org:8080, or unset it; hosts that "
            "need no proxy go into NO_PROXY.",
        )
    return Proxy(variable, proxy)


def is_excepted(url: httpx.URL, no_proxy: str) -> bool:
    """Whether ``no_proxy`` names the host of ``url``.

    It lists hosts, domains with or without a dot in front, addresses and ranges of addresses, each with
    a port if need be, or ``*`` for all; what is none of these is passed over.
    """
    port = url.port or _PORTS.get(url.scheme)
    return any(
        (entry_port is None or entry_port == port) and _matches(url.host.lower(), pattern)
        for pattern, entry_port in _exceptions(no_proxy)
    )


def _is_about_certificates(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _proxy_setting(scheme: str, environ: Mapping[str, str]) -> tuple[str, str]:
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"):
        # A web server that runs programs puts a request's "Proxy" header into HTTP_PROXY.
        if environ.get(name, "").strip() and not (name == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
            return name, environ[name].strip()
    # Windows and macOS hold settings of their own.
    found = urllib.request.getproxies() if environ is os.environ else {}
    return "The proxy setting of this system", found.get(scheme, "").strip()


def _exceptions(no_proxy: str) -> Iterator[tuple[str, int | None]]:
    """Patterns and ports, if one is given."""
    for entry in no_proxy.replace(",", " ").lower().split():
        host, _, port = entry.rpartition("://")[2].rpartition(":")
        has_port = port.isdecimal() and (":" not in host or host.endswith("]"))
        yield (host, int(port)) if has_port else (entry.rpartition("://")[2], None)


def _matches(host: str, pattern: str) -> bool:
    bare = pattern.replace("[", "").replace("]", "")
    if bare == "*":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")) in ipaddress.ip_network(bare, strict=False)
    except ValueError:
        domain = bare.removeprefix("*").removeprefix(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
