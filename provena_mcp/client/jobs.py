"""job-api: the caller's own jobs (provena-http 6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from pydantic import ValidationError
from pydantic_core import to_json

from provena_mcp.client.checks import require_job, require_row, why_unbelievable
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.service import BEGINNING, ListPlace, Pages, ServiceApi, required
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.jobs import Job, JobAnswer, JobListAnswer

_PAGE: Final = 10
_BATCH_PAGE: Final = 50
_LIST: Final = "/jobs/user/list"


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs, newest first, each once.

    ``unreadable`` rows could not be parsed, or cannot be as they say: a job that succeeded names what it
    made. ``size`` is that of the answer, in bytes.
    """

    jobs: tuple[Job, ...]
    pagination_key: JsonObject | None = None
    unreadable: int = 0
    size: int = field(default=0, compare=False)


class JobApi(ServiceApi):
    """Jobs: registrations, batches and reports under way. Their encrypted user context is dropped."""

    service: ClassVar[Service] = "job"

    async def fetch(self, session_id: str, *subtypes: str) -> Job:
        """One job, of one of ``subtypes`` if any are given.

        Raises:
            NotFoundError: No such job, or not yet: its row appears some seconds after submission.
            ForbiddenError: It is somebody else's.
            MalformedAnswerError: The answer is another job, or a success without what it made.
        """
        call = Call(
            service="job",
            method="GET",
            path="/jobs/user/fetch",
            name="fetch a job",
            role="any",
            params={"session_id": required(session_id, "session_id")},
            subjects=(session_id,),
        )
        job = require_job(call, (await self._ask(call, JobAnswer)).job, session_id, subtypes)
        return _without_cipher(job)

    async def list(self, limit: int = _PAGE, pagination_key: JsonObject | None = None) -> JobPage:
        """A page of the caller's jobs, newest first."""
        start = ListPlace(pagination_key)
        return await self.walk(start).page_at(start, limit)

    async def list_batch(
        self, batch_id: str, limit: int = _BATCH_PAGE, pagination_key: JsonObject | None = None
    ) -> JobPage:
        """A page of a batch's jobs, newest first; empty for an unknown batch.

        Raises:
            ForbiddenError: The batch is somebody else's.
            MalformedAnswerError: A job is of another batch or kind.
        """
        start = ListPlace(pagination_key)
        page = await self._batch_walk(batch_id, start).page_at(start, limit)
        return _of_batch(page, batch_id)

    def walk(self, start: ListPlace = BEGINNING) -> Pages[JobPage]:
        """The pages of ``list`` from ``start`` on, for whoever decides page by page whether to go on."""
        return self._walk(lambda body: _list_call(_LIST, "list jobs", body), start)

    async def pages(self, limit: int = _PAGE) -> AsyncIterator[JobPage]:
        """Page after page of ``list``, until there are no more.

        Raises:
            MalformedAnswerError: A page comes again, or there is no end to them.
        """
        async for page in _each_once(self.walk(), limit):
            yield page

    async def batch_pages(self, batch_id: str, limit: int = _BATCH_PAGE) -> AsyncIterator[JobPage]:
        """Page after page of ``list_batch``, until there are no more; errors as there and as ``pages``."""
        async for page in _each_once(self._batch_walk(batch_id), limit):
            yield _of_batch(page, batch_id)

    async def _page(self, call: Call) -> JobPage:
        answer, size = await self._ask_page(call, JobListAnswer)
        jobs: dict[str, Job] = {}
        unreadable = 0
        for raw in answer.jobs:
            job = _readable(raw)
            if job is None:
                unreadable += 1
            else:
                jobs.setdefault(job.session_id, _without_cipher(job))
        return JobPage(tuple(jobs.values()), answer.pagination_key, unreadable, size)

    def _batch_walk(self, batch_id: str, start: ListPlace = BEGINNING) -> Pages[JobPage]:
        return self._walk(lambda body: _batch_call(batch_id, body), start)

    def _walk(self, call_for: Callable[[JsonObject], Call], start: ListPlace) -> Pages[JobPage]:
        async def read(key: JsonObject | None, rows: int) -> JobPage:
            return await self._page(call_for({"limit": rows, "pagination_key": key}))

        return Pages(call_for({}), read, start)


async def _each_once(walk: Pages[JobPage], limit: int) -> AsyncIterator[JobPage]:
    while (page := await walk.next_page(limit)) is not None:
        yield replace(page, jobs=tuple(job for job in page.jobs if walk.is_new(job.session_id)))


def _of_batch(page: JobPage, batch_id: str) -> JobPage:
    call = _batch_call(batch_id, {})
    return replace(page, jobs=tuple(require_row(call, job, batch_id) for job in page.jobs))


def _list_call(path: str, name: str, body: JsonObject, *subjects: str) -> Call:
    return Call(
        service="job", method="POST", path=path, name=name, role="any", body=to_json(body), subjects=subjects
    )


def _batch_call(batch_id: str, body: JsonObject) -> Call:
    asked: JsonObject = {"batch_id": required(batch_id, "batch_id"), **body}
    return _list_call("/jobs/user/list_batch", "list the jobs of a batch", asked, batch_id)


def _readable(raw: JsonObject) -> Job | None:
    try:
        job = Job.model_validate(raw)
    except ValidationError:
        return None
    return None if why_unbelievable(job) else job


def _without_cipher(job: Job) -> Job:
    if job.payload is None or "user_info" not in job.payload:
        return job
    payload = {key: value for key, value in job.payload.items() if key != "user_info"}
    return job.model_copy(update={"payload": payload})
