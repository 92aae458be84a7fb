"""The shared connection to one Provena: pool, deadlines, concurrency, login, repeats."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from provena_mcp import __version__
from provena_mcp.client.http.breaker import Breaker
from provena_mcp.client.http.errors_from_http import failure_of, is_token_refused, login_ran_out
from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.redaction import QueryHider, scrub
from provena_mcp.client.http.request import Answer, Call, Service
from provena_mcp.client.http.retries import (
    is_down,
    is_transient,
    never_left,
    pause_before_repeat,
    seconds_to_wait,
)
from provena_mcp.client.http.tracing import upstream_span
from provena_mcp.client.http.transport_errors import deadline_failure, malformed, too_large, transport_failure
from provena_mcp.client.login.token_providers import TokenProvider
from provena_mcp.errors import ForbiddenError, NotLoggedInError, ProvenaError, SettingsError
from provena_mcp.settings import Endpoints

_HTTPX_LOGGER: Final = logging.getLogger("httpx")


@dataclass
class _Journey:
    """How far a call has come, for telling what a deadline means."""

    sent: bool = False
    last_failure: ProvenaError | None = None
    is_down: bool = False


class Connection:
    """Sends calls, as many at once as allowed, each within its deadlines."""

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
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._log_filter = QueryHider()
        self._http: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Open the pool."""
        if self._http is not None:
            raise RuntimeError("This ProvenaClient is already open.")
        _HTTPX_LOGGER.addFilter(self._log_filter)
        limits = self._limits
        self._http = httpx.AsyncClient(
            transport=self._transport,
            timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds, pool=None),
            limits=httpx.Limits(
                max_connections=None,  # the slots bound them
                max_keepalive_connections=limits.concurrency,
                keepalive_expiry=limits.keepalive_seconds,
            ),
            headers={"User-Agent": f"provena-mcp/{__version__}", "Accept-Encoding": "gzip, deflate"},
            # One pool serves every caller: a load balancer's cookie for one must not go with another's call.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close the pool; what is under way fails."""
        http, self._http = self._http, None
        _HTTPX_LOGGER.removeFilter(self._log_filter)
        if http is not None:
            await http.aclose()

    def url_of(self, service: Service) -> str:
        """The base URL of a service, without a trailing slash.

        Raises:
            SettingsError: None is set.
        """
        try:
            return self._base_urls[service]
        except KeyError:
            raise SettingsError(
                f"No address is set for {service}.", advice="Set PROVENA_REALM or PROVENA_KEYCLOAK."
            ) from None

    async def fetch(self, call: Call) -> Answer:
        """The answer to ``call``, which is 2xx.

        Raises:
            ProvenaError: Of the class that tells what went wrong.
        """
        answer = await self.send(call)
        if not answer.is_success:
            raise failure_of(call, answer)
        return answer

    async def send(self, call: Call) -> Answer:
        """The answer to ``call``, whatever its status; 502, 503 and 504 are errors after the last try.

        Raises:
            UpstreamError: There was no complete answer in time, or the service is being left alone.
            AccessError: There is no login, it cannot be renewed, or this client only reads.
        """
        if self._read_only and call.effect == "write":
            raise ForbiddenError(
                f"This server only reads, so nothing was sent: {call.name}.",
                advice="Its operator has set PROVENA_READ_ONLY.",
            )
        journey = _Journey()
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._logged_in(call, journey)
        except TimeoutError:
            if journey.sent or journey.is_down:
                self._breaker.failed(call.service)
            if journey.last_failure is not None and not journey.sent:
                raise journey.last_failure from None
            raise deadline_failure(call, self._limits.total_seconds, sent=journey.sent) from None

    async def _logged_in(self, call: Call, journey: _Journey) -> Answer:
        token = await self._token_for(call)
        answer = await self._repeated(call, token, journey)
        if not (token and is_token_refused(answer) and await self._tokens.rejected(token)):
            return answer
        if call.effect != "read":
            raise login_ran_out(call)
        return await self._repeated(call, await self._token_for(call), journey)

    async def _repeated(self, call: Call, token: str | None, journey: _Journey) -> Answer:
        with self._breaker.watch(call.service, lambda: journey.is_down):
            return await self._tried(call, token, journey)

    async def _tried(self, call: Call, token: str | None, journey: _Journey) -> Answer:
        from stamina import AsyncRetryingCaller  # 12 ms that no start-up has to wait for

        limits = self._limits
        retrying = AsyncRetryingCaller(
            attempts=limits.attempts,
            timeout=None,  # the total deadline bounds the pauses too
            wait_initial=limits.pause_seconds,
            wait_max=limits.longest_pause_seconds,
            wait_jitter=limits.jitter_seconds,
        )
        return await retrying(partial(pause_before_repeat, call, limits), self._try, call, token, journey)

    async def _try(self, call: Call, token: str | None, journey: _Journey) -> Answer:
        try:
            with upstream_span(call) as span:
                answer = await self._exchange(call, token, journey)
                span.set_attribute("http.response.status_code", answer.status)
            journey.is_down = is_down(answer)
            if is_transient(answer):
                raise failure_of(call, answer)
        except ProvenaError as failure:
            journey.last_failure, journey.sent = failure, False
            raise
        return answer

    async def _token_for(self, call: Call) -> str | None:
        if call.token == "never":
            return None
        try:
            token = await self._tokens.token()
        except ProvenaError:
            if call.token == "welcome":
                return None
            raise
        if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
            raise NotLoggedInError(
                "The access token holds characters that no token has.",
                advice="Copy it again, without quotes or line breaks.",
            )
        return token or None

    async def _exchange(self, call: Call, token: str | None, journey: _Journey) -> Answer:
        if self._http is None:
            raise RuntimeError("This ProvenaClient is not open: use it in an 'async with' block.")
        base_url = "" if call.service == "storage" else self.url_of(call.service)
        async with self._slots:
            journey.sent = True
            try:
                async with self._http.stream(
                    call.method,
                    base_url + call.path,
                    params=call.params,
                    content=call.body,
                    data=call.form,
                    files=_files(call),
                    headers=_headers(call, token),
                ) as response:
                    body = await self._body(call, response)
            except httpx.HTTPError as error:
                journey.sent = not never_left(error)
                journey.is_down = True
                raise transport_failure(call, error, _place(base_url or call.path)) from error
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=body,
            retry_after=seconds_to_wait(response.headers.get("retry-after"), self._clock()),
            token_sent=token,
        )

    async def _body(self, call: Call, response: httpx.Response) -> bytes:
        """The whole body, decompressed; the size is counted after decompression."""
        chunks: list[bytes] = []
        size = 0
        try:
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > self._limits.max_body_bytes:
                    raise too_large(call, self._limits.max_body_bytes)
                chunks.append(chunk)
        except (httpx.DecodingError, httpx.RemoteProtocolError, httpx.ReadError) as error:
            raise malformed(call, "it broke off or is damaged") from error
        return b"".join(chunks)


def _place(url: str) -> str:
    """A URL as it may be shown: without user and query."""
    return scrub(url.partition("?")[0])


def _headers(call: Call, token: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json"} if call.body is not None else {}
    return headers | ({"Authorization": f"Bearer {token}"} if token else {})


def _files(call: Call) -> dict[str, tuple[str, bytes, str]] | None:
    upload = call.upload
    if upload is None:
        return None
    return {upload.field_name: (upload.filename, upload.content, upload.content_type)}


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
