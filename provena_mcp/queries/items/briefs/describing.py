"""From registry items to their briefs, one function per kind of item."""

from __future__ import annotations

from functools import singledispatch

from provena_mcp.queries.items.briefs.datasets import describe_dataset
from provena_mcp.queries.items.briefs.models import (
    ActivityBrief,
    AgentBrief,
    AnyBrief,
    DatasetInRole,
    DatasetTemplateBrief,
    ItemBrief,
    ModelBrief,
    RunBrief,
    StudyBrief,
    TemplateRole,
    WorkflowBrief,
    utc,
)
from provena_mcp.queries.items.briefs.parts import WORD_LENGTH, Known, common, pairs, text, words
from provena_mcp.wire.items import (
    CreateItem,
    DatasetItem,
    DatasetTemplateItem,
    ModelItem,
    ModelRunItem,
    OrganisationItem,
    PersonItem,
    RegistryItem,
    StudyItem,
    TemplateResource,
    VersionItem,
    WorkflowTemplateItem,
)
from provena_mcp.wire.records import TemplatedDataset


@singledispatch
def describe(item: RegistryItem, known: Known) -> AnyBrief:
    """The brief of ``item``, with the names in ``known``; seed and unknown kinds get the common part."""
    return ItemBrief(**common(item))


describe.register(DatasetItem)(describe_dataset)


@describe.register
def _(item: ModelRunItem, known: Known) -> AnyBrief:
    record = item.record

    def in_role(dataset: TemplatedDataset) -> DatasetInRole:
        return DatasetInRole(
            id=dataset.dataset_id,
            name=known.names.get(dataset.dataset_id),
            role=known.names.get(dataset.dataset_template_id),
            resources=pairs(dataset.resources),
        )

    return RunBrief(
        **common(item),
        description=text(record.description),
        template=known.ref(record.workflow_template_id),
        model=known.ref(known.model_of.get(record.workflow_template_id)),
        model_version=text(record.model_version, WORD_LENGTH),
        inputs=tuple(map(in_role, record.inputs)),
        outputs=tuple(map(in_role, record.outputs)),
        modeller=known.ref(record.associations.modeller_id),
        organisation=known.ref(record.associations.requesting_organisation_id),
        study=known.ref(record.study_id),
        started=utc(record.start_time),
        ended=utc(record.end_time),
        annotations=pairs(record.annotations),
        status=item.record_status,
    )


@describe.register
def _(item: WorkflowTemplateItem, known: Known) -> AnyBrief:
    def role(template: TemplateResource) -> TemplateRole:
        read = known.template_of.get(template.template_id)
        return TemplateRole(
            id=template.template_id,
            name=known.names.get(template.template_id),
            optional=True if template.optional else None,
            deferred_keys=_deferred_keys(read),
            unread=True if read is None else None,
        )

    return WorkflowBrief(
        **common(item),
        model=known.ref(item.software_id),
        inputs=tuple(map(role, item.input_templates)),
        outputs=tuple(map(role, item.output_templates)),
        required_annotations=words(item.annotations.required) if item.annotations else None,
        optional_annotations=words(item.annotations.optional) if item.annotations else None,
    )


@describe.register
def _(item: DatasetTemplateItem, known: Known) -> AnyBrief:
    return DatasetTemplateBrief(
        **common(item),
        description=text(item.description),
        defined_files=words(resource.path for resource in item.defined_resources),
        deferred_keys=_deferred_keys(item),
    )


def _deferred_keys(template: DatasetTemplateItem | None) -> tuple[str, ...] | None:
    return words(
        resource.key + (" (optional)" if resource.optional else "")
        for resource in (template.deferred_resources if template else ())
    )


@describe.register
def _(item: ModelItem, known: Known) -> AnyBrief:
    return ModelBrief(
        **common(item),
        description=text(item.description),
        source_url=text(item.source_url),
        documentation_url=text(item.documentation_url),
    )


@describe.register
def _(item: StudyItem, known: Known) -> AnyBrief:
    return StudyBrief(
        **common(item),
        title=text(item.title) if item.title != item.display_name else None,
        description=text(item.description),
        alternative_id=text(item.study_alternative_id),
    )


@describe.register
def _(item: PersonItem, known: Known) -> AnyBrief:
    return AgentBrief(**common(item), orcid=text(item.orcid))


@describe.register
def _(item: OrganisationItem, known: Known) -> AnyBrief:
    return AgentBrief(**common(item), ror=text(item.ror))


@describe.register
def _(item: CreateItem, known: Known) -> AnyBrief:
    return ActivityBrief(**common(item), of=known.ref(item.created_item_id))


@describe.register
def _(item: VersionItem, known: Known) -> AnyBrief:
    return ActivityBrief(
        **common(item),
        of=known.ref(item.to_item_id),
        replaced=known.ref(item.from_item_id),
        reason=text(item.reason),
    )
