"""Registers several model runs as one batch (provena-http 2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, JsonValue

from provena_mcp.client import AccessLevel
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.submission import job_result, session_in
from provena_mcp.commands.confirmation.write_context import WriteContext
from provena_mcp.commands.records.lookup import facts
from provena_mcp.commands.records.record_check import CheckedRecords, check_records, find_duplicates
from provena_mcp.commands.records.run_preview import label, named, proposed_run
from provena_mcp.commands.records.run_preview import template_asks as asks_of
from provena_mcp.commands.results import (
    ProposedBatch,
    RegisterBatchModelRunsResult,
    TemplateAsks,
    problem_briefs,
    problem_count,
)
from provena_mcp.errors import ArgumentError
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.common import plural
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.items.briefs.parts import text
from provena_mcp.queries.jobs.batches import RunOutcome, batch_status, outcomes, page_of
from provena_mcp.queries.jobs.job_wait import JobStatus
from provena_mcp.queries.jobs.registry_check import check_registry
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import Known
from provena_mcp.wire.items import JsonObject, as_object
from provena_mcp.wire.records import ModelRunRecord

REGISTER_BATCH: Final = "register_batch_model_runs"
MAX_RECORDS: Final = 10_000
_SHOWN_WHOLE: Final = 3
_NAMED: Final = 20
_REFS: Final = 10
_TEMPLATES_EXPLAINED: Final = 2
_MISSING_SHOWN: Final = 30
_ROW_TOKENS: Final = 3_500


class BatchRegistration(BaseModel):
    """What is sent."""

    model_config = ConfigDict(frozen=True)

    records: tuple[ModelRunRecord, ...]


class RegisterBatch:
    """Arguments: ``records``; ``allow_duplicate`` if true; ``expect_new``, how many the caller counts on."""

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
        checked = await check_records(context, raws, _place)
        problems, warnings = checked.problems, checked.warnings
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
        shown = await to_thread.run_sync(_shown, checked, problems, warnings)
        if not shown.ready:
            return Preview(shown)
        return Preview(
            shown,
            question=_question(shown.batch),
            digest=await to_thread.run_sync(checked.digest),
            payload=BatchRegistration(records=checked.records),
            fingerprints=fingerprints,
            facts=facts(checked.known),
        )

    async def send(self, context: WriteContext, payload: BatchRegistration) -> JsonObject:
        """Have the runs registered; Provena answers with the job that distributes them."""
        answer = await context.client.prov.register_batch(payload.records)
        return {"session_id": answer.session_id, "job": "MODEL_RUN_BATCH_SUBMIT"}

    async def result(self, context: WriteContext, sent: Sent) -> RegisterBatchModelRunsResult:
        """What came of each record."""
        result = job_result(
            RegisterBatchModelRunsResult,
            sent,
            succeeded="Provena has queued the batch.",
            failed="Provena could not take the batch: nothing was registered.",
        )
        if sent.job.batch_id is None:
            return result
        rows = outcomes(sent.job, await check_registry(context.client, sent.job))
        status = batch_status(sent.job, rows)
        page = page_of(rows, 0, _ROW_TOKENS)
        return result.model_copy(
            update={
                "status": status if sent.job.finished else "submitted",
                "message": _message(rows, status) if sent.job.finished else result.message,
                "batch_id": sent.job.batch_id,
                "counts": dict(Counter[str](row.status for row in rows)) or None,
                "runs": page or None,
                "next": _next(sent, rows, len(page)) if sent.job.finished else result.next,
            }
        )


def _message(rows: Sequence[RunOutcome], status: JobStatus) -> str:
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


def _shown(
    checked: CheckedRecords, problems: tuple[Problem, ...], warnings: tuple[str, ...]
) -> RegisterBatchModelRunsResult:
    ready = checked.is_ready and not problems
    incomplete = len(checked.missing) > _MISSING_SHOWN
    return RegisterBatchModelRunsResult(
        status="preview",
        message="",
        ready=ready,
        missing=checked.missing[:_MISSING_SHOWN],
        problems=problem_briefs(problems),
        problem_count=len(problems) + len(checked.missing) if incomplete else problem_count(problems),
        warnings=warnings or None,
        batch=_propose(checked),
        template_asks=None if checked.is_ready else _asked(checked),
    )


def _propose(checked: CheckedRecords) -> ProposedBatch:
    runs, known = [each.run for each in checked.given], checked.known
    return ProposedBatch(
        count=len(runs),
        templates=_distinct((run.workflow_template_id for run in runs), known),
        modellers=_distinct((run.associations and run.associations.modeller_id for run in runs), known),
        studies=_distinct((run.study_id for run in runs), known) or None,
        first=tuple(proposed_run(run, known) for run in runs[:_SHOWN_WHOLE]),
        names=tuple(text(run.display_name, NAME_LENGTH) or "" for run in runs[:_NAMED]),
    )


def _asked(checked: CheckedRecords) -> tuple[TemplateAsks, ...] | None:
    templates = {each.run.workflow_template_id: each.run for each in checked.given}
    asked = [asks_of(run, checked.known) for run in list(templates.values())[:_TEMPLATES_EXPLAINED]]
    return tuple(each for each in asked if each) or None


def _question(batch: ProposedBatch | None) -> str:
    if batch is None:
        return ""
    names = "\n".join(f"- {name}" for name in batch.names)
    left = batch.count - len(batch.names)
    return (
        f"Register {plural(batch.count, 'model run')}? Handles are permanent.\n\n"
        f"Workflow templates: {_labels(batch.templates)}\nModellers: {_labels(batch.modellers)}\n"
        f"Studies: {_labels(batch.studies or ())}\n{names}" + (f"\n… and {left} more" if left else "")
    )


def _labels(items: Iterable[Ref]) -> str:
    return "; ".join(label(item) for item in items) or "none"


def _distinct(ids: Iterable[str | None], known: Known) -> tuple[Ref, ...]:
    items = (named(item_id, known) for item_id in dict.fromkeys(ids))
    return tuple(item for item in items if item)[:_REFS]
