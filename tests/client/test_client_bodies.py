"""Bodies of answers: too large, compressed, damaged, cut short."""

import asyncio
import gzip
import json

import pytest

from provena_mcp.errors import MalformedAnswerError
from tests.client.provena_stand_in import GOOD, LINEAGE, Loopback, always, client_at, explore, raw_answer


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
