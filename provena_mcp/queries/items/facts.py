"""What items state of themselves, alike for every kind: what filters compare and rows show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from provena_mcp.rules.items.extents import Box, boxes_of_ewkt
from provena_mcp.wire.dataset_metadata import DatasetInfo
from provena_mcp.wire.items import (
    DatasetItem,
    DatasetTemplateItem,
    ModelItem,
    ModelRunItem,
    RegistryItem,
    StudyItem,
)

_DAY: Final = timedelta(days=1)


class Period(NamedTuple):
    """The first moment and the moment after the last; none where it is open."""

    begin: datetime | None
    end: datetime | None


def period_of(item: RegistryItem) -> Period:
    """The time an item is about: what a dataset covers, when a run ran, else when it was registered.

    A dataset that states no period is dated by its creation date.
    """
    if isinstance(item, ModelRunItem):
        return Period(_utc(item.record.start_time), _utc(item.record.end_time))
    info = _info(item)
    if info is not None:
        duration = info.temporal_info.duration if info.temporal_info else None
        if duration and (duration.begin_date or duration.end_date):
            return _days(duration.begin_date, duration.end_date)
        if info.created_date and info.created_date.value:
            return _days(info.created_date.value, info.created_date.value)
    return registered_at(item)


def registered_at(item: RegistryItem) -> Period:
    """When the registry came to know an item."""
    moment = _utc(item.created_timestamp)
    return Period(moment, moment)


def updated_at(item: RegistryItem) -> Period:
    """When an item's record was last changed."""
    moment = _utc(item.updated_timestamp)
    return Period(moment, moment)


def days_of(item: RegistryItem) -> str | None:
    """``period_of`` in days, for runs and datasets: "2016-01-01 to 2019-12-31", or one day."""
    if not isinstance(item, ModelRunItem | DatasetItem):
        return None
    begin, end = period_of(item)
    # A dataset's period ends with its last day, so its end is the midnight after.
    last = end - _DAY if end and isinstance(item, DatasetItem) and end != begin else end
    first_day, last_day = (moment.date().isoformat() if moment else "?" for moment in (begin, last))
    return first_day if first_day == last_day else f"{first_day} to {last_day}"


def organisations_of(item: RegistryItem) -> tuple[str, ...]:
    """The organisations that answer for a dataset or publish it, or asked for a run."""
    stated: tuple[str | None, ...] = ()
    if isinstance(item, DatasetItem):
        metadata = item.collection_format
        stated = (metadata.associations.organisation_id, metadata.dataset_info.publisher_id)
    elif isinstance(item, ModelRunItem):
        stated = (item.record.associations.requesting_organisation_id,)
    return tuple(dict.fromkeys(found for found in stated if found))


def keywords_of(item: RegistryItem) -> tuple[str, ...]:
    """A dataset's keywords."""
    info = _info(item)
    return (info.keywords or ()) if info else ()


def licence_of(item: RegistryItem) -> str | None:
    """The URL of a dataset's licence."""
    info = _info(item)
    return (info.license or None) if info else None


def boxes_of(item: RegistryItem) -> tuple[Box, ...] | None:
    """Where a dataset lies: its extent, or else its coverage; empty if what it states cannot be read."""
    info = _info(item)
    place = info.spatial_info if info else None
    if place is None or not (place.extent or place.coverage):
        return None
    return boxes_of_ewkt(place.extent or "") or boxes_of_ewkt(place.coverage or "")


def annotations_of(item: RegistryItem) -> dict[str, str] | None:
    """A run's annotations, none for other items."""
    return (item.record.annotations or {}) if isinstance(item, ModelRunItem) else None


def description_of(item: RegistryItem) -> str | None:
    """What an item says it is."""
    match item:
        case DatasetItem():
            return item.collection_format.dataset_info.description
        case ModelRunItem():
            return item.record.description
        case ModelItem() | StudyItem() | DatasetTemplateItem():
            return item.description
        case _:
            return None


def _info(item: RegistryItem) -> DatasetInfo | None:
    return item.collection_format.dataset_info if isinstance(item, DatasetItem) else None


def _days(first: str | None, last: str | None) -> Period:
    begin, end = _day(first), _day(last)
    return Period(begin, end + _DAY if end else None)


def _day(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC) if text else None
    except ValueError:
        return None


def _utc(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 253_402_300_800 else None
