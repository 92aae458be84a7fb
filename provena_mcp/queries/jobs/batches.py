"""What came of each record of a batch (provena-http 6.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from pydantic import Field, JsonValue, ValidationError

from provena_mcp.next_call import NextCall
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.jobs.failures import explain_failure
from provena_mcp.queries.jobs.job_wait import (
    JobState,
    JobStatus,
    run_id_of,
    run_name_of,
)
from provena_mcp.queries.jobs.remains import Findings, Held, remark, remark_on_unproven, status_with
from provena_mcp.rules.budgets import take_within
from provena_mcp.rules.records.fingerprint import fingerprints
from provena_mcp.rules.text import clean, plural
from provena_mcp.wire.items import ModelRunRecord
from provena_mcp.wire.jobs import Job

_SAID: Final = 160
_SIZE_UNKNOWN: Final = (
    "How many runs this batch was submitted with is not known, so more may appear: list_jobs shows the job "
    "of its submission; ask with the session id of that."
)
_UNREAD: Final = (
    "cannot be read, or said to have succeeded without naming its run: what came of it is not known. Look "
    "for the run by its name before anything is registered again."
)
_DOUBTED: Final = (
    "said to have succeeded, and the registry does not bear it out: what came of it is not known, see runs. "
    "Look for the run by its name before it is registered again."
)
_OVERDUE: Final = (
    "did not appear while they were waited for: whether those runs are registered is not known. Look for "
    "them by their names before anything is registered again."
)
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


def outcomes(state: JobState, held: Findings) -> tuple[RunOutcome, ...]:
    """What came of each record of a batch, in the order of submission where that is known.

    ``held`` is what there is of runs that their jobs do not prove, by session.
    """
    places = _Places(state.job)
    # Listed newest first; several may share a second (provena-http 6.5).
    rows = [_outcome(run, places.of(run), held.get(run.session_id)) for run in reversed(state.runs)]
    return tuple(sorted(rows, key=lambda row: (row.row is None, row.row or 0)))


def batch_status(state: JobState, rows: Sequence[RunOutcome]) -> JobStatus:
    """The status of a batch, given what came of its records: ``succeeded`` only if all are registered."""
    if not state.finished:
        return state.status
    return "succeeded" if all(row.status == "succeeded" for row in rows) else "failed"


def doubt_about(state: JobState, held: Findings) -> str | None:
    """What is not known of a batch, and how to find out, if anything is not; ``held`` as above."""
    if state.batch_id is None:
        return None
    unread = f"{plural(state.unread, 'row')} of the batch {_UNREAD}" if state.unread else None
    doubted = f"{plural(state.doubted, 'row')} of the batch {_DOUBTED}" if state.doubted else None
    lacking = "The rows" if state.expected is None else plural(state.missing, "row")
    overdue = f"{lacking} of the batch {_OVERDUE}" if state.is_overdue else None
    unsized = _SIZE_UNKNOWN if state.expected is None else None
    return " ".join(filter(None, (unread, overdue, unsized, doubted, remark_on_unproven(held)))) or None


def look_for_runs() -> NextCall:
    """The call that shows whether runs of which nothing is known are there: the newest ones."""
    return NextCall(tool="list_items", arguments={"subtype": "MODEL_RUN"})


def page_of(rows: Sequence[RunOutcome], offset: int, max_tokens: int) -> tuple[RunOutcome, ...]:
    """The rows from ``offset`` that fit the budget, at least one; failed ones first, registered ones last."""
    place: dict[JobStatus, int] = {"failed": 0, "succeeded": 2}
    ordered = sorted(rows, key=lambda row: place.get(row.status, 1))[offset:]
    return take_within(ordered, max_tokens - _FRAME)


def fingerprint_of(raw: JsonValue) -> str:
    """The fingerprint of a record in a job's payload; empty if it is none."""
    return next(iter(fingerprints_of(raw)), "")


def fingerprints_of(raw: JsonValue) -> tuple[str, ...]:
    """The fingerprints of a record in a job's payload, its own first; none if it is no record."""
    try:
        return fingerprints(ModelRunRecord.model_validate(raw))
    except ValidationError:
        return ()


def _outcome(run: Job, place: int | None, held: Held | None) -> RunOutcome:
    failure = explain_failure(run) if run.status == "FAILED" else None
    reason = failure.reason if failure else None
    if failure and failure.likely:
        reason = f"{failure.reason} Likely: {'; or '.join(failure.likely)}."
    if held is not None:
        reason = " ".join(filter(None, (reason, remark(held, run))))
    return RunOutcome(
        row=place,
        name=run_name_of(run),
        status=status_with(held, run),
        model_run_id=run_id_of(run) or (held.run_id if held else None),
        reason=reason,
        provena_said=clean(failure.provena_said, _SAID) if failure and failure.provena_said else None,
    )


class _Places:
    """Where records stood in the batch: each place is given once, to a run of the same record."""

    def __init__(self, submission: Job | None) -> None:
        records = ((submission.payload if submission else None) or {}).get("records")
        self._by_record: defaultdict[str, list[int]] = defaultdict(list)
        for place, record in enumerate(records if isinstance(records, list) else (), start=1):
            self._by_record[fingerprint_of(record)].append(place)

    def of(self, run: Job) -> int | None:
        places = self._by_record.get(fingerprint_of((run.payload or {}).get("record")))
        return places.pop(0) if places else None
