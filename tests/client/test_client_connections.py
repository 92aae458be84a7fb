"""Connections on a real socket: shared, bounded, broken, refused."""

import asyncio
import socket
import ssl

import httpx
import pytest

from provena_mcp.errors import DeadlineError, UnavailableError
from tests.client.provena_stand_in import (
    GOOD,
    RECORD,
    Loopback,
    always,
    client_at,
    client_over,
    explore,
    hang_up,
    never,
)


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
