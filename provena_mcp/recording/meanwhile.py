"""Which other captures go on at the same time: what is seen by watching a folder may be their runs' doing.

While a capture goes on, its folder is locked. The system lets go of the lock when the process dies, so that a
capture that was killed is not taken for one that goes on.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from provena_mcp.crates.terms import METADATA
from provena_mcp.errors import FileRefusedError
from provena_mcp.file_lock import is_locked, lock, unlock
from provena_mcp.recording.capture_folder import read_capture, stored_names
from provena_mcp.recording.captured import Capture
from provena_mcp.recording.crate import WORKING_FOLDER

_SHOWN: Final = 3


@contextmanager
def going_on(capture: Path) -> Generator[int]:
    """Hold the lock on a capture's folder, and give the moment since when it goes on.

    By the clock of its file system, in nanoseconds. Where folders cannot be locked, others will not know.
    """
    folder = _opened(capture)
    if folder is None:
        yield _written_at(capture)
        return
    try:
        with suppress(OSError):
            lock(folder)
        yield _written_at(capture)
    finally:
        # To close it would leave the lock with children that the run has forked.
        with suppress(OSError):
            unlock(folder)
        os.close(folder)


def with_others(capture: Capture, place: Path, since: int) -> Capture:
    """``capture``, saying which others went on in folders around, if it knows files by watching only."""
    if not any(file.role == "output" and file.levels == ("watched",) for file in capture.files):
        return capture
    others = [
        name
        for name in stored_names(place.parent)
        if name != place.name
        and _went_on_since(place.parent / name, since)
        and _is_near(capture.folder, _working_folder(place.parent / name))
    ]
    if not others:
        return capture
    shown = ", ".join(others[:_SHOWN]) + (f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else "")
    said = f"Captured at the same time: {shown}. Files that only watching saw may be of those runs."
    return replace(capture, not_observed=(*capture.not_observed, said))


def _written_at(capture: Path) -> int:
    """When the document of a capture was written last."""
    try:
        return (capture / METADATA).stat().st_mtime_ns
    except OSError:
        return 0


def _went_on_since(capture: Path, moment_ns: int) -> bool:
    """Whether a capture began or ended after a moment, or still goes on."""
    if _written_at(capture) >= moment_ns:
        return True
    folder = _opened(capture)
    if folder is None:
        return False
    try:
        return is_locked(folder)
    except OSError:
        return False
    finally:
        os.close(folder)


def _opened(folder: Path) -> int | None:
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError:
        return None


def _working_folder(capture: Path) -> str | None:
    try:
        graph = read_capture(capture).document.get("@graph")
    except FileRefusedError:
        return None
    for entity in cast("list[object]", graph) if isinstance(graph, list) else ():
        stated = cast("dict[str, object]", entity) if isinstance(entity, dict) else {}
        if stated.get("name") == WORKING_FOLDER:
            return str(stated.get("value"))
    return None


def _is_near(folder: str, other: str | None) -> bool:
    """Whether one of two folders is the other, or in it."""
    if other is None:
        return False
    one, two = (os.path.realpath(each).rstrip(os.sep) + os.sep for each in (folder, other))
    return one.startswith(two) or two.startswith(one)
