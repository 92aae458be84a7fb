"""Finds out whether a record was submitted already: in the caller's jobs of a day, and in what we sent.

The jobs survive restarts and are the same for every replica; what we sent bridges the seconds until
a job's row appears (provena-http 6.3), and remembers a submission whose answer was lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter

from provena_mcp.client import JobApi
from provena_mcp.commands.confirmation.key_value_store import KeyValueStore
from provena_mcp.queries.jobs.batches import fingerprints_of
from provena_mcp.queries.jobs.job_wait import BATCH, REGISTRATION, batch_id_of, run_id_of
from provena_mcp.wire.jobs import Job

DAY: Final = 86_400
_PAGE: Final = 100
_MAX_PAGES: Final = 30
# Records noted an entry: with 16 entries three batches of the largest size in a day.
_NOTED: Final = 2_000


class Submission(BaseModel):
    """An earlier submission of the same record; ``session_id`` is none if its answer was lost."""

    model_config = ConfigDict(frozen=True)

    when: int
    session_id: str | None = None
    model_run_id: str | None = None


_NOTES: Final = TypeAdapter(dict[str, Submission], config=ConfigDict(defer_build=True))


@dataclass(frozen=True, slots=True)
class Earlier:
    """Earlier submissions by fingerprint; ``complete`` is false if not all jobs could be looked at."""

    found: Mapping[str, Submission]
    complete: bool = True


class Submissions:
    """Remembers for a day what was sent, by caller.

    Records share a few entries by the first digit of their fingerprint, so that a large batch pushes
    none of the caller's references out. Two replicas that write one entry at the same moment may lose
    a note; the caller's jobs show that record all the same.
    """

    def __init__(self, store: KeyValueStore) -> None:
        """Remember in ``store``."""
        self._store = store

    async def note(self, caller: str, fingerprints: Iterable[str], submission: Submission) -> None:
        """Remember that the records with these fingerprints were sent."""
        for entry, noted in _by_entry(fingerprints).items():
            earlier = await self._in(caller, entry)
            recent = {
                fingerprint: each
                for fingerprint, each in earlier.items()
                if fingerprint not in noted and each.when > submission.when - DAY
            }
            recent |= dict.fromkeys(noted, submission)
            newest = dict(list(recent.items())[-_NOTED:])
            await self._store.put(caller, entry, _NOTES.dump_json(newest, exclude_none=True), DAY)

    async def of(self, caller: str, fingerprints: Iterable[str]) -> dict[str, Submission]:
        """Those of ``fingerprints`` that were sent."""
        found: dict[str, Submission] = {}
        for entry, wanted in _by_entry(fingerprints).items():
            noted = await self._in(caller, entry)
            found |= {fingerprint: noted[fingerprint] for fingerprint in wanted if fingerprint in noted}
        return found

    async def _in(self, caller: str, entry: str) -> dict[str, Submission]:
        packed = await self._store.get(caller, entry)
        return {} if packed is None else _NOTES.validate_json(packed)


def _by_entry(fingerprints: Iterable[str]) -> dict[str, list[str]]:
    """Fingerprints by the entry of the store that notes them."""
    entries: defaultdict[str, list[str]] = defaultdict(list)
    for fingerprint in fingerprints:
        entries[f"sent:{fingerprint[:1]}"].append(fingerprint)
    return entries


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
