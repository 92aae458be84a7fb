"""Questions asked together: where one fails, the others end with it, and nobody else notices."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import anyio
import httpx
import pytest

from provena_mcp.errors import ForbiddenError
from provena_mcp.queries.answers.audit import audit
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.names import Named
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap
from tests.client.provena_stand_in import GOOD, Loopback, client_at, explore, never, raw_answer
from tests.worlds.deployment import Send, provena, server
from tests.worlds.sample import call, failure

UPSTREAM = "/prov-api/explore/upstream"
STUDY = "sample/1000109"


class RefusedOnce:
    """Refuses the first request as soon as others are under way, which it holds until they are let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.others = asyncio.Event()
        self.held = self.given_up = 0

    async def __call__(self, request: httpx.Request, send: Send) -> httpx.Response:
        if not self.held:
            self.held = 1
            await self.others.wait()
            return httpx.Response(403, json={"detail": "No."})
        self.held += 1
        self.others.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        return await send(request)


@pytest.mark.asyncio
async def test_after_a_failure_no_tool_asks_on_for_what_it_cannot_answer(tmp_path: Path):
    refused = RefusedOnce()
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[UPSTREAM] = refused
        failed = await failure(client, "audit_reproducibility", item_id=STUDY)
        given_up, asked = refused.given_up, wire.count(UPSTREAM)
        refused.let_go.set()
        await call(client, "list_items", subtype="STUDY")
        assert wire.count(UPSTREAM) == asked
    assert failed["kind"] == "Forbidden"
    assert given_up == refused.held - 1 == asked - 1 > 0


@pytest.mark.asyncio
async def test_what_is_given_up_spoils_no_connection_and_is_no_failure_of_the_service():
    async def reply(writer: asyncio.StreamWriter) -> None:
        if len(server.heads) > 12:
            return writer.write(GOOD)
        under_way.release()
        if len(server.heads) > 1:
            return await never(writer)
        for _ in range(12):
            await under_way.acquire()
        return writer.write(raw_answer(b'{"detail": "No."}', "403 Forbidden"))

    under_way = asyncio.Semaphore(0)
    async with Loopback(reply).serving() as server, client_at(server.base) as client:
        with pytest.raises(ForbiddenError):
            await together(*(explore(client) for _ in range(12)))
        await explore(client)
        # The one that was answered carried another; those that were not are of no use any more.
        assert (len(server.heads), server.connections) == (13, 12)
        await together(*(explore(client) for _ in range(12)))
        assert (len(server.heads), server.connections) == (25, 23)


@pytest.mark.asyncio
async def test_the_first_failure_itself_is_raised_when_all_others_have_ended():
    ended: list[str] = []

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("other")
            raise OSError("that comes of being given up")

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError("first")

    with pytest.raises(ValueError, match="first") as raised:
        await together(other(), failing(), other())
    assert ended == ["other", "other"]
    assert raised.value.__context__ is None


@pytest.mark.asyncio
async def test_who_is_cancelled_gives_up_all_and_waits_until_they_have_tidied_up():
    under_way, tidied = asyncio.Semaphore(0), list[int]()

    async def asked(number: int) -> None:
        try:
            under_way.release()
            await asyncio.Event().wait()
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            tidied.append(number)

    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(together, asked(1), asked(2))
            await under_way.acquire()
            await under_way.acquire()
            scope.cancel()
    assert sorted(tidied) == [1, 2]


@pytest.mark.asyncio
async def test_a_deadline_that_passes_after_a_failure_is_told_from_being_cancelled():
    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError

    with anyio.CancelScope() as deadline:
        with pytest.raises(ValueError):
            await together(failing(), asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(deadline.cancel)
        await asyncio.Event().wait()
    assert deadline.cancelled_caught
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


@pytest.mark.asyncio
async def test_what_failed_is_let_go_without_waiting_for_a_search_for_garbage():
    class Answer:
        """Large."""

    async def failing() -> None:
        answer = Answer()
        known.append(weakref.ref(answer))
        await asyncio.sleep(0)
        raise ValueError

    known: list[weakref.ref[Answer]] = []
    gc.disable()
    try:
        with suppress(ValueError):
            await together(failing(), asyncio.Event().wait())
        assert known[0]() is None
    finally:
        gc.enable()


@pytest.mark.asyncio
async def test_answers_come_in_the_order_in_which_they_were_asked_for():
    async def answer(number: int) -> int:
        for _ in range(5 - number):
            await asyncio.sleep(0)
        return number

    assert await together(*map(answer, range(5))) == (0, 1, 2, 3, 4)
    assert (await together(answer(3)), await together()) == ((3,), ())


@pytest.mark.asyncio
async def test_of_several_that_fail_in_one_turn_the_first_is_raised_and_nothing_is_said_of_the_others():
    async def failing(number: int) -> None:
        await asyncio.sleep(0)
        raise ForbiddenError(f"No {number}.")

    said: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context["message"]))
    with pytest.raises(ForbiddenError, match="No 0"):
        await together(*(failing(number) for number in range(3)))
    gc.collect()
    await asyncio.sleep(0)
    assert said == []


@pytest.mark.asyncio
async def test_an_audit_whose_time_is_over_ends_when_the_lineage_that_it_asked_for_ahead_has_ended():
    tidied: list[str] = []

    class Slow:
        async def explore(self, query: str, starting_id: str, depth: int) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                for _ in range(3):
                    await asyncio.sleep(0)
                tidied.append(query)

        async def fetch(self, item_id: str) -> None:
            deadline.cancel()
            await asyncio.Event().wait()

    known = {"a/run": Named("A run", "MODEL_RUN")}
    names = SimpleNamespace(known=lambda caller, ids: known)
    client = SimpleNamespace(prov=Slow(), registry=Slow())
    reader = cast(Reader, SimpleNamespace(client=client, names=names, caller="ann"))
    with anyio.CancelScope() as deadline:
        await asyncio.sleep(0)
        await audit(reader, DepthCap(), "a/run", lambda: 0.0, 4_000)
    assert tidied == ["upstream"]
