"""Which failed requests are worth repeating, and after what pause."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.transport_errors import BodyLapsed, never_left

# What a gateway answers because the service behind it does not.
DOWN: Final = frozenset({502, 503, 504})

_TOO_MANY: Final = 429
_DAY: Final = 86_400.0


def pause_before_repeat(
    request: httpx.Request, outcome: httpx.Response | httpx.HTTPError, attempt: int, limits: ClientLimits
) -> float | None:
    """Seconds after which to repeat a request whose ``attempt``, counted from 1, ended so; none: not at all.

    Only a lost connection and 502, 503, 504 and 429 are passing conditions and, once, an answer that nobody
    took for so long that it broke off. Only a request that changes nothing, or that never left this machine,
    may be sent again, before its deadline.
    """
    has_lapsed = isinstance(outcome, BodyLapsed) and attempt == 1
    if not has_lapsed and not _is_passing(outcome):
        return None
    is_repeatable = request.extensions.get("repeatable", request.method == "GET")
    if not is_repeatable and not (isinstance(outcome, httpx.HTTPError) and never_left(outcome)):
        return None
    pause = _pause_after(outcome, attempt, limits)
    deadline = request.extensions.get("deadline")
    if pause is None or deadline is None:
        return pause
    return pause if asyncio.get_running_loop().time() + pause < deadline else None


def _pause_after(
    outcome: httpx.Response | httpx.HTTPError, attempt: int, limits: ClientLimits
) -> float | None:
    jitter = random.uniform(0, limits.jitter_seconds)
    asked = outcome.extensions.get("retry_after") if isinstance(outcome, httpx.Response) else None
    if asked is not None:
        return asked + jitter if asked <= limits.longest_pause_seconds else None
    return min(limits.pause_seconds * 2 ** (attempt - 1) + jitter, limits.longest_pause_seconds)


def _is_passing(outcome: httpx.Response | httpx.HTTPError) -> bool:
    """Whether the same request may work in a moment; 429 only when the service says when."""
    if isinstance(outcome, httpx.Response):
        is_busy = outcome.status_code == _TOO_MANY and outcome.extensions.get("retry_after") is not None
        return outcome.status_code in DOWN or is_busy
    return never_left(outcome) or not isinstance(outcome, httpx.TimeoutException | httpx.DecodingError)


def seconds_to_wait(retry_after: str | None, now: float) -> float | None:
    """A Retry-After header, given in seconds or as a date, as seconds from ``now`` (Unix seconds)."""
    text = (retry_after or "").strip()
    if text.isdecimal():
        return min(float(text), _DAY)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    return min(max(0.0, until - now), _DAY)
