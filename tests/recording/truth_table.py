"""What each level finds, misses and invents of what 20 programs really read and wrote, as a table.

python -m tests.recording.truth_table
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from provena_mcp.recording.captured import Capture, Level
from provena_mcp.recording.command import Wishes, record_command
from provena_mcp.recording.observation.observer import Plan
from tests.recording.programs import PROGRAMS, Program

Levels = frozenset[Level]

USUAL: Levels = frozenset({"watched", "python"})
COLUMNS: dict[str, Levels] = {
    "watched": frozenset({"watched"}),
    "python": frozenset({"python"}),
    "watched + python (usual)": USUAL,
    "strace": frozenset({"strace"}),
}


@dataclass(frozen=True)
class Compared:
    """What was found, missed and invented, as ``read in.csv`` or ``wrote out.txt``."""

    found: frozenset[str]
    missed: frozenset[str]
    invented: frozenset[str]


def observe(program: Program, levels: Levels, folder: Path) -> Compared:
    """Run a program with some levels on and nothing declared, and compare what they saw with the truth."""
    program.put_into(folder)
    plan = Plan(str(folder), levels=levels)
    done = record_command(program.command, plan, Wishes(captures=str(folder.parent / "captures")))
    assert done.capture.exit_code == 0, program.name
    return compare(program, seen(done.capture, folder))


def seen(capture: Capture, folder: Path) -> frozenset[str]:
    """What a capture says of files, wherever they are."""
    root = f"{folder.resolve()}/"
    verbs = {"input": "read", "code": "read", "output": "wrote"}
    return frozenset(f"{verbs[file.role]} {file.path.removeprefix(root)}" for file in capture.files)


def compare(program: Program, claimed: frozenset[str]) -> Compared:
    """The truth beside what was claimed."""
    truth = frozenset(
        (
            *(f"read {name}" for name in program.reads | program.code),
            *(f"wrote {name}" for name in program.writes),
        )
    )
    return Compared(truth & claimed, truth - claimed, claimed - truth)


def rows() -> Iterator[tuple[Program, dict[str, Compared]]]:
    """Every program that can run here, observed in each column's way."""
    for program in PROGRAMS:
        if program.can_run:
            compared: dict[str, Compared] = {}
            for name, levels in COLUMNS.items():
                with tempfile.TemporaryDirectory() as place:
                    folder = Path(place) / "work"
                    folder.mkdir()
                    compared[name] = observe(program, levels, folder)
            yield program, compared


def _main() -> None:
    say = sys.stdout.write
    say("| Program | | Files | " + " | ".join(COLUMNS) + " |\n|---|---|---|" + "---|" * len(COLUMNS) + "\n")
    totals: dict[str, tuple[int, int, int]] = {}
    for program, compared in rows():
        for name, result in compared.items():
            counts = (len(result.found), len(result.missed), len(result.invented))
            before = totals.get(name, (0, 0, 0))
            totals[name] = (before[0] + counts[0], before[1] + counts[1], before[2] + counts[2])
        files = len(program.reads) + len(program.code) + len(program.writes)
        cells = " | ".join(map(_cell, compared.values()))
        say(f"| {program.name} | {program.kind} | {files} | {cells} |\n")
    shown = (f"found {found}, missed {missed}, invented {more}" for found, missed, more in totals.values())
    say("| **all** | | | " + " | ".join(shown) + " |\n")


def _cell(result: Compared) -> str:
    parts = [
        *([f"misses {', '.join(sorted(result.missed))}"] if result.missed else []),
        *([f"INVENTS {', '.join(sorted(result.invented))}"] if result.invented else []),
    ]
    return "; ".join(parts) or "all"


if __name__ == "__main__":
    _main()
