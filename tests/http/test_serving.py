"""The real process: how it starts, what it says, and how it stops."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import httpx
import httpx2
import psutil
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.http.server_process import serving, until_ready

CALLS = 40
WARNING = "WARNING provena_mcp.server.http.origins: "
MOST_GROWTH = 120 * 1024 * 1024


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_the_sample_world_is_served_on_this_machine(tmp_path: Path, era: str):
    with serving(tmp_path, "--sample") as (process, base):
        await until_ready(base)
        async with Client(f"{base}/mcp", mode=era) as host:
            health = await host.call_tool("get_health_check", {})
        async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
            wrong_host = await http.post("/mcp", json={}, headers={"Host": "evil.example.net"})
            web_page = await http.post("/mcp", json={}, headers={"Origin": "https://evil.example.net"})
        process.terminate()
        out, err = process.communicate(timeout=30)
    assert health.structured_content is not None
    assert health.structured_content["provena"]["kind"] == "sample"
    assert (wrong_host.status_code, web_page.status_code) == (421, 403)
    assert (process.returncode, out) == (-signal.SIGTERM, "")
    assert [line.removeprefix(WARNING) for line in err.splitlines()] == [
        f"Serving MCP at {base}/mcp",
        "Refused a request for the host 'evil.example.net'",
        "Refused a request of the origin 'https://evil.example.net'",
    ]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_sigterm_loses_no_call_under_way(tmp_path: Path):
    with serving(tmp_path, "--sample", PROVENA_HTTP_CALLS_PER_MINUTE="10000") as (process, base):
        await until_ready(base)
        sent: list[str] = []
        all_sent = asyncio.Event()

        async def follow(step: str, _: object) -> None:
            if step.endswith("send_request_body.complete"):
                sent.append(step)
                if len(sent) == CALLS:
                    all_sent.set()

        async def trace(request: httpx2.Request) -> None:
            request.extensions["trace"] = follow

        async with (
            httpx2.AsyncClient(trust_env=False, timeout=60) as http,
            Client(streamable_http_client(f"{base}/mcp", http_client=http)) as host,
        ):
            run = (
                await host.call_tool("list_items", {"subtype": "MODEL_RUN", "limit": 1})
            ).structured_content
            http.event_hooks = {"request": [trace]}

            async def one() -> bool:
                answer = await host.call_tool(
                    "explore_upstream", {"starting_id": run["items"][0]["id"], "depth": 4}
                )
                return not answer.is_error

            calls = [asyncio.create_task(one()) for _ in range(CALLS)]
            # A server that is stopping takes no connections: those of all have to be there before.
            await all_sent.wait()
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            process.terminate()
            answered = await asyncio.gather(*calls)
        out, err = process.communicate(timeout=60)
    assert answered == [True] * CALLS
    assert (process.returncode, out) == (-signal.SIGTERM, "")
    assert "Traceback" not in err


@pytest.mark.slow
@pytest.mark.asyncio
async def test_two_hundred_calls_at_once_are_held_without_hoarding_memory(tmp_path: Path):
    with serving(
        tmp_path, "--sample", PROVENA_HTTP_CALLS_PER_MINUTE="10000", PROVENA_HTTP_CALLS_AT_ONCE="50"
    ) as (process, base):
        await until_ready(base)
        server = psutil.Process(process.pid)
        async with Client(f"{base}/mcp") as host:
            listed = (
                await host.call_tool("list_items", {"subtype": "MODEL_RUN", "limit": 1})
            ).structured_content
            question = {"starting_id": listed["items"][0]["id"], "depth": 6}
            await host.call_tool("explore_upstream", question)
            before = server.memory_info().rss
            calls = (host.call_tool("explore_upstream", question) for _ in range(200))
            answers = await asyncio.gather(*calls)
            grown = server.memory_info().rss - before
    assert [answer.is_error for answer in answers] == [False] * 200
    assert len({str(answer.structured_content) for answer in answers}) == 1
    assert grown < MOST_GROWTH, f"{grown:,} bytes"
