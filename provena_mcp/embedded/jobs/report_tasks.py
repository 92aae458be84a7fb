"""The job that writes a close-out report (provena-http 2.2, 9)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel

from provena_mcp.embedded import documents, items
from provena_mcp.embedded.documents import Download
from provena_mcp.embedded.graph_walk import neighbourhood
from provena_mcp.embedded.jobs.rows import JobOutcome
from provena_mcp.embedded.jobs.tasks import JobWork, Task, fail
from provena_mcp.embedded.lookup import look_up
from provena_mcp.embedded.report_document import report_document
from provena_mcp.rules.records.refusals import SEED_REASON, unknown_reason
from provena_mcp.rules.report import (
    DOWNSTREAM_DEPTH,
    ReportContent,
    RunSurroundings,
    failed_report,
    report_content,
    report_subject,
    reported_ids,
    runs_of_study,
    subject_references,
)
from provena_mcp.wire.items import RegistryItem, parse_item
from provena_mcp.wire.jobs import JobSubtype


class ReportPayload(BaseModel):
    """What the report is about, and how many hops upstream it looks."""

    id: str
    item_subtype: str
    depth: int


def _generate(work: JobWork) -> JobOutcome:
    asked = ReportPayload.model_validate(work.job.payload)
    name = f"generate_report_{work.now}.docx"
    content = report_document(_content(work.connection, asked))
    token = work.new_id()
    documents.keep(work.connection, token, Download(name, content), work.now)
    return JobOutcome({"report_url": f"{work.job.submitter.address}/reports/{token}/{name}"})


def _content(connection: sqlite3.Connection, asked: ReportPayload) -> ReportContent:
    known = look_up(connection, lambda known: subject_references(asked.id, asked.item_subtype, known))
    subject = report_subject(asked.id, asked.item_subtype, known)
    if isinstance(subject, str):
        fail(subject)
    reported = reported_ids(
        _surroundings(connection, run_id, asked.depth) for run_id in _runs(connection, asked)
    )
    return report_content(subject, reported, _items(connection, reported.all()))


def _runs(connection: sqlite3.Connection, asked: ReportPayload) -> Iterable[str]:
    if asked.item_subtype == "MODEL_RUN":
        return [asked.id]
    return runs_of_study(asked.id, neighbourhood(connection, asked.id, "downstream", DOWNSTREAM_DEPTH))


def _surroundings(connection: sqlite3.Connection, run_id: str, depth: int) -> RunSurroundings:
    return RunSurroundings(
        run_id,
        depth,
        upstream=neighbourhood(connection, run_id, "upstream", depth),
        downstream=neighbourhood(connection, run_id, "downstream", DOWNSTREAM_DEPTH),
    )


def _items(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, RegistryItem]:
    found: dict[str, RegistryItem] = {}
    for item_id in ids:
        raw = items.fetch_raw(connection, item_id)
        item = None if raw is None else parse_item(raw)
        if item is None or item.is_seed:
            fail(failed_report(unknown_reason(item_id) if item is None else SEED_REASON))
        found[item_id] = item
    return found


REPORT_TASKS: Final[dict[JobSubtype, Task]] = {"GENERATE_REPORT": Task(_generate, ReportPayload)}
