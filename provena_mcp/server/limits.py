"""How much may be asked for: requests a minute and calls at once of one caller, requests at once of all."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from provena_mcp.errors import AmbiguousWriteError, DeadlineError, ProvenaError, UnavailableError
from provena_mcp.server.calls import COSTLY, MCP_PATH, current_token, failed, name_in
from provena_mcp.server.http.origins import PROBES


@dataclass(frozen=True)
class Deadline:
    """Ends calls that take too long; what is being written is finished first."""

    seconds: float
    writing: frozenset[str]

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """The call's result, or that there is none in time."""
        if ctx.method not in COSTLY:
            return await call_next(ctx)
        # anyio's own, which leaves a shielded write alone.
        with anyio.move_on_after(self.seconds):
            return await call_next(ctx)
        return failed(ctx, self._too_late(name_in(ctx)))

    def _too_late(self, name: str) -> ProvenaError:
        if name in self.writing:
            return AmbiguousWriteError(
                f"{name} did not end within {self.seconds:g} s; what it was to write may have been sent.",
                advice="Repeat it with the same reference, which sends nothing twice, or see list_jobs.",
            )
        return DeadlineError(
            f"There was no answer within {self.seconds:g} s.",
            advice="Ask for less: a smaller depth or a smaller page; get_health_check shows what is slow.",
        )


_WAITING_PER_TURN: Final = 8
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


@dataclass
class _Turns:
    """The calls of one caller that run or wait."""

    slots: asyncio.Semaphore
    present: int = field(default=0)


class CallsAtOnce:
    """Lets so many calls of one caller run at once; some more wait their turn, the rest are refused."""

    def __init__(self, *, at_once: int, caller: Callable[[], str]) -> None:
        """Bound each ``caller`` on their own, so that nobody takes the turns of others.

        What all share beneath, requests to Provena and work on large answers, is had as it is asked for.
        """
        self._at_once = at_once
        self._caller = caller
        self._turns: dict[str, _Turns] = {}

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Run the call when it is its turn."""
        if ctx.method not in COSTLY:
            return await call_next(ctx)
        key = self._caller()
        turns = self._turns.setdefault(key, _Turns(asyncio.Semaphore(self._at_once)))
        if turns.present >= self._at_once * (1 + _WAITING_PER_TURN):
            return failed(ctx, _too_many(turns.present))
        turns.present += 1
        try:
            async with turns.slots:
                return await call_next(ctx)
        finally:
            turns.present -= 1
            if turns.present == 0:
                self._turns.pop(key, None)


def _too_many(present: int) -> UnavailableError:
    return UnavailableError(
        f"{present} calls of yours are under way or waiting already.",
        advice="Wait for some of them to end before making more.",
        retry_after=_BUSY_SECONDS,
    )
