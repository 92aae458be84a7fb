"""job-api: the caller's own jobs (provena-http 6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from pydantic import ValidationError
from pydantic_core import to_json

from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import ServiceApi, required
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.jobs import Job, JobAnswer, JobListAnswer

_PAGE: Final = 10
_BATCH_PAGE: Final = 50
_LIST: Final = "/jobs/user/list"


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs, newest first; ``unreadable`` rows could not be parsed."""

    jobs: tuple[Job, ...]
    pagination_key: JsonObject | None = None
    unreadable: int = 0


class JobApi(ServiceApi):
    """Jobs: registrations, batches and reports under way. Their encrypted user context is dropped."""

    service: ClassVar[Service] = "job"

    async def fetch(self, session_id: str) -> Job:
        """One job.

        Raises:
            NotFoundError: No such job, or not yet: its row appears some seconds after submission.
            ForbiddenError: It is somebody else's.
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
        return _without_cipher((await self._ask(call, JobAnswer)).job)

    async def list(self, limit: int = _PAGE, pagination_key: JsonObject | None = None) -> JobPage:
        """A page of the caller's jobs, newest first."""
        body: JsonObject = {"limit": limit, "pagination_key": pagination_key}
        return await self._page(_list_call(_LIST, "list jobs", body))

    async def list_batch(
        self, batch_id: str, limit: int = _BATCH_PAGE, pagination_key: JsonObject | None = None
    ) -> JobPage:
        """A page of a batch's jobs, newest first; empty for an unknown batch.

        Raises:
            ForbiddenError: The batch is somebody else's.
        """
        body: JsonObject = {
            "batch_id": required(batch_id, "batch_id"),
            "limit": limit,
            "pagination_key": pagination_key,
        }
        return await self._page(
            _list_call("/jobs/user/list_batch", "list the jobs of a batch", body, batch_id)
        )

    async def pages(self, limit: int = _PAGE) -> AsyncIterator[JobPage]:
        """Page after page of ``list``, until there are no more."""
        async for page in _all_pages(lambda key: self.list(limit, key)):
            yield page

    async def batch_pages(self, batch_id: str, limit: int = _BATCH_PAGE) -> AsyncIterator[JobPage]:
        """Page after page of ``list_batch``, until there are no more."""
        async for page in _all_pages(lambda key: self.list_batch(batch_id, limit, key)):
            yield page

    async def _page(self, call: Call) -> JobPage:
        answer = await self._ask(call, JobListAnswer)
        jobs: list[Job] = []
        for raw in answer.jobs:
            try:
                jobs.append(_without_cipher(Job.model_validate(raw)))
            except ValidationError:
                continue
        return JobPage(tuple(jobs), answer.pagination_key, unreadable=len(answer.jobs) - len(jobs))


def _list_call(path: str, name: str, body: JsonObject, *subjects: str) -> Call:
    return Call(
        service="job", method="POST", path=path, name=name, role="any", body=to_json(body), subjects=subjects
    )


async def _all_pages(page_after: Callable[[JsonObject | None], Awaitable[JobPage]]) -> AsyncIterator[JobPage]:
    key: JsonObject | None = None
    while True:
        page = await page_after(key)
        yield page
        if page.pagination_key is None:
            return
        if page.pagination_key == key:
            raise malformed(_list_call(_LIST, "list jobs", {}), "the same page again")
        key = page.pagination_key


def _without_cipher(job: Job) -> Job:
    if job.payload is None or "user_info" not in job.payload:
        return job
    payload = {key: value for key, value in job.payload.items() if key != "user_info"}
    return job.model_copy(update={"payload": payload})
