"""Jobs about model runs: lodging one, a batch, an update, a link (provena-http 6.4)."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from provena_mcp.embedded import items, runs
from provena_mcp.embedded.identity import may_write
from provena_mcp.embedded.jobs.rows import JobOutcome, NewJob
from provena_mcp.embedded.jobs.tasks import LODGING_FAILED, JobWork, Task, fail
from provena_mcp.rules.records.references import Known
from provena_mcp.wire.items import JsonObject, ModelRunItem, ModelRunRecord, parse_item
from provena_mcp.wire.jobs import JobSubtype

# An empty batch fails on an assertion without a text (provena-http B11).
_EMPTY_BATCH: Final = "Callback function raised unhandled exception. Error: ."
_DISTRIBUTED: Final = "Successfully distributed batch jobs to queue."


class LodgePayload(BaseModel):
    """A run to register; ``revalidate`` unless it was judged when it was submitted."""

    record: ModelRunRecord
    revalidate: bool = True


class BatchPayload(BaseModel):
    """Runs to register, each as a job of its own."""

    records: list[ModelRunRecord]


class UpdatePayload(BaseModel):
    """Another record for a run."""

    model_run_record_id: str
    updated_record: ModelRunRecord
    reason: str
    revalidate: bool = True


class LodgeOnlyPayload(BaseModel):
    """A registered run to bring into the graph."""

    model_run_record_id: str
    record: ModelRunRecord
    revalidate: bool = True


class UpdateLodgeOnlyPayload(BaseModel):
    """A run whose item is rewritten already, to bring into the graph."""

    model_run_record_id: str
    updated_record: ModelRunRecord
    revalidate: bool = True


def lodging(
    session_id: str, record: ModelRunRecord, *, revalidate: bool, batch_id: str | None = None
) -> NewJob:
    """The job that registers one run."""
    payload: JsonObject = {"record": runs.as_stored(record), "revalidate": revalidate}
    return NewJob(session_id, "MODEL_RUN_PROV_LODGE", payload, batch_id)


def _lodge(work: JobWork) -> JobOutcome:
    asked = LodgePayload.model_validate(work.job.payload)
    known = _check(work, asked.record) if asked.revalidate else None
    try:
        lodged = runs.register(work.connection, asked.record, work.username, work.now, known)
    except runs.NoWorkflowError:
        fail(LODGING_FAILED)
    return JobOutcome({"record": lodged.as_json()})


def _distribute(work: JobWork) -> JobOutcome:
    records = BatchPayload.model_validate(work.job.payload).records
    if not records:
        fail(_EMPTY_BATCH)
    batch_id = work.new_id()
    work.submit(*(lodging(work.new_id(), record, revalidate=True, batch_id=batch_id) for record in records))
    return JobOutcome({"batch_id": batch_id}, _DISTRIBUTED)


def _update(work: JobWork) -> JobOutcome:
    asked = UpdatePayload.model_validate(work.job.payload)
    if asked.revalidate:
        _check(work, asked.updated_record)
    raw = items.fetch_raw(work.connection, asked.model_run_record_id)
    # An update without a reason is refused by the registry only, so that it fails here.
    if raw is None or not asked.reason or not _is_own_run(work, raw):
        fail(LODGING_FAILED)
    try:
        lodged = runs.update(
            work.connection, raw, asked.updated_record, work.username, work.now, asked.reason
        )
    except runs.NoWorkflowError:
        fail(LODGING_FAILED)
    return JobOutcome({"record": lodged.as_json()})


def _lodge_only(work: JobWork) -> JobOutcome:
    asked = LodgeOnlyPayload.model_validate(work.job.payload)
    return JobOutcome({"record": _lodge_again(work, asked).as_json()})


def _update_lodge_only(work: JobWork) -> JobOutcome:
    asked = UpdateLodgeOnlyPayload.model_validate(work.job.payload)
    _lodge_again(
        work,
        LodgeOnlyPayload(
            model_run_record_id=asked.model_run_record_id,
            record=asked.updated_record,
            revalidate=asked.revalidate,
        ),
    )
    return JobOutcome({})


def _lodge_again(work: JobWork, asked: LodgeOnlyPayload) -> runs.LodgedRun:
    if asked.revalidate:
        _check(work, asked.record)
    try:
        return runs.lodge_again(work.connection, asked.model_run_record_id, asked.record)
    except runs.NoWorkflowError:
        fail(LODGING_FAILED)


def _check(work: JobWork, record: ModelRunRecord) -> Known:
    """What the record refers to, if nothing is wrong with it."""
    known = runs.referred(work.connection, record)
    problem = runs.first_problem(record, known)
    if problem is not None:
        fail(problem.job_info)
    return known


def _is_own_run(work: JobWork, raw: JsonObject) -> bool:
    item = parse_item(raw)
    return isinstance(item, ModelRunItem) and may_write(item, work.job.submitter.user)


RUN_TASKS: Final[dict[JobSubtype, Task]] = {
    "MODEL_RUN_PROV_LODGE": Task(_lodge, LodgePayload),
    "MODEL_RUN_BATCH_SUBMIT": Task(_distribute, BatchPayload),
    "MODEL_RUN_UPDATE": Task(_update, UpdatePayload),
    "MODEL_RUN_LODGE_ONLY": Task(_lodge_only, LodgeOnlyPayload),
    "MODEL_RUN_UPDATE_LODGE_ONLY": Task(_update_lodge_only, UpdateLodgeOnlyPayload),
}
