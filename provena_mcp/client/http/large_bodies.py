"""Answers that show to be large: no more than their beginning is read before there is room for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx

from provena_mcp.client.http.retries import DOWN
from provena_mcp.client.http.room import Room, room_for
from provena_mcp.client.http.transport_errors import BodyBroken, BodyLapsed, BodyTooLarge, DeadlineReached


@dataclass(frozen=True)
class LargeBody:
    """What is left of an answer of which ``read`` bytes are there; it says to have ``declared``, if not 0."""

    response: httpx.Response
    chunks: AsyncIterator[bytes]
    read: int
    declared: int

    @property
    def size(self) -> int | None:
        """How many bytes it has, if it says so."""
        is_told = self.declared and "content-encoding" not in self.response.headers
        return self.declared if is_told else None


class LargeBodies:
    """Reads them when there is room, without a slot: nobody else waits for what waits here.

    Such a wait is none of the service's: the deadline is put off by it, and the service has answered, unless
    a gateway says that it is down.
    """

    def __init__(self, room: Room, most: int, answered: Callable[[str], None]) -> None:
        """Share ``room`` among all, read at most ``most`` of each, and tell ``answered`` who has."""
        self._room = room
        self._most = most
        self._answered = answered

    async def rest(self, request: httpx.Request, body: LargeBody) -> list[bytes]:
        """The chunks that are left.

        Raises:
            DeadlineReached: The request's time was over before they were there.
            BodyTooLarge: There is more of it than is read.
            BodyBroken: It broke off or is damaged; ``BodyLapsed`` where that was after a wait for room.
        """
        clock = asyncio.get_running_loop().time
        if body.response.status_code not in DOWN:
            self._answered(str(request.extensions.get("service", request.url.host)))
        try:
            if body.size is not None and body.size > self._most:
                raise BodyTooLarge("It says that there is more of it.", request=request)
            waiting_since = clock()
            async with room_for(self._room, body.size) as reading:
                if (deadline := request.extensions.get("deadline")) is not None:
                    request.extensions["deadline"] = deadline + clock() - waiting_since
                try:
                    async with asyncio.timeout_at(request.extensions.get("deadline")):
                        chunks = await self._read(request, body)
                except (httpx.RemoteProtocolError, httpx.ReadError) as error:
                    reading.lapsed = reading.has_waited
                    kind = BodyLapsed if reading.lapsed else BodyBroken
                    raise kind("It broke off.", request=request) from error
                reading.size = body.read + sum(map(len, chunks))
                return chunks
        except TimeoutError:
            raise DeadlineReached(request, sent=True) from None
        finally:
            await body.response.aclose()

    async def _read(self, request: httpx.Request, body: LargeBody) -> list[bytes]:
        size, chunks = body.read, list[bytes]()
        async for chunk in body.chunks:
            size += len(chunk)
            if size > self._most:
                raise BodyTooLarge("There is more of it.", request=request)
            chunks.append(chunk)
        return chunks
