"""A ``redis-server`` of the tests' own, which they can stop, starve, restart and promote."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisProcess:
    """One server on 127.0.0.1; what it saves is in ``folder``."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
        self._folder.mkdir(exist_ok=True)
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        # A standby is served at once: by default a server waits five seconds for more of them.
        at_once = ["--repl-diskless-sync-delay", "0"]
        self._process = subprocess.Popen(
            [*command, *at_once, *self._options, "--dir", str(self._folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "Ready to accept connections" in line:
                return
        raise AssertionError("redis-server does not start")

    def kill(self) -> None:
        """As a power cut does: nothing is saved that has not been."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def halt(self) -> None:
        """Take connections, and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def do(self, *command: str | int, **options: Any) -> Any:
        """What the server answers to an administrator's command."""
        with redis.Redis(port=self.port, **options) as admin:
            return admin.execute_command(*command)


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[RedisProcess]:
    made = RedisProcess(folder, *options)
    made.start()
    try:
        yield made
    finally:
        made.kill()
