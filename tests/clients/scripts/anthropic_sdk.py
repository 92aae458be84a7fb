"""The MCP helpers of the Anthropic SDK for Python."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from anthropic.lib.tools import ToolError
from anthropic.lib.tools.mcp import async_mcp_tool, mcp_resource_to_content
from mcp import Client
from steps import QUESTIONS, Steps


async def main(url: str) -> None:
    steps = Steps("anthropic")
    async with Client(url) as client:
        listed = (await client.list_tools()).tools
        steps.expect_listed([tool.name for tool in listed])

        async def convert() -> dict[str, Any]:
            made = {tool.name: async_mcp_tool(tool, client) for tool in listed}
            json.dumps([tool.to_dict() for tool in made.values()])
            return made

        tools = await steps.take("convert", convert) or {}

        async def call(name: str, arguments: dict[str, Any]) -> str:
            try:
                return json.dumps(await tools[name].call(arguments), ensure_ascii=False)
            except ToolError as error:
                return json.dumps(error.content, ensure_ascii=False)

        for step in ("success", "failure", "preview"):
            await steps.ask(step, call)

        async def read() -> str:
            return str(mcp_resource_to_content(await client.read_resource(QUESTIONS["document"]["uri"])))

        text = await steps.take("document", read)
        if text is not None:
            steps.expect("document", text)
    steps.show()


asyncio.run(main(sys.argv[1]))
