"""The way to what anybody may read, such as an issuer's keys: guarded as Provena's, without a login."""

from __future__ import annotations

from typing import Final

import httpx

from provena_mcp.client.http.limits import ClientLimits
from provena_mcp.client.http.network import NetworkTransport
from provena_mcp.client.http.transports import surround

_LIMITS: Final = ClientLimits(
    read_seconds=10.0, total_seconds=10.0, attempts=2, concurrency=4, max_body_bytes=1024 * 1024
)


def public_transport(network: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncBaseTransport:
    """A transport with a breaker, repeats, spans and bounds around ``network``, by default the real one."""
    return surround(network or NetworkTransport(_LIMITS), limits=_LIMITS)
