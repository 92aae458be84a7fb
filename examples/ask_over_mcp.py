"""What fed this result? A program that asks the server over MCP, as an assistant does.

    python examples/ask_over_mcp.py

It starts the server on the sample world. Leave '--sample' out to ask your own Provena.
"""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters
from mcp.types import TextContent

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "provena_mcp", "serve", "--sample"])
RESULT = "Restoration priorities 2025, with sea country values"


async def ask(client: Client, tool: str, **arguments: object) -> dict:
    """What a tool answers; an error says what to do."""
    result = await client.call_tool(tool, arguments)
    text = next(part.text for part in result.content if isinstance(part, TextContent))
    if result.is_error:
        raise SystemExit(text)
    return json.loads(text)


async def main() -> None:
    """Find an item by its name, and print the datasets that went into it, page by page."""
    async with Client(SERVER) as client:
        found = await ask(client, "search_items", query=RESULT, subtype="DATASET")
        start = found["items"][0]["id"]
        page = await ask(client, "get_contributing_datasets", starting_id=start)
        print(
            f"{page['totals']['answer']} datasets" + ("" if page["complete"] else ", and more farther back")
        )
        while True:
            for dataset in page["answer"]:
                print(f"{dataset['hop']:>3}  {dataset['name']} ({dataset['id']})")
            if "next" not in page:
                break
            page = await ask(client, page["next"]["tool"], **page["next"]["arguments"])


if __name__ == "__main__":
    asyncio.run(main())
