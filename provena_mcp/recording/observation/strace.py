"""Level ``strace``: every system call of the run and its children that opens, renames or removes a file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provena_mcp.recording.observation.accesses import Accesses

# The ? lets strace leave out what a machine does not have.
_CALLS: Final = (
    "?open,openat,?openat2,?creat,?rename,?renameat,?renameat2,?link,linkat,?unlink,unlinkat,truncate,"
    "chdir,fchdir,clone,?clone3,?fork,?vfork,execve,?execveat"
)
# -D: the traced command stays our own child, so that signals and its exit are its own.
# -y: paths beside numbers of open files. -q: no word of attaching, but of each exit.
# seccomp: calls that are not asked for run at full speed.
_OPTIONS: Final = (*("-D", "-f", "-y", "-q"), *("-e", "signal=none"), *("-e", f"trace={_CALLS}"))
_FASTER: Final = "--seccomp-bpf"
_PATIENCE: Final = 5.0

_LINE: Final = re.compile(r"(?P<process>\d+) +(?P<rest>.*)", re.DOTALL)
_CALL: Final = re.compile(
    r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+|\?)(?:<(?P<opened>[^>]*)>)?", re.DOTALL
)
_RESUMED: Final = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_ARGUMENT: Final = re.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*)"|AT_FDCWD(?:<(?P<here>[^>]*)>)?|\d+<(?P<place>[^>]*)>', re.DOTALL
)
_ESCAPE: Final = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))", re.DOTALL)
_PLAIN_ESCAPES: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}


@dataclass(slots=True)
class StraceEvents:
    """What was traced: the files, the programs executed, and whether the main process was seen to its end."""

    accesses: Accesses = field(default_factory=Accesses)
    executed: set[str] = field(default_factory=set[str])
    complete: bool = False


def find_strace() -> tuple[str, ...] | None:
    """How to trace here: the start of a command line; none where strace is not there, or may not trace."""
    program = shutil.which("strace")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "log")
        for options in ((*_OPTIONS, _FASTER), _OPTIONS):
            if _traces([program, *options, "-o", log, "--", "true"], log):
                return program, *options
    return None


def traced(strace: Sequence[str], log: str, command: Sequence[str]) -> list[str]:
    """The command line that runs ``command`` and writes its calls to ``log``."""
    return [*strace, "-o", log, "--", *command]


def read_log(log: str, folder: str, process: int) -> StraceEvents:
    """What is in a log; waits a moment for the line that says that ``process``, the command, has ended."""
    deadline = time.monotonic() + _PATIENCE
    while not (complete := _has_ended(log, process)) and time.monotonic() < deadline:
        time.sleep(0.01)
    events = StraceEvents(complete=complete)
    reader = _Reader(events, os.fsencode(folder))
    for process_id, line in _whole_lines(log):
        reader.tell(process_id, line)
    return events


def _traces(command: list[str], log: str) -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and not done.stderr and Path(log).exists()


def _has_ended(log: str, process: int) -> bool:
    try:
        with Path(log).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 65_536))
            end = file.read()
    except OSError:
        return False
    return re.search(rb"(?m)^%d +\+\+\+ (?:exited|killed)" % process, end) is not None


def _whole_lines(log: str) -> Iterator[tuple[int, str]]:
    """Lines of each process, the halves of interrupted ones joined."""
    halves: dict[int, str] = {}
    # surrogateescape: what strace does not escape comes back as the bytes it was.
    with Path(log).open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for text in file:
            line = _LINE.match(text.rstrip("\n"))
            if line is None:
                continue
            process, rest = int(line["process"]), line["rest"]
            if rest.endswith("<unfinished ...>"):
                halves[process] = rest.removesuffix("<unfinished ...>")
            elif resumed := _RESUMED.match(rest):
                yield process, halves.pop(process, "") + resumed[1]
            else:
                yield process, rest


class _Reader:
    """Follows where each process stands, so that relative paths are known."""

    def __init__(self, events: StraceEvents, folder: bytes) -> None:
        self._events = events
        self._folder = folder
        self._standing: dict[int, bytes] = {}

    def tell(self, process: int, line: str) -> None:
        call = _CALL.match(line)
        if call is None or call["result"] in ("-1", "?") or call["result"].startswith("-"):
            return
        name, arguments = call["name"], self._arguments(process, call["arguments"])
        if name in ("open", "openat", "openat2", "creat"):
            self._opened(
                name, call["arguments"], _unescaped(call["opened"]) or self._path(process, arguments)
            )
        elif name in ("clone", "clone3", "fork", "vfork"):
            self._standing.setdefault(int(call["result"]), self._here(process))
        elif name in ("chdir", "fchdir"):
            self._standing[process] = self._path(process, arguments)
        elif arguments:
            self._changed(name, process, arguments)

    def _opened(self, name: str, arguments: str, path: bytes) -> None:
        flags = arguments.rpartition('"')[2]
        if (
            "O_DIRECTORY" in flags
            or "O_PATH" in flags
            or not path.startswith(b"/")
            or path.endswith(b" (deleted)")
        ):
            return
        where = os.fsdecode(path)
        accesses = self._events.accesses
        if name != "creat" and not any(flag in flags for flag in ("O_WRONLY", "O_TRUNC", "O_EXCL")):
            # Whether there was something to read is not known where the call makes what is not there.
            (accesses.perhaps_read if "O_CREAT" in flags else accesses.read)(where)
        if name == "creat" or "O_WRONLY" in flags or "O_RDWR" in flags:
            accesses.written(where)

    def _changed(self, name: str, process: int, arguments: list[tuple[bytes | None, bytes]]) -> None:
        accesses = self._events.accesses
        if name.startswith("exec"):
            self._events.executed.add(os.fsdecode(self._path(process, arguments)))
        elif name.startswith("rename") or name.startswith("link"):
            first = next(index for index, (text, _) in enumerate(arguments) if text is not None) + 1
            new = os.fsdecode(self._path(process, arguments[first:]))
            if name.startswith("link"):
                accesses.written(new)
            else:
                accesses.renamed(os.fsdecode(self._path(process, arguments[:first])), new)
        elif name.startswith("unlink"):
            accesses.removed(os.fsdecode(self._path(process, arguments)))
        elif name == "truncate":
            accesses.written(os.fsdecode(self._path(process, arguments)))

    def _arguments(self, process: int, text: str) -> list[tuple[bytes | None, bytes]]:
        """Each argument that is a path or a folder: the text of what is in quotes, else the folder."""
        found: list[tuple[bytes | None, bytes]] = []
        for match in _ARGUMENT.finditer(text):
            if match["text"] is not None:
                found.append((_unescaped(match["text"]), b""))
            elif match["here"] is not None:
                self._standing[process] = _unescaped(match["here"])
                found.append((None, self._standing[process]))
            elif match["place"] is not None:
                found.append((None, _unescaped(match["place"])))
        return found

    def _path(self, process: int, arguments: list[tuple[bytes | None, bytes]]) -> bytes:
        base = self._here(process)
        for text, folder in arguments:
            if text is None:
                base = folder
            else:
                place, name = os.path.split(os.path.join(base, text))
                # Upwards from where a link leads, not from where it lies.
                place = os.path.realpath(place) if b".." in text else place
                return os.path.normpath(os.path.join(place, name))
        return base

    def _here(self, process: int) -> bytes:
        return self._standing.get(process, self._folder)


def _unescaped(text: str | None) -> bytes:
    return _ESCAPE.sub(_character, os.fsencode(text or ""))


def _character(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes([int(found[1], 8) & 0xFF])
    if found[2]:
        return bytes([int(found[2], 16)])
    return _PLAIN_ESCAPES.get(found[3], found[3])
