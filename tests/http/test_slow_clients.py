"""Clients that begin a request and do not go on with it: they hold nothing for long, and keep nobody out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
import uvicorn
from mcp import Client
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provena_mcp.server.http.connections import with_header_deadline
from provena_mcp.server.http.limits import RequestsAtOnce
from provena_mcp.server.http.request_body import RequestBody, body_of
from tests.http.server_process import serving, until_ready

HALF = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
HALF_A_BODY = HALF + b"Content-Length: 100\r\n\r\n{"
LATE = b"GET /late HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
WHOLE = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_thousand_half_sent_requests_keep_nobody_out(tmp_path: Path):
    with serving(tmp_path, "--sample") as (_, base), ExitStack() as held:
        await until_ready(base)
        host, _, port = base.removeprefix("http://").partition(":")
        for number in range(1_001):
            slow = held.enter_context(socket.create_connection((host, int(port))))
            slow.sendall(HALF_A_BODY if number % 10 == 0 else HALF)
        async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
            probes = [(await http.get(path)).status_code for path in ("/health", "/ready")]
        async with Client(f"{base}/mcp") as client:
            listed = await client.call_tool("list_items", {"limit": 1})
    assert probes == [200, 200]
    assert not listed.is_error


@asynccontextmanager
async def waiting_so_long(seconds: float) -> AsyncGenerator[tuple[str, int]]:
    """A server that waits ``seconds`` for headers, reads no bodies, and takes longer to answer ``/late``."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/late":
            await asyncio.sleep(2 * seconds)
        await PlainTextResponse("ok")(scope, receive, send)

    http = with_header_deadline(seconds)
    # uvicorn's own patience with silence between requests is not what is tried.
    config = uvicorn.Config(app, http=http, timeout_keep_alive=60, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = True
            await running


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", b""),
        (HALF, b""),
        (WHOLE, b"ok"),
        (WHOLE + HALF, b"ok"),
        (LATE + HALF, b"ok"),
        (LATE, b"ok"),
        (HALF_A_BODY, b"ok"),
    ],
    ids=[
        "nothing",
        "half the headers",
        "one and silence",
        "one and a half",
        "a late one and a half",
        "a late one",
        "half a body",
    ],
)
async def test_a_connection_without_a_whole_request_is_hung_up_on(sent: bytes, answered: bytes):
    async with waiting_so_long(0.3) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(sent)
        # Ends when the server hangs up.
        received = await asyncio.wait_for(reader.read(), 30)
        writer.close()
    assert received[-len(answered) or len(received) :] == answered


@pytest.mark.asyncio
async def test_what_drips_in_does_not_count_as_getting_on():
    async def drip(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"X-Drop: 1\r\n")
            await asyncio.sleep(0.02)

    async with waiting_so_long(0.3) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(HALF)
        dripping = asyncio.create_task(drip(writer))
        # Reset, if it was hung up on while a drop was on its way.
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 30) == b""
        dripping.cancel()
        writer.close()


async def app_that_echoes(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(body_of(scope))(scope, receive, send)


async def answer_of(app: ASGIApp, *parts: Message | None, path: str = "/mcp") -> list[Message]:
    """What ``app`` sends; none among ``parts`` stands for waiting for ever."""
    sent: list[Message] = []
    coming = iter(parts)

    async def receive() -> Message:
        part = next(coming)
        if part is None:
            await asyncio.Event().wait()
        assert part is not None
        return part

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)
    return sent


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.asyncio
async def test_a_body_is_awaited_for_so_long_and_so_much_of_it():
    app = RequestBody(app_that_echoes, seconds=0.05, most=5)
    whole = await answer_of(app, part(b"12", more=True), part(b"345", more=False))
    late = await answer_of(app, part(b"12", more=True), None)
    large = await answer_of(app, part(b"123", more=True), part(b"456", more=True), None)
    gone = await answer_of(app, part(b"12", more=True), {"type": "http.disconnect"})
    assert [message[0]["status"] for message in (whole, late, large)] == [200, 408, 413]
    assert whole[1]["body"] == b"12345"
    assert gone == []


@pytest.mark.asyncio
async def test_a_full_server_says_so_and_is_still_seen_to_live():
    let_go = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/mcp":
            await let_go.wait()
        await PlainTextResponse("ok")(scope, receive, send)

    app = RequestsAtOnce(slow, most=2)
    under_way = [asyncio.create_task(answer_of(app)) for _ in range(2)]
    await asyncio.sleep(0)
    refused, probed = await answer_of(app), await answer_of(app, path="/health")
    let_go.set()
    first = [await task for task in under_way]
    after = await answer_of(app)
    assert (refused[0]["status"], probed[0]["status"]) == (503, 200)
    assert (b"retry-after", b"5") in refused[0]["headers"]
    assert [answer[0]["status"] for answer in (*first, after)] == [200, 200, 200]
