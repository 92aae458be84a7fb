"""``provena-mcp doctor --client``: is our entry in an assistant's settings still there, and does it start?"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from pydantic import JsonValue

from provena_mcp.assistants.entries import START_SECONDS
from provena_mcp.assistants.installation import Installation, server_of
from provena_mcp.assistants.servers import NAME, LocalServer, Server, this_server
from provena_mcp.cli.findings import Diagnosis, failed, ok
from provena_mcp.cli.install import is_here
from provena_mcp.errors import FileRefusedError, OperatorError, ProvenaError
from provena_mcp.wire.items import JsonObject, as_object

_SECRETS: Final = ("PROVENA_ACCESS_TOKEN", "PROVENA_OFFLINE_TOKEN", "PROVENA_CLIENT_SECRET")

# Starts a server as an assistant would and says what it offers; raises OperatorError if it does not start.
Start = Callable[[LocalServer], Awaitable[str]]


async def start(server: LocalServer) -> str:
    """Start ``server`` without any ``PATH``, greet it, and say how many tools it has and how long it took.

    Raises:
        OperatorError: It cannot be run, does not speak the protocol, or takes too long.
    """
    from mcp import Client, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.shared.exceptions import MCPError

    process = StdioServerParameters(
        command=server.command, args=list(server.arguments), env={**server.environment, "PATH": ""}
    )
    began = time.monotonic()
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        try:
            transport = stdio_client(process, errlog=said)
            async with Client(transport, read_timeout_seconds=START_SECONDS) as client:
                tools = len((await client.list_tools()).tools)
        except (OSError, MCPError, ExceptionGroup) as error:
            said.seek(0)
            last = said.read().strip().splitlines()[-3:]
            raise OperatorError(
                f"{server.command} does not start as a server.",
                advice="Run it in a terminal, or 'provena-mcp doctor': they say what is wrong.",
                upstream=" ".join(last) or None,
            ) from error
    return f"starts in {time.monotonic() - began:.1f} s without a PATH, {tools} tools"


@dataclass(frozen=True)
class AssistantDoctor:
    """Examines our entry in one assistant; with ``mend`` puts it right, where it is lost with ``wanted``."""

    installation: Installation
    wanted: Server
    start: Start = start
    mend: bool = True

    async def examine(self) -> list[Diagnosis]:
        """Every finding; what fails is a finding, never an error."""
        assistant, place = self.installation.assistant, self.installation.place
        if place is None:
            return [
                Diagnosis(
                    "note", "file", f"Only {assistant.title} itself knows its servers.", assistant.by_hand
                )
            ]
        try:
            servers = self.installation.servers()
        except FileRefusedError as error:
            return [failed("file", error)]
        found = [ok("file", f"{place} {'can be read' if place.exists() else 'is not there yet'}")]
        found += await self._entry(servers)
        return [*found, *self._copies(servers)]

    async def _entry(self, servers: JsonObject) -> list[Diagnosis]:
        if not isinstance(servers.get(NAME), dict):
            return await self._lost()
        entry = as_object(servers[NAME])
        server = server_of(entry)
        if server is None:
            url = next((value for key, value in entry.items() if key.lower().endswith(("url", "uri"))), None)
            if url is None:
                return await self._mended("It names neither a command nor an address.", self.wanted)
            return [ok("entry", f"it leads to {url}")]
        wrong = _wrong(server)
        if wrong:
            return await self._mended(wrong, _renewed(server))
        return [ok("entry", f"{server.command} {' '.join(server.arguments)}"), *await self._started(server)]

    async def _lost(self) -> list[Diagnosis]:
        assistant, machine = self.installation.assistant, self.installation.machine
        if is_here(assistant, machine):
            return await self._mended("It is not there, or was lost.", self.wanted)
        fix = f"Install it, or run 'provena-mcp install --client {assistant.name}' beforehand."
        return [Diagnosis("problem", "entry", f"{assistant.title} was not found here.", fix)]

    async def _started(self, server: LocalServer) -> list[Diagnosis]:
        found = [
            Diagnosis(
                "problem", "secret", f"{name} is in the entry.", "Take it out; use 'provena-mcp login'."
            )
            for name in _SECRETS
            if name in server.environment
        ]
        try:
            return [*found, ok("start", await self.start(server))]
        except OperatorError as error:
            renewed = _renewed(server)
            if (renewed.command, renewed.arguments) == (server.command, server.arguments):
                return [*found, failed("start", error)]
            return [*found, *await self._mended(error.message, renewed)]

    async def _mended(self, wrong: str, server: Server) -> list[Diagnosis]:
        name = self.installation.assistant.name
        scope = " --project" if self.installation.project else ""
        if not self.mend:
            fix = f"Run 'provena-mcp install --client {name}{scope}'."
            return [Diagnosis("problem", "entry", wrong, fix)]
        try:
            outcome = await self.installation.put(server)
            kept = f" The file as it was: {outcome.backup}" if outcome.backup else ""
            found = [Diagnosis("note", "entry", f"{wrong} Mended in {outcome.place}.{kept}")]
            return (
                [*found, ok("start", await self.start(server))] if isinstance(server, LocalServer) else found
            )
        except ProvenaError as error:
            return [Diagnosis("problem", "entry", wrong), failed("start", error)]

    def _copies(self, servers: JsonObject) -> list[Diagnosis]:
        places = [
            f"{name!r} in the same file" for name in servers if name != NAME and _is_ours(servers[name])
        ]
        other = Installation(
            self.installation.assistant, self.installation.machine, not self.installation.project
        )
        if other.place != self.installation.place and _has_entry(other):
            places.append(f"{other.place}")
        if not places:
            return []
        said = f"The server is there twice: also {', '.join(places)}."
        return [Diagnosis("note", "copies", said, "Keep one: each takes the assistant's time and tokens.")]


def _wrong(server: LocalServer) -> str:
    command = Path(server.command)
    if not command.is_absolute():
        return f"It starts {server.command!r}, which assistants often do not find."
    if not command.is_file():
        return f"It starts {server.command}, which is not there any more."
    return "" if os.access(command, os.X_OK) else f"It starts {server.command}, which cannot be run."


def _renewed(server: LocalServer) -> LocalServer:
    """``server`` with the command of this installation, and what else was told to it."""
    return this_server(sample=server.is_sample, environment=server.environment)


def _has_entry(installation: Installation) -> bool:
    try:
        return installation.entry() is not None
    except FileRefusedError:
        return False  # what cannot be read starts nothing


def _is_ours(entry: JsonValue) -> bool:
    server = server_of(as_object(entry))
    if server is None:
        return False
    return Path(server.command).stem == "provena-mcp" or "provena_mcp" in server.arguments
