"""Names, schemas and descriptions of all tools as package data, so that starting need not compute them.

To import all tools and to describe them takes longer than the rest of a start.
``python -m provena_mcp.tools.catalogue`` writes the data anew after a tool was added or changed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, partial
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from mcp.server.mcpserver.tools import Tool

from provena_mcp.tools.definition import Handler, ToolDefinition
from provena_mcp.tools.schemas import Schema, input_schema, output_schemas

FILE: Final = "catalogue.json"

# In the order in which their tools are listed.
_MODULES: Final = (
    "health",
    "lineage",
    "answers",
    "registry",
    "runs",
    "csv",
    "documents",
    "pictures",
    "jobs",
    "recording",
    "curation",
    "admin",
)


class Shown(NamedTuple):
    """A tool's words and the schemas of its arguments and its result."""

    description: str
    arguments: Schema
    result: Schema


def written_tools() -> tuple[ToolDefinition, ...]:
    """All tools, as they were written down."""
    return tuple(
        ToolDefinition(
            name=name,
            title=entry["title"],
            toolset=entry["toolset"],
            effect=entry["effect"],
            load=partial(_handler, entry["module"], name),
            local_only=entry["local_only"],
            ui=entry["ui"],
        )
        for name, entry in _kept().items()
    )


def imported_tools() -> tuple[ToolDefinition, ...]:
    """All tools, from their modules."""
    return tuple(tool for name in _MODULES for tool in _tools_of(f"provena_mcp.tools.{name}"))


def shown(definitions: Sequence[ToolDefinition]) -> list[Shown]:
    """What tools show: as it was written down, or, of tools that are none of ours, described now."""
    kept = _kept()
    if any(definition.name not in kept for definition in definitions):
        return describe(definitions)
    entries = (kept[definition.name] for definition in definitions)
    return [Shown(entry["description"], entry["arguments"], entry["result"]) for entry in entries]


def describe(definitions: Sequence[ToolDefinition]) -> list[Shown]:
    """What tools show, from their handlers."""
    results = output_schemas([definition.result_model for definition in definitions])
    return [
        Shown(definition.description, input_schema(_arguments(definition)), result)
        for definition, result in zip(definitions, results, strict=True)
    ]


def written() -> str:
    """The data as it should be, a line a tool."""
    definitions = imported_tools()
    lines = [
        f"{json.dumps(definition.name)}: {json.dumps(_entry(definition, entry), ensure_ascii=False)}"
        for definition, entry in zip(definitions, describe(definitions), strict=True)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _entry(definition: ToolDefinition, entry: Shown) -> dict[str, Any]:
    return {
        "title": definition.title,
        "toolset": definition.toolset,
        "effect": definition.effect,
        "local_only": definition.local_only,
        "ui": definition.ui,
        "module": definition.handler.__module__,
        **entry._asdict(),
    }


def _arguments(definition: ToolDefinition) -> Schema:
    made = Tool.from_function(definition.handler, name=definition.name, structured_output=False)
    return made.parameters


def _handler(module: str, name: str) -> Handler:
    return next(tool.handler for tool in _tools_of(module) if tool.name == name)


def _tools_of(module: str) -> tuple[ToolDefinition, ...]:
    return import_module(module).TOOLS


@cache
def _kept() -> dict[str, dict[str, Any]]:
    # A file of this package: it is read once.
    return json.loads(files("provena_mcp.tools").joinpath(FILE).read_text("utf-8"))


if __name__ == "__main__":
    Path(__file__).with_name(FILE).write_text(written(), "utf-8")
