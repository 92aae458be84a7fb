"""``provena-mcp tools``: what these settings offer, for people and as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mcp.server import MCPServer
from mcp.types import Tool
from rich.console import Console
from rich.table import Table
from rich.text import Text

from provena_mcp.errors import FileRefusedError
from provena_mcp.lineage.result import LineageResult
from provena_mcp.rules.budgets import estimate_tokens
from provena_mcp.server.backend import describe_backend
from provena_mcp.settings import read_settings
from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.instructions import who_answers
from provena_mcp.tools.registration import register
from provena_mcp.tools.schemas import output_schemas
from provena_mcp.tools.toolsets import select_tools
from provena_mcp.wire.items import JSON_OBJECT, JsonObject

LINEAGE_SUMMARY: Final = "lineage-summary.schema.json"


def show_catalogue() -> None:
    """Print which Provena answers and a table of the tools offered.

    Raises:
        SettingsError: The settings are incomplete or name an unknown toolset.
        StoreError: The embedded store cannot be opened.
    """
    settings = read_settings()
    definitions = select_tools(settings.toolsets, read_only=settings.read_only, local=True)
    listed = _listed(definitions)
    table = Table("toolset", "tool", "what for", "effect", box=None, pad_edge=False, header_style="dim")
    for tool in definitions:
        table.add_row(tool.toolset, Text(tool.name, style="bold"), tool.title, tool.effect)
    console = Console()
    console.print(Text(who_answers(describe_backend(settings))))
    console.print()
    console.print(table)
    console.print()
    console.print(f"{len(listed)} tools; a model reads about {_size(listed):,} tokens to know them.")


def print_catalogue() -> None:
    """Print the tools these settings offer as one JSON array.

    Raises:
        SettingsError: The settings are malformed or name an unknown toolset.
    """
    settings = read_settings()
    definitions = select_tools(settings.toolsets, read_only=settings.read_only, local=True)
    Console().out(_json([_as_json(tool) for tool in _listed(definitions)]), highlight=False)


def write_catalogue(folder: Path) -> None:
    """Write one file for each tool there is, whatever the settings, and the lineage answer's schema.

    Raises:
        FileRefusedError: The folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in catalogue_files().items():
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise FileRefusedError(
            f"{str(folder)!r} cannot be written: {error.strerror}.", advice="Name a folder you may write."
        ) from error


def catalogue_files() -> dict[str, str]:
    """The files of ``schemas/`` by name, as they should be."""
    every = _listed(select_tools("all", read_only=False, local=True))
    files = {f"{tool.name}.json": _json(_as_json(tool)) + "\n" for tool in every}
    (lineage,) = output_schemas([LineageResult])
    summary = {"$schema": "https://json-schema.org/draft/2020-12/schema", **lineage}
    return files | {LINEAGE_SUMMARY: _json(summary) + "\n"}


def _listed(definitions: tuple[ToolDefinition, ...]) -> list[Tool]:
    # Through the SDK, so that the catalogue is what a client is sent.
    server = MCPServer("catalogue", tools=list(register(definitions)))
    return asyncio.run(server.list_tools())


def _as_json(tool: Tool) -> JsonObject:
    return JSON_OBJECT.validate_python(tool.model_dump(mode="json", by_alias=True, exclude_none=True))


def _size(tools: Sequence[Tool]) -> int:
    seen = [[tool.name, tool.description, tool.input_schema] for tool in tools]
    return estimate_tokens(json.dumps(seen, ensure_ascii=False, separators=(",", ":")))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
