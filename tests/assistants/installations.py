"""A server to be installed, and the files of assistants in a home where that is tried."""

from __future__ import annotations

import asyncio
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from provena_mcp.assistants.assistant import Assistant
from provena_mcp.assistants.editors.json_spans import parse
from provena_mcp.assistants.files import Files
from provena_mcp.assistants.installation import Installation, InstallOutcome
from provena_mcp.assistants.machine import Machine, System
from provena_mcp.assistants.servers import LocalServer, RemoteServer
from provena_mcp.assistants.table import find_assistant
from provena_mcp.wire.items import JsonObject

SERVER = LocalServer("/opt/reef lab/bin/provena-mcp", ("serve",), {"PROVENA_REALM": "riff ä"})
NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def machine(home: Path, system: System = "linux", **variables: str) -> Machine:
    return Machine(system, home, variables, home / "project", lambda _: None)


def installation(assistant: Assistant | str, home: Path, **chosen: Any) -> Installation:
    found = find_assistant(assistant) if isinstance(assistant, str) else assistant
    files = Files(clock=lambda: NOON, locks=home / "locks")
    return Installation(found, chosen.pop("on", machine(home)), files=files, **chosen)


def place_of(installed: Installation) -> Path:
    place = installed.place
    assert place is not None
    return place


def put(into: Installation, server: LocalServer | RemoteServer = SERVER) -> InstallOutcome:
    return asyncio.run(into.put(server))


def take(out_of: Installation) -> InstallOutcome:
    return asyncio.run(out_of.take())


def write(into: Installation, content: str | bytes) -> Path:
    place = place_of(into)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def read(path: Path) -> Any:
    text = path.read_text("utf-8-sig")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    if path.suffix == ".yaml":
        return yaml.safe_load(text)
    node = parse(text)
    return node.value if node else {}


def alone(assistant: Assistant) -> JsonObject:
    """The content of an assistant's file that holds our server and nothing else."""
    content: JsonObject = assistant.file.shape(SERVER)
    for key in reversed(assistant.file.at()):
        content = {key: content}
    return content
