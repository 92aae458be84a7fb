"""Where an answer under a fault says something that is not so."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

# How an answer says that the graph which it rests on contradicts itself.
FALLS_APART = (
    "that no link joins to",
    "two kinds",
    "that it did not describe",
    "from an item to itself",
    "the other way round too",
    "that cannot be between items of these kinds",
    "counted other items than it described",
)


def contradiction_of(tool: str, content: dict[str, Any], truth: dict[str, Any]) -> str | None:
    """Where an answer says something that is not so; it may leave out what it says could not be read."""
    if tool == "fetch_items":
        told = [item["id"] for item in content["items"]]
        failed = [item["id"] for item in content.get("failed", ())]
        known = {item["id"]: item for item in truth["items"]}
        if sorted(told + failed + list(content.get("forbidden", ()))) != sorted(known):
            return f"neither told nor failed: {content}"
        return next((w for item in content["items"] if (w := _differs(item, known[item["id"]]))), None)
    if tool == "search_items":
        unread = set(content.pop("unreadable", {}))
        # How well something matches depends on all that is registered, and this table registers runs.
        content = {**content, "items": [_unscored(item) for item in content["items"]]}
        truth = {**truth, "items": [_unscored(item) for item in truth["items"] if item["id"] not in unread]}
    if content.get("complete") is False and (tool == "audit_reproducibility" or _is_doubted(content)):
        return None
    unread = {item_id for ids in content.get("unreadable", {}).values() for item_id in ids}
    return _differs(content, truth, unread=unread)


def _is_doubted(content: dict[str, Any]) -> bool:
    """Whether an answer says that the graph it rests on falls apart: then it may tell of a part only."""
    return any(words in content.get("incomplete_because", "") for words in FALLS_APART)


def _unscored(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "score"}


# May be absent: what they say of an item that could not be read is there by its id.
_MAY_LACK = {"name", "role", "unreadable", "matched", "about", "model", "study"}


def _differs(told: Any, truth: Any, place: str = "", unread: Collection[str] = ()) -> str | None:
    if isinstance(told, dict) and isinstance(truth, dict):
        unseen = {"deferred_keys"} if told.get("unread") else set[str]()
        if lacking := truth.keys() - told.keys() - _MAY_LACK - unseen:
            return f"{place} lacks {sorted(lacking)}"
        keys = sorted(told.keys() & truth.keys())
        return next((w for k in keys if (w := _differs(told[k], truth[k], f"{place}.{k}", unread))), None)
    if isinstance(told, list) and isinstance(truth, list):
        is_nameless_row = len(told) == len(truth) - 1 == 2 and told[1] in unread
        if len(told) != len(truth) and not is_nameless_row:
            return f"{place}: {told} instead of {truth}"
        pairs = enumerate(zip(told, truth, strict=False))
        return next((w for n, (a, b) in pairs if (w := _differs(a, b, f"{place}[{n}]", unread))), None)
    return None if told == truth else f"{place}: {told!r} instead of {truth!r}"
