"""Watches one run at the levels wanted, and says which files it read and wrote, and what stayed unseen."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provena_mcp.errors import FileRefusedError
from provena_mcp.recording.captured import CapturedFile, Content, Level
from provena_mcp.recording.hashes import Progress, content_of
from provena_mcp.recording.observation import processes, strace
from provena_mcp.recording.observation.accesses import FileState, state_of
from provena_mcp.recording.observation.file_list import FileList, Seen
from provena_mcp.recording.observation.python_events import (
    EVENTS,
    INJECTED,
    PythonEvents,
    environment_that_tells,
    read_events,
)
from provena_mcp.recording.observation.surroundings import Surroundings
from provena_mcp.recording.observation.watched import (
    Snapshot,
    TooManyFilesError,
    changes_between,
    look_at,
)

_LONGEST_TICK: Final = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be observed, and how.

    Attributes:
        folder: Where the command runs.
        inputs: Files or folders declared as read.
        outputs: Files or folders declared as written.
        watch: Folders to look at before and after; none means ``folder``, unless it is too large.
        levels: Which levels are wanted.
        most_files: In a folder that is watched without being named; and files listed in the capture.
        hash_up_to: Bytes beyond which a file is not hashed.
        left_out: Folders whose files are none of the run's: where captures are written.
    """

    folder: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    levels: frozenset[Level] = frozenset({"declared", "watched", "python"})
    most_files: int = 20_000
    hash_up_to: int | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen."""

    files: tuple[CapturedFile, ...]
    levels: tuple[Level, ...]
    not_observed: tuple[str, ...]
    python: PythonEvents


class Observer:
    """Observes one run: ``begin``, the command in ``environment`` by ``command_line``, ``end``, ``close``."""

    def __init__(self, plan: Plan, progress: Progress | None = None) -> None:
        self._plan = plan
        self._progress = progress
        self._left_out = tuple(os.path.realpath(folder) for folder in plan.left_out)
        self._remarks: list[str] = []
        self._inputs: dict[str, None] = {}
        self._outputs: dict[str, None] = {}
        self._before: dict[str, tuple[Content, FileState | None]] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._tracer: tuple[str, ...] | None = None
        self._scratch = Path(tempfile.mkdtemp(prefix="provena-"))
        self.events = str(self._scratch / "events")
        self._log = str(self._scratch / "strace.log")
        self._began_ns = 0
        self._is_broken_off = False

    def begin(self) -> None:
        """Look at what is there before the run.

        Raises:
            FileRefusedError: A declared input is not there, or holds too many files.
        """
        Path(self.events).mkdir()
        self.declare(self._plan.inputs, ())
        for path in self._written(self._plan.outputs):
            self._before.setdefault(path, (Content(), state_of(path)))
        if "watched" in self._plan.levels:
            self._look_before()
        if "strace" in self._plan.levels:
            self._tracer = strace.find_strace()
            if self._tracer is None:
                self._remarks.append(
                    "strace is not installed or may not trace here: no system calls were seen."
                )
        self._began_ns = _next_tick(self._scratch / "began")

    def declare(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Take the user's word for what is read, hashed now, and written; folders mean the files in them now.

        Raises:
            FileRefusedError: An input is not there, or holds too many files.
        """
        for path in inputs:
            if not os.path.lexists(os.path.join(self._plan.folder, path)):
                raise FileRefusedError(f"The input {path!r} is not there.", advice="Check its path.")
        for path in self._read(inputs):
            self._inputs[path] = None
            self._before[path] = (self._content(path), state_of(path))
        self._outputs.update(dict.fromkeys(self._written(outputs)))

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment to run the command in."""
        if "python" not in self._plan.levels:
            return dict(environment)
        return environment_that_tells(dict(environment), self.events)

    def command_line(self, command: Sequence[str]) -> list[str]:
        """The command line to run."""
        return strace.traced(self._tracer, self._log, command) if self._tracer else list(command)

    def end(self, process: int, programs: frozenset[str]) -> Observed:
        """What was seen, now that ``process`` has ended; ``programs`` are what the command line runs."""
        told = read_events(self.events)
        traced = self._read_trace(process) if self._tracer else None
        surroundings = Surroundings(
            self._plan.folder,
            (str(self._scratch), str(INJECTED), *self._left_out, *_prefixes(told)),
            traced.executed if traced else (),
        )
        listed = FileList(self._plan, surroundings, self._began_ns, self._before, self._snapshots)
        levels: list[Level] = ["declared"]
        self.declare((), self._plan.outputs)
        listed.declare(tuple(self._inputs), tuple(self._outputs))
        if self._snapshots:
            levels.append("watched")
            self._look_after(listed)
        if told.processes:
            levels.append("python")
            listed.add("python", told.accesses)
        if traced:
            levels.append("strace")
            listed.add("strace", traced.accesses)
        self._remark_on(told)
        files = listed.files(self._content_after, programs)
        return Observed(files, tuple(levels), (*dict.fromkeys(self._remarks), *listed.remarks), told)

    def close(self) -> None:
        """Remove what was kept for the while."""
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _content(self, path: str) -> Content:
        return content_of(path, up_to=self._plan.hash_up_to, progress=self._progress)

    def _content_after(self, path: str) -> Content:
        """What a file holds after the run; where hashing is broken off, there are no further hashes."""
        if not self._is_broken_off:
            try:
                return self._content(path)
            except KeyboardInterrupt:
                self._is_broken_off = True
        return Content(problem="hashing was broken off")

    def _read(self, inputs: Sequence[str]) -> list[str]:
        """The files of declared inputs."""
        try:
            return [file for path in inputs for file in self._files_of(path)]
        except TooManyFilesError as error:
            raise FileRefusedError(
                f"The input {str(error)!r} holds more than {self._plan.most_files:,} files.",
                advice="Declare the files that are read, or folders with fewer.",
            ) from None

    def _written(self, outputs: Sequence[str]) -> list[str]:
        """The files of declared outputs; that a folder holds too many is only said: the run counts more."""
        found: list[str] = []
        for path in outputs:
            try:
                found.extend(self._files_of(path))
            except TooManyFilesError as error:
                self._remarks.append(
                    f"The output {str(error)!r} holds more than {self._plan.most_files:,} files: "
                    "as declared, none is listed."
                )
        return found

    def _files_of(self, path: str) -> list[str]:
        """The real path of a file; of a folder, those of the files below it."""
        real = os.path.realpath(os.path.join(self._plan.folder, path))
        return list(self._look_at(real, self._plan.most_files)) if os.path.isdir(real) else [real]

    def _look_at(self, folder: str, most: int) -> Snapshot:
        seen = look_at(folder, most)
        left_out = tuple(f"{each}{os.sep}" for each in self._left_out)
        return {path: state for path, state in seen.items() if not path.startswith(left_out)}

    def _look_before(self) -> None:
        for folder in self._plan.watch or (self._plan.folder,):
            real = os.path.realpath(os.path.join(self._plan.folder, folder))
            most = 50 * self._plan.most_files if self._plan.watch else self._plan.most_files
            try:
                self._snapshots[real] = self._look_at(real, most)
            except TooManyFilesError:
                self._remarks.append(
                    f"{real} holds more than {most:,} files and was not watched: name folders with --watch."
                )

    def _look_after(self, listed: FileList) -> None:
        for folder, before in self._snapshots.items():
            try:
                changes = changes_between(before, self._look_at(folder, 100 * self._plan.most_files))
            except TooManyFilesError:
                self._remarks.append(f"{folder} holds too many files after the run to look at them.")
                continue
            for path in changes.written:
                listed.note(path, Seen("watched", "written"))
            listed.removed.extend(changes.removed)

    def _read_trace(self, process: int) -> strace.StraceEvents:
        events = strace.read_log(self._log, self._plan.folder, process)
        if not events.complete:
            self._remarks.append("strace did not tell of the command's end: its last calls may be missing.")
        return events

    def _remark_on(self, told: PythonEvents) -> None:
        self._remarks.extend(processes.remarks(told, traced=self._tracer is not None))
        running = processes.still_running(f"{EVENTS}=", self.events) if "python" in self._plan.levels else 0
        if running:
            self._remarks.append(
                f"{running} of its processes outlived the command: what they did afterwards was not seen."
            )


def _next_tick(probe: Path) -> int:
    """The first moment, by the clock of the file system, at which nothing was changed yet; in nanoseconds.

    Its ticks are some milliseconds apart: what was written just before the run is not to look as old as it.
    """
    probe.touch()
    before = now = probe.stat().st_ctime_ns
    deadline = time.monotonic() + _LONGEST_TICK
    while now == before and time.monotonic() < deadline:
        time.sleep(0.0005)
        probe.touch()
        now = probe.stat().st_ctime_ns
    return now


def _prefixes(told: PythonEvents) -> list[str]:
    return [prefix for process in told.processes for prefix in process.prefixes]
