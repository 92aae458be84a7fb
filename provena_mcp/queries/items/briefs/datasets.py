"""The brief of a dataset: who answers for it, what may be done with it, what it covers."""

from __future__ import annotations

from provena_mcp.queries.items.briefs.models import AccessBrief, DatasetBrief, Ref, ReleaseBrief, utc
from provena_mcp.queries.items.briefs.parts import WORD_LENGTH, Known, Origin, common, text, words
from provena_mcp.rules.text import clean
from provena_mcp.wire.dataset_metadata import Approvals, OptionallyRelevantDate, SpatialInfo, TemporalInfo
from provena_mcp.wire.items import DatasetItem


def describe_dataset(item: DatasetItem, known: Known) -> DatasetBrief:
    """The brief of a dataset."""
    info, who = item.collection_format.dataset_info, item.collection_format.associations
    origin = known.origin_of.get(item.id)
    shared = common(item)
    if origin is None:
        origin = Origin()
        shared["note"] = "who and what made it could not be read"
    return DatasetBrief(
        **shared,
        description=text(info.description),
        made_by=_refs(origin.runs, known),
        attributed_to=_refs(origin.people, known),
        organisation=known.ref(who.organisation_id),
        publisher=known.ref(info.publisher_id) if info.publisher_id != who.organisation_id else None,
        custodian=known.ref(who.data_custodian_id),
        licence=text(info.license),
        dataset_created=_date(info.created_date),
        dataset_published=_date(info.published_date),
        release=_release(item, known),
        access=_access(item),
        covers_time=_period(info.temporal_info),
        covers_space=_extent(info.spatial_info),
        keywords=words(info.keywords),
        formats=words(info.formats),
        approvals=_approvals(item.collection_format.approvals),
        usage_limitations=text(info.usage_limitations),
        citation=text(info.preferred_citation),
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
        return AccessBrief(hosted="in Provena", uri=text(item.s3.s3_uri) if item.s3 else None)
    return AccessBrief(hosted="elsewhere", uri=text(access.uri), how=text(access.description))


def _date(date: OptionallyRelevantDate | None) -> str | None:
    return text(date.value, WORD_LENGTH) if date and date.value and date.relevant is not False else None


def _period(info: TemporalInfo | None) -> str | None:
    if info is None or info.duration is None:
        return None
    days = f"{info.duration.begin_date or '?'} to {info.duration.end_date or '?'}"
    return clean(days + (f", every {info.resolution}" if info.resolution else ""), WORD_LENGTH)


def _extent(info: SpatialInfo | None) -> str | None:
    return text(info.extent or info.coverage) if info else None


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
