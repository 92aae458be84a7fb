"""Level ``python``: what the audit events of Python programs told of the files they opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provena_mcp.recording.observation.accesses import Accesses, FileState

EVENTS: Final = "PROVENA_EVENTS"
INJECTED: Final = Path(__file__).with_name("injected")
_END: Final = b"\0\n"


@dataclass(frozen=True, slots=True)
class PythonProcess:
    """An interpreter that told of itself, with where its packages lie."""

    executable: str
    version: str
    prefixes: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(slots=True)
class PythonEvents:
    """What all processes told: the files, the interpreters, the modules imported, the programs started."""

    accesses: Accesses = field(default_factory=Accesses)
    processes: list[PythonProcess] = field(default_factory=list[PythonProcess])
    imported: set[str] = field(default_factory=set[str])
    started: set[str] = field(default_factory=set[str])


def environment_that_tells(environment: dict[str, str], events: str) -> dict[str, str]:
    """``environment`` with which Python programs write what they open into the folder ``events``."""
    paths = [str(INJECTED), *filter(None, [environment.get("PYTHONPATH")])]
    folders = [*filter(None, [environment.get(EVENTS)]), events]
    return environment | {"PYTHONPATH": os.pathsep.join(paths), EVENTS: os.pathsep.join(folders)}


def read_events(folder: str) -> PythonEvents:
    """What was written into ``folder``, in the order in which it happened; half a record is left out."""
    told = PythonEvents()
    for _, kind, fields in sorted(_records(folder)):
        _tell(told, kind, fields)
    return told


def _records(folder: str) -> Iterator[tuple[int, bytes, list[bytes]]]:
    for file in Path(folder).iterdir():
        whole, _, _ = file.read_bytes().rpartition(_END)
        for record in whole.split(_END):
            kind, _, rest = record.partition(b"\0")
            when, *fields = rest.split(b"\0")
            if fields and when.isdigit():
                yield int(when), kind, fields


def _tell(told: PythonEvents, kind: bytes, fields: list[bytes]) -> None:
    match kind, fields:
        case ((b"R" | b"W" | b"B"), [state, path]):
            before = _state(state)
            if kind != b"W" and before is not None:
                told.accesses.read(os.fsdecode(path), before, known=True)
            if kind != b"R":
                told.accesses.written(os.fsdecode(path), before, known=True)
        case b"M", [old, new]:
            told.accesses.renamed(os.fsdecode(old), os.fsdecode(new))
        case b"D", [path]:
            told.accesses.removed(os.fsdecode(path))
        case b"I", [module]:
            told.imported.add(module.decode("utf-8", "replace"))
        case b"X", [program]:
            told.started.add(os.fsdecode(program))
        case b"P", [executable, version, prefix, base_prefix, *path]:
            told.processes.append(
                PythonProcess(
                    os.fsdecode(executable),
                    version.decode("utf-8", "replace").partition(" ")[0],
                    tuple({os.fsdecode(prefix): 0, os.fsdecode(base_prefix): 0}),
                    tuple(os.fsdecode(entry) for entry in path),
                )
            )
        case _:
            return


def _state(text: bytes) -> FileState | None:
    parts = text.split(b":")
    return FileState(*map(int, parts)) if len(parts) == 4 else None
