"""How long a lineage question takes, against only fetching and parsing the same answer.

Both servers run over stdio and ask the same fake Provena in turns; names are warm. The ratio is
ours to bare, of medians.

    python benchmarks/lineage_call.py [--sizes 10,100,1000,10000] [--tool explore_upstream]
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from mcp import Client
from measuring import (
    bare_server,
    fake_provena,
    package_server,
    parser_with_bench,
    pointing_at,
    print_heading,
    report,
)

LIMIT = 2.0
DEPTH = 10
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


async def compare(base: str, tool: str, sizes: list[int], repeat: int) -> bool:
    kept = True
    environment = pointing_at(base)
    async with Client(package_server(environment)) as ours, Client(bare_server(environment)) as bare:
        for size in sizes:
            question = {"starting_id": f"10378.1/{size}-0", "depth": DEPTH}
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
            label = f"{tool}, {fetched['nodes']:,} nodes, {fetched['links']:,} links"
            kept &= report(label, mine, theirs, LIMIT)
    return kept


def main() -> None:
    parser = parser_with_bench(__doc__)
    parser.add_argument("--sizes", default="10,100,1000,10000", help="nodes of each lineage")
    parser.add_argument("--tool", choices=ROUTE_OF, default="explore_upstream")
    parser.add_argument("--repeat", type=int, default=15, help="calls of each server and size")
    args = parser.parse_args()
    sizes = [int(size) for size in args.sizes.split(",")]
    with fake_provena(args.bench, sizes) as base:
        print_heading("lineage call")
        sys.exit(0 if asyncio.run(compare(base, args.tool, sizes, args.repeat)) else 1)


if __name__ == "__main__":
    main()
