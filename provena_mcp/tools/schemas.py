"""JSON schemas as hosts can use them: no ``$ref``, no root combinator, nothing that says nothing."""

from __future__ import annotations

from typing import Any, Final, cast

from pydantic import BaseModel

Schema = dict[str, Any]

_NULL: Final[Schema] = {"type": "null"}
_VERBATIM: Final = frozenset({"default", "const", "enum", "examples"})


def input_schema(arguments: type[BaseModel]) -> Schema:
    """The schema of a tool's arguments; unknown arguments are refused."""
    schema = _slim(_inlined(arguments.model_json_schema(by_alias=True)))
    schema.setdefault("properties", {})
    schema["additionalProperties"] = False
    return schema


def output_schema(result: type[BaseModel]) -> Schema:
    """The schema of a tool's structured result; fields without a value are absent, never null."""
    return _slim(_inlined(result.model_json_schema(by_alias=True, mode="serialization")))


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
    return {key: value if key in _VERBATIM else _slim(value)}
