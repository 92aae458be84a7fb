"""Level ``watched``: which files of a folder were made, changed or removed between two looks at it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provena_mcp.recording.observation.accesses import FileState

# What tools keep for themselves: none of it is data of a run.
LEFT_OUT: Final = frozenset({".git", ".hg", ".svn", ".provena", "__pycache__", ".ipynb_checkpoints"})

Snapshot = dict[str, FileState]


class TooManyFilesError(Exception):
    """A folder holds more files than are looked at."""


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """Plain files that were there, or are, at other content."""

    written: tuple[str, ...]
    removed: tuple[str, ...]


def look_at(folder: str, most: int) -> Snapshot:
    """The plain files below ``folder``; links are not followed, so that circles of them end.

    Raises:
        TooManyFilesError: There are more than ``most``.
    """
    seen: Snapshot = {}
    for entry in _entries(folder):
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            seen[entry.path] = FileState(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)
        if len(seen) > most:
            raise TooManyFilesError(folder)
    return seen


def changes_between(before: Snapshot, after: Snapshot) -> FolderChanges:
    """What is new or changed in ``after``, and what of ``before`` is gone."""
    return FolderChanges(
        written=tuple(path for path, state in after.items() if before.get(path) != state),
        removed=tuple(path for path in before if path not in after),
    )


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                found = list(entries)
        except OSError:
            continue
        for entry in found:
            if entry.name in LEFT_OUT:
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                yield entry
