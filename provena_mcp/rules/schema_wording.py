"""Validation errors in the words of pydantic 1, as Provena answers with 422 (provena-http 3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from provena_mcp.wire.items import JsonObject

COMPLAINTS: Final[Mapping[str, str]] = {
    "type_error.integer": "must be a whole number",
    "type_error.str": "must be text",
    "type_error.list": "must be a list",
    "type_error.dict": "must be an object",
}
"""What is wrong with a value by the type of its problem, in words of our own, to follow the value's name."""

EMPTY: Final = "string must not be empty"
_INTEGER: Final = ("value is not a valid integer", "type_error.integer")
_DICT: Final = ("value is not a valid dict", "type_error.dict")
_LIST: Final = ("value is not a valid list", "type_error.list")
_BOOLEAN: Final = ("value could not be parsed to a boolean", "type_error.bool")
_WORDING: Final[dict[str, tuple[str, str]]] = {
    "missing": ("field required", "value_error.missing"),
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_parsing_size": _INTEGER,
    "int_from_float": _INTEGER,
    "finite_number": _INTEGER,
    "string_type": ("str type expected", "type_error.str"),
    "bool_type": _BOOLEAN,
    "bool_parsing": _BOOLEAN,
    "dict_type": _DICT,
    "model_type": _DICT,
    "model_attributes_type": _DICT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "extra_forbidden": ("extra fields not permitted", "value_error.extra"),
}
_BOUNDS: Final[dict[str, tuple[str, str, str]]] = {
    "greater_than_equal": ("greater than or equal to", "not_ge", "ge"),
    "less_than_equal": ("less than or equal to", "not_le", "le"),
    "greater_than": ("greater than", "not_gt", "gt"),
    "less_than": ("less than", "not_lt", "lt"),
}


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One entry of a 422 body's ``detail``."""

    loc: tuple[str | int, ...]
    msg: str
    type: str
    ctx: JsonObject | None = None

    @property
    def is_absence(self) -> bool:
        """Whether nothing is given where something has to be: no value, null, or an empty text."""
        return self.type in ("value_error.missing", "type_error.none.not_allowed") or self.msg == EMPTY

    def as_json(self) -> JsonObject:
        """The entry as it goes over the wire."""
        entry: JsonObject = {"loc": list(self.loc), "msg": self.msg, "type": self.type}
        return entry if self.ctx is None else {**entry, "ctx": self.ctx}


def reworded(error: ValidationError, loc: tuple[str | int, ...]) -> tuple[SchemaProblem, ...]:
    """Every problem of ``error`` as pydantic 1 says it, located below ``loc``.

    Kinds that Provena's recorded answers do not show keep their present words.
    """
    return tuple(_reworded(found, loc) for found in error.errors(include_url=False))


def _reworded(found: ErrorDetails, parent: tuple[str | int, ...]) -> SchemaProblem:
    loc = (*parent, *found["loc"])
    kind = found["type"]
    if found["input"] is None and kind != "missing":
        return SchemaProblem(loc, "none is not an allowed value", "type_error.none.not_allowed")
    if kind in _WORDING:
        return SchemaProblem(loc, *_WORDING[kind])
    if kind in _BOUNDS:
        words, suffix, key = _BOUNDS[kind]
        limit: JsonValue = found.get("ctx", {})[key]
        msg = f"ensure this value is {words} {limit}"
        return SchemaProblem(loc, msg, f"value_error.number.{suffix}", {"limit_value": limit})
    if kind in ("literal_error", "enum"):
        return _not_a_member(loc, str(found.get("ctx", {})["expected"]))
    return SchemaProblem(loc, found["msg"].removeprefix("Value error, "), "value_error")


def _not_a_member(loc: tuple[str | int, ...], expected: str) -> SchemaProblem:
    permitted: list[JsonValue] = list(re.findall(r"'([^']*)'", expected))
    listed = ", ".join(f"'{member}'" for member in permitted)
    msg = f"value is not a valid enumeration member; permitted: {listed}"
    return SchemaProblem(loc, msg, "type_error.enum", {"enum_values": permitted})
