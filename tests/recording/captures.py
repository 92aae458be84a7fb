"""Reads captures as the rest of the package does: through the reader of crates."""

from __future__ import annotations

from pathlib import Path

from provena_mcp.crates.crate_reader import read_crate
from provena_mcp.crates.recorded_runs import RecordedFile, RecordedRun
from provena_mcp.crates.terms import METADATA


def captures_in(folder: Path) -> list[Path]:
    """The folders of all captures of a project, earliest first."""
    return sorted(path.parent for path in folder.glob(f".provena/captures/*/{METADATA}"))


def only_run(folder: Path) -> RecordedRun:
    """The run in a project's one capture."""
    (capture,) = captures_in(folder)
    (run,) = read_crate((capture / METADATA).read_bytes()).runs
    return run


def named(files: tuple[RecordedFile, ...]) -> dict[str, str | None]:
    """Hash by name."""
    return {file.name: file.sha256 for file in files}
