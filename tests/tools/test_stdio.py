"""What a host sees that starts the server as a process and speaks to it over its pipes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.worlds.sample import BOTH_ERAS, LINEAGE_TOOLS, call, sample_client, stdio_server

DATASET = "sample/1000041"


async def all_that_lineage_says(client: Client) -> tuple[list[str], dict[str, Any]]:
    listed = await client.list_tools()
    answers = {tool: await call(client, tool, starting_id=DATASET) for tool in LINEAGE_TOOLS}
    return [tool.name for tool in listed.tools], answers


@pytest.mark.slow
@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_host_gets_the_tools_and_every_lineage_answer(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        expected = await all_that_lineage_says(client)
    async with Client(stdio_server(tmp_path), mode=era) as client:
        assert await all_that_lineage_says(client) == expected


def messages() -> list[dict[str, Any]]:
    """A conversation in which calls succeed and fail; those with an id are answered."""
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "host", "version": "1"},
    }
    calls = [
        ("explore_upstream", {"starting_id": DATASET}),
        ("explore_upstream", {"starting_id": "sample/unknown"}),
        ("get_health_check", {}),
        ("no_such_tool", {}),
    ]
    requests = [("initialize", hello), ("tools/list", {})]
    requests += [("tools/call", {"name": name, "arguments": arguments}) for name, arguments in calls]
    numbered = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        for number, (method, params) in enumerate(requests)
    ]
    return [numbered[0], {"jsonrpc": "2.0", "method": "notifications/initialized"}, *numbered[1:]]


def start(server: StdioServerParameters) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [server.command, *server.args],
        env=server.env,
        cwd=server.cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_every_line_on_stdout_is_an_answer_whatever_was_asked(tmp_path: Path):
    answered: list[int] = []
    with start(stdio_server(tmp_path)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for message in messages():
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" in message:
                answer = json.loads(process.stdout.readline())
                answered.append(answer["id"])
        rest, _ = process.communicate(timeout=60)
    assert (answered, rest, process.returncode) == ([0, 1, 2, 3, 4, 5], "", 0)
