"""A run as it would be lodged, told in names: for the preview and for the question to the user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from provena_mcp.commands.results import (
    ProposedRun,
    RequiredDataset,
    RequiredResource,
    TemplateAsks,
)
from provena_mcp.queries.items.briefs.models import DatasetInRole, Ref, utc
from provena_mcp.queries.items.briefs.parts import pairs, text, words
from provena_mcp.queries.items.names import NAME_LENGTH
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
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import WorkflowTemplateItem

_DATASETS_TOLD: Final = 8
_SUPERSEDED_TOLD: Final = 5


def propose_run(run: AnyRun, known: Known) -> ProposedRun:
    """``run``, each id with the name that was looked up for it."""
    associations = run.associations
    workflow = workflow_of(run, known)
    return ProposedRun(
        name=text(run.display_name, NAME_LENGTH),
        description=text(run.description),
        template=ref(run.workflow_template_id, known),
        model=ref(workflow.software_id, known) if workflow else None,
        model_version=text(run.model_version, NAME_LENGTH),
        inputs=_datasets(run.inputs, known),
        outputs=_datasets(run.outputs, known),
        modeller=ref(associations.modeller_id, known) if associations else None,
        organisation=ref(associations.requesting_organisation_id, known) if associations else None,
        study=ref(run.study_id, known),
        started=utc(run.start_time),
        ended=utc(run.end_time),
        annotations=pairs(run.annotations),
    )


def template_asks(run: AnyRun, known: Known) -> TemplateAsks | None:
    """What the workflow template of ``run`` asks for; none if there is no such template."""
    workflow = workflow_of(run, known)
    if workflow is None:
        return None
    asked = rules.requirements(workflow, known)
    return TemplateAsks(
        template=_named(asked.workflow_template_id, asked.name),
        model=_named(asked.model_id, asked.model_name),
        inputs=tuple(_required(each) for each in asked.inputs),
        outputs=tuple(_required(each) for each in asked.outputs),
        required_annotations=words(asked.required_annotations) or (),
        optional_annotations=words(asked.optional_annotations) or (),
    )


def workflow_of(run: AnyRun, known: Known) -> WorkflowTemplateItem | None:
    """The workflow template of ``run``, if it is one."""
    if not run.workflow_template_id:
        return None
    found = resolve_workflow(run.workflow_template_id, known)
    return None if isinstance(found, Refused) else found


def ref(item_id: str | None, known: Known) -> Ref | None:
    """An id with the name that was looked up for it; none for no id."""
    if not item_id:
        return None
    outcome = known.get(item_id)
    return _named(item_id, (outcome.item.display_name or "") if isinstance(outcome, Found) else "")


def told(item: Ref | None) -> str:
    """An item in a sentence: its name and id."""
    if item is None:
        return "none"
    return f"{item.name} ({item.id})" if item.name else item.id


def superseded(runs: Sequence[AnyRun], known: Known) -> tuple[str, ...]:
    """Warnings about items of which there is a newer version."""
    used = {reference.id for run in runs for reference in references(run, {})}
    warnings = [
        f"{told(ref(item_id, known))} has a newer version, {outcome.item.versioning_info.next_version!r}."
        for item_id, outcome in known.items()
        if item_id in used
        and isinstance(outcome, Found)
        and outcome.item.versioning_info
        and outcome.item.versioning_info.next_version
    ]
    if len(warnings) > _SUPERSEDED_TOLD:
        left = len(warnings) - _SUPERSEDED_TOLD
        warnings = [*warnings[:_SUPERSEDED_TOLD], f"{left} more items have newer versions."]
    return tuple(warnings)


def tell_run(run: ProposedRun) -> str:
    """``run`` as lines for a person to read before saying yes."""
    return "\n".join(f"{label}: {value}" for label, value in _lines(run) if value)


def _lines(run: ProposedRun) -> Iterator[tuple[str, str]]:
    yield "Name", run.name or ""
    yield "Description", run.description or ""
    yield "Workflow template", told(run.template)
    yield "Model", told(run.model) + (f", version {run.model_version}" if run.model_version else "")
    yield "Inputs", _tell_datasets(run.inputs)
    yield "Outputs", _tell_datasets(run.outputs)
    yield "Modeller", told(run.modeller)
    yield "For", told(run.organisation) if run.organisation else ""
    yield "Study", told(run.study) if run.study else ""
    yield "Time", f"{run.started or '?'} to {run.ended or '?'}"
    yield "Annotations", ", ".join(f"{key} = {value}" for key, value in (run.annotations or {}).items())


def _tell_datasets(datasets: Sequence[DatasetInRole] | None) -> str:
    if not datasets:
        return "none"
    names = [dataset_told(dataset) for dataset in datasets[:_DATASETS_TOLD]]
    left = len(datasets) - len(names)
    return "; ".join([*names, f"and {left} more"] if left else names)


def dataset_told(dataset: DatasetInRole) -> str:
    """A dataset in its role, in a sentence."""
    role = f" as {dataset.role}" if dataset.role else ""
    resources = ", ".join(f"{key} = {path}" for key, path in (dataset.resources or {}).items())
    return told(Ref(id=dataset.id, name=dataset.name)) + role + (f" [{resources}]" if resources else "")


def _datasets(datasets: Iterable[AnyDataset] | None, known: Known) -> tuple[DatasetInRole, ...] | None:
    if datasets is None:
        return None
    return tuple(_dataset(dataset, known) for dataset in datasets)


def _dataset(dataset: AnyDataset, known: Known) -> DatasetInRole:
    found = ref(dataset.dataset_id, known)
    role = ref(dataset.dataset_template_id, known)
    return DatasetInRole(
        id=found.id if found else "",
        name=found.name if found else None,
        role=(role.name or role.id) if role else None,
        resources=pairs(dataset.resources),
    )


def _required(asked: rules.RequiredDataset) -> RequiredDataset:
    resources = tuple(
        RequiredResource(
            key=clean(each.key, NAME_LENGTH), required=each.required, description=text(each.description)
        )
        for each in asked.resources
    )
    return RequiredDataset(
        dataset_template=_named(asked.template_id, asked.name),
        required=asked.required,
        resources=resources or None,
    )


def _named(item_id: str, name: str) -> Ref:
    return Ref(id=clean(item_id, NAME_LENGTH), name=clean(name, NAME_LENGTH) or None)
