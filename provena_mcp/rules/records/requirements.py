"""What a workflow template requires of a run, shown to those who gave a partial record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provena_mcp.rules.records.references import Found, Known, Refused, resolve_template
from provena_mcp.wire.items import DatasetTemplateItem, TemplateResource, WorkflowTemplateItem


@dataclass(frozen=True, slots=True)
class RequiredResource:
    """A file whose path inside the dataset each run states under ``key``."""

    key: str
    required: bool
    description: str
    usage_type: str


@dataclass(frozen=True, slots=True)
class RequiredDataset:
    """A place for datasets in a run; ``name`` is empty where the template cannot be read."""

    template_id: str
    name: str
    required: bool
    resources: tuple[RequiredResource, ...]


@dataclass(frozen=True, slots=True)
class Requirements:
    """All that a run of one workflow template must and may state."""

    workflow_template_id: str
    name: str
    model_id: str
    model_name: str
    inputs: tuple[RequiredDataset, ...]
    outputs: tuple[RequiredDataset, ...]
    required_annotations: tuple[str, ...]
    optional_annotations: tuple[str, ...]


def requirements(workflow: WorkflowTemplateItem, known: Known) -> Requirements:
    """What ``workflow`` asks for (provena-http 4.4).

    Raises:
        KeyError: One of its dataset templates or its model has not been looked up.
    """
    model = known[workflow.software_id]
    annotations = workflow.annotations
    return Requirements(
        workflow_template_id=workflow.id,
        name=workflow.display_name or "",
        model_id=workflow.software_id,
        model_name=(model.item.display_name or "") if isinstance(model, Found) else "",
        inputs=_datasets(workflow.input_templates, known),
        outputs=_datasets(workflow.output_templates, known),
        required_annotations=annotations.required if annotations else (),
        optional_annotations=annotations.optional if annotations else (),
    )


def _datasets(templates: Iterable[TemplateResource], known: Known) -> tuple[RequiredDataset, ...]:
    return tuple(_dataset(template, resolve_template(template.template_id, known)) for template in templates)


def _dataset(place: TemplateResource, template: DatasetTemplateItem | Refused) -> RequiredDataset:
    required = not place.optional
    if isinstance(template, Refused):
        return RequiredDataset(place.template_id, "", required, ())
    resources = tuple(
        RequiredResource(resource.key, not resource.optional, resource.description, resource.usage_type)
        for resource in template.deferred_resources
    )
    return RequiredDataset(place.template_id, template.display_name or "", required, resources)
