"""Documents in which others recorded runs, read from this machine or from what was sent."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from provena_mcp.crates.json_ld import MOST_BYTES, as_map, parse_json
from provena_mcp.crates.reader import read_runs
from provena_mcp.crates.recorded_runs import RecordedRuns
from provena_mcp.crates.terms import METADATA, METADATA_1_0
from provena_mcp.errors import ArgumentError, FileRefusedError
from provena_mcp.queries.documents.user_files import InputFolders
from provena_mcp.queries.recording.recordings import Recordings
from provena_mcp.recording.capture_folder import has_capture, registered_run, stored_names
from provena_mcp.recording.crate import DIGEST, is_as_written

LAST: Final = "last"
"""Stands for the capture that was made last."""

_MOST_ZIP: Final = 512 * 1024 * 1024
_ZIP_IN_BASE64: Final = "UEsDB"
_EDITED: Final = "The capture was edited after it was written: its digest differs."
_NAMES_SHOWN: Final = 5


def captured_document(recordings: Recordings | None, name: str) -> RecordedRuns:
    """A capture by name, or the ``last``.

    Raises:
        ArgumentError: There is none of this name, or captures are not read here.
    """
    if recordings is None:
        raise ArgumentError(
            "This server cannot see your captures.",
            parameter="capture",
            advice="Give the text of its ro-crate-metadata.json as crate.",
        )
    (captures,) = recordings.folders(())
    chosen = name.strip()
    if chosen == LAST:
        chosen = next(iter(_newest(recordings, captures)), chosen)
    if has_capture(captures, chosen):
        return local_document(InputFolders((captures,)), str(captures / chosen))
    if recordings.samples is not None and has_capture(recordings.samples, chosen):
        document = local_document(InputFolders((recordings.samples,)), str(recordings.samples / chosen))
        # Nothing is noted beside what was shipped.
        return document.model_copy(update={"source": document.source.model_copy(update={"folder": None})})
    found = ", ".join(_newest(recordings, captures)[:_NAMES_SHOWN]) or "none"
    raise ArgumentError(
        f"There is no capture {name[:80]!r} in {str(captures)!r}.",
        parameter="capture",
        advice=f"The newest: {found}. provena-mcp record makes one of a command.",
    )


def _newest(recordings: Recordings, captures: Path) -> tuple[str, ...]:
    """The names of all captures, newest first; of the samples while there are no others."""
    own = tuple(stored_names(captures))
    samples = stored_names(recordings.samples) if recordings.samples is not None and not own else ()
    return tuple(reversed(own or tuple(samples)))


def documents_in(given: JsonValue) -> list[JsonValue]:
    """The documents that were given: one, a list of them, or a list that is one, of events."""
    if given is None:
        return []
    if isinstance(given, list) and not any(isinstance(each, dict) and "eventType" in each for each in given):
        return given
    return [given]


def given_document(recordings: Recordings | None, given: JsonValue) -> RecordedRuns:
    """A document by its content (JSON or its text, a zip in base64), or by its path in folders to be read.

    Raises:
        ArgumentError: It is no document that can be read.
        FileRefusedError: The path is not one that may be read.
    """
    text = given.strip() if isinstance(given, str) else json.dumps(given)
    if text.startswith(("{", "[")):
        return read_runs(text.encode())
    if text.startswith(_ZIP_IN_BASE64):
        try:
            return read_runs(base64.b64decode(text, validate=True))
        except binascii.Error:
            raise ArgumentError("The zip is not whole base64.", parameter="crate") from None
    if recordings is None:
        raise ArgumentError(
            "This server cannot see your files.",
            parameter="crate",
            advice="Give the text of the crate's ro-crate-metadata.json, or a zip of it in base64.",
        )
    return local_document(recordings.files, text)


def local_document(folders: InputFolders, path: str) -> RecordedRuns:
    """A crate's folder, a zip, a metadata file, events or PROV-JSON; errors as ``given_document``.

    A crate that this package captured says whether it was edited, and which registered run it has become.
    """
    place = folders.find(path)
    file = _metadata_in(place) if place.is_dir() else place
    content = folders.read(str(file), _MOST_ZIP if file.suffix == ".zip" else MOST_BYTES)
    is_crate = file.name.endswith((METADATA, METADATA_1_0))
    folder = file.parent

    def beside(relative: str, most_bytes: int) -> bytes | None:
        try:
            return folders.read(str(folder / relative), most_bytes)
        except FileRefusedError:
            return None

    name = folder.name if is_crate else file.stem
    recorded = read_runs(content, name, beside if is_crate else None)
    return _as_captured(recorded, content, folder) if is_crate else recorded


def _metadata_in(folder: Path) -> Path:
    for name in (METADATA, METADATA_1_0):
        if (folder / name).is_file():
            return folder / name
    found = sorted(folder.glob(f"*-{METADATA}"))
    if len(found) == 1:
        return found[0]
    raise ArgumentError(
        f"The folder {folder.name!r} holds no {METADATA}.",
        parameter="crate",
        advice="Give the folder of an RO-Crate, or a file of events or PROV-JSON.",
    )


def _as_captured(recorded: RecordedRuns, content: bytes, folder: Path) -> RecordedRuns:
    document = dict(as_map(parse_json(content)))
    if DIGEST.encode() not in content:
        return recorded
    doubts = () if is_as_written(document) else (_EDITED,)
    handle = registered_run(folder)
    return recorded.model_copy(
        update={
            "source": recorded.source.model_copy(update={"folder": str(folder)}),
            "runs": tuple(
                run.model_copy(update={"doubts": (*doubts, *run.doubts), "handle": run.handle or handle})
                for run in recorded.runs
            ),
        }
    )
