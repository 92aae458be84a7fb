"""Twelve lineages of 100,000 items asked for at once: what they cost in memory, and how long others wait.

The deployment is a process of its own that sends one answer, made beforehand; our server runs over stdio. Its
memory is that of its process, at its peak. While it works, it is asked a small lineage over and over: the
slowest takes no less than the longest stall of the event loop, and longer on a machine that does other work.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import psutil
from mcp import Client

from benchmarks.deployment import DEPTH, deployed, start_of
from benchmarks.lineage import timed
from benchmarks.measurement import Table, package_server

TOOL = "explore_upstream"
SMALL, ITEMS = 10, 100_000
AT_ONCE = 12
MOST_MEGABYTES = 400.0
MOST_MS = 100.0


def peak_megabytes() -> float:
    """The most memory that our server, the one child that serves, has taken."""
    servers = [child for child in psutil.Process().children() if child.cmdline()[1:] == ["-m", "provena_mcp"]]
    (server,) = servers
    told = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM")) / 1024


async def ask(environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds that all took, the most that a small call took meanwhile, and the most memory in megabytes."""
    question = {"starting_id": start_of(ITEMS), "depth": DEPTH, "names": False}
    async with Client(package_server(environment), read_timeout_seconds=600) as client:
        small = question | {"starting_id": start_of(SMALL)}
        await timed(client, TOOL, small)
        started = time.perf_counter()
        calls = [asyncio.create_task(client.call_tool(TOOL, question)) for _ in range(AT_ONCE)]
        waits: list[float] = []
        while not all(call.done() for call in calls):
            waits.append((await timed(client, TOOL, small))[0])
            await asyncio.sleep(0.005)
        taken = time.perf_counter() - started
        for answer in await asyncio.gather(*calls):
            if answer.is_error:
                sys.exit(f"One failed: {answer.content}")
        return taken, max(waits), peak_megabytes()


def measure(table: Table, quick: bool) -> None:
    with deployed([SMALL, ITEMS]) as environment:
        seconds, wait, megabytes = asyncio.run(ask(environment))
    what = f"{AT_ONCE} lineages of {ITEMS:,} items at once"
    table.within(f"{what}: memory", megabytes, MOST_MEGABYTES, "MB")
    table.within("the longest that a small call takes meanwhile", wait * 1000, MOST_MS, "ms")
    table.note(f"all answered after {seconds:.1f} s")
