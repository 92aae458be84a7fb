"""The sample world over HTTP, in a process of its own, as a host would find it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.embedded.server_process import free_port, kill, wait_for

_ROOT: Final = Path(__file__).parents[2]


@contextmanager
def sample_over_http(folder: Path) -> Generator[str]:
    """The address of ``/mcp`` while the block runs; the store and the log are in ``folder``."""
    port = free_port()
    command = ["-m", "provena_mcp", "serve", "--http", "--sample", "--port", str(port)]
    with _running(command, port, folder) as url:
        yield url


@contextmanager
def fixture_over_http(folder: Path) -> Generator[str]:
    """The same of the server that has the conformance suite's tools as well."""
    port = free_port()
    with _running(["-m", "tests.clients.conformance_fixture", str(port), str(folder)], port, folder) as url:
        yield url


@contextmanager
def _running(command: list[str], port: int, folder: Path) -> Generator[str]:
    settings = {"PROVENA_STORE": str(folder / "store.sqlite3"), "PROVENA_HTTP_CALLS_PER_MINUTE": "100000"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *command], cwd=_ROOT, env={**inherited, **settings}, stderr=log
        )
        try:
            wait_for(lambda: _is_ready(port), server)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            kill(server)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
