"""How long from starting the process to the first tool list, against a bare SDK server.

Starts alternate, each in a fresh process with an empty embedded store; the ratio is of medians.

    python benchmarks/startup.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from mcp import Client, StdioServerParameters
from measuring import bare_server, package_server, print_heading, report

LIMIT = 1.35


async def until_tools(server: StdioServerParameters) -> float:
    started = time.perf_counter()
    async with Client(server) as client:
        listed = await client.list_tools()
        taken = time.perf_counter() - started
    if not listed.tools:
        sys.exit("A server listed no tools.")
    return taken


async def compare(rounds: int) -> bool:
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PROVENA_STORE": str(Path(folder) / "store.sqlite")}
        for _ in range(rounds + 1):
            ours.append(await until_tools(package_server(environment)))
            bare.append(await until_tools(bare_server({})))
    # The first round warms the file cache and compiles bytecode.
    return report(f"{rounds} starts", ours[1:], bare[1:], LIMIT)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    print_heading("start to first tools/list")
    sys.exit(0 if asyncio.run(compare(args.rounds)) else 1)


if __name__ == "__main__":
    main()
