"""Captures the run of a command: what is seen before it, the command itself untouched, what is seen after."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Final

from provena_mcp.errors import OperatorError
from provena_mcp.recording.capture_folder import CaptureFolder, captures_folder, new_name
from provena_mcp.recording.captured import Capture, Repository, Who
from provena_mcp.recording.command_secrets import mask_arguments
from provena_mcp.recording.environment import describe_environment
from provena_mcp.recording.hashes import Progress
from provena_mcp.recording.meanwhile import going_on, with_others
from provena_mcp.recording.observation.observer import Observer, Plan
from provena_mcp.recording.process import Ended, require_runnable, run_untouched
from provena_mcp.recording.repository import repository_of

_INTERPRETERS: Final = (
    "python",
    "rscript",
    "julia",
    "perl",
    "ruby",
    "bash",
    "sh",
    "zsh",
    "dash",
    "node",
    "octave",
)
# By how much the wall clock may leave the steady one before that is said.
_JUMP_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants beside the command itself.

    Attributes:
        title: What the run is called; else its program.
        captures: Folder of captures; else the project's.
        host: Whether to name this machine.
        variables: Environment variables to keep.
    """

    title: str | None = None
    captures: str | None = None
    host: bool = False
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CapturedCommand:
    """A command that was captured: how it ended, what is written down, and where.

    Attributes:
        problem: Why the capture stayed unfinished, though the command has ended.
    """

    ended: Ended
    capture: Capture
    folder: Path
    problem: str | None = None


def record_command(
    command: Sequence[str],
    plan: Plan,
    wishes: Wishes,
    *,
    who: Who | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.time,
) -> CapturedCommand:
    """Run ``command`` in the plan's folder and capture it.

    Raises:
        NotRunnableError: There is no such command; nothing has been run.
        FileRefusedError: A declared input is not there, or the capture cannot be written; neither has it run.
    """
    require_runnable(command, plan.folder)
    program, program_path = program_of(command, plan.folder)
    started = clock()
    title = wishes.title or program
    begun = Capture(
        name=new_name(started, title),
        title=title,
        command=mask_arguments(command),
        program=program,
        program_path=program_path,
        folder=plan.folder,
        started=started,
        repositories=repositories(program_path, plan.folder),
        who=who,
    )
    folder = CaptureFolder(captures_folder(wishes.captures, Path(plan.folder)), begun.name)
    observer = Observer(replace(plan, left_out=(folder.not_of_a_run_in(plan.folder),)), progress)
    try:
        observer.begin()
        folder.write(begun)
        return _run(command, begun, folder, observer, wishes, clock)
    finally:
        observer.close()


def _run(
    command: Sequence[str],
    begun: Capture,
    folder: CaptureFolder,
    observer: Observer,
    wishes: Wishes,
    clock: Callable[[], float],
) -> CapturedCommand:
    with going_on(folder.path) as since:
        started, steady = clock(), time.monotonic()
        ended = run_untouched(observer.command_line(command), begun.folder, observer.environment(os.environ))
        took = time.monotonic() - steady
        jumped = clock() - started - took
        begun = replace(begun, started=started)
        try:
            seen = _finished(begun, ended, took, observer, wishes, _clock_remarks(jumped))
            capture = with_others(seen, folder.path, since)
            folder.write(capture)
        except (OSError, ValueError, OperatorError, KeyboardInterrupt) as error:
            # The command's end is its own, whatever becomes of what is written down of it.
            return CapturedCommand(ended, begun, folder.path, str(error) or "it was broken off")
        return CapturedCommand(ended, capture, folder.path)


def _finished(
    begun: Capture,
    ended: Ended,
    took: float,
    observer: Observer,
    wishes: Wishes,
    remarks: tuple[str, ...],
) -> Capture:
    observed = observer.end(ended.process, frozenset(filter(None, [begun.program_path])))
    return replace(
        begun,
        ended=begun.started + took,
        state="completed" if ended.code == 0 else "failed",
        exit_code=ended.code if ended.code >= 0 else 128 - ended.code,
        error=_error(ended),
        levels=observed.levels,
        files=observed.files,
        not_observed=(*observed.not_observed, *remarks),
        environment=describe_environment(observed.python, host=wishes.host, variables=wishes.variables),
    )


def program_of(command: Sequence[str], folder: str) -> tuple[str, str | None]:
    """What a command line runs, for people, and where that lies: a script, else the command."""
    name = PurePath(command[0]).name
    if name.lower().rstrip("0123456789.").removesuffix("w") in _INTERPRETERS:
        for position, argument in enumerate(command[1:], start=1):
            if argument in ("-m", "-c", "-e"):
                module = command[position + 1] if argument == "-m" and position + 1 < len(command) else None
                return (f"{name} -m {module}" if module else name), None
            if not argument.startswith("-"):
                path = os.path.realpath(os.path.join(folder, argument))
                return (PurePath(argument).name, path) if os.path.isfile(path) else (name, None)
    if os.sep in command[0]:
        return name, os.path.realpath(os.path.join(folder, command[0]))
    return name, None


def repositories(program_path: str | None, folder: str) -> tuple[Repository, ...]:
    """The repositories of a run: first the program's, whose version counts; then the folder's, if another."""
    found: dict[str, Repository] = {}
    for place in filter(None, (os.path.dirname(program_path) if program_path else None, folder)):
        repository = repository_of(place)
        if repository is not None:
            found.setdefault(repository.root, repository)
    return tuple(found.values())


def _error(ended: Ended) -> str | None:
    if ended.code == 0:
        return None
    return f"killed by {ended.signal_name}" if ended.signal_name else f"exit code {ended.code}"


def _clock_remarks(jumped: float) -> tuple[str, ...]:
    if abs(jumped) < _JUMP_SECONDS:
        return ()
    return (f"The clock was set by {jumped:+.0f} s during the run; its end is counted from its start.",)
