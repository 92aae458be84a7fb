"""The embedded Provena over HTTP in a process of its own, as ``provena-mcp local serve`` runs it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

_PATIENCE = 60.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(path: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    """A server of the store at ``path``, once it answers."""
    command = [sys.executable, "-m", "provena_mcp", "local", "serve"]
    server = subprocess.Popen(
        [*command, "--store", str(path), "--port", str(port), *options], stderr=subprocess.DEVNULL
    )
    wait_for(lambda: _answers(port), server)
    return server


def kill(server: subprocess.Popen[bytes]) -> None:
    """End it as ``kill -9`` does."""
    server.kill()
    server.wait()


@contextmanager
def serving(path: Path, port: int) -> Generator[subprocess.Popen[bytes]]:
    """A server of the store at ``path`` until the end of the block."""
    server = start(path, port)
    try:
        yield server
    finally:
        kill(server)


def wait_for(
    happened: Callable[[], bool], server: subprocess.Popen[bytes], patience: float = _PATIENCE
) -> None:
    """Return as soon as something has happened, while the server lives."""
    deadline = time.monotonic() + patience
    while not happened():
        assert server.poll() is None, "the server ended by itself"
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.01)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/prov-api/", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
