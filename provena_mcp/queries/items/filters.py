"""Which items of a search or list to keep, by what their records state."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic_core import to_json

from provena_mcp.queries.items.facts import (
    Period,
    annotations_of,
    boxes_of,
    keywords_of,
    licence_of,
    organisations_of,
    period_of,
    registered_at,
    updated_at,
)
from provena_mcp.queries.items.owners import owner_meant
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.items.study_filter import Passes, by_study, means_none
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.items.extents import Box, box_of_numbers
from provena_mcp.rules.items.licences import licence_is
from provena_mcp.rules.times import moment_of
from provena_mcp.wire.items import DatasetItem, RegistryItem, ReleaseStatus
from provena_mcp.wire.subtypes import ItemSubtype

DatedBy = Literal["period", "registered", "updated"]
"""What ``after`` and ``before`` compare: what an item is about (a dataset's coverage, a run's time), or the
registry's own times."""


@dataclass(frozen=True, kw_only=True)
class ItemFilters:
    """What the caller wants kept; what is none keeps everything."""

    owner: str | None = None
    organisation_id: str | None = None
    study_id: str | None = None
    after: str | None = None
    before: str | None = None
    keyword: str | None = None
    bbox: Sequence[float] | None = None
    licence: str | None = None
    release_status: ReleaseStatus | None = None
    annotation: str | None = None
    modeller: str | None = None
    model: str | None = None
    model_version: str | None = None
    workflow_template: str | None = None
    used: str | None = None
    made: str | None = None
    dated_by: DatedBy = "period"

    @property
    def is_of_runs(self) -> bool:
        """Whether something is asked that only model runs state."""
        of_runs = (
            self.modeller,
            self.model,
            self.model_version,
            self.workflow_template,
            self.used,
            self.made,
        )
        return any(value is not None for value in of_runs)

    def digest(self, *beside: str | None) -> str:
        """A short text that is the same for the same filters and whatever is asked ``beside`` them."""
        asked = [*beside, *(getattr(self, entry.name) for entry in fields(self))]
        return hashlib.sha256(to_json(asked)).hexdigest()[:16]


class Predicate(NamedTuple):
    """One filter: whether an item passes, none when its record states nothing that could tell."""

    name: str
    passes: Passes
    unsure: str | None = None
    """Why it may be wrong about some items, if it may."""


@dataclass(frozen=True)
class ItemFilter:
    """The filters made ready; ``doubt`` says why they may keep nothing."""

    predicates: tuple[Predicate, ...] = ()
    doubt: str | None = None

    @property
    def unsure(self) -> str | None:
        """Why it may keep or drop the wrong items, if it may."""
        return " ".join(predicate.unsure for predicate in self.predicates if predicate.unsure) or None

    def keeps(self, item: RegistryItem, left_out: Counter[str]) -> bool:
        """Whether an item passes every test; ``left_out`` counts it by the first one it fails."""
        failed = self._failed(item)
        if failed is not None:
            left_out[failed] += 1
        return failed is None

    def _failed(self, item: RegistryItem) -> str | None:
        for predicate in self.predicates:
            passes = predicate.passes(item)
            if not passes:
                return predicate.name if passes is False else f"{predicate.name} not stated"
        return None


async def make_filter(reader: Reader, filters: ItemFilters, subtype: ItemSubtype | None = None) -> ItemFilter:
    """The filters made ready: values checked, the members of the study read.

    The filters by study and organisation also take ``none``: what is in no study, or without one.
    ``subtype`` is the only one of interest, if any.

    Raises:
        ArgumentError: A value that cannot be meant.
        NotFoundError: There is no such study or person.
        WrongSubtypeError: The id of the study is one of something else.
    """
    predicates, doubt = list(_predicates_of(filters)), None
    if filters.owner is not None:
        owner = await owner_meant(reader, filters.owner)
        predicates.append(Predicate("owner", _owned_by(owner.username)))
        doubt = owner.doubt
    if filters.study_id is not None:
        predicates.append(Predicate("study_id", *await by_study(reader, filters.study_id, subtype)))
    return ItemFilter(tuple(predicates), doubt)


def _predicates_of(filters: ItemFilters) -> Iterator[Predicate]:
    if filters.organisation_id is not None:
        yield Predicate("organisation_id", _of_organisation(filters.organisation_id))
    if filters.after is not None:
        yield Predicate("after", _ends_after(moment_of(filters.after, "after"), filters.dated_by))
    if filters.before is not None:
        yield Predicate("before", _begins_before(moment_of(filters.before, "before"), filters.dated_by))
    if filters.keyword is not None:
        yield Predicate("keyword", _has_keyword(filters.keyword))
    if filters.bbox is not None:
        yield Predicate("bbox unreadable", _has_a_readable_place)
        yield Predicate("bbox", _lies_in(box_of_numbers(filters.bbox)))
    if filters.licence is not None:
        yield Predicate("licence", _is_licensed(filters.licence))
    if filters.release_status is not None:
        yield Predicate("release_status", _has_status(filters.release_status))
    if filters.annotation is not None:
        yield Predicate("annotation", _is_annotated(filters.annotation))


def dated(item: RegistryItem, by: DatedBy) -> Period:
    """The time of an item that days are compared with."""
    if by == "period":
        return period_of(item)
    return registered_at(item) if by == "registered" else updated_at(item)


def _ends_after(moment: datetime, dated_by: DatedBy) -> Passes:
    def passes(item: RegistryItem) -> bool | None:
        begin, end = dated(item, dated_by)
        if end is None:
            return True if begin else None
        return end > moment or begin == end == moment

    return passes


def _begins_before(moment: datetime, dated_by: DatedBy) -> Passes:
    def passes(item: RegistryItem) -> bool | None:
        begin, end = dated(item, dated_by)
        if begin is None:
            return True if end else None
        return begin < moment

    return passes


def _owned_by(username: str) -> Passes:
    wanted = username.casefold()
    return lambda item: None if item.owner_username is None else item.owner_username.casefold() == wanted


def _of_organisation(given: str) -> Passes:
    if means_none(given):
        return lambda item: not organisations_of(item)
    wanted = parse_handle(given, "organisation_id")

    def passes(item: RegistryItem) -> bool | None:
        stated = organisations_of(item)
        return wanted in stated if stated else None

    return passes


def _has_keyword(keyword: str) -> Passes:
    wanted = keyword.strip().casefold()

    def passes(item: RegistryItem) -> bool | None:
        stated = keywords_of(item)
        return any(wanted in word.casefold() for word in stated) if stated else None

    return passes


def _has_a_readable_place(item: RegistryItem) -> bool:
    return boxes_of(item) != ()


def _lies_in(wanted: Box) -> Passes:
    def passes(item: RegistryItem) -> bool | None:
        boxes = boxes_of(item)
        return any(box.overlaps(wanted) for box in boxes) if boxes else None

    return passes


def _is_licensed(wanted: str) -> Passes:
    def passes(item: RegistryItem) -> bool | None:
        stated = licence_of(item)
        return licence_is(stated, wanted) if stated else None

    return passes


def _has_status(wanted: ReleaseStatus) -> Passes:
    def passes(item: RegistryItem) -> bool | None:
        stated = item.release_status if isinstance(item, DatasetItem) else None
        return stated == wanted if stated else None

    return passes


def _is_annotated(wanted: str) -> Passes:
    key, separator, value = (part.strip().casefold() for part in wanted.partition("="))

    def passes(item: RegistryItem) -> bool | None:
        annotations = annotations_of(item)
        if annotations is None:
            return None
        stated = {k.casefold(): v.casefold() for k, v in annotations.items()}
        return key in stated and (not separator or stated[key] == value)

    return passes
