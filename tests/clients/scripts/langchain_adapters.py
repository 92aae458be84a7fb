"""langchain-mcp-adapters: what comes of a result has to pass into a request to a model."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.resources import load_mcp_resources
from langchain_mcp_adapters.tools import load_mcp_tools
from langchain_openai import ChatOpenAI
from steps import QUESTIONS, Steps


def as_sent(message: ToolMessage) -> str:
    """The text of the request that would carry a result to a model."""
    call = {"name": message.name or "", "args": {}, "id": message.tool_call_id}
    # Made and not sent; this is what its own calls send.
    model = ChatOpenAI(model="any", api_key="none", base_url="http://127.0.0.1:9/")
    asked = model._get_request_payload([AIMessage("", tool_calls=[call]), message])
    return str(asked["messages"][-1])


async def main(url: str) -> None:
    steps = Steps("langchain-mcp-adapters")
    client = MultiServerMCPClient({"provena": {"transport": "streamable_http", "url": url}})
    async with client.session("provena") as session:
        tools = {tool.name: tool for tool in await load_mcp_tools(session)}
        steps.expect_listed([*tools])

        async def convert() -> None:
            for tool in tools.values():
                convert_to_openai_tool(tool)

        async def call(name: str, arguments: dict[str, Any]) -> str:
            asked = {"name": name, "args": arguments, "id": "1", "type": "tool_call"}
            return as_sent(await tools[name].ainvoke(asked))

        await steps.take("convert", convert)
        for step in ("success", "failure", "preview"):
            await steps.ask(step, call)

        async def read() -> str:
            if not await load_mcp_resources(session):
                raise ValueError("no resource is listed")
            (blob,) = await load_mcp_resources(session, uris=QUESTIONS["document"]["uri"])
            return blob.as_string()

        text = await steps.take("document", read)
        if text is not None:
            steps.expect("document", text)
    steps.show()


asyncio.run(main(sys.argv[1]))
