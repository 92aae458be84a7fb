"""Says what a file is: which captures and registered runs read or wrote it, and whether it has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import Field

from provena_mcp.errors import ProvenaError
from provena_mcp.queries.items.briefs.models import Brief, Ref
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.recording.known_files import (
    DatasetState,
    KnownFile,
    KnownFiles,
    dataset_states,
    looked_through,
    read_known_files,
)
from provena_mcp.queries.recording.recordings import Recordings
from provena_mcp.queries.recording.sought import Sought, index_for, seek
from provena_mcp.recording.index import CaptureIndex, IndexedFile
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.records.annotations import FileRole
from provena_mcp.rules.text import clean

_SHOWN: Final = 10
_WAS: Final = {"input": "read", "output": "written", "code": "run"}


class CapturedUse(Brief):
    """A captured run that had this very file."""

    capture: str = Field(description="Name of the capture.")
    was: str = Field(description="read, written or run.")
    path: str
    run: str = Field(description="What the run is called.")
    started: str = Field(description="UTC.")
    status: str
    registered_as: str | None = Field(default=None, description="Handle of the registered run.")
    edited: bool | None = Field(default=None, description="The capture was changed by hand since.")


class RegisteredUse(Brief):
    """A registered run that keeps this hash."""

    run: Ref
    role: FileRole
    file_name: str
    dataset: DatasetState | None = Field(default=None, description="Where the run says the file is.")


class IdentifyFileResult(Brief):
    """What is known of a file."""

    file: str
    sha256: str | None = None
    size: int | None = Field(default=None, description="Bytes.")
    known: bool = Field(description="A capture or a registered run has this very content.")
    captures: tuple[CapturedUse, ...] = Field(default=(), description="Newest first.")
    registered: tuple[RegisteredUse, ...] = ()
    more: int | None = Field(default=None, description="Uses not shown.")
    changed: str | None = Field(default=None, description="What this path held when it was seen last.")
    same_name: tuple[RegisteredUse, ...] | None = Field(
        default=None, description="Registered files of this name and other content: a hint only."
    )
    looked_through: str
    complete: bool = Field(description="Whether all registered runs were looked at.")
    note: str | None = None


async def identify_file(reader: Reader, recordings: Recordings | None, given: str) -> IdentifyFileResult:
    """What is known of the file at a path, or of any file with a SHA-256.

    A registry that cannot be asked is said; captures are told all the same.

    Raises:
        ArgumentError: A path, where the server does not run on the caller's machine.
        FileRefusedError: The file is not there, or may not be read.
    """
    (sought,) = await seek([given], recordings, "file")
    index = await index_for([sought], recordings)
    note = f"No hash: {sought.problem}." if sought.problem else None
    known, problem = await _known(reader, sought)
    return await _result(reader, sought, index, known, problem or note)


async def _known(reader: Reader, sought: Sought) -> tuple[KnownFiles, str | None]:
    try:
        return await read_known_files(reader, {sought.sha256} if sought.sha256 else ()), None
    except ProvenaError as error:
        return KnownFiles(), f"The registry could not be asked: {error.message}"


async def _result(
    reader: Reader, sought: Sought, index: CaptureIndex, known: KnownFiles, note: str | None
) -> IdentifyFileResult:
    captured = index.with_hash(sought.sha256) if sought.sha256 else ()
    registered = known.by_hash.get(sought.sha256 or "", ())
    alike = () if registered else known.by_name.get(sought.name, ())
    shown = (*registered[:_SHOWN], *alike[:_SHOWN])
    states = await dataset_states(reader, [each.dataset_id for each in shown if each.dataset_id])
    uses = [_registered(each, states) for each in shown]
    count = min(len(registered), _SHOWN)
    return IdentifyFileResult(
        file=sought.given,
        sha256=sought.sha256,
        size=sought.size,
        known=bool(captured or registered),
        captures=tuple(map(_captured, captured[:_SHOWN])),
        registered=tuple(uses[:count]),
        more=max(0, len(captured) - _SHOWN) + max(0, len(registered) - _SHOWN) or None,
        changed=changed_since(sought, index),
        same_name=tuple(uses[count:]) or None,
        looked_through=looked_through(index.captures, known),
        complete=known.complete,
        note=note,
    )


def changed_since(sought: Sought, index: CaptureIndex) -> str | None:
    """What a path held when a capture saw it last, if that is not what it holds now."""
    seen = _last_seen(index.at_path(sought.path)) if sought.path else None
    if seen is None or seen.sha256 == sought.sha256:
        return None
    now = "its content now is not known" if sought.sha256 is None else "it holds something else now"
    return (
        f"When {seen.capture.name} had {_WAS[seen.role]} it ({seen.capture.started}), it was "
        f"sha256 {seen.sha256}; {now}."
    )


def _last_seen(files: Sequence[IndexedFile]) -> IndexedFile | None:
    """How a path was left by the last capture that knows its content."""
    known = [file for file in files if file.sha256 and not file.earlier]
    # Of one capture, what was written comes after what was read.
    newest = [file for file in known if file.capture.folder == known[0].capture.folder]
    return next((file for file in newest if file.role == "output"), newest[0] if newest else None)


def _captured(file: IndexedFile) -> CapturedUse:
    return CapturedUse(
        capture=file.capture.name,
        was=_WAS[file.role],
        path=clean(file.path, 4_096),
        run=clean(file.capture.title, NAME_LENGTH),
        started=file.capture.started,
        status=file.capture.status,
        registered_as=file.capture.run_id(),
        edited=None if file.capture.as_written else True,
    )


def _registered(known: KnownFile, states: dict[str, DatasetState]) -> RegisteredUse:
    return RegisteredUse(
        run=Ref(id=known.run.id, name=clean(known.run.display_name or "", NAME_LENGTH) or None),
        role=known.file.role,
        file_name=clean(known.file.name, NAME_LENGTH),
        dataset=states.get(known.dataset_id or ""),
    )
