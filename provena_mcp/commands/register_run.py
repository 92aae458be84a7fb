"""Registers one model run (provena-http 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provena_mcp.commands.confirmation.change import Proposal
from provena_mcp.commands.confirmation.submission import as_object, conclusion, display_name, outcome_told
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.records.lookup import newest
from provena_mcp.commands.records.record_check import Judgement, find_duplicates, judge
from provena_mcp.commands.records.run_preview import propose_run, tell_run, template_asks, workflow_of
from provena_mcp.commands.results import RegistrationResult, problem_briefs, problem_count, refs
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.jobs.polling import JobState
from provena_mcp.rules.records.problems import Problem
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.records import ModelRunRecord

_CHOICES: Final = 10


@dataclass(frozen=True)
class RegisterRun:
    """Content: ``record``, and ``allow_duplicate`` if true."""

    kind: str = "register_model_run"
    accepts: tuple[str, ...] = ("register_model_run",)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[RegistrationResult]:
        """The registration of a record, as far as it is given."""
        judged = await judge(desk, [as_object(content.get("record"))], lambda _: "")
        problems, warnings, prints = judged.problems, judged.warnings, judged.prints()
        if judged.is_ready:
            duplicates, unsure = await find_duplicates(desk, prints, lambda _: "")
            warnings = (*warnings, *unsure)
            if content.get("allow_duplicate"):
                warnings = (*warnings, *(each.message for each in duplicates))
            else:
                problems = (*problems, *duplicates)
        preview = await _preview(desk, judged, problems, warnings)
        if not preview.ready:
            return Proposal(content=content, preview=preview)
        record = judged.records[0]
        run = propose_run(record, judged.known)
        return Proposal(
            content=content,
            preview=preview,
            question=f"Register this model run? Its handle will be permanent.\n\n{tell_run(run)}",
            digest=judged.digest(),
            send=lambda: _send(desk, record),
            prints=prints,
        )

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> RegistrationResult:
        """The run's handle, or why there is none."""
        done = conclusion(answer, seen, display_name(content.get("record")))
        message = outcome_told(
            seen,
            f"Registered as {done['model_run_id']}.",
            "Provena accepted the record and could not register it: nothing usable was made.",
        )
        return RegistrationResult(message=message, **done)


async def _preview(
    desk: Desk, judged: Judgement, problems: tuple[Problem, ...], warnings: tuple[str, ...]
) -> RegistrationResult:
    run = judged.given[0].draft.run
    ready = judged.is_ready and not problems
    return RegistrationResult(
        status="preview",
        message="",
        ready=ready,
        missing=judged.missing,
        problems=problem_briefs(problems),
        problem_count=problem_count(problems),
        warnings=warnings or None,
        run=propose_run(run, judged.known),
        template_asks=None if judged.is_ready else template_asks(run, judged.known),
        choices=None if workflow_of(run, judged.known) else await _templates(desk),
    )


async def _templates(desk: Desk) -> tuple[Ref, ...] | None:
    return refs(await newest(desk.reader, "MODEL_RUN_WORKFLOW_TEMPLATE", _CHOICES)) or None


async def _send(desk: Desk, record: ModelRunRecord) -> JsonObject:
    return {"session_id": (await desk.client.prov.register(record)).session_id}
