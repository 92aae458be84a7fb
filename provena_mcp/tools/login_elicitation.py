"""Shows the login page where the client can open one, and goes on with the call once the user is in.

Elsewhere the failure itself names the page, and the next call goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.types import ElicitRequest, ElicitRequestURLParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from provena_mcp.errors import LoginPendingError

Attempt = Callable[[], Awaitable[Any]]

_QUESTION: Final = "login"
# After the first; each waits some seconds for the login, and hosts give a call up after about 60.
_ATTEMPTS: Final = 5


async def after_login(pending: LoginPendingError, attempt: Attempt, context: Context[Any]) -> Any:
    """The outcome of ``attempt``, which only reads, once the user has logged in, or the question to do so.

    Raises:
        LoginPendingError: The client cannot open pages, or the user has not logged in yet.
    """
    answer = (context.input_responses or {}).get(_QUESTION)
    if isinstance(answer, ElicitResult):
        if answer.action != "accept":
            raise pending
    elif not _can_open_pages(context):
        raise pending
    elif context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return InputRequiredResult(input_requests={_QUESTION: ElicitRequest(params=_page(pending))})
    elif not await _opened(pending, context):
        raise pending
    return await _patiently(attempt)


async def _patiently(attempt: Attempt) -> Any:
    for _ in range(_ATTEMPTS - 1):
        try:
            return await attempt()
        except LoginPendingError:
            continue
    return await attempt()


def _can_open_pages(context: Context[Any]) -> bool:
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and elicitation.url is not None


def _page(pending: LoginPendingError) -> ElicitRequestURLParams:
    return ElicitRequestURLParams(
        message=f"Log in to Provena: open the page and compare the code {pending.user_code}.", url=pending.url
    )


async def _opened(pending: LoginPendingError, context: Context[Any]) -> bool:
    """Whether a client of the handshake era has opened the page."""
    page = _page(pending)
    try:
        answer = await context.elicit_url(page.message, page.url, elicitation_id=pending.user_code)
    except MCPError:
        return False
    return answer.action == "accept"
