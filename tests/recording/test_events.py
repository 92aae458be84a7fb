"""What Python's audit events and strace's log tell becomes, path by path, what was read and written."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import sys
from pathlib import Path

import pytest

from provena_mcp.recording.command import Wishes, record_command
from provena_mcp.recording.hashes import content_of
from provena_mcp.recording.observation.accesses import Accesses
from provena_mcp.recording.observation.injected.provena_events import EventLog
from provena_mcp.recording.observation.observer import Plan
from provena_mcp.recording.observation.python_events import read_events
from provena_mcp.recording.observation.strace import read_log
from provena_mcp.recording.process import run_untouched

_READ, _WRITE, _BOTH = os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, os.O_RDWR


def _told(accesses: Accesses, folder: Path) -> dict[str, str]:
    """``r``, ``w`` or both by path below ``folder``."""
    return {
        path.removeprefix(f"{folder}/"): "r" * access.read + "w" * access.written
        for path, access in accesses.by_path.items()
        if access.read or access.written
    }


def test_events_of_a_process_are_told_once_and_in_order(work: Path, tmp_path: Path, monkeypatch) -> None:
    events = tmp_path / "events"
    events.mkdir()
    monkeypatch.chdir(work)
    log = EventLog(str(events))
    for name in ("state.bin", "old.txt"):
        (work / name).write_text("x")
    for event in (
        ("open", "rain.csv", "r", _READ),
        ("open", str(work / "rain.csv"), "r", _READ),
        ("open", "none.csv", "r", _READ),
        ("open", 5, "r", _READ),
        ("open", str(events / "own"), "w", _WRITE),
        ("open", "state.bin", "r+", _BOTH),
        ("open", "out.tmp", "w", _WRITE),
        ("os.rename", "out.tmp", "out.txt", -1, -1),
        ("open", "out.tmp", "w", _WRITE),
        ("os.remove", "out.tmp", -1),
        ("os.link", "rain.csv", "linked.csv", -1, -1),
        ("os.truncate", "old.txt", 0),
        ("os.chdir", str(tmp_path)),
        ("sqlite3.connect", ":memory:"),
        ("sqlite3.connect", str(work / "base.db")),
        ("import", "numpy.linalg", None),
        ("subprocess.Popen", "/bin/sort", ["sort"], None, None),
        ("os.system", b"ls"),
        ("open", bytearray(b"x"), "r", _READ),
        ("compile", "none of ours"),
    ):
        log.hear(event[0], event[1:])
    told = read_events(str(events))
    assert _told(told.accesses, work) == {
        "rain.csv": "r",
        "state.bin": "rw",
        "out.txt": "w",
        "linked.csv": "w",
        "old.txt": "w",
        "base.db": "w",
    }
    assert told.imported == {"numpy"}
    assert told.started == {"/bin/sort", "ls"}


def test_a_path_that_goes_upwards_through_a_link_is_the_file_that_was_opened(work: Path) -> None:
    (work / "far" / "deep").mkdir(parents=True)
    (work / "far" / "rain.csv").write_text("the one that is read")
    (work / "link").symlink_to("far/deep")
    (work / "model.py").write_text(
        'open("link/../rain.csv").read()\nopen("link/../flow.csv", "w").write("x")\n'
    )
    plan = Plan(str(work), levels=frozenset({"python"}))
    done = record_command([sys.executable, "model.py"], plan, Wishes())
    told = {file.path.removeprefix(f"{work}/"): file.role for file in done.capture.files}
    assert told == {"far/rain.csv": "input", "far/flow.csv": "output", "model.py": "code"}


def test_a_program_that_closes_what_it_inherited_finds_no_events_in_its_own_files(work: Path) -> None:
    (work / "model.py").write_text(
        "import os\n"
        "open('first.txt', 'w').close()\n"
        "os.closerange(3, 64)\n"
        "data = os.open('data.csv', os.O_WRONLY | os.O_CREAT)\n"
        "assert data == 3\n"
        "more = os.open('more.csv', os.O_WRONLY | os.O_CREAT)\n"
        "os.write(data, b'a,b')\n"
    )
    done = record_command([sys.executable, "model.py"], Plan(str(work)), Wishes())
    assert done.ended.code == 0
    assert (work / "data.csv").read_bytes() == b"a,b"
    outputs = {Path(file.path).name: file.levels for file in done.capture.files if file.role == "output"}
    assert {name: "python" in levels for name, levels in outputs.items()} == {
        "first.txt": True,
        "data.csv": True,
        "more.csv": True,
    }


def test_half_a_record_of_a_process_that_was_killed_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "7-1").write_bytes(b"D\x001\0:\0\nR\x002\x001:2:3:4\0/a/read\0\nW\x003\0\0/a/wri")
    assert _told(read_events(str(tmp_path)).accesses, Path("/a")) == {"read": "r"}


def test_a_log_of_strace_is_followed_through_folders_forks_and_escapes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        """\
10 execve("/usr/bin/sh", ["sh", "steps.sh"], 0x7ffc /* 9 vars */) = 0
10 openat(AT_FDCWD</w>, "rain.csv", O_RDONLY) = 3</w/rain.csv>
10 openat(AT_FDCWD</w>, "none.csv", O_RDONLY) = -1 ENOENT (No such file or directory)
10 openat(AT_FDCWD</w>, ".", O_RDONLY|O_DIRECTORY) = 3</w>
10 openat(AT_FDCWD</w>, "caf\\351 \\"x\\".txt", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 4</w/caf\\351 "x".txt>
10 vfork( <unfinished ...>
11 execve("/usr/bin/mv", ["mv", "a", "b"], 0x55 /* 9 vars */ <unfinished ...>
10 <... vfork resumed>)                     = 11
11 <... execve resumed>)                    = 0
11 chdir("sub")                             = 0
11 openat(AT_FDCWD</w/sub>, "part.tmp", O_RDWR|O_CREAT|O_EXCL, 0600) = 3</w/sub/part.tmp>
11 rename("part.tmp", "../part.txt")        = 0
11 openat(AT_FDCWD</w/sub>, "base.db", O_RDWR|O_CREAT, 0644) = 3</w/sub/base.db>
11 creat("made.txt", 0644)                  = 5</w/sub/made.txt>
11 unlink("made.txt")                       = 0
11 linkat(AT_FDCWD</w/sub>, "/proc/self/fd/3", AT_FDCWD</w/sub>, "../linked", AT_SYMLINK_FOLLOW) = 0
11 truncate("/w/cut", 0)                    = 0
11 +++ exited with 0 +++
not a line of strace
10 +++ exited with 0 +++
"""
    )
    events = read_log(str(log), "/w", 10)
    assert _told(events.accesses, Path("/w")) == {
        "rain.csv": "r",
        'caf\udce9 "x".txt': "w",
        "part.txt": "w",
        "sub/base.db": "w",
        "linked": "w",
        "cut": "w",
    }
    assert events.accesses.by_path["/w/sub/base.db"].perhaps_read
    assert events.executed == {"/usr/bin/sh", "/usr/bin/mv"}
    assert events.complete


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_signal_that_reaches_us_is_passed_on(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    waits = "trap 'exit 5' USR1; kill -USR1 $PPID; for i in 1 2 3 4 5 6 7 8 9; do sleep 1; done"
    ended = run_untouched(["sh", "-c", waits], str(tmp_path), os.environ)
    assert (ended.code, ended.signal_name) == (5, None)
    assert signal.getsignal(signal.SIGUSR1) == before


def test_who_breaks_the_hashing_off_gets_a_capture_without_further_hashes(work: Path) -> None:
    def broken_off(path: str, done: int, size: int) -> None:
        raise KeyboardInterrupt

    with (work / "big.bin").open("wb") as big:
        big.truncate(70 * 1024 * 1024)
    plan = Plan(str(work), levels=frozenset({"watched"}))
    make = ["sh", "-c", "cp --sparse=always big.bin copy.bin; echo x > last.txt"]
    done = record_command(make, plan, Wishes(), progress=broken_off)
    told = {Path(file.path).name: file.content.problem for file in done.capture.files}
    assert (done.capture.state, told) == (
        "completed",
        {"copy.bin": "hashing was broken off", "last.txt": "hashing was broken off"},
    )


def test_a_file_with_holes_has_the_hash_of_its_zeros_and_is_hashed_once_if_it_stays(work: Path) -> None:
    told: list[tuple[str, int]] = []
    with (work / "holes.bin").open("wb") as holes:
        holes.write(b"start")
        holes.seek(40 * 1024 * 1024)
        holes.write(b"middle" * 1_000)
        holes.truncate(70 * 1024 * 1024 + 7)
    done = record_command(
        ["true"],
        Plan(str(work), inputs=("holes.bin", "rain.csv")),
        Wishes(),
        progress=lambda path, done, size: told.append((Path(path).name, size)),
    )
    hashes = {Path(file.path).name: file.content.sha256 for file in done.capture.files}
    contents = {name: (work / name).read_bytes() for name in ("holes.bin", "rain.csv")}
    assert hashes == {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    assert told == [("holes.bin", len(contents["holes.bin"]))]


def test_what_a_file_system_cannot_say_of_holes_is_read(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seek = os.lseek

    def without_holes(file: int, position: int, how: int) -> int:
        if how == os.SEEK_DATA:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return seek(file, position, how)

    with (work / "sparse.bin").open("wb") as sparse:
        sparse.truncate(3 * 1024 * 1024)
        sparse.write(b"start")
        sparse.seek(2 * 1024 * 1024)
        sparse.write(b"end")
    monkeypatch.setattr(os, "lseek", without_holes)
    content = content_of(str(work / "sparse.bin"))
    assert content.sha256 == hashlib.sha256((work / "sparse.bin").read_bytes()).hexdigest()
