"""The embedded Provena that a server carries starts when it is needed, once, and ends with the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from provena_mcp.embedded import EmbeddedProvena
from provena_mcp.embedded.identity import LOCAL_USER
from provena_mcp.embedded.jobs import rows as jobs
from provena_mcp.embedded.jobs.rows import NewJob, Submitter
from provena_mcp.embedded.lazy_app import LazyApp
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError


@dataclass
class Place:
    """Where an application starts and ends; it can fail to start, be slow, and have work waiting."""

    failures: int = 0
    has_work: bool = False
    slowly: asyncio.Event | None = None
    told: list[str] = field(default_factory=list[str])
    tasks: set[object] = field(default_factory=set[object])

    @asynccontextmanager
    async def start(self) -> AsyncGenerator[ASGIApp]:
        self.told.append("starts")
        self.tasks.add(asyncio.current_task())
        if self.slowly:
            await self.slowly.wait()
        if self.failures:
            self.failures -= 1
            raise StoreError("The disk is full.", advice="Free some space.")
        try:
            yield PlainTextResponse("here")
        finally:
            self.tasks.add(asyncio.current_task())
            self.told.append("ends")

    async def has_waiting_work(self) -> bool:
        return self.has_work

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[httpx.AsyncClient]:
        async with LazyApp(self.start, self.has_waiting_work, poll_seconds=0.01).running() as app:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://embedded") as client:
                yield client


@pytest.mark.asyncio
async def test_nothing_starts_that_nobody_needs() -> None:
    place = Place()
    async with place.client():
        pass
    assert place.told == []


@pytest.mark.asyncio
async def test_requests_at_once_start_it_once_and_one_task_enters_and_leaves_it() -> None:
    place = Place()
    async with place.client() as client:
        answers = await asyncio.gather(*(client.get("/") for _ in range(5)))
        answers.append(await client.get("/"))
        assert place.told == ["starts"]
    assert [answer.text for answer in answers] == ["here"] * 6
    assert place.told == ["starts", "ends"]
    assert len(place.tasks) == 1
    assert asyncio.current_task() not in place.tasks


@pytest.mark.asyncio
async def test_a_request_that_is_given_up_does_not_stop_the_start_for_others() -> None:
    place = Place(slowly=asyncio.Event())
    async with place.client() as client:
        given_up = asyncio.create_task(client.get("/"))
        other = asyncio.create_task(client.get("/"))
        while not place.told:
            await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait({given_up})
        assert place.slowly
        place.slowly.set()
        assert (await other).text == "here"
    assert place.told == ["starts", "ends"]


@pytest.mark.asyncio
async def test_a_start_that_fails_is_told_and_the_next_request_tries_again() -> None:
    place = Place(failures=1)
    async with place.client() as client:
        failed = await client.get("/")
        assert (failed.status_code, failed.json()) == (
            500,
            {
                "detail": "The disk is full. Free some space.",
                "store": {"message": "The disk is full.", "advice": "Free some space."},
            },
        )
        assert (await client.get("/")).text == "here"
    assert place.told == ["starts", "starts", "ends"]


@pytest.mark.asyncio
async def test_a_start_that_fails_unforeseen_leaves_nobody_waiting() -> None:
    @asynccontextmanager
    async def start() -> AsyncGenerator[ASGIApp]:
        raise LookupError("a bug")
        yield

    async def no_work() -> bool:
        return False

    async def ask() -> None:
        async with LazyApp(start, no_work).running() as app:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://embedded") as client:
                assert (await client.get("/")).status_code == 500

    with pytest.raises(LookupError, match="a bug"):
        await ask()


@pytest.mark.asyncio
async def test_it_starts_unasked_when_work_turns_up_also_after_a_failure() -> None:
    place = Place(failures=1)
    async with place.client():
        place.has_work = True
        async with asyncio.timeout(10):
            while place.told != ["starts", "starts"]:
                await asyncio.sleep(0)
    assert place.told == ["starts", "starts", "ends"]


@pytest.mark.asyncio
async def test_a_job_that_was_accepted_before_is_done_without_a_request(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = Store(path)
    with store.write() as connection:
        jobs.submit(connection, [NewJob("left behind", "PROV_LODGE_WAKE_UP", {})], Submitter(LOCAL_USER), 0)
    async with EmbeddedProvena(path).on_demand(), asyncio.timeout(30):
        while True:
            with store.read() as connection:
                job = jobs.fetch_job(connection, "left behind")
            assert job
            if job.status not in ("PENDING", "DEQUEUED", "IN_PROGRESS"):
                break
            await asyncio.sleep(0.002)
    store.close()
    assert job.status == "SUCCEEDED"
