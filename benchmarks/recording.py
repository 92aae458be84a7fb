"""What it costs to record a command, against running it bare.

Commands run bare and recorded in turns, now the one first and now the other, with the same work to do.
Compared is processor time, the command's and ours, so that what else the machine does changes little:
``record`` waits for nothing but the command. Where there is memory to work in (``/dev/shm``), that is
the disk: how long a journal waits is no cost of ours. Those that take about ten seconds have a limit;
what a run and each file cost by themselves is told in their own units. Of strace this does not tell,
which stops the command at every call that names a file.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import Table

AIM = 1.05
MOST_SECONDS_A_RUN, MOST_MICROSECONDS_A_FILE = 0.3, 100
_MEMORY = Path("/dev/shm")
LEVELS = {"declared": ["--observe", "declared"], "usual": list[str]()}

_COMPUTES = """
import sys
rain, total = open("rain.csv").read(), 0
for _ in range(int(sys.argv[1]) * 20):
    total += sum(n * n for n in range(500_000))
open("flow.txt", "w").write(str(total) + rain)
"""
_OPENS = """
import sys
for n in range(int(sys.argv[1]) * 1_000):
    with open(f"parts/{n % 1000}.txt", "w") as part:
        part.write("x" * 2_000)
    with open(f"parts/{n % 1000}.txt") as part:
        sum(len(word) for word in part.read().split("x"))
    sum(k * k for k in range(10_000))
"""
_STARTS = """
i=0
while [ $i -lt $(($1 * 5)) ]; do
  i=$((i + 1)); {python} -c 'import json, csv; sum(n * n for n in range(2_000_000))'
done
"""
_NEW_FILES, _OPENS_AGAIN = 5_000, 10_000
_SHORT = {
    _NEW_FILES: f"for n in range({_NEW_FILES}): open(f'parts/{{n}}.txt', 'w').write('x' * 2_000)",
    _OPENS_AGAIN: f"for n in range({_OPENS_AGAIN}): open(f'parts/{{n % 200}}.txt', 'w').write('x' * 2_000)",
}
COMMANDS = {
    "computes, one file in and one out": (_COMPUTES, "model.py"),
    "opens a thousand files a second": (_OPENS, "model.py"),
    "starts a Python five times a second": (_STARTS, "steps.sh"),
}


def processor_seconds(command: list[str], folder: Path) -> float:
    """User and system time of a command and all that it started."""
    before = os.times()
    subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


@dataclass(frozen=True)
class Pair:
    """Processor seconds of one command, bare and recorded right after each other."""

    bare: float
    recorded: float


def pairs(text: str, name: str, options: list[str], work: int, repeat: int) -> list[Pair]:
    """A command that does so much ``work``, measured so many times."""
    measured: list[Pair] = []
    recording = [sys.executable, "-m", "provena_mcp", "record", "-q", *options, "--"]
    for turn in range(repeat):
        times: dict[bool, float] = {}
        for is_recorded in (False, True) if turn % 2 == 0 else (True, False):
            with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as place:
                folder = Path(place)
                (folder / "parts").mkdir()
                (folder / "rain.csv").write_text("1,2\n" * 10_000)
                (folder / name).write_text(text.replace("{python}", sys.executable))
                starter = sys.executable if name.endswith(".py") else "sh"
                command = [starter, name, str(work)]
                times[is_recorded] = processor_seconds(
                    [*recording, *command] if is_recorded else command, folder
                )
        measured.append(Pair(times[False], times[True]))
    return measured


def measure(table: Table, quick: bool) -> None:
    seconds, repeat = (2, 1) if quick else (10, 3)
    for what, (text, name) in COMMANDS.items():
        # As much work as takes so long on this machine.
        (once,) = pairs(text, name, LEVELS["declared"], 1, 1)
        work = max(1, round(seconds / once.bare))
        for level, options in LEVELS.items():
            _compare(table, f"{what} ({level})", pairs(text, name, options, work, repeat))
    run = _costs("pass", 3 * repeat)
    table.within("a run by itself", statistics.median(run), MOST_SECONDS_A_RUN, "CPU s")
    for count, text in _SHORT.items():
        costs = [(cost - statistics.median(run)) / count * 1e6 for cost in _costs(text, 3 * repeat)]
        what = (
            f"each of {count:,} new files" if count == _NEW_FILES else f"each of {count:,} opens of 200 files"
        )
        table.within(what, statistics.median(costs), MOST_MICROSECONDS_A_FILE, "CPU µs")
        table.note(f"{len(costs)} pairs: {min(costs):.0f} to {max(costs):.0f}")


def _compare(table: Table, what: str, measured: list[Pair]) -> None:
    recorded = statistics.median(pair.recorded for pair in measured)
    table.add(what, recorded, statistics.median(pair.bare for pair in measured), AIM, unit="CPU s")
    more = sorted(pair.recorded / pair.bare - 1 for pair in measured)
    table.note(f"{len(more)} pairs: {more[0]:+.1%} to {more[-1]:+.1%}")


def _costs(text: str, repeat: int) -> list[float]:
    """Processor seconds that recording added to a short program, pair by pair."""
    return [pair.recorded - pair.bare for pair in pairs(text, "model.py", [], 1, repeat)]
