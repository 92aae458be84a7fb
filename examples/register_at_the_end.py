"""A simulation that registers its run when it has ended, once a person has agreed.

    python examples/register_at_the_end.py [--yes]

It starts the server on the sample world, so nothing of yours is touched. In your own programs the ids
below are those of your workflow template and datasets.
"""

import asyncio
import json
import sys
import time

from mcp import Client, StdioServerParameters
from mcp.types import TextContent

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "provena_mcp", "serve", "--sample"])
FORCING, BATHYMETRY, SETTINGS, CURRENTS = (f"sample/{number}" for number in range(1000007, 1000011))


def simulate() -> tuple[int, int]:
    """The work itself; when it began and ended, in Unix seconds."""
    began = int(time.time())
    sum(step * step for step in range(100_000))
    return began, int(time.time())


def record_of(began: int, ended: int) -> dict:
    """What Provena records of the run."""
    return {
        "workflow_template_id": "sample/1000011",
        "model_version": "2.0",
        "display_name": f"Nightly currents, {time.strftime('%Y-%m-%d', time.gmtime(began))}",
        "description": "Started by the nightly schedule.",
        "start_time": began,
        "end_time": ended,
        "inputs": [
            {"dataset_template_id": FORCING, "dataset_id": "sample/1000012"},
            {"dataset_template_id": BATHYMETRY, "dataset_id": "sample/1000072"},
            {
                "dataset_template_id": SETTINGS,
                "dataset_id": "sample/1000014",
                "resources": {"settings_file": "nightly.yaml"},
            },
        ],
        "outputs": [{"dataset_template_id": CURRENTS, "dataset_id": "sample/1000015"}],
        "annotations": {"scenario": "nightly", "grid_resolution": "1 km"},
        "associations": {"modeller_id": "sample/1000005"},
    }


async def call(client: Client, tool: str, **arguments: object) -> dict:
    """What a tool answers; an error says what to do."""
    result = await client.call_tool(tool, arguments)
    text = next(part.text for part in result.content if isinstance(part, TextContent))
    if result.is_error:
        raise SystemExit(text)
    return json.loads(text)


async def main(agreed: bool) -> None:
    """Simulate, show what would be registered, and register it if that is wanted."""
    record = record_of(*simulate())
    async with Client(SERVER) as client:
        preview = await call(client, "register_model_run", record=record)
        if not preview["ready"]:
            raise SystemExit(json.dumps({"missing": preview["missing"], "problems": preview["problems"]}))
        print(f"To register: {preview['run']['name']}, template {preview['run']['template']['name']}")
        if not agreed and input("Register it? Handles are permanent. [y/N] ").strip().lower() != "y":
            raise SystemExit("Nothing was registered.")
        done = await call(client, "register_model_run", reference=preview["reference"], confirm=True)
        print(done["message"])


if __name__ == "__main__":
    asyncio.run(main("--yes" in sys.argv))
