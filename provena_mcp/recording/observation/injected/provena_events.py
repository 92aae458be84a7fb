"""Writes down what a Python process opens, renames, removes, imports and starts, through its audit events.

It is imported in programs of others, in whatever Python they run: the standard library only, and nothing of
it that a bare interpreter has not loaded already. What is written is read by ``python_events``: records that
end in a NUL and a line's end; fields separated by NUL, first a letter for the kind, then the time in
nanoseconds. Paths are absolute, as bytes, and never empty.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NONE_GIVEN = -1
_MOST_REMEMBERED = 20_000


class _Listeners:
    """The one audit hook of this process, which Python never takes out again, and the logs it tells."""

    def __init__(self) -> None:
        self._logs: tuple[EventLog, ...] = ()
        self._is_hooked = False

    def add(self, log: EventLog) -> None:
        self._logs = (*self._logs, log)
        if not self._is_hooked:
            self._is_hooked = True
            sys.addaudithook(self._hook(frozenset(log.handlers)))

    def remove(self, log: EventLog) -> None:
        self._logs = tuple(other for other in self._logs if other is not log)

    def _hook(self, heard: frozenset[str]) -> Callable[[str, tuple[Any, ...]], None]:
        # A plain function, with the test first: Python calls it for whatever is audited, which is every
        # id() and every sys._getframe(), too. Methods and callable objects take three times as long.
        def hear(event: str, arguments: tuple[Any, ...]) -> None:
            if event in heard:
                for log in self._logs:
                    log.hear(event, arguments)

        return hear


_LISTENERS = _Listeners()


class EventLog:
    """Writes audit events into a folder, a file a process; every path once as long as it stays."""

    def __init__(self, folder: str, describe: bool = True) -> None:
        """Write into ``folder``; ``describe`` the interpreter first."""
        self._folder = os.fsencode(folder)
        self._process: int = 0
        self._file = b""
        self._seen: set[tuple[bytes, bytes]] = set()
        # Opened like this before, from this folder: most of what a program opens again is known at once.
        self._alike: set[tuple[Any, Any]] = set()
        self._imported: set[str] = set()
        self._describe = describe
        self.is_open = True
        self.handlers: dict[str, Callable[..., None]] = {
            "open": self._opened,
            "os.chdir": self._moved,
            "os.rename": self._renamed,
            "os.link": self._linked,
            "os.remove": self._removed,
            "os.truncate": self._truncated,
            "sqlite3.connect": self._connected,
            "import": self._imports,
            "subprocess.Popen": self._started,
            "os.exec": self._started,
            "os.posix_spawn": self._started,
            "os.system": self._started,
        }

    def start(self) -> None:
        """Listen from now on, until it is closed."""
        if self._describe:
            parts = (sys.executable, sys.version, sys.prefix, sys.base_prefix, *sys.path)
            self._write(b"P", *map(os.fsencode, parts))
        _LISTENERS.add(self)

    def close(self) -> None:
        """Listen no more."""
        self.is_open = False
        _LISTENERS.remove(self)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What happened; nothing that goes wrong here may reach the program."""
        handler = self.handlers.get(event)
        if handler is None or not self.is_open:
            return
        try:
            handler(*arguments)
        except (OSError, TypeError, ValueError, RuntimeError):
            self.is_open = os.path.isdir(self._folder)

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        # Its own log first, which is opened for every record.
        if path is self._file or (path, flags) in self._alike:
            return
        where = _absolute(path)
        if where is None or where.startswith(self._folder):
            return
        opened = flags if isinstance(flags, int) else 0
        kind = b"W" if opened & _WRITES else b"R"
        if kind == b"W" and opened & os.O_RDWR and not opened & os.O_TRUNC:
            kind = b"B"
        if (kind, where) in self._seen:
            self._alike.add((path, flags))
            return
        state = _state(where)
        # The event comes before the file is opened: what cannot be read has not been read.
        if kind == b"R" and (state == b"" or not os.access(where, os.R_OK)):
            return
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
            self._alike.clear()
        self._seen.add((kind, where))
        self._alike.add((path, flags))
        self._write(kind, state, where)

    def _moved(self, *_: Any) -> None:
        self._alike.clear()

    def _forget(self, *places: bytes) -> None:
        """Say again what happens at these places."""
        self._alike.clear()
        self._seen = {(kind, path) for kind, path in self._seen if not _is_in(path, places)}

    def _connected(self, database: Any) -> None:
        if isinstance(database, (str, bytes)) and database not in (":memory:", ""):
            self._opened(database, None, os.O_RDWR)

    def _renamed(self, old: Any, new: Any, old_folder: int = -1, new_folder: int = -1) -> None:
        before, after = _absolute(old, old_folder), _absolute(new, new_folder)
        if before is not None and after is not None:
            self._forget(before, after)
            self._write(b"M", before, after)

    def _linked(self, old: Any, new: Any, old_folder: int = -1, new_folder: int = -1) -> None:
        after = _absolute(new, new_folder)
        if after is not None:
            self._write(b"W", b"", after)

    def _removed(self, path: Any, folder: int = -1) -> None:
        where = _absolute(path, folder)
        if where is not None:
            self._forget(where)
            self._write(b"D", where)

    def _truncated(self, path: Any, length: Any) -> None:
        where = _absolute(path)
        if where is not None:
            self._write(b"W", _state(where), where)

    def _imports(self, module: Any, *_: Any) -> None:
        name = str(module).partition(".")[0]
        if name not in self._imported:
            self._imported.add(name)
            self._write(b"I", name.encode("utf-8", "replace"))

    def _started(self, program: Any, *_: Any) -> None:
        self._write(b"X", os.fsencode(program or "?"))

    def _write(self, kind: bytes, *fields: bytes) -> None:
        process = os.getpid()
        if process != self._process:
            # A fork: what it does goes into a file of its own, what it inherited has been said.
            name = (str(process) + "-" + str(time.time_ns())).encode()
            self._process = process
            self._file = os.path.join(self._folder, name)
        line = b"%b\0%d\0%b\0\n" % (kind, time.time_ns(), b"\0".join(fields))
        # Nothing stays open in between: a program may close what it inherited, and get the same number
        # for a file of its own.
        file = os.open(self._file, _APPEND, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)


def _absolute(path: Any, folder: int = _NONE_GIVEN) -> bytes | None:
    """The path as bytes from the root on; none for an open file's number."""
    if isinstance(path, int) or path is None:
        return None
    given = os.fsencode(path)
    if not given:
        return None
    if folder != _NONE_GIVEN and not os.path.isabs(given):
        given = os.path.join(os.fsencode(os.readlink("/proc/self/fd/" + str(folder))), given)
    elif not os.path.isabs(given):
        given = os.path.join(os.getcwdb(), given)
    if b".." in given:
        # Upwards from where a link leads, not from where it lies.
        place, name = os.path.split(given)
        given = os.path.join(os.path.realpath(place), name)
    return os.path.normpath(given)


def _state(path: bytes) -> bytes:
    """What changes when a file does; empty where there is no plain file."""
    try:
        found = os.stat(path)
    except OSError:
        return b""
    if found.st_mode & 0o170000 != 0o100000:
        return b""
    return b"%d:%d:%d:%d" % (found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


def _is_in(path: bytes, places: Iterable[bytes]) -> bool:
    return any(path == place or path.startswith(place + b"/") for place in places)
