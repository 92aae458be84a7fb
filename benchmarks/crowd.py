"""Many calls at once against as many of the bare server, and how long a small call waits beside a large."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from mcp import Client

from benchmarks.deployment import DEPTH, deployed, start_of
from benchmarks.lineage import timed
from benchmarks.measurement import Table, bare_server, package_server

AT_ONCE = 50
AIM = 1.6
WAIT_MS = 80.0
SMALL, MEDIUM, LARGE = 10, 100, 10_000
TOOL = "explore_upstream"


def _question(size: int) -> dict[str, Any]:
    return {"starting_id": start_of(size), "depth": DEPTH}


async def burst(client: Client, tool: str, arguments: dict[str, Any]) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(client.call_tool(tool, arguments) for _ in range(AT_ONCE)))
    return time.perf_counter() - started


async def longest_wait(client: Client) -> float:
    """Seconds that the slowest of the small calls took that were made while a large one ran."""
    large = asyncio.create_task(client.call_tool(TOOL, _question(LARGE)))
    waits: list[float] = []
    while not large.done():
        waits.append((await timed(client, TOOL, _question(SMALL)))[0])
    await large
    return max(waits)


async def compare(table: Table, environment: dict[str, str], rounds: int) -> None:
    plain = _question(MEDIUM) | {"route": "/explore/upstream"}
    async with Client(package_server(environment)) as ours, Client(bare_server(environment)) as bare:
        for size in (SMALL, MEDIUM, LARGE):
            await timed(ours, TOOL, _question(size))
        mine: list[float] = []
        theirs: list[float] = []
        waits: list[float] = []
        for _ in range(rounds):
            mine.append(await burst(ours, TOOL, _question(MEDIUM)))
            theirs.append(await burst(bare, "fetch", plain))
            waits.append(await longest_wait(ours))
        table.compare(f"{AT_ONCE} calls at once, {MEDIUM} nodes each", mine, theirs, AIM)
        waits.sort()
        table.within(
            f"a small call beside one of {LARGE:,} nodes", waits[len(waits) // 2] * 1000, WAIT_MS, "ms"
        )


def measure(table: Table, quick: bool) -> None:
    with deployed([SMALL, MEDIUM, LARGE]) as environment:
        asyncio.run(compare(table, environment, 3 if quick else 9))
