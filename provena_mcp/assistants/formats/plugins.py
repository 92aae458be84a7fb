"""Plugin folders and the marketplaces that list them: one folder that every host reads its own files of."""

from __future__ import annotations

from typing import Final

from provena_mcp.assistants.entries import CALL_SECONDS, START_SECONDS, plain, typed
from provena_mcp.assistants.formats.product import (
    AUTHOR,
    DOCUMENTATION,
    FROM_INDEX,
    LONG,
    PROMPTS,
    SHORT,
    VERSION,
    described,
    variable,
    words,
)
from provena_mcp.assistants.servers import NAME, TITLE, LocalServer
from provena_mcp.wire.items import JsonObject

FOLDER: Final = f"plugins/{NAME}"
_MARKET: Final = "provena-mcp"
_SCHEMAS: Final = "https://agent-plugins.org/schemas/1.0.0"
_DEPLOYMENT: Final = ("domain", "realm")


def plugin_files() -> dict[str, JsonObject]:
    """All of them, by their place in the repository."""
    return {
        f"{FOLDER}/plugin.json": {"$schema": f"{_SCHEMAS}/plugin.schema.json", **described()},
        f"{FOLDER}/mcp.json": {"$schema": f"{_SCHEMAS}/mcp.schema.json", **_servers(typed(FROM_INDEX))},
        f"{FOLDER}/.mcp.json": _servers(_claude()),
        f"{FOLDER}/.claude-plugin/plugin.json": described(),
        f"{FOLDER}/.codex-plugin/plugin.json": _codex(),
        f"{FOLDER}/.codex-plugin/mcp.json": _servers(
            plain(FROM_INDEX) | {"startup_timeout_sec": START_SECONDS, "tool_timeout_sec": CALL_SECONDS}
        ),
        f"{FOLDER}/.cursor-plugin/plugin.json": described(),
        ".claude-plugin/marketplace.json": _market({"owner": {"name": AUTHOR}}, f"./{FOLDER}"),
        ".cursor-plugin/marketplace.json": _market({"owner": {"name": AUTHOR}}, f"./{FOLDER}"),
        ".github/plugin/marketplace.json": _market({"owner": {"name": AUTHOR}}, f"./{FOLDER}"),
        ".agents/plugins/marketplace.json": _codex_market(),
        "gemini-extension.json": _gemini(),
    }


def _servers(entry: JsonObject) -> JsonObject:
    return {"mcpServers": {NAME: entry}}


def _claude() -> JsonObject:
    # The deployment is that of the shell Claude Code was started in; nothing set means the Provena built in.
    environment = {variable(one): f"${{{variable(one)}:-}}" for one in _DEPLOYMENT}
    return plain(LocalServer(FROM_INDEX.command, FROM_INDEX.arguments, environment))


def _codex() -> JsonObject:
    return {
        **described(),
        "skills": "./skills/",
        "mcpServers": "./.codex-plugin/mcp.json",
        "interface": {
            "displayName": TITLE,
            "shortDescription": SHORT,
            "longDescription": LONG,
            "developerName": AUTHOR,
            "category": "Research",
            "capabilities": ["Read", "Write"],
            "websiteURL": DOCUMENTATION,
            "defaultPrompt": list(PROMPTS),
        },
    }


def _market(owner: JsonObject, source: str) -> JsonObject:
    plugin: JsonObject = {"name": NAME, "source": source, "description": SHORT, "version": VERSION}
    return {"name": _MARKET, "description": SHORT, **owner, "plugins": [plugin]}


def _codex_market() -> JsonObject:
    return {
        "name": _MARKET,
        "interface": {"displayName": TITLE},
        "plugins": [
            {
                "name": NAME,
                "source": {"source": "local", "path": f"./{FOLDER}"},
                "policy": {"installation": "AVAILABLE", "authentication": "ON_USE"},
                "category": "Research",
            }
        ],
    }


def _gemini() -> JsonObject:
    return {
        "name": NAME,
        "version": VERSION,
        "description": SHORT,
        "mcpServers": {NAME: plain(FROM_INDEX)},
        "settings": [
            {
                "name": f"Provena's {one}",
                "description": f"{words(one)} Leave it empty for the Provena built in.",
                "envVar": variable(one),
                "required": False,
                "sensitive": False,
            }
            for one in _DEPLOYMENT
        ],
    }
