"""What is told of a registered run that was changed, once the registry shows whether it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import JsonValue

from provena_mcp.commands.confirmation.change import ResultT, Sent
from provena_mcp.commands.confirmation.submission import job_result
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.queries.jobs.registry_check import check_registry
from provena_mcp.queries.jobs.remains import Held, look_at, remark

_JOB_FAILED: Final = "The job that updates the run failed."


async def changed_run_result(
    context: WriteContext,
    result_type: type[ResultT],
    sent: Sent,
    *,
    run_id: str,
    succeeded: str,
    failed: str,
    name: JsonValue = None,
) -> ResultT:
    """As ``job_result``; where the registry does not bear the job out, what it holds of the change."""
    state, held = await check_registry(context.reader, sent.job, context.proofs)
    job = state.job
    sent = replace(sent, job=state)
    result = job_result(result_type, sent, succeeded=succeeded, failed=failed, name=name, model_run_id=run_id)
    change = held.get(job.session_id) if job else None
    if job is None or change is None or (job.status == "FAILED" and change == Held()):
        return result
    if not change.run_id and job.status == "SUCCEEDED":
        return result.model_copy(update={"message": remark(change, job), "next": look_at(change, job)})
    told = _JOB_FAILED if job.status == "FAILED" else result.message
    return result.model_copy(update={"message": f"{told} {remark(change, job)}"})
