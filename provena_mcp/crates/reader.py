"""Reads recorded runs from any supported document; the format is recognised from the content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

from provena_mcp.crates.crate_reader import read_crate
from provena_mcp.crates.openlineage_reader import read_openlineage
from provena_mcp.crates.packed_crates import ReadBeside, open_zip, with_digests
from provena_mcp.crates.prov_reader import read_prov
from provena_mcp.crates.recorded_runs import RecordedRun, RecordedRuns
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.file_formats import NAMES, FileFormat, recognise

_READERS: Final[dict[FileFormat, Callable[[bytes, str], RecordedRuns]]] = {
    "ro_crate": read_crate,
    "json": read_crate,
    "openlineage": read_openlineage,
    "prov_json": read_prov,
}
_FILE: Final = {"id": True, "sha256": True, "other_digests": True, "size": True}
# Not all of it: what a later release reads besides must not make another run of one that is registered.
_TELLING: Final[dict[str, Any]] = {
    **dict.fromkeys(("id", "name", "command", "started", "ended", "exit_code", "parameters"), True),
    "inputs": {"__all__": _FILE},
    "outputs": {"__all__": _FILE},
    "software": {"__all__": {"version": True, "commit": True}},
}
_ADVICE: Final = "Give an RO-Crate (its folder, zip or metadata file), OpenLineage events or PROV-JSON."


def read_runs(content: bytes, name: str = "", beside: ReadBeside | None = None) -> RecordedRuns:
    """The runs that a document records.

    Args:
        content: A zip of a crate, a crate's metadata, OpenLineage events or PROV-JSON.
        name: Of the document, for people.
        beside: Reads the files beside a crate's metadata, to know them by their digests.

    Raises:
        ArgumentError: It is none of these, broken, or larger than is read.
    """
    if content.startswith(b"PK\x03\x04"):
        packed, metadata = open_zip(content)
        return with_digests(_with_stated_digests(read_crate(metadata, name)), packed.read)
    found = recognise(content)
    reader = _READERS.get(found) if found else None
    if reader is None:
        what = NAMES[found] if found else "no JSON"
        raise ArgumentError(f"This is {what}, in which no runs are recorded.", advice=_ADVICE)
    recorded = _with_stated_digests(reader(content, name))
    return with_digests(recorded, beside) if beside is not None else recorded


def _with_stated_digests(recorded: RecordedRuns) -> RecordedRuns:
    runs = (run.model_copy(update={"stated_digest": _stated_digest(run)}) for run in recorded.runs)
    return recorded.model_copy(update={"runs": tuple(runs)})


def _stated_digest(run: RecordedRun) -> str:
    """A digest of the run alone: a document to which others are added still tells of the same one."""
    stated = json.dumps(run.model_dump(mode="json", include=_TELLING), sort_keys=True)
    return hashlib.sha256(stated.encode()).hexdigest()
