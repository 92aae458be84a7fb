"""Links that open an assistant and have it add the server."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

from provena_mcp.assistants.entries import CALL_SECONDS, plain
from provena_mcp.assistants.servers import NAME, TITLE, LocalServer
from provena_mcp.wire.items import JsonObject


def vscode(server: LocalServer) -> str:
    """For VS Code."""
    config = quote(_compact({"type": "stdio", **plain(server)}), safe="")
    return f"https://vscode.dev/redirect/mcp/install?name={NAME}&config={config}"


def cursor(server: LocalServer) -> str:
    """For Cursor."""
    return f"https://cursor.com/en/install-mcp?name={NAME}&config={_base64(plain(server))}"


def lm_studio(server: LocalServer) -> str:
    """For LM Studio."""
    return f"https://lmstudio.ai/install-mcp?name={NAME}&config={_base64(plain(server))}"


def kiro(server: LocalServer) -> str:
    """For Kiro."""
    return f"https://kiro.dev/launch/mcp/add?name={NAME}&config={quote(_compact(plain(server)), safe='')}"


def goose(server: LocalServer) -> str:
    """For Goose, which starts only what a few known programs run."""
    told = [("cmd", server.command), *(("arg", argument) for argument in server.arguments)]
    told += [("env", f"{name}={value}") for name, value in server.environment.items()]
    told += [("id", NAME), ("name", TITLE), ("description", "Where a research result came from")]
    told += [("timeout", str(CALL_SECONDS))]
    return f"https://block.github.io/goose/extension?{urlencode(told, quote_via=quote)}"


# By the assistant's name on our command line.
LINKS: Final[dict[str, Callable[[LocalServer], str]]] = {
    "vscode": vscode,
    "cursor": cursor,
    "lm-studio": lm_studio,
    "kiro": kiro,
    "goose": goose,
}


def _compact(entry: JsonObject) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def _base64(entry: JsonObject) -> str:
    return quote(base64.b64encode(_compact(entry).encode()).decode(), safe="")
