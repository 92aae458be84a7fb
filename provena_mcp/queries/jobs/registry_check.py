"""Compares the runs that jobs name with what the registry holds (provena-http 6.5).

A job that succeeded names its run by a handle. That proves nothing until the item of that handle is seen to
be the run that was to be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from anyio import to_thread

from provena_mcp.client import ProvenaClient, RegistryApi
from provena_mcp.errors import NotFoundError, ProvenaError
from provena_mcp.queries.cache import together
from provena_mcp.queries.jobs.job_wait import BATCH, LINK, REGISTRATION, UPDATE, JobState, run_id_of
from provena_mcp.queries.jobs.remains import Findings, Held, find_runs
from provena_mcp.rules.records.fingerprint import same_record
from provena_mcp.rules.records.problems import RECORD_REFUSED
from provena_mcp.rules.text import plural
from provena_mcp.wire.items import ModelRunItem, ModelRunRecord, RegistryItem
from provena_mcp.wire.jobs import Job, record_in
from provena_mcp.wire.registry import ListFilter, ListRequest, ListSort

_PAGE: Final = 100
_MAX_PAGES: Final = 10
# Runs named by jobs that are fetched one by one; of larger batches the newest runs are listed.
_FETCHED: Final = 20
# Runs that a remark names.
_NAMED: Final = 10
# How far the clocks of the registry and of the jobs may be apart, in seconds.
_SKEW: Final = 60
# Where the payload of a job that changes a run has the new record.
_NEW_RECORD: Final[Mapping[str, str]] = {UPDATE: "updated_record", LINK: "record"}

# An item as it was read, or why it was not.
Read = RegistryItem | ProvenaError


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


async def check_registry(client: ProvenaClient, state: JobState) -> tuple[JobState, Findings]:
    """``state`` so far as the registry bears it out; and, by session, how much exists of the other runs.

    Those are runs whose jobs failed, name something else, or name what could not be compared. A job that
    names something else names nothing in the state returned; if its own run is not found, what came of it
    is not known, as of a row that cannot be read.
    """
    jobs = state.runs if state.batch_id is not None else (state.job,) if state.job else ()
    held = {
        job.session_id: change
        for job in jobs
        if job.job_sub_type in _NEW_RECORD and (change := await _change(client, job))
    }
    held |= await _registrations(client, [job for job in jobs if job.job_sub_type == REGISTRATION])
    return _borne_out(state, held), held


async def _registrations(client: ProvenaClient, jobs: list[Job]) -> dict[str, Held]:
    failed = [job for job in jobs if _asks_for_a_look(job)]
    done = {run_id: job for job in jobs if (run_id := run_id_of(job))}
    newest = await _newest(client, jobs) if failed or len(done) > _FETCHED else None
    items = await _items(client, done, newest.runs if newest else ())
    held = await to_thread.run_sync(_doubts, done, items)
    misnamed = {
        run_id: job for run_id, job in done.items() if held.get(job.session_id) == Held(misnamed=run_id)
    }
    # Made a moment ago, or not what the job made: then its run is there under another handle.
    absent = {run_id: job for run_id, job in done.items() if isinstance(items.get(run_id), NotFoundError)}
    if lost := [*failed, *misnamed.values(), *absent.values()]:
        newest = newest or await _newest(client, lost)
        others = [run for run in newest.runs if run.id not in done or run.id in misnamed]
        found = await find_runs(client, lost, others, _since(lost), newest.lacks)
        wrongly = {job.session_id: run_id for run_id, job in (misnamed | absent).items()}
        may_come = {job.session_id for job in absent.values()}
        held |= {
            each: replace(run, misnamed=wrongly.get(each))
            for each, run in found.items()
            if run.run_id or each not in may_come
        }
    return held


def _borne_out(state: JobState, held: Findings) -> JobState:
    if not held:
        return state

    def named(job: Job) -> Job:
        found = held.get(job.session_id)
        return job.model_copy(update={"result": None}) if found and found.misnamed else job

    def is_lost(job: Job) -> bool:
        found = held.get(job.session_id)
        return job.status == "SUCCEEDED" and found is not None and found.run_id is None

    runs = tuple(named(run) for run in state.runs if not is_lost(run))
    alone = state.job if state.batch_id is None else None
    unread = state.unread + len(state.runs) - len(runs) + (alone is not None and is_lost(alone))
    return replace(state, job=named(state.job) if state.job else None, runs=runs, unread=unread)


async def _newest(client: ProvenaClient, jobs: Iterable[Job]) -> NewestRuns:
    try:
        return await newest_runs(client.registry, _since(jobs))
    except ProvenaError as error:
        return NewestRuns((), error.message)


def _since(jobs: Iterable[Job]) -> float:
    return min(job.created_timestamp for job in jobs) - _SKEW


async def _items(
    client: ProvenaClient, ids: Iterable[str], listed: Iterable[ModelRunItem]
) -> Mapping[str, Read]:
    """The items of ``ids``, so far as they are listed or few enough to be fetched."""
    known: dict[str, Read] = {run.id: run for run in listed}
    unlisted = [run_id for run_id in ids if run_id not in known][:_FETCHED]
    fetched = await together(*(_read(client, run_id) for run_id in unlisted))
    return known | dict(zip(unlisted, fetched, strict=True))


async def _read(client: ProvenaClient, item_id: str) -> Read:
    try:
        return await client.registry.fetch(item_id)
    except ProvenaError as error:
        return error


def _doubts(done: Mapping[str, Job], items: Mapping[str, Read]) -> dict[str, Held]:
    """What is doubtful of the runs that jobs name, by session."""
    doubts = {job.session_id: _doubt(run_id, job, items.get(run_id)) for run_id, job in done.items()}
    return {session_id: doubt for session_id, doubt in doubts.items() if doubt is not None}


def _doubt(run_id: str, job: Job, item: Read | None) -> Held | None:
    record = record_in(job.payload, "record")
    if record is None:
        return Held(run_id, unknown="its job does not say what was to be registered")
    if item is None:
        return Held(run_id, unknown="it is not among the newest runs")
    if isinstance(item, ProvenaError):
        return Held(run_id, unknown=item.message)
    if item.is_seed and item.item_subtype == "MODEL_RUN":
        return Held(run_id, unknown="there is no record of it yet")
    is_its_run = _has_had(item, record, 0) and item.created_timestamp >= _since([job])
    return None if is_its_run else Held(misnamed=run_id)


def _has_had(item: RegistryItem, record: ModelRunRecord, since: float) -> bool:
    """Whether ``record`` is that of ``item``, or was it after ``since`` (Unix seconds)."""
    if not isinstance(item, ModelRunItem):
        return False
    if same_record(item.record, record):
        return True
    earlier = (record_in(entry.item, "record") for entry in item.history if entry.timestamp >= since)
    return any(each is not None and same_record(each, record) for each in earlier)


async def _change(client: ProvenaClient, job: Job) -> Held | None:
    """How much there is of the change of a run that ``job`` was to make; none if it asks for no look."""
    is_done = job.status == "SUCCEEDED"
    if not is_done and not (job.job_sub_type == UPDATE and _asks_for_a_look(job)):
        return None
    run_id = str((job.payload or {}).get("model_run_record_id") or "")
    new = record_in(job.payload, _NEW_RECORD[job.job_sub_type])
    known = run_id_of(job)
    if not run_id or new is None:
        return Held(known, unknown="the job does not say which run it was to update")
    try:
        item = await client.registry.fetch(run_id)
    except NotFoundError as error:
        return Held(known, unknown=error.message) if is_done else Held()
    except ProvenaError as error:
        return Held(known, unknown=error.message)
    if is_done:
        return None if _has_had(item, new, _since([job])) else Held()
    return Held(run_id) if isinstance(item, ModelRunItem) and same_record(item.record, new) else Held()


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
    newest = await _newest(client, rows)
    held = tuple((await find_runs(client, rows, newest.runs, _since(rows), newest.lacks)).values())
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
