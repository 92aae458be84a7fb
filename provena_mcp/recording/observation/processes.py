"""What is known of a run's processes: which of them could not be seen into, and which outlive it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provena_mcp.recording.observation.python_events import PythonEvents

# Modules whose own libraries open files, past Python.
_OPEN_BY_THEMSELVES: Final = frozenset(
    {
        *(
            "h5py",
            "netCDF4",
            "tables",
            "osgeo",
            "rasterio",
            "fiona",
            "pyogrio",
            "pyproj",
            "cfgrib",
            "eccodes",
        ),
        *("pyarrow", "polars", "duckdb", "cv2", "torch", "tensorflow", "ctypes", "cffi", "rpy2", "vtk"),
    }
)
_SHOWN: Final = 5


def remarks(told: PythonEvents, *, traced: bool) -> Iterator[str]:
    """What the levels that were on could not see, a sentence each."""
    if traced:
        return
    if not told.processes:
        yield (
            "No Python program told of its files: what was read, or written outside of the watched folders, "
            "is known as far as it was declared."
        )
        return
    blind = sorted(told.imported & _OPEN_BY_THEMSELVES)
    if blind:
        yield f"{_some(blind)} can open files past Python's audit events: files it read may be missing."
    programs = sorted({os.path.basename(program.partition(" ")[0]) for program in told.started})
    others = [program for program in programs if not program.startswith("python")]
    if others:
        yield (
            f"Programs that are not Python were started ({_some(others)}): what they read, or wrote outside "
            "of the watched folders, was not seen."
        )


def still_running(name: str, value: str) -> int:
    """How many processes have the variable ``name=…`` with ``value`` in it, strace left out; Linux only."""
    wanted, held = name.encode(), os.fsencode(value)
    return sum(
        any(entry.startswith(wanted) and held in entry for entry in environment.split(b"\0"))
        for environment in _environments()
    )


def _environments() -> Iterator[bytes]:
    if not os.path.isdir("/proc/self"):
        return
    for process in os.listdir("/proc"):
        if process.isdigit() and int(process) != os.getpid():
            folder = Path("/proc", process)
            try:
                if (folder / "comm").read_text("utf-8", "replace").strip() != "strace":
                    yield (folder / "environ").read_bytes()
            except OSError:
                continue


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
