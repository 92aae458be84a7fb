"""What each tool shows a model, as package data: to describe them all takes longer than the rest of a start.

``python -m provena_mcp.tools.catalogue`` writes the data anew after a tool has changed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from mcp.server.mcpserver.tools import Tool

from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.schemas import Schema, input_schema, output_schemas

FILE: Final = "catalogue.json"


class Shown(NamedTuple):
    """A tool's words and the schemas of its arguments and its result."""

    description: str
    arguments: Schema
    result: Schema


def shown(definitions: Sequence[ToolDefinition]) -> list[Shown]:
    """What the tools show: as it was written down, or, of tools that are new, described now."""
    kept = _kept()
    if all(definition.name in kept for definition in definitions):
        return [kept[definition.name] for definition in definitions]
    return describe(definitions)


def describe(definitions: Sequence[ToolDefinition]) -> list[Shown]:
    """What the tools show, from their handlers."""
    results = output_schemas([definition.result_model for definition in definitions])
    return [
        Shown(definition.description, input_schema(_arguments(definition)), result)
        for definition, result in zip(definitions, results, strict=True)
    ]


def written(definitions: Sequence[ToolDefinition]) -> str:
    """The data, a line a tool."""
    entries = zip(definitions, describe(definitions), strict=True)
    lines = [
        f"{json.dumps(definition.name)}: {json.dumps(entry, ensure_ascii=False, separators=(',', ':'))}"
        for definition, entry in entries
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _arguments(definition: ToolDefinition) -> Schema:
    made = Tool.from_function(definition.handler, name=definition.name, structured_output=False)
    return made.parameters


@cache
def _kept() -> dict[str, Shown]:
    data = files("provena_mcp.tools").joinpath(FILE)
    if not data.is_file():
        return {}
    return {name: Shown(*entry) for name, entry in json.loads(data.read_text("utf-8")).items()}


if __name__ == "__main__":
    from provena_mcp.tools.toolsets import ALL_TOOLS

    Path(__file__).with_name(FILE).write_text(written(ALL_TOOLS), "utf-8")
