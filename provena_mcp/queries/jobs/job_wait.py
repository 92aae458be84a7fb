"""Polls a job, and the runs of a batch, until it ends or patience does (provena-http 6.3, 6.5)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal

from pydantic import JsonValue, ValidationError

from provena_mcp.client.http.room import UNDER_WAY
from provena_mcp.errors import NotFoundError
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.records.problems import RECORD_REFUSED
from provena_mcp.rules.text import clean

if TYPE_CHECKING:
    from provena_mcp.client import JobApi
    from provena_mcp.wire.items import JsonObject, ModelRunRecord
    from provena_mcp.wire.jobs import Job

JobStatus = Literal["submitted", "pending", "dequeued", "in_progress", "succeeded", "failed"]
ReportProgress = Callable[[str], Awaitable[None]]

REGISTRATION: Final = "MODEL_RUN_PROV_LODGE"
BATCH: Final = "MODEL_RUN_BATCH_SUBMIT"
UPDATE: Final = "MODEL_RUN_UPDATE"
LINK: Final = "MODEL_RUN_LODGE_ONLY"

_PAGE: Final = 100
_MAX_PAGES: Final = 5
# The longest that a submission may wait before its runs are queued, in seconds.
_DISTRIBUTING: Final = 3_600

_STATUS_OF: Final[dict[str, JobStatus]] = {
    "PENDING": "pending",
    "DEQUEUED": "dequeued",
    "IN_PROGRESS": "in_progress",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
}


@dataclass(frozen=True)
class PollPolicy:
    """How a job is polled; seconds.

    ``patience`` leaves a few seconds for what a call does before it waits: it has to answer within 45,
    since hosts give one up after about a minute. ``late_row`` is how long a job may take to appear before
    its id counts as wrong (provena-http 6.6), ``comparison`` how long what it made may be looked for.
    """

    patience: float = 40.0
    late_row: float = 20.0
    comparison: float = 10.0
    first_pause: float = 0.1
    longest_pause: float = 2.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def deadline(self) -> float:
        """When, by ``clock``, a call that begins now has to answer."""
        return self.clock() + self.patience


@dataclass(frozen=True)
class JobState:
    """How far a job has come.

    Attributes:
        job: The job; none while its row has not been written, or where only its batch is known.
        runs: The jobs of a batch's runs, newest first; their rows appear one by one.
        expected: How many runs the batch was submitted with, where that is known.
        batch_id: The batch they belong to.
        unread: How many jobs of the batch cannot be believed, or read: what came of their runs is not known.
        doubted: How many jobs, of the batch or this one, the registry does not bear out: likewise.
        is_overdue: Whether rows that the batch lacks were waited for longer than rows take to appear.
    """

    job: Job | None = None
    runs: tuple[Job, ...] = ()
    expected: int | None = None
    batch_id: str | None = None
    unread: int = 0
    doubted: int = 0
    is_overdue: bool = False

    @property
    def finished(self) -> bool:
        """Whether nothing will change any more; of a batch of unknown size more rows may always appear."""
        return not self.is_doubtful and self.is_settled

    @property
    def is_doubtful(self) -> bool:
        """Whether what came of some of the jobs is not known."""
        return bool(self.unread or self.doubted)

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing left to wait for: all has ended, or can only be looked up elsewhere."""
        if self.batch_id is None:
            return self.job is not None and self.job.is_finished
        complete = self.expected is not None and len(self.runs) + self.unread >= self.expected
        return complete and all(run.is_finished for run in self.runs)

    @property
    def is_at_rest(self) -> bool:
        """Whether all that is there has ended, though more may be to come that nothing announces."""
        is_of_unknown_size = self.expected is None and not self.missing
        unannounced = self.batch_id is not None and (is_of_unknown_size or self.is_overdue)
        return self.is_settled or (unannounced and all(run.is_finished for run in self.runs))

    @property
    def missing(self) -> int:
        """How many rows of a batch have not appeared; one of unknown size has at least one."""
        expected = 1 if self.expected is None else self.expected
        return max(0, expected - len(self.runs) - self.unread)

    def waited_on(self, before: JobState) -> JobState:
        """This, seen after a wait as long as rows take to appear; ``before`` is what was seen as it began."""
        is_still = self.batch_id is not None and self.batch_id == before.batch_id and self.runs == before.runs
        return replace(self, is_overdue=is_still and self.missing > 0 and self.missing == before.missing)

    @property
    def status(self) -> JobStatus:
        """The job's status; of a batch that of its runs: ``succeeded`` only when all have."""
        if self.is_doubtful or (self.batch_id is not None and not self.finished):
            return "in_progress"
        if self.batch_id is None:
            return status_of(self.job)
        return "succeeded" if all(status_of(run) == "succeeded" for run in self.runs) else "failed"


def status_of(job: Job | None) -> JobStatus:
    """A job's status in lower case; one that only a newer Provena knows counts as in progress."""
    return "submitted" if job is None else _STATUS_OF.get(job.status, "in_progress")


def batch_id_of(job: Job) -> str | None:
    """The batch that a finished batch submission made."""
    found = (job.result or {}).get("batch_id")
    return found if isinstance(found, str) and found else None


def asks_for_a_look(job: Job) -> bool:
    """Whether a job failed and may have left something: a refused record is refused before that."""
    return job.status == "FAILED" and not (job.info or "").startswith(RECORD_REFUSED)


def run_id_of(job: Job) -> str | None:
    """The handle of the run that a job which succeeded says it lodged or changed (provena-http 6.5)."""
    record = (job.result or {}).get("record") if job.status == "SUCCEEDED" else None
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, str) and found else None


def run_name_of(job: Job) -> str | None:
    """The name of the run that a job is about."""
    payload = job.payload or {}
    for key in ("record", "updated_record"):
        record = payload.get(key)
        name = record.get("display_name") if isinstance(record, dict) else None
        if isinstance(name, str):
            return clean(name, NAME_LENGTH) or None
    return None


def digest_of_records(records: Iterable[ModelRunRecord]) -> str:
    """A digest that lists of the same records share, in whichever order."""
    from provena_mcp.rules.records.fingerprint import fingerprint

    return sha256("".join(sorted(map(fingerprint, records))).encode()).hexdigest()


def is_about(job: Job, sent: JsonObject) -> bool:
    """Whether the payload of ``job`` says what was ``sent``, by key, as far as it says anything that is read.

    Records are compared by their fingerprints, lists of them by ``digest_of_records``.
    """
    said = {key: _mark((job.payload or {}).get(key)) for key in sent}
    return all(said[key] in (None, mark) for key, mark in sent.items())


def _mark(value: JsonValue) -> JsonValue:
    # A start loads this module for how often a job is asked about, and none of these.
    from provena_mcp.rules.records.fingerprint import fingerprint
    from provena_mcp.wire.items import ModelRunRecord

    try:
        if isinstance(value, list):
            return digest_of_records(map(ModelRunRecord.model_validate, value))
        return fingerprint(ModelRunRecord.model_validate(value)) if isinstance(value, dict) else value
    except ValidationError:
        return None


async def fetch_job_state(jobs: JobApi, session_id: str, *subtypes: str) -> JobState:
    """How far the job ``session_id`` is, with its runs if it is a batch.

    It has to be of one of ``subtypes``, if any are given.

    Raises:
        NotFoundError: No such job, or its row has not been written yet.
    """
    job = await jobs.fetch(session_id, *subtypes)
    batch_id = batch_id_of(job) if job.job_sub_type == BATCH else None
    return JobState(job) if batch_id is None else _batch_state(job, *await _runs(jobs, batch_id), batch_id)


async def fetch_batch_state(jobs: JobApi, batch_id: str) -> JobState:
    """How far the runs of a batch are; how many there should be is known only where its submission is found.

    Raises:
        NotFoundError: No job belongs to it, readable or not.
    """
    runs, unread = await _runs(jobs, batch_id)
    if not runs and not unread:
        raise NotFoundError(
            f"There is neither a job nor a batch {batch_id!r}.",
            item_id=batch_id,
            advice="A job appears some seconds after it was submitted: ask again shortly, or see list_jobs.",
            retry="later",
        )
    return _batch_state(await _submission_of(jobs, batch_id, runs), runs, unread, batch_id)


def _batch_state(submission: Job | None, runs: tuple[Job, ...], unread: int, batch_id: str) -> JobState:
    records = ((submission.payload if submission else None) or {}).get("records")
    expected = len(records) if isinstance(records, list) else None
    # A row that cannot be read may also be one too many.
    unread = unread if expected is None else max(0, min(unread, expected - len(runs)))
    return JobState(submission, runs, expected, batch_id, unread)


async def _submission_of(jobs: JobApi, batch_id: str, runs: tuple[Job, ...]) -> Job | None:
    """The job that made a batch: submitted before its runs, and listed after them, newest first."""
    # Where no row can be read, nothing says when that was.
    since = runs[-1].created_timestamp - _DISTRIBUTING if runs else 0
    pages = 0
    async for page in jobs.pages(_PAGE):
        for job in page.jobs:
            if job.job_sub_type == BATCH and batch_id_of(job) == batch_id:
                return job
        pages += 1
        is_past = page.jobs and page.jobs[-1].created_timestamp < since
        if is_past or pages == _MAX_PAGES:
            return None
    return None


async def poll(
    fetch: Callable[[], Awaitable[JobState]],
    polling: PollPolicy,
    deadline: float,
    on_progress: ReportProgress,
    seen: JobState = JobState(),
) -> JobState:
    """Look again and again until the job has ended or ``deadline`` (by the polling's clock) has come.

    A job that is not to be found counts as submitted: its row is written late. ``on_progress`` hears of
    every look that did not find the end; ``seen`` is how far the job was known to be before.
    """
    pause = polling.first_pause
    try:
        async with asyncio.timeout(max(deadline - polling.clock(), 0)):
            while not (seen := await _state_or_wait(fetch, seen)).is_settled:
                left = deadline - polling.clock()
                if left <= 0:
                    break
                if (asked := UNDER_WAY.get()) is not None and asked.taken:
                    asked.leave()
                await on_progress(_progress(seen))
                await polling.sleep(min(pause, left))
                pause = min(pause * 2, polling.longest_pause)
    except TimeoutError:
        pass
    return seen


async def _state_or_wait(fetch: Callable[[], Awaitable[JobState]], before: JobState) -> JobState:
    try:
        return await fetch()
    except NotFoundError:
        return before


def _progress(seen: JobState) -> str:
    if seen.batch_id is None:
        return seen.status.replace("_", " ")
    done = sum(run.is_finished for run in seen.runs)
    return f"{done} of {seen.expected or len(seen.runs)} runs finished"


async def _runs(jobs: JobApi, batch_id: str) -> tuple[tuple[Job, ...], int]:
    """The jobs of a batch, and how many rows beside them cannot be read."""
    pages = [page async for page in jobs.batch_pages(batch_id)]
    return tuple(job for page in pages for job in page.jobs), sum(page.unreadable for page in pages)
