"""Serves over streamable HTTP: any number of users, any number of replicas, nothing kept between requests."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from types import FrameType
from typing import Final

import httpx
import uvicorn
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.transport_security import TransportSecurityMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from provena_mcp import __version__
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.jobs.polling import PollPolicy
from provena_mcp.server import downloads
from provena_mcp.server.audit_log import write_audit_to_stderr
from provena_mcp.server.build import build_server
from provena_mcp.server.hosting import MCP_PATH, Hosting, prepare_hosting
from provena_mcp.server.limits import RateLimit
from provena_mcp.settings import Settings

MAX_BODY_BYTES: Final = 4 * 1024 * 1024

_CONNECTIONS: Final = 1_000
_GRACE_SECONDS: Final = 30
_RETRY_SECONDS: Final = 5


class Readiness:
    """Whether this replica takes requests: from the end of its start until it is told to stop."""

    def __init__(self) -> None:
        """Ready until ``stop``."""
        self._stopping = False

    def stop(self) -> None:
        """Take no more."""
        self._stopping = True

    async def answer(self, request: Request) -> Response:
        """200, or 503 once it is stopping."""
        del request
        if self._stopping:
            return JSONResponse({"status": "stopping"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse({"status": "ready"})


class Door:
    """ASGI middleware before everything else: wrong hosts and origins, and an issuer that cannot be asked."""

    def __init__(self, app: ASGIApp, *, hosting: Hosting) -> None:
        """Guard ``app``; ``/health`` and ``/ready`` answer under any name, as balancers ask by address."""
        self._app = app
        self._security = TransportSecurityMiddleware(hosting.security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421, 403 or 503."""
        if scope["type"] != "http" or scope["path"] in ("/health", "/ready"):
            await self._app(scope, receive, send)
            return
        refusal = await self._security.validate_request(Request(scope, receive), is_post=False)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except ProvenaError as error:
            # Only the check of a token raises here; it comes before any answer.
            logging.getLogger(__name__).warning("%s", error.message)
            answer = JSONResponse(
                {"error": "temporarily_unavailable", "error_description": error.message},
                HTTPStatus.SERVICE_UNAVAILABLE,
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
            await answer(scope, receive, send)


class PostsOnly:
    """ASGI middleware: there are no sessions to listen to or to end, so ``/mcp`` takes POST alone."""

    def __init__(self, app: ASGIApp, *, asks_who: bool) -> None:
        """Answer only whoever has logged in, if the server ``asks_who`` is there: others get their 401."""
        self._app = app
        self._asks_who = asks_who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 405."""
        is_other = scope["type"] == "http" and scope["path"] == MCP_PATH and scope["method"] != "POST"
        if is_other and (isinstance(scope.get("user"), AuthenticatedUser) or not self._asks_who):
            await Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})(
                scope, receive, send
            )
            return
        await self._app(scope, receive, send)


def create_http_app(
    settings: Settings,
    *,
    sample: bool = False,
    host: str = "127.0.0.1",
    port: int = 8000,
    readiness: Readiness | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    to_issuer: httpx.AsyncBaseTransport | None = None,
    polling: PollPolicy | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """The ASGI application: ``/mcp``, its metadata, ``/documents``, ``/health`` and ``/ready``.

    Args:
        settings: What the operator set.
        sample: Answer from the shipped sample world instead.
        host: Where it will listen; the embedded Provena only on this machine.
        port: Where it will listen.
        readiness: Told when the server is to stop.
        transport: Another way to a deployment than the network.
        to_issuer: Another way to the keys of its Keycloak.
        polling: How jobs are followed.
        clock: Unix seconds, for tokens, previews and documents.

    Raises:
        SettingsError: The settings contradict each other, or would let strangers act as somebody else.
        StoreError: A store cannot be opened.
    """
    hosting = prepare_hosting(settings, sample=sample, host=host, port=port, clock=clock, to_issuer=to_issuer)
    server = build_server(
        settings, sample=sample, hosting=hosting, transport=transport, polling=polling, now=clock
    )
    server.custom_route("/health", ["GET"])(_healthy)
    server.custom_route("/ready", ["GET"])((readiness or Readiness()).answer)
    server.custom_route(downloads.PATH, ["GET"])(hosting.downloads.hand_out)
    app = server.streamable_http_app(
        streamable_http_path=MCP_PATH,
        stateless_http=True,
        max_request_body_size=MAX_BODY_BYTES,
        transport_security=hosting.security,
    )
    app.add_middleware(Door, hosting=hosting)
    app.user_middleware.append(Middleware(RateLimit, per_minute=settings.http_calls_per_minute))
    app.user_middleware.append(Middleware(PostsOnly, asks_who=hosting.auth is not None))
    return app


def run_http(settings: Settings, *, sample: bool = False, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; calls under way are finished first.

    Raises:
        SettingsError: As ``create_http_app``.
        StoreError: A store cannot be opened.
    """
    _log_to_stderr()
    readiness = Readiness()
    app = create_http_app(settings, sample=sample, host=host, port=port, readiness=readiness)
    sys.stderr.write(f"Serving MCP at http://{f'[{host}]' if ':' in host else host}:{port}{MCP_PATH}\n")
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=max(_GRACE_SECONDS, round(settings.call_seconds)),
    )
    _Server(config, readiness).run()


class _Server(uvicorn.Server):
    """Says that it is stopping before it does; a second signal stops it at once."""

    def __init__(self, config: uvicorn.Config, readiness: Readiness) -> None:
        super().__init__(config)
        self._readiness = readiness

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._readiness.stop()
        # uvicorn forces its way out only at a second SIGINT.
        super().handle_exit(signal.SIGINT if self.should_exit else sig, frame)


async def _healthy(request: Request) -> Response:
    del request
    return JSONResponse({"status": "ok", "version": __version__})


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    write_audit_to_stderr()
