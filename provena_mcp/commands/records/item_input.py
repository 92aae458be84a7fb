"""Reads an item's content as assistants give it: normalises handles, reports unknown and missing fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.items.schema import ContentSubtype, content_json_schema, item_schema_problems
from provena_mcp.rules.records.problems import Candidate, Problem, nearest
from provena_mcp.rules.records.schema import path_of
from provena_mcp.rules.schema_wording import COMPLAINTS, SchemaProblem
from provena_mcp.wire.items import JsonObject, as_object

_ID_FIELDS: Final = frozenset(
    {"software_id", "template_id", "organisation_id", "data_custodian_id", "publisher_id"}
)
_NAMED_AFTER: Final[Mapping[str, tuple[str, ...]]] = {
    "PERSON": ("first_name", "last_name"),
    "ORGANISATION": ("name",),
    "MODEL": ("name",),
    "STUDY": ("title",),
}
_COMPLAINTS: Final[Mapping[str, str]] = {
    **COMPLAINTS,
    "type_error.bool": "must be true or false",
    "value_error.extra": "is no field of such an item",
}
_NO_URL: Final = "invalid or missing URL scheme"
_URL_WANTED: Final = "must be a URL, such as https://creativecommons.org/licenses/by/4.0/ for a licence"


@dataclass(frozen=True, slots=True)
class GivenItem:
    """An item as far as it is given: its content, fields still ``missing``, and what is malformed."""

    content: JsonObject
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing or malformed; references are another matter."""
        return not self.missing and not self.problems


def read_given_item(raw: JsonObject, subtype: ContentSubtype) -> GivenItem:
    """Read a possibly partial item.

    A person's consent has to be stated: ``ethics_approved`` is missing until it is, whatever the
    registry would take its absence for. A name is made of the fields that hold it.
    """
    content = _with_name(as_object(_normalised("", _unwrapped(raw, subtype))), subtype)
    found = item_schema_problems(content, subtype, ())
    made = ("display_name",) if subtype in _NAMED_AFTER else ()
    absent = [path_of(problem.loc) for problem in found if problem.is_absence]
    missing = [leaf for path in absent if path not in made for leaf in _leaves(path, subtype)]
    if subtype == "PERSON" and "ethics_approved" not in content:
        missing.append("ethics_approved")
    malformed = [_as_problem(problem) for problem in found if not problem.is_absence]
    return GivenItem(content, tuple(missing), (*_unknown(content, subtype), *malformed))


def fields_of(subtype: ContentSubtype) -> tuple[str, ...]:
    """The fields of an item's content as paths; what is required bears a ``*``.

    A name that is made of other fields is not, and a person's consent is.
    """
    schema = content_json_schema(subtype)
    required = set(_required(schema))
    if subtype in _NAMED_AFTER:
        required -= {"display_name"}
    if subtype == "PERSON":
        required |= {"ethics_approved"}
    wanted: JsonObject = {**schema, "required": [*required]}
    return tuple(_fields(wanted, as_object(schema.get("$defs")), ""))


def _fields(schema: JsonObject, definitions: JsonObject, prefix: str) -> Iterator[str]:
    required = _required(schema)
    for name, part in as_object(schema.get("properties")).items():
        inner, listed = _inner(as_object(part), definitions)
        path = f"{prefix}{name}{'[]' if listed else ''}{'*' if name in required else ''}"
        if inner is None:
            yield path
        else:
            yield from _fields(inner, definitions, f"{path}.")


def _required(schema: JsonObject) -> list[str]:
    required = schema.get("required")
    return [str(name) for name in required] if isinstance(required, list) else []


def _leaves(path: str, subtype: ContentSubtype) -> list[str]:
    """What has to be given where ``path`` is absent: itself, or what its object requires."""
    schema = content_json_schema(subtype)
    definitions = as_object(schema.get("$defs"))
    inner: JsonObject | None = schema
    for name in path.split("."):
        part = as_object(as_object((inner or {}).get("properties")).get(name))
        inner, _ = _inner(part, definitions)
    return [leaf for name in _required(inner or {}) for leaf in _leaves(f"{path}.{name}", subtype)] or [path]


def _inner(part: JsonObject, definitions: JsonObject) -> tuple[JsonObject | None, bool]:
    """The object that a field holds, if it holds one, and whether it holds a list of them."""
    options = part.get("anyOf")
    for option in options if isinstance(options, list) else (part,):
        here = as_object(option)
        listed = here.get("type") == "array"
        reference = (as_object(here.get("items")) if listed else here).get("$ref")
        if isinstance(reference, str):
            return as_object(definitions.get(reference.removeprefix("#/$defs/"))), listed
        if listed:
            return None, True
    return None, False


def _unwrapped(raw: JsonObject, subtype: ContentSubtype) -> JsonObject:
    inner = raw.get("collection_format")
    return inner if subtype == "DATASET" and isinstance(inner, dict) else raw


def _normalised(key: str, value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _normalised(name, part) for name, part in value.items()}
    if isinstance(value, list):
        return [_normalised(key, part) for part in value]
    if key in _ID_FIELDS and isinstance(value, str):
        try:
            return parse_handle(value)
        except ArgumentError:
            return value.strip()
    return value


def _with_name(content: JsonObject, subtype: ContentSubtype) -> JsonObject:
    parts = [content.get(field) for field in _NAMED_AFTER.get(subtype, ())]
    if content.get("display_name") or not parts or not all(isinstance(part, str) and part for part in parts):
        return content
    return {**content, "display_name": " ".join(map(str, parts))}


def _unknown(content: JsonObject, subtype: ContentSubtype) -> Iterator[Problem]:
    if subtype == "DATASET":
        return  # the schema itself refuses what it does not know
    known = [Candidate(name) for name in as_object(content_json_schema(subtype).get("properties"))]
    for key in content:
        if not any(each.id == key for each in known):
            near = nearest(key, known)
            meant = f" Did you mean {near[0].id!r}?" if near else ""
            yield Problem(key[:60], f"Such an item has no field {key[:60]!r}.{meant}", "", candidates=near)


def _as_problem(found: SchemaProblem) -> Problem:
    path = path_of(found.loc)
    complaint = _URL_WANTED if found.msg == _NO_URL else _COMPLAINTS.get(found.type, found.msg)
    return Problem(path, f"{path or 'item'}: {complaint}.", found.msg, status=422)
