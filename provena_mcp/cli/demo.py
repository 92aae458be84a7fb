"""``provena-mcp demo``: real questions to the sample world, over MCP, as an assistant would ask them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp.types import TextContent
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from provena_mcp.cli.demo_questions import QUESTIONS, DemoCall, DemoQuestion
from provena_mcp.errors import OperatorError
from provena_mcp.rules.budgets import estimate_tokens
from provena_mcp.wire.items import JSON_OBJECT, JsonObject

_CALL_SECONDS: Final = 30.0
_GO_ON: Final = (
    "Ask your own: let your MCP host run 'provena-mcp serve --sample', "
    "or load your items with 'provena-mcp local load FILE' and let it run 'provena-mcp'."
)


def run_demo() -> None:
    """Start the server on the sample in a temporary store, ask every question, print the answers.

    Raises:
        OperatorError: The server did not start, or answered a question with an error.
    """
    with TemporaryDirectory(prefix="provena-demo-") as folder:
        try:
            asyncio.run(_ask_all(_server_in(folder), Console()))
        except ExceptionGroup as group:
            if group.subgroup(MCPError) is None:
                raise
            raise OperatorError(
                "The demo's server stopped before it answered.", advice="What it said itself stands above."
            ) from group


def _server_in(folder: str) -> StdioServerParameters:
    # Neither the user's settings nor a .env file here may change what the demo shows.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
    environment |= {
        "PROVENA_STORE": str(Path(folder, "demo.sqlite")),
        "PROVENA_OUTPUT_DIR": "off",
        "PROVENA_TOOLSETS": "default,recording",
    }
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "provena_mcp", "serve", "--sample"],
        env=environment,
        cwd=folder,
    )


async def _ask_all(server: StdioServerParameters, console: Console) -> None:
    failure: OperatorError | None = None
    async with Client(server, read_timeout_seconds=_CALL_SECONDS) as client:
        try:
            await _converse(client, console)
        except OperatorError as error:
            # Raised below: out of the client's task groups it would come wrapped.
            failure = error
    if failure is not None:
        raise failure


async def _converse(client: Client, console: Console) -> None:
    console.print(Text(client.instructions or "", style="dim"))
    spent = 0
    for number, question in enumerate(QUESTIONS, 1):
        console.print()
        console.print(Text(f"{number}. {question.asks}", style="bold"))
        spent += await _ask(client, question, console)
    console.print()
    console.print(Text(f"{len(QUESTIONS)} questions, about {spent:,} tokens of answers.", style="dim"))
    console.print(Text(_GO_ON))


async def _ask(client: Client, question: DemoQuestion, console: Console) -> int:
    answer, size = await _call(client, question.call, console)
    spent = size
    if question.then is not None:
        answer, size = await _call(client, question.then(answer), console)
        spent += size
    console.print(Padding(question.render(answer), (0, 0, 0, 3)))
    return spent


async def _call(client: Client, call: DemoCall, console: Console) -> tuple[JsonObject, int]:
    result = await client.call_tool(call.tool, call.arguments)
    # The text of a result is the JSON of its structure; an error has nothing else.
    answer = JSON_OBJECT.validate_json("".join(b.text for b in result.content if isinstance(b, TextContent)))
    if result.is_error:
        raise OperatorError(
            f"The demo's call of {call.tool} failed.",
            advice="The installation may be broken: reinstall provena-mcp and try again.",
            upstream=json.dumps(answer),
        )
    size = estimate_tokens(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
    arguments = " ".join(f"{name}={json.dumps(value)}" for name, value in call.arguments.items())
    console.print(Text(f"   {call.tool} {arguments}  -> about {size:,} tokens", style="cyan"), soft_wrap=True)
    return answer, size
