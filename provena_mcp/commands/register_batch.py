"""Registers several model runs as one batch (provena-http 2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from anyio import to_thread
from pydantic import JsonValue

from provena_mcp.commands.confirmation.change import Proposal
from provena_mcp.commands.confirmation.preview_store import CONVERTED
from provena_mcp.commands.confirmation.submission import as_object, conclusion, outcome_told
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.records.record_check import Judgement, find_duplicates, judge
from provena_mcp.commands.records.run_preview import propose_run, ref, told
from provena_mcp.commands.records.run_preview import template_asks as asks_of
from provena_mcp.commands.results import (
    BatchResult,
    ProposedBatch,
    TemplateAsks,
    problem_briefs,
    problem_count,
)
from provena_mcp.errors import ArgumentError
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.common import plural
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.items.briefs.parts import text
from provena_mcp.queries.items.names import NAME_LENGTH
from provena_mcp.queries.jobs.batches import outcomes, page_of
from provena_mcp.queries.jobs.polling import JobState
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import Known
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.records import ModelRunRecord

MAX_RECORDS: Final = 10_000
_TOLD_WHOLE: Final = 3
_NAMED: Final = 20
_REFS: Final = 10
_TEMPLATES_EXPLAINED: Final = 2
_MISSING_SHOWN: Final = 30
_ROW_TOKENS: Final = 3_500


@dataclass(frozen=True)
class RegisterBatch:
    """Content: ``records``; ``allow_duplicate`` if true; ``expect_new``, how many the caller counts on."""

    kind: str = "register_batch_model_runs"
    accepts: tuple[str, ...] = ("register_batch_model_runs", CONVERTED)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[BatchResult]:
        """The registration of records, as far as they are given.

        Raises:
            ArgumentError: There are more than one batch may have, or not as many as expected.
        """
        raws = _records(content)
        judged = await judge(desk, raws, _place)
        problems, warnings = judged.problems, judged.warnings
        prints = await to_thread.run_sync(judged.prints)
        if not raws:
            problems = (Problem("records", "The batch is empty: Provena would refuse it.", ""),)
        elif judged.is_ready:
            duplicates, unsure = await find_duplicates(desk, prints, _place)
            warnings = (*warnings, *unsure)
            if not content.get("allow_duplicate"):
                problems = (*problems, *duplicates)
            elif duplicates:
                warnings = (
                    *warnings,
                    f"Submitted before, or twins of one another: {len(duplicates)} of these records.",
                )
        preview = await to_thread.run_sync(_preview, judged, problems, warnings)
        if not preview.ready:
            return Proposal(content=content, preview=preview)
        records = judged.records
        return Proposal(
            content=content,
            preview=preview,
            question=_question(preview.batch),
            digest=await to_thread.run_sync(judged.digest),
            send=lambda: _send(desk, records),
            prints=prints,
        )

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> BatchResult:
        """What came of each record."""
        done = conclusion(answer, seen)
        rows = outcomes(seen) if seen.batch_id else ()
        counts = Counter[str](row.status for row in rows)
        told_rows = page_of(rows, 0, _ROW_TOKENS)
        first = next((row.model_run_id for row in rows if row.model_run_id), None)
        if seen.finished and len(told_rows) < len(rows):
            arguments: JsonObject = {"session_id": done["session_id"], "offset": len(told_rows)}
            done["next"] = NextCall(tool="get_job", arguments=arguments)
        elif seen.finished and first:
            done["next"] = NextCall(tool="explore_upstream", arguments={"starting_id": first})
        failed = f"{counts['failed']} of {plural(len(rows), 'run')} could not be registered" + (
            "; the others were." if counts["failed"] < len(rows) else "."
        )
        return BatchResult(
            message=outcome_told(
                seen,
                f"All {len(rows)} runs are registered." if len(rows) > 1 else "The run is registered.",
                failed if rows else "Provena could not take the batch: nothing was registered.",
            ),
            batch_id=seen.batch_id,
            counts=dict(counts) or None,
            runs=told_rows if rows else None,
            **done,
        )


def _place(number: int) -> str:
    return f"records[{number}]"


def _records(content: JsonObject) -> list[JsonObject]:
    given = content.get("records")
    records: Sequence[JsonValue] = given if isinstance(given, list) else ()
    if len(records) > MAX_RECORDS:
        raise ArgumentError(
            f"A batch takes at most {MAX_RECORDS:,} records, not {len(records):,}.",
            parameter="records",
            advice="Split it into several batches.",
        )
    expected = content.get("expect_new")
    if expected is not None and expected != len(records):
        raise ArgumentError(
            f"expect_new is {expected}, but there {'is' if len(records) == 1 else 'are'} "
            f"{plural(len(records), 'record')}. Nothing was changed.",
            parameter="expect_new",
            advice="Look at the records again with the user before confirming.",
        )
    return [as_object(record) for record in records]


def _preview(judged: Judgement, problems: tuple[Problem, ...], warnings: tuple[str, ...]) -> BatchResult:
    ready = judged.is_ready and not problems
    incomplete = len(judged.missing) > _MISSING_SHOWN
    return BatchResult(
        status="preview",
        message="",
        ready=ready,
        missing=judged.missing[:_MISSING_SHOWN],
        problems=problem_briefs(problems),
        problem_count=len(problems) + len(judged.missing) if incomplete else problem_count(problems),
        warnings=warnings or None,
        batch=_propose(judged),
        template_asks=None if judged.is_ready else _asked(judged),
    )


def _propose(judged: Judgement) -> ProposedBatch:
    runs, known = [each.draft.run for each in judged.given], judged.known
    return ProposedBatch(
        count=len(runs),
        templates=_distinct((run.workflow_template_id for run in runs), known),
        modellers=_distinct((run.associations and run.associations.modeller_id for run in runs), known),
        studies=_distinct((run.study_id for run in runs), known) or None,
        first=tuple(propose_run(run, known) for run in runs[:_TOLD_WHOLE]),
        names=tuple(text(run.display_name, NAME_LENGTH) or "" for run in runs[:_NAMED]),
    )


def _asked(judged: Judgement) -> tuple[TemplateAsks, ...] | None:
    templates = {each.draft.run.workflow_template_id: each.draft.run for each in judged.given}
    asked = [asks_of(run, judged.known) for run in list(templates.values())[:_TEMPLATES_EXPLAINED]]
    return tuple(each for each in asked if each) or None


def _question(batch: ProposedBatch | None) -> str:
    if batch is None:
        return ""
    names = "\n".join(f"- {name}" for name in batch.names)
    left = batch.count - len(batch.names)
    return (
        f"Register {plural(batch.count, 'model run')}? Handles are permanent.\n\n"
        f"Workflow templates: {_told(batch.templates)}\nModellers: {_told(batch.modellers)}\n"
        f"Studies: {_told(batch.studies or ())}\n{names}" + (f"\n… and {left} more" if left else "")
    )


def _told(items: Iterable[Ref]) -> str:
    return "; ".join(told(item) for item in items) or "none"


def _distinct(ids: Iterable[str | None], known: Known) -> tuple[Ref, ...]:
    items = (ref(item_id, known) for item_id in dict.fromkeys(ids))
    return tuple(item for item in items if item)[:_REFS]


async def _send(desk: Desk, records: tuple[ModelRunRecord, ...]) -> JsonObject:
    return {"session_id": (await desk.client.prov.register_batch(records)).session_id}
