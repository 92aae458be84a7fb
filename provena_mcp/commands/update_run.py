"""Replaces the record of a registered run (provena-http 2.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue

from provena_mcp.client import AccessLevel
from provena_mcp.commands.changed_run import changed_run_result
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.submission import display_name
from provena_mcp.commands.confirmation.write_result import (
    WriteResult,
    problem_briefs,
    problem_count,
    shown_warnings,
)
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.records.lookup import (
    doubts_about_changing,
    facts,
    look_up,
    resolve_runs,
    with_candidates,
)
from provena_mcp.commands.records.record_check import CheckedRecords, check_records, wants_modeller
from provena_mcp.commands.records.run_preview import (
    ProposedRun,
    TemplateAsks,
    dataset_label,
    label,
    named,
    proposed_run,
    template_asks,
)
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.briefs.models import Brief, DatasetInRole, Ref
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.records.fingerprint import fingerprint, same_record
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import AnyRun, Known, Reference, Refused, refusal_problem, resolve
from provena_mcp.rules.records.schema import read_record
from provena_mcp.rules.text import clean, shown_text
from provena_mcp.wire.items import JsonObject, ModelRunItem, ModelRunRecord, RegistryItem, as_object

_LENGTH: Final = 600
_NOT_UPDATED: Final = "The run was not updated."


class RecordFieldChange(Brief):
    """A field before and after."""

    field: str
    before: str | None = None
    after: str | None = None


class UpdateModelRunResult(WriteResult):
    """Of changing a run's record."""

    run: Ref | None = None
    why: str | None = None
    changes: tuple[RecordFieldChange, ...] | None = None
    template_asks: TemplateAsks | None = None


class RecordUpdate(BaseModel):
    """What is sent."""

    model_config = ConfigDict(frozen=True)

    model_run_id: str
    reason: str
    record: ModelRunRecord


class UpdateRun:
    """Arguments: ``model_run_id``, ``reason``, and the new ``record`` or ``changes`` to the present one."""

    tool = "update_model_run"
    access: AccessLevel = "write"
    payload_type = RecordUpdate
    result_type = UpdateModelRunResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[RecordUpdate, UpdateModelRunResult]:
        """The new record of a run, next to its present one.

        Raises:
            ArgumentError: There is no run id, or both a record and changes.
        """
        run_id, reason = run_id_in(arguments), str(arguments.get("reason") or "").strip()
        if arguments.get("record") is not None and arguments.get("changes") is not None:
            raise ArgumentError(
                "Give either the whole record or changes to it, not both.", parameter="changes"
            )
        known = await look_up(context.reader, [Reference(run_id, "MODEL_RUN", "model_run")], {})
        present = resolve(run_id, "MODEL_RUN", known)
        if not isinstance(present, ModelRunItem):
            return Preview(await _no_run(context, run_id, present, known))
        (locked, doubts), checked, before = await together(
            doubts_about_changing(context.reader, run_id),
            check_records(context, [_new_record(present, arguments)], lambda _: "", known),
            resolve_runs(context.reader, [present.record]),
        )
        shown = _shown(present, checked, _changes(present, before, checked), reason, (locked, doubts))
        if not shown.ready:
            return Preview(shown)
        return Preview(
            shown,
            question=_question(shown),
            digest=checked.digest(run_id, reason),
            payload=RecordUpdate(model_run_id=run_id, reason=reason, record=checked.records[0]),
            facts=facts(checked.known),
        )

    async def send(self, context: WriteContext, payload: RecordUpdate) -> JsonObject:
        """Have the record replaced; Provena answers with a job."""
        answer = await context.client.prov.update(payload.model_run_id, payload.reason, payload.record)
        context.reader.names.forget(context.caller, payload.model_run_id)
        about: JsonObject = {
            "model_run_record_id": payload.model_run_id,
            "updated_record": fingerprint(payload.record),
        }
        return {"session_id": answer.session_id, "job": "MODEL_RUN_UPDATE", "about": about}

    async def result(self, context: WriteContext, sent: Sent) -> UpdateModelRunResult:
        """Whether the run has its new record."""
        run_id = run_id_in(sent.arguments)
        context.reader.names.forget(context.caller, run_id)
        return await changed_run_result(
            context,
            UpdateModelRunResult,
            sent,
            run_id=run_id,
            succeeded="Updated.",
            failed=_NOT_UPDATED,
            name=display_name(sent.arguments.get("record")),
        )


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


def run_id_in(arguments: JsonObject) -> str:
    """The handle of the run to change.

    Raises:
        ArgumentError: There is none, or it cannot be one.
    """
    given = arguments.get("model_run_id")
    if not isinstance(given, str):
        raise ArgumentError(
            "model_run_id is needed: the run to change.",
            parameter="model_run_id",
            advice="search_items and list_items find runs by name.",
        )
    return parse_handle(given, "model_run_id")


def _new_record(present: ModelRunItem, arguments: JsonObject) -> JsonObject:
    """The record as it is to be; who ran it stays unless it is said."""
    now = read_record(present.record.model_dump(mode="json")).model_dump(mode="json", exclude_none=True)
    whole = arguments.get("record")
    changed = as_object(merge_patch(now, as_object(arguments.get("changes"))))
    new = as_object(whole) if whole is not None else changed
    if wants_modeller(new):
        associations: JsonValue = {
            **as_object(new.get("associations")),
            "modeller_id": present.record.associations.modeller_id,
        }
        return {**new, "associations": associations}
    return new


async def _no_run(
    context: WriteContext, run_id: str, found: RegistryItem | Refused, known: Known
) -> UpdateModelRunResult:
    refused = found if isinstance(found, Refused) else Refused("wrong_subtype", "")
    problem = refusal_problem("model_run_id", run_id, "MODEL_RUN", refused, "", known)
    problems = problem_briefs(await with_candidates(context.reader, [problem]))
    return UpdateModelRunResult(status="preview", message="", ready=False, missing=(), problems=problems)


def _shown(
    present: ModelRunItem,
    checked: CheckedRecords,
    changes: tuple[RecordFieldChange, ...],
    reason: str,
    standing: tuple[tuple[Problem, ...], tuple[str, ...]],
) -> UpdateModelRunResult:
    locked, doubts = standing
    problems = (*locked, *checked.problems, *_unchanged(present, checked))
    return UpdateModelRunResult(
        status="preview",
        message="",
        ready=checked.is_ready and not problems and bool(reason),
        missing=(*(() if reason else ("reason",)), *checked.missing),
        problems=problem_briefs(problems),
        problem_count=problem_count(problems),
        warnings=shown_warnings((*doubts, *checked.warnings)),
        run=named(present.id, checked.known),
        why=shown_text(reason),
        changes=changes,
        template_asks=None if checked.is_ready else template_asks(checked.given[0].run, checked.known),
    )


def _unchanged(present: ModelRunItem, checked: CheckedRecords) -> Iterator[Problem]:
    if checked.is_ready and same_record(present.record, checked.records[0]):
        yield Problem("changes", "This changes nothing: the run's record says so already.", "")


def _changes(present: ModelRunItem, known: Known, checked: CheckedRecords) -> tuple[RecordFieldChange, ...]:
    new = checked.given[0].run
    before, after = proposed_run(present.record, known), proposed_run(new, checked.known)
    return tuple(
        RecordFieldChange(field=field, before=show(before), after=show(after))
        for field, show in _SHOWN.items()
        if _value(present.record, field) != _value(new, field)
    )


def _value(run: AnyRun, field: str) -> JsonValue:
    """A field as JSON; what is null, empty or absent is alike."""
    value = run.model_dump(mode="json", include={field.partition(".")[0]}, exclude_none=True)
    for part in field.split("."):
        value = as_object(value).get(part)
    return value or None


def _datasets(datasets: Sequence[DatasetInRole] | None) -> str | None:
    return clean("; ".join(dataset_label(each) for each in datasets or ()), _LENGTH) or None


def _item(item: Ref | None) -> str | None:
    return label(item) if item else None


def _annotations(run: ProposedRun) -> str | None:
    pairs = ", ".join(f"{key} = {value}" for key, value in (run.annotations or {}).items())
    return clean(pairs, _LENGTH) or None


_SHOWN: Final[dict[str, Callable[[ProposedRun], str | None]]] = {
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


def _question(shown: UpdateModelRunResult) -> str:
    changes = "\n".join(
        f"- {each.field}: {each.before or 'nothing'} -> {each.after or 'nothing'}"
        for each in shown.changes or ()
    )
    return f"Change the record of model run {label(shown.run)}?\n\nReason: {shown.why}\n{changes}"
