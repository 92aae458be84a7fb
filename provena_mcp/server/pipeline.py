"""The server's middleware, in order: what each HTTP request and each MCP message passes on its way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mcp.server.context import ServerMiddleware
from starlette.middleware import Middleware

from provena_mcp.server.audit_log import Audit, Author
from provena_mcp.server.callers import current_token
from provena_mcp.server.calls import CallsAtOnce, Deadline, ToolCalls, one_question
from provena_mcp.server.cancellation import Cancellation
from provena_mcp.server.permissions import Permissions
from provena_mcp.settings import Settings
from provena_mcp.tools.definition import ToolDefinition

if TYPE_CHECKING:
    from provena_mcp.server.http.host import Hosting


def request_chain(hosting: Hosting, writing: frozenset[str]) -> list[Middleware]:
    """What an HTTP request passes before the protocol sees it, outermost first.

    Args:
        hosting: What the operator set.
        writing: The names of the tools that write.
    """
    # What only HTTP needs is of no use over stdio, and takes a tenth of the start.
    from provena_mcp.server.http.auth import Authentication, WriteScope
    from provena_mcp.server.http.limits import PostsOnly, RateLimit, RequestsAtOnce
    from provena_mcp.server.http.origins import CrossOrigin, HostAndOrigin
    from provena_mcp.server.http.request_body import RequestBody

    login = hosting.login
    return [
        # Before all else: a name or a page that the operator does not know gets nothing, not even a refusal
        # that says more.
        Middleware(HostAndOrigin, allowed=hosting.allowed),
        # Before the login: a preflight carries no token, and a page has to be able to read each refusal.
        Middleware(CrossOrigin, origins=hosting.allowed.origins),
        # Before anything is waited for; probes pass, so that a full server is not taken for a dead one.
        Middleware(RequestsAtOnce),
        # Who calls, found out once: what follows, down to the tools, reads it from the context.
        *([Middleware(Authentication, login=login)] if login else []),
        # After the login, as it counts by caller.
        Middleware(RateLimit, rates=hosting.rates),
        # After the login, so that strangers learn where to log in and not what is served.
        Middleware(PostsOnly),
        # After everything that needs no body: strangers' are not read.
        Middleware(RequestBody),
        # Needs the body. A host that may only read is asked to come back with more, in HTTP's words.
        *([Middleware(WriteScope, login=login, writing=writing)] if login else []),
    ]


def message_chain(
    tools: Mapping[str, ToolDefinition],
    settings: Settings,
    hosting: Hosting | None,
    *,
    calls: ToolCalls,
    now: Callable[[], float],
    who: Callable[[], str],
) -> list[ServerMiddleware[Any]]:
    """What a message of the protocol passes before its handler, outermost first.

    Args:
        tools: Those offered, by name.
        settings: What the operator set.
        hosting: What serving over HTTP adds; none over stdio.
        calls: Counts the calls of tools.
        now: Unix seconds.
        who: Whose call it is where callers bring no token, for the record.
    """
    writing = frozenset(name for name, tool in tools.items() if tool.effect != "reads")
    return [
        # Outermost, so that refused, cancelled and late calls are on record too.
        Audit(tools, now, partial(_author, who) if hosting else lambda: Author(who())),
        *(_of_callers(tools, hosting) if hosting else ()),
        # Within the turn: time spent waiting for one of the caller's is not the call's.
        Deadline(settings.call_seconds, writing),
        # Within the deadline: a call that was given up for being late has let go of all it held.
        one_question,
        # Innermost: what waits for a turn is not under way.
        calls,
    ]


def _author(who: Callable[[], str]) -> Author:
    token = current_token()
    return Author(token.subject or token.caller, token.client_id) if token else Author(who())


def _of_callers(tools: Mapping[str, ToolDefinition], hosting: Hosting) -> list[ServerMiddleware[Any]]:
    return [
        # Before a turn is taken: what may not be done waits for nothing.
        Permissions(tools, hosting.settings.http_write_scope),
        # Around the turn, so that what waits for one can be cancelled too.
        Cancellation(),
        CallsAtOnce(at_once=hosting.settings.http_calls_at_once, caller=hosting.caller),
    ]
