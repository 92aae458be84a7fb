"""Puts together what each level saw of each file: inputs, outputs and program text, with what they hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from provena_mcp.recording.captured import LEVELS, CapturedFile, Content, Level
from provena_mcp.recording.observation.accesses import Accesses, FileState, changed_since, state_of
from provena_mcp.recording.observation.real_paths import RealPaths
from provena_mcp.recording.observation.surroundings import Surroundings, is_code, source_of
from provena_mcp.recording.observation.watched import Snapshot

if TYPE_CHECKING:
    from provena_mcp.recording.observation.observer import Plan

ReadContent = Callable[[str], Content]
_SHOWN: Final = 20


class Seen(NamedTuple):
    """What a level saw happen to a file."""

    level: Level
    what: Literal["read", "written"]


@dataclass(slots=True)
class _File:
    """All that was seen of one path; ``state`` is the one in which it was read, where a level knew it."""

    read: set[Level] = field(default_factory=set[Level])
    written: set[Level] = field(default_factory=set[Level])
    state: FileState | None = None

    @property
    def readers(self) -> tuple[Level, ...]:
        """Who saw it read, in the order of the levels."""
        return tuple(level for level in LEVELS if level in self.read)

    @property
    def writers(self) -> tuple[Level, ...]:
        """Who saw it written, in the order of the levels."""
        return tuple(level for level in LEVELS if level in self.written)


class FileList:
    """Gathers what was seen; paths are real ones, so that levels that name a file differently agree."""

    def __init__(
        self,
        plan: Plan,
        surroundings: Surroundings,
        began_ns: int,
        before: Mapping[str, tuple[Content, FileState | None]],
        snapshots: Mapping[str, Snapshot],
    ) -> None:
        self._plan = plan
        self._surroundings = surroundings
        self._began_ns = began_ns
        self._before = before
        self._snapshots = snapshots
        self._files: dict[str, _File] = {}
        self._missing: list[str] = []
        self._made: set[str] = set()
        self._real_paths = RealPaths()
        self.removed: list[str] = []

    @property
    def remarks(self) -> Iterator[str]:
        """What is worth saying of files that are not on the list."""
        if self._missing:
            yield f"Declared, but not there after the run: {_names(self._missing)}."
        if made := sorted(self._made - self._written()):
            yield f"Read, but made during the run by what was not seen: {_names(made)}."
        if self.removed:
            yield f"Gone from the watched folder after the run: {_names(self.removed)}."
        if len(self._files) > self._plan.most_files:
            yield f"{len(self._files):,} files were touched; {self._plan.most_files:,} of them are listed."

    def declare(self, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Take the user's word for what is read and written."""
        for path in inputs:
            self.note(path, Seen("declared", "read"))
        for path in outputs:
            if os.path.lexists(path):
                self.note(path, Seen("declared", "written"))
            else:
                self._missing.append(path)

    def add(self, level: Level, accesses: Accesses) -> None:
        """Take over what a level that sees events has seen, where what is there now bears it out."""
        for path, access in accesses.by_path.items():
            real = self._real_paths.of(path)
            source = source_of(real)
            if source is not None and access.read and os.path.isfile(source):
                real = source
            if self._surroundings.hold(real):
                continue
            read = access.read or (access.perhaps_read and self._was_there(real))
            if read and self._is_made(real, access.before):
                self._made.add(real)
            elif read and not os.path.isdir(real):
                self.note(real, Seen(level, "read"))
                self._files[real].state = self._files[real].state or access.before
            if (
                access.written
                and real != source
                and self._is_changed(path, access.before, access.before_known)
            ):
                self.note(real, Seen(level, "written"))

    def note(self, path: str, seen: Seen) -> None:
        """Something was seen of ``path``."""
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = _File()
        (file.read if seen.what == "read" else file.written).add(seen.level)

    def files(self, content: ReadContent, programs: frozenset[str]) -> tuple[CapturedFile, ...]:
        """All files by role and path, hashed."""
        paths = sorted(self._files)[: self._plan.most_files]
        found = [file for path in paths for file in self._of(path, content, programs)]
        return tuple(sorted(found, key=lambda file: ("input", "output", "code").index(file.role)))

    def _of(self, path: str, content: ReadContent, programs: frozenset[str]) -> Iterator[CapturedFile]:
        file = self._files[path]
        readers, writers = file.readers, file.writers
        now = self._unchanged(path) or content(path)
        if readers:
            changed = bool(writers) or not self._is_as_read(path, file.state)
            known, remark = self._as_read(path, now, changed=changed)
            role = "code" if is_code(path, programs) and "declared" not in readers else "input"
            yield CapturedFile(path, role, known, readers, remark, earlier=bool(writers))
        if writers:
            yield CapturedFile(path, "output", now, writers, self._remark_on_output(path, writers))

    def _unchanged(self, path: str) -> Content | None:
        """What a file held before the run, and holds still: it is not hashed again."""
        held, state = self._before.get(path, (Content(), None))
        if not held.sha256 or state is None or state != state_of(path):
            return None
        return None if changed_since(path, self._began_ns) else held

    def _as_read(self, path: str, now: Content, *, changed: bool) -> tuple[Content, str | None]:
        """What an input held when it was read, and what has become of it since."""
        before = self._before.get(path)
        if before is not None and (before[0].sha256 or before[0].problem):
            content, state = before
            if state is not None and not os.path.lexists(path):
                return content, "It was gone after the run; this is what it held before."
            if now.sha256 and content.sha256 and now.sha256 != content.sha256:
                return content, "It changed during the run; this is what it held before."
            return content, None
        if now.sha256 is None or not changed:
            return now, None
        return Content(problem="it changed during the run, and was not hashed before"), None

    def _remark_on_output(self, path: str, writers: Sequence[Level]) -> str | None:
        if writers != ("declared",):
            return None
        before = self._before.get(path)
        if before is None or before[1] is None or before[1] != state_of(path):
            return None
        return "Declared as written; it was there before and has not changed."

    def _written(self) -> set[str]:
        return {path for path, file in self._files.items() if file.written}

    def _was_there(self, path: str) -> bool:
        return any(path in seen for seen in self._snapshots.values())

    def _is_made(self, path: str, state: FileState | None) -> bool:
        """Whether a file that was read came to be during the run, in whatever way."""
        if state is not None and state.modified_ns >= self._began_ns:
            return True
        return any(
            path.startswith(folder + os.sep) and path not in seen for folder, seen in self._snapshots.items()
        )

    def _is_as_read(self, path: str, state: FileState | None) -> bool:
        return state == state_of(path) if state else not changed_since(path, self._began_ns)

    def _is_changed(self, path: str, before: FileState | None, known: bool) -> bool:
        now = state_of(path)
        if now is None:
            return False
        return now != before if known else changed_since(path, self._began_ns)


def _names(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:_SHOWN])
    return f"{shown} and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else shown
