"""Captures what a block of Python does, in a script or a notebook."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from provena_mcp.errors import OperatorError
from provena_mcp.recording.capture_folder import SETTING, CaptureFolder, captures_folder, new_name
from provena_mcp.recording.captured import Capture, Level
from provena_mcp.recording.command import program_of, repositories
from provena_mcp.recording.command_secrets import mask_arguments
from provena_mcp.recording.environment import describe_environment
from provena_mcp.recording.meanwhile import going_on, with_others
from provena_mcp.recording.observation.injected.provena_events import EventLog
from provena_mcp.recording.observation.observer import Observer, Plan
from provena_mcp.recording.person import who_runs_this
from provena_mcp.recording.secrets import mask_text

AnyPath = str | Path

_LEVELS: Final[frozenset[Level]] = frozenset({"declared", "watched", "python"})


@dataclass
class OngoingCapture:
    """The capture of a block that is running; ``folder`` is where it lies."""

    folder: Path
    _observer: Observer
    _outputs: list[str] = field(default_factory=list[str])

    def reads(self, *paths: AnyPath) -> None:
        """Declare files that the block reads; they are hashed now, so best before they change.

        Raises:
            FileRefusedError: One is not there.
        """
        self._observer.declare(tuple(map(str, paths)), ())

    def writes(self, *paths: AnyPath) -> None:
        """Declare files that the block writes; they are looked at when it has ended."""
        self._outputs.extend(map(str, paths))

    def close(self) -> None:
        """Take the block's word for what it has written."""
        self._observer.declare((), self._outputs)


@contextmanager
def capture(
    name: str | None = None,
    *,
    inputs: Iterable[AnyPath] = (),
    outputs: Iterable[AnyPath] = (),
    watch: Iterable[AnyPath] = (),
    folder: AnyPath | None = None,
    clock: Callable[[], float] = time.time,
) -> Generator[OngoingCapture]:
    """Capture what happens inside a ``with``: files opened from Python, and changes in the working folder.

    What the block raises goes on, and the capture says that it failed.

    Args:
        name: What the run is called; else the script's name.
        inputs: Files or folders that are read, where that cannot be seen, or to be hashed beforehand.
        outputs: Files or folders that are written.
        watch: Folders to look at before and after, instead of the working folder.
        folder: Where captures go, instead of the project's ``.provena/captures`` or PROVENA_CAPTURES.
        clock: Unix seconds.

    Raises:
        FileRefusedError: A declared input is not there, or the capture cannot be written.
    """
    here = os.getcwd()
    plan = Plan(
        here,
        tuple(map(str, inputs)),
        tuple(map(str, outputs)),
        tuple(map(str, watch)),
        levels=_LEVELS,
    )
    begun = _begun(name, here, clock())
    chosen = str(folder) if folder is not None else os.environ.get(SETTING)
    place = CaptureFolder(captures_folder(chosen, Path(here)), begun.name)
    observer = Observer(replace(plan, left_out=(place.not_of_a_run_in(here),)))
    try:
        observer.begin()
        place.write(begun)
        with going_on(place.path) as since, _observed(begun, place, observer, since) as ongoing:
            yield ongoing
    finally:
        observer.close()


@contextmanager
def _observed(
    begun: Capture, place: CaptureFolder, observer: Observer, since: int
) -> Generator[OngoingCapture]:
    """Listen to what happens, and write the capture anew when it is over, however it ends."""
    log = EventLog(observer.events)
    log.start()
    ongoing = OngoingCapture(place.path, observer)
    steady = time.monotonic()

    def finish(error: str | None) -> None:
        ongoing.close()
        seen = _finished(begun, observer, begun.started + time.monotonic() - steady, error)
        place.write(with_others(seen, place.path, since))

    try:
        yield ongoing
    except BaseException as raised:
        log.close()
        try:
            finish(mask_text(f"{type(raised).__name__}: {raised}"))
        except (OSError, ValueError, OperatorError) as problem:
            # What the block raised counts more than that it was not written down.
            raised.add_note(f"The capture of this block stays unfinished: {problem}")
        raise
    log.close()
    finish(None)


def _begun(name: str | None, here: str, now: float) -> Capture:
    arguments = sys.orig_argv or sys.argv
    program, path = program_of(arguments, here)
    title = name or program
    return Capture(
        name=new_name(now, title),
        title=title,
        command=mask_arguments(arguments),
        program=program,
        program_path=path,
        folder=here,
        started=now,
        repositories=repositories(path, here),
        who=who_runs_this(),
    )


def _finished(begun: Capture, observer: Observer, ended: float, error: str | None) -> Capture:
    observed = observer.end(os.getpid(), frozenset(filter(None, [begun.program_path])))
    return replace(
        begun,
        ended=ended,
        state="failed" if error else "completed",
        error=error,
        levels=observed.levels,
        files=observed.files,
        not_observed=observed.not_observed,
        environment=describe_environment(observed.python, host=False, variables=()),
    )
