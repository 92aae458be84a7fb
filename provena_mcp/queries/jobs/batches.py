"""What came of each record of a batch (provena-http 6.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from pydantic import Field, JsonValue, ValidationError

from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.jobs.failures import explain_failure
from provena_mcp.queries.jobs.polling import JobState, JobStatus, run_id_of, run_name_of, status_of
from provena_mcp.rules.budgets import take_within
from provena_mcp.rules.records.fingerprint import fingerprint
from provena_mcp.rules.text import clean
from provena_mcp.wire.jobs import Job
from provena_mcp.wire.records import ModelRunRecord

_SAID: Final = 160
# Tokens of what a report has beside its rows.
_FRAME: Final = 250


class RunOutcome(Brief):
    """What came of one record of a batch."""

    row: int | None = Field(default=None, description="Place among the records submitted, from 1.")
    name: str | None = None
    status: JobStatus
    model_run_id: str | None = None
    reason: str | None = None
    provena_said: str | None = None


def outcomes(seen: JobState) -> tuple[RunOutcome, ...]:
    """What came of each record of a batch, in the order of submission where that is known."""
    places = _places(seen.job)
    rows: list[RunOutcome] = []
    for run in reversed(seen.runs):  # listed newest first
        record = (run.payload or {}).get("record")
        free = places.get(fingerprint_of(record))
        rows.append(_outcome(run, free.pop(0) if free else None))
    return tuple(sorted(rows, key=lambda row: (row.row is None, row.row or 0)))


def page_of(rows: Sequence[RunOutcome], offset: int, max_tokens: int) -> tuple[RunOutcome, ...]:
    """The rows from ``offset`` that fit the budget, at least one; failed ones come before all others."""
    ordered = sorted(rows, key=lambda row: row.status != "failed")[offset:]
    return take_within(ordered, max_tokens - _FRAME)


def fingerprint_of(raw: JsonValue) -> str:
    """The fingerprint of a record in a job's payload; empty if it is none."""
    try:
        return fingerprint(ModelRunRecord.model_validate(raw))
    except ValidationError:
        return ""


def _outcome(run: Job, place: int | None) -> RunOutcome:
    failure = explain_failure(run) if run.status == "FAILED" else None
    reason = failure.reason if failure else None
    if failure and failure.likely:
        reason = f"{failure.reason} Likely: {'; or '.join(failure.likely)}."
    return RunOutcome(
        row=place,
        name=run_name_of(run),
        status=status_of(run),
        model_run_id=run_id_of(run),
        reason=reason,
        provena_said=clean(failure.provena_said, _SAID) if failure and failure.provena_said else None,
    )


def _places(parent: Job | None) -> dict[str, list[int]]:
    records = ((parent.payload if parent else None) or {}).get("records")
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, record in enumerate(records if isinstance(records, list) else (), start=1):
        places[fingerprint_of(record)].append(place)
    return places
