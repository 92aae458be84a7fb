"""Errors for requests without a usable answer: no connection, no time, or an answer that cannot be read."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final, TypeVar

import httpx

from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.network import ProxyRefused
from provena_mcp.client.http.request import SERVICE_NAME, Call
from provena_mcp.errors import (
    AmbiguousWriteError,
    DeadlineError,
    MalformedAnswerError,
    MalformedItemError,
    PartlyDoneError,
    ProvenaError,
    UnavailableError,
    UpstreamError,
)

FailureT = TypeVar("FailureT", bound=ProvenaError)

TRY_LATER: Final = "Try again in a minute; `health` shows which services answer."
_CHECK_THE_ADDRESS: Final = (
    "If it happens again, check the address of the service: 'provena-mcp doctor' does."
)
_MEND_THE_ITEM: Final = (
    "Its entry in the registry needs mending: tell its owner, or an administrator of Provena."
)
_ASK_FOR_LESS: Final = "Try again, or ask for less: a smaller depth or a smaller page."


class DeadlineReached(httpx.TimeoutException):
    """The total time of a request is over; ``sent`` tells whether the service may have got it."""

    def __init__(self, request: httpx.Request, *, sent: bool) -> None:
        """End ``request``."""
        super().__init__("The total time is over.", request=request)
        self.sent = sent


class BodyTooLarge(httpx.DecodingError):
    """An answer is larger than what is read of one."""


class BodyBroken(httpx.DecodingError):
    """An answer began and did not arrive whole."""


class BodyLapsed(BodyBroken):
    """A large answer broke off after it had waited for room: it may be that nobody took it for too long."""


def never_left(error: BaseException) -> bool:
    """Whether a transport failure proves that the request did not reach the service."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError)


def failure_without_answer(
    call: Call, error: httpx.HTTPError, place: str, limits: ClientLimits
) -> UpstreamError:
    """The error for a request without a complete answer; ``place`` is its service's address, to be shown."""
    name = SERVICE_NAME[call.service]
    if isinstance(error, DeadlineReached):
        text = f"{name} did not answer within {limits.total_seconds:g} s ({call.name})."
        failure = DeadlineError(text, advice=_ASK_FOR_LESS)
        return if_ambiguous(call, failure) if error.sent else failure
    if isinstance(error, BodyTooLarge):
        return _too_large(call, limits.max_body_bytes)
    if isinstance(error, httpx.DecodingError):
        return malformed(call, "it broke off or is damaged")
    if never_left(error):
        return UnavailableError(f"No connection to {name} at {place}.", advice=_connection_advice(error))
    failure = UnavailableError(f"{name} broke the connection ({call.name}).", advice=TRY_LATER)
    if isinstance(error, httpx.TimeoutException):
        failure = DeadlineError(f"{name} stopped answering ({call.name}).", advice=_ASK_FOR_LESS)
    return if_ambiguous(call, failure)


def left_alone(service: str, failures: int, *, retry_after: float) -> UnavailableError:
    """The error for a request that is not sent, since the ones before it failed."""
    name = dict[str, str]({**SERVICE_NAME}).get(service, service)
    return UnavailableError(
        f"{name} has failed {failures} times in a row and is left alone for a moment; nothing was sent.",
        advice="Wait, then try again; `health` shows which services answer.",
        retry_after=retry_after,
    )


def malformed(call: Call, why: str, kind: type[MalformedAnswerError] = MalformedAnswerError) -> UpstreamError:
    """The error for an answer that arrived but cannot be read, and ``why``."""
    failure = kind(
        f"{SERVICE_NAME[call.service]} answered something unreadable ({call.name}): {why}.",
        advice=_MEND_THE_ITEM if kind is MalformedItemError else _CHECK_THE_ADDRESS,
    )
    return if_ambiguous(call, failure)


def _too_large(call: Call, limit: int) -> UpstreamError:
    failure = MalformedAnswerError(
        f"{SERVICE_NAME[call.service]} answered more than {limit:,} bytes ({call.name}).",
        advice="Ask for less: a smaller depth or a smaller page.",
        retry="after_change",
    )
    return if_ambiguous(call, failure)


def if_ambiguous(call: Call, failure: FailureT) -> FailureT | AmbiguousWriteError:
    """``failure``, unless ``call`` is a write that may have happened all the same."""
    if call.effect != "write":
        return failure
    return AmbiguousWriteError(
        f"Nobody knows whether this happened: {call.name}. {failure.message}",
        advice=call.find_out,
        upstream=failure.upstream,
    )


def if_in_turn(call: Call, failure: ProvenaError) -> ProvenaError:
    """``failure``, unless ``call`` writes several things in turn, of which those before it are done."""
    if not call.in_turn:
        return failure
    return PartlyDoneError(
        f"{SERVICE_NAME[call.service]} stopped at one of several ({call.name}): those before it are done, "
        f"those after it are not. {failure.message}",
        advice=f"See what Provena says of the one it stopped at. {call.find_out}",
        upstream=failure.upstream,
    )


def _connection_advice(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ProxyRefused):
            return f"Check the proxy that {cause.variable} names, or name the host in NO_PROXY."
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "Its certificate is not trusted here: set SSL_CERT_FILE to your organisation's."
        if isinstance(cause, socket.gaierror):
            return "The name does not resolve: check PROVENA_DOMAIN, the network and the VPN."
    return "Check the address, the network and the VPN; `health` shows which services answer."


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
