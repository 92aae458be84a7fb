"""Finds what a failed job left of its run in the registry and the graph (provena-http 6.4).

A registration seeds an id, completes the registry item, then lodges the graph. If a later step fails, the
results of the earlier ones stay.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from anyio import to_thread
from pydantic import ValidationError

from provena_mcp.client import ProvenaClient, RegistryApi
from provena_mcp.errors import NotFoundError, ProvenaError
from provena_mcp.queries.jobs.job_wait import BATCH, REGISTRATION, UPDATE, JobState, run_id_of
from provena_mcp.rules.records.fingerprint import fingerprint, same_record
from provena_mcp.rules.records.problems import RECORD_REFUSED
from provena_mcp.rules.text import plural
from provena_mcp.wire.items import ModelRunItem, ModelRunRecord
from provena_mcp.wire.jobs import Job
from provena_mcp.wire.registry import ListFilter, ListRequest, ListSort

_PAGE: Final = 100
_MAX_PAGES: Final = 10
_ASKED_OF_THE_GRAPH: Final = 20
# Runs that a remark names.
_NAMED: Final = 10
# How far the clocks of the registry and of the jobs may be apart, in seconds.
_SKEW: Final = 60

_UPDATED: Final = (
    "The registry holds the new record. The lineage graph may not: an administrator's store_record brings "
    "it up to date."
)

Graph = Literal["has it", "lacks it", "not known"]


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a run exists.

    Attributes:
        run_id: Its handle; none if the registry holds no such run.
        graph: Whether the lineage graph has it.
        unknown: Why it could not be looked up.
    """

    run_id: str | None = None
    graph: Graph = "not known"
    unknown: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether registry and graph both have it."""
        return self.run_id is not None and self.graph == "has it"


def remark(held: Held, job: Job) -> str:
    """A remark for the user: how much exists of the run that ``job`` should have made; what to do now."""
    if held.unknown is not None:
        return (
            f"What the registry holds of it could not be looked up ({held.unknown}): look with list_items, "
            "subtype MODEL_RUN, before doing it again."
        )
    if job.job_sub_type == UPDATE:
        return _UPDATED if held.run_id else "The registry does not hold the new record."
    if held.run_id is None:
        return "The registry holds no such run."
    if held.is_whole:
        return f"It is registered as {held.run_id}: the registry and the lineage graph hold it."
    missing = "the lineage graph lacks it" if held.graph == "lacks it" else "the graph could not be asked"
    return (
        f"It is in the registry as {held.run_id}; {missing}. Do not register it again: an administrator's "
        "store_record puts it into the graph, delete_model_run with and_registry removes it."
    )


@dataclass(frozen=True, slots=True)
class NewestRuns:
    """Complete runs of the registry, newest first; ``lacks`` says what since the time asked is left out."""

    runs: tuple[ModelRunItem, ...]
    lacks: str | None = None

    @property
    def complete(self) -> bool:
        """Whether none is left out."""
        return self.lacks is None


async def newest_runs(registry: RegistryApi, since: float) -> NewestRuns:
    """The runs created at ``since`` (Unix seconds) or later, and older ones of the same pages.

    Raises:
        ProvenaError: The registry could not be read.
    """
    request = ListRequest(
        filter_by=ListFilter(item_subtype="MODEL_RUN"),
        sort_by=ListSort(sort_type="CREATED_TIME"),
        page_size=_PAGE,
    )
    runs: list[ModelRunItem] = []
    pages = unread = 0
    async for page in registry.pages(request):
        runs += [item for item in page.items if isinstance(item, ModelRunItem)]
        pages += 1
        unread += sum(row.may_be_since(since) for row in page.unread)
        if any(item.created_timestamp < since for item in page.items):
            break
        if pages == _MAX_PAGES and page.pagination_key is not None:
            return NewestRuns(tuple(runs), "there are too many newer runs")
    return NewestRuns(tuple(runs), f"{plural(unread, 'run')} could not be read" if unread else None)


async def check_registry(client: ProvenaClient, state: JobState) -> Mapping[str, Held]:
    """How much exists of the runs whose jobs failed, by session id."""
    jobs = state.runs if state.batch_id is not None else (state.job,) if state.job else ()
    updates = [job for job in jobs if job.job_sub_type == UPDATE and _asks_for_a_look(job)]
    lost = [job for job in jobs if job.job_sub_type == REGISTRATION and _asks_for_a_look(job)]
    held = {job.session_id: await _held_update(client, job) for job in updates}
    if lost:
        held |= await _held_runs(client, lost, {run_id for job in jobs if (run_id := run_id_of(job))})
    return held


async def remark_on_batch(client: ProvenaClient, job: Job | None) -> str | None:
    """What there is of the runs of a submission that failed as it queued them; none of any other job."""
    if job is None or job.job_sub_type != BATCH or not _asks_for_a_look(job):
        return None
    records = (job.payload or {}).get("records")
    if not isinstance(records, list) or not records:
        return None
    rows = [
        job.model_copy(update={"session_id": str(number), "payload": {"record": record}})
        for number, record in enumerate(records)
    ]
    held = tuple((await _held_runs(client, rows, ())).values())
    made = [row.run_id for row in held if row.run_id]
    named = f": {', '.join(made[:_NAMED])}{', …' if len(made) > _NAMED else ''}." if made else " so far."
    unknown = next((f" Not all could be looked up ({row.unknown})." for row in held if row.unknown), "")
    return (
        f"{len(made)} of its {plural(len(rows), 'run')} {'is' if len(made) == 1 else 'are'} in the registry"
        f"{named}{unknown} Others may have been queued before it failed: look with list_items, subtype "
        "MODEL_RUN, before any are registered again."
    )


def _asks_for_a_look(job: Job) -> bool:
    # A record that was refused was refused before anything was made.
    return job.status == "FAILED" and not (job.info or "").startswith(RECORD_REFUSED)


async def _held_runs(
    client: ProvenaClient, jobs: Sequence[Job], named: Collection[str]
) -> Mapping[str, Held]:
    since = min(job.created_timestamp for job in jobs) - _SKEW
    try:
        newest = await newest_runs(client.registry, since)
    except ProvenaError as error:
        return {job.session_id: Held(unknown=error.message) for job in jobs}
    found = await to_thread.run_sync(_matched, jobs, newest.runs, since, named)
    asked = list(found.values())[:_ASKED_OF_THE_GRAPH]
    graph = dict(zip(asked, await asyncio.gather(*(_graph(client, each) for each in asked)), strict=True))
    return {
        job.session_id: Held(run_id, graph.get(run_id, "not known"))
        if (run_id := found.get(job.session_id))
        else Held(unknown=newest.lacks)
        for job in jobs
    }


def _matched(
    jobs: Iterable[Job], runs: Iterable[ModelRunItem], since: float, named: Collection[str]
) -> dict[str, str]:
    """The run that each job made, by session: its user's, since then, of its record, no other job's."""
    unnamed: defaultdict[str, list[ModelRunItem]] = defaultdict(list)
    for run in runs:
        if run.created_timestamp >= since and run.id not in named:
            unnamed[fingerprint(run.record)].append(run)
    found: dict[str, str] = {}
    for job in sorted(jobs, key=lambda job: job.created_timestamp):
        record = _record(job, "record")
        candidates = unnamed[fingerprint(record)] if record else []
        mine = [run for run in candidates if job.username in (None, run.owner_username)]
        if mine:
            candidates.remove(mine[-1])  # the oldest of those that are left
            found[job.session_id] = mine[-1].id
    return found


async def _held_update(client: ProvenaClient, job: Job) -> Held:
    """The run to be updated, if the registry has its new record."""
    run_id, new = str((job.payload or {}).get("model_run_record_id") or ""), _record(job, "updated_record")
    if not run_id or new is None:
        return Held(unknown="the job does not say which run it was to update")
    try:
        item = await client.registry.fetch(run_id)
    except NotFoundError:
        return Held()
    except ProvenaError as error:
        return Held(unknown=error.message)
    if isinstance(item, ModelRunItem) and same_record(item.record, new):
        return Held(run_id)
    return Held()


async def _graph(client: ProvenaClient, run_id: str) -> Graph:
    try:
        graph = await client.prov.explore("upstream", run_id, 1)
    except ProvenaError:
        return "not known"
    return "has it" if run_id in graph.nodes else "lacks it"


def _record(job: Job, key: str) -> ModelRunRecord | None:
    try:
        return ModelRunRecord.model_validate((job.payload or {}).get(key))
    except ValidationError:
        return None
