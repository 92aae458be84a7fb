"""A dataset's metadata as its owner wrote it, including fields of older versions (provena-http 7.6)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, JsonValue

from provena_mcp.wire.base import Wire


class AccessInfo(Wire):
    """Where a dataset's files are."""

    reposited: bool | None = None
    uri: str | None = None
    description: str | None = None


class OptionallyRelevantDate(Wire):
    """A date that may be declared irrelevant."""

    relevant: bool | None = None
    value: str | None = None


def _date_of_any_age(value: Any) -> Any:
    # Records of 2023 hold the bare date (provena-http 7.6).
    return {"relevant": True, "value": value} if isinstance(value, str) else value


OldOrNewDate = Annotated[OptionallyRelevantDate | None, BeforeValidator(_date_of_any_age)]


class Duration(Wire):
    """First and last day covered."""

    begin_date: str | None = None
    end_date: str | None = None


class TemporalInfo(Wire):
    """When a dataset's content lies in time."""

    duration: Duration | None = None
    resolution: str | None = None


class SpatialInfo(Wire):
    """Where a dataset's content lies, as EWKT ``SRID=<n>;<WKT>``."""

    coverage: str | None = None
    resolution: str | None = None
    extent: str | None = None


class DatasetInfo(Wire):
    """A dataset's own description."""

    name: str | None = None
    description: str | None = None
    access_info: AccessInfo | None = None
    publisher_id: str | None = None
    created_date: OldOrNewDate = None
    published_date: OldOrNewDate = None
    license: str | None = None
    purpose: str | None = None
    rights_holder: str | None = None
    usage_limitations: str | None = None
    preferred_citation: str | None = None
    spatial_info: SpatialInfo | None = None
    temporal_info: TemporalInfo | None = None
    formats: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    user_metadata: dict[str, JsonValue] | None = None
    version: str | None = None


class DatasetAssociations(Wire):
    """Who answers for a dataset."""

    organisation_id: str | None = None
    data_custodian_id: str | None = None
    point_of_contact: str | None = None


class Approval(Wire):
    """Whether an approval is needed and has been obtained."""

    relevant: bool = False
    obtained: bool = False


class Approvals(Wire):
    """The four approvals a dataset states."""

    ethics_registration: Approval = Approval()
    ethics_access: Approval = Approval()
    indigenous_knowledge: Approval = Approval()
    export_controls: Approval = Approval()


class CollectionFormat(Wire):
    """A dataset's metadata as its owner wrote it."""

    associations: DatasetAssociations = DatasetAssociations()
    approvals: Approvals | None = None
    dataset_info: DatasetInfo = DatasetInfo()


class S3Location(Wire):
    """Where a reposited dataset's files lie."""

    bucket_name: str | None = None
    path: str | None = None
    s3_uri: str | None = None
