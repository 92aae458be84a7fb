"""What there is of the runs of a batch whose submission failed as it queued them (provena-http 6.4)."""

from __future__ import annotations

from typing import Final

from anyio import to_thread

from provena_mcp.client import ProvenaClient
from provena_mcp.queries.jobs.job_wait import BATCH, asks_for_a_look
from provena_mcp.queries.jobs.makers import equal_runs
from provena_mcp.queries.jobs.registry_check import newest_since
from provena_mcp.rules.text import plural
from provena_mcp.wire.jobs import Job

# Runs that a remark names.
_NAMED: Final = 10


async def remark_on_batch(client: ProvenaClient, job: Job | None) -> str | None:
    """What there is of the runs of a submission that failed as it queued them; none of any other job."""
    if job is None or job.job_sub_type != BATCH or not asks_for_a_look(job):
        return None
    records = (job.payload or {}).get("records")
    if not isinstance(records, list) or not records:
        return None
    rows = [job.model_copy(update={"payload": {"record": record}}) for record in records]
    newest = await newest_since(client, rows)
    made = await to_thread.run_sync(equal_runs, rows, newest.runs)
    named = f": {', '.join(made[:_NAMED])}{', …' if len(made) > _NAMED else ''}." if made else " so far."
    unknown = f" Not all could be looked up ({newest.lacks})." if newest.lacks else ""
    return (
        f"{len(made)} of its {plural(len(rows), 'run')} {'is' if len(made) == 1 else 'are'} in the registry"
        f"{named}{unknown} Others may have been queued before it failed: look with list_items, subtype "
        "MODEL_RUN, before any are registered again."
    )
