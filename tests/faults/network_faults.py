"""The faults: how networks, gateways and services fail."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

from tests.faults.proxy import Exchange, Fault, Spoil

FOREVER = 3_600.0
# What the clients of the table allow; see ``table.py``.
READ_SECONDS = 0.4
MAX_BODY = 2_000_000

_PAGE = b"<!doctype html><html><title>Sign in</title><form action=/login></form></html>"


def plain(status: str, body: bytes, *headers: str, media_type: str = "application/json") -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"content-type: {media_type}",
        f"content-length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answering(
    status: str, body: bytes = b"", *headers: str, media_type: str = "application/json", arrives: bool = False
) -> Spoil:
    async def spoil(exchange: Exchange) -> None:
        if arrives:
            await exchange.forward()
        await exchange.send(plain(status, body, *headers, media_type=media_type))

    return spoil


def changing(change: Any) -> Spoil:
    """The real answer, its body changed."""

    async def spoil(exchange: Exchange) -> None:
        answer = await exchange.forward()
        await exchange.send(answer.with_body(change(answer.body)).raw)

    return spoil


def after(seconds: float) -> Spoil:
    async def spoil(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await exchange.send((await exchange.forward()).raw)

    return spoil


async def drip(exchange: Exchange) -> None:
    answer = await exchange.forward()
    for byte in answer.raw:
        await exchange.send(bytes([byte]))
        await asyncio.sleep(READ_SECONDS / 4)


async def silence(exchange: Exchange) -> None:
    await asyncio.sleep(FOREVER)


async def silence_after_arrival(exchange: Exchange) -> None:
    await exchange.forward()
    await asyncio.sleep(FOREVER)


async def silence_after_head(exchange: Exchange) -> None:
    answer = await exchange.forward()
    await exchange.send(answer.head + b"\r\n\r\n")
    await asyncio.sleep(FOREVER)


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def reset_after_arrival(exchange: Exchange) -> None:
    await exchange.forward()
    exchange.reset()


async def cut_off(exchange: Exchange) -> None:
    answer = await exchange.forward()
    await exchange.send(answer.raw[: len(answer.head) + 4 + len(answer.body) // 2])


async def bomb(exchange: Exchange) -> None:
    packed = gzip.compress(b" " * (20 * MAX_BODY))
    await exchange.send(plain("200 OK", packed, "content-encoding: gzip"))


async def broken_gzip(exchange: Exchange) -> None:
    answer = await exchange.forward()
    packed = gzip.compress(answer.body)
    await exchange.send(plain("200 OK", packed[: len(packed) // 2], "content-encoding: gzip"))


async def flood(exchange: Exchange) -> None:
    await exchange.forward()
    await exchange.send(plain("200 OK", b'{"items": [' + b" " * (2 * MAX_BODY) + b"]}"))


async def short_length(exchange: Exchange) -> None:
    answer = await exchange.forward()
    wrong = answer.with_body(answer.body[:-3])
    await exchange.send(wrong.head + b"\r\n\r\n" + answer.body)


async def long_length(exchange: Exchange) -> None:
    answer = await exchange.forward()
    wrong = answer.with_body(answer.body + b"xxx")
    await exchange.send(wrong.head + b"\r\n\r\n" + answer.body)


async def garbage_after(exchange: Exchange) -> None:
    answer = await exchange.forward()
    await exchange.send(answer.raw + b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


async def garbage_instead(exchange: Exchange) -> None:
    await exchange.send(b"\x00\x01SSH-2.0-nonsense\r\n\r\n")


async def endless_headers(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\n", *(b"x-%d: y\r\n" % number for number in range(20_000)))


def nulled(body: bytes) -> bytes:
    return _mapped(body, lambda value: dict.fromkeys(value))


def unsuccessful(body: bytes) -> bytes:
    return json.dumps({"status": {"success": False, "details": "Something went wrong."}}).encode()


def _mapped(body: bytes, change: Any) -> bytes:
    value = json.loads(body)
    return json.dumps(change(value) if isinstance(value, dict) else None).encode()


def not_utf8(body: bytes) -> bytes:
    return body.replace(b"e", b"\xff\xfe")


TEXT = "text/plain"
HTML = "text/html"
EXPIRED = b'{"detail": "Could not validate credentials"}'

FAULTS: tuple[Fault, ...] = (
    Fault("latency", after(READ_SECONDS / 8), 1),
    Fault("latency beyond the deadline", after(READ_SECONDS * 2)),
    Fault("slow drip", drip, 0.2),
    Fault("half-open: never answers", silence, 0.2),
    Fault("half-open: arrives, never answers", silence_after_arrival, 0.2),
    Fault("half-open: stops after the headers", silence_after_head, 0.2),
    Fault("reset before the request", reset, before_reading=True),
    Fault("reset before it arrives", reset),
    Fault("reset after it arrived", reset_after_arrival),
    Fault("truncated answer", cut_off),
    Fault("truncated JSON", changing(lambda body: body[: len(body) // 2])),
    Fault("not JSON", answering("200 OK", b"I am a teapot.", arrives=True)),
    Fault("not JSON, said to be text", answering("200 OK", b"OK", media_type=TEXT, arrives=True)),
    Fault("200 with a login page", answering("200 OK", _PAGE, media_type=HTML)),
    Fault("200 with HTML said to be JSON", answering("200 OK", _PAGE)),
    Fault("gzip bomb", bomb, 0.2),
    Fault("broken gzip", broken_gzip),
    Fault("redirect to a login", answering("302 Found", b"", "location: http://127.0.0.1:9/login")),
    Fault("redirect to another host", answering("307 Moved", b"", "location: http://127.0.0.1:9/")),
    Fault("401 expired", answering("401 Unauthorized", EXPIRED)),
    Fault("403 of a gateway", answering("403 Forbidden", _PAGE, media_type=HTML)),
    Fault("429 with Retry-After", answering("429 Too Many", b"", "retry-after: 0")),
    Fault("429 with a long Retry-After", answering("429 Too Many", b"", "retry-after: 3600")),
    Fault("429 without Retry-After", answering("429 Too Many", b"slow down", media_type=TEXT)),
    Fault("500 with text", answering("500 Error", b"Internal Server Error", media_type=TEXT)),
    Fault("500 after it was done", answering("500 Error", b"", arrives=True)),
    Fault("502 now and then", answering("502 Bad Gateway", _PAGE, media_type=HTML)),
    Fault("502 storm", answering("502 Bad Gateway", _PAGE, media_type=HTML), 1),
    Fault("503 storm", answering("503 Unavailable", b"", "retry-after: 0"), 1),
    Fault("504 after it arrived", answering("504 Timeout", b"", arrives=True)),
    Fault("content length too small", short_length),
    Fault("content length too large", long_length),
    Fault("empty body", answering("200 OK", b"", arrives=True)),
    Fault("204 instead of an answer", answering("204 No Content", arrives=True)),
    Fault("invalid UTF-8", changing(not_utf8)),
    Fault("huge body", flood, 0.2),
    Fault("JSON nested too deep", changing(lambda body: b"[" * 50_000)),
    Fault("JSON of another shape", changing(lambda body: b"[]")),
    Fault("JSON null", changing(lambda body: b"null")),
    Fault("null fields", changing(nulled)),
    Fault("success=false", changing(unsuccessful)),
    Fault("garbage after the answer", garbage_after),
    Fault("garbage instead of HTTP", garbage_instead),
    Fault("endless headers", endless_headers),
)
