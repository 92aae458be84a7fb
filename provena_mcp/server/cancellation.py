"""Cancelling over HTTP in the protocol's older era, where the wish comes as a request of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any

import anyio
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.streamable_http import REQUEST_CANCELLED

from provena_mcp.server.callers import current_token
from provena_mcp.server.calls import COSTLY

Context = ServerRequestContext[Any, Any]


def sender_of(ctx: Context) -> Hashable:
    """Who sent a message: the token it came with, and the program.

    Nothing else tells two hosts of one person apart, as there are no sessions.
    """
    token = current_token()
    program = ctx.request.headers.get("user-agent") if ctx.request is not None else None
    return (token.token if token else None, program)


class Cancellation:
    """Stops the call that a ``notifications/cancelled`` names, if it runs in this process.

    What is being written is finished first. Two calls under way with the same sender and number cannot be
    told apart: neither is stopped then, and their deadline ends them.
    """

    def __init__(self, sender: Callable[[Context], Hashable] = sender_of) -> None:
        """Know calls by their ``sender`` and the number it gave them."""
        self._sender = sender
        self._under_way: defaultdict[Hashable, list[anyio.CancelScope]] = defaultdict(list)

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Let the message through, and end the call if another message says so.

        Raises:
            MCPError: The call was cancelled.
        """
        if ctx.method == "notifications/cancelled":
            self._cancel(self._sender(ctx), (ctx.params or {}).get("requestId"))
        if ctx.request_id is None or ctx.method not in COSTLY:
            return await call_next(ctx)
        key = (self._sender(ctx), ctx.request_id)
        with anyio.CancelScope() as scope:
            self._under_way[key].append(scope)
            try:
                return await call_next(ctx)
            finally:
                self._under_way[key].remove(scope)
                if not self._under_way[key]:
                    del self._under_way[key]
        raise MCPError(code=REQUEST_CANCELLED, message="Cancelled, as the client asked.")

    def _cancel(self, sender: Hashable, request_id: object) -> None:
        calls = self._under_way.get((sender, request_id), ()) if isinstance(request_id, str | int) else ()
        if len(calls) == 1:
            calls[0].cancel()
