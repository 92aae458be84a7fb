"""Errors for requests without a usable answer: no connection, no time, or an answer that cannot be read."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx

from provena_mcp.client.http.request import SERVICE_NAME, Call
from provena_mcp.client.http.retries import never_left
from provena_mcp.errors import (
    AmbiguousWriteError,
    DeadlineError,
    MalformedAnswerError,
    UnavailableError,
    UpstreamError,
)

TRY_LATER: Final = "Try again in a minute; get_health_check shows which services answer."
_ASK_FOR_LESS: Final = "Try again, or ask for less: a smaller depth or a smaller page."


def transport_failure(call: Call, error: httpx.HTTPError, base_url: str) -> UpstreamError:
    """The error for a request without a complete response."""
    name = SERVICE_NAME[call.service]
    if never_left(error):
        return UnavailableError(f"No connection to {name} at {base_url}.", advice=_connection_advice(error))
    if isinstance(error, httpx.TimeoutException):
        return lost(call, DeadlineError(f"{name} stopped answering ({call.name}).", advice=_ASK_FOR_LESS))
    return lost(call, UnavailableError(f"{name} broke the connection ({call.name}).", advice=TRY_LATER))


def deadline_failure(call: Call, seconds: float, *, sent: bool) -> UpstreamError:
    """The error for a request that ran out of its total time."""
    name = SERVICE_NAME[call.service]
    failure = DeadlineError(
        f"{name} did not answer within {seconds:g} s ({call.name}).", advice=_ASK_FOR_LESS
    )
    return lost(call, failure) if sent else failure


def malformed(call: Call, why: str, kind: type[MalformedAnswerError] = MalformedAnswerError) -> UpstreamError:
    """The error for an answer that arrived but cannot be read, and ``why``."""
    failure = kind(
        f"{SERVICE_NAME[call.service]} answered something unreadable ({call.name}): {why}.",
        advice="If it happens again, check the address of the service: 'provena-mcp doctor' does.",
    )
    return lost(call, failure)


def too_large(call: Call, limit: int) -> UpstreamError:
    """The error for an answer beyond ``limit`` bytes, the most that is read."""
    failure = MalformedAnswerError(
        f"{SERVICE_NAME[call.service]} answered more than {limit:,} bytes ({call.name}).",
        advice="Ask for less: a smaller depth or a smaller page.",
    )
    return lost(call, failure)


def lost(call: Call, failure: UpstreamError) -> UpstreamError:
    """``failure``, unless ``call`` is a write that may have happened all the same."""
    if call.effect != "write":
        return failure
    return AmbiguousWriteError(
        f"Nobody knows whether this happened: {call.name}. {failure.message}",
        advice=call.find_out,
        upstream=failure.upstream,
    )


def _connection_advice(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "Its certificate is not trusted here: set SSL_CERT_FILE to your organisation's."
        if isinstance(cause, socket.gaierror):
            return "The name does not resolve: check PROVENA_DOMAIN, the network and the VPN."
    return "Check the address, the network and the VPN; get_health_check shows which services answer."


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
