"""Writes the answer about drafted runs: proposed, already known, to be created, to be asked; references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from provena_mcp.commands.confirmation.write_result import problem_briefs, shown_warnings
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.drafts.drafted import Drafted
from provena_mcp.commands.drafts.proposed_records import recorded_as
from provena_mcp.commands.drafts.questions import questions_of, title_of
from provena_mcp.commands.drafts.results import DraftedRun, DraftModelRunsResult, ItemToCreate, KnownDataset
from provena_mcp.commands.planned_items import placeholders_in
from provena_mcp.commands.records.run_preview import named, proposed_run, workflow_of
from provena_mcp.crates.recorded_runs import RecordedRuns
from provena_mcp.next_call import NextCall
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.recording.registry_view import RegistryView
from provena_mcp.rules.budgets import MESSAGE_LENGTH, NAME_LENGTH, size_of, take_within
from provena_mcp.rules.text import clean, clean_object, first_of
from provena_mcp.wire.items import JsonObject

RegisteringTool = Literal["register_model_run", "register_batch_model_runs"]

# Tokens: questions and runs take at most so many, items to create what is left of the whole.
_QUESTION_TOKENS: Final = 1_000
_RUN_TOKENS: Final = 2_000
_LIST_TOKENS: Final = 3_400
_RUNS_SHOWN: Final = 5
_FILES_SHOWN: Final = 20
_CREATED_SHOWN: Final = 20
_LEFT_OUT_SHOWN: Final = 15
_SOURCES_SHOWN: Final = 3
_TEMPLATES_SHOWN: Final = 3
_NONE: Final = "No run is recorded in this: see left_out."
_DONE: Final = "Every run recorded in this is registered already."
_ASK: Final = (
    "Drafted; nothing has been registered. Put the questions to the user, never answer them yourself, and "
    "call again with their answers."
)
_WRONG: Final = "Drafted; nothing has been registered. Something does not fit: see problems."
_READY: Final = (
    "Drafted; nothing has been registered. Show the user what is uncertain and what would be created, then "
    "call {tool} with this reference for a preview of all of it. Or create items one by one, each with "
    "create_item and its own reference, and draft again."
)
_READY_WHOLE: Final = (
    "Drafted; nothing has been registered. Show the user what is uncertain, then call {tool} with this "
    "reference for a preview."
)


def registered_answer(
    documents: Sequence[RecordedRuns], known: Mapping[str, str], steps_left_out: int
) -> DraftModelRunsResult:
    """What is told before anything is drafted: runs that are ``known`` by handle, and what is left out."""
    left_out = [f"{each.what}: {each.why}" for document in documents for each in document.left_out]
    first = next(iter(known.values()), None)
    return DraftModelRunsResult(
        message=_DONE if known else _NONE,
        source=_sources(documents),
        runs=tuple(
            DraftedRun(recorded_as=clean(name, NAME_LENGTH), registered_as=handle)
            for name, handle in list(known.items())[:_RUNS_SHOWN]
        ),
        run_count=len(known) if len(known) > _RUNS_SHOWN else None,
        steps_left_out=steps_left_out or None,
        left_out=tuple(clean(each, MESSAGE_LENGTH) for each in left_out[:_LEFT_OUT_SHOWN]) or None,
        next=NextCall(tool="explore_upstream", arguments={"starting_id": first}) if first else None,
    )


async def draft_answer(
    context: WriteContext, answer: DraftModelRunsResult, drafted: Drafted, view: RegistryView
) -> DraftModelRunsResult:
    """``answer`` with what was drafted, under a reference as soon as nothing is missing.

    Raises:
        ArgumentError: It is larger than is stored for one caller.
    """
    every_question = questions_of(drafted.plan, _missing(drafted), view)
    questions = take_within(every_question, _QUESTION_TOKENS)
    runs = take_within((*_drafted_runs(drafted), *answer.runs)[:_RUNS_SHOWN], _RUN_TOKENS)
    count = len(drafted.drafts) + (answer.run_count or len(answer.runs))
    left = _LIST_TOKENS - sum(map(size_of, (*questions, *runs)))
    items = take_within(await _to_create(context, drafted), left)
    warnings = (*(answer.warnings or ()), *drafted.checked.warnings, *drafted.plan.warnings, *_cut(view))
    told = answer.model_copy(
        update={
            "message": _ASK if questions else _WRONG,
            "runs": runs,
            "run_count": count if count > len(runs) else None,
            "to_create": items or None,
            "create_count": planned if (planned := len(drafted.plan.items)) > len(items) else None,
            "questions": questions or None,
            "question_count": asked if (asked := len(every_question)) > len(questions) else None,
            "problems": problem_briefs((*drafted.plan.problems, *drafted.checked.problems)) or None,
            "templates": _others(drafted) or None,
            "warnings": shown_warnings(warnings),
            "next": None,
        }
    )
    if not drafted.is_ready:
        return told
    tool, reference = await _reference(context, drafted)
    return told.model_copy(
        update={
            "message": (_READY if drafted.plan.items else _READY_WHOLE).format(tool=tool),
            "reference": reference,
            "next": NextCall(tool=tool, arguments={"reference": reference}),
        }
    )


def _sources(documents: Sequence[RecordedRuns]) -> str:
    told = tuple(dict.fromkeys(map(_source, documents)))
    return "; ".join(first_of(told, _SOURCES_SHOWN, lambda left: f"{left} more"))


def _source(document: RecordedRuns) -> str:
    source = document.source
    kind = {"ro_crate": "RO-Crate", "openlineage": "OpenLineage", "prov_json": "PROV-JSON"}[source.format]
    more = ", ".join(filter(None, (source.profile, source.made_by and f"by {source.made_by}")))
    return clean(f"{source.name or kind} ({kind}{', ' + more if more else ''})", MESSAGE_LENGTH)


def _drafted_runs(drafted: Drafted) -> Iterator[DraftedRun]:
    known = drafted.checked.known
    for number, draft in enumerate(drafted.drafts[:_RUNS_SHOWN]):
        placements = draft.placements
        roles = [
            KnownDataset(
                file=clean(each.role.name, NAME_LENGTH),
                side=each.role.side,
                dataset=named(each.dataset.id, known) or Ref(id=each.dataset.id),
                known_by=each.dataset.by,
                dataset_template=named(each.template_id, known),
            )
            for each in placements[:_FILES_SHOWN]
        ]
        yield DraftedRun(
            recorded_as=clean(recorded_as(draft.source, draft.run), NAME_LENGTH),
            run=proposed_run(drafted.checked.given[number].run, known),
            files=tuple(roles) or None,
            file_count=len(placements) if len(placements) > _FILES_SHOWN else None,
            uncertain=tuple(clean(each, MESSAGE_LENGTH) for each in drafted.uncertain[number]) or None,
        )


def _missing(drafted: Drafted) -> dict[str, list[str]]:
    """What each run's record lacks, by the run's name: fields, and annotations that its template asks for."""
    missing: dict[str, list[str]] = {}
    for draft, given in zip(drafted.drafts, drafted.checked.given, strict=True):
        workflow = workflow_of(given.run, drafted.checked.known)
        asked = workflow.annotations.required if workflow and workflow.annotations else ()
        lacking = [f"annotations.{key}" for key in asked if not (given.run.annotations or {}).get(key)]
        if given.missing or lacking:
            missing.setdefault(draft.run.name, []).extend([*given.missing, *lacking])
    return missing


def _others(drafted: Drafted) -> tuple[Ref, ...]:
    """Other workflow templates that may fit."""
    templates = {fit.template.id: fit.template for draft in drafted.drafts for fit in draft.others}
    named_so = (
        Ref(id=each.id, name=clean(each.display_name or "", NAME_LENGTH) or None)
        for each in templates.values()
    )
    return tuple(named_so)[:_TEMPLATES_SHOWN]


async def _to_create(context: WriteContext, drafted: Drafted) -> tuple[ItemToCreate, ...]:
    shown: list[ItemToCreate] = []
    for planned, checked in drafted.plan.items[:_CREATED_SHOWN]:
        reference = None
        if checked.is_ready and not placeholders_in(planned.item):
            arguments: JsonObject = {"item_subtype": planned.item_subtype, "item": planned.item}
            stored = await context.previews.add(context.caller, "create_item", arguments)
            reference = stored.reference
        shown.append(
            ItemToCreate(
                key=planned.key,
                name=title_of(planned),
                item=clean_object(planned.item),
                why=clean(drafted.why[planned.key], MESSAGE_LENGTH),
                problems=problem_briefs(checked.problems) or None,
                reference=reference,
            )
        )
    return tuple(shown)


async def _reference(context: WriteContext, drafted: Drafted) -> tuple[RegisteringTool, str]:
    """The tool that registers it, and the reference by which that tool knows it."""
    create = [each.model_dump(mode="json") for each in drafted.plan.creations]
    tool: RegisteringTool = "register_batch_model_runs"
    arguments: JsonObject = {"records": [*drafted.records]}
    if create:
        arguments["create"] = [*create]
    elif len(drafted.records) == 1:
        tool, arguments = "register_model_run", {"record": drafted.records[0]}
    folders = {str(number): each.source.folder for number, each in enumerate(drafted.drafts)}
    captures: JsonObject = {number: folder for number, folder in folders.items() if folder}
    arguments |= {"captures": captures} if captures else {}
    stored = await context.previews.add(context.caller, tool, arguments)
    return tool, stored.reference


def _cut(view: RegistryView) -> Iterator[str]:
    if view.cut:
        yield f"Not all of the registry was compared: there are others of {', '.join(sorted(view.cut))}."
