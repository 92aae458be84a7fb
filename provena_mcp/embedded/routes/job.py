"""job-api: a user's own jobs, and everybody's for administrators (provena-http 6.1)."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded.http import AuthorisedRequest, access_checks, guarded, health, read_body, read_query
from provena_mcp.embedded.identity import User
from provena_mcp.embedded.jobs import rows as jobs
from provena_mcp.embedded.jobs.rows import JobRowsPage, NewJob, Submitter
from provena_mcp.embedded.jobs.task_list import TASKS
from provena_mcp.rules.jobs import JOB_KINDS
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.jobs import JobSubtype, JobType

_COMPONENT: Final = "job-service"
_DEFAULT_LIMIT: Final = 10


class _Session(BaseModel):
    session_id: str


class _List(BaseModel):
    pagination_key: JsonObject | None = None
    limit: int = _DEFAULT_LIMIT


class _BatchList(_List):
    batch_id: str


class _AdminList(_List):
    username_filter: str | None = None


class _AdminBatchList(_BatchList):
    username_filter: str | None = None


class _Launch(BaseModel):
    username: str | None = None
    request_batch_id: bool = False
    add_to_batch: str | None = None
    job_type: JobType
    job_sub_type: JobSubtype
    job_payload: JsonObject


def routes() -> list[Route]:
    """Everything below job-api's base URL."""
    return [
        health(),
        *access_checks(_COMPONENT),
        guarded("/jobs/user/fetch", _fetch_own, "token"),
        guarded("/jobs/user/list", _list_own, "token", method="POST"),
        guarded("/jobs/user/list_batch", _list_own_batch, "token", method="POST"),
        guarded("/jobs/user/retry", _retry, "token", method="POST"),
        guarded("/jobs/admin/fetch", _fetch_any, "read", component=_COMPONENT),
        guarded("/jobs/admin/list", _list_any, "read", method="POST", component=_COMPONENT),
        guarded("/jobs/admin/list_batch", _list_any_batch, "read", method="POST", component=_COMPONENT),
        guarded("/jobs/admin/launch", _launch, "write", method="POST", component=_COMPONENT),
    ]


async def _fetch_own(call: AuthorisedRequest) -> Response:
    return await _fetch(call, call.user.username)


async def _fetch_any(call: AuthorisedRequest) -> Response:
    return await _fetch(call, None)


async def _fetch(call: AuthorisedRequest, username: str | None) -> Response:
    session_id = read_query(call.request, _Session).session_id
    job = await call.store.reading(jobs.fetch_job, session_id)
    if job is None:
        raise HTTPException(400, "Item was not found.")
    if username not in (None, job.username):
        raise HTTPException(401, "Not authorised to view this record.")
    return JSONResponse({"job": job.as_json()})


async def _list_own(call: AuthorisedRequest) -> Response:
    asked = await read_body(call.request, _List)
    return await _list(call, asked, username=call.user.username)


async def _list_own_batch(call: AuthorisedRequest) -> Response:
    asked = await read_body(call.request, _BatchList)
    page = await _page(call, asked, batch_id=asked.batch_id)
    if any(job.username != call.user.username for job in page.jobs):
        raise HTTPException(401, "Batch contains items which you do not own. Not authorised.")
    return _answer(page, {"batch_id": asked.batch_id})


async def _list_any(call: AuthorisedRequest) -> Response:
    asked = await read_body(call.request, _AdminList)
    return await _list(call, asked, username=asked.username_filter)


async def _list_any_batch(call: AuthorisedRequest) -> Response:
    asked = await read_body(call.request, _AdminBatchList)
    page = await _page(call, asked, username=asked.username_filter, batch_id=asked.batch_id)
    return _answer(page, {"batch_id": asked.batch_id})


async def _retry(call: AuthorisedRequest) -> Response:
    read_query(call.request, _Session)
    raise HTTPException(400, "Not yet implemented")


async def _launch(call: AuthorisedRequest) -> Response:
    asked = await read_body(call.request, _Launch)
    task = TASKS.get(asked.job_sub_type)
    if task is None or JOB_KINDS[asked.job_sub_type].type != asked.job_type:
        raise HTTPException(
            400, f"Invalid payload supplied: no {asked.job_sub_type} of type {asked.job_type}."
        )
    try:
        task.payload.model_validate(asked.job_payload)
    except ValidationError as error:
        raise HTTPException(400, f"Invalid payload supplied: {error}.") from error
    services = call.services
    session_id = services.new_id()
    batch_id = services.new_id() if asked.request_batch_id else asked.add_to_batch
    user = call.user if asked.username is None else User(asked.username, roles=call.user.roles)
    job = NewJob(session_id, asked.job_sub_type, asked.job_payload, batch_id)
    await call.submit([job], Submitter(user))
    return JSONResponse({"session_id": session_id, "batch_id": batch_id})


async def _list(call: AuthorisedRequest, asked: _List, *, username: str | None) -> Response:
    page = await _page(call, asked, username=username)
    return _answer(page, {"gsi_status": "ok"} if username is None else {"username": username})


async def _page(
    call: AuthorisedRequest, asked: _List, *, username: str | None = None, batch_id: str | None = None
) -> JobRowsPage:
    after = None if asked.pagination_key is None else str(asked.pagination_key.get("session_id"))
    try:
        return await call.store.reading(
            jobs.list_jobs, username=username, batch_id=batch_id, after=after, limit=asked.limit
        )
    except ValueError as error:
        raise HTTPException(500, f"Failed to list jobs, error: {error}.") from error


def _answer(page: JobRowsPage, partition: JsonObject) -> Response:
    key: JsonObject | None = None
    if page.last is not None:
        key = {
            "session_id": page.last.session_id,
            **partition,
            "created_timestamp": page.last.created,
        }
    return JSONResponse({"jobs": [job.as_json() for job in page.jobs], "pagination_key": key})
