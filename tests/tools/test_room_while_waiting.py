"""A call that waits for its user, or for a job, keeps no room that other calls need for large answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import ElicitRequestParams, ElicitResult

from provena_mcp.client import ClientLimits
from provena_mcp.queries.jobs.job_wait import PollPolicy
from tests.worlds.deployment import a_record, provena, server
from tests.worlds.sample import call

# Every answer is large, and there is room for one.
NARROW = ClientLimits(large_bytes=0, large_bytes_at_once=1)


class Beside:
    """Asks for something else while a call waits, and keeps what that was answered."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self.found: list[dict[str, Any]] = []

    async def ask(self) -> None:
        assert self.client is not None
        async with asyncio.timeout(10):
            self.found.append(await call(self.client, "fetch_items", ids=["sample/1000013"]))

    async def agree(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
        await self.ask()
        return ElicitResult(action="accept", content={})

    async def sleep(self, seconds: float) -> None:
        if not self.found:
            await self.ask()
        await asyncio.sleep(min(seconds, 0.01))


@pytest.mark.asyncio
async def test_others_are_answered_while_a_user_is_asked(tmp_path: Path):
    beside = Beside()
    async with (
        provena(tmp_path) as wire,
        server(wire, "legacy", asked=beside.agree, limits=NARROW) as client,
    ):
        beside.client = client
        registered = await call(client, "register_model_run", record=a_record(), confirm=True)
    assert [answer["items"][0]["id"] for answer in beside.found] == ["sample/1000013"]
    assert registered["status"] == "succeeded"


@pytest.mark.asyncio
async def test_others_are_answered_while_a_job_is_waited_for(tmp_path: Path):
    beside = Beside()
    polling = PollPolicy(first_pause=0.005, longest_pause=0.02, sleep=beside.sleep)
    async with provena(tmp_path) as wire, server(wire, polling=polling, limits=NARROW) as client:
        beside.client = client
        preview = await call(client, "register_model_run", record=a_record())
        registered = await call(client, "register_model_run", reference=preview["reference"], confirm=True)
    assert [answer["items"][0]["id"] for answer in beside.found] == ["sample/1000013"]
    assert registered["status"] == "succeeded"
