"""Serves over streamable HTTP: any number of users, any number of replicas, no session between requests."""

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
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp import __version__
from provena_mcp.application import Application
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.server.audit_log import write_audit_to_stderr
from provena_mcp.server.build import build_server
from provena_mcp.server.http.connections import allow_many_connections, with_header_deadline
from provena_mcp.server.http.front.routes import front_routes
from provena_mcp.server.http.front.self_description import SelfDescription
from provena_mcp.server.http.host import Hosting, prepare_hosting
from provena_mcp.server.http.paths import DOWNLOAD_PATH, HEALTH_PATH, MCP_PATH, READY_PATH
from provena_mcp.server.http.request_body import MAX_BODY_BYTES
from provena_mcp.server.pipeline import request_chain
from provena_mcp.settings import Settings
from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.toolsets import select_tools

_GRACE_SECONDS: Final = 30
# Longer than clients keep an idle connection, so that none sends its next request into one just closed.
_IDLE_SECONDS: Final = 75


class Readiness:
    """Whether this replica takes requests: from the end of its start until it has to stop."""

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
    adorn: Callable[[MCPServer[Application]], None] | None = None,
) -> Starlette:
    """The ASGI application: ``/mcp``, its metadata, its page, ``/documents``, ``/health`` and ``/ready``.

    Args:
        settings: What the operator set.
        sample: Answer from the shipped sample world instead.
        host: Where it will listen; the embedded Provena only on this machine.
        port: Where it will listen.
        readiness: What /ready answers.
        transport: Another way to a deployment than the network.
        to_issuer: Another way to the keys of its Keycloak.
        polling: How jobs are followed.
        clock: Unix seconds, for tokens, previews and documents.
        adorn: Gives the server further tools, resources or prompts.

    Raises:
        SettingsError: The settings contradict each other, or would let strangers act as somebody else.
        StoreError: A store cannot be opened.
    """
    hosting = prepare_hosting(settings, sample=sample, host=host, port=port, clock=clock, to_issuer=to_issuer)
    server = build_server(
        settings, sample=sample, hosting=hosting, transport=transport, polling=polling, now=clock
    )
    if adorn is not None:
        adorn(server)
    offered = select_tools(settings.toolsets, read_only=settings.read_only, local=False)
    writing = frozenset(tool.name for tool in offered if tool.effect != "reads")
    app = server.streamable_http_app(
        streamable_http_path=MCP_PATH,
        stateless_http=True,
        max_request_body_size=MAX_BODY_BYTES,
        # ``HostAndOrigin`` looks at names and pages before anything else does.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    app.router.routes += [
        *hosting.metadata,
        *front_routes(_described(hosting, offered, sample=sample)),
        Route(HEALTH_PATH, _healthy),
        Route(READY_PATH, (readiness or Readiness()).answer),
        Route(DOWNLOAD_PATH, hosting.downloads.hand_out),
    ]
    app.user_middleware += request_chain(hosting, writing)
    return app


def _described(hosting: Hosting, offered: tuple[ToolDefinition, ...], *, sample: bool) -> SelfDescription:
    """What strangers may know: not where a store is, nor what is in it."""
    endpoints = None if sample else hosting.settings.endpoints()
    if endpoints is not None:
        answers = f"the Provena deployment {hosting.settings.domain or endpoints.prov}"
    elif sample:
        answers = "the sample world, which is invented"
    else:
        answers = "the Provena built into this server"
    return SelfDescription(hosting.url, answers, endpoints.keycloak if endpoints else None, offered)


def run_http(settings: Settings, *, sample: bool = False, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; calls under way are finished first.

    Raises:
        SettingsError: As ``create_http_app``.
        StoreError: A store cannot be opened.
    """
    _log_to_stderr()
    allow_many_connections()
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
        http=with_header_deadline(),
        ws="none",
        timeout_keep_alive=_IDLE_SECONDS,
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
