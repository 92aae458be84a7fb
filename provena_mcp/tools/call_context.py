"""What a tool takes from its call: as whom it writes, which program acts, how to report progress."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from mcp.server.mcpserver import Context
from mcp.server.session import ServerSession

from provena_mcp.application import Application
from provena_mcp.rules.text import clean

if TYPE_CHECKING:
    from provena_mcp.commands.confirmation.write_store import WriteContext
    from provena_mcp.queries.jobs.job_wait import ReportProgress

_NAME: Final = 80


def acting_client(session: ServerSession) -> str | None:
    """The name and version of the program that calls, in its own words; none where it states none.

    Nothing else of the session is taken, and nothing that the user said to it.
    """
    stated = session.client_params
    if stated is None:
        return None
    return clean(f"{stated.client_info.name} {stated.client_info.version}", _NAME) or None


def write_context(ctx: Context[Application]) -> WriteContext:
    """Writes as the current caller; where the user wants it, runs name the client that acts for them."""
    app = ctx.request_context.lifespan_context
    return app.write_context(acting_client(ctx.session) if app.annotates_via else None)


def progress_reporter(ctx: Context[Application]) -> ReportProgress:
    """Tells the client how far a job is; each report counts one up, how many there will be is not known."""
    counted = itertools.count(1)

    async def report(message: str) -> None:
        await ctx.report_progress(next(counted), None, message)

    return report
