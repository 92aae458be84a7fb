"""What an edit of a record changed, field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from pydantic import JsonValue

from provena_mcp.queries.items.briefs.models import FieldChange
from provena_mcp.rules.budgets import BRIEF_WORD_LENGTH
from provena_mcp.rules.text import shown_text

_MOST_FIELDS: Final = 12
_VALUE_LENGTH: Final = 160


def changes(before: JsonValue, after: JsonValue) -> tuple[FieldChange, ...] | None:
    """The fields in which two states of a record differ, each with both values; none for none."""
    found = [
        FieldChange(
            field=shown_text(path, BRIEF_WORD_LENGTH) or "the record", was=_in_words(old), now=_in_words(new)
        )
        for path, old, new in _differences(before, after, "")
    ]
    return tuple(found[:_MOST_FIELDS]) or None


def _differences(
    before: JsonValue, after: JsonValue, path: str
) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    """The parts in which two values differ, as small as they can be told apart."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and _hold_objects(before, after):
        for number, (old, new) in enumerate(zip_longest(before, after)):
            yield from _differences(old, new, f"{path}[{number}]")
    elif before != after:
        yield path, before, after


def _hold_objects(*values: list[JsonValue]) -> bool:
    return any(isinstance(entry, dict) for value in values for entry in value)


def _in_words(value: JsonValue) -> str | None:
    """A value without the marks of its serialisation; none where there is nothing."""
    if value is None or value in ("", [], {}):
        return None
    return shown_text(_said(value), _VALUE_LENGTH)


def _said(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_said(entry) for entry in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_said(part)}" for key, part in value.items())
    return "nothing" if value is None else str(value)
