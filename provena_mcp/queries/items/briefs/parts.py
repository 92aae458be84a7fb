"""The parts briefs are made of: names for ids, cleaned and bounded text, what every item has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from typing_extensions import TypedDict

from provena_mcp.queries.items.briefs.models import Ref, VersionBrief, utc
from provena_mcp.queries.items.names import NAME_LENGTH
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import DatasetTemplateItem, RegistryItem

TEXT_LENGTH: Final = 400
WORD_LENGTH: Final = 200
_LIST_LENGTH: Final = 20


@dataclass(frozen=True)
class Origin:
    """Who and what a dataset came from, as the graph's links of the dataset say."""

    runs: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What has been read beside the items to describe."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    model_of: Mapping[str, str] = field(default_factory=dict[str, str])
    origin_of: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    template_of: Mapping[str, DatasetTemplateItem] = field(default_factory=dict[str, DatasetTemplateItem])

    def ref(self, item_id: str | None) -> Ref | None:
        """An id with its name; none for no id."""
        return Ref(id=item_id, name=self.names.get(item_id)) if item_id else None


class Common(TypedDict):
    """Fields of every brief."""

    id: str
    type: str
    name: str
    created: str | None
    updated: str | None
    version: VersionBrief | None
    note: str | None


def common(item: RegistryItem) -> Common:
    """The part that every item has."""
    version = item.versioning_info
    return {
        "id": item.id,
        "type": item.item_subtype,
        "name": clean(item.display_name or "", NAME_LENGTH),
        "created": utc(item.created_timestamp),
        "updated": utc(item.updated_timestamp) if item.updated_timestamp != item.created_timestamp else None,
        "version": VersionBrief(
            number=version.version,
            previous=version.previous_version,
            superseded_by=version.next_version,
            reason=text(version.reason),
        )
        if version and (version.version > 1 or version.next_version)
        else None,
        "note": "seed item: an id reserved without content" if item.is_seed else None,
    }


def text(value: str | None, limit: int = TEXT_LENGTH) -> str | None:
    """Cleaned text of at most ``limit`` characters; none for none or blank."""
    return (clean(value, limit) or None) if value else None


def words(values: Iterable[str] | None) -> tuple[str, ...] | None:
    """A bounded list of cleaned words; none for an empty one."""
    return tuple(clean(word, WORD_LENGTH) for word in values or ())[:_LIST_LENGTH] or None


def pairs(values: Mapping[str, str] | None) -> dict[str, str] | None:
    """Cleaned keys and values; none for no pairs."""
    return {clean(k, WORD_LENGTH): clean(v, WORD_LENGTH) for k, v in (values or {}).items()} or None
