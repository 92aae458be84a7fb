"""Whatever somebody recorded of runs -> recorded runs: the format is told from the content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from provena_mcp.crates.crate_reader import read_crate
from provena_mcp.crates.openlineage_reader import read_openlineage
from provena_mcp.crates.packed_crates import ReadBeside, open_zip, with_digests
from provena_mcp.crates.prov_reader import read_prov
from provena_mcp.crates.recorded_runs import RecordedRuns
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.file_formats import NAMES, FileFormat, recognise

_READERS: Final[dict[FileFormat, Callable[[bytes, str], RecordedRuns]]] = {
    "ro_crate": read_crate,
    "json": read_crate,
    "openlineage": read_openlineage,
    "prov_json": read_prov,
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
        return with_digests(read_crate(metadata, name), packed.read)
    found = recognise(content)
    reader = _READERS.get(found) if found else None
    if reader is None:
        what = NAMES[found] if found else "no JSON"
        raise ArgumentError(f"This is {what}, in which no runs are recorded.", advice=_ADVICE)
    recorded = reader(content, name)
    return with_digests(recorded, beside) if beside is not None else recorded
