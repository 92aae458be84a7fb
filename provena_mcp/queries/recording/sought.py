"""What is asked about a file: its path on this machine or its SHA-256, and the captures that may know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from anyio import to_thread

from provena_mcp.errors import ArgumentError
from provena_mcp.queries.recording.recordings import Recordings
from provena_mcp.recording.hashes import content_of
from provena_mcp.recording.index import CaptureIndex, read_index
from provena_mcp.rules.records.annotations import is_sha256

_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class Sought:
    """A file asked about.

    Attributes:
        given: As it was asked for.
        path: Its real path, if it was given by path.
        sha256: Of what it holds now; none if that cannot be told.
        size: In bytes.
        problem: Why there is no hash, or why it cannot be told whether the file still is the same.
        changed: Whether it is known to be another now than what is asked about.
    """

    given: str
    path: str | None = None
    sha256: str | None = None
    size: int | None = None
    problem: str | None = None
    changed: bool = False

    @property
    def name(self) -> str:
        """Its name without folders; empty if it was asked for by hash."""
        return Path(self.path).name if self.path else ""


async def seek(given: Sequence[str], recordings: Recordings | None, parameter: str) -> tuple[Sought, ...]:
    """What is asked about, files hashed; a path needs a server on the same machine.

    Raises:
        ArgumentError: Nothing is given, or a path to a server that others use too.
        FileRefusedError: A file is not there, or may not be read.
    """
    if not given:
        raise ArgumentError("No file is given.", parameter=parameter, advice="Give a path or a SHA-256.")
    return tuple([await _sought(each.strip(), recordings, parameter) for each in given])


async def index_for(sought: Iterable[Sought], recordings: Recordings | None) -> CaptureIndex:
    """The captures that may know of what is asked."""
    if recordings is None:
        return CaptureIndex((), 0)
    folders = recordings.folders(each.path for each in sought if each.path)
    return await to_thread.run_sync(read_index, folders)


async def _sought(given: str, recordings: Recordings | None, parameter: str) -> Sought:
    digest = given.lower().removeprefix(_PREFIX)
    if is_sha256(digest):
        return Sought(given, sha256=digest)
    if recordings is None:
        raise ArgumentError(
            f"{given[:80]!r} is not a SHA-256.",
            parameter=parameter,
            advice="This server cannot see your files: give the file's SHA-256 in hex.",
        )
    path = await to_thread.run_sync(recordings.files.find, given)
    return await _hashed(given, str(path))


async def _hashed(given: str, path: str) -> Sought:
    """The file at ``path``, a real one, as it is now; hashing stops when the call is given up."""
    stopped = Event()

    def go_on(_: str, __: int, ___: int) -> None:
        if stopped.is_set():
            raise InterruptedError(path)

    try:
        content = await to_thread.run_sync(lambda: content_of(path, progress=go_on), abandon_on_cancel=True)
    finally:
        stopped.set()
    return Sought(given, path, content.sha256, content.size, content.problem)
