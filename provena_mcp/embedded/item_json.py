"""Typed registry items: every field of a subtype's model, null where it has no value (provena-http 7.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo

from provena_mcp.wire.base import Wire
from provena_mcp.wire.items import MODEL_OF, JsonObject, RecordInfo, RegistryItem
from provena_mcp.wire.subtypes import ItemSubtype


class _Field(NamedTuple):
    """How a key is answered: with what where it is missing, and as which model where it holds objects."""

    missing: JsonValue
    model: type[Wire] | None


def typed_item(raw: JsonObject, subtype: ItemSubtype) -> JsonObject:
    """A complete item as the typed routes answer it, each state in its history with every field too."""
    model = MODEL_OF[subtype]
    item = with_every_field(raw, model)
    history = item["history"]
    states = [entry for entry in history if isinstance(entry, dict)] if isinstance(history, list) else []
    for entry in states:
        entry["item"] = _filled(_content(model), entry["item"])
    return item


def seeded_item(raw: JsonObject) -> JsonObject:
    """A seed item as the typed routes answer it."""
    return with_every_field(raw, RecordInfo)


def with_every_field(raw: JsonObject, model: type[Wire]) -> JsonObject:
    """``raw`` with exactly the keys of ``model``, at every depth; the values stay as they are.

    A key that is missing or null becomes the model's default, else an empty list or null: items from
    older deployments lack fields that the registry's model requires, and the registry would refuse to
    parse them.
    """
    return {name: _answered(field, raw.get(name)) for name, field in _fields(model).items()}


def _answered(field: _Field, value: JsonValue) -> JsonValue:
    if value is None:
        return field.missing
    return value if field.model is None else _filled(_fields(field.model), value)


def _filled(fields: Mapping[str, _Field], value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _answered(field, value.get(name)) for name, field in fields.items()}
    return [_filled(fields, entry) for entry in value] if isinstance(value, list) else value


# Of each model there is, what both say is remembered.
@cache
def _content(model: type[RegistryItem]) -> dict[str, _Field]:
    """What an item of this model says itself: all but the registry's own part and the history."""
    apart = {*RecordInfo.model_fields, "history"}
    return {name: field for name, field in _fields(model).items() if name not in apart}


@cache
def _fields(model: type[Wire]) -> dict[str, _Field]:
    return {name: _field(info) for name, info in model.model_fields.items()}


def _field(info: FieldInfo) -> _Field:
    models = [part for part in _parts(info.annotation) if isinstance(part, type) and issubclass(part, Wire)]
    is_list = get_origin(info.annotation) is tuple
    missing: Any = [] if is_list else None if info.is_required() or models else info.default
    return _Field(missing, next(iter(models), None))


def _parts(annotation: Any) -> Iterator[Any]:
    """Everything that a type is made of: ``tuple[X, ...]`` and ``X | None`` of ``X``."""
    arguments = [part for part in get_args(annotation) if part not in (NoneType, Ellipsis)]
    if not arguments:
        yield annotation
    for part in arguments:
        yield from _parts(part)
