"""Registers several model runs as one batch (provena-http 2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, JsonValue

from provena_mcp.client import AccessLevel
from provena_mcp.commands.captured_runs import note_captures
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.duplicate_check import find_duplicates
from provena_mcp.commands.confirmation.submission import job_result, session_in
from provena_mcp.commands.confirmation.write_result import shown_warnings
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.planned_items import (
    Created,
    PlannedItem,
    check_plan,
    create_planned,
    planned_in,
    with_handles,
)
from provena_mcp.commands.records.batch_preview import (
    CREATIONS_TOKENS,
    RegisterBatchModelRunsResult,
    batch_question,
    shown_batch,
    shown_items,
)
from provena_mcp.commands.records.lookup import facts
from provena_mcp.commands.records.record_check import check_records
from provena_mcp.errors import AmbiguousWriteError, ArgumentError, ProvenaError
from provena_mcp.next_call import NextCall
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.jobs.batches import (
    RunOutcome,
    batch_status,
    doubt_about,
    look_for_runs,
    outcomes,
    page_of,
)
from provena_mcp.queries.jobs.job_wait import JobState, JobStatus, digest_of_records
from provena_mcp.queries.jobs.registry_check import check_registry
from provena_mcp.queries.jobs.remains import Findings
from provena_mcp.queries.jobs.submissions import remark_on_batch
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.text import plural
from provena_mcp.wire.items import JsonObject, ModelRunRecord, as_object

REGISTER_BATCH: Final = "register_batch_model_runs"
MAX_RECORDS: Final = 10_000
_ROW_TOKENS: Final = 3_500
_NAMED: Final = 20


class BatchRegistration(BaseModel):
    """What is sent."""

    model_config = ConfigDict(frozen=True)

    records: tuple[ModelRunRecord, ...]
    create: tuple[PlannedItem, ...] = ()


class RegisterBatch:
    """Arguments: ``records``; ``allow_duplicate`` if true; ``expect_new``, how many the caller counts on.

    A draft has ``create`` too: the items that its records need, which are created first.
    """

    tool = REGISTER_BATCH
    access: AccessLevel = "write"
    payload_type = BatchRegistration
    result_type = RegisterBatchModelRunsResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[BatchRegistration, RegisterBatchModelRunsResult]:
        """The registration of records, as far as they are given.

        Raises:
            ArgumentError: There are more than one batch may have, or not as many as expected.
        """
        raws = _records(arguments)
        plan = await check_plan(context, planned_in(arguments))
        checked = await check_records(context, raws, _place, plan.known)
        problems, warnings = (*plan.problems, *checked.problems), (*plan.warnings, *checked.warnings)
        fingerprints = await to_thread.run_sync(checked.fingerprints)
        if not raws:
            problems = (Problem("records", "The batch is empty: Provena would refuse it.", ""),)
        elif checked.is_ready:
            duplicates, unsure = await find_duplicates(context, checked.records, _place)
            warnings = (*warnings, *unsure)
            if not arguments.get("allow_duplicate"):
                problems = (*problems, *duplicates)
            elif duplicates:
                warnings = (
                    *warnings,
                    f"Submitted before, or twins of one another: {len(duplicates)} of these records.",
                )
        shown = await to_thread.run_sync(shown_batch, checked, plan, problems, warnings)
        if not shown.ready:
            return Preview(shown)
        return Preview(
            shown,
            question=batch_question(shown),
            digest=await to_thread.run_sync(checked.digest),
            payload=BatchRegistration(records=checked.records, create=plan.creations),
            fingerprints=fingerprints,
            facts=facts({key: known for key, known in checked.known.items() if key not in plan.known}),
        )

    async def send(self, context: WriteContext, payload: BatchRegistration) -> JsonObject:
        """Have the runs registered; Provena answers with the job that distributes them.

        What they need is created before; where that stops half-way, the answer says what there is.

        Raises:
            AmbiguousWriteError: Nobody knows whether the runs arrived; what they need was created.
            ProvenaError: Nothing was created or sent.
        """
        if not payload.create:
            return await _queued(context, payload.records)
        created = await create_planned(context, payload.create)
        if created.stopped is None:
            records = tuple(_with_handles(record, created) for record in payload.records)
            try:
                return {
                    **await _queued(context, records),
                    "created": created.model_dump(mode="json"),
                }
            except AmbiguousWriteError as error:
                made = list(created.handles.values())
                named = ", ".join((*made[:_NAMED], *("…" for _ in made[_NAMED : _NAMED + 1])))
                raise AmbiguousWriteError(
                    f"The items were created: {named}. {error.message}",
                    advice=error.advice,
                    upstream=error.upstream,
                ) from error
            except ProvenaError as error:
                told = f"The items were created, and the runs were not: {error.message} {error.advice}"
                created = created.model_copy(update={"stopped": told.strip()})
        return {"created": created.model_dump(mode="json")}

    async def result(self, context: WriteContext, sent: Sent) -> RegisterBatchModelRunsResult:
        """What came of each record, and which items were created for them."""
        created = Created.model_validate(sent.answer.get("created") or {})
        if created.stopped is not None:
            return _stopped(created)
        shown, create_count = _created(created)
        result = job_result(
            RegisterBatchModelRunsResult,
            sent,
            succeeded="Provena has queued the batch.",
            failed="Provena could not take the batch.",
        ).model_copy(update={"created": shown, "create_count": create_count})
        if sent.job.batch_id is None:
            left_over = await remark_on_batch(context.client, sent.job.job)
            told = {"message": f"{result.message} {left_over}", "next": look_for_runs()} if left_over else {}
            return result.model_copy(update=told)
        state, held = await check_registry(context.reader, sent.job, context.proofs)
        rows = outcomes(state, held)
        status = batch_status(state, rows)
        page = page_of(rows, 0, _ROW_TOKENS - (CREATIONS_TOKENS if created.handles else 0))
        registered = {row.row - 1: row.model_run_id for row in rows if row.row and row.model_run_id}
        warnings = await to_thread.run_sync(note_captures, sent.arguments, registered)
        return result.model_copy(
            update={
                "status": status if state.finished else "submitted",
                "message": _message(rows, status, state, held) if state.is_settled else result.message,
                "batch_id": state.batch_id,
                "counts": dict(Counter[str](row.status for row in rows)) or None,
                "runs": page or None,
                "warnings": shown_warnings(warnings),
                "next": _next(replace(sent, job=state), rows, len(page)) if state.is_settled else result.next,
            }
        )


def _with_handles(record: ModelRunRecord, created: Created) -> ModelRunRecord:
    return ModelRunRecord.model_validate(with_handles(record.model_dump(mode="json"), created.handles))


async def _queued(context: WriteContext, records: tuple[ModelRunRecord, ...]) -> JsonObject:
    about: JsonObject = {"records": await to_thread.run_sync(digest_of_records, records)}
    answer = await context.client.prov.register_batch(records)
    return {"session_id": answer.session_id, "job": "MODEL_RUN_BATCH_SUBMIT", "about": about}


def _created(created: Created) -> tuple[tuple[Ref, ...] | None, int | None]:
    return shown_items([Ref(id=handle, name=created.names[key]) for key, handle in created.handles.items()])


def _stopped(created: Created) -> RegisterBatchModelRunsResult:
    """What is told where not all items were created, or the runs were refused after them."""
    found = "What was created before is there, see created: draft the runs again, and it will be found."
    shown, create_count = _created(created)
    return RegisterBatchModelRunsResult(
        status="failed", message=f"{created.stopped} {found}", created=shown, create_count=create_count
    )


def _message(rows: Sequence[RunOutcome], status: JobStatus, state: JobState, held: Findings) -> str:
    told = _registered(rows, status) if state.finished else "Sent."
    doubt = doubt_about(state, held)
    return f"{told} {doubt}" if doubt else told


def _registered(rows: Sequence[RunOutcome], status: JobStatus) -> str:
    if status == "succeeded":
        return f"All {len(rows)} runs are registered." if len(rows) > 1 else "The run is registered."
    failed = [row for row in rows if row.status != "succeeded"]
    half = sum(row.model_run_id is not None for row in failed)
    return (
        f"{len(failed)} of {plural(len(rows), 'run')} could not be registered"
        + ("; the others were." if len(failed) < len(rows) else ".")
        + (
            f" {plural(half, 'of them is', 'of them are')} in the registry all the same: see runs."
            if half
            else ""
        )
    )


def _next(sent: Sent, rows: Sequence[RunOutcome], shown: int) -> NextCall | None:
    if shown < len(rows):
        arguments: JsonObject = {"session_id": session_in(sent.answer), "offset": shown}
        return NextCall(tool="get_job", arguments=arguments)
    if sent.job.is_doubtful:
        return look_for_runs()
    first = next((row.model_run_id for row in rows if row.model_run_id), None)
    return NextCall(tool="explore_upstream", arguments={"starting_id": first}) if first else None


def _place(number: int) -> str:
    return f"records[{number}]"


def _records(arguments: JsonObject) -> list[JsonObject]:
    given = arguments.get("records")
    records: Sequence[JsonValue] = given if isinstance(given, list) else ()
    if len(records) > MAX_RECORDS:
        raise ArgumentError(
            f"A batch takes at most {MAX_RECORDS:,} records, not {len(records):,}.",
            parameter="records",
            advice="Split it into several batches.",
        )
    expected = arguments.get("expect_new")
    if expected is not None and expected != len(records):
        raise ArgumentError(
            f"expect_new is {expected}, but there {'is' if len(records) == 1 else 'are'} "
            f"{plural(len(records), 'record')}. Nothing was changed.",
            parameter="expect_new",
            advice="Look at the records again with the user before confirming.",
        )
    return [as_object(record) for record in records]
