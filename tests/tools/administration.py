"""The run that administrators delete and store again, and how many links the graph has of it."""

from typing import Any

from tests.worlds.sample import call

RUN = "sample/1000042"
OUTPUT = "sample/1000041"
AGAIN = "It had been sent with this reference before and was not sent again. "

ADMIN: dict[str, Any] = {"toolsets": "all"}


async def links_of(client: Any) -> int:
    found = await call(client, "explore_upstream", starting_id=RUN, depth=1)
    return found["totals"]["links"]
