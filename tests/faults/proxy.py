"""A proxy on 127.0.0.1 that spoils some of the exchanges passing through it."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"(?im)^content-length:\s*(\d+)\s*$")


@dataclass(frozen=True)
class Response:
    """An HTTP response in parts; ``head`` ends before the blank line."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + b"\r\n\r\n" + self.body

    def with_body(self, body: bytes) -> Response:
        head = _LENGTH.sub(b"content-length: %d" % len(body), self.head)
        return Response(head, body)


@dataclass
class Exchange:
    """One request on its way; a fault decides whether it arrives and what comes back."""

    request: bytes
    writer: asyncio.StreamWriter
    backend: tuple[str, int]
    arrived: list[bytes]

    @property
    def target(self) -> str:
        return self.request.split(b" ", 2)[1].decode()

    async def forward(self) -> Response:
        """Let the request arrive."""
        self.arrived.append(self.request)
        reader, writer = await asyncio.open_connection(*self.backend)
        try:
            head, _, body = self.request.partition(b"\r\n\r\n")
            head = re.sub(rb"(?im)^connection:.*\r\n", b"", head + b"\r\n") + b"Connection: close\r\n\r\n"
            writer.write(head + body)
            await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return Response(re.sub(rb"(?im)^connection:.*\r\n", b"", head + b"\r\n").rstrip(), body)

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    def reset(self) -> None:
        """Break the connection off with a reset instead of an end."""
        self.writer.transport.abort()


Spoil = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """How an exchange is spoilt, and how often (1 is always)."""

    name: str
    spoil: Spoil
    share: float = 0.3
    before_reading: bool = False


@dataclass
class Proxy:
    """Where it listens, what arrived behind it, and how many exchanges it spoilt."""

    port: int = 0
    arrived: list[bytes] = field(default_factory=list)
    spoilt: int = 0
    fault: Fault | None = None


@asynccontextmanager
async def faulty_proxy(backend: tuple[str, int], seed: int = 0) -> AsyncGenerator[Proxy]:
    """A proxy before ``backend``; set its ``fault``, none lets everything pass."""
    proxy = Proxy()
    chance = random.Random(seed)
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await _serve(proxy, chance, backend, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            writer.close()
            running.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _serve(
    proxy: Proxy,
    chance: random.Random,
    backend: tuple[str, int],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    while True:
        fault = proxy.fault
        is_spoilt = fault is not None and chance.random() < fault.share
        if fault is not None and is_spoilt and fault.before_reading:
            proxy.spoilt += 1
            await fault.spoil(Exchange(b"", writer, backend, proxy.arrived))
            return
        head = await reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        request = head + (await reader.readexactly(int(found[1])) if found else b"")
        exchange = Exchange(request, writer, backend, proxy.arrived)
        if fault is None or not is_spoilt:
            await exchange.send((await exchange.forward()).raw)
            continue
        proxy.spoilt += 1
        await fault.spoil(exchange)
        return
