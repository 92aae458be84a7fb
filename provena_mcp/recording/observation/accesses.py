"""What became of each path during a run, event by event: what was read, and what was written and stayed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import NamedTuple


class FileState(NamedTuple):
    """What changes when a plain file does."""

    size: int
    modified_ns: int
    inode: int
    device: int


@dataclass(slots=True)
class Access:
    """What happened to one path.

    Attributes:
        read: Whether it was opened for reading while it held what was there before the run.
        perhaps_read: Whether it was opened for reading, if there was anything at all.
        written: Whether what lies there now was put there, as far as events tell.
        before: Its state before it was touched first: none if nothing was there, or it is not known.
        before_known: Whether ``before`` was looked at.
    """

    read: bool = False
    perhaps_read: bool = False
    written: bool = False
    before: FileState | None = None
    before_known: bool = False


class Accesses:
    """The paths of a run, followed through renames; events have to come in the order they happened in."""

    def __init__(self) -> None:
        self.by_path: dict[str, Access] = {}

    def read(self, path: str, state: FileState | None = None, *, known: bool = False) -> None:
        """A file was opened for reading; what the run itself wrote there is no input of it."""
        access = self._of(path, state, known=known)
        if not access.written:
            access.read = True

    def perhaps_read(self, path: str) -> None:
        """A file was opened for reading, or made if it was not there."""
        access = self._of(path, None, known=False)
        access.perhaps_read = access.perhaps_read or not access.written

    def written(self, path: str, state: FileState | None = None, *, known: bool = False) -> None:
        """A file was opened for writing, or made."""
        self._of(path, state, known=known).written = True

    def renamed(self, old: str, new: str) -> None:
        """A file or folder got another name; what was written below it goes with it."""
        self._of(new, None, known=False).written = True
        below = old + os.sep
        for path in [path for path in self.by_path if path == old or path.startswith(below)]:
            access = self.by_path[path]
            if access.written:
                access.written = False
                self._of(new + path[len(old) :], None, known=False).written = True

    def removed(self, path: str) -> None:
        """A file is gone; that it was read stays true."""
        if path in self.by_path:
            self.by_path[path].written = False

    def _of(self, path: str, state: FileState | None, *, known: bool) -> Access:
        access = self.by_path.get(path)
        if access is None:
            access = self.by_path[path] = Access(before=state, before_known=known)
        return access


def state_of(path: str) -> FileState | None:
    """The state of the plain file at ``path`` now; none if there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


def changed_since(path: str, moment_ns: int) -> bool:
    """Whether the file was changed at or after a moment of the wall clock.

    By the time of its last change of any kind, which no program can set back as it can the modification time.
    """
    try:
        return os.stat(path).st_ctime_ns >= moment_ns
    except (OSError, ValueError):
        return False
