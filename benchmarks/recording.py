"""What it costs to record a command, against running it bare.

Commands that take about ten seconds run bare and recorded in turns, with the same work to do. Compared is
processor time, the command's and ours, so that what else the machine does changes little: ``record`` waits
for nothing but the command. Of strace this does not tell, which stops the command
at every call that names a file.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measurement import Table

AIM = 1.05
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


def compare(text: str, name: str, options: list[str], seconds: int, repeat: int) -> tuple[float, float]:
    """Medians of the processor seconds, bare and recorded; the work is the same in both."""
    bare: list[float] = []
    recorded: list[float] = []
    for _ in range(repeat):
        for times, prefix in (
            (bare, []),
            (recorded, [sys.executable, "-m", "provena_mcp", "record", *options, "--"]),
        ):
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                (folder / "parts").mkdir()
                (folder / "rain.csv").write_text("1,2\n" * 10_000)
                (folder / name).write_text(text.replace("{python}", sys.executable))
                starter = sys.executable if name.endswith(".py") else "sh"
                times.append(processor_seconds([*prefix, starter, name, str(seconds)], folder))
    return statistics.median(bare), statistics.median(recorded)


def measure(table: Table, quick: bool) -> None:
    seconds, repeat = (2, 1) if quick else (10, 3)
    for what, (text, name) in COMMANDS.items():
        for level, options in LEVELS.items():
            bare, recorded = compare(text, name, options, seconds, repeat)
            table.add(f"{what} ({level})", recorded, bare, AIM, unit="CPU s")
