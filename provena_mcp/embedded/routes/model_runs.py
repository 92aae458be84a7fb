"""prov-api: registering, updating and linking model runs (provena-http 2.3 to 2.7)."""

from __future__ import annotations

import sqlite3
from typing import Final

from pydantic import BaseModel, JsonValue
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded import items, runs
from provena_mcp.embedded.http import (
    AuthorisedRequest,
    UnprocessableError,
    guarded,
    problems_of,
    read_json,
    read_query,
    status_of,
)
from provena_mcp.embedded.identity import may_write
from provena_mcp.embedded.jobs.rows import NewJob, Submitter, submit
from provena_mcp.embedded.jobs.run_tasks import lodging
from provena_mcp.embedded.lookup import look_up
from provena_mcp.rules.records.schema import Text, read_record, schema_problems
from provena_mcp.rules.records.study_link import link_problems, link_references
from provena_mcp.wire.items import JsonObject, ModelRunItem, ModelRunRecord, parse_item

_DISPATCHED: Final = "Job dispatched, monitor session ID using the job API to see progress."
_LODGED: Final = "Provenance record lodged successfully."
_LINKED: Final = (
    "Succesfully linked model run and study together in the registry and lodged a job for the provenance "
    "graph update with given session ID."
)


class _Batch(BaseModel):
    records: list[JsonValue]


class _Update(BaseModel):
    model_run_id: Text
    reason: Text
    record: JsonValue


class _Link(BaseModel):
    model_run_id: str
    study_id: str


def routes() -> list[Route]:
    """The routes that write model runs."""
    return [
        guarded("/model_run/register", _register, "write", method="POST"),
        guarded("/model_run/register_batch", _register_batch, "write", method="POST"),
        guarded("/model_run/register_sync", _register_now, "admin", method="POST"),
        guarded("/model_run/update", _update, "write", method="POST"),
        guarded("/model_run/edit/link_to_study", _link, "write", method="POST"),
    ]


async def _register(call: AuthorisedRequest) -> Response:
    record = _record(await read_json(call.request), ("body",))
    await call.store.reading(check_record, record)
    session_id = call.services.new_id()
    await call.submit([lodging(session_id, record, revalidate=False)])
    return _dispatched(session_id)


async def _register_batch(call: AuthorisedRequest) -> Response:
    raw = await read_json(call.request)
    problems = problems_of(raw, _Batch)
    if problems:
        raise UnprocessableError(problems)
    listed = _Batch.model_validate(raw).records
    malformed = [
        problem
        for index, record in enumerate(listed)
        for problem in schema_problems(record, ("body", "records", index))
    ]
    if malformed:
        raise UnprocessableError(malformed)
    session_id = call.services.new_id()
    payload: JsonObject = {"records": [runs.as_stored(read_record(record)) for record in listed]}
    await call.submit([NewJob(session_id, "MODEL_RUN_BATCH_SUBMIT", payload)])
    return _dispatched(session_id)


async def _register_now(call: AuthorisedRequest) -> Response:
    record = _record(await read_json(call.request), ("body",))

    def register(connection: sqlite3.Connection) -> runs.LodgedRun:
        check_record(connection, record)
        return runs.register(connection, record, call.user.username, call.now)

    lodged = await call.store.writing(register)
    return JSONResponse({"status": status_of(_LODGED), "record_info": lodged.as_json(nulls=True)})


async def _update(call: AuthorisedRequest) -> Response:
    raw = await read_json(call.request)
    problems = list(problems_of(raw, _Update))
    if isinstance(raw, dict) and "record" in raw:
        problems += schema_problems(raw["record"], ("body", "record"))
    if problems:
        raise UnprocessableError(problems)
    asked = _Update.model_validate(raw)
    record = read_record(asked.record)
    await call.store.reading(check_record, record)
    session_id = call.services.new_id()
    payload: JsonObject = {
        "model_run_record_id": asked.model_run_id,
        "updated_record": runs.as_stored(record),
        "reason": asked.reason,
        "revalidate": True,
    }
    await call.submit([NewJob(session_id, "MODEL_RUN_UPDATE", payload)])
    return JSONResponse({"session_id": session_id})


async def _link(call: AuthorisedRequest) -> Response:
    asked = read_query(call.request, _Link)
    session_id = call.services.new_id()
    # Unlike in the services, item and job are written together or not at all (provena-http B20).
    await call.store.writing(_link_run, asked, call.submitter, session_id, call.now)
    call.services.worker.nudge()
    return JSONResponse(
        {
            "status": status_of(_LINKED),
            "model_run_id": asked.model_run_id,
            "study_id": asked.study_id,
            "session_id": session_id,
        }
    )


def _link_run(
    connection: sqlite3.Connection, asked: _Link, submitter: Submitter, session_id: str, now: int
) -> None:
    user = submitter.user
    known = look_up(connection, lambda known: link_references(asked.model_run_id, asked.study_id, known))
    problem = next(iter(link_problems(asked.model_run_id, asked.study_id, known)), None)
    if problem is not None:
        raise HTTPException(problem.status, problem.service_detail)
    raw = items.fetch_raw(connection, asked.model_run_id) or {}
    run = parse_item(raw)
    if not isinstance(run, ModelRunItem) or not may_write(run, user):
        raise HTTPException(
            500,
            "Error occurred while updating model run in registry: Got status code 401 when updating "
            f"{asked.model_run_id}.",
        )
    record = run.record.model_copy(update={"study_id": asked.study_id})
    runs.link_to_study(connection, raw, record, user.username, now)
    payload: JsonObject = {
        "model_run_record_id": run.id,
        "record": runs.as_stored(record),
        "revalidate": False,
    }
    job = NewJob(session_id, "MODEL_RUN_LODGE_ONLY", payload)
    submit(connection, [job], submitter, now)


def check_record(connection: sqlite3.Connection, record: ModelRunRecord) -> None:
    """Refuse a record as the services do.

    Raises:
        HTTPException: With the first problem's status and detail (provena-http 4.4).
    """
    problem = runs.first_problem(record, runs.referred(connection, record))
    if problem is not None:
        raise HTTPException(problem.status, problem.service_detail)


def _record(raw: JsonValue, loc: tuple[str, ...]) -> ModelRunRecord:
    problems = schema_problems(raw, loc)
    if problems:
        raise UnprocessableError(problems)
    return read_record(raw)


def _dispatched(session_id: str) -> Response:
    return JSONResponse({"status": status_of(_DISPATCHED), "session_id": session_id})
