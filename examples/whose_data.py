"""Who has to be credited for a result? The client alone, without MCP.

    python examples/whose_data.py HANDLE

Addresses and login are those of the environment: PROVENA_DOMAIN and PROVENA_REALM, after 'provena-mcp login'.
"""

import asyncio
import sys

from provena_mcp.client import ProvenaClient, token_provider_from
from provena_mcp.errors import ProvenaError
from provena_mcp.settings import Settings


async def main(handle: str) -> None:
    """Print the people and organisations behind an item, by name."""
    settings = Settings()
    endpoints = settings.endpoints()
    if endpoints is None:
        raise SystemExit("Set PROVENA_DOMAIN and PROVENA_REALM first.")
    async with ProvenaClient(endpoints, tokens=token_provider_from(settings)) as provena:
        try:
            graph = await provena.prov.explore("upstream", handle, depth=5)
            items = await asyncio.gather(*(provena.registry.fetch(node) for node in graph.nodes))
        except ProvenaError as error:
            raise SystemExit(f"{error.message} {error.advice}") from error
    for item in sorted(items, key=lambda item: item.display_name or ""):
        if item.item_subtype in ("PERSON", "ORGANISATION"):
            print(f"{item.display_name} ({item.id})")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
