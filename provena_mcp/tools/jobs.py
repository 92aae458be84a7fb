"""Tools that look at the caller's jobs."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.queries.jobs import job_report as jobs
from provena_mcp.tools.call_context import progress_reporter
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.parameters import Cursor


@tool(title="Get job", toolset="jobs")
async def get_job(
    ctx: Context[Application],
    session_id: Annotated[str, Field(description="Session or batch id")],
    wait: Annotated[bool, Field(description="Until it ends, at most 45 s")] = False,
    offset: Annotated[int, Field(ge=0, description="Batch rows to skip")] = 0,
) -> Reply[jobs.GetJobResult]:
    """Look at a job."""
    app = ctx.request_context.lifespan_context
    asked = jobs.JobQuestion(session_id.strip(), offset, app.max_result_tokens)
    if not wait:
        return Reply(await jobs.get_job(app.reader(), asked, app.proofs))
    return Reply(
        await jobs.await_job(
            app.reader(), asked, app.proofs, app.polling, app.polling.deadline(), progress_reporter(ctx)
        )
    )


@tool(title="List jobs", toolset="jobs")
async def list_jobs(
    ctx: Context[Application],
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
    cursor: Cursor = None,
) -> Reply[jobs.ListJobsResult]:
    """List the caller's jobs."""
    app = ctx.request_context.lifespan_context
    return Reply(await jobs.list_jobs(app.reader(), limit, cursor))


TOOLS = (get_job, list_jobs)
