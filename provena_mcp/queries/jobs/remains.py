"""What there is of a run whose job does not prove it: found in the registry and the graph, and told.

A registration seeds an id, completes the registry item, then lodges the graph. If a later step fails, the
results of the earlier ones stay (provena-http 6.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from provena_mcp.next_call import NextCall
from provena_mcp.queries.jobs.job_wait import REGISTRATION, JobStatus, status_of
from provena_mcp.rules.text import plural
from provena_mcp.wire.jobs import Job

Graph = Literal["has it", "lacks it", "not known", "not asked"]

_UPDATED: Final = (
    "The registry holds the new record. The lineage graph may not: an administrator's store_record brings "
    "it up to date."
)
_NOT_UPDATED: Final = "The registry does not hold the new record."
_LOOK: Final = "look with list_items, subtype MODEL_RUN, before doing it again."

_MISSING: Final[Mapping[Graph, str]] = {
    "lacks it": "the lineage graph lacks it",
    "not known": "the graph could not be asked",
    "not asked": "the graph was not asked, explore_upstream from it shows whether it is there",
}


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a run exists whose job does not prove it.

    Attributes:
        run_id: Its handle; none if the registry holds no such run.
        graph: Whether the lineage graph has it.
        unknown: Why it could not be looked up, or compared with what its job names.
        misnamed: What its job names in its place.
        is_there: Whether the registry holds what its job names in its place.
        equal: A run of the same record, of which it is not known which job made it; where it is what this
            job names, another job names it too.
    """

    run_id: str | None = None
    graph: Graph = "not known"
    unknown: str | None = None
    misnamed: str | None = None
    is_there: bool = True
    equal: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether registry and graph both have it."""
        return self.run_id is not None and self.graph == "has it"

    @property
    def is_unproven(self) -> bool:
        """Whether only its job says that this is the run, as the two could not be compared."""
        return self.run_id is not None and self.unknown is not None


Findings = Mapping[str, Held]


def remark(held: Held, job: Job) -> str:
    """A remark for the user: how much exists of the run that ``job`` should have made; what to do now."""
    if held.is_unproven:
        why = (held.unknown or "").rstrip(".")
        return f"That is the word of its job alone: it was not compared with the registry ({why})."
    if held.equal is not None and held.equal == held.misnamed:
        which = "and so does another job: which of them made it is not known"
        return f"Its job names {held.equal}, {which}; {_LOOK}"
    why = "which is not this run" if held.is_there else "of which the registry has no record"
    misnamed = f"Its job names {held.misnamed}, {why}. " if held.misnamed else ""
    return misnamed + _remark(held, job)


def remark_on_unproven(held: Findings) -> str | None:
    """A remark on how many runs of a batch only their jobs prove; none if there are none."""
    count = sum(run.is_unproven for run in held.values())
    return (
        f"{plural(count, 'run was', 'runs were')} not compared with the registry: see runs."
        if count
        else None
    )


def is_in_doubt(held: Held | None, job: Job) -> bool:
    """Whether nobody knows what came of a run: its ``job`` succeeded, and nothing that there is proves it."""
    if held is None or job.status != "SUCCEEDED" or held.is_whole or held.is_unproven:
        return False
    return held.run_id is None or held.graph != "lacks it"


def status_with(held: Held | None, job: Job) -> JobStatus:
    """How a run stands whose ``job`` has come this far, given what there is of it."""
    if held is not None and held.is_whole:
        return "succeeded"
    if is_in_doubt(held, job):
        return "in_progress"
    return "failed" if held is not None and held.misnamed and held.run_id else status_of(job)


def look_at(held: Held | None, job: Job | None) -> NextCall:
    """The call that shows what there is of a run of which that is not known; the newest runs if need be."""
    changed = (job.payload or {}).get("model_run_record_id") if job else None
    if job and job.job_sub_type == REGISTRATION:
        changed = (held.run_id or held.equal) if held else None
    if isinstance(changed, str) and changed:
        return NextCall(tool="fetch_items", arguments={"ids": [changed]})
    return NextCall(tool="list_items", arguments={"subtype": "MODEL_RUN"})


def _remark(held: Held, job: Job) -> str:
    if held.equal is not None:
        return f"An equal run is registered as {held.equal}: whether this job made it is not known; {_LOOK}"
    if held.unknown is not None:
        return f"What the registry holds of it could not be looked up ({held.unknown}): {_LOOK}"
    if job.job_sub_type != REGISTRATION:
        if job.status == "SUCCEEDED":
            return f"Its job says that it is done. {_NOT_UPDATED} fetch_items shows the run as it is."
        return _UPDATED if held.run_id else _NOT_UPDATED
    if held.run_id is None:
        return f"The registry holds no such run{f': {_LOOK}' if held.misnamed else '.'}"
    if held.is_whole:
        return f"It is registered as {held.run_id}: the registry and the lineage graph hold it."
    return (
        f"It is in the registry as {held.run_id}; {_MISSING[held.graph]}. Do not register it again: an "
        "administrator's store_record puts it into the graph, delete_model_run with and_registry removes it."
    )
