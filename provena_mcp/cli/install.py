"""``provena-mcp install``: this server into an assistant's settings, and out of them again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from provena_mcp.assistants.assistant import Assistant
from provena_mcp.assistants.environment import carried
from provena_mcp.assistants.files import Files
from provena_mcp.assistants.installation import Installation, InstallOutcome, server_of
from provena_mcp.assistants.machine import Machine, this_machine
from provena_mcp.assistants.servers import RemoteServer, Server, remote_server, this_server
from provena_mcp.assistants.table import ASSISTANTS
from provena_mcp.errors import ArgumentError, FileRefusedError
from provena_mcp.settings import Settings, read_settings

_ASK: Final = "what is in this Provena?"


@dataclass(frozen=True)
class InstallCommand:
    """Installs into ``assistant``, for the user or for the project in this folder; words go to ``say``."""

    assistant: Assistant
    project: bool = False
    machine: Machine = field(default_factory=this_machine)
    files: Files = field(default_factory=Files)
    say: Callable[[str], None] = typer.echo

    @property
    def installation(self) -> Installation:
        """Our entry in the assistant."""
        return Installation(self.assistant, self.machine, self.project, self.files)

    def require_project(self) -> None:
        """Refuse a project where the assistant keeps nothing for one.

        Raises:
            ArgumentError: It knows servers of its user only.
        """
        if self.project and self.assistant.file.project is None:
            raise ArgumentError(
                f"{self.assistant.title} keeps no servers for a project.",
                parameter="project",
                advice="Leave out --project.",
            )

    def show(self, server: Server) -> None:
        """Print the entry and where it goes, or how else it gets in; write nothing."""
        self.require_project()
        if (useless := self._useless(server)) is not None:
            self.say(f"{self.assistant.title}: {self.assistant.by_hand}\n")
            self.say(f"{useless} {useless.advice}")
            return
        place = self.installation.place
        self.say(f"{self.assistant.title}: {place or self.assistant.by_hand}\n")
        if isinstance(server, RemoteServer) and not self.assistant.local:
            self.say(server.url)
        else:
            self.say(self.installation.snippet(server))

    async def install(self, server: Server) -> InstallOutcome:
        """Write the entry and say where; where that cannot be, print it.

        Raises:
            FileRefusedError: The file may not be written or is broken; the entry is printed.
            ArgumentError: The assistant has no use for such a server, or none for a project.
        """
        self.require_project()
        self._require_use(server)
        here = self.project or is_here(self.assistant, self.machine)
        try:
            outcome = await self.installation.put(server)
        except FileRefusedError:
            self.say(self.installation.snippet(server))
            raise
        if outcome.done == "by hand":
            self.show(server)
            self.say("Only the program itself can add it: nothing was written.")
        elif outcome.done == "unchanged":
            self.say(f"{self.assistant.title} has it already, in {outcome.place}.")
        else:
            self._report("is in", outcome)
            self._remind(server, here=here)
        return outcome

    async def uninstall(self) -> InstallOutcome:
        """Take the entry away, and say so.

        Raises:
            FileRefusedError: The file may not be written or is broken.
        """
        self.require_project()
        outcome = await self.installation.take()
        match outcome.done:
            case "by hand":
                self.say(f"Remove it in {self.assistant.title}: {outcome.place}")
            case "unchanged":
                self.say(f"{self.assistant.title} does not have it: nothing is in {outcome.place}.")
            case _:
                self._report("is no more in", outcome)
        return outcome

    def _report(self, how: str, outcome: InstallOutcome) -> None:
        self.say(f"provena {how} {self.assistant.title}: {outcome.place}")
        if outcome.backup:
            self.say(f"The file as it was: {outcome.backup}")

    def _remind(self, server: Server, *, here: bool) -> None:
        if self.assistant.remark:
            self.say(self.assistant.remark)
        if self.project and not isinstance(server, RemoteServer):
            self.say("The command is of this machine: others who share the project install it anew.")
        start = (
            f"Restart {self.assistant.title}"
            if here
            else f"{self.assistant.title} was not found here. Install it"
        )
        self.say(f'{start}, then ask it: "{_ASK}"')

    def _require_use(self, server: Server) -> None:
        if (useless := self._useless(server)) is not None:
            raise useless

    def _useless(self, server: Server) -> ArgumentError | None:
        """Why the assistant has no use for such a server; none if it has."""
        if self.assistant.takes(server):
            return None
        if isinstance(server, RemoteServer):
            return ArgumentError(
                f"{self.assistant.title} reads no addresses from its settings.",
                parameter="url",
                advice=f"Leave out --url, or add the address in the program. {self.assistant.remark}".strip(),
            )
        return ArgumentError(
            f"{self.assistant.title} starts no servers.",
            parameter="client",
            advice=f"Give the address of one with --url: {self.assistant.by_hand}.",
        )


def wanted_server(url: str | None, *, sample: bool, say: Callable[[str], None]) -> Server:
    """The server at ``url``, else this installation; raises as ``server_to_install``."""
    return remote_server(url) if url else server_to_install(read_settings(), sample=sample, say=say)


def server_to_install(settings: Settings, *, sample: bool, say: Callable[[str], None]) -> Server:
    """This installation with the settings in force here, save secrets, which ``say`` names.

    Raises:
        SettingsError: A setting holds a password.
        OperatorError: This installation is a passing one.
    """
    found = carried(settings, os.environ, sample=sample)
    for name in found.left_out:
        say(f"{name} is a secret, or holds one, and is not written into any file.")
    if any(name.startswith("PROVENA_") for name in found.left_out):
        say("Log in with 'provena-mcp login' instead.")
    return this_server(sample=sample, environment=found.environment)


def list_assistants(machine: Machine, *, assistants: Sequence[Assistant] = ASSISTANTS) -> Table:
    """A table of all assistants: whether they are here, whether they have the server, and where."""
    table = Table("client", "assistant", "here", "provena", box=None, header_style="dim")
    table.add_column("settings", overflow="fold")
    for assistant in assistants:
        installation = Installation(assistant, machine)
        place = installation.place
        shown = assistant.by_hand if place is None else _short(place, machine.home)
        here = "yes" if is_here(assistant, machine) else "" if place else "?"
        table.add_row(Text(assistant.name, style="bold"), assistant.title, here, _state(installation), shown)
    return table


def is_here(assistant: Assistant, machine: Machine) -> bool:
    """Whether the assistant seems to be on the machine: its command, its settings or their folder are."""
    place = assistant.file.place(machine)
    if assistant.program and machine.find(assistant.program):
        return True
    # The home folder itself is everybody's.
    return place is not None and (place.is_file() or (place.parent.is_dir() and place.parent != machine.home))


def print_list(machine: Machine) -> None:
    """Print the table."""
    Console().print(list_assistants(machine))


def _state(installation: Installation) -> str:
    try:
        entry = installation.entry()
    except FileRefusedError:
        return "unreadable"
    if entry is None:
        return ""
    server = server_of(entry)
    return "installed" if server is None or not server.is_sample else "sample"


def _short(path: Path, home: Path) -> str:
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)
