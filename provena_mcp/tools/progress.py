"""Progress notifications of a call that follows a job."""

from __future__ import annotations

import itertools

from mcp.server.mcpserver import Context

from provena_mcp.application import Application
from provena_mcp.queries.jobs.job_wait import ReportProgress


def progress_reporter(ctx: Context[Application]) -> ReportProgress:
    """Tells the client how far a job is; each report counts one up, how many there will be is not known."""
    counted = itertools.count(1)

    async def report(message: str) -> None:
        await ctx.report_progress(next(counted), None, message)

    return report
