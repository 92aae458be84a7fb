"""google-genai: its converter, then calls through the session as ``generate_content`` makes them."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from google.genai._mcp_utils import mcp_to_gemini_tools
from mcp import Client
from steps import QUESTIONS, Steps


async def main(url: str) -> None:
    steps = Steps("google-genai")
    async with Client(url) as client:
        tools = (await client.list_tools()).tools
        steps.expect_listed([tool.name for tool in tools])

        async def convert() -> None:
            declared = mcp_to_gemini_tools(tools)
            if len(declared) != len(tools):
                raise ValueError(f"{len(declared)} of {len(tools)} tools")

        async def call(name: str, arguments: dict[str, Any]) -> str:
            return (await client.call_tool(name, arguments)).model_dump_json()

        await steps.take("convert", convert)
        for step in ("success", "failure", "preview"):
            await steps.ask(step, call)
        read = await steps.take("document", lambda: client.read_resource(QUESTIONS["document"]["uri"]))
        if read is not None:
            steps.expect("document", read.contents[0].text)
    steps.show()


asyncio.run(main(sys.argv[1]))
