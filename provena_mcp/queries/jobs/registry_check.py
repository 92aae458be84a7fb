"""Compares the runs that jobs name with what the registry holds (provena-http 6.5).

A job that succeeded names its run by a handle. That proves nothing until the item of that handle is seen to
be the run that was to be made.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from anyio import to_thread

from provena_mcp.client import ProvenaClient, RegistryApi
from provena_mcp.errors import NotFoundError, ProvenaError
from provena_mcp.queries.cache import BoundedCache, together
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.jobs.job_wait import (
    LINK,
    REGISTRATION,
    UPDATE,
    JobState,
    PollPolicy,
    asks_for_a_look,
    run_id_of,
)
from provena_mcp.queries.jobs.makers import SKEW, SoughtRuns, find_runs
from provena_mcp.queries.jobs.remains import Findings, Held, is_in_doubt
from provena_mcp.rules.records.fingerprint import has_had, same_record
from provena_mcp.rules.text import plural
from provena_mcp.wire.items import ModelRunItem, RegistryItem
from provena_mcp.wire.jobs import Job, record_in
from provena_mcp.wire.registry import ListFilter, ListRequest, ListSort

_PAGE: Final = 100
_MAX_PAGES: Final = 10
# Runs named by jobs that are fetched one by one; of larger batches the newest runs are listed first.
_FETCHED: Final = 20
_TOO_LATE: Final = "the services did not answer in time"
# Jobs of which is remembered which run they were proven to have made.
_REMEMBERED: Final = 20_000
# Where the payload of a job that changes a run has the new record.
_NEW_RECORD: Final[Mapping[str, str]] = {UPDATE: "updated_record", LINK: "record"}

COMPARED: Final = frozenset({REGISTRATION, *_NEW_RECORD})
"""Jobs that are compared with the registry."""

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


class Proofs:
    """Which runs the jobs of each caller were proven to have made: a proof does not expire."""

    def __init__(self, polling: PollPolicy) -> None:
        """Know of none; what contradicts a job is read again after the longest pause of ``polling``."""
        self.polling = polling
        self._runs, self._makers, self._waited_for = (
            BoundedCache[tuple[str, str], str](entries=_REMEMBERED, seconds=float("inf"), clock=polling.clock)
            for _ in range(3)
        )

    def of(self, caller: str, job: Job) -> str | None:
        """The run that ``job`` was proven to have made or changed."""
        return self._runs.get((caller, job.session_id))

    def note(self, caller: str, job: Job, run_id: str) -> None:
        """Remember that ``job`` was proven to have made or changed this run."""
        self._runs.put((caller, job.session_id), run_id)
        if job.job_sub_type == REGISTRATION:
            self._makers.put((caller, run_id), job.session_id)

    def contradict(self, caller: str, job: Job, run_id: str) -> bool:
        """Whether another job was proven to have made this run."""
        return self._makers.get((caller, run_id)) not in (None, job.session_id)

    async def pause(self, caller: str, unseen: Iterable[str]) -> None:
        """Wait, once for each of these ids, until a replica that was behind may have caught up."""
        if new := [each for each in unseen if self._waited_for.get((caller, each)) is None]:
            await self.polling.sleep(self.polling.longest_pause)
            for each in new:
                self._waited_for.put((caller, each), each)


async def check_registry(reader: Reader, state: JobState, proofs: Proofs) -> tuple[JobState, Findings]:
    """``state`` so far as the registry bears it out; and, by session, how much exists of the other runs.

    Those are runs whose jobs failed, name something else, or name what could not be compared. A job that
    names something else names nothing in the state returned; if its own run is not found, or not known to
    be whole, it is in doubt what came of it.
    """
    jobs = state.runs if state.batch_id is not None else (state.job,) if state.job else ()
    known = {job.session_id: run_id for job in jobs if (run_id := proofs.of(reader.caller, job))}
    held = {
        job.session_id: Held(run_id, "has it", misnamed=run_id_of(job))
        for job in jobs
        if (run_id := known.get(job.session_id)) and run_id_of(job) != run_id
    }
    compared = [job for job in jobs if job.job_sub_type in COMPARED and job.session_id not in known]
    try:
        async with asyncio.timeout(proofs.polling.comparison):
            held |= await _compared(reader, compared, proofs)
    except TimeoutError:
        late = (job for job in compared if job.status == "SUCCEEDED" or asks_for_a_look(job))
        held |= {job.session_id: Held(run_id_of(job), unknown=_TOO_LATE) for job in late}
    for job in compared:
        found = held.get(job.session_id)
        proven = run_id_of(job) if found is None else found.run_id if found.is_whole else None
        if proven:
            proofs.note(reader.caller, job, proven)
    return _borne_out(state, jobs, held), held


async def _compared(reader: Reader, jobs: Sequence[Job], proofs: Proofs) -> dict[str, Held]:
    changes = [job for job in jobs if job.job_sub_type in _NEW_RECORD]
    held = {job.session_id: change for job in changes if (change := await _change(reader, job, proofs))}
    registrations = [job for job in jobs if job.job_sub_type == REGISTRATION]
    return held | await _registrations(reader, registrations, proofs)


async def _registrations(reader: Reader, jobs: Sequence[Job], proofs: Proofs) -> dict[str, Held]:
    failed = [job for job in jobs if asks_for_a_look(job)]
    done = {job.session_id: (run_id, job) for job in jobs if (run_id := run_id_of(job))}
    ids = dict.fromkeys(run_id for run_id, _ in done.values())
    newest = await newest_since(reader.client, jobs) if failed or len(ids) > _FETCHED else None
    items = await _items(reader, ids, newest, proofs)
    lacks = newest.lacks if newest else None
    held = await to_thread.run_sync(_doubts, done.values(), items, lacks)
    borne_out = Counter(run_id for session_id, (run_id, _) in done.items() if session_id not in held)
    # Of several jobs that name one equal run, one made it at most.
    shared = {
        session_id: Held(misnamed=run_id)
        for session_id, (run_id, job) in done.items()
        if session_id not in held and (borne_out[run_id] > 1 or proofs.contradict(reader.caller, job, run_id))
    }
    held |= shared
    misnaming = {each: run for each, run in held.items() if run.misnamed}
    if lost := [*failed, *(done[each][1] for each in misnaming)]:
        newest = newest or await newest_since(reader.client, lost)
        settled = done.keys() - misnaming.keys()
        taken = {done[each][0] for each in settled}
        runs = tuple(run for run in newest.runs if run.id not in taken)
        sought = SoughtRuns(lost, runs, newest.lacks, settled)
        found = await find_runs(reader.client, sought)
        for each, run in found.items():
            named = misnaming.get(each, Held())
            if run.run_id and run.run_id == named.misnamed:
                del held[each]
            else:
                held[each] = replace(run, misnamed=named.misnamed, is_there=named.is_there)
    return held


def _borne_out(state: JobState, jobs: Iterable[Job], held: Findings) -> JobState:
    if not held:
        return state

    def named(job: Job) -> Job:
        found = held.get(job.session_id)
        return job.model_copy(update={"result": None}) if found and found.misnamed else job

    doubted = sum(is_in_doubt(held.get(job.session_id), job) for job in jobs)
    job = named(state.job) if state.job else None
    return replace(state, job=job, runs=tuple(map(named, state.runs)), doubted=doubted)


async def newest_since(client: ProvenaClient, jobs: Iterable[Job]) -> NewestRuns:
    """The runs since the first of ``jobs``; if the registry could not be read none, with why."""
    try:
        return await newest_runs(client.registry, _since(jobs))
    except ProvenaError as error:
        return NewestRuns((), error.message)


def _since(jobs: Iterable[Job]) -> float:
    return min(job.created_timestamp for job in jobs) - SKEW


async def _items(
    reader: Reader, ids: Iterable[str], newest: NewestRuns | None, proofs: Proofs
) -> Mapping[str, Read]:
    """The items of ``ids``; where the list of the newest may lack some, so far as they are few.

    What is not there is asked for once more: the registry may answer from a replica that is behind.
    """
    known: dict[str, Read] = {run.id: run for run in newest.runs} if newest else {}
    unlisted = [run_id for run_id in ids if run_id not in known]
    unlisted = unlisted[:_FETCHED] if newest and newest.lacks else unlisted
    known |= await _fetched(reader.client, unlisted)
    if absent := [run_id for run_id in unlisted if _is_absent(known[run_id])]:
        await proofs.pause(reader.caller, absent)
        known |= await _fetched(reader.client, absent)
    return known


async def _fetched(client: ProvenaClient, ids: Sequence[str]) -> dict[str, Read]:
    return dict(zip(ids, await together(*(_read(client, each) for each in ids)), strict=True))


def _is_absent(item: Read) -> bool:
    """Whether there is no record: no such item, or one whose handle was reserved and no more."""
    return item.is_seed if isinstance(item, RegistryItem) else isinstance(item, NotFoundError)


async def _read(client: ProvenaClient, item_id: str) -> Read:
    try:
        return await client.registry.fetch(item_id)
    except ProvenaError as error:
        return error


def _doubts(done: Iterable[tuple[str, Job]], items: Mapping[str, Read], lacks: str | None) -> dict[str, Held]:
    """What is doubtful of the runs that jobs name, by session; ``lacks`` says what is left out of a list."""
    doubts = {job.session_id: _doubt(run_id, job, items.get(run_id), lacks) for run_id, job in done}
    return {session_id: doubt for session_id, doubt in doubts.items() if doubt is not None}


def _doubt(run_id: str, job: Job, item: Read | None, lacks: str | None) -> Held | None:
    record = record_in(job.payload, "record")
    if record is None:
        return Held(run_id, unknown="its job does not say what was to be registered")
    if item is None:
        return Held(run_id, unknown=lacks or "it was not looked up")
    if _is_absent(item):
        return Held(misnamed=run_id, is_there=False)
    if isinstance(item, ProvenaError):
        return Held(run_id, unknown=item.message)
    is_theirs = job.username == item.owner_username or None in (job.username, item.owner_username)
    is_its_run = is_theirs and has_had(item, record) and item.created_timestamp >= _since([job])
    return None if is_its_run else Held(misnamed=run_id)


async def _change(reader: Reader, job: Job, proofs: Proofs) -> Held | None:
    """How much there is of the change of a run that ``job`` was to make; none if it asks for no look."""
    is_done = job.status == "SUCCEEDED"
    if not is_done and not (job.job_sub_type == UPDATE and asks_for_a_look(job)):
        return None
    run_id = str((job.payload or {}).get("model_run_record_id") or "")
    new = record_in(job.payload, _NEW_RECORD[job.job_sub_type])
    known = run_id_of(job)
    if not run_id or new is None:
        return Held(known, unknown="the job does not say which run it was to update")

    def is_made(item: Read) -> bool:
        if not isinstance(item, ModelRunItem):
            return False
        return has_had(item, new, _since([job])) if is_done else same_record(item.record, new)

    item = await _read(reader.client, run_id)
    if not is_made(item):
        await proofs.pause(reader.caller, [job.session_id])
        item = await _read(reader.client, run_id)
    if is_made(item):
        return None if is_done else Held(run_id)
    if isinstance(item, RegistryItem | NotFoundError):
        return Held()
    return Held(known, unknown=item.message)
