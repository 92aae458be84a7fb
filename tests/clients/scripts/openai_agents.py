"""openai-agents: tools as they are, or ``strict``, where every argument has to be given."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from agents import Agent, RunContextWrapper
from agents.mcp import MCPServerStreamableHttp, MCPUtil
from agents.tool import FunctionTool
from agents.tool_context import ToolContext
from steps import QUESTIONS, Steps


async def call(tool: FunctionTool, arguments: dict[str, Any]) -> str:
    given = json.dumps(arguments)
    context = ToolContext(None, tool_name=tool.name, tool_call_id="1", tool_arguments=given)
    return json.dumps(await tool.on_invoke_tool(context, given), ensure_ascii=False)


def nothing_but(schema: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Every argument that a strict schema requires: those ``given``, the others saying nothing."""
    return {name: given.get(name, _nothing(part)) for name, part in schema["properties"].items()}


def _nothing(schema: dict[str, Any]) -> Any:
    if {"type": "null"} in schema.get("anyOf", ()):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "", "boolean": False, "array": [], "integer": schema.get("maximum", 1)}[schema["type"]]


async def search_with_everything_given(tools: dict[str, FunctionTool]) -> None:
    """A search whose other arguments say nothing finds as much as one without them."""
    tool = tools["search_items"]
    if not tool.strict_json_schema:
        raise ValueError("search_items could not be made strict")
    arguments = nothing_but(tool.params_json_schema, {"query": "reef", "limit": 10})
    found, plain = await call(tool, arguments), await call(tool, {"query": "reef"})
    if found != plain or "sample/" not in plain:
        raise ValueError(f"finds {found[:100]}, not {plain[:100]}")


async def main(url: str, *, strict: bool) -> None:
    steps = Steps("openai-agents")
    async with MCPServerStreamableHttp(params={"url": url}) as server:
        agent = Agent(name="matrix", mcp_servers=[server])
        steps.expect_listed([tool.name for tool in await server.list_tools()])
        converted = await steps.take(
            "convert", lambda: MCPUtil.get_function_tools(server, strict, RunContextWrapper(None), agent)
        )
        tools = {tool.name: tool for tool in converted or ()}
        if strict and tools:
            await steps.take("convert", lambda: search_with_everything_given(tools))
        for step in ("success", "failure", "preview"):
            await steps.ask(step, lambda name, given: call(tools[name], given))
        read = await steps.take("document", lambda: server.read_resource(QUESTIONS["document"]["uri"]))
        if read is not None:
            steps.expect("document", read.contents[0].text)
    steps.show()


asyncio.run(main(sys.argv[1], strict="strict" in sys.argv[2:]))
