"""Registers one model run (provena-http 2.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from provena_mcp.client import AccessLevel
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.duplicate_check import find_duplicates
from provena_mcp.commands.confirmation.submission import display_name, job_result, write_status
from provena_mcp.commands.confirmation.write_result import WriteResult, problem_briefs, problem_count, refs
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.records.lookup import facts, newest
from provena_mcp.commands.records.record_check import CheckedRecords, check_records
from provena_mcp.commands.records.run_preview import (
    ProposedRun,
    TemplateAsks,
    proposed_run,
    run_lines,
    template_asks,
    workflow_of,
)
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.jobs.job_wait import REGISTRATION, run_id_of
from provena_mcp.queries.jobs.registry_check import check_registry
from provena_mcp.queries.jobs.remains import look_at, remark, status_with
from provena_mcp.rules.records.fingerprint import fingerprint
from provena_mcp.rules.records.problems import Problem
from provena_mcp.wire.items import JsonObject, ModelRunRecord, as_object

_CHOICES: Final = 10
_FAILED: Final = "Provena accepted the record, and the job that registers it failed."


class RegisterModelRunResult(WriteResult):
    """Of registering a run."""

    run: ProposedRun | None = None
    template_asks: TemplateAsks | None = None
    choices: tuple[Ref, ...] | None = Field(default=None, description="Workflow templates to choose from.")


class Registration(BaseModel):
    """What is sent."""

    model_config = ConfigDict(frozen=True)

    record: ModelRunRecord


class RegisterRun:
    """Arguments: ``record``, and ``allow_duplicate`` if true."""

    tool = "register_model_run"
    access: AccessLevel = "write"
    payload_type = Registration
    result_type = RegisterModelRunResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[Registration, RegisterModelRunResult]:
        """The registration of a record, as far as it is given."""
        checked = await check_records(context, [as_object(arguments.get("record"))], lambda _: "")
        problems, warnings, fingerprints = checked.problems, checked.warnings, checked.fingerprints()
        if checked.is_ready:
            duplicates, unsure = await find_duplicates(context, checked.records, lambda _: "")
            warnings = (*warnings, *unsure)
            if arguments.get("allow_duplicate"):
                warnings = (*warnings, *(each.message for each in duplicates))
            else:
                problems = (*problems, *duplicates)
        shown = await _shown(context, checked, problems, warnings)
        if not shown.ready:
            return Preview(shown)
        record = checked.records[0]
        lines = run_lines(proposed_run(record, checked.known))
        return Preview(
            shown,
            question=f"Register this model run? Its handle will be permanent.\n\n{lines}",
            digest=checked.digest(),
            payload=Registration(record=record),
            fingerprints=fingerprints,
            facts=facts(checked.known),
        )

    async def send(self, context: WriteContext, payload: Registration) -> JsonObject:
        """Have the run registered; Provena answers with a job."""
        answer = await context.client.prov.register(payload.record)
        about: JsonObject = {"record": fingerprint(payload.record)}
        return {"session_id": answer.session_id, "job": REGISTRATION, "about": about}

    async def result(self, context: WriteContext, sent: Sent) -> RegisterModelRunResult:
        """The run's handle, and what there is of a run that its job does not prove."""
        state, held = await check_registry(context.reader, sent.job, context.proofs)
        job = state.job
        result = job_result(
            RegisterModelRunResult,
            replace(sent, job=state),
            succeeded=f"Registered as {run_id_of(job) if job else None}.",
            failed=_FAILED,
            name=display_name(sent.arguments.get("record")),
        )
        run = held.get(job.session_id) if job else None
        if job is None or run is None:
            return result
        told = "" if run.misnamed else f"{result.message} "
        look = run.run_id or run.equal or run.misnamed
        return result.model_copy(
            update={
                "status": write_status(state) if state.is_doubtful else status_with(run, job),
                "message": told + remark(run, job),
                "model_run_id": run.run_id,
                "next": look_at(run, job) if look else result.next,
            }
        )


async def _shown(
    context: WriteContext, checked: CheckedRecords, problems: tuple[Problem, ...], warnings: tuple[str, ...]
) -> RegisterModelRunResult:
    run = checked.given[0].run
    return RegisterModelRunResult(
        status="preview",
        message="",
        ready=checked.is_ready and not problems,
        missing=checked.missing,
        problems=problem_briefs(problems),
        problem_count=problem_count(problems),
        warnings=warnings or None,
        run=proposed_run(run, checked.known),
        template_asks=None if checked.is_ready else template_asks(run, checked.known),
        choices=None if workflow_of(run, checked.known) else await _templates(context),
    )


async def _templates(context: WriteContext) -> tuple[Ref, ...] | None:
    return refs(await newest(context.reader, "MODEL_RUN_WORKFLOW_TEMPLATE", _CHOICES)) or None
