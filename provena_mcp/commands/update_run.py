"""Replaces the record of a registered run (provena-http 2.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from provena_mcp.commands.confirmation.change import Proposal
from provena_mcp.commands.confirmation.submission import as_object, conclusion, display_name, outcome_told
from provena_mcp.commands.confirmation.write_context import Desk, doubts_about_changing
from provena_mcp.commands.records.lookup import look_up, resolve_runs, with_candidates
from provena_mcp.commands.records.record_check import Judgement, judge
from provena_mcp.commands.records.record_input import wants_modeller
from provena_mcp.commands.records.run_preview import dataset_told, propose_run, ref, template_asks, told
from provena_mcp.commands.results import (
    FieldChange,
    ProposedRun,
    UpdateResult,
    problem_briefs,
    problem_count,
)
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.items.briefs.models import DatasetInRole, Ref
from provena_mcp.queries.items.briefs.parts import text
from provena_mcp.queries.jobs.polling import JobState
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.records.fingerprint import same_record
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import AnyRun, Known, Reference, Refused, refusal_problem, resolve
from provena_mcp.rules.records.schema import read_record
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import JsonObject, ModelRunItem, RegistryItem
from provena_mcp.wire.records import ModelRunRecord

_LENGTH: Final = 600


@dataclass(frozen=True)
class UpdateRun:
    """Content: ``model_run_id``, ``reason``, and the new ``record`` or ``changes`` to the present one."""

    kind: str = "update_model_run"
    accepts: tuple[str, ...] = ("update_model_run",)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[UpdateResult]:
        """The new record of a run, next to its present one.

        Raises:
            ArgumentError: There is no run id, or both a record and changes.
        """
        run_id, reason = run_id_in(content), str(content.get("reason") or "").strip()
        if content.get("record") is not None and content.get("changes") is not None:
            raise ArgumentError(
                "Give either the whole record or changes to it, not both.", parameter="changes"
            )
        known = await look_up(desk.reader, [Reference(run_id, "MODEL_RUN", "model_run")], {})
        present = resolve(run_id, "MODEL_RUN", known)
        if not isinstance(present, ModelRunItem):
            return Proposal(content=content, preview=await _no_run(desk, run_id, present, known))
        (locked, doubts), judged, before = await asyncio.gather(
            doubts_about_changing(desk, run_id),
            judge(desk, [_new_record(present, content)], lambda _: "", known),
            resolve_runs(desk.reader, [present.record]),
        )
        preview = _preview(present, judged, _changes(present, before, judged), reason, (locked, doubts))
        if not preview.ready:
            return Proposal(content=content, preview=preview)
        record = judged.records[0]
        return Proposal(
            content=content,
            preview=preview,
            question=_question(preview),
            digest=judged.digest(run_id, reason),
            send=lambda: _send(desk, run_id, reason, record),
        )

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> UpdateResult:
        """Whether the run has its new record."""
        done = conclusion(answer, seen, display_name(content.get("record")))
        done["model_run_id"] = done["model_run_id"] or run_id_in(content)
        message = outcome_told(seen, "Updated.", "The run was not updated.")
        return UpdateResult(message=message, **done)


def merge_patch(target: JsonValue, patch: JsonValue) -> JsonValue:
    """``target`` changed by a JSON merge patch (RFC 7386): null removes, lists are replaced whole."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def run_id_in(content: JsonObject) -> str:
    """The handle of the run to change.

    Raises:
        ArgumentError: There is none, or it cannot be one.
    """
    given = content.get("model_run_id")
    if not isinstance(given, str):
        raise ArgumentError(
            "model_run_id is needed: the run to change.",
            parameter="model_run_id",
            advice="search_items and list_items find runs by name.",
        )
    return parse_handle(given, "model_run_id")


def _new_record(present: ModelRunItem, content: JsonObject) -> JsonObject:
    """The record as it is to be; who ran it stays unless it is said."""
    now = read_record(present.record.model_dump(mode="json")).model_dump(mode="json", exclude_none=True)
    whole = content.get("record")
    changed = as_object(merge_patch(now, as_object(content.get("changes"))))
    new = as_object(whole) if whole is not None else changed
    if wants_modeller(new):
        kept: JsonValue = {
            **as_object(new.get("associations")),
            "modeller_id": present.record.associations.modeller_id,
        }
        return {**new, "associations": kept}
    return new


async def _no_run(desk: Desk, run_id: str, found: RegistryItem | Refused, known: Known) -> UpdateResult:
    refused = found if isinstance(found, Refused) else Refused("wrong_subtype", "")
    problem = refusal_problem("model_run_id", run_id, "MODEL_RUN", refused, "", known)
    problems = problem_briefs(await with_candidates(desk.reader, [problem]))
    return UpdateResult(status="preview", message="", ready=False, missing=(), problems=problems)


def _preview(
    present: ModelRunItem,
    judged: Judgement,
    changes: tuple[FieldChange, ...],
    reason: str,
    standing: tuple[tuple[Problem, ...], tuple[str, ...]],
) -> UpdateResult:
    locked, doubts = standing
    problems = (*locked, *judged.problems, *_unchanged(present, judged))
    return UpdateResult(
        status="preview",
        message="",
        ready=judged.is_ready and not problems and bool(reason),
        missing=(*(() if reason else ("reason",)), *judged.missing),
        problems=problem_briefs(problems),
        problem_count=problem_count(problems),
        warnings=(*doubts, *judged.warnings) or None,
        run=ref(present.id, judged.known),
        why=text(reason),
        changes=changes,
        template_asks=None if judged.is_ready else template_asks(judged.given[0].draft.run, judged.known),
    )


def _unchanged(present: ModelRunItem, judged: Judgement) -> Iterator[Problem]:
    if judged.is_ready and same_record(present.record, judged.records[0]):
        yield Problem("changes", "This changes nothing: the run's record says so already.", "")


def _changes(present: ModelRunItem, known: Known, judged: Judgement) -> tuple[FieldChange, ...]:
    new = judged.given[0].draft.run
    before, after = propose_run(present.record, known), propose_run(new, judged.known)
    return tuple(
        FieldChange(field=field, before=tell(before), after=tell(after))
        for field, tell in _TELL.items()
        if _value(present.record, field) != _value(new, field)
    )


def _value(run: AnyRun, field: str) -> JsonValue:
    """A field as JSON; what is null, empty or absent is alike."""
    value = run.model_dump(mode="json", include={field.partition(".")[0]}, exclude_none=True)
    for part in field.split("."):
        value = as_object(value).get(part)
    return value or None


def _datasets(datasets: Sequence[DatasetInRole] | None) -> str | None:
    return clean("; ".join(dataset_told(each) for each in datasets or ()), _LENGTH) or None


def _item(item: Ref | None) -> str | None:
    return told(item) if item else None


def _annotations(run: ProposedRun) -> str | None:
    told_pairs = ", ".join(f"{key} = {value}" for key, value in (run.annotations or {}).items())
    return clean(told_pairs, _LENGTH) or None


_TELL: Final[dict[str, Callable[[ProposedRun], str | None]]] = {
    "display_name": lambda run: run.name,
    "description": lambda run: run.description,
    "workflow_template_id": lambda run: _item(run.template),
    "model_version": lambda run: run.model_version,
    "inputs": lambda run: _datasets(run.inputs),
    "outputs": lambda run: _datasets(run.outputs),
    "annotations": _annotations,
    "study_id": lambda run: _item(run.study),
    "associations.modeller_id": lambda run: _item(run.modeller),
    "associations.requesting_organisation_id": lambda run: _item(run.organisation),
    "start_time": lambda run: run.started,
    "end_time": lambda run: run.ended,
}


def _question(preview: UpdateResult) -> str:
    changes = "\n".join(
        f"- {each.field}: {each.before or 'nothing'} -> {each.after or 'nothing'}"
        for each in preview.changes or ()
    )
    return f"Change the record of model run {told(preview.run)}?\n\nReason: {preview.why}\n{changes}"


async def _send(desk: Desk, run_id: str, reason: str, record: ModelRunRecord) -> JsonObject:
    return {"session_id": (await desk.client.prov.update(run_id, reason, record)).session_id}
