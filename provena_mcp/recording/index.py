"""Which capture read or wrote a file, by its hash or its path: an index beside the captures.

The captures are what counts. The index is a file that spares reading them all again: whoever asks brings it
up to date first, and one that is damaged, gone or cannot be written costs time and nothing else. Capturing
does not touch it, so that runs that are captured at once never wait for each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote_to_bytes

from provena_mcp.crates.terms import METADATA
from provena_mcp.errors import FileRefusedError
from provena_mcp.recording.capture_folder import read_capture, registered_run, replace_file, stored_names
from provena_mcp.recording.captured import FileRole
from provena_mcp.recording.crate import Document

_FILE: Final = ".index.json"
_FORMAT: Final = 1
_EARLIER: Final = "before-the-run"


@dataclass(frozen=True, slots=True)
class KnownCapture:
    """A capture in few words.

    Attributes:
        folder: Where it lies.
        started: ISO 8601, UTC.
        status: ``completed``, ``failed`` or ``unfinished``.
        as_written: Whether nobody edited it.
    """

    folder: Path
    title: str
    started: str
    status: str
    as_written: bool

    @property
    def name(self) -> str:
        """Its name, which no other has."""
        return self.folder.name

    def run_id(self) -> str | None:
        """The handle of the registered run that it became, if it has."""
        return registered_run(self.folder)


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file of a capture; ``earlier`` if that is what it held before the run changed it."""

    capture: KnownCapture
    role: FileRole
    path: str
    sha256: str | None
    earlier: bool = False


class CaptureIndex:
    """The files of all captures of some folders, the newest capture first."""

    def __init__(self, files: Iterable[IndexedFile], captures: int) -> None:
        """An index of ``files`` out of so many ``captures``."""
        self.files = tuple(files)
        self.captures = captures

    def with_hash(self, sha256: str) -> tuple[IndexedFile, ...]:
        """Where a file of this content was read or written."""
        return tuple(file for file in self.files if file.sha256 == sha256)

    def at_path(self, path: str) -> tuple[IndexedFile, ...]:
        """What is known of a path; real paths only."""
        return tuple(file for file in self.files if file.path == path)


def read_index(folders: Iterable[Path]) -> CaptureIndex:
    """The index of the captures in ``folders``, brought up to date; what cannot be read is left out."""
    files: list[IndexedFile] = []
    captures = 0
    for folder in dict.fromkeys(folders):
        entries = _up_to_date(folder)
        captures += len(entries)
        files.extend(file for name, entry in entries.items() for file in _files(folder / name, entry))
    return CaptureIndex(sorted(files, key=lambda file: file.capture.started, reverse=True), captures)


_Entry = dict[str, Any]


def _up_to_date(folder: Path) -> dict[str, _Entry]:
    kept = _kept(folder / _FILE)
    entries: dict[str, _Entry] = {}
    for name in stored_names(folder):
        stamp = _stamp(folder / name / METADATA)
        known = kept.get(name)
        if known is not None and known.get("stamp") == stamp:
            entries[name] = known
        elif (entry := _entry(folder / name)) is not None:
            entries[name] = entry | {"stamp": stamp}
    if entries != kept:
        _keep(folder / _FILE, entries)
    return entries


def _kept(file: Path) -> dict[str, _Entry]:
    try:
        stored = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(stored, dict):
        return {}
    stored = cast("dict[str, Any]", stored)
    captures = stored.get("captures")
    if stored.get("format") != _FORMAT or not isinstance(captures, dict):
        return {}
    named = cast("dict[str, object]", captures)
    return {name: cast("_Entry", entry) for name, entry in named.items() if isinstance(entry, dict)}


def _keep(file: Path, entries: Mapping[str, _Entry]) -> None:
    try:
        replace_file(file, json.dumps({"format": _FORMAT, "captures": entries}))
    except OSError:
        # Somebody else's captures may be read only: they are read again next time.
        return


def _stamp(file: Path) -> list[int]:
    try:
        found = file.stat()
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_size, found.st_ino]


def _entry(capture: Path) -> _Entry | None:
    """What the index keeps of a capture; none of what is not one that can be read."""
    try:
        stored = read_capture(capture)
    except FileRefusedError:
        return None
    entities = _entities(stored.document)
    run = next((entity for entity in entities.values() if entity.get("@type") == "CreateAction"), None)
    if run is None:
        return None
    roles: dict[str, FileRole] = dict.fromkeys(_linked(run, "object"), "input")
    roles |= dict.fromkeys(_linked(run, "result"), "output")
    return {
        "title": str(run.get("name", "")),
        "started": str(run.get("startTime", "")),
        "status": _status(run),
        "as_written": stored.as_written,
        "files": [
            [roles.get(key, "code"), key, entity.get("sha256")]
            for key, entity in entities.items()
            if key.startswith("file:") and "File" in str(entity.get("@type"))
        ],
    }


def _entities(document: Document) -> dict[str, _Entry]:
    graph = document.get("@graph")
    if not isinstance(graph, list):
        return {}
    entities = [cast("_Entry", entity) for entity in cast("list[object]", graph) if isinstance(entity, dict)]
    return {str(entity.get("@id")): entity for entity in entities}


def _linked(entity: _Entry, key: str) -> Iterable[str]:
    linked = entity.get(key)
    if isinstance(linked, list):
        for link in cast("list[object]", linked):
            if isinstance(link, dict):
                yield str(cast("_Entry", link).get("@id"))


def _status(run: _Entry) -> str:
    status = str(run.get("actionStatus"))
    words = {"CompletedActionStatus": "completed", "FailedActionStatus": "failed"}
    return next((word for term, word in words.items() if term in status), "unfinished")


def _files(folder: Path, entry: _Entry) -> Iterable[IndexedFile]:
    title, started, status = (str(entry.get(key, "")) for key in ("title", "started", "status"))
    capture = KnownCapture(folder, title, started, status, entry.get("as_written") is True)
    for role, address, sha256 in cast("list[tuple[FileRole, str, str | None]]", entry.get("files", [])):
        place, _, fragment = address.partition("#")
        path = unquote_to_bytes(place.removeprefix("file://")).decode("utf-8", "surrogateescape")
        yield IndexedFile(capture, role, path, sha256, fragment == _EARLIER)
