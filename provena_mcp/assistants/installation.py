"""Our entry in an assistant: what is there, put it there, take it away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from provena_mcp.assistants.assistant import Assistant, OwnCommand
from provena_mcp.assistants.editors.edits import (
    UneditableError,
    changed,
    decoded,
    entry_in,
    refused,
)
from provena_mcp.assistants.editors.syntaxes import editor_of
from provena_mcp.assistants.files import Files
from provena_mcp.assistants.machine import Machine
from provena_mcp.assistants.servers import NAME, LocalServer, Server
from provena_mcp.errors import FileRefusedError, OperatorError
from provena_mcp.wire.items import JsonObject

Done = Literal["written", "removed", "unchanged", "by hand"]

_COMMAND_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class InstallOutcome:
    """What came of it, and where: the file, or the own command; ``backup`` holds what was there."""

    done: Done
    place: str
    backup: Path | None = None


@dataclass(frozen=True)
class Installation:
    """Our entry in ``assistant``, for its user or for the project of ``machine``."""

    assistant: Assistant
    machine: Machine
    project: bool = False
    files: Files = field(default_factory=Files)

    @property
    def place(self) -> Path | None:
        """The file in which the entry is or would be; none where only the assistant knows."""
        return self.assistant.file.place(self.machine, project=self.project)

    def snippet(self, server: Server) -> str:
        """What a person would paste: the whole file, if it held nothing else."""
        file = self.assistant.file
        return editor_of(file.syntax).put("", file.at(), file.shape(server))

    def servers(self) -> JsonObject:
        """All entries of the file, by name.

        Raises:
            FileRefusedError: The file cannot be read or understood.
        """
        if self.place is None:
            return {}
        try:
            text, _ = decoded(self.files.read(self.place))
            content = editor_of(self.assistant.file.syntax).read(text)
        except UneditableError as error:
            raise refused(self.place, error) from error
        return entry_in(content, self.assistant.file.key) or {}

    def entry(self) -> JsonObject | None:
        """Our entry; none if there is none. Raises as ``servers``."""
        return entry_in(self.servers(), (NAME,))

    async def put(self, server: Server) -> InstallOutcome:
        """Write the entry; fields in it that are not ours stay.

        Raises:
            FileRefusedError: The file may not be written or is broken; it is untouched.
            OperatorError: The assistant's own command failed; an earlier entry is there still.
        """
        if self.place is None:
            return InstallOutcome("by hand", self.assistant.by_hand)
        wanted = self._merged(self.assistant.file.shape(server))
        if wanted == self.entry():
            return InstallOutcome("unchanged", str(self.place))
        if own := self._own_command():
            return await self._put_by_command(*own, self.place, wanted)
        return await self._change(self.place, wanted, "written")

    async def take(self) -> InstallOutcome:
        """Remove the entry. Raises as ``put``."""
        if self.place is None:
            return InstallOutcome("by hand", self.assistant.by_hand)
        if NAME not in self.servers():
            return InstallOutcome("unchanged", str(self.place))
        if own := self._own_command():
            program, command = own
            backup = self.files.keep(self.place)
            await _run(program, command.remove)
            return InstallOutcome("removed", f"{command.program} {' '.join(command.remove)}", backup)
        return await self._change(self.place, None, "removed")

    def _merged(self, entry: JsonObject) -> JsonObject:
        ours = self.assistant.file.fields()
        kept = {name: value for name, value in (self.entry() or {}).items() if name not in ours}
        return entry | kept

    def _own_command(self) -> tuple[str, OwnCommand] | None:
        command = self.assistant.command
        program = self.machine.find(command.program) if command and not self.project else None
        # What Windows runs through its shell would read the quotes of JSON in its own way.
        if not program or program.lower().endswith((".cmd", ".bat")):
            return None
        return (program, command) if command else None

    async def _put_by_command(
        self, program: str, command: OwnCommand, place: Path, entry: JsonObject
    ) -> InstallOutcome:
        earlier = self.entry()
        backup = self.files.keep(place)
        try:
            if NAME in self.servers():
                await _run(program, command.remove)
            await _run(program, command.adding(entry))
            if self.entry() != entry:
                raise OperatorError(
                    f"{command.program} said that it added the server, but {str(place)!r} does not have it.",
                    advice="Add it with 'provena-mcp install --print' and by hand.",
                )
        except (OperatorError, asyncio.CancelledError) as error:
            is_back = await self._put_back(place, earlier)
            if isinstance(error, OperatorError):
                error.advice = " ".join(filter(None, (error.advice, _what_is_left(is_back, backup))))
            raise
        return InstallOutcome("written", f"{command.program} mcp, which keeps it in {place}", backup)

    async def _put_back(self, place: Path, earlier: JsonObject | None) -> bool:
        """Write the entry that a command took away and did not replace; false where that cannot be."""
        try:
            if earlier is not None and self.entry() != earlier:
                await self._change(place, earlier, "written")
        except FileRefusedError:
            return False
        return True

    async def _change(self, place: Path, entry: JsonObject | None, done: Done) -> InstallOutcome:
        change = await self.files.change(place, self._edit(place, entry))
        return InstallOutcome(done if change.changed else "unchanged", str(place), change.backup)

    def _edit(self, place: Path, entry: JsonObject | None) -> Callable[[bytes], bytes]:
        file = self.assistant.file

        def edit(content: bytes) -> bytes:
            try:
                text, encoded = decoded(content)
                return encoded(changed(editor_of(file.syntax), text, file.at(), entry))
            except UneditableError as error:
                raise refused(place, error) from error

        return edit


def _what_is_left(is_back: bool, backup: Path | None) -> str:
    if backup is None:
        return ""
    left = "" if is_back else "The earlier entry could not be put back. "
    return f"{left}The file as it was: {backup}"


async def _run(program: str, arguments: tuple[str, ...]) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        raise OperatorError(f"{program} cannot be started: {error.strerror}.") from error
    try:
        async with asyncio.timeout(_COMMAND_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise OperatorError(f"{program} did not end within a minute.") from None
    if process.returncode:
        raise OperatorError(
            f"{program} {' '.join(arguments[:2])} failed with exit code {process.returncode}.",
            advice="Run it yourself, or add the entry by hand.",
            upstream=said.decode(errors="replace")[:500],
        )


def server_of(entry: JsonObject) -> LocalServer | None:
    """The process that an entry starts, read back out of any shape; none if it starts none."""
    command = entry.get("command", entry.get("cmd"))
    arguments = entry.get("args", [])
    if isinstance(command, list):
        command, *arguments = command or [""]
    environment = entry.get("env", entry.get("environment", entry.get("envs", {})))
    if not isinstance(command, str) or not isinstance(arguments, list) or not isinstance(environment, dict):
        return None
    return LocalServer(
        command, tuple(map(str, arguments)), {key: str(value) for key, value in environment.items()}
    )
