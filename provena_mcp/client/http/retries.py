"""Which failed requests are worth repeating, and after what pause."""

from __future__ import annotations

import random
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.request import Answer, Call
from provena_mcp.errors import UnavailableError

_DOWN: Final = frozenset({502, 503, 504})
_TOO_MANY: Final = 429
_DAY: Final = 86_400.0


def is_down(answer: Answer) -> bool:
    """Whether a gateway answered because the service behind it does not."""
    return answer.status in _DOWN


def is_transient(answer: Answer) -> bool:
    """Whether the same request may work in a moment; 429 only when the service says when."""
    return is_down(answer) or (answer.status == _TOO_MANY and answer.retry_after is not None)


def never_left(error: BaseException) -> bool:
    """Whether a transport failure proves that the request did not reach the service."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError)


def pause_before_repeat(call: Call, limits: ClientLimits, error: Exception) -> bool | float:
    """Whether to repeat ``call`` after ``error``: no, yes with the usual pause, or yes after so many seconds.

    Only a lost connection and 502, 503, 504 and 429 are passing conditions, and only a request that
    changes nothing, or that never left this machine, may be sent again.
    """
    if not isinstance(error, UnavailableError):
        return False
    if call.effect != "read" and not (error.__cause__ and never_left(error.__cause__)):
        return False
    if error.retry_after is None:
        return True
    if error.retry_after > limits.longest_pause_seconds:
        return False
    return error.retry_after + random.uniform(0, limits.jitter_seconds)


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
