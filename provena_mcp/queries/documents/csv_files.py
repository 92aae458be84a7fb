"""CSVs of workflow templates and batches, byte for byte as Provena writes them (provena-http 8.1, 8.3)."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO
from typing import Final

from pydantic import Field

from provena_mcp.client import ProvenaClient
from provena_mcp.errors import (
    ArgumentError,
    DeploymentError,
    MalformedAnswerError,
    NotFoundError,
    RejectedError,
)
from provena_mcp.next_call import NextCall
from provena_mcp.queries.documents.user_files import WritableFile
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.jobs.job_wait import fetch_batch_state, fetch_job_state
from provena_mcp.rules.budgets import estimate_tokens
from provena_mcp.rules.handles import csv_batch_uri, csv_template_uri, parse_handle
from provena_mcp.rules.text import clean, clean_lines

_STATUS: Final = "_job_status"
_WORD: Final = 40
_FILL_IN: Final = (
    "One row per run. Leave the first column and the last four (their names begin with _) empty. Every "
    "dataset and resource cell has to be filled, also of optional templates; study, model version and "
    "optional annotations may be empty. Times as 2023-01-13 10:00:00+10:00. Then convert_model_runs."
)
_RESUBMIT: Final = (
    "Converting this again finds only rows submitted before; to submit a corrected row anew, empty its "
    "_job_id first."
)


class GenerateCsvTemplateResult(Brief):
    """A CSV to fill in, one row per run."""

    uri: str
    message: str
    csv: str | None = Field(default=None, description="The file, if it is small.")
    columns: int
    saved_to: str | None = None
    download_url: str | None = Field(default=None, description="For the user: opens once, within 10 min.")
    next: NextCall | None = None


class RegenerateCsvResult(Brief):
    """The runs of a batch as a CSV, with what became of each."""

    uri: str
    message: str
    rows: int
    by_status: dict[str, int] = Field(description="Rows by job status.")
    csv: str | None = Field(default=None, description="The file, if it is small.")
    saved_to: str | None = None
    download_url: str | None = Field(default=None, description="For the user: opens once, within 10 min.")
    next: NextCall | None = None


async def template_csv(client: ProvenaClient, workflow_template_id: str) -> str:
    """The CSV of a workflow template: one header row.

    Raises:
        RejectedError: Two columns would have one name, so Provena can make none.
        ProvenaError: It is no workflow template, or Provena could not be asked.
    """
    try:
        return _text(await client.prov.generate_template_csv(parse_handle(workflow_template_id)))
    except DeploymentError as error:
        if "duplicate headers" not in (error.upstream or ""):
            raise
        raise RejectedError(
            "This workflow template can have no CSV: two of its dataset templates share a resource key, so "
            "two columns would have the same name.",
            advice="Register its runs with register_model_run or register_batch_model_runs instead.",
            upstream=error.upstream,
        ) from error


async def batch_csv(client: ProvenaClient, batch_id: str) -> tuple[str, str]:
    """The CSV of a batch, and the batch's id, which may be given by the session of any of its jobs.

    Raises:
        NotFoundError: There is no such batch.
        ArgumentError: It is a job outside any batch.
        ProvenaError: Provena could not put the batch into a CSV, or could not be asked.
    """
    try:
        return batch_id, _text(await client.prov.regenerate_csv(batch_id))
    except DeploymentError:
        # An unknown batch is a crash there (provena-http 8.3), so it is looked for among the jobs.
        found = await _batch_of(client, batch_id)
        if found == batch_id:
            raise
    return found, _text(await client.prov.regenerate_csv(found))


async def _batch_of(client: ProvenaClient, some_id: str) -> str:
    try:
        seen = await fetch_job_state(client.jobs, some_id)
    except NotFoundError:
        seen = await fetch_batch_state(client.jobs, some_id)
    found = seen.batch_id or (seen.job.batch_id if seen.job else None)
    if found is None:
        raise ArgumentError(
            f"Job {some_id!r} belongs to no batch, so there is no CSV of it.",
            parameter="batch_id",
            advice="Give the batch_id of register_batch_model_runs; get_job tells what became of one job.",
        )
    return found


async def generate_template(
    client: ProvenaClient, workflow_template_id: str, place: WritableFile | None, max_tokens: int
) -> GenerateCsvTemplateResult:
    """A workflow template's CSV and how to fill it in; errors as ``template_csv``, and those of saving."""
    handle = parse_handle(workflow_template_id, "workflow_template_id")
    text = await template_csv(client, handle)
    uri = csv_template_uri(handle)
    shown = _if_small(text, max_tokens)
    return GenerateCsvTemplateResult(
        uri=uri,
        message=_FILL_IN,
        csv=shown,
        columns=len(_rows(text)[0]),
        saved_to=place.write(text.encode()) if place else None,
        next=None if shown else _open(uri),
    )


async def regenerate_batch(
    client: ProvenaClient, batch_id: str, place: WritableFile | None, max_tokens: int
) -> RegenerateCsvResult:
    """The CSV of a batch and how its rows stand; errors as ``batch_csv``, and those of saving."""
    found, text = await batch_csv(client, batch_id.strip())
    headers, *rows = _rows(text)
    column = headers.index(_STATUS) if _STATUS in headers else len(headers)
    uri = csv_batch_uri(found)
    shown = _if_small(text, max_tokens)
    return RegenerateCsvResult(
        uri=uri,
        message=_RESUBMIT,
        rows=len(rows),
        by_status=dict(Counter(clean(row[column], _WORD).lower() for row in rows if len(row) > column)),
        csv=shown,
        saved_to=place.write(text.encode()) if place else None,
        next=None if shown else _open(uri),
    )


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise MalformedAnswerError("prov-api answered a CSV that is not UTF-8.", retry="no") from None


def _rows(text: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(StringIO(text, newline="")) if row] or [[]]
    except csv.Error as error:
        raise MalformedAnswerError(
            f"prov-api answered a CSV that cannot be read: {error}.",
            advice="open_document gives it as it is, under its provena:// URI.",
            retry="no",
        ) from error


def _if_small(text: str, max_tokens: int) -> str | None:
    # It is to come back byte for byte, so what hides characters is not shown here but opened, cleaned.
    is_small = len(text) <= max_tokens * 8 and estimate_tokens(text) <= max_tokens
    return text if is_small and clean_lines(text) == text else None


def _open(uri: str) -> NextCall:
    return NextCall(tool="open_document", arguments={"uri": uri})
