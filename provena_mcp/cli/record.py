"""``provena-mcp record``: runs a command and writes down what it read and wrote."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from provena_mcp.errors import ArgumentError
from provena_mcp.recording.captured import LEVELS, Capture, Level
from provena_mcp.recording.command import CapturedCommand, Wishes, program_of, record_command
from provena_mcp.recording.hashes import Progress
from provena_mcp.recording.observation.observer import Plan
from provena_mcp.recording.person import who_runs_this
from provena_mcp.recording.process import NotRunnableError, leave_like

_USUAL: Final[frozenset[Level]] = frozenset({"declared", "watched", "python"})
_UNITS: Final = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SECONDS_BETWEEN_WORDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """What was given on the command line."""

    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    watch: Sequence[str] = ()
    name: str | None = None
    observe: Sequence[str] = ()
    host: bool = False
    variables: Sequence[str] = ()
    hash_up_to: str | None = None
    quiet: bool = False
    check: bool = False
    allow: Sequence[str] = ()


def record(command: Sequence[str], options: RecordOptions) -> None:
    """Run and capture ``command``, say where the capture lies, and end as the command ended.

    Raises:
        FileRefusedError: An input is not there, or the capture cannot be written.
        ArgumentError: A level or a size is none.
        SystemExit: Always: with the command's exit code, or that for why it was not run.
    """
    if options.check:
        _check_first(command, options)
    try:
        done = record_command(
            command,
            plan_of(options),
            Wishes(options.name, os.environ.get("PROVENA_CAPTURES"), options.host, tuple(options.variables)),
            who=who_runs_this(),
            progress=None if options.quiet else _telling(),
        )
    except NotRunnableError as error:
        _say(f"{error.message} {error.advice}")
        sys.exit(error.code)
    if done.problem or not options.quiet:
        _say(*summary(done))
    leave_like(done.ended)


def _check_first(command: Sequence[str], options: RecordOptions) -> None:
    """Check the inputs that are known beforehand, and ask whether to go on where one is not fit."""
    from provena_mcp.cli.known_files import is_fit

    _, program = program_of(command, str(Path.cwd()))
    named = [each for each in command[1:] if Path(each).is_file() and os.path.realpath(each) != program]
    files = tuple(dict.fromkeys((*options.inputs, *named)))
    if not files:
        _say("no inputs are known to check; declare them with --input.")
    elif not is_fit(files, options.allow):
        if not sys.stdin.isatty():
            _say("not run, since its inputs are not fit; see --allow.")
            sys.exit(1)
        sys.stderr.write("Run it all the same? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            sys.exit(1)


def plan_of(options: RecordOptions) -> Plan:
    """What to observe, by the options given.

    Raises:
        ArgumentError: A level or a size is none.
    """
    return Plan(
        str(Path.cwd()),
        tuple(options.inputs),
        tuple(options.outputs),
        tuple(options.watch),
        levels=_levels(options.observe),
        hash_up_to=_bytes_of(options.hash_up_to) if options.hash_up_to else None,
    )


def _say(*lines: str) -> None:
    """Say something on stderr; what names of files would do to a terminal is written out."""
    sys.stderr.write("provena-mcp: " + "\n  ".join(map(_visible, lines)) + "\n")


def _visible(text: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )


def summary(done: CapturedCommand) -> list[str]:
    """What was captured, in a line, and what was not seen, a line each."""
    capture = done.capture
    if done.problem:
        return [f"the capture in {os.path.relpath(done.folder)} stays unfinished: {done.problem}"]
    counts = {role: sum(file.role == role for file in capture.files) for role in ("input", "output", "code")}
    return [
        f"captured {capture.state} run in {os.path.relpath(done.folder)}: read {counts['input']}, "
        f"wrote {counts['output']}, code {counts['code']} (observed: {', '.join(capture.levels)})",
        *capture.not_observed,
        *_unhashed(capture),
    ]


def _unhashed(capture: Capture) -> list[str]:
    lacking = [file for file in capture.files if file.content.problem]
    shown = [f"No hash of {file.path!r}: {file.content.problem}." for file in lacking[:5]]
    return shown + ([f"… and of {len(lacking) - 5} more files."] if len(lacking) > 5 else [])


def _levels(observe: Sequence[str]) -> frozenset[Level]:
    named = {part.strip() for given in observe for part in given.split(",")} or {"usual"}
    wanted: set[Level] = {level for level in LEVELS if level in named}
    if "usual" in named:
        wanted |= _USUAL
    wanted.add("declared")
    if unknown := sorted(named - {*LEVELS, "usual"}):
        raise ArgumentError(
            f"--observe {unknown[0]!r} is no level.", advice=f"Levels: {', '.join(('usual', *LEVELS))}."
        )
    return frozenset(wanted)


def _bytes_of(text: str) -> int:
    given = text.strip().upper().removesuffix("B")
    number, unit = (given[:-1], given[-1]) if given and given[-1] in _UNITS else (given, "")
    try:
        return int(float(number) * _UNITS[unit])
    except (ValueError, OverflowError):
        raise ArgumentError(
            f"--hash-up-to {text!r} is no size.", advice="Give one such as 500M or 50G."
        ) from None


def _telling() -> Progress:
    """Says on stderr how far a large file is, every other second."""
    said = time.monotonic()

    def tell(path: str, done: int, size: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _SECONDS_BETWEEN_WORDS:
            said = time.monotonic()
            share = f"{100 * done // size} %" if size else f"{done:,} bytes"
            _say(f"hashing {PurePath(path).name}: {share} of {size:,} bytes")

    return tell
