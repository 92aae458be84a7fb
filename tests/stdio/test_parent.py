"""The server ends with the program that started it, even while another process holds its pipe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil
import pytest

from provena_mcp.server.stdio.parent import watch_parent
from tests.worlds.sample import stdio_server

# Starts what it is given with its own stdin, tells the number, and waits to be killed.
STARTER = """
import subprocess, sys
started = subprocess.Popen(sys.argv[1:])
print(started.pid, file=sys.stderr, flush=True)
started.wait()
"""
# As uvx does: it hands on its arguments and waits.
LAUNCHER = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
# Goes on with its start once whoever started it has gone.
SLOW_TO_START = """
import os, psutil, sys
from importlib.abc import MetaPathFinder
from provena_mcp.cli.serve import serve_stdio

class Orphaned(MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname == "provena_mcp.server.build":
            print("starting", file=sys.stderr, flush=True)
            host.wait()

host = psutil.Process(os.getppid())
sys.meta_path.insert(0, Orphaned())
serve_stdio(own_process=True, sample=True)
"""
AT_MOST_SECONDS = 30
HELLO = b"""{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-11-25",
    "capabilities": {}, "clientInfo": {"name": "probe", "version": "1"}}}""".replace(b"\n", b"")
# Long enough for the server to have looked who started it.
CALL = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_health_check"}}'
LIST = b'{"jsonrpc": "2.0", "id": 2, "method": "tools/list"}\n'


@contextmanager
def hosted(
    command: list[str], environment: dict[str, str] | None, folder: Path
) -> Generator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes], IO[bytes]]]:
    """A host that starts a server: itself, what the server reads, what it answers, what is said on stderr."""
    theirs, ours = os.pipe()
    with (
        os.fdopen(ours, "wb") as pipe,
        subprocess.Popen(
            [sys.executable, "-c", STARTER, *command],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folder,
        ) as host,
    ):
        os.close(theirs)
        assert host.stdout is not None
        assert host.stderr is not None
        yield host, pipe, host.stdout, host.stderr


@pytest.mark.slow
@pytest.mark.parametrize("launched", [False, True], ids=["started", "started by a launcher"])
def test_a_server_whose_host_dies_ends_though_its_pipe_stays_open(tmp_path: Path, launched: bool):
    server = stdio_server(tmp_path)
    command = [server.command, *server.args]
    if launched:
        launcher = tmp_path / "uvx"
        launcher.symlink_to(sys.executable)
        command = [str(launcher), "-c", LAUNCHER, *command]
    with hosted(command, server.env, tmp_path) as (host, pipe, answers, said):
        started = psutil.Process(int(said.readline()))
        pipe.write(HELLO + b"\n" + CALL + b"\n")
        pipe.flush()
        assert [json.loads(answers.readline())["id"] for _ in range(2)] == [0, 1]
        serving = started.children()[0] if launched else started
        host.kill()
        host.wait()
        # Nobody has closed the pipe: it is open here.
        gone, alive = psutil.wait_procs([serving], timeout=AT_MOST_SECONDS)
    assert (gone, alive) == ([serving], [])


@pytest.mark.slow
@pytest.mark.skipif(
    subprocess.call(["unshare", "--pid", "--fork", "true"], stderr=subprocess.DEVNULL) != 0
    if shutil.which("unshare")
    else True,
    reason="a process cannot be the first of its own world here, as in a container: root's unshare is wanted",
)
def test_the_first_process_of_a_container_serves_until_its_input_ends(tmp_path: Path):
    server = stdio_server(tmp_path)
    command = ["unshare", "--pid", "--fork", "--mount-proc", server.command, *server.args]
    with hosted(command, server.env, tmp_path) as (host, pipe, answers, said):
        unshared = psutil.Process(int(said.readline()))
        pipe.write(HELLO + b"\n")
        pipe.flush()
        assert json.loads(answers.readline())["id"] == 0
        (serving,) = unshared.children()
        # Longer than until it has looked for its host, and looked again.
        with pytest.raises(psutil.TimeoutExpired):
            serving.wait(timeout=3)
        pipe.write(CALL + b"\n")
        pipe.close()
        assert json.loads(answers.readline())["id"] == 1
        assert unshared.wait(AT_MOST_SECONDS) is None
        assert host.wait(AT_MOST_SECONDS) == 0
        assert b"has gone" not in said.read()


def test_where_orphans_keep_their_parents_number_the_server_ends_when_that_process_has_gone():
    # As on Windows. Whether this process lives is what the test knows; its parent is who started the tests.
    mine = os.getppid()
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    assert watch_parent(mine, orphans_are_adopted=False)()
    assert not watch_parent(ended.pid, parent_now=lambda: ended.pid, orphans_are_adopted=False)()


def test_a_parent_that_may_not_be_looked_at_is_told_from_one_that_has_gone_by_its_number():
    # No process has the number: as where other users' processes are hidden.
    numbers = iter([2**30, 2**30, 1])
    lives = watch_parent(2**30, parent_now=lambda: next(numbers), orphans_are_adopted=True)
    assert [lives(), lives(), lives()] == [True, True, False]


@pytest.mark.slow
@pytest.mark.parametrize(
    "started_slowly", [True, False], ids=["while it starts", "before it takes its answers"]
)
def test_a_server_ends_whenever_its_host_dies(tmp_path: Path, started_slowly: bool):
    server = stdio_server(tmp_path)
    command = [sys.executable, "-c", SLOW_TO_START] if started_slowly else [server.command, *server.args]
    with hosted(command, server.env, tmp_path) as (host, pipe, answers, said):
        serving = psutil.Process(int(said.readline()))
        if started_slowly:
            assert said.readline() == b"starting\n"
        else:
            pipe.write(HELLO + b"\n")
            pipe.flush()
            answers.readline()
            # More than the pipe holds, and it stays open here.
            pipe.write(LIST * 20)
            pipe.flush()
        host.kill()
        host.wait()
        gone, alive = psutil.wait_procs([serving], timeout=AT_MOST_SECONDS)
        for left in alive:
            left.kill()
    assert (gone, alive) == ([serving], [])
