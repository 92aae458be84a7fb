"""The server as a process at the other end of a pipe, spoken to line by line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from tests.worlds.sample import stdio_server

Era = Literal["modern", "legacy"]

_ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "probe", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_HELLO = {
    "capabilities": {},
    "clientInfo": {"name": "probe", "version": "1"},
}


class Conversation:
    """Sends lines; every answer is one line. ``greeting`` is that of the era with a handshake."""

    def __init__(self, process: subprocess.Popen[bytes], era: Era) -> None:
        self.process = process
        self.greeting: dict[str, Any] = {}
        self._era = era

    def send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def next_answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, method: str, params: dict[str, Any] | None = None, number: int = 1) -> dict[str, Any]:
        """The answer to a request, in the envelope of the era."""
        if self._era == "modern":
            params = {**(params or {}), "_meta": _ENVELOPE}
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self.send(json.dumps({name: value for name, value in request.items() if value is not None}).encode())
        return self.next_answer()


@contextmanager
def conversation(
    folder: Path, era: Era = "legacy", *, revision: str = "2025-11-25", **variables: str
) -> Iterator[Conversation]:
    """A server that has been greeted, and what it wrote to stderr in ``folder / "stderr"``.

    ``revision`` is that of the protocol before its new era; ``variables`` are added to the environment.
    """
    server = stdio_server(folder)
    with (
        (folder / "stderr").open("wb") as log,
        subprocess.Popen(
            [server.command, *server.args],
            env={**(server.env or {}), **variables},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        ) as process,
    ):
        made = Conversation(process, era)
        if era == "legacy":
            made.greeting = made.ask("initialize", {**_HELLO, "protocolVersion": revision})
            made.send(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')
        yield made
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)
