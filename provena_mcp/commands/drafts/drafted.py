"""Recorded runs with all their parts found or planned, answers put in, and everything checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from anyio import to_thread
from pydantic import JsonValue

from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.drafts.inference import infer_workflows
from provena_mcp.commands.drafts.new_items import NewItems
from provena_mcp.commands.drafts.proposed_records import ResolvedRun, find_parts, record_of
from provena_mcp.commands.drafts.questions import title_of
from provena_mcp.commands.drafts.template_fit import TemplateFits
from provena_mcp.commands.planned_items import CheckedPlan, PlannedItem, check_plan, placeholders_in
from provena_mcp.commands.records.record_check import CheckedRecords, check_records
from provena_mcp.commands.update_run import merge_patch
from provena_mcp.crates.recorded_runs import RecordedRun, RecordedSource
from provena_mcp.queries.recording.registry_view import RegistryView
from provena_mcp.wire.items import JsonObject, as_object

RunInDocument = tuple[RecordedRun, RecordedSource]


@dataclass(frozen=True)
class Drafted:
    """All that was found for some runs."""

    drafts: tuple[ResolvedRun, ...]
    records: tuple[JsonObject, ...]
    uncertain: tuple[tuple[str, ...], ...]
    plan: CheckedPlan
    checked: CheckedRecords
    why: Mapping[str, str]

    @property
    def is_ready(self) -> bool:
        """Whether it can be previewed as it is."""
        return self.checked.is_ready and not self.plan.missing and not self.plan.problems


async def draft_runs(
    context: WriteContext,
    runs: Sequence[RunInDocument],
    answers: JsonObject,
    view: RegistryView,
) -> Drafted:
    """Draft runs, each with its document; ``answers`` as ``draft_model_runs`` has them.

    Raises:
        ProvenaError: What they refer to could not be looked up.
    """
    proposed = await to_thread.run_sync(_propose, runs, answers, view)
    plan = await check_plan(context, proposed.items)
    checked = await check_records(context, proposed.records, lambda number: f"runs[{number}]", plan.known)
    return Drafted(proposed.drafts, proposed.records, proposed.uncertain, plan, checked, proposed.why)


@dataclass(frozen=True, slots=True)
class _Proposed:
    drafts: tuple[ResolvedRun, ...]
    records: tuple[JsonObject, ...]
    uncertain: tuple[tuple[str, ...], ...]
    items: tuple[PlannedItem, ...]
    why: Mapping[str, str]


def _propose(runs: Sequence[RunInDocument], answers: JsonObject, view: RegistryView) -> _Proposed:
    new, templates = NewItems(view), TemplateFits(view)
    organisation = _organisation(answers, new)
    given = answers.get("workflow_template_id")
    chosen = given if isinstance(given, str) else None
    drafts = [find_parts(run, source, templates, new, chosen) for run, source in runs]
    inferred = infer_workflows(drafts, view, new)
    records: list[JsonObject] = []
    uncertain: list[tuple[str, ...]] = []
    for number, draft in enumerate(drafts):
        made = inferred.get(number)
        workflow = made.workflow_id if made else draft.fit.template.id if draft.fit else None
        record, unplaced = record_of(draft, view, workflow, made.templates if made else {})
        records.append(_answered(record, answers, draft.run.name))
        uncertain.append((*draft.doubts, *unplaced))
    stated = [_with_stated_keys(each, records) for each in new.items]
    planned = [_answered_item(each, answers, organisation) for each in stated]
    items = tuple(_needed(planned, records))
    return _Proposed(tuple(drafts), tuple(records), tuple(uncertain), items, new.why)


def _needed(items: Sequence[PlannedItem], records: Sequence[JsonObject]) -> list[PlannedItem]:
    """The items that records refer to, directly or through others: a user's answer may have replaced some."""
    needed = set(placeholders_in([*records]))
    for planned in reversed(items):
        if planned.key in needed:
            needed |= placeholders_in(planned.item)
    return [planned for planned in items if planned.key in needed]


def _answered(record: JsonObject, answers: JsonObject, name: str) -> JsonObject:
    patches = as_object(answers.get("runs"))
    for key in ("*", name):
        if key in patches:
            record = as_object(merge_patch(record, patches[key]))
    return record


def _organisation(answers: JsonObject, new: NewItems) -> str | None:
    """The organisation that new datasets belong to: one there is, or one to be made first of all."""
    given = answers.get("organisation")
    if isinstance(given, dict):
        return new.organisation(given)
    return given if isinstance(given, str) else None


def _answered_item(planned: PlannedItem, answers: JsonObject, organisation: str | None) -> PlannedItem:
    item: JsonValue = planned.item
    if planned.item_subtype == "DATASET":
        # What was recorded of a dataset stands; what is said of all of them fills in.
        said = answers.get("datasets") or {}
        if organisation is not None:
            own: JsonObject = {
                "associations": {"organisation_id": organisation},
                "dataset_info": {"publisher_id": organisation},
            }
            said = merge_patch(own, said)
        item = merge_patch(said, item)
    for key in (planned.key, title_of(planned)):
        item = merge_patch(item, as_object(answers.get("items")).get(key) or {})
    return planned.model_copy(update={"item": as_object(item)})


def _with_stated_keys(planned: PlannedItem, records: Sequence[JsonObject]) -> PlannedItem:
    """A planned dataset template with a resource for every key that a record states in it.

    What was recorded may call its files by keys of the template that it followed elsewhere. A key that not
    all uses have is optional. Any other item is as it was.
    """
    uses = [as_object(use.get("resources")) for use in _uses(planned, records)]
    keys = dict.fromkeys(key for resources in uses for key in resources)
    deferred = planned.item.get("deferred_resources")
    if not keys or not isinstance(deferred, list) or not deferred:
        return planned
    usual = as_object(deferred[0])
    if [*keys] == [usual.get("key")]:
        return planned
    stated: list[JsonObject] = [
        {**usual, "key": key, "optional": not all(key in resources for resources in uses)} for key in keys
    ]
    return planned.model_copy(update={"item": {**planned.item, "deferred_resources": [*stated]}})


def _uses(planned: PlannedItem, records: Sequence[JsonObject]) -> Iterator[JsonObject]:
    for record in records:
        for side in ("inputs", "outputs"):
            listed = record.get(side)
            for use in map(as_object, listed if isinstance(listed, list) else []):
                if use.get("dataset_template_id") == planned.key:
                    yield use
