"""How long from starting the process to the first tool list, and the first lineage call after it.

Starts alternate with those of a bare SDK server, each in a fresh process; ratios are of medians. The first
call is of a lineage of 100 nodes, once at once and once after a pause as long as a person needs to ask.

    python benchmarks/startup.py [--rounds 15]
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mcp import Client, StdioServerParameters
from measuring import (
    bare_server,
    fake_provena,
    median_ms,
    package_server,
    parser_with_bench,
    pointing_at,
    print_heading,
    report,
)

LIMIT = 1.15
FIRST_CALL_LIMIT = 1.5
VERSION_LIMIT_MS = 60
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


async def compare_starts(rounds: int) -> bool:
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PROVENA_STORE": str(Path(folder) / "store.sqlite")}
        for _ in range(rounds + 1):
            ours.append(await until_tools(package_server(environment)))
            bare.append(await until_tools(bare_server({})))
    # The first round warms the file cache and compiles bytecode.
    return report(f"{rounds} starts", ours[1:], bare[1:], LIMIT)


async def compare_first_calls(base: str, rounds: int, pause: float) -> bool:
    question: dict[str, object] = {"starting_id": f"10378.1/{NODES}-0", "depth": 10}
    plain = question | {"route": "/explore/upstream"}
    environment = pointing_at(base)
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        ours.append(await first_call(package_server(environment), ("explore_upstream", question), pause))
        bare.append(await first_call(bare_server(environment), ("fetch", plain), pause))
    return report(f"first call, {pause:g} s after the list", ours, bare, FIRST_CALL_LIMIT)


def compare_version(rounds: int) -> bool:
    ours = [_run(["-m", "provena_mcp", "--version"]) for _ in range(rounds)]
    bare = [_run(["-c", "pass"]) for _ in range(rounds)]
    more = median_ms(ours) - median_ms(bare)
    verdict = "ok" if more <= VERSION_LIMIT_MS else "OVER"
    print(
        f"{'--version, against python -c pass':<44}{median_ms(ours):>10.1f}{median_ms(bare):>10.1f}", end=""
    )
    print(f"   {more:.0f} ms more, limit {VERSION_LIMIT_MS}  {verdict}")
    return more <= VERSION_LIMIT_MS


def _run(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    parser = parser_with_bench(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    print_heading("start to first tools/list")
    kept = [asyncio.run(compare_starts(args.rounds)), compare_version(args.rounds)]
    with fake_provena(args.bench, [NODES]) as base:
        kept += [asyncio.run(compare_first_calls(base, args.rounds, pause)) for pause in (0.0, PAUSE_SECONDS)]
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
