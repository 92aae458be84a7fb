"""JSON schemas as hosts can use them: no ``$ref``, no root combinator, nothing that says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from types import GenericAlias
from typing import Any, Final, cast

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python

Schema = dict[str, Any]

_NULL: Final[Schema] = {"type": "null"}
_VERBATIM: Final = frozenset({"default", "const", "enum", "examples"})


def plain_schema(schema: Schema) -> Schema:
    """A schema made by pydantic, without references and padding."""
    return _slim(_inlined(schema))


def input_schema(arguments: Schema) -> Schema:
    """A tool's arguments, from pydantic's schema of them.

    What may be left out may be null, for clients that make every argument required; of text a blank says
    the same in fewer tokens. Unknown arguments are refused when called, without the keyword for it:
    converters of some model providers fail at ``additionalProperties: false``.
    """
    schema = plain_schema(arguments)
    properties = cast("dict[str, Schema]", schema.setdefault("properties", {}))
    for name, given in cast("dict[str, Schema]", arguments.get("properties", {})).items():
        if _NULL in given.get("anyOf", ()) and not _is_text(properties[name]):
            properties[name] = _or_null(properties[name])
    return schema


def _is_text(schema: Schema) -> bool:
    return schema.get("type") == "string" and "enum" not in schema


def _or_null(schema: Schema) -> Schema:
    beside = {key: schema[key] for key in ("description",) if key in schema}
    options = schema.get("anyOf") or [{key: part for key, part in schema.items() if key not in beside}]
    return {"anyOf": [*options, _NULL], **beside}


def output_schemas(results: Sequence[type[BaseModel]]) -> list[Schema]:
    """The schemas of tools' structured results; fields without a value are absent, never null."""
    # All at once: results share most of their parts, and each is then described once.
    every: Any = GenericAlias(tuple, tuple(results))
    together = TypeAdapter[Any](every).json_schema(mode="serialization", schema_generator=_PlainDefaults)
    definitions = together.get("$defs", {})
    return [plain_schema({**schema, "$defs": definitions}) for schema in together.get("prefixItems", ())]


class _PlainDefaults(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        """The default as JSON, without a validator built for each as pydantic has it."""
        return to_jsonable_python(dft)


def _inlined(schema: Schema) -> Schema:
    definitions = cast("dict[str, Schema]", schema.get("$defs", {}))

    def resolve(value: Any) -> Any:
        if isinstance(value, list):
            return [resolve(part) for part in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        node = cast("Schema", value)
        reference = node.get("$ref")
        if isinstance(reference, str):
            target = definitions[reference.removeprefix("#/$defs/")]
            siblings = {key: part for key, part in node.items() if key != "$ref"}
            return resolve({**target, **siblings})
        return {key: resolve(part) for key, part in node.items() if key != "$defs"}

    return resolve(schema)


def _slim(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_slim(part) for part in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    out: Schema = {}
    for key, value in cast("Schema", schema).items():
        out.update(_slim_entry(key, value))
    return out


def _slim_entry(key: str, value: Any) -> Schema:
    if key == "properties":
        return {key: {name: _slim(part) for name, part in value.items()}}
    if key == "title" or (key == "default" and value is None):
        return {}
    if key == "anyOf" and _NULL in value:
        options = [option for option in value if option != _NULL]
        return _slim(options[0]) if len(options) == 1 else {key: _slim(options)}
    slim = value if key in _VERBATIM else _slim(value)
    # ``additionalProperties`` without a type of its own says nothing to a model and breaks converters.
    return {} if key == "additionalProperties" and slim in ({}, True, False) else {key: slim}
