"""A recorded command is its caller's: streams, signals, environment and the terminal's folder are its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_mcp.crates.terms import METADATA
from provena_mcp.file_lock import is_locked
from provena_mcp.recording.meanwhile import going_on
from tests.cli.command_line import CommandLine
from tests.recording.captures import captures_in, only_run

_WAITS = (
    "import signal, sys, time\n"
    "def stop(number, frame):\n"
    "    open('stopped.txt', 'w').write(signal.Signals(number).name)\n"
    "    sys.exit(5)\n"
    "for number in (signal.SIGTERM, signal.SIGINT):\n"
    "    signal.signal(number, stop)\n"
    "open('ready', 'w').close()\n"
    "time.sleep(60)\n"
)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signals_are_passed_on_and_what_the_command_makes_of_them_counts(
    run: CommandLine, work: Path, name: str
) -> None:
    (work / "wait.py").write_text(_WAITS)
    process = _started(run, work, sys.executable, "wait.py")
    _until((work / "ready").exists)
    process.send_signal(signal.Signals[name])
    assert process.wait(timeout=30) == 5
    captured = only_run(work)
    assert (work / "stopped.txt").read_text() == name
    assert (captured.status, captured.exit_code) == ("failed", 5)
    assert "stopped.txt" in [file.name for file in captured.outputs]


def test_the_command_reads_our_input_and_writes_our_output(run: CommandLine, work: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "provena_mcp", "record", "-q", "--", "sh", "-c", "tr a-z A-Z; echo told >&2"],
        cwd=work,
        env=run.environment(),
        input="from us",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("FROM US", "told\n", 0)


def test_a_capture_under_way_is_there_and_says_that_it_is_not_finished(run: CommandLine, work: Path) -> None:
    (work / "wait.py").write_text(_WAITS)
    process = _started(run, work, sys.executable, "wait.py")
    _until((work / "ready").exists)
    captured = only_run(work)
    process.terminate()
    process.wait(timeout=30)
    assert (captured.status, captured.ended, captured.outputs) == ("running", None, ())
    assert "not captured to its end" in (captured.error or "")


def test_a_program_keeps_its_own_sitecustomize_and_path(run: CommandLine, work: Path) -> None:
    (work / "own").mkdir()
    (work / "own" / "sitecustomize.py").write_text("import builtins\nbuiltins.ours = 'ours'\n")
    (work / "model.py").write_text(
        "import sys, sitecustomize\n"
        "assert ours == 'ours'\n"
        "assert sitecustomize.__file__.endswith('own/sitecustomize.py')\n"
        "assert not any('injected' in entry for entry in sys.path), sys.path\n"
        "assert 'provena_events' not in sys.modules\n"
    )
    path = os.pathsep.join(filter(None, (str(work / "own"), os.environ.get("PYTHONPATH"))))
    done = run.process("record", "--", sys.executable, "model.py", PYTHONPATH=path)
    assert (done.returncode, only_run(work).observed[-1]) == (0, "python")


def test_captures_at_once_in_one_folder_do_not_disturb_each_other(run: CommandLine, work: Path) -> None:
    several = [_started(run, work, "sh", "-c", f"sleep 0.2; echo {n} > out{n}.txt") for n in range(2)]
    assert [process.wait(timeout=60) for process in several] == [0, 0]
    assert len(captures_in(work)) == 2


@pytest.mark.slow
def test_a_recorded_command_may_record_too(run: CommandLine, work: Path) -> None:
    inner = (
        f"{sys.executable} -m provena_mcp record -q -- {sys.executable} -c \"open('in.txt', 'w').write('x')\""
    )
    assert run.process("record", "--", "sh", "-c", inner).returncode == 0
    assert len(captures_in(work)) == 2


def _started(run: CommandLine, work: Path, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "provena_mcp", "record", "-q", "--", *command],
        cwd=work,
        env=run.environment(),
        stdin=subprocess.DEVNULL,
        # As a job of a batch system: no terminal sends signals to the command itself.
        start_new_session=True,
        # Whoever runs the tests in the background ignores it, and so would everything that they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_captures_at_the_same_time_in_one_folder_say_so_and_one_that_was_killed_is_none(
    run: CommandLine, work: Path
) -> None:
    assert run.process("record", "-q", "--", "sh", "-c", "kill -KILL $PPID").returncode == -signal.SIGKILL
    run("record", "-q", "--name", "alone", "--", "sh", "-c", "echo x > alone.txt")
    inner = f"{sys.executable} -m provena_mcp record -q --name inner -- sh -c 'echo x > inner.txt'"
    run("record", "-q", "--name", "outer", "--", "sh", "-c", f"{inner}; echo x > outer.txt")
    said = {
        path.name.split("-")[1]: re.findall(
            r"Captured at the same time: \w+-(\w+)", (path / METADATA).read_text()
        )
        for path in captures_in(work)
    }
    assert said == {"sh": [], "alone": [], "outer": ["inner"], "inner": ["outer"]}


_LEAVES_A_CHILD = """
import os
from provena_mcp.recording import capture

with capture("first"):
    if os.fork() == 0:
        os.read(0, 1)
        os._exit(0)
print("ended", flush=True)
"""


def test_a_capture_that_has_ended_does_not_go_on_in_a_process_that_was_forked_in_it(
    run: CommandLine, work: Path
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _LEAVES_A_CHILD],
        cwd=work,
        env=run.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == b"ended\n"
        run("record", "-q", "--name", "second", "--", "sh", "-c", "echo x > second.txt")
        first.stdin.close()
    documents = [(path / METADATA).read_text() for path in captures_in(work)]
    assert [("Captured at the same time" in each) for each in documents] == [False, False]


def test_to_look_whether_a_capture_goes_on_keeps_none_from_saying_so(tmp_path: Path) -> None:
    with going_on(tmp_path):
        ours, theirs = (os.open(tmp_path, os.O_RDONLY) for _ in range(2))
        assert [is_locked(ours), is_locked(theirs)] == [True, True]
    assert [is_locked(ours), is_locked(theirs)] == [False, False]
    with going_on(tmp_path):
        assert is_locked(ours)
    os.close(ours)
    os.close(theirs)


def test_names_of_files_do_nothing_to_the_terminal(run: CommandLine, work: Path) -> None:
    (work / "x\x1b]0;title\x07\n.txt").write_text("x")
    (work / "caf\udce9").symlink_to("caf\udce9")
    done = run("record", "-i", "caf\udce9", "--", "sh", "-c", "rm x*")
    assert "/x\\x1b]0;title\\x07\\n.txt.\n" in done.stderr
    assert "caf\\udce9" in done.stderr
    assert [line for line in done.stderr.splitlines() if not line.isprintable()] == []
