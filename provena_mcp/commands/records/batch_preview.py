"""A batch of runs as it would be lodged: for the preview and for the question to the user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import Field

from provena_mcp.commands.confirmation.write_result import (
    WriteResult,
    problem_briefs,
    problem_count,
    shown_warnings,
)
from provena_mcp.commands.planned_items import CheckedPlan, PlannedItem
from provena_mcp.commands.records.item_check import name_in
from provena_mcp.commands.records.record_check import CheckedRecords
from provena_mcp.commands.records.run_preview import ProposedRun, TemplateAsks, label, named, proposed_run
from provena_mcp.commands.records.run_preview import template_asks as asks_of
from provena_mcp.queries.items.briefs.models import Brief, Ref
from provena_mcp.queries.jobs.batches import RunOutcome
from provena_mcp.rules.budgets import NAME_LENGTH, take_within
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import NOUN, Known
from provena_mcp.rules.text import clean, plural, shown_text

CREATIONS_TOKENS: Final = 800
"""How many tokens of items that are created before the runs are shown."""

_SHOWN_WHOLE: Final = 3
_NAMED: Final = 20
_REFS: Final = 10
_TEMPLATES_EXPLAINED: Final = 2
_MISSING_SHOWN: Final = 30


class ProposedBatch(Brief):
    """Runs as they would be lodged."""

    count: int
    templates: tuple[Ref, ...]
    modellers: tuple[Ref, ...]
    studies: tuple[Ref, ...] | None = None
    first: tuple[ProposedRun, ...] = Field(description="The first few; the others are checked alike.")
    names: tuple[str, ...]


class RegisterBatchModelRunsResult(WriteResult):
    """Of registering several runs."""

    batch: ProposedBatch | None = None
    template_asks: tuple[TemplateAsks, ...] | None = None
    to_create: tuple[Ref, ...] | None = Field(default=None, description="Items created first, in order.")
    created: tuple[Ref, ...] | None = None
    create_count: int | None = Field(default=None, description="All items, if not all are shown.")
    batch_id: str | None = None
    counts: dict[str, int] | None = Field(default=None, description="Runs by status.")
    runs: tuple[RunOutcome, ...] | None = Field(default=None, description="Failed ones first.")


def shown_batch(
    checked: CheckedRecords, plan: CheckedPlan, problems: tuple[Problem, ...], warnings: tuple[str, ...]
) -> RegisterBatchModelRunsResult:
    """A batch as far as it is given, with the items that are to be created for it."""
    missing = (*plan.missing, *checked.missing)
    to_create, create_count = shown_items([_to_create(each) for each in plan.creations])
    ready = checked.is_ready and not missing and not problems
    incomplete = len(missing) > _MISSING_SHOWN
    return RegisterBatchModelRunsResult(
        status="preview",
        message="",
        ready=ready,
        missing=missing[:_MISSING_SHOWN],
        problems=problem_briefs(problems),
        problem_count=len(problems) + len(missing) if incomplete else problem_count(problems),
        warnings=shown_warnings(warnings),
        batch=_propose(checked),
        template_asks=None if checked.is_ready else _asked(checked),
        to_create=to_create,
        create_count=create_count,
    )


def shown_items(items: Sequence[Ref]) -> tuple[tuple[Ref, ...] | None, int | None]:
    """The first of ``items``, created before the runs, and how many there are if those are not all."""
    shown = take_within(items, CREATIONS_TOKENS)
    return shown or None, len(items) if len(shown) < len(items) else None


def _to_create(planned: PlannedItem) -> Ref:
    name = name_in(planned.item_subtype, planned.item)
    return Ref(id=planned.key, name=f"{NOUN[planned.item_subtype]}: {clean(name, NAME_LENGTH)}")


def _propose(checked: CheckedRecords) -> ProposedBatch:
    runs, known = [each.run for each in checked.given], checked.known
    return ProposedBatch(
        count=len(runs),
        templates=_distinct((run.workflow_template_id for run in runs), known),
        modellers=_distinct((run.associations and run.associations.modeller_id for run in runs), known),
        studies=_distinct((run.study_id for run in runs), known) or None,
        first=tuple(proposed_run(run, known) for run in runs[:_SHOWN_WHOLE]),
        names=tuple(shown_text(run.display_name, NAME_LENGTH) or "" for run in runs[:_NAMED]),
    )


def _asked(checked: CheckedRecords) -> tuple[TemplateAsks, ...] | None:
    templates = {each.run.workflow_template_id: each.run for each in checked.given}
    asked = [asks_of(run, checked.known) for run in list(templates.values())[:_TEMPLATES_EXPLAINED]]
    return tuple(each for each in asked if each) or None


def batch_question(shown: RegisterBatchModelRunsResult) -> str:
    """The same as a question to a person."""
    batch = shown.batch
    if batch is None:
        return ""
    first = _listed([each.name or each.id for each in shown.to_create or ()], shown.create_count)
    created = f"Create first, for good:\n{first}\n\n" if first else ""
    return (
        f"{created}Register {plural(batch.count, 'model run')}? Handles are permanent.\n\n"
        f"Workflow templates: {_labels(batch.templates)}\nModellers: {_labels(batch.modellers)}\n"
        f"Studies: {_labels(batch.studies or ())}\n{_listed(batch.names, batch.count)}"
    )


def _listed(names: Sequence[str], count: int | None) -> str:
    left = (count or len(names)) - len(names)
    return "\n".join([*(f"- {name}" for name in names), *([f"… and {left} more"] if left else [])])


def _labels(items: Iterable[Ref]) -> str:
    return "; ".join(label(item) for item in items) or "none"


def _distinct(ids: Iterable[str | None], known: Known) -> tuple[Ref, ...]:
    items = (named(item_id, known) for item_id in dict.fromkeys(ids))
    return tuple(item for item in items if item)[:_REFS]
