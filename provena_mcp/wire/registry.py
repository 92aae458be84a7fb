"""Requests and answers of the registry, search and identity services (provena-http 7)."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from provena_mcp.wire.base import Status, Wire
from provena_mcp.wire.dataset_metadata import S3Location
from provena_mcp.wire.items import JsonObject, ParsedObject, ReleaseStatus
from provena_mcp.wire.subtypes import ServiceSubtype


class MintAnswer(Wire):
    """A minted dataset's handle, its storage, and the job that lodges its Create activity."""

    status: Status
    handle: str | None = None
    s3_location: S3Location | None = None
    register_create_activity_session_id: str | None = None


RecordTypeFilter = Literal["ALL", "SEED_ONLY", "COMPLETE_ONLY"]
SortType = Literal[
    "CREATED_TIME", "UPDATED_TIME", "DISPLAY_NAME", "RELEASE_TIMESTAMP", "ACCESS_INFO_URI_BEGINS_WITH"
]


class SubtypeFilter(Wire):
    """What the list of one subtype keeps; a page is cut before it applies."""

    record_type: RecordTypeFilter = "COMPLETE_ONLY"


class ListFilter(SubtypeFilter):
    """What the general list keeps; a page is cut before the record type and access filters apply."""

    item_subtype: ServiceSubtype | None = None
    release_reviewer: str | None = None
    release_status: ReleaseStatus | None = None


class ListSort(Wire):
    """How a list is ordered."""

    sort_type: SortType | None = None
    ascending: bool = False
    begins_with: str | None = None


class ListPage(Wire):
    """Which page of a registry list, in which order."""

    sort_by: ListSort | None = None
    pagination_key: JsonObject | None = None
    page_size: int = 20


class SubtypeListRequest(ListPage):
    """A page of the list of one subtype."""

    filter_by: SubtypeFilter | None = None


class ListRequest(ListPage):
    """A page of the general list."""

    filter_by: ListFilter | None = None


class ListAnswer(Wire):
    """A page of raw items; it may be empty although more follow."""

    status: Status
    items: tuple[ParsedObject, ...] | None = None
    total_item_count: int | None = None
    pagination_key: JsonObject | None = None


class TypedListAnswer(ListAnswer):
    """A page of one subtype; ``success`` is false as soon as one row cannot be parsed (provena-http 7.5)."""

    seed_items: tuple[JsonObject, ...] | None = None
    unparsable_items: tuple[JsonObject, ...] | None = None
    not_authorised_count: int | None = None


class FetchAnswer(Wire):
    """A general fetch: the raw item, or none with ``status.success`` false."""

    status: Status
    item: ParsedObject | None = None


class TypedFetchAnswer(FetchAnswer):
    """A typed fetch adds what the caller may do with the item."""

    roles: tuple[str, ...] | None = None
    locked: bool | None = None
    item_is_seed: bool | None = None


class StatusAnswer(Wire):
    """An answer that is nothing but its status."""

    status: Status


class CreateAnswer(StatusAnswer):
    """A created item, and the job that lodges its Create activity where there is one."""

    created_item: JsonObject | None = None
    register_create_activity_session_id: str | None = None


class UpdateItemAnswer(StatusAnswer):
    """An updated item; completing a seed also lodges its Create activity in a job."""

    register_create_activity_session_id: str | None = None


class SeedAnswer(StatusAnswer):
    """A reserved id."""

    seeded_item: JsonObject | None = None


class VersionRequest(Wire):
    """Asks for a new version of an item."""

    id: str
    reason: str


class VersionAnswer(Wire):
    """The new version's id, and the job that lodges its Version activity."""

    new_version_id: str
    version_job_session_id: str | None = None


class SearchHit(Wire):
    """An id and how well it matched."""

    id: str
    score: float = 0.0


class SearchAnswer(Wire):
    """Search results: ids only, at most 50, not filtered by access."""

    status: Status
    results: tuple[SearchHit, ...] | None = None
    warnings: tuple[str, ...] | str | None = None


class LinkAnswer(Wire):
    """Which Person a username is linked to."""

    person_id: str | None = None
    success: bool = False


class VersionDetails(Wire):
    """The deployment's version; each part may be null."""

    commit_id: str | None = None
    commit_url: str | None = None
    tag_name: str | None = None
    release_title: str | None = None
    release_url: str | None = None


class UserDetails(Wire):
    """The caller as the access checks see them; the token they echo is dropped (provena-http 2.9)."""

    model_config = ConfigDict(extra="ignore")

    username: str | None = None
    email: str | None = None
    roles: tuple[str, ...] = ()
