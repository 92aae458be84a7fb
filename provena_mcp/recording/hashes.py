"""SHA-256 of files, however large, with word of how far it is; what cannot be hashed says why."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from provena_mcp.recording.captured import Content

Progress = Callable[[str, int, int], None]
"""Told now and then: the file's path, bytes hashed, bytes in all."""

_CHUNK: Final = 1 << 20
_SMALLEST: Final = 1 << 16
_BLOCK: Final = 512
_TOLD_EVERY: Final = 64 * _CHUNK
# A pipe does not keep us waiting. A link is followed: what counts is what the program got to read.
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_OF_THE_SYSTEM: Final = ("/proc/", "/sys/", "/dev/")


def content_of(path: str, *, up_to: int | None = None, progress: Progress | None = None) -> Content:
    """What the file at ``path`` holds now.

    Args:
        path: Where it really is, links followed.
        up_to: Bytes beyond which it is not hashed.
        progress: Told of files that take long.
    """
    if path.startswith(_OF_THE_SYSTEM):
        return Content(problem="not a file on a disk")
    try:
        file = os.open(path, _FLAGS)
        try:
            return _content(file, path, up_to, progress)
        finally:
            os.close(file)
    except OSError as error:
        return Content(problem=_unreadable(path, error))


def kind_of(mode: int) -> str:
    """What something that is no plain file is, in words."""
    return next((words for test, words in _KINDS if test(mode)), "something else")


def _content(file: int, path: str, up_to: int | None, progress: Progress | None) -> Content:
    before = os.fstat(file)
    if not stat.S_ISREG(before.st_mode):
        return Content(problem=f"not a file but {kind_of(before.st_mode)}")
    size, modified = before.st_size, before.st_mtime
    if up_to is not None and size > up_to:
        return Content(None, size, modified, f"not hashed: larger than {up_to:,} bytes")
    digest = _digest(file, path, before, progress)
    after = os.fstat(file)
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        return Content(None, after.st_size, after.st_mtime, "it changed while it was hashed")
    return Content(digest, size, modified)


def _digest(file: int, path: str, found: os.stat_result, progress: Progress | None) -> str:
    digest = hashlib.sha256()
    done = told = 0
    for piece in _pieces(file, found):
        digest.update(piece)
        done += len(piece)
        if progress and done - told >= _TOLD_EVERY:
            told = done
            progress(path, done, found.st_size)
    return digest.hexdigest()


def _pieces(file: int, found: os.stat_result) -> Iterator[bytes | memoryview]:
    """What an open file holds, from its start to its end; holes are not read, whatever their size."""
    # Hardly larger than the file: thousands of small ones would spend their time on clearing memory.
    buffer = bytearray(min(_CHUNK, max(_SMALLEST, found.st_size + 1)))
    view = memoryview(buffer)
    has_holes = hasattr(os, "SEEK_DATA") and found.st_blocks * _BLOCK < found.st_size
    done = 0
    while True:
        if has_holes:
            hole = _to_next_data(file, done, found.st_size) - done
            done += hole
            while hole > 0:
                yield bytes(min(_CHUNK, hole))
                hole -= _CHUNK
        count = os.readv(file, [buffer]) if hasattr(os, "readv") else _read(file, buffer)
        if not count:
            return
        yield view[:count]
        done += count


def _to_next_data(file: int, at: int, size: int) -> int:
    """Go to where the next data of a file begin, or to its end, and say where that is.

    Where its file system does not say, that is here: what may be a hole is read.
    """
    try:
        return os.lseek(file, at, os.SEEK_DATA)
    except OSError as error:
        nothing_follows = error.errno == errno.ENXIO
        return os.lseek(file, max(at, size) if nothing_follows else at, os.SEEK_SET)


def _read(descriptor: int, buffer: bytearray) -> int:
    data = os.read(descriptor, len(buffer))
    buffer[: len(data)] = data
    return len(data)


def _unreadable(path: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and not Path(path).is_symlink():
        return "it is gone"
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        mode = stat.S_IFREG
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        return f"not a file but {kind_of(mode)}"
    return f"it cannot be read: {error.strerror}"
