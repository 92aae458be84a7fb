"""Everything wrong with a model run record, in the order in which Provena's services look (provena-http 4.4).

A service answers the first problem only; an assistant is shown them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from provena_mcp.rules.records.problems import RECORD_REFUSED, Candidate, Problem, nearest
from provena_mcp.rules.records.references import (
    AnyDataset,
    AnyRun,
    Found,
    Known,
    Refused,
    refusal_problem,
    resolve,
    resolve_template,
    resolve_workflow,
)
from provena_mcp.wire.items import DatasetTemplateItem, TemplateResource, WorkflowTemplateItem
from provena_mcp.wire.subtypes import ItemSubtype

Side = Literal["input", "output"]

_INNER: Final[dict[str, str]] = {
    # Studies are called workflow definitions by the services too.
    "study": "Provided model run workflow definition with id {id} was not a valid id, error: {R}",
    "workflow": "Provided model run workflow definition with id {id} was not a valid id, error: {R}",
    "template": (
        "Provided dataset template with id {id} (associated with the workflow def.) was not a valid id, "
        "error: {R}"
    ),
    "model": "Model with id {id} (associated with workflow definition) was not a valid model, error: {R}.",
    "modeller": "Modeller with id {id} was not a valid person, error: {R}.",
    "organisation": "Organisation with id {id} was not a valid organisation, error: {R}.",
}


def problems(run: AnyRun, known: Known) -> tuple[Problem, ...]:
    """All problems of ``run`` against the registry, the service's first problem first.

    What a draft lacks is no problem here; ``read_draft`` names it.

    Raises:
        KeyError: ``references(run, known)`` is not empty.
    """
    return tuple(_problems(run, known))


def _problems(run: AnyRun, known: Known) -> Iterator[Problem]:
    if run.study_id is not None:
        yield from _item("study_id", run.study_id, "STUDY", "study", known)
    workflow_id = run.workflow_template_id
    workflow = None
    if workflow_id is not None:
        yield from _item(
            "workflow_template_id", workflow_id, "MODEL_RUN_WORKFLOW_TEMPLATE", "workflow", known
        )
        resolved = resolve_workflow(workflow_id, known)
        workflow = None if isinstance(resolved, Refused) else resolved
    if workflow is not None:
        yield from _templates(workflow, known)
        yield from _unfulfilled("input", workflow, run, known)
        yield from _unfulfilled("output", workflow, run, known)
    yield from _datasets("input", run, workflow, known)
    yield from _datasets("output", run, workflow, known)
    if workflow is not None:
        yield from _item("workflow_template_id", workflow.software_id, "MODEL", "model", known)
    yield from _associations(run, known)
    if workflow is not None and workflow.annotations is not None:
        yield from _annotations(workflow.annotations.required, run.annotations or {})


def _item(path: str, item_id: str, subtype: ItemSubtype, wording: str, known: Known) -> Iterator[Problem]:
    found = resolve(item_id, subtype, known)
    if isinstance(found, Refused):
        inner = _INNER[wording].format(id=item_id, R=found.service_text)
        yield refusal_problem(path, item_id, subtype, found, _wrapped(inner), known)


def _wrapped(inner: str) -> str:
    return f"{RECORD_REFUSED}{inner}."


def _templates(workflow: WorkflowTemplateItem, known: Known) -> Iterator[Problem]:
    seen: set[str] = set()
    for template in (*workflow.input_templates, *workflow.output_templates):
        if template.template_id not in seen:
            seen.add(template.template_id)
            yield from _item(
                "workflow_template_id", template.template_id, "DATASET_TEMPLATE", "template", known
            )


def _unfulfilled(side: Side, workflow: WorkflowTemplateItem, run: AnyRun, known: Known) -> Iterator[Problem]:
    datasets = _given(side, run)
    if datasets is None:
        return
    given = {dataset.dataset_template_id for dataset in datasets}
    for template in _templates_of(side, workflow):
        if template.optional or template.template_id in given:
            continue
        inner = (
            f"The workflow definition expects dataset with template ID {template.template_id} "
            f"but it was not present in the {side}s."
        )
        message = f"An {side} for dataset template {template.template_id!r} is required and none is given."
        wanted = _candidate(template.template_id, known)
        yield Problem(f"{side}s", message, _wrapped(inner), value=template.template_id, candidates=(wanted,))


def _datasets(
    side: Side, run: AnyRun, workflow: WorkflowTemplateItem | None, known: Known
) -> Iterator[Problem]:
    for index, dataset in enumerate(_given(side, run) or ()):
        path = f"{side}s[{index}]"
        belongs = workflow is not None and _belongs(dataset, workflow)
        if workflow is not None and not belongs:
            yield from _foreign_template(side, path, dataset, workflow, known)
        yield from _dataset(side, path, dataset, known)
        if belongs and dataset.dataset_template_id is not None:
            template = resolve_template(dataset.dataset_template_id, known)
            if not isinstance(template, Refused):
                yield from _resources(side, path, dataset, template)


def _belongs(dataset: AnyDataset, workflow: WorkflowTemplateItem) -> bool:
    # Inputs and outputs share one pool: an input may use an output's template (provena-http 4.4).
    templates = (*workflow.input_templates, *workflow.output_templates)
    return dataset.dataset_template_id in {template.template_id for template in templates}


def _foreign_template(
    side: Side, path: str, dataset: AnyDataset, workflow: WorkflowTemplateItem, known: Known
) -> Iterator[Problem]:
    template_id = dataset.dataset_template_id
    if template_id is None:
        return
    detail = (
        f"An {side} template in the payload (id: {template_id}) does not exist in the workflow definition's "
        f"list of expected/required {side} dataset templates. Check your workflow definition and provided "
        f"{side} dataset templates are correct."
    )
    message = f"Dataset template {template_id!r} is not one of the workflow template's."
    own = tuple(_candidate(template.template_id, known) for template in _templates_of(side, workflow))
    near = nearest(template_id, own) or own
    yield Problem(f"{path}.dataset_template_id", message, detail, value=template_id, candidates=near)


def _dataset(side: Side, path: str, dataset: AnyDataset, known: Known) -> Iterator[Problem]:
    dataset_id = dataset.dataset_id
    if dataset_id is None:
        return
    found = resolve(dataset_id, "DATASET", known)
    if isinstance(found, Refused):
        # The services say "Input" of outputs too.
        reason = f"Input dataset with id {dataset_id} was not a valid id, error: {found.service_text}"
        detail = _wrapped(_dataset_inner(side, dataset.dataset_template_id, reason))
        yield refusal_problem(f"{path}.dataset_id", dataset_id, "DATASET", found, detail, known)


def _resources(
    side: Side, path: str, dataset: AnyDataset, template: DatasetTemplateItem
) -> Iterator[Problem]:
    given = dataset.resources or {}
    keys = [resource.key for resource in template.deferred_resources]
    start = f"The provided dataset template with id {template.id} and dataset id {dataset.dataset_id}"
    absent = [r.key for r in template.deferred_resources if not r.optional and r.key not in given]
    if absent:
        reason = (
            f"{start} was missing deferred resource paths for the following required resource keys "
            f"({','.join(absent)})."
        )
        message = f"A path is required for {_quoted(absent)}, which the dataset template leaves to each run."
        detail = _wrapped(_dataset_inner(side, template.id, reason))
        yield Problem(
            f"{path}.resources", message, detail, candidates=tuple(Candidate(key) for key in absent)
        )
    extra = [key for key in given if key not in keys]
    if extra:
        reason = (
            f"{start} provided unexpected deferred resource paths for the following unexpected resource keys "
            f"({','.join(extra)})."
        )
        message = f"The dataset template has no resource {_quoted(extra)} for a run to fill."
        near = nearest(extra[0], [Candidate(key) for key in keys])
        detail = _wrapped(_dataset_inner(side, template.id, reason))
        yield Problem(f"{path}.resources", message, detail, value=extra[0], candidates=near)


def _dataset_inner(side: Side, template_id: str | None, reason: str) -> str:
    return (
        f"An {side} dataset validation process failed, type DATA_STORE, template id {template_id}, "
        f"reason {reason}."
    )


def _associations(run: AnyRun, known: Known) -> Iterator[Problem]:
    if run.associations is None:
        return
    modeller_id = run.associations.modeller_id
    if modeller_id is not None:
        yield from _item("associations.modeller_id", modeller_id, "PERSON", "modeller", known)
    organisation_id = run.associations.requesting_organisation_id
    if organisation_id:
        path = "associations.requesting_organisation_id"
        yield from _item(path, organisation_id, "ORGANISATION", "organisation", known)


def _annotations(required: Iterable[str], given: Mapping[str, str]) -> Iterator[Problem]:
    absent = [key for key in required if key not in given]
    if absent:
        inner = f"Missing required annotations with keys: ({','.join(absent)})."
        message = f"The workflow template requires annotations that are not given: {_quoted(absent)}."
        near = nearest(absent[0], [Candidate(key) for key in given])
        yield Problem("annotations", message, _wrapped(inner), value=absent[0], candidates=near)


def _given(side: Side, run: AnyRun) -> Sequence[AnyDataset] | None:
    return run.inputs if side == "input" else run.outputs


def _templates_of(side: Side, workflow: WorkflowTemplateItem) -> Sequence[TemplateResource]:
    return workflow.input_templates if side == "input" else workflow.output_templates


def _candidate(item_id: str, known: Known) -> Candidate:
    outcome = known.get(item_id)
    name = outcome.item.display_name if isinstance(outcome, Found) else None
    return Candidate(item_id, name or "")


def _quoted(keys: Iterable[str]) -> str:
    return ", ".join(repr(key) for key in keys)
