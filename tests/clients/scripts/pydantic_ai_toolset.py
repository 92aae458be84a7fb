"""pydantic-ai: schemas as its OpenAI and Google models send them, errors as it shows them to a model."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from pydantic_ai.exceptions import ModelRetry
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.profiles.google import GoogleJsonSchemaTransformer
from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer
from steps import QUESTIONS, Steps


async def main(url: str) -> None:
    steps = Steps("pydantic-ai-slim")
    async with MCPToolset(url) as toolset:
        tools = await toolset.list_tools()
        steps.expect_listed([tool.name for tool in tools])

        async def convert() -> None:
            for tool in tools:
                OpenAIJsonSchemaTransformer(tool.input_schema, strict=None).walk()
                GoogleJsonSchemaTransformer(tool.input_schema, strict=None).walk()

        async def call(name: str, arguments: dict[str, Any]) -> str:
            try:
                return json.dumps(await toolset.direct_call_tool(name, arguments), ensure_ascii=False)
            except ModelRetry as error:
                return error.message

        await steps.take("convert", convert)
        for step in ("success", "failure", "preview"):
            await steps.ask(step, call)
        read = await steps.take("document", lambda: toolset.read_resource(QUESTIONS["document"]["uri"]))
        if read is not None:
            steps.expect("document", str(read))
    steps.show()


asyncio.run(main(sys.argv[1]))
