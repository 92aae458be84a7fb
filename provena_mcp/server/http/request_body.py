"""Reads the bodies of requests whole before anything acts on them, within limits of time and size."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import anyio
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provena_mcp.server.http.paths import MCP_PATH
from provena_mcp.server.json_rpc import refusal_of

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
BODY_SECONDS: Final = 20.0

_BODY: Final = "provena_mcp.body"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def body_of(scope: Scope) -> bytes:
    """The body that ``RequestBody`` read for this request; empty if it read none."""
    return scope.get(_BODY, b"")


class RequestBody:
    """ASGI middleware: a body that does not come whole in time holds nothing but its own connection."""

    def __init__(self, app: ASGIApp, *, seconds: float = BODY_SECONDS, most: int = MAX_BODY_BYTES) -> None:
        """Wait ``seconds`` for at most ``most`` bytes."""
        self._app = app
        self._seconds = seconds
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body in hand, or answer 400, 408 or 413.

        The two eras of the protocol are read by different parsers: what both are given is what both can read.
        Elsewhere a body need not be JSON.
        """
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            with anyio.fail_after(self._seconds):
                body = await self._read(receive)
        except TimeoutError:
            await _closing(HTTPStatus.REQUEST_TIMEOUT, "The body did not come in time")(scope, receive, send)
            return
        if body is None:
            return
        if len(body) > self._most:
            await _closing(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request body too large")(
                scope, receive, send
            )
            return
        if scope["path"] == MCP_PATH:
            body = body.removeprefix(_BYTE_ORDER_MARK)
            problem = refusal_of(body)
        else:
            problem = None
        if problem:
            refusal = problem.model_dump_json(by_alias=True)
            await Response(refusal, HTTPStatus.BAD_REQUEST, media_type="application/json")(
                scope, receive, send
            )
            return
        await self._app({**scope, _BODY: body}, _Replay(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body, or more than is allowed of it; none if the client has gone."""
        body = bytearray()
        while len(body) <= self._most:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                break
        return bytes(body)


class _Replay:
    """Gives the body once, and then what the client does next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._first: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive

    async def __call__(self) -> Message:
        first, self._first = self._first, None
        return first if first is not None else await self._receive()


def _closing(status: HTTPStatus, text: str) -> PlainTextResponse:
    # What is left of the body would be taken for the next request.
    return PlainTextResponse(text, status, headers={"Connection": "close"})
