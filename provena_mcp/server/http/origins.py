"""Under which names and from which web pages the server may be called (DNS rebinding, forged requests, CORS).

A page that the operator names in ``PROVENA_HTTP_ORIGINS`` may call, and its browser is told so. Pages on
this machine are another matter: a server bound to loopback lets their origins in, because local programs
send them and the protocol's conformance suite asks for it, but it never tells a browser that they may
call. So what a page elsewhere on this machine could send is only what needs no leave, which is no JSON, and
anything but JSON is refused; and where the browser says that a request crosses origins, it is turned away
like any stranger's.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from provena_mcp.server.http.paths import CARD_PATH, CATALOGUE_PATH, METADATA_PATH, PROBES

# What any page may read: it says where a server is and where to log in.
_PUBLIC: Final = (METADATA_PATH, CARD_PATH, CATALOGUE_PATH)

_LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")
_CROSSING: Final = frozenset({"cross-site", "same-site"})
_SHOWN: Final = 200

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Allowed:
    """Names and pages that the server answers to.

    Attributes:
        hosts: ``Host`` headers.
        origins: ``Origin`` headers of pages that the operator named.
        on_loopback: Whether only this machine can reach the server, under whichever port.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    on_loopback: bool

    def names(self, host: str | None) -> bool:
        """Whether the server answers under this name."""
        return host in self.hosts or (self.on_loopback and _is_loopback(host or ""))

    def lets_in(self, origin: str | None, fetch_site: str | None) -> bool:
        """Whether a request of this origin may pass; one without an origin is no page's."""
        if not origin or origin in self.origins:
            return True
        scheme, _, host = origin.partition("://")
        is_local = self.on_loopback and scheme in ("http", "https") and _is_loopback(host)
        return is_local and fetch_site not in _CROSSING


def _is_loopback(host: str) -> bool:
    return any(host == name or host.startswith(f"{name}:") for name in _LOOPBACK_NAMES)


class HostAndOrigin:
    """ASGI middleware: turns away what comes under another name, or from a page that may not call."""

    def __init__(self, app: ASGIApp, *, allowed: Allowed) -> None:
        """Guard ``app``.

        Balancers probe by address, so probes answer under any name; the metadata and the server's card
        are public, so that pages of any origin may read them.
        """
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421 or 403."""
        if scope["type"] == "http" and scope["path"] not in PROBES:
            refusal = self._refusal(Headers(scope=scope), is_public=scope["path"].startswith(_PUBLIC))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, headers: Headers, *, is_public: bool) -> PlainTextResponse | None:
        host, origin = headers.get("host"), headers.get("origin")
        if not self._allowed.names(host):
            logger.warning("Refused a request for the host %.*r", _SHOWN, host)
            return PlainTextResponse("Invalid Host header", HTTPStatus.MISDIRECTED_REQUEST)
        if not is_public and not self._allowed.lets_in(origin, headers.get("sec-fetch-site")):
            logger.warning("Refused a request of the origin %.*r", _SHOWN, origin)
            return PlainTextResponse("Invalid Origin header", HTTPStatus.FORBIDDEN)
        return None


class CrossOrigin(CORSMiddleware):
    """ASGI middleware: lets browsers of the named origins send requests and read answers, refusals too.

    A preflight carries no token, so this stands before whatever asks for one. The metadata and the
    server's card have their own rule: they are open to all.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        """Open ``app`` to pages of ``origins``."""
        super().__init__(
            app,
            allow_origins=tuple(origins),
            allow_methods=("GET", "POST"),
            # Whatever a page asks for: clients put arguments into headers of their own (Mcp-Param-…).
            allow_headers=("*",),
            expose_headers=("WWW-Authenticate", "Retry-After", "Mcp-Session-Id"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or pass the request on and mark its answer."""
        if scope["type"] == "http" and scope["path"].startswith(_PUBLIC):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
