"""Which job made which run, where the jobs themselves do not say it or are not believed.

Equal records make equal runs, so a record alone does not say whose run one is: the caller's other jobs of the
same record are looked at too. What they leave open is told as not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from anyio import to_thread

from provena_mcp.client import JobApi, ProvenaClient
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.cache import together
from provena_mcp.queries.jobs.job_wait import REGISTRATION, asks_for_a_look, run_id_of
from provena_mcp.queries.jobs.remains import Findings, Graph, Held
from provena_mcp.rules.records.fingerprint import fingerprint
from provena_mcp.wire.items import ModelRunItem
from provena_mcp.wire.jobs import Job, record_in

SKEW: Final = 60
"""How far the clocks of the registry and of the jobs may be apart, in seconds."""

_ASKED_OF_THE_GRAPH: Final = 20
_PAGE: Final = 100
_MAX_PAGES: Final = 30
# How long a job may wait before it makes its run, in seconds.
_QUEUED: Final = 3_600


@dataclass(frozen=True, slots=True)
class SoughtRuns:
    """Runs that jobs should have made, and among which they are sought.

    Attributes:
        jobs: The jobs, each of which made one run at most.
        runs: The newest runs, without those that other jobs are proven to have made.
        lacks: What may be left out of ``runs``; none if nothing is.
        settled: Sessions of those other jobs.
    """

    jobs: Sequence[Job]
    runs: Sequence[ModelRunItem]
    lacks: str | None = None
    settled: Collection[str] = ()


async def find_runs(client: ProvenaClient, sought: SoughtRuns) -> Findings:
    """What there is of the runs that jobs should have made, by session."""
    lots = await to_thread.run_sync(_lots, sought)
    if any(each.runs for each in lots.values()):
        others, complete = await _others(client.jobs, sought)
        await to_thread.run_sync(_note_others, lots, others, sought)
    else:
        complete = True
    made: dict[str, str] = {}
    equal: dict[str, str] = {}
    for each in lots.values():
        (made if complete and each.is_certain else equal).update(each.pairs())
    asked = list(made.values())[:_ASKED_OF_THE_GRAPH]
    graph = dict(zip(asked, await together(*(_graph(client, each) for each in asked)), strict=True))
    return {
        job.session_id: Held(run_id, graph.get(run_id, "not asked"))
        if (run_id := made.get(job.session_id))
        else Held(unknown=sought.lacks or _unreadable(job), equal=equal.get(job.session_id))
        for job in sought.jobs
    }


def _unreadable(job: Job) -> str | None:
    return None if record_in(job.payload, "record") else "its job does not say what was to be registered"


def equal_runs(jobs: Iterable[Job], runs: Iterable[ModelRunItem]) -> tuple[str, ...]:
    """The handles of runs that have the records of ``jobs``, one of each at most, whoever made them."""
    lots = _lots(SoughtRuns(tuple(jobs), tuple(runs)))
    pairs = (zip(each.jobs, each.runs, strict=False) for each in lots.values())
    return tuple(run.id for each in pairs for _, run in each)


@dataclass
class _Lot:
    """The jobs of one record and user, and the runs of that record which one of them may have made."""

    jobs: list[Job] = field(default_factory=list[Job])
    runs: list[ModelRunItem] = field(default_factory=list[ModelRunItem])
    rivals: list[Job] = field(default_factory=list[Job])

    @property
    def makers(self) -> list[Job]:
        """The jobs that may have made one of the runs, in order of time."""
        able = (
            job for job in (*self.jobs, *self.rivals) if any(_may_have_made(job, run) for run in self.runs)
        )
        return sorted(able, key=lambda job: job.created_timestamp)

    @property
    def is_certain(self) -> bool:
        """Whether each of the makers made one of the runs: there are as many, and none was there before."""
        makers = self.makers
        return len(makers) == len(self.runs) and all(
            job.created_timestamp <= run.created_timestamp for job, run in zip(makers, self.runs, strict=True)
        )

    def pairs(self) -> Mapping[str, str]:
        """A run for each job, by session: the one that it made, else one that it may have made."""
        if self.is_certain:
            pairs = zip(self.makers, self.runs, strict=True)
            mine = {job.session_id for job in self.jobs}
            return {job.session_id: run.id for job, run in pairs if job.session_id in mine}
        return {job.session_id: near[0] for job in self.jobs if (near := self._near(job))}

    def _near(self, job: Job) -> list[str]:
        may_be = [run.id for run in self.runs if _may_have_made(job, run)]
        named = run_id_of(job)
        return [named] if named in may_be else may_be


def _may_have_made(job: Job, run: ModelRunItem) -> bool:
    return (
        job.username in (None, run.owner_username) and run.created_timestamp >= job.created_timestamp - SKEW
    )


def _lots(sought: SoughtRuns) -> dict[str, _Lot]:
    """The jobs by the fingerprints of their records, each with the runs that one of them may have made."""
    lots: defaultdict[str, _Lot] = defaultdict(_Lot)
    for job in sorted(sought.jobs, key=lambda job: job.created_timestamp):
        if record := record_in(job.payload, "record"):
            lots[fingerprint(record)].jobs.append(job)
    for run in sorted(sought.runs, key=lambda run: run.created_timestamp):
        lot = lots.get(fingerprint(run.record))
        if lot and any(_may_have_made(job, run) for job in lot.jobs):
            lot.runs.append(run)
    return dict(lots)


def _note_others(lots: Mapping[str, _Lot], others: Iterable[Job], sought: SoughtRuns) -> None:
    """Take from ``lots`` the runs that ``others`` made, and note who else may have made what is left."""
    print_of = {run.id: fingerprint(run.record) for run in sought.runs}
    for job in others:
        record = record_in(job.payload, "record")
        own = fingerprint(record) if record else ""
        lot = lots.get(own)
        if lot is None or not lot.runs:
            continue
        named = run_id_of(job)
        if named is not None and print_of.get(named, own) == own:
            lot.runs = [run for run in lot.runs if run.id != named]
        else:
            lot.rivals.append(job)


async def _others(jobs: JobApi, sought: SoughtRuns) -> tuple[tuple[Job, ...], bool]:
    """The caller's other registrations that may have made a run, and whether these are all."""
    known = {job.session_id for job in sought.jobs} | set(sought.settled)
    since = min(job.created_timestamp for job in sought.jobs) - _QUEUED
    found: list[Job] = []
    pages, readable = 0, True
    try:
        async for page in jobs.pages(_PAGE):
            found += [job for job in page.jobs if job.session_id not in known and _makes_runs(job)]
            readable = readable and not page.unreadable
            pages += 1
            if page.jobs and page.jobs[-1].created_timestamp < since:
                break
            if pages == _MAX_PAGES and page.pagination_key is not None:
                return tuple(found), False
    except ProvenaError:
        return tuple(found), False
    return tuple(found), readable


def _makes_runs(job: Job) -> bool:
    return job.job_sub_type == REGISTRATION and (job.status != "FAILED" or asks_for_a_look(job))


async def _graph(client: ProvenaClient, run_id: str) -> Graph:
    try:
        graph = await client.prov.explore("upstream", run_id, 1)
    except ProvenaError:
        return "not known"
    return "has it" if run_id in graph.nodes else "lacks it"
