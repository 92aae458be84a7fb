"""A dataset's metadata as the data store judges it, which refuses unknown keys (provena-http 7.6)."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from provena_mcp.rules.items.schema_types import Day, Ewkt, IsoDuration, Url
from provena_mcp.rules.records.schema import NonEmpty, Text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class _Associations(_Strict):
    organisation_id: NonEmpty
    data_custodian_id: NonEmpty | None = None
    point_of_contact: NonEmpty | None = None


class _Approval(_Strict):
    relevant: bool = False
    obtained: bool = False


class _Approvals(_Strict):
    ethics_registration: _Approval
    ethics_access: _Approval
    indigenous_knowledge: _Approval
    export_controls: _Approval


class _Access(_Strict):
    reposited: bool = True
    uri: Url | None = None
    description: NonEmpty | None = None

    @model_validator(mode="after")
    def _described_if_elsewhere(self) -> Self:
        given = (self.uri, self.description)
        if any(given) if self.reposited else not all(given):
            message = "uri and description are required if the data is not reposited, and only then"
            raise ValueError(message)
        return self


class _Date(_Strict):
    relevant: bool = True
    value: Day | None = None

    @model_validator(mode="after")
    def _given_if_relevant(self) -> Self:
        if self.relevant != (self.value is not None):
            message = "a date is required if it is relevant, and only then"
            raise ValueError(message)
        return self


class _Spatial(_Strict):
    coverage: Ewkt | None = None
    resolution: NonEmpty | None = None
    extent: Ewkt | None = None


class _Period(_Strict):
    begin_date: Day
    end_date: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.begin_date > self.end_date:
            message = "begin_date must not be after end_date"
            raise ValueError(message)
        return self


class _Temporal(_Strict):
    duration: _Period | None = None
    resolution: IsoDuration | None = None


class _DatasetInfo(_Strict):
    name: NonEmpty
    description: NonEmpty
    access_info: _Access
    publisher_id: NonEmpty
    created_date: _Date
    published_date: _Date
    license: Url
    purpose: NonEmpty | None = None
    rights_holder: NonEmpty | None = None
    usage_limitations: NonEmpty | None = None
    preferred_citation: NonEmpty | None = None
    spatial_info: _Spatial | None = None
    temporal_info: _Temporal | None = None
    formats: list[NonEmpty] | None = None
    keywords: list[NonEmpty] | None = None
    user_metadata: dict[Text, Text] | None = None
    version: NonEmpty | None = None


class CollectionFormat(_Strict):
    """A dataset's metadata (provena-http 7.6)."""

    associations: _Associations
    approvals: _Approvals
    dataset_info: _DatasetInfo
