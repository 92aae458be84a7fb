"""The pipe to a host on this machine: every line is answered, and the server ends with its host.

The SDK reads until the pipe is closed, which it never is while another process holds it too; so the host
itself is watched. Once it has gone, an answer that nobody takes and a change that is being sent are waited
for a moment only: neither can be given up, and nobody is left to be told.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Final, Protocol, Self

import anyio
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError

from provena_mcp.server.json_rpc import read_message
from provena_mcp.server.stdio.parent import watch_parent

_FIRST_LOOK_SECONDS: Final = 0.05
_LOOK_SECONDS: Final = 2.0
_LAST_SECONDS: Final = 2.0
_CHUNK: Final = 1 << 16
_STDIN: Final = 0

logger = logging.getLogger(__name__)

Received = MemoryObjectReceiveStream[SessionMessage | Exception]


class OutgoingMessages(Protocol):
    """Where messages to the host are written."""

    async def send(self, item: SessionMessage, /) -> None:
        """Write one."""
        ...

    async def aclose(self) -> None:
        """Write no more."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> bool | None: ...


@asynccontextmanager
async def answered_stdio(started_by: int) -> AsyncGenerator[tuple[Received, OutgoingMessages]]:
    """What the host sends and where it is answered, until it closes the pipe or has gone.

    ``started_by`` is the number of the process that started this one.
    """
    lines_in, lines = anyio.create_memory_object_stream[bytes](0)
    read_in, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    # The SDK writes; what it would read is read here.
    async with stdio_server(stdin=anyio.wrap_file(io.StringIO())) as (_, write):
        _start_reading(_take_stdin(), lines_in)
        async with anyio.create_task_group() as tasks:
            reading = anyio.CancelScope()
            tasks.start_soon(_read_messages, lines, read_in, write, reading)
            tasks.start_soon(_cancel_when_orphaned, started_by, reading)
            yield read, write
            tasks.cancel_scope.cancel()


async def _read_messages(
    lines: MemoryObjectReceiveStream[bytes],
    read: MemoryObjectSendStream[SessionMessage | Exception],
    write: OutgoingMessages,
    reading: anyio.CancelScope,
) -> None:
    async with read:
        with reading, suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            async for line in lines:
                item = read_message(line)
                if isinstance(item, JSONRPCError):
                    logger.warning("A line was refused: %s", item.error.message)
                    await write.send(SessionMessage(item))
                elif item is not None:
                    await read.send(item)


async def _cancel_when_orphaned(started_by: int, reading: anyio.CancelScope) -> None:
    # The first answers leave before that: what looks at processes takes time to load.
    await anyio.sleep(_FIRST_LOOK_SECONDS)
    lives = await to_thread.run_sync(watch_parent, started_by)
    while lives():
        await anyio.sleep(_LOOK_SECONDS)
    logger.warning("The program that started this server has gone: the server ends.")
    last = threading.Timer(_LAST_SECONDS, os._exit, (0,))
    last.daemon = True
    last.start()
    reading.cancel()


def _take_stdin() -> int:
    """The pipe under another number; whatever else reads standard input meanwhile finds it empty."""
    mine = os.dup(_STDIN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _STDIN)
    os.close(nothing)
    return mine


def _start_reading(pipe: int, lines: MemoryObjectSendStream[bytes]) -> None:
    """Read in a thread of its own, which nothing waits for: a read of a pipe cannot be ended."""
    loop = asyncio.get_running_loop()

    def hand_over(line: bytes) -> None:
        asyncio.run_coroutine_threadsafe(lines.send(line), loop).result()

    def read() -> None:
        # The server has ended, or is about to, when a line cannot be handed over.
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, CancelledError, RuntimeError):
            _split_lines(pipe, hand_over)
            loop.call_soon_threadsafe(lines.close)

    threading.Thread(target=read, name="stdin", daemon=True).start()


def _split_lines(pipe: int, hand_over: Callable[[bytes], None]) -> None:
    rest = bytearray()
    while chunk := os.read(pipe, _CHUNK):
        first, newline, after = chunk.partition(b"\n")
        rest += first
        while newline:
            hand_over(bytes(rest))
            first, newline, after = after.partition(b"\n")
            rest = bytearray(first)
    if rest:
        hand_over(bytes(rest))
