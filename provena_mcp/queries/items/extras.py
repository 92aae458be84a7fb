"""Extra parts of an item, read on request: lineage counts, versions, edits, and the caller's access."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeGuard

from provena_mcp.errors import ArgumentError, ProvenaError
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.briefs.models import (
    Edit,
    History,
    Included,
    LineageCounts,
    SideCounts,
    VersionStep,
    YourAccess,
)
from provena_mcp.queries.items.briefs.parts import references_of
from provena_mcp.queries.items.edits import changes
from provena_mcp.queries.items.fetch import Include
from provena_mcp.queries.items.item_reader import NOTHING, unreadable_because
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import USUAL_DEPTH_CAP, DepthCap
from provena_mcp.queries.lineage.neighbourhood import gather_neighbourhood
from provena_mcp.rules.budgets import BRIEF_TEXT_LENGTH, BRIEF_WORD_LENGTH
from provena_mcp.rules.graph import Direction
from provena_mcp.rules.text import shown_text
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import HistoryEntry, PersonItem, RegistryItem
from provena_mcp.wire.subtypes import SUBTYPES, ItemSubtype

Part = Literal["lineage_counts", "versions", "history", "access", "emails"]

_MOST_COUNTED: Final = 10
_MOST_VERSIONS: Final = 20
_MOST_EDITS: Final = 20


def reading(reader: Reader, cap: DepthCap, parts: frozenset[Part]) -> Include:
    """Reads ``parts`` of items; what fails for one item is told there and fails no other."""

    async def include(items: Sequence[RegistryItem]) -> Mapping[str, Included]:
        if "lineage_counts" in parts and len(items) > _MOST_COUNTED:
            raise ArgumentError(
                f"lineage_counts takes at most {_MOST_COUNTED} ids at a time.",
                parameter="include",
                advice="Fetch fewer items at once, or leave lineage_counts out.",
            )
        told = await together(*(_included(reader, cap, parts, item) for item in items))
        return {item.id: included for item, included in zip(items, told, strict=True)}

    return Include(tuple(sorted(parts)), include)


async def _included(reader: Reader, cap: DepthCap, parts: frozenset[Part], item: RegistryItem) -> Included:
    return Included(
        lineage_counts=await _counts(reader, cap, item.id) if "lineage_counts" in parts else None,
        versions=await _versions(reader, item) if "versions" in parts else None,
        history=_history(item.history) if "history" in parts else None,
        access=await _access(reader, item) if "access" in parts else None,
        emails=await _emails(reader, item) if "emails" in parts else None,
    )


async def _counts(reader: Reader, cap: DepthCap, item_id: str) -> LineageCounts:
    upstream, downstream = await together(
        _side(reader, cap, item_id, "upstream"), _side(reader, cap, item_id, "downstream")
    )
    return LineageCounts(depth=USUAL_DEPTH_CAP, upstream=upstream, downstream=downstream)


async def _side(reader: Reader, cap: DepthCap, item_id: str, direction: Direction) -> SideCounts:
    try:
        found = await gather_neighbourhood(reader.client.prov, cap, item_id, direction, USUAL_DEPTH_CAP)
    except ProvenaError as error:
        return SideCounts(items=0, by_type={}, incomplete_because=unreadable_because(error))
    kinds = Counter(kind.registry_subtype for node, kind in found.graph.nodes.items() if node != item_id)
    return SideCounts(
        items=kinds.total(),
        by_type=dict(sorted(kinds.items())),
        incomplete_because=found.incomplete_because,
    )


async def _versions(reader: Reader, item: RegistryItem) -> tuple[VersionStep, ...]:
    """The item's chain of versions, oldest first, as far as it can be read."""
    before, after = await together(
        version_chain(reader, item, "previous_version"), version_chain(reader, item, "next_version")
    )
    return (*reversed(before), _version(item), *after)


async def version_chain(
    reader: Reader, item: RegistryItem, towards: Literal["previous_version", "next_version"]
) -> list[VersionStep]:
    """The versions before or after an item, nearest first, up to one that cannot be read."""
    steps: list[VersionStep] = []
    seen = {item.id}
    following = _neighbour(item, towards)
    while following and following not in seen and len(steps) < _MOST_VERSIONS:
        seen.add(following)
        try:
            found = await reader.client.registry.fetch(following)
        except ProvenaError as error:
            steps.append(VersionStep(id=following, unreadable=unreadable_because(error)))
            break
        reader.names.remember(reader.caller, found)
        steps.append(_version(found))
        following = _neighbour(found, towards)
    return steps


def _neighbour(item: RegistryItem, towards: Literal["previous_version", "next_version"]) -> str | None:
    info = item.versioning_info
    if info is None:
        return None
    return info.previous_version if towards == "previous_version" else info.next_version


def _version(item: RegistryItem) -> VersionStep:
    info = item.versioning_info
    return VersionStep(
        id=item.id,
        number=info.version if info else 1,
        registered=utc(item.created_timestamp),
        reason=shown_text(info.reason) if info else None,
        newest=None if info and info.next_version else True,
    )


def _history(entries: Sequence[HistoryEntry]) -> History:
    edits = [
        Edit(
            when=utc(entry.timestamp),
            by=shown_text(entry.username, BRIEF_WORD_LENGTH),
            reason=shown_text(entry.reason, BRIEF_TEXT_LENGTH),
            changed=changes(before.item, entry.item) if before else None,
        )
        for entry, before in zip(entries, [*entries[1:], None], strict=True)
    ]
    return History(edits=tuple(edits[:_MOST_EDITS]), count=len(edits))


async def _emails(reader: Reader, item: RegistryItem) -> dict[str, str] | None:
    """The e-mail addresses of the people an item names, or of the person it is."""
    records = reader.items(NOTHING)
    records.take({item.id: item})
    named = (other for other, subtype in references_of(item).items() if subtype == "PERSON")
    people = await records.read_of_type([item.id, *named], PersonItem)
    found = {person_id: shown_text(person.email, BRIEF_WORD_LENGTH) for person_id, person in people.items()}
    return {person_id: email for person_id, email in found.items() if email} or None


async def _access(reader: Reader, item: RegistryItem) -> YourAccess:
    if not _has_routes(item.item_subtype):
        return YourAccess(unknown_because="Provena tells no roles of this kind of item")
    try:
        found = await reader.client.registry.fetch_typed(item.item_subtype, item.id, seed_allowed=True)
    except ProvenaError as error:
        return YourAccess(unknown_because=unreadable_because(error))
    return YourAccess(roles=found.roles, locked=found.locked)


def _has_routes(subtype: str) -> TypeGuard[ItemSubtype]:
    return subtype in SUBTYPES
