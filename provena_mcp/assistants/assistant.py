"""What there is to know of one assistant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from provena_mcp.assistants.entries import Shape
from provena_mcp.assistants.machine import Machine
from provena_mcp.assistants.servers import NAME, LocalServer, RemoteServer, Server
from provena_mcp.wire.items import JsonObject

Syntax = Literal["json", "toml", "yaml"]

# What an entry of ours may hold in some shape or other: with these apart, what is in an entry is the user's.
_SAMPLES: Final = (LocalServer("x", ("x",), {"X": "x"}), RemoteServer("x"))


@dataclass(frozen=True)
class SettingsFile:
    """The file in which an assistant keeps its servers.

    Attributes:
        syntax: How it is written; ``json`` may have comments and commas at the end.
        key: Where in it the servers are, by name.
        shape: How an entry looks.
        user: Where it may be, as templates of ``Machine.place``, the usual one first.
        project: Where one project's is; none where there is no such.
    """

    syntax: Syntax
    key: tuple[str, ...]
    shape: Shape
    user: tuple[str, ...] = ()
    project: str | None = None

    def place(self, machine: Machine, *, project: bool = False) -> Path | None:
        """The file to use: the first that is there, else the first whose folder is; none if there is none."""
        templates = (self.project,) if project else self.user
        paths = [path for one in templates if one and (path := machine.place(one))]
        there = next((path for path in paths if path.exists()), None)
        return there or next((path for path in paths if path.parent.is_dir()), paths[0] if paths else None)

    def at(self, name: str = NAME) -> tuple[str, ...]:
        """Where in the file the entry ``name`` is."""
        return (*self.key, name)

    def fields(self) -> frozenset[str]:
        """The fields that an entry of ours may have."""
        return frozenset(field for server in _SAMPLES for field in self.shape(server))


@dataclass(frozen=True)
class OwnCommand:
    """The assistant's own command for its user's servers, which is better than to change the file under it.

    Attributes:
        program: Its name on the ``PATH``.
        add: The arguments that add an entry, from its JSON.
        remove: The arguments that remove the entry.
    """

    program: str
    add: Callable[[str], tuple[str, ...]]
    remove: tuple[str, ...]

    def adding(self, entry: JsonObject) -> tuple[str, ...]:
        """The arguments that add ``entry``."""
        return self.add(json.dumps(entry, ensure_ascii=False))


@dataclass(frozen=True)
class Assistant:
    """One assistant.

    Attributes:
        name: What it is called on our command line.
        title: What its makers call it.
        file: Where it keeps its servers; none if only it knows.
        program: What it is called on the ``PATH``, if it is there.
        command: Its own command, where it is better used.
        by_hand: How a person does it in the program.
        remote: Whether it reaches servers by address, as far as is known.
        local: Whether it starts servers.
        sure: Whether more than one source says so.
        tried: Which version was seen to do what; most were not tried.
        remark: What else is worth knowing.
    """

    name: str
    title: str
    file: SettingsFile
    by_hand: str
    program: str | None = None
    command: OwnCommand | None = None
    local: bool = True
    remote: bool = True
    sure: bool = True
    tried: str = ""
    remark: str = ""

    @property
    def has_file(self) -> bool:
        """Whether there is a file of the user's that we may change."""
        return bool(self.file.user)

    def takes(self, server: Server) -> bool:
        """Whether it can use ``server`` at all."""
        return self.local if isinstance(server, LocalServer) else self.remote
