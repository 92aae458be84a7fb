"""How long a lineage question takes, against only fetching and parsing the same answer; names are warm.

Both servers run over stdio and ask the same deployment in turns; the ratio is that of medians.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from mcp import Client

from benchmarks.deployment import DEPTH, deployed, start_of
from benchmarks.measurement import Table, bare_server, package_server

AIMS = {10: 1.3, 100: 1.5, 1_000: 1.65, 10_000: 1.4}
SPECIAL_AIM = 2.0
ROUTE_OF = {
    "explore_upstream": "/explore/upstream",
    "get_contributing_datasets": "/explore/special/contributing_datasets",
    "get_contributing_agents": "/explore/special/contributing_agents",
}


async def timed(client: Client, tool: str, arguments: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    answer = await client.call_tool(tool, arguments)
    taken = time.perf_counter() - started
    if answer.is_error or answer.structured_content is None:
        sys.exit(f"{tool} failed: {answer.content}")
    return taken, answer.structured_content


async def compare(
    table: Table, environment: dict[str, str], tool: str, aims: dict[int, float], repeat: int
) -> None:
    async with Client(package_server(environment)) as ours, Client(bare_server(environment)) as bare:
        for size, aim in aims.items():
            question = {"starting_id": start_of(size), "depth": DEPTH}
            plain = question | {"route": ROUTE_OF[tool]}
            await timed(ours, tool, question)
            _, answer = await timed(ours, tool, question)
            _, fetched = await timed(bare, "fetch", plain)
            if answer["totals"]["nodes"] != fetched["nodes"]:
                sys.exit(f"{size}: the two servers did not see the same graph.")
            mine: list[float] = []
            theirs: list[float] = []
            for _ in range(repeat):
                mine.append((await timed(ours, tool, question))[0])
                theirs.append((await timed(bare, "fetch", plain))[0])
            table.compare(
                f"{tool}, {fetched['nodes']:,} nodes, {fetched['links']:,} links", mine, theirs, aim
            )


def measure(table: Table, quick: bool) -> None:
    with deployed(list(AIMS)) as environment:
        asyncio.run(compare(table, environment, "explore_upstream", AIMS, 9 if quick else 31))


def measure_special(table: Table, quick: bool) -> None:
    aims = dict.fromkeys(AIMS, SPECIAL_AIM)
    with deployed(list(AIMS)) as environment:
        for tool in ("get_contributing_datasets", "get_contributing_agents"):
            asyncio.run(compare(table, environment, tool, aims, 9 if quick else 31))
