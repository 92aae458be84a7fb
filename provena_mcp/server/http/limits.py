"""Limits on HTTP requests: per caller and minute, for all callers at once, and POST only."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from provena_mcp.server.callers import current_token
from provena_mcp.server.http.paths import MCP_PATH, PROBES

_REQUESTS: Final = 1_000
_CALLERS: Final = 10_000
_BUSY_SECONDS: Final = 5.0


@dataclass
class _Bucket:
    """Requests left, refilled with time."""

    left: float
    at: float


class Rates(Protocol):
    """Counts the requests of each caller."""

    async def seconds_to_wait(self, caller: str) -> float:
        """Count one request of ``caller``; 0 if it is within the rate, else when the next one will be."""
        ...


class RatesOfProcess:
    """So many requests a minute, in bursts of as many, counted in this process."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow ``per_minute``; ``clock`` gives seconds."""
        self._most = float(per_minute)
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def seconds_to_wait(self, caller: str) -> float:
        """Take one from the caller's bucket, which fills with time."""
        now = self._clock()
        bucket = self._buckets.setdefault(caller, _Bucket(self._most, now))
        self._buckets.move_to_end(caller)
        if len(self._buckets) > _CALLERS:
            self._buckets.popitem(last=False)
        bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._most / 60)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) * 60 / self._most
        bucket.left -= 1
        return 0


class RateLimit:
    """ASGI middleware: refuses requests beyond a caller's rate, with the seconds to wait."""

    def __init__(self, app: ASGIApp, *, rates: Rates) -> None:
        """Count the requests of those whose token has been checked."""
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429 with the seconds to wait."""
        token = current_token()
        seconds = await self._rates.seconds_to_wait(token.caller) if token else 0
        if seconds > 0:
            headers = {"Retry-After": str(math.ceil(seconds))}
            await JSONResponse({"error": "too many requests"}, 429, headers=headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class RequestsAtOnce:
    """ASGI middleware: bounds the requests under way, of all callers together; probes do not count."""

    def __init__(self, app: ASGIApp, *, most: int = _REQUESTS) -> None:
        """Answer ``most`` at once."""
        self._app = app
        self._most = most
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 503."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._most:
            headers = {"Retry-After": str(round(_BUSY_SECONDS))}
            refusal = JSONResponse({"error": "temporarily_unavailable"}, 503, headers=headers)
            await refusal(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1


class PostsOnly:
    """ASGI middleware: there are no sessions to listen to or to end, so ``/mcp`` takes POST alone."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 405."""
        if scope["type"] == "http" and scope["path"] == MCP_PATH and scope["method"] != "POST":
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
            return
        await self._app(scope, receive, send)
