"""What the benchmarks share: the table, servers to compare, and processes beside."""

from __future__ import annotations

import os
import platform
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mcp import StdioServerParameters

HERE = Path(__file__).parent
SERVICES = ("PROV", "REGISTRY", "JOB", "SEARCH", "AUTH", "DATA")


class Table:
    """One table of everything measured, printed row by row."""

    def __init__(self) -> None:
        self.missed: list[str] = []
        self.rows = 0

    @property
    def all_kept(self) -> bool:
        return not self.missed

    def compare(self, what: str, ours: Sequence[float], limit: Sequence[float], aim: float) -> None:
        """Times in seconds, of which the medians are compared: ours may take ``aim`` times the limit's."""
        self.add(what, _median(ours) * 1000, _median(limit) * 1000, aim)

    def add(
        self, what: str, ours: float, limit: float, aim: float, *, unit: str = "ms", at_least: bool = False
    ) -> None:
        """A figure beside its limit; their ratio may be ``aim`` at most, or with ``at_least`` at least."""
        ratio = ours / limit
        self._print(what, f"{ours:.4g}", f"{limit:.4g}", f"{ratio:.2f}", f"{aim:g}", unit)
        self._judge(what, ratio >= aim if at_least else ratio <= aim)

    def within(self, what: str, ours: float, aim: float, unit: str) -> None:
        """A figure that has an aim of its own and no limit."""
        self._print(what, f"{ours:.4g}", "", "", f"{aim:g}", unit)
        self._judge(what, ours <= aim)

    def note(self, text: str) -> None:
        """What explains the rows above it."""
        print(f"  {text}", flush=True)

    def close(self) -> None:
        """Say on what this was measured, and what missed its aim."""
        print(
            f"\n{platform.python_implementation()} {platform.python_version()}, {platform.system()} ", end=""
        )
        print(f"on {platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
        print(f"{len(self.missed)} of {self.rows} missed" if self.missed else f"all {self.rows} kept")

    def _print(self, what: str, ours: str, limit: str, ratio: str, aim: str, unit: str) -> None:
        if not self.rows:
            print(f"{'what':<52}{'ours':>9}{'limit':>9}{'':<8}{'ratio':>7}{'aim':>7}")
        self.rows += 1
        print(f"{what:<52}{ours:>9}{limit:>9} {unit:<7}{ratio:>7}{aim:>7}", end="  ")

    def _judge(self, what: str, is_kept: bool) -> None:
        print("ok" if is_kept else "MISSED", flush=True)
        if not is_kept:
            self.missed.append(what)


def _median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds)


@contextmanager
def process(command: Sequence[str | Path], url: str) -> Generator[None]:
    """A process that runs meanwhile, from when it answers at ``url``."""
    running = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(url, running)
        yield
    finally:
        running.terminate()
        running.wait(timeout=10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and running.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    sys.exit(f"Nothing answers at {url}.")


def package_server(environment: Mapping[str, str]) -> StdioServerParameters:
    return _server(["-m", "provena_mcp"], environment)


def bare_server(environment: Mapping[str, str]) -> StdioServerParameters:
    return _server([str(HERE / "bare_server.py")], environment)


def _server(arguments: list[str], environment: Mapping[str, str]) -> StdioServerParameters:
    # Bytecode is written, as it is where a package was installed.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PROVENA_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return StdioServerParameters(command=sys.executable, args=arguments, env={**inherited, **environment})
