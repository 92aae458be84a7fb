"""Changes one table of TOML, with tomlkit, which keeps comments, order and blanks."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any, cast

import tomlkit
from pydantic import JsonValue
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from provena_mcp.assistants.editors.edits import Path, UneditableError
from provena_mcp.wire.items import JSON_OBJECT, JsonObject, as_object

# tomlkit's containers, whose types say no more than this.
_Table = MutableMapping[str, Any]


class TomlEditor:
    """Changes one entry; comments, order and spacing of all else stay."""

    def read(self, text: str) -> JsonObject:
        """The whole content; dates as text."""
        return JSON_OBJECT.validate_python(_as_json(_parse(text).unwrap()))

    def put(self, text: str, path: Path, value: JsonValue) -> str:
        """Add a table, or change what differs in it."""
        document = _parse(text)
        group = _group(document, path, make=True)
        found = group.get(path[-1])
        if isinstance(found, MutableMapping) and isinstance(value, dict):
            _update(cast("_Table", found), value)
        else:
            own_lines = isinstance(value, dict) and not isinstance(group, InlineTable)
            group[path[-1]] = _table(value) if own_lines else _inline(value)
        return _text(document, text)

    def take(self, text: str, path: Path) -> str:
        """Remove the table with those below it."""
        document = _parse(text)
        del _group(document, path, make=False)[path[-1]]
        return _text(document, text)


def _parse(text: str) -> tomlkit.TOMLDocument:
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise UneditableError(f"it is not valid TOML ({error})") from error
    except RecursionError as error:
        raise UneditableError("it is nested too deep") from error
    if tomlkit.dumps(document) != text:
        raise UneditableError("it cannot be written back as it is")
    return document


def _group(document: tomlkit.TOMLDocument, path: Path, *, make: bool) -> _Table:
    group: _Table = document
    for key in path[:-1]:
        if make and key not in group:
            group[key] = tomlkit.table(is_super_table=True)
        inner = group[key]
        if not isinstance(inner, MutableMapping):
            raise UneditableError(f"{key!r} in it is not a table")
        group = cast("_Table", inner)
    return group


def _update(table: _Table, wanted: JsonObject) -> None:
    for key in [key for key in table if key not in wanted]:
        del table[key]
    for key, value in wanted.items():
        if key not in table or _as_json(table[key]) != value:
            table[key] = _inline(value)


def _table(wanted: JsonValue) -> _Table:
    table = tomlkit.table()
    for key, value in as_object(wanted).items():
        table[key] = _inline(value)
    return table


def _inline(value: JsonValue) -> Any:
    if not isinstance(value, dict):
        return value
    table = tomlkit.inline_table()
    for key, one in value.items():
        table[key] = _inline(one)
    return table


def _as_json(value: Any) -> Any:
    """``value`` with what JSON has no word for, such as dates, as text."""
    plain = value.unwrap() if hasattr(value, "unwrap") else value
    match plain:
        case dict():
            return {str(key): _as_json(one) for key, one in cast("dict[str, Any]", plain).items()}
        case list():
            return [_as_json(one) for one in cast("list[Any]", plain)]
        case bool() | int() | float() | str():
            return plain
        case _:
            return str(plain)


def _text(document: tomlkit.TOMLDocument, before: str) -> str:
    after = tomlkit.dumps(document)
    if "\r\n" in before and not re.search(r"(?<!\r)\n", before):
        after = re.sub(r"(?<!\r)\n", "\r\n", after)
    return after
