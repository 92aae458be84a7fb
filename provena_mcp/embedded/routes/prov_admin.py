"""prov-api's administration: deleting from the graph, restoring it, the config (provena-http 2.8, 2.10)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, JsonValue
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from provena_mcp.embedded import graph, runs
from provena_mcp.embedded.documents import LIFETIME_SECONDS
from provena_mcp.embedded.graph import withdrawal
from provena_mcp.embedded.http import (
    AuthorisedRequest,
    UnprocessableError,
    guarded,
    problems_of,
    read_body,
    read_json,
    read_query,
    status_of,
)
from provena_mcp.embedded.lookup import look_up
from provena_mcp.embedded.routes.model_runs import check_record
from provena_mcp.rules.csv import layout
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.records.references import Known, Reference, Refused, missing, resolve
from provena_mcp.rules.records.schema import Text, Whole, read_record, schema_problems
from provena_mcp.rules.schema_wording import SchemaProblem
from provena_mcp.wire.items import JsonObject, ModelRunRecord

_STORED: Final = "Successfully re-lodged item."
_ALL_STORED: Final = "Successfully re-lodged all of the provenance records."
_CLEARED: Final = "Successfully ran a clear query on the graph DB!"
_NO_ITEMS: Final = "Registry API list was successful but had no item property!"
_COMPLETE_RUNS: Final = """
    SELECT id, json_extract(raw, '$.record') FROM item
    WHERE subtype = 'MODEL_RUN' AND record_type = 'COMPLETE_ITEM' ORDER BY created, id
"""


class _Delete(BaseModel):
    record_id: Text
    trial_mode: bool = False


class _Storing(BaseModel):
    validate_record: bool = True


class _Config(BaseModel):
    required_only: bool = True


class _RunItem(BaseModel):
    display_name: Text
    record_status: Literal["INCOMPLETE", "COMPLETE", "LODGED"]
    record: JsonValue
    prov_serialisation: Text
    history: list[JsonObject]
    id: Text
    owner_username: Text
    created_timestamp: Whole
    updated_timestamp: Whole
    record_type: Literal["SEED_ITEM", "COMPLETE_ITEM"]


def routes() -> list[Route]:
    """The routes for administrators."""
    return [
        guarded("/model_run/delete", _delete, "admin", method="POST"),
        guarded("/admin/config", _config, "admin"),
        guarded("/admin/sentry-debug", _say_unmonitored, "admin"),
        guarded("/admin/store_record", _store_one, "admin", method="POST"),
        guarded("/admin/store_records", _store_several, "admin", method="POST"),
        guarded("/admin/store_all_registry_records", _store_all, "admin", method="POST"),
        guarded("/graph/admin/clear", _clear, "admin", method="DELETE"),
    ]


async def _delete(call: AuthorisedRequest) -> Response:
    asked = await read_body(call.request, _Delete)

    def delete(connection: sqlite3.Connection) -> list[JsonObject]:
        _check_is_run(connection, asked.record_id)
        actions = withdrawal(connection, asked.record_id)
        if not asked.trial_mode:
            # What nothing else asserts goes with it, nodes included (provena-http B7).
            graph.lodge(connection, [(asked.record_id, ProvenanceGraph())])
        return actions

    work = call.store.reading if asked.trial_mode else call.store.writing
    return JSONResponse({"diff": await work(delete)})


def _check_is_run(connection: sqlite3.Connection, record_id: str) -> None:
    def itself(known: Known) -> frozenset[Reference]:
        return missing([Reference(record_id, "MODEL_RUN", "model_run")], known)

    found = resolve(record_id, "MODEL_RUN", look_up(connection, itself))
    if isinstance(found, Refused):
        raise HTTPException(
            400,
            "Exception: could not delete model run as error occurred when fetching the record from the "
            f"registry: Status code: 500, details: Response from registry API fetch for id {record_id} was "
            f"parsed but had success==False with details: {found.reason}.",
        )


async def _store_one(call: AuthorisedRequest) -> Response:
    checked = read_query(call.request, _Storing).validate_record
    run_id, record = _run(await read_json(call.request), ("body",))
    await call.store.writing(_store, run_id, record, checked=checked)
    return _done(_STORED)


async def _store_several(call: AuthorisedRequest) -> Response:
    checked = read_query(call.request, _Storing).validate_record
    raw = await read_json(call.request)
    if not isinstance(raw, list):
        raise UnprocessableError([SchemaProblem(("body",), "value is not a valid list", "type_error.list")])
    listed = [_run(item, ("body", index)) for index, item in enumerate(raw)]
    await _store_in_turn(call, listed, checked=checked)
    return _done(_ALL_STORED)


async def _store_all(call: AuthorisedRequest) -> Response:
    checked = read_query(call.request, _Storing).validate_record
    rows = await call.store.reading(lambda connection: connection.execute(_COMPLETE_RUNS).fetchall())
    if not rows:
        # Recorded behaviour: an empty page counts as a failure (provena-http B14).
        raise HTTPException(500, _NO_ITEMS)
    listed = [(run_id, ModelRunRecord.model_validate_json(record)) for run_id, record in rows]
    await _store_in_turn(call, listed, checked=checked)
    return _done(f"Successfully re-lodged all {len(listed)} provenance records from the registry.")


async def _store_in_turn(
    call: AuthorisedRequest, listed: list[tuple[str, ModelRunRecord]], *, checked: bool
) -> None:
    # Each by itself: what came before a failure stays.
    for run_id, record in listed:

        def store(
            connection: sqlite3.Connection, run_id: str = run_id, record: ModelRunRecord = record
        ) -> None:
            _store(connection, run_id, record, checked=checked)

        await call.store.writing(store)


def _store(connection: sqlite3.Connection, run_id: str, record: ModelRunRecord, *, checked: bool) -> None:
    if checked:
        check_record(connection, record)
    try:
        runs.lodge_again(connection, run_id, record)
    except runs.NoWorkflowError as error:
        raise HTTPException(
            400,
            f"Workflow definition with id: {error.workflow_template_id} failed validation with error: "
            f"{error.refused.service_text}",
        ) from error


def _run(raw: JsonValue, loc: tuple[str | int, ...]) -> tuple[str, ModelRunRecord]:
    problems = list(problems_of(raw, _RunItem, loc))
    record = raw.get("record") if isinstance(raw, dict) else None
    if record is not None:
        problems += schema_problems(record, (*loc, "record"))
    if problems:
        raise UnprocessableError(problems)
    item = _RunItem.model_validate(raw)
    return item.id, read_record(item.record)


async def _clear(call: AuthorisedRequest) -> Response:
    await call.store.writing(graph.clear)
    return _done(_CLEARED)


async def _say_unmonitored(call: AuthorisedRequest) -> Response:
    del call
    return JSONResponse(
        {
            "message": "Monitoring is disabled by configuration. Not going to trigger fake error. "
            "Monitoring enabled: False, and required DSN: None."
        }
    )


async def _config(call: AuthorisedRequest) -> Response:
    required_only = read_query(call.request, _Config).required_only
    settings = {**_required(call.address), **({} if required_only else _defaulted(call.services.depth_cap))}
    return PlainTextResponse(
        "\n".join(f"{key}={value}" for key, value in settings.items()),
        headers={"Content-Disposition": 'attachment; filename="config.txt"'},
    )


def _required(address: str) -> Mapping[str, str]:
    host = address.removesuffix("/prov-api")
    return {
        "domain_base": host.partition("//")[2],
        "stage": "EMBEDDED",
        "registry_api_endpoint": f"{host}/registry-api",
        "job_api_endpoint": f"{host}/job-api",
    }


def _defaulted(depth_cap: int) -> Mapping[str, str | int]:
    return {
        "test_mode": "False",
        "monitoring_enabled": "False",
        "depth_upper_limit": depth_cap,
        "depth_default_limit": 2,
        "depth_specialised_default_limit": 4,
        "REPORT_PRESIGNED_EXPIRY_SECONDS": LIFETIME_SECONDS,
        "WORKFLOW_TEMPLATE_MARKER_PREFIX": layout.WORKFLOW_MARKER.removeprefix("_"),
        "TEMPLATE_DISPLAY_NAME_HEADER": layout.DISPLAY_NAME,
        "TEMPLATE_MODEL_VERSION_HEADER": layout.MODEL_VERSION,
        "TEMPLATE_DESCRIPTION_HEADER": layout.DESCRIPTION,
        "TEMPLATE_AGENT_HEADER": layout.MODELLER,
        "STUDY_HEADER": layout.STUDY,
        "TEMPLATE_START_TIME_HEADER": layout.START,
        "TEMPLATE_END_TIME_HEADER": layout.END,
    }


def _done(details: str) -> Response:
    return JSONResponse({"status": status_of(details)})
