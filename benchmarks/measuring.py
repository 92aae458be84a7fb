"""What the benchmarks share: a fake Provena, servers to compare, and ratios."""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mcp import StdioServerParameters

HERE = Path(__file__).parent
SERVICES = ("PROV", "REGISTRY", "JOB", "SEARCH", "AUTH", "DATA")


def parser_with_bench(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bench",
        type=Path,
        default=HERE.parent / "../shared/bench",
        help="folder of fake_provena.py (default: ../shared/bench beside the repository)",
    )
    return parser


@contextmanager
def fake_provena(bench: Path, sizes: list[int]) -> Generator[str]:
    """A fake deployment holding one lineage of each size; yields its base URL."""
    script = bench / "fake_provena.py"
    if not script.is_file():
        sys.exit(f"{script} is not there; say where with --bench.")
    port = free_port()
    command = [sys.executable, str(script), "--port", str(port), "--sizes", ",".join(map(str, sizes))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(f"{base}/_fake/roots", process)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    sys.exit("The fake Provena did not start.")


def pointing_at(base: str) -> dict[str, str]:
    """The environment of a server whose Provena is at ``base``."""
    return {f"PROVENA_{name}_API": base for name in SERVICES} | {"PROVENA_ACCESS_TOKEN": "x"}


def package_server(environment: dict[str, str]) -> StdioServerParameters:
    return _server(["-m", "provena_mcp"], environment)


def bare_server(environment: dict[str, str]) -> StdioServerParameters:
    return _server([str(HERE / "bare_server.py")], environment)


def _server(arguments: list[str], environment: dict[str, str]) -> StdioServerParameters:
    # Bytecode is written, as it is where a package was installed.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PROVENA_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return StdioServerParameters(command=sys.executable, args=arguments, env=inherited | environment)


def median_ms(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1000


def report(what: str, package: list[float], bare: list[float], limit: float) -> bool:
    """Print one comparison; whether its ratio of medians keeps the limit."""
    ratio = median_ms(package) / median_ms(bare)
    verdict = "ok" if ratio <= limit else "OVER"
    print(
        f"{what:<44}{median_ms(package):>10.1f}{median_ms(bare):>10.1f}{ratio:>8.2f}{limit:>8.2f}  {verdict}"
    )
    return ratio <= limit


def print_heading(first: str) -> None:
    print(f"{first:<44}{'ours ms':>10}{'bare ms':>10}{'ratio':>8}{'limit':>8}")
