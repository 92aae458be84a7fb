"""Crates with their files: reads the metadata from a zip, and hashes the files that lie beside it.

Nothing is unpacked to disk. Every read ends at a limit, whatever a zip's own headers promise, and only files
that the metadata names are read.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from provena_mcp.crates.json_ld import MOST_BYTES
from provena_mcp.crates.recorded_runs import RecordedFile, RecordedRun, RecordedRuns
from provena_mcp.crates.terms import METADATA, METADATA_1_0
from provena_mcp.errors import ArgumentError

MOST_HASHED: Final = 256 * 1024 * 1024
"""Bytes of content that are hashed for one crate."""

ReadBeside = Callable[[str, int], bytes | None]
"""The file at a path inside the document's folder, of at most so many bytes; None where it cannot be had."""

_MOST_MEMBERS: Final = 100_000
# What zipfile raises of content that is damaged, encrypted, or packed in a way it does not know.
_BROKEN: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    zlib.error,
)


@dataclass(frozen=True)
class PackedCrate:
    """A zip that holds a crate, in its root or in one folder."""

    archive: zipfile.ZipFile
    folder: str

    def read(self, path: str, most_bytes: int) -> bytes | None:
        """The member at ``path`` of the crate; None where it is missing, broken or larger."""
        try:
            with self.archive.open(self.folder + path) as member:
                content = member.read(most_bytes + 1)
        except (KeyError, *_BROKEN):
            return None
        return content if len(content) <= most_bytes else None


def open_zip(content: bytes) -> tuple[PackedCrate, bytes]:
    """The crate in a zip, and its metadata.

    Raises:
        ArgumentError: It is no zip, holds no crate or several, or its metadata is larger than is read.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        names = archive.namelist()
    except _BROKEN:
        raise ArgumentError("This zip is broken: it cannot be opened.", advice="Pack it again.") from None
    if len(names) > _MOST_MEMBERS:
        raise ArgumentError(
            f"The zip has {len(names):,} members; the most that are read are {_MOST_MEMBERS:,}.",
            advice="Give its ro-crate-metadata.json alone.",
        )
    found = sorted(filter(_is_metadata, names), key=lambda name: name.count("/"))
    if not found or (len(found) > 1 and found[0].count("/") == found[1].count("/") > 0):
        raise ArgumentError(
            f"The zip holds {'several crates' if found else f'no {METADATA}'}.",
            advice="Give a zip of one crate.",
        )
    packed = PackedCrate(archive, found[0].rpartition("/")[0] + "/" if "/" in found[0] else "")
    metadata = packed.read(found[0].rpartition("/")[2], MOST_BYTES)
    if metadata is None:
        raise ArgumentError(
            f"{found[0][:100]!r} in the zip is broken, encrypted or larger than {MOST_BYTES:,} bytes.",
            advice="Give its ro-crate-metadata.json alone.",
        )
    return packed, metadata


def _is_metadata(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last in (METADATA, METADATA_1_0) or last.endswith(f"-{METADATA}")


def with_digests(recorded: RecordedRuns, read: ReadBeside) -> RecordedRuns:
    """``recorded`` with the SHA-256 of the files that lie beside the metadata, as far as the limit goes.

    A file that is not the one that was recorded keeps the recorded digest, and its runs say so.
    """
    found = dict(_hashed(recorded, read))
    return recorded.model_copy(update={"runs": tuple(_digested(run, found) for run in recorded.runs)})


def _hashed(recorded: RecordedRuns, read: ReadBeside) -> Iterator[tuple[str, str]]:
    left = MOST_HASHED
    files = {file.path: file for run in recorded.runs for file in (*run.inputs, *run.outputs) if file.path}
    for path, file in files.items():
        content = None if file.is_folder or (file.size or 0) > left else read(path, left)
        if content is not None:
            left -= len(content)
            yield path, hashlib.sha256(content).hexdigest()


def _digested(run: RecordedRun, found: dict[str, str]) -> RecordedRun:
    changed = {
        f"The file {file.path!r} beside the metadata is not the one that was recorded: its digest differs."
        for file in (*run.inputs, *run.outputs)
        if file.path in found and file.sha256 not in (None, found[file.path])
    }
    return run.model_copy(
        update={
            "inputs": tuple(_with_digest(file, found) for file in run.inputs),
            "outputs": tuple(_with_digest(file, found) for file in run.outputs),
            "doubts": (*run.doubts, *sorted(changed)),
        }
    )


def _with_digest(file: RecordedFile, found: dict[str, str]) -> RecordedFile:
    if file.sha256 is not None or file.path not in found:
        return file
    return file.model_copy(update={"sha256": found[file.path]})
