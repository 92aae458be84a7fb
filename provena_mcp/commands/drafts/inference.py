"""Workflow templates for programs that have none yet, inferred from all recorded runs of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from provena_mcp.commands.drafts.identities import handled, model_of
from provena_mcp.commands.drafts.new_items import NewItems
from provena_mcp.commands.drafts.proposed_records import Placement, ResolvedRun, nth_of
from provena_mcp.commands.drafts.roles import Side, program_of
from provena_mcp.crates.recorded_runs import RecordedSoftware
from provena_mcp.queries.recording.registry_view import RegistryView


@dataclass(frozen=True, slots=True)
class Inferred:
    """The workflow template of a run, and the dataset template of each of its placements by number."""

    workflow_id: str
    templates: dict[int, str] = field(default_factory=dict[int, str])


def infer_workflows(drafts: Sequence[ResolvedRun], view: RegistryView, new: NewItems) -> dict[int, Inferred]:
    """What has to be made for the drafts, by number, that follow no template; runs of a program share one.

    A place that not all runs of the program took is optional. A dataset that has a template keeps it.
    """
    programs: defaultdict[str, list[int]] = defaultdict(list)
    for number, draft in enumerate(drafts):
        if draft.fit is None:
            programs[program_of(draft.run)].append(number)
    by_dataset: dict[str, str] = {}
    inferred: dict[int, Inferred] = {}
    for program, numbers in programs.items():
        places: dict[tuple[Side, str], int] = {}
        templates: dict[int, dict[int, str]] = {}
        for number in numbers:
            templates[number] = _templates(drafts[number], program, view, new, by_dataset)
            for at, template_id in templates[number].items():
                place = (drafts[number].placements[at].role.side, template_id)
                places[place] = places.get(place, 0) + 1
        sides: dict[Side, list[tuple[str, bool]]] = {"input": [], "output": []}
        for (side, template_id), taken in places.items():
            sides[side].append((template_id, taken < len(numbers)))
        workflow = new.workflow(program, _model(drafts[numbers[0]], view, new), sides)
        inferred |= {number: Inferred(workflow, templates[number]) for number in numbers}
    return inferred


def _templates(
    draft: ResolvedRun, program: str, view: RegistryView, new: NewItems, by_dataset: dict[str, str]
) -> dict[int, str]:
    chosen: dict[int, str] = {}
    for number, placement, nth in nth_of(draft.placements):
        taken = {chosen[at] for at in chosen if draft.placements[at].role.side == placement.role.side}
        known = _known_template(placement, view) or by_dataset.get(placement.dataset.id)
        if known is None or known in taken:
            known = new.dataset_template(placement.role, nth, program)
        chosen[number] = known
        by_dataset.setdefault(placement.dataset.id, known)
    return chosen


def _known_template(placement: Placement, view: RegistryView) -> str | None:
    """The template that the document names, else the one under which the dataset was used before."""
    named = placement.role.first.template
    if named is not None and named.handle and handled(named.handle, "DATASET_TEMPLATE", view):
        return named.handle
    return next(iter(view.templates_of.get(placement.dataset.id, ())), None)


def _model(draft: ResolvedRun, view: RegistryView, new: NewItems) -> str:
    run = draft.run
    software = run.software[0] if run.software else RecordedSoftware(id=run.name, name=run.name)
    source = next((each.repository for each in run.software if each.repository), None)
    if software.repository is None and source is not None:
        software = software.model_copy(update={"repository": source})
    found = model_of(software, view)
    return found.id if found else new.model(software)
