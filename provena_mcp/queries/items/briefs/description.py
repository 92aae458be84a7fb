"""From registry items to their briefs, one function per kind of item."""

from __future__ import annotations

from functools import singledispatch

from provena_mcp.queries.items.briefs.models import (
    AccessBrief,
    ActivityBrief,
    AgentBrief,
    AnyBrief,
    DatasetBrief,
    DatasetInRole,
    DatasetTemplateBrief,
    ItemBrief,
    ModelBrief,
    Ref,
    ReleaseBrief,
    RunBrief,
    StudyBrief,
    TemplateRole,
    WorkflowBrief,
)
from provena_mcp.queries.items.briefs.parts import DatasetOrigin, Known, common
from provena_mcp.rules.budgets import BRIEF_WORD_LENGTH
from provena_mcp.rules.text import clean, shown_pairs, shown_text, shown_words
from provena_mcp.rules.times import utc
from provena_mcp.wire.dataset_metadata import Approvals, OptionallyRelevantDate, SpatialInfo, TemporalInfo
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
    TemplatedDataset,
    TemplateResource,
    VersionItem,
    WorkflowTemplateItem,
)


def describe_dataset(item: DatasetItem, known: Known) -> DatasetBrief:
    """The brief of a dataset."""
    info, who = item.collection_format.dataset_info, item.collection_format.associations
    origin = known.origin_of.get(item.id)
    shared = common(item)
    if origin is None:
        origin = DatasetOrigin()
        shared["note"] = "who and what made it could not be read"
    return DatasetBrief(
        **shared,
        description=shown_text(info.description),
        made_by=_refs(origin.runs, known),
        attributed_to=_refs(origin.people, known),
        organisation=known.ref(who.organisation_id),
        publisher=known.ref(info.publisher_id) if info.publisher_id != who.organisation_id else None,
        custodian=known.ref(who.data_custodian_id),
        contact=shown_text(who.point_of_contact, BRIEF_WORD_LENGTH),
        licence=shown_text(info.license),
        dataset_created=_date(info.created_date),
        dataset_published=_date(info.published_date),
        release=_release(item, known),
        access=_access(item),
        covers_time=_period(info.temporal_info),
        covers_space=_extent(info.spatial_info),
        keywords=shown_words(info.keywords),
        formats=shown_words(info.formats),
        approvals=_approvals(item.collection_format.approvals),
        usage_limitations=shown_text(info.usage_limitations),
        citation=shown_text(info.preferred_citation),
    )


def _refs(ids: tuple[str, ...], known: Known) -> tuple[Ref, ...] | None:
    return tuple(Ref(id=item_id, name=known.names.get(item_id)) for item_id in ids) or None


def _release(item: DatasetItem, known: Known) -> ReleaseBrief | None:
    if not item.release_status:
        return None
    return ReleaseBrief(
        status=item.release_status,
        approver=known.ref(item.release_approver),
        when=utc(item.release_timestamp),
    )


def _access(item: DatasetItem) -> AccessBrief | None:
    access = item.collection_format.dataset_info.access_info
    if access is None:
        return None
    if access.reposited:
        return AccessBrief(hosted="in Provena", uri=shown_text(item.s3.s3_uri) if item.s3 else None)
    return AccessBrief(hosted="elsewhere", uri=shown_text(access.uri), how=shown_text(access.description))


def _date(date: OptionallyRelevantDate | None) -> str | None:
    return (
        shown_text(date.value, BRIEF_WORD_LENGTH)
        if date and date.value and date.relevant is not False
        else None
    )


def _period(info: TemporalInfo | None) -> str | None:
    if info is None or info.duration is None:
        return None
    days = f"{info.duration.begin_date or '?'} to {info.duration.end_date or '?'}"
    return clean(days + (f", every {info.resolution}" if info.resolution else ""), BRIEF_WORD_LENGTH)


def _extent(info: SpatialInfo | None) -> str | None:
    return shown_text(info.extent or info.coverage) if info else None


def _approvals(approvals: Approvals | None) -> dict[str, str] | None:
    if approvals is None:
        return None
    stated = {
        "ethics_registration": approvals.ethics_registration,
        "ethics_access": approvals.ethics_access,
        "indigenous_knowledge": approvals.indigenous_knowledge,
        "export_controls": approvals.export_controls,
    }
    relevant = {name: state for name, state in stated.items() if state.relevant}
    return {
        name: "obtained" if state.obtained else "not obtained" for name, state in relevant.items()
    } or None


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
            resources=shown_pairs(dataset.resources),
        )

    return RunBrief(
        **common(item),
        description=shown_text(record.description),
        template=known.ref(record.workflow_template_id),
        model=known.ref(known.model_of.get(record.workflow_template_id)),
        model_version=shown_text(record.model_version, BRIEF_WORD_LENGTH),
        inputs=tuple(map(in_role, record.inputs)),
        outputs=tuple(map(in_role, record.outputs)),
        modeller=known.ref(record.associations.modeller_id),
        organisation=known.ref(record.associations.requesting_organisation_id),
        study=known.ref(record.study_id),
        started=utc(record.start_time),
        ended=utc(record.end_time),
        annotations=shown_pairs(record.annotations),
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
        required_annotations=shown_words(item.annotations.required) if item.annotations else None,
        optional_annotations=shown_words(item.annotations.optional) if item.annotations else None,
    )


@describe.register
def _(item: DatasetTemplateItem, known: Known) -> AnyBrief:
    return DatasetTemplateBrief(
        **common(item),
        description=shown_text(item.description),
        defined_files=shown_words(resource.path for resource in item.defined_resources),
        deferred_keys=_deferred_keys(item),
    )


def _deferred_keys(template: DatasetTemplateItem | None) -> tuple[str, ...] | None:
    return shown_words(
        resource.key + (" (optional)" if resource.optional else "")
        for resource in (template.deferred_resources if template else ())
    )


@describe.register
def _(item: ModelItem, known: Known) -> AnyBrief:
    return ModelBrief(
        **common(item),
        description=shown_text(item.description),
        source_url=shown_text(item.source_url),
        documentation_url=shown_text(item.documentation_url),
    )


@describe.register
def _(item: StudyItem, known: Known) -> AnyBrief:
    return StudyBrief(
        **common(item),
        title=shown_text(item.title) if item.title != item.display_name else None,
        description=shown_text(item.description),
        alternative_id=shown_text(item.study_alternative_id),
    )


@describe.register
def _(item: PersonItem, known: Known) -> AnyBrief:
    return AgentBrief(**common(item), orcid=shown_text(item.orcid))


@describe.register
def _(item: OrganisationItem, known: Known) -> AnyBrief:
    return AgentBrief(**common(item), ror=shown_text(item.ror))


@describe.register
def _(item: CreateItem, known: Known) -> AnyBrief:
    return ActivityBrief(**common(item), of=known.ref(item.created_item_id))


@describe.register
def _(item: VersionItem, known: Known) -> AnyBrief:
    return ActivityBrief(
        **common(item),
        of=known.ref(item.to_item_id),
        replaced=known.ref(item.from_item_id),
        reason=shown_text(item.reason),
    )
