"""Concurrency, tracing, retries and the circuit breaker, each an httpx transport; ``surround`` nests them.

Outermost first:

    BreakerTransport   leaves a service alone that keeps failing
    RetryTransport     sends again what failed in passing and cannot happen twice
    TracingTransport   makes each try an OpenTelemetry span
    SlotTransport      lets so many be under way at once until their deadlines, and reads answers whole

They know a request by its ``extensions``, each of which may be missing: ``service`` and ``purpose`` name it;
``path`` is what may be shown of its address; ``repeatable`` says whether it changes nothing (by default a
GET); ``deadline`` is when it ends, in the event loop's seconds, put off while a large answer waits for room.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import httpx
from opentelemetry import trace

from provena_mcp.client.http.large_bodies import LargeBodies, LargeBody
from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.retries import DOWN, pause_before_repeat, seconds_to_wait
from provena_mcp.client.http.room import UNDER_WAY, Room
from provena_mcp.client.http.transport_errors import BodyBroken, BodyTooLarge, DeadlineReached, left_alone

_TRACER: Final = trace.get_tracer("provena_mcp")
# What described the body as it travelled is no longer true of what has been read.
_AS_IT_TRAVELLED: Final = ("content-encoding", "content-length", "transfer-encoding")
_KEPT: Final = ("http_version", "reason_phrase")


class _Around(httpx.AsyncBaseTransport):
    """A transport around another."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass
class _Circuit:
    """Failures since the last answer, and until when nothing is sent."""

    failures: int = 0
    open_until: float = float("-inf")
    is_trying: bool = False


class Breaker:
    """Counts requests that end without an answer of the service itself; such an answer closes its circuit.

    After 8 in a row nothing is sent to the service for 10 s; then one request tries it, and its answer or
    failure decides for all. A request that its caller gives up does not count: that another one failed, or a
    user lost patience, says nothing of the service. One that hangs is known by those that wait in vain
    until their deadline.
    """

    _FAILURES: Final = 8
    _OPEN_SECONDS: Final = 10.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """All closed; ``clock`` gives seconds."""
        self._clock = clock
        self._circuits: dict[str, _Circuit] = {}

    def enter(self, service: str) -> bool:
        """Let a request to ``service`` pass; whether it is the one that tries whether the service is back.

        Raises:
            UnavailableError: Its circuit is open, so nothing may be sent.
        """
        circuit = self._circuits.get(service)
        if circuit is None or circuit.failures < self._FAILURES:
            return False
        left = circuit.open_until - self._clock()
        if left > 0 or circuit.is_trying:
            raise left_alone(service, circuit.failures, retry_after=max(round(left, 1), 1.0))
        circuit.is_trying = True
        return True

    def answered(self, service: str) -> None:
        """Note an answer of the service itself."""
        self._circuits.pop(service, None)

    def failed(self, service: str) -> None:
        """Note a request that ended without one."""
        circuit = self._circuits.setdefault(service, _Circuit())
        circuit.failures += 1
        circuit.is_trying = False
        if circuit.failures >= self._FAILURES:
            circuit.open_until = self._clock() + self._OPEN_SECONDS

    def given_up(self, service: str) -> None:
        """Note that whoever tried went away before there was an answer: the next one tries."""
        if circuit := self._circuits.get(service):
            circuit.is_trying = False


class BreakerTransport(_Around):
    """Sends nothing to a service whose circuit is open, and tells the breaker how each request ended."""

    def __init__(self, inner: httpx.AsyncBaseTransport, breaker: Breaker) -> None:
        """Ask ``breaker`` before ``inner``."""
        super().__init__(inner)
        self._breaker = breaker

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, unless the circuit is open.

        Raises:
            UnavailableError: It is.
        """
        service = str(request.extensions.get("service", request.url.host))
        settle = self._breaker.given_up if self._breaker.enter(service) else None
        try:
            response = await self._inner.handle_async_request(request)
            settle = self._breaker.failed if response.status_code in DOWN else self._breaker.answered
        except httpx.DecodingError:
            settle = self._breaker.answered
            raise
        except httpx.HTTPError as error:
            if not isinstance(error, DeadlineReached) or error.sent:
                settle = self._breaker.failed
            raise
        finally:
            if settle:
                settle(service)
        return response


class RetryTransport(_Around):
    """Sends a request again, after a pause, while ``pause_before_repeat`` allows it.

    A response leaves with an extension ``retry_after``, the seconds its service asked to wait, if it did.
    """

    def __init__(
        self, inner: httpx.AsyncBaseTransport, limits: ClientLimits, clock: Callable[[], float]
    ) -> None:
        """Repeat within ``limits``; ``clock`` gives Unix seconds, for dates in Retry-After."""
        super().__init__(inner)
        self._limits = limits
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The last try's response; its failure is raised."""
        previous: httpx.Response | httpx.HTTPError | None = None
        attempt = 1
        while True:
            outcome = await self._tried(request)
            if previous is not None and isinstance(outcome, DeadlineReached) and not outcome.sent:
                outcome = previous
                break
            is_success = isinstance(outcome, httpx.Response) and outcome.is_success
            if is_success or attempt >= self._limits.attempts:
                break
            if (pause := pause_before_repeat(request, outcome, attempt, self._limits)) is None:
                break
            await asyncio.sleep(pause)
            previous = outcome
            attempt += 1
        if isinstance(outcome, httpx.HTTPError):
            try:
                raise outcome
            finally:
                # This frame is part of what it raises, and must not keep that, and an answer with it, alive.
                del outcome, previous
        return outcome

    async def _tried(self, request: httpx.Request) -> httpx.Response | httpx.HTTPError:
        try:
            response = await self._inner.handle_async_request(request)
        except httpx.HTTPError as error:
            return error
        if (header := response.headers.get("retry-after")) is not None:
            response.extensions["retry_after"] = seconds_to_wait(header, self._clock())
        return response


class TracingTransport(_Around):
    """A span for each try: its service, path and purpose, never what it carries.

    Without a configured OpenTelemetry SDK spans cost and send nothing.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, tracer: trace.Tracer = _TRACER) -> None:
        """Start spans with ``tracer``."""
        super().__init__(inner)
        self._tracer = tracer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it within a span, which holds the status or the class of the failure."""
        known = request.extensions
        service = str(known.get("service", request.url.host))
        attributes = {"provena.service": service, "http.request.method": request.method}
        if "path" in known:
            attributes["url.path"] = str(known["path"])
        with self._tracer.start_as_current_span(
            f"{service}: {known.get('purpose', request.method)}",
            kind=trace.SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                response = await self._inner.handle_async_request(request)
            except httpx.HTTPError as error:
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise
            span.set_attribute("http.response.status_code", response.status_code)
            return response


class SlotTransport(_Around):
    """Lets so many requests be under way at once, each until its answer is read or its deadline is there.

    Answers are read whole, so that one that breaks off is the failure of its own try and slot. Of what shows
    to be large, or says so beforehand, ``large`` reads the rest once its slot is free.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, limits: ClientLimits, large: LargeBodies) -> None:
        """Read at most ``max_body_bytes`` of an answer, counted after decompression."""
        super().__init__(inner)
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._large = large

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it in its turn; the response holds its content.

        Raises:
            DeadlineReached: Its time was over before it had its turn, or before it was answered.
            BodyTooLarge: There is more of the answer than is read.
            BodyBroken: It broke off or is damaged.
        """
        sent, asked = False, UNDER_WAY.get()
        turn = asked.turns if asked is not None else nullcontext()
        try:
            async with asyncio.timeout_at(request.extensions.get("deadline")), turn, self._slots:
                sent = True
                response = await self._inner.handle_async_request(request)
                chunks, rest = await self._begun(request, response)
        except TimeoutError:
            raise DeadlineReached(request, sent=sent) from None
        if rest is not None:
            chunks += await self._large.rest(request, rest)
        headers = [
            (name, value) for name, value in response.headers.multi_items() if name not in _AS_IT_TRAVELLED
        ]
        known = {name: response.extensions[name] for name in _KEPT if name in response.extensions}
        return httpx.Response(
            response.status_code, headers=headers, content=b"".join(chunks), extensions=known
        )

    async def _begun(
        self, request: httpx.Request, response: httpx.Response
    ) -> tuple[list[bytes], LargeBody | None]:
        """The chunks that were read, and what is left of a large answer."""
        rest: LargeBody | None = None
        chunks, read, size = response.aiter_bytes(), list[bytes](), 0
        told = response.headers.get("content-length", "")
        declared = int(told) if told.isdecimal() else 0
        try:
            while max(declared, size) <= self._limits.large_bytes:
                if (chunk := await anext(chunks, None)) is None:
                    return read, None
                size += len(chunk)
                if size > self._limits.max_body_bytes:
                    raise BodyTooLarge("There is more of it.", request=request)
                read.append(chunk)
            rest = LargeBody(response, chunks, size, declared)
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            raise BodyBroken("It broke off.", request=request) from error
        finally:
            if rest is None:
                await response.aclose()
        return read, rest


def surround(
    network: httpx.AsyncBaseTransport,
    *,
    limits: ClientLimits,
    clock: Callable[[], float] = time.time,
    breaker: Breaker | None = None,
) -> httpx.AsyncBaseTransport:
    """``network`` with everything around it that this module has; ``clock`` gives Unix seconds."""
    breaker = breaker or Breaker()
    large = LargeBodies(Room(limits.large_bytes_at_once), limits.max_body_bytes, breaker.answered)
    bounded = SlotTransport(network, limits, large)
    return BreakerTransport(RetryTransport(TracingTransport(bounded), limits, clock), breaker)
