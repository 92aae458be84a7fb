"""``server.json``, by which the registry of MCP servers knows this one (schema of 2025-12-11)."""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from provena_mcp.assistants.formats.product import (
    DOCUMENTATION,
    OFFERED,
    PACKAGE,
    REGISTRY_NAME,
    SHORT,
    VERSION,
    variable,
    words,
)
from provena_mcp.assistants.servers import TITLE
from provena_mcp.settings import Settings
from provena_mcp.wire.items import JsonObject

_SCHEMA: Final = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"


def server_json() -> JsonObject:
    """The whole file."""
    return {
        "$schema": _SCHEMA,
        "name": REGISTRY_NAME,
        "title": TITLE,
        "description": SHORT,
        "version": VERSION,
        "websiteUrl": DOCUMENTATION,
        "packages": [
            {
                "registryType": "pypi",
                "identifier": PACKAGE,
                "version": VERSION,
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                "packageArguments": [{"type": "positional", "value": "serve"}],
                "environmentVariables": [_input(setting) for setting in OFFERED],
            }
        ],
    }


def _input(setting: str) -> JsonObject:
    kind = Settings.model_fields[setting].annotation
    told: JsonObject = {"name": variable(setting), "description": words(setting)}
    if kind is bool:
        told["format"] = "boolean"
    if kind == SecretStr | None:
        told["isSecret"] = True
    return told
