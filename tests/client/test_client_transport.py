"""What holds on a real socket: pooling, deadlines, sizes, broken connections."""

import asyncio
import gzip
import json
import logging
import socket
import ssl
import subprocess
import sys

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from provena_mcp import __version__
from provena_mcp.client import ClientLimits, NoToken, ProvenaClient, ReadyToken
from provena_mcp.errors import (
    AmbiguousWriteError,
    DeadlineError,
    DeploymentError,
    MalformedAnswerError,
    SettingsError,
    UnavailableError,
)
from provena_mcp.settings import Endpoints
from tests.client.provena_stand_in import (
    LINEAGE,
    RECORD,
    Loopback,
    Script,
    always,
    client_over,
    endpoints,
    hang_up,
    never,
    raw_answer,
)

GOOD = raw_answer(json.dumps(LINEAGE).encode())
LIMITS = ClientLimits(pause_seconds=0, jitter_seconds=0, attempts=2)


def client_at(base: str, **limits: float) -> ProvenaClient:
    return ProvenaClient(endpoints(base), tokens=NoToken(), limits=LIMITS.model_copy(update=limits))


async def explore(client: ProvenaClient) -> object:
    return await client.prov.explore("upstream", "10378.1/2", 3)


@pytest.mark.asyncio
async def test_one_connection_carries_one_request_after_another():
    async with Loopback(always(GOOD)).serving() as server, client_at(server.base) as client:
        for _ in range(5):
            await explore(client)
    assert (len(server.heads), server.connections) == (5, 1)


@pytest.mark.asyncio
async def test_no_more_requests_are_under_way_at_once_than_allowed():
    gate = asyncio.Event()
    arrived = asyncio.Semaphore(0)

    async def reply(writer: asyncio.StreamWriter) -> None:
        arrived.release()
        await gate.wait()
        writer.write(GOOD)

    async with Loopback(reply).serving() as server, client_at(server.base, concurrency=3) as client:
        asking = asyncio.gather(*(explore(client) for _ in range(12)))
        for _ in range(3):
            await arrived.acquire()
        gate.set()
        await asking
    assert (len(server.heads), server.most_at_once, server.connections) == (12, 3, 3)


@pytest.mark.asyncio
async def test_connections_that_carried_requests_at_once_carry_the_next_ones():
    async with Loopback(always(GOOD)).serving() as server, client_at(server.base) as client:
        for _ in range(3):
            await asyncio.gather(*(explore(client) for _ in range(4)))
    assert (len(server.heads), server.connections) == (12, 4)


@pytest.mark.asyncio
async def test_a_connection_that_was_idle_for_too_long_is_not_used_again():
    async with (
        Loopback(always(GOOD)).serving() as server,
        client_at(server.base, keepalive_seconds=0) as client,
    ):
        for _ in range(3):
            await explore(client)
    assert (len(server.heads), server.connections) == (3, 3)


@pytest.mark.asyncio
async def test_a_connection_that_broke_or_was_given_up_does_not_spoil_the_next_request():
    async def reply(writer: asyncio.StreamWriter) -> None:
        if len(server.heads) == 1:
            return await hang_up(writer)
        if len(server.heads) == 2:
            return await never(writer)
        return writer.write(GOOD)

    async with (
        Loopback(reply).serving() as server,
        client_at(server.base, attempts=1, total_seconds=0.5) as client,
    ):
        with pytest.raises(UnavailableError):
            await explore(client)
        with pytest.raises(DeadlineError):
            await explore(client)
        await explore(client)
        await explore(client)
    assert (len(server.heads), server.connections) == (4, 3)


@pytest.mark.asyncio
async def test_the_request_says_who_asks_and_encodes_what_it_asks():
    async with Loopback(always(GOOD)).serving() as server, client_at(server.base) as client:
        await client.prov.explore("upstream", "10378.1/ä&depth=9#x", 3)
    head = server.heads[0].split("\r\n")
    assert (
        head[0]
        == "GET /prov-api/explore/upstream?starting_id=10378.1%2F%C3%A4%26depth%3D9%23x&depth=3 HTTP/1.1"
    )
    assert f"User-Agent: provena-mcp/{__version__}" in head
    assert not [line for line in head if line.lower().startswith("authorization")]


@pytest.mark.asyncio
async def test_cookies_of_one_answer_do_not_go_with_the_next_request():
    cookie = raw_answer(
        json.dumps(LINEAGE).encode(),
        headers="Set-Cookie: session=alice\r\nContent-Type: application/json\r\n",
    )
    async with Loopback(always(cookie)).serving() as server, client_at(server.base) as client:
        await explore(client)
        await explore(client)
    assert [head for head in server.heads if "cookie" in head.lower()] == []


@pytest.mark.asyncio
async def test_a_service_that_never_answers_runs_into_the_deadline():
    async with Loopback(never).serving() as server, client_at(server.base, total_seconds=0.5) as client:
        with pytest.raises(DeadlineError, match=r"prov-api did not answer within 0\.5 s"):
            await explore(client)
    assert len(server.heads) == 1


@pytest.mark.asyncio
async def test_a_service_that_stops_halfway_runs_into_the_read_deadline():
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(GOOD[:-20])
        await writer.drain()
        await asyncio.Event().wait()

    async with Loopback(reply).serving() as server, client_at(server.base, read_seconds=0.1) as client:
        with pytest.raises(DeadlineError, match="prov-api stopped answering"):
            await explore(client)


@pytest.mark.asyncio
async def test_a_write_whose_time_runs_out_before_it_is_sent_is_not_ambiguous():
    class HangingLogin(NoToken):
        async def token(self) -> str | None:
            return await asyncio.Event().wait() and None

    limits = LIMITS.model_copy(update={"total_seconds": 0.05})
    async with client_over(Script([]), tokens=HangingLogin(), limits=limits) as client:
        with pytest.raises(DeadlineError):
            await client.prov.register(RECORD)


@pytest.mark.asyncio
async def test_a_service_is_not_blamed_for_calls_that_never_got_to_it():
    class SlowLogin(NoToken):
        hangs = True

        async def token(self) -> str | None:
            return await asyncio.Event().wait() and None if self.hangs else None

    login = SlowLogin()
    limits = LIMITS.model_copy(update={"total_seconds": 0.05})
    async with client_over(
        Script([httpx.Response(200, json=LINEAGE)]), tokens=login, limits=limits
    ) as client:
        lost = await asyncio.gather(*(explore(client) for _ in range(9)), return_exceptions=True)
        login.hangs = False
        graph = await client.prov.explore("upstream", "10378.1/2", 3)
    assert [type(outcome) for outcome in lost] == [DeadlineError] * 9
    assert set(graph.nodes) == {"10378.1/1", "10378.1/2"}


@pytest.mark.asyncio
async def test_waiting_for_a_free_slot_counts_towards_the_deadline():
    async with (
        Loopback(never).serving() as server,
        client_at(server.base, total_seconds=0.1, concurrency=1) as client,
    ):
        outcomes = await asyncio.gather(*(explore(client) for _ in range(4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DeadlineError] * 4


@pytest.mark.asyncio
async def test_a_caller_that_gives_up_frees_its_slot():
    arrived = asyncio.Event()
    answers = [never, always(GOOD)]

    async def reply(writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await answers.pop(0)(writer)

    async with Loopback(reply).serving() as server, client_at(server.base, concurrency=1) as client:
        asking = asyncio.create_task(explore(client))
        await arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await explore(client)


@pytest.mark.asyncio
async def test_a_read_is_repeated_when_the_connection_breaks_before_an_answer():
    answers = [hang_up, always(GOOD)]

    async def reply(writer: asyncio.StreamWriter) -> None:
        await answers.pop(0)(writer)

    async with Loopback(reply).serving() as server, client_at(server.base) as client:
        await explore(client)
    assert len(server.heads) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("reply", [hang_up, never, always(GOOD[:-20] + b"\r\n"), always(b"nonsense\r\n\r\n")])
async def test_a_write_is_sent_once_whatever_happens_to_its_answer(reply):
    async with (
        Loopback(reply).serving() as server,
        client_at(server.base, total_seconds=2.0, read_seconds=0.5) as client,
    ):
        with pytest.raises(AmbiguousWriteError) as caught:
            await client.prov.register(RECORD)
    assert "`jobs.list`" in caught.value.advice
    assert len(server.heads) == 1


@pytest.mark.asyncio
async def test_nothing_listening_is_unavailable_and_says_where():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with client_at(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(UnavailableError) as caught:
            await client.prov.register(RECORD)
    assert caught.value.message == f"No connection to prov-api at http://127.0.0.1:{port}/prov-api."


@pytest.mark.asyncio
async def test_a_name_that_does_not_resolve_is_said_to_be_so():
    async with client_at("http://nowhere.invalid") as client:
        with pytest.raises(UnavailableError) as caught:
            await explore(client)
    assert "does not resolve" in caught.value.advice


@pytest.mark.asyncio
async def test_a_certificate_that_is_not_trusted_is_said_to_be_so():
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("certificate verify failed") from ssl.SSLCertVerificationError()

    async with client_over(handler) as client:
        with pytest.raises(UnavailableError) as caught:
            await explore(client)
    assert "SSL_CERT_FILE" in caught.value.advice


@pytest.mark.asyncio
async def test_an_answer_beyond_the_limit_is_not_read_on():
    sent = 0

    async def reply(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            sent += 0x10000
            await writer.drain()

    async with Loopback(reply).serving() as server, client_at(server.base, max_body_bytes=100_000) as client:
        with pytest.raises(MalformedAnswerError, match="more than 100,000 bytes"):
            await explore(client)
    assert sent < 1000 * 0x10000


@pytest.mark.asyncio
async def test_the_size_is_counted_after_decompression():
    packed = gzip.compress(b"[" + b" " * 10_000_000 + b"]")
    answer = raw_answer(packed, headers="Content-Encoding: gzip\r\nContent-Type: application/json\r\n")
    async with (
        Loopback(always(answer)).serving() as server,
        client_at(server.base, max_body_bytes=100_000) as client,
    ):
        with pytest.raises(MalformedAnswerError, match="more than 100,000 bytes"):
            await explore(client)


@pytest.mark.asyncio
async def test_compressed_answers_are_read_and_damaged_ones_are_malformed():
    packed = gzip.compress(json.dumps(LINEAGE).encode())
    headers = "Content-Encoding: gzip\r\nContent-Type: application/json\r\n"
    answers = [raw_answer(packed, headers=headers), raw_answer(b"\x00" + packed, headers=headers)]

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    async with Loopback(reply).serving() as server, client_at(server.base) as client:
        await explore(client)
        with pytest.raises(MalformedAnswerError, match="broke off or is damaged"):
            await explore(client)


@pytest.mark.asyncio
async def test_an_answer_cut_short_is_malformed():
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(GOOD[:-20])
        writer.close()

    async with Loopback(reply).serving() as server, client_at(server.base) as client:
        with pytest.raises(MalformedAnswerError, match="broke off or is damaged"):
            await explore(client)
    assert len(server.heads) == 1


@pytest.mark.asyncio
async def test_a_report_is_fetched_without_login_and_its_signature_stays_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG)
    answers = [raw_answer(b"PK\x03\x04docx"), raw_answer(b'{"message": "Health check successful."}')]

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    async with Loopback(reply).serving() as server:
        client = ProvenaClient(
            endpoints(server.base), tokens=ReadyToken(SecretStr("t0ken-value")), limits=LIMITS
        )
        async with client:
            url = f"{server.base}/bucket/r.docx?X-Amz-Credential=AK%2F1&X-Amz-Signature=5ignature"
            document = await client.prov.fetch_report(url)
            await client.jobs.health()
    report, health = server.heads
    assert document == b"PK\x03\x04docx"
    assert report.startswith("GET /bucket/r.docx?X-Amz-Credential=AK%2F1&X-Amz-Signature=5ignature HTTP/1.1")
    assert "authorization" not in report.lower()
    assert "Authorization: Bearer t0ken-value" in health
    assert f"HTTP Request: GET {server.base}/bucket/r.docx " in caplog.text
    assert "5ignature" not in caplog.text
    assert "t0ken-value" not in caplog.text


@pytest.mark.asyncio
async def test_an_application_in_process_answers_like_a_service():
    async def fetch(request: Request) -> JSONResponse:
        if request.query_params["id"] == "crash":
            raise ValueError("inside")
        item = {"id": request.query_params["id"], "item_category": "AGENT", "item_subtype": "PERSON"}
        return JSONResponse({"status": {"success": True, "details": ""}, "item": item})

    registry = Mount("/registry-api", routes=[Route("/registry/general/fetch", fetch)])
    transport = httpx.ASGITransport(Starlette(routes=[registry]), raise_app_exceptions=False)
    async with ProvenaClient(endpoints(), tokens=NoToken(), transport=transport) as client:
        assert (await client.registry.fetch("10378.1/7")).id == "10378.1/7"
        with pytest.raises(DeploymentError) as caught:
            await client.registry.fetch("crash")
    assert caught.value.upstream == "Internal Server Error"


@pytest.mark.asyncio
async def test_a_client_is_used_inside_its_block_only():
    client = client_over(Script([httpx.Response(200, json=LINEAGE)]))
    with pytest.raises(RuntimeError, match="async with"):
        await explore(client)
    async with client:
        await explore(client)
        with pytest.raises(RuntimeError, match="already open"):
            await client.__aenter__()
    with pytest.raises(RuntimeError, match="async with"):
        await explore(client)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "provena.example.org",
        "ftp://x.org",
        "https://",
        "https://x.org?a=1",
        "//x.org",
        "http://x.org:port",
    ],
)
def test_an_address_that_is_no_base_url_is_refused_at_once(url: str):
    urls = endpoints().model_dump() | {"registry": url}
    with pytest.raises(SettingsError) as caught:
        ProvenaClient(Endpoints(**urls), tokens=NoToken())
    assert "PROVENA_REGISTRY_API" in caught.value.advice


def test_importing_the_client_leaves_out_what_only_repeating_needs():
    heavy = "{'networkx', 'cryptography', 'jwt'}"
    code = f"import sys, provena_mcp.client; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
