"""How long from starting the process to the first tool list, and the first lineage call after it.

Starts alternate with those of a bare SDK server, each in a fresh process. The first call is of a lineage of
100 nodes whose names are cold, once right after the list and once after a pause as long as a person needs.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mcp import Client, StdioServerParameters

from benchmarks.deployment import DEPTH, deployed, start_of
from benchmarks.measurement import Table, bare_server, package_server

AIM = 1.15
FIRST_CALL_AIM = 1.5
VERSION_AIM_MS = 60.0
PAUSE_SECONDS = 1.0
NODES = 100

Call = tuple[str, dict[str, object]]


async def until_tools(server: StdioServerParameters) -> float:
    started = time.perf_counter()
    async with Client(server) as client:
        listed = await client.list_tools()
        taken = time.perf_counter() - started
    if not listed.tools:
        sys.exit("A server listed no tools.")
    return taken


async def first_call(server: StdioServerParameters, call: Call, pause: float) -> float:
    async with Client(server) as client:
        await client.list_tools()
        await asyncio.sleep(pause)
        started = time.perf_counter()
        answer = await client.call_tool(*call)
        taken = time.perf_counter() - started
    if answer.is_error:
        sys.exit(f"The first call failed: {answer.content}")
    return taken


async def compare_starts(table: Table, rounds: int) -> None:
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PROVENA_STORE": str(Path(folder) / "store.sqlite")}
        for _ in range(rounds + 1):
            ours.append(await until_tools(package_server(environment)))
            bare.append(await until_tools(bare_server({})))
    # The first round warms the file cache and compiles bytecode.
    table.compare("start to the first tools/list", ours[1:], bare[1:], AIM)


async def compare_first_calls(table: Table, environment: dict[str, str], rounds: int, pause: float) -> None:
    question: dict[str, object] = {"starting_id": start_of(NODES), "depth": DEPTH}
    plain = question | {"route": "/explore/upstream"}
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        ours.append(await first_call(package_server(environment), ("explore_upstream", question), pause))
        bare.append(await first_call(bare_server(environment), ("fetch", plain), pause))
    table.compare(f"first lineage call, {pause:g} s after the list", ours, bare, FIRST_CALL_AIM)


def compare_version(table: Table, rounds: int) -> None:
    ours = statistics.median(_run(["-m", "provena_mcp", "--version"]) for _ in range(rounds))
    bare = statistics.median(_run(["-c", "pass"]) for _ in range(rounds))
    table.within("--version, above python -c pass", (ours - bare) * 1000, VERSION_AIM_MS, "ms")


def _run(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure(table: Table, quick: bool) -> None:
    rounds = 5 if quick else 15
    asyncio.run(compare_starts(table, rounds))
    compare_version(table, rounds)
    with deployed([NODES]) as environment:
        for pause in (0.0, PAUSE_SECONDS):
            asyncio.run(compare_first_calls(table, environment, rounds, pause))
