"""Finds out whether a record was submitted before: in the caller's jobs, the registry, and what we sent.

The jobs survive restarts and are the same for every replica; what we sent bridges the seconds until
a job's row appears (provena-http 6.3), and remembers a submission whose answer was lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from anyio import to_thread
from pydantic import JsonValue

from provena_mcp.client import JobApi
from provena_mcp.commands.confirmation.write_store import DAY, Submission, Submissions, WriteContext
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.cache import together
from provena_mcp.queries.jobs.batches import fingerprints_of
from provena_mcp.queries.jobs.job_wait import BATCH, REGISTRATION, batch_id_of, run_id_of
from provena_mcp.queries.jobs.registry_check import newest_runs
from provena_mcp.rules.records.fingerprint import content_fingerprint, fingerprint, fingerprints, has_had
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.text import first_of
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import ModelRunItem, ModelRunRecord
from provena_mcp.wire.jobs import Job

_PAGE: Final = 100
_MAX_PAGES: Final = 30
_NOT_ALL_JOBS: Final = (
    "Not all that you have submitted within a day could be compared with this: look yourself whether it was "
    "registered before."
)
_NOT_ALL_RUNS: Final = (
    "Not all runs registered within a day could be compared with this ({lacks}): look yourself whether it is "
    "among them."
)
_ALIKE_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Earlier:
    """Earlier submissions by fingerprint; ``complete`` is false if not all jobs could be looked at."""

    found: Mapping[str, Submission]
    complete: bool = True


async def find_duplicates(
    context: WriteContext, records: Sequence[ModelRunRecord], place: Callable[[int], str]
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Problems for records that were submitted within a day or registered before, and warnings.

    The caller's jobs and the registry are both looked at: a run whose job failed may be there all the same.
    """
    since = context.now() - DAY
    by_number = await to_thread.run_sync(_fingerprints, records)
    (submitted, unsure), (registered, more_unsure) = await together(
        _submitted(context, [each for found in by_number for each in found]), _registered(context, since)
    )
    by_record = await to_thread.run_sync(_by_record, registered)
    by_id = {run.id: run for run in registered}
    problems: list[Problem] = []
    warnings = [*unsure, *more_unsure]
    for number, (own, *recorded) in enumerate(by_number):
        runs = {run.id: run for each in (own, *recorded) for run in by_record.get(each, ())}
        run = next(iter(by_record.get(own, ())), None)
        earlier = next((submitted[each] for each in (own, *recorded) if each in submitted), None)
        if earlier is not None:
            named = by_id.get(earlier.model_run_id or "")
            # It may have been changed since.
            is_its_run = named is not None and (named.id in runs or has_had(named, records[number]))
            shown = named if is_its_run else run if earlier.model_run_id else None
            problems.append(_duplicate(place(number), earlier, shown.id if shown else None))
        elif run is not None and run.created_timestamp >= since:
            problems.append(_duplicate(place(number), Submission(when=run.created_timestamp), run.id))
        elif run is not None:
            warnings.append(f"Run {run.id!r}, registered {utc(run.created_timestamp)}, has the same record.")
    problems += _repeated_in_batch([own for own, *_ in by_number], place)
    alike = await to_thread.run_sync(_alike, records, registered, place)
    return tuple(problems), (*warnings, *alike)


async def _submitted(
    context: WriteContext, fingerprints: Sequence[str]
) -> tuple[Mapping[str, Submission], tuple[str, ...]]:
    try:
        earlier = await find_earlier(
            context.client.jobs, context.submissions, context.caller, frozenset(fingerprints), context.now()
        )
    except ProvenaError as error:
        return {}, (f"Whether it was submitted before could not be looked up: {error.message}",)
    return earlier.found, () if earlier.complete else (_NOT_ALL_JOBS,)


async def _registered(context: WriteContext, since: float) -> tuple[Sequence[ModelRunItem], tuple[str, ...]]:
    try:
        newest = await newest_runs(context.client.registry, since)
    except ProvenaError as error:
        return (), (f"Whether it is in the registry already could not be looked up: {error.message}",)
    return newest.runs, (_NOT_ALL_RUNS.format(lacks=newest.lacks),) if newest.lacks else ()


async def find_earlier(
    jobs: JobApi, submissions: Submissions, caller: str, wanted: frozenset[str], now: float
) -> Earlier:
    """Which of the records with the fingerprints ``wanted`` the caller submitted in the day before ``now``.

    Failed jobs do not count: what they were to register is not there. ``now`` is in Unix seconds.

    Raises:
        ProvenaError: The caller's jobs could not be read.
    """
    seen = _Seen(wanted)
    since = now - DAY
    complete = await seen.look_through(jobs, since)
    sent = await submissions.of(caller, wanted)
    not_yet_listed = {
        each: submission
        for each, submission in sent.items()
        if submission.when >= since and submission.session_id not in seen.sessions
    }
    return Earlier({**not_yet_listed, **seen.lodged}, complete)


@dataclass
class _Seen:
    """What the caller's jobs, newest first, say about the records ``wanted``."""

    wanted: frozenset[str]
    lodged: dict[str, Submission] = field(default_factory=dict[str, Submission])
    sessions: set[str | None] = field(default_factory=set[str | None])
    failed: set[tuple[str | None, str]] = field(default_factory=set[tuple[str | None, str]])

    async def look_through(self, jobs: JobApi, since: float) -> bool:
        """Look at all jobs not older than ``since``; false if some are unreadable or there are too many."""
        pages, readable = 0, True
        async for page in jobs.pages(_PAGE):
            readable = readable and not page.unreadable
            if await to_thread.run_sync(self._look_at_those_since, since, page.jobs):
                break
            pages += 1
            if pages == _MAX_PAGES and page.pagination_key is not None:
                return False
        return readable

    def _look_at_those_since(self, since: float, jobs: Iterable[Job]) -> bool:
        """Look at jobs, newest first; whether one was older than ``since``."""
        for job in jobs:
            if job.created_timestamp < since:
                return True
            self._look_at(job)
        return False

    def _look_at(self, job: Job) -> None:
        self.sessions.add(job.session_id)
        failed = job.status == "FAILED"
        if job.job_sub_type == REGISTRATION:
            for fingerprint in self._fingerprints([(job.payload or {}).get("record")]):
                if failed:
                    self.failed.add((job.batch_id, fingerprint))
                else:
                    self._remember(fingerprint, job)
        elif job.job_sub_type == BATCH and not failed:
            # Its runs are jobs of their own, listed before it; those not listed yet are on their way.
            records = (job.payload or {}).get("records")
            for fingerprint in self._fingerprints(records if isinstance(records, list) else []):
                if (batch_id_of(job), fingerprint) not in self.failed:
                    self._remember(fingerprint, job)

    def _fingerprints(self, raw_records: Sequence[JsonValue]) -> Iterator[str]:
        for raw in raw_records:
            yield from (each for each in fingerprints_of(raw) if each in self.wanted)

    def _remember(self, fingerprint: str, job: Job) -> None:
        run_id = run_id_of(job)
        if fingerprint not in self.lodged or run_id is not None:
            self.lodged[fingerprint] = Submission(
                when=job.created_timestamp, session_id=job.session_id, model_run_id=run_id
            )


def _by_record(registered: Iterable[ModelRunItem]) -> Mapping[str, Sequence[ModelRunItem]]:
    """Runs by the fingerprints of their records, newest first."""
    found: defaultdict[str, list[ModelRunItem]] = defaultdict(list)
    for run in registered:
        for each in fingerprints(run.record):
            found[each].append(run)
    return found


def _duplicate(path: str, earlier: Submission, run_id: str | None) -> Problem:
    """The problem of a record that was submitted before; ``run_id`` is its run in the registry, if seen."""
    when = utc(earlier.when) or "within the last day"
    if run_id is not None:
        what = f"It is model run {run_id!r}."
    elif earlier.model_run_id is not None:
        what = (
            f"Its job names {earlier.model_run_id!r}, and the registry was not seen to hold it: get_job says "
            f"more, session {earlier.session_id!r}."
        )
    elif earlier.session_id is not None:
        what = f"get_job says what became of it: session {earlier.session_id!r}."
    else:
        what = "Its answer was lost: look with list_jobs whether it arrived."
    message = (
        f"The same record was submitted already ({when}). {what} Only if it really ran twice, or never "
        "arrived, call again with allow_duplicate: true."
    )
    return Problem(path, message, "")


def _repeated_in_batch(fingerprints: Sequence[str], place: Callable[[int], str]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, each in enumerate(fingerprints):
        if each in first:
            message = (
                f"The same record as {place(first[each])}. Only if it really ran twice, call again with "
                "allow_duplicate: true."
            )
            yield Problem(place(number), message, "")
        else:
            first[each] = number


def _alike(
    records: Sequence[ModelRunRecord], registered: Sequence[ModelRunItem], place: Callable[[int], str]
) -> tuple[str, ...]:
    """Warnings about records that differ from another run in name and description only."""
    others: dict[str, tuple[str, str]] = {
        content_fingerprint(run.record): (f"run {run.id!r}", fingerprint(run.record))
        for run in reversed(registered)
    }
    warnings: list[str] = []
    for number, record in enumerate(records):
        content, whole = content_fingerprint(record), fingerprint(record)
        other, same = others.setdefault(content, (place(number), whole))
        if same != whole:
            subject = place(number) or "This record"
            warnings.append(
                f"{subject} differs from {other} in name and description only: is it the same run?"
            )
    return first_of(warnings, _ALIKE_SHOWN, lambda left: f"{left} more differ from another so.")


def _fingerprints(records: Sequence[ModelRunRecord]) -> tuple[tuple[str, ...], ...]:
    return tuple(fingerprints(record) for record in records)
