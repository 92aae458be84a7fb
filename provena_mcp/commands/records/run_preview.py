"""Describes a run that is about to be registered, with names in place of ids, for previews and questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pydantic import Field

from provena_mcp.queries.items.briefs.models import Brief, DatasetInRole, Ref
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.records import requirements as rules
from provena_mcp.rules.records.references import (
    AnyDataset,
    AnyRun,
    Found,
    Known,
    Refused,
    references,
    resolve_workflow,
)
from provena_mcp.rules.text import clean, first_of, shown_pairs, shown_text, shown_words
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import WorkflowTemplateItem

_DATASETS_SHOWN: Final = 8
_SUPERSEDED_SHOWN: Final = 5


class ProposedRun(Brief):
    """A model run as it would be lodged, in names."""

    name: str | None = None
    description: str | None = None
    template: Ref | None = None
    model: Ref | None = None
    model_version: str | None = None
    inputs: tuple[DatasetInRole, ...] | None = None
    outputs: tuple[DatasetInRole, ...] | None = None
    modeller: Ref | None = None
    organisation: Ref | None = None
    study: Ref | None = None
    started: str | None = Field(default=None, description="UTC.")
    ended: str | None = Field(default=None, description="UTC.")
    annotations: dict[str, str] | None = None


class RequiredResourceBrief(Brief):
    """A file whose path inside the dataset the run states."""

    key: str
    required: bool
    description: str | None = None


class RequiredDatasetBrief(Brief):
    """A place for datasets."""

    dataset_template: Ref
    required: bool
    resources: tuple[RequiredResourceBrief, ...] | None = None


class TemplateAsks(Brief):
    """What a workflow template asks of a run."""

    template: Ref
    model: Ref
    inputs: tuple[RequiredDatasetBrief, ...]
    outputs: tuple[RequiredDatasetBrief, ...]
    required_annotations: tuple[str, ...]
    optional_annotations: tuple[str, ...]


def proposed_run(run: AnyRun, known: Known) -> ProposedRun:
    """``run`` with the name that was looked up beside each id."""
    associations = run.associations
    workflow = workflow_of(run, known)
    return ProposedRun(
        name=shown_text(run.display_name, NAME_LENGTH),
        description=shown_text(run.description),
        template=named(run.workflow_template_id, known),
        model=named(workflow.software_id, known) if workflow else None,
        model_version=shown_text(run.model_version, NAME_LENGTH),
        inputs=_datasets(run.inputs, known),
        outputs=_datasets(run.outputs, known),
        modeller=named(associations.modeller_id, known) if associations else None,
        organisation=named(associations.requesting_organisation_id, known) if associations else None,
        study=named(run.study_id, known),
        started=utc(run.start_time),
        ended=utc(run.end_time),
        annotations=shown_pairs(run.annotations),
    )


def template_asks(run: AnyRun, known: Known) -> TemplateAsks | None:
    """What the workflow template of ``run`` asks for; none if there is no such template."""
    workflow = workflow_of(run, known)
    if workflow is None:
        return None
    asked = rules.requirements(workflow, known)
    return TemplateAsks(
        template=_ref(asked.workflow_template_id, asked.name),
        model=_ref(asked.model_id, asked.model_name),
        inputs=tuple(_required(each) for each in asked.inputs),
        outputs=tuple(_required(each) for each in asked.outputs),
        required_annotations=shown_words(asked.required_annotations) or (),
        optional_annotations=shown_words(asked.optional_annotations) or (),
    )


def workflow_of(run: AnyRun, known: Known) -> WorkflowTemplateItem | None:
    """The workflow template of ``run``, if it is one."""
    if not run.workflow_template_id:
        return None
    found = resolve_workflow(run.workflow_template_id, known)
    return None if isinstance(found, Refused) else found


def named(item_id: str | None, known: Known) -> Ref | None:
    """An id with the name that was looked up for it; none for no id."""
    if not item_id:
        return None
    outcome = known.get(item_id)
    return _ref(item_id, (outcome.item.display_name or "") if isinstance(outcome, Found) else "")


def label(item: Ref | None) -> str:
    """An item in a sentence: its name and id."""
    if item is None:
        return "none"
    return f"{item.name} ({item.id})" if item.name else item.id


def superseded(runs: Sequence[AnyRun], known: Known) -> tuple[str, ...]:
    """Warnings about items of which there is a newer version."""
    used = {reference.id for run in runs for reference in references(run, {})}
    warnings = [
        f"{label(named(item_id, known))} has a newer version, {outcome.item.versioning_info.next_version!r}."
        for item_id, outcome in known.items()
        if item_id in used
        and isinstance(outcome, Found)
        and outcome.item.versioning_info
        and outcome.item.versioning_info.next_version
    ]
    return first_of(warnings, _SUPERSEDED_SHOWN, lambda left: f"{left} more items have newer versions.")


def run_lines(run: ProposedRun) -> str:
    """``run`` as lines for a person to read before saying yes."""
    return "\n".join(f"{heading}: {value}" for heading, value in _lines(run) if value)


def _lines(run: ProposedRun) -> Iterator[tuple[str, str]]:
    yield "Name", run.name or ""
    yield "Description", run.description or ""
    yield "Workflow template", label(run.template)
    yield "Model", label(run.model) + (f", version {run.model_version}" if run.model_version else "")
    yield "Inputs", _dataset_labels(run.inputs)
    yield "Outputs", _dataset_labels(run.outputs)
    yield "Modeller", label(run.modeller)
    yield "For", label(run.organisation) if run.organisation else ""
    yield "Study", label(run.study) if run.study else ""
    yield "Time", f"{run.started or '?'} to {run.ended or '?'}"
    yield "Annotations", ", ".join(f"{key} = {value}" for key, value in (run.annotations or {}).items())


def _dataset_labels(datasets: Sequence[DatasetInRole] | None) -> str:
    if not datasets:
        return "none"
    names = [dataset_label(dataset) for dataset in datasets]
    return "; ".join(first_of(names, _DATASETS_SHOWN, lambda left: f"and {left} more"))


def dataset_label(dataset: DatasetInRole) -> str:
    """A dataset in its role, in a sentence."""
    role = f" as {dataset.role}" if dataset.role else ""
    resources = ", ".join(f"{key} = {path}" for key, path in (dataset.resources or {}).items())
    return label(Ref(id=dataset.id, name=dataset.name)) + role + (f" [{resources}]" if resources else "")


def _datasets(datasets: Iterable[AnyDataset] | None, known: Known) -> tuple[DatasetInRole, ...] | None:
    if datasets is None:
        return None
    return tuple(_dataset(dataset, known) for dataset in datasets)


def _dataset(dataset: AnyDataset, known: Known) -> DatasetInRole:
    found = named(dataset.dataset_id, known)
    role = named(dataset.dataset_template_id, known)
    return DatasetInRole(
        id=found.id if found else "",
        name=found.name if found else None,
        role=(role.name or role.id) if role else None,
        resources=shown_pairs(dataset.resources),
    )


def _required(asked: rules.RequiredDataset) -> RequiredDatasetBrief:
    resources = tuple(
        RequiredResourceBrief(
            key=clean(each.key, NAME_LENGTH), required=each.required, description=shown_text(each.description)
        )
        for each in asked.resources
    )
    return RequiredDatasetBrief(
        dataset_template=_ref(asked.template_id, asked.name),
        required=asked.required,
        resources=resources or None,
    )


def _ref(item_id: str, name: str) -> Ref:
    return Ref(id=clean(item_id, NAME_LENGTH), name=clean(name, NAME_LENGTH) or None)
