"""prov-api: CSV three ways: a template, converting a filled one, a batch as one again (provena-http 8)."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence

from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from provena_mcp.embedded.http import AuthorisedRequest, UnprocessableError, guarded, read_query, status_of
from provena_mcp.embedded.jobs.rows import list_jobs
from provena_mcp.embedded.lookup import look_up
from provena_mcp.rules.csv.layout import (
    CsvLayout,
    CsvProblem,
    csv_layout,
    layout_references,
    template_problem,
)
from provena_mcp.rules.csv.reader import Conversion, convert, references
from provena_mcp.rules.csv.table import MAX_BYTES, CsvTable, read_table
from provena_mcp.rules.csv.writer import batch_references, batch_text, template_text
from provena_mcp.rules.schema_wording import SchemaProblem
from provena_mcp.wire.jobs import Job


class _Template(BaseModel):
    workflow_template_id: str


class _Batch(BaseModel):
    batch_id: str


def routes() -> list[Route]:
    """The routes that take or give CSV."""
    return [
        guarded("/bulk/generate_template/csv", _generate_template, "read"),
        guarded("/bulk/convert_model_runs/csv", _convert, "read", method="POST"),
        guarded("/bulk/regenerate_from_batch/csv", _regenerate, "read"),
    ]


async def _generate_template(call: AuthorisedRequest) -> Response:
    workflow_id = read_query(call.request, _Template).workflow_template_id
    layout = await call.store.reading(_layout, workflow_id)
    if not isinstance(layout, CsvLayout):
        return _refused(layout)
    problem = template_problem(layout)
    return _refused([problem]) if problem else _file(template_text(layout), "test.csv")


def _layout(connection: sqlite3.Connection, workflow_id: str) -> CsvLayout | tuple[CsvProblem, ...]:
    known = look_up(connection, lambda known: layout_references(workflow_id, known))
    return csv_layout(workflow_id, known)


async def _convert(call: AuthorisedRequest) -> Response:
    async with call.request.form() as form:
        upload = form.get("csv_file")
        if not isinstance(upload, UploadFile):
            raise UnprocessableError(
                [SchemaProblem(("body", "csv_file"), "field required", "value_error.missing")]
            )
        if (upload.size or 0) > MAX_BYTES:
            raise HTTPException(413, f"The CSV is larger than {MAX_BYTES} bytes.")
        content = await upload.read()
    conversion = await call.store.reading(_read, content)
    if conversion.problems:
        return _refused(conversion.problems)
    return JSONResponse(
        {
            "status": status_of(conversion.service_details),
            "new_records": [record.model_dump(mode="json") for record in conversion.records],
            "existing_records": list(conversion.existing),
            "warnings": list(conversion.warnings),
        }
    )


def _read(connection: sqlite3.Connection, content: bytes) -> Conversion:
    table = read_table(content)
    if not isinstance(table, CsvTable):
        return Conversion(problems=(table,))
    return convert(table, look_up(connection, lambda known: references(table, known)))


async def _regenerate(call: AuthorisedRequest) -> Response:
    batch_id = read_query(call.request, _Batch).batch_id
    username = call.user.username
    text = await call.store.reading(_batch_text, batch_id, username)
    return _file(text, "model_runs.csv") if isinstance(text, str) else _refused(text)


def _batch_text(connection: sqlite3.Connection, batch_id: str, username: str) -> str | tuple[CsvProblem, ...]:
    rows = list_jobs(connection, batch_id=batch_id, limit=sys.maxsize).jobs
    # Somebody else's batch fails like an unknown one (provena-http B19).
    own = all(row.username == username for row in rows)
    jobs = [Job.model_validate(row.as_json()) for row in rows] if own else []
    known = look_up(connection, lambda known: batch_references(batch_id, jobs, known))
    return batch_text(batch_id, jobs, known)


def _file(text: str, name: str) -> Response:
    return Response(
        text, media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _refused(problems: Sequence[CsvProblem]) -> Response:
    first = problems[0]
    if first.status == 500 and not first.service_detail:
        return PlainTextResponse("Internal Server Error", status_code=500)
    raise HTTPException(first.status, first.service_detail)
