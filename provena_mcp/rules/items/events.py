"""What happened to an item, read from what the registry keeps of its past (provena-http 7.6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from provena_mcp.wire.items import DatasetItem, HistoryEntry, JsonObject, RegistryItem

# corrected: what a run says of itself is another; edited: any other item's content is.
ItemEvent = Literal["corrected", "edited", "released", "withdrawn"]

_RELEASED: Final = "RELEASED"
_OF_RELEASES: Final = frozenset(
    {"release_status", "release_history", "release_approver", "release_timestamp"}
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an item, when (Unix seconds), and why and by whom where that is kept."""

    kind: ItemEvent
    when: int
    reason: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """An item that a deployment does not show any more, and when that was noticed."""

    id: str
    subtype: str
    name: str | None
    noticed: float


def events_of(item: RegistryItem, since: float) -> tuple[Event, ...]:
    """What happened to ``item`` from ``since`` (Unix seconds) on, oldest first; that it was made is no event.

    What the registry notes of its own accord, such as that a run was lodged, is none either.
    """
    found = [event for event in (*_edits(item), *_releases(item)) if event.when >= since]
    is_untold = not item.history and item.created_timestamp < since <= item.updated_timestamp
    if is_untold and not found:
        found = [Event(_edit(item), item.updated_timestamp)]
    return tuple(sorted(found, key=lambda event: event.when))


def _past(item: RegistryItem) -> list[HistoryEntry]:
    return sorted(item.history, key=lambda entry: entry.id)


def _edits(item: RegistryItem) -> Iterator[Event]:
    for before, after in pairwise(_past(item)):
        if _content(item, before.item or {}) != _content(item, after.item or {}):
            yield Event(_edit(item), after.timestamp, after.reason or None, after.username)


def _edit(item: RegistryItem) -> ItemEvent:
    return "corrected" if item.item_subtype == "MODEL_RUN" else "edited"


def _content(item: RegistryItem, state: JsonObject) -> JsonObject:
    if item.item_subtype == "MODEL_RUN":
        return {"record": state.get("record"), "display_name": state.get("display_name")}
    return {name: value for name, value in state.items() if name not in _OF_RELEASES}


def _releases(item: RegistryItem) -> Iterator[Event]:
    if not isinstance(item, DatasetItem):
        return
    approved = [step for step in item.release_history if step.action == "APPROVE" and step.timestamp]
    for step in approved:
        yield Event("released", step.timestamp or 0, step.notes, None)
    for before, after in pairwise(_past(item)):
        was, now = (_is_released(entry.item or {}) for entry in (before, after))
        if was and not now:
            yield Event("withdrawn", after.timestamp, after.reason or None, after.username)
        if now and not was and not approved:
            yield Event("released", after.timestamp, after.reason or None, after.username)


def _is_released(state: JsonObject) -> bool:
    return state.get("release_status") == _RELEASED
