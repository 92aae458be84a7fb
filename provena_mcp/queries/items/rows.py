"""Items as rows: what tells an item from others of the same name, in few tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import Field
from typing_extensions import TypedDict

from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.facts import days_of, description_of, licence_of, organisations_of
from provena_mcp.queries.items.reader import Reader
from provena_mcp.rules.budgets import NAME_LENGTH, TEXT_LENGTH, WORD_LENGTH
from provena_mcp.rules.items.licences import short_licence
from provena_mcp.rules.text import clean
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import DatasetItem, RegistryItem

_MOST_GROUPS: Final = 5
_MOST_NAMESAKES: Final = 10


class Row(Brief):
    """One item of a list."""

    id: str
    type: str
    name: str
    updated: str | None = Field(default=None, description="UTC.")
    when: str | None = Field(default=None, description="What a dataset covers, or when a run ran.")
    about: str | None = Field(default=None, description="Start of its description.")
    release: str | None = None
    version: int | None = None
    superseded_by: str | None = None


class RowFields(TypedDict):
    """What every list shows of an item."""

    id: str
    type: str
    name: str
    updated: str | None
    when: str | None
    about: str | None
    release: str | None
    version: int | None
    superseded_by: str | None


def row_fields(item: RegistryItem) -> RowFields:
    """What every list shows of an item, made safe to show."""
    version = item.versioning_info
    return {
        "id": item.id,
        "type": item.item_subtype,
        "name": clean(item.display_name or "", NAME_LENGTH),
        "updated": utc(item.updated_timestamp),
        "when": days_of(item),
        "about": clean(description_of(item) or "", TEXT_LENGTH) or None,
        "release": item.release_status if isinstance(item, DatasetItem) else None,
        "version": version.version if version and (version.version > 1 or version.next_version) else None,
        "superseded_by": version.next_version if version else None,
    }


class Namesake(Brief):
    """One of several items with one name, by what differs between them."""

    id: str
    type: str | None = None
    organisation: str | None = None
    when: str | None = None
    registered: str | None = Field(default=None, description="UTC.")
    version: int | None = None
    owner: str | None = None
    licence: str | None = None


class Namesakes(Brief):
    """Items that share a name."""

    name: str
    items: tuple[Namesake, ...]
    count: int


async def organisation_names(reader: Reader, items: Sequence[RegistryItem]) -> dict[str, str]:
    """The name of each item's first organisation, by the item's id; without those that cannot be read."""
    first = {item.id: stated[0] for item in items if (stated := organisations_of(item))}
    found = await reader.names.of(reader.caller, dict.fromkeys(first.values(), "ORGANISATION"))
    return {
        item_id: found.names[organisation]
        for item_id, organisation in first.items()
        if organisation in found.names
    }


def licence_name(item: RegistryItem) -> str | None:
    """A dataset's licence, short."""
    stated = licence_of(item)
    return clean(short_licence(stated), WORD_LENGTH) if stated else None


def namesakes(
    items: Sequence[RegistryItem], organisation_of: Mapping[str, str]
) -> tuple[Namesakes, ...] | None:
    """Groups of items with one name, each told apart by what differs; none if all names differ."""
    groups: dict[str, list[RegistryItem]] = defaultdict(list)
    for item in items:
        groups[clean(item.display_name or "", NAME_LENGTH).casefold()].append(item)
    shared = [group for name, group in groups.items() if name and len(group) > 1]
    return tuple(_by_differences(group, organisation_of) for group in shared[:_MOST_GROUPS]) or None


def _by_differences(group: Sequence[RegistryItem], organisation_of: Mapping[str, str]) -> Namesakes:
    full = [_namesake(item, organisation_of.get(item.id)) for item in group]
    differing = {
        field for field in Namesake.model_fields if len({getattr(entry, field) for entry in full}) > 1
    }
    return Namesakes(
        name=clean(group[0].display_name or "", NAME_LENGTH),
        items=tuple(
            Namesake.model_validate(entry.model_dump(include=differing)) for entry in full[:_MOST_NAMESAKES]
        ),
        count=len(group),
    )


def _namesake(item: RegistryItem, organisation: str | None) -> Namesake:
    return Namesake(
        id=item.id,
        type=item.item_subtype,
        organisation=organisation,
        when=days_of(item),
        registered=utc(item.created_timestamp),
        version=item.versioning_info.version if item.versioning_info else None,
        owner=clean(item.owner_username, WORD_LENGTH) if item.owner_username else None,
        licence=licence_name(item),
    )
