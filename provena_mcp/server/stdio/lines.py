"""The pipe to a host on this machine: every line is answered, and the server ends with its host.

The SDK drops a line that it cannot read without a word, and the client waits for ever. Here such a line
gets an error, with the number of its request wherever that can be made out. And the SDK reads until the
pipe is closed, which it never is while another process holds it too, so the host itself is watched.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
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
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError
from pydantic_core import from_json

from provena_mcp.server.stdio.parent import watch_parent

_FIRST_LOOK_SECONDS: Final = 0.05
_LOOK_SECONDS: Final = 2.0
_CHUNK: Final = 1 << 16
_STDIN: Final = 0
_BYTE_ORDER_MARK: Final = "\ufeff"
_HALF_A_CHARACTER: Final = " It seems to hold half a character, such as an emoji cut in two."
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]:,]|[^\s{}\[\]:,"]++')
_WHOLE_NUMBER: Final = re.compile(r"-?\d{1,18}")

logger = logging.getLogger(__name__)

Received = MemoryObjectReceiveStream[SessionMessage | Exception]


class Answers(Protocol):
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
async def answered_stdio() -> AsyncGenerator[tuple[Received, Answers]]:
    """What the host sends and where it is answered, until it closes the pipe or has gone."""
    lines_in, lines = anyio.create_memory_object_stream[bytes](0)
    read_in, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    # The SDK writes; what it would read is read here.
    async with stdio_server(stdin=anyio.wrap_file(io.StringIO())) as (_, write):
        _start_reading(_take_stdin(), lines_in)
        async with anyio.create_task_group() as tasks:
            reading = anyio.CancelScope()
            tasks.start_soon(_read_messages, lines, read_in, write, reading)
            tasks.start_soon(_cancel_when_orphaned, reading)
            yield read, write
            tasks.cancel_scope.cancel()


def read_line(line: bytes) -> SessionMessage | JSONRPCError | None:
    """The message in a line, or the error to answer it with; none if it wants no answer."""
    text = line.decode("utf-8", errors="replace").strip().removeprefix(_BYTE_ORDER_MARK)
    if not text:
        return None
    try:
        message = jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError as error:
        return _unreadable(text, error)
    if isinstance(message, JSONRPCNotification) and '"id"' in text and "id" in from_json(text):
        # The SDK would take it for a notification, and its sender would wait.
        return _error(None, INVALID_REQUEST, "The id of a request is a text or a whole number.")
    return SessionMessage(message)


def _unreadable(text: str, error: ValidationError) -> JSONRPCError | None:
    problem = error.errors(include_url=False, include_input=False)[0]
    request_id = _request_id_in(text)
    if problem["type"] == "json_invalid":
        return _no_json("This line", problem.get("ctx", {}).get("error", ""), request_id)
    value = from_json(text)
    if isinstance(value, dict) and "method" not in value and ("result" in value or "error" in value):
        logger.warning("A malformed answer of the client was passed over.")
        return None
    return _error(request_id, INVALID_REQUEST, "This is no request or notification of JSON-RPC 2.0.")


def _no_json(what: str, reason: str, request_id: RequestId | None) -> JSONRPCError:
    half = _HALF_A_CHARACTER if "escape" in reason or "surrogate" in reason else ""
    return _error(request_id, PARSE_ERROR, f"{what} cannot be read as JSON: {reason}.{half}")


def no_json(body: bytes) -> JSONRPCError | None:
    """What is wrong with the body of a request that is no JSON; none if it is."""
    try:
        from_json(body)
    except ValueError as error:
        return _no_json("This body", str(error), _request_id_in(body.decode("utf-8", errors="replace")))
    return None


def _error(request_id: RequestId | None, code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=message))


def _request_id_in(text: str) -> RequestId | None:
    """The id of the outermost object, from text that no parser takes: broken, cut off, or too deep."""
    depth, before, last = 0, "", ""
    for found in _TOKEN.finditer(text):
        token = found[0]
        if depth == 1 and (before, last) == ('"id"', ":"):
            return _as_request_id(token)
        depth += (token in "{[") - (token in "}]")
        before, last = last, token
    return None


def _as_request_id(token: str) -> RequestId | None:
    if _WHOLE_NUMBER.fullmatch(token):
        return int(token)
    try:
        value = json.loads(token)
        return value if isinstance(value, str) and value.encode() else None
    except ValueError:
        return None


async def _read_messages(
    lines: MemoryObjectReceiveStream[bytes],
    read: MemoryObjectSendStream[SessionMessage | Exception],
    write: Answers,
    reading: anyio.CancelScope,
) -> None:
    async with read:
        with reading, suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            async for line in lines:
                item = read_line(line)
                if isinstance(item, JSONRPCError):
                    logger.warning("A line was refused: %s", item.error.message)
                    await write.send(SessionMessage(item))
                elif item is not None:
                    await read.send(item)


async def _cancel_when_orphaned(reading: anyio.CancelScope) -> None:
    parent = os.getppid()
    # The first answers leave before that: what looks at processes takes time to load.
    await anyio.sleep(_FIRST_LOOK_SECONDS)
    lives = await to_thread.run_sync(watch_parent, parent)
    while lives():
        await anyio.sleep(_LOOK_SECONDS)
    logger.warning("The program that started this server has gone: the server ends.")
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
