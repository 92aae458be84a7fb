"""Kills ``record`` and its command at random moments: what is left is a capture that can be read, or nothing.

python -m tests.recording.killed_captures --times 50
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from provena_mcp.crates.crate_reader import read_crate
from provena_mcp.crates.terms import METADATA
from provena_mcp.recording.capture_folder import read_capture

_MODEL = (
    "import time\n"
    "rain = open('rain.csv').read()\n"
    "for n in range(20):\n"
    "    open(f'out{n}.txt', 'w').write(rain * n)\n"
    "    time.sleep(0.01)\n"
)


def kill_after(seconds: float, folder: Path) -> str:
    """What is left of a capture killed so many seconds after its start: absent, unfinished or completed.

    Raises:
        AssertionError: What is left is neither valid nor absent.
    """
    process = _started(folder)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return _state(folder / ".provena" / "captures")


def _started(folder: Path) -> subprocess.Popen[bytes]:
    (folder / "rain.csv").write_text("1,2\n" * 1_000)
    (folder / "model.py").write_text(_MODEL)
    command = ["record", "-q", "-i", "rain.csv", "--", sys.executable, "model.py"]
    return subprocess.Popen(
        [sys.executable, "-m", "provena_mcp", *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _undisturbed() -> float:
    """Seconds that such a capture takes here and now."""
    with tempfile.TemporaryDirectory() as folder:
        before = time.monotonic()
        assert _started(Path(folder)).wait() == 0
        return time.monotonic() - before


def _state(captures: Path) -> str:
    seen = [path for path in captures.glob("*") if not path.name.startswith(".")] if captures.exists() else []
    if not seen:
        return "absent"
    (capture,) = seen
    stored = read_capture(capture)
    assert stored.as_written, f"{capture} does not hold what was written"
    (run,) = read_crate((capture / METADATA).read_bytes()).runs
    assert run.command is not None
    assert run.status in ("running", "completed"), run.status
    if run.status == "running":
        assert run.ended is None
        assert run.error is not None
        return "unfinished"
    assert len(run.outputs) == 20
    return "completed"


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    longest = max(_undisturbed() for _ in range(3))
    counts: Counter[str] = Counter()
    for _ in range(given.times):
        with tempfile.TemporaryDirectory() as folder:
            counts[kill_after(chance.uniform(0, 1.2 * longest), Path(folder))] += 1
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    sys.stdout.write(f"killed {given.times} times: {told}; each valid or absent\n")


if __name__ == "__main__":
    _main()
