"""What there is of a run whose job does not prove it: found in the registry and the graph, and told.

A registration seeds an id, completes the registry item, then lodges the graph. If a later step fails, the
results of the earlier ones stay (provena-http 6.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from anyio import to_thread

from provena_mcp.client import ProvenaClient
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.cache import together
from provena_mcp.queries.jobs.job_wait import REGISTRATION, JobStatus, status_of
from provena_mcp.rules.records.fingerprint import fingerprint
from provena_mcp.rules.text import plural
from provena_mcp.wire.items import ModelRunItem
from provena_mcp.wire.jobs import Job, record_in

_ASKED_OF_THE_GRAPH: Final = 20

_UPDATED: Final = (
    "The registry holds the new record. The lineage graph may not: an administrator's store_record brings "
    "it up to date."
)
_NOT_UPDATED: Final = "The registry does not hold the new record."
_LOOK: Final = "look with list_items, subtype MODEL_RUN, before doing it again."

Graph = Literal["has it", "lacks it", "not known"]


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a run exists whose job does not prove it.

    Attributes:
        run_id: Its handle; none if the registry holds no such run.
        graph: Whether the lineage graph has it.
        unknown: Why it could not be looked up, or compared with what its job names.
        misnamed: What its job names in its place.
    """

    run_id: str | None = None
    graph: Graph = "not known"
    unknown: str | None = None
    misnamed: str | None = None

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
    misnamed = f"Its job names {held.misnamed}, which is not this run. " if held.misnamed else ""
    return misnamed + _remark(held, job)


def remark_on_unproven(held: Findings) -> str | None:
    """A remark on how many runs of a batch only their jobs prove; none if there are none."""
    count = sum(run.is_unproven for run in held.values())
    return (
        f"{plural(count, 'run was', 'runs were')} not compared with the registry: see runs."
        if count
        else None
    )


def status_with(held: Held | None, job: Job) -> JobStatus:
    """How a run stands whose ``job`` has come this far, given what there is of it."""
    if held is not None and held.is_whole:
        return "succeeded"
    return "failed" if held is not None and held.misnamed and held.run_id else status_of(job)


async def find_runs(
    client: ProvenaClient,
    jobs: Sequence[Job],
    runs: Iterable[ModelRunItem],
    since: float,
    lacks: str | None,
) -> Findings:
    """What there is of the runs that ``jobs`` should have made, among ``runs``, by session.

    They were made at ``since`` (Unix seconds) or later; ``lacks`` says which may be left out of ``runs``.
    """
    found = await to_thread.run_sync(_matched, jobs, runs, since)
    asked = list(found.values())[:_ASKED_OF_THE_GRAPH]
    graph = dict(zip(asked, await together(*(_graph(client, each) for each in asked)), strict=True))
    return {
        job.session_id: Held(run_id, graph.get(run_id, "not known"))
        if (run_id := found.get(job.session_id))
        else Held(unknown=lacks)
        for job in jobs
    }


def _remark(held: Held, job: Job) -> str:
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
    missing = "the lineage graph lacks it" if held.graph == "lacks it" else "the graph could not be asked"
    return (
        f"It is in the registry as {held.run_id}; {missing}. Do not register it again: an administrator's "
        "store_record puts it into the graph, delete_model_run with and_registry removes it."
    )


def _matched(jobs: Iterable[Job], runs: Iterable[ModelRunItem], since: float) -> dict[str, str]:
    """The run that each job made, by session: its user's, since then, of its record, no other job's."""
    unnamed: defaultdict[str, list[ModelRunItem]] = defaultdict(list)
    for run in runs:
        if run.created_timestamp >= since:
            unnamed[fingerprint(run.record)].append(run)
    found: dict[str, str] = {}
    for job in sorted(jobs, key=lambda job: job.created_timestamp):
        record = record_in(job.payload, "record")
        candidates = unnamed[fingerprint(record)] if record else []
        mine = [run for run in candidates if job.username in (None, run.owner_username)]
        if mine:
            candidates.remove(mine[-1])  # the oldest of those that are left
            found[job.session_id] = mine[-1].id
    return found


async def _graph(client: ProvenaClient, run_id: str) -> Graph:
    try:
        graph = await client.prov.explore("upstream", run_id, 1)
    except ProvenaError:
        return "not known"
    return "has it" if run_id in graph.nodes else "lacks it"
