"""Room for large answers: few of them are in memory at once, each until its question is answered.

What is made of a large answer is as large as itself, and lives as long as the question it was asked for. So
an answer that shows to be large waits for room with no more than its beginning read. A question waits once:
what else it asks is let in at once, since it could not end without that. Whoever waits holds nothing that
others need, so nobody else is held up, and two questions never wait for each other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final


class Room:
    """So many bytes, had in the order in which they are asked for."""

    def __init__(self, most: int) -> None:
        """Give out ``most`` bytes at once; what needs more has all of them for itself."""
        self._most = most
        self._taken = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> int:
        """Wait until there is room for ``size``; how much was taken, which ``give_back`` gives back."""
        size = min(size, self._most)
        turn = asyncio.get_running_loop().create_future()
        entry = (size, turn)
        self._waiting.append(entry)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._let_in()
            else:
                self.give_back(size)
            raise
        return size

    def give_back(self, size: int) -> None:
        """Let others have what ``take`` gave."""
        self._taken -= size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._taken + self._waiting[0][0] <= self._most:
            size, turn = self._waiting.popleft()
            self._taken += size
            # Of who has just gone away nobody is told; they give it back themselves.
            if not turn.done():
                turn.set_result(None)


@dataclass(eq=False)
class Question:
    """Whatever is asked for one answer; its room is given back when ``answered`` is done."""

    answered: asyncio.Future[None]
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)
    has_room: bool = False


UNDER_WAY: Final[ContextVar[Question | None]] = ContextVar("question_under_way", default=None)


@asynccontextmanager
async def room_for(room: Room, size: int) -> AsyncGenerator[None]:
    """Wait for room to read a large answer of ``size``, and keep it for the question under way, if any."""
    asked = UNDER_WAY.get()
    if asked is None or asked.answered.done():
        taken = await room.take(size)
        try:
            yield
        finally:
            room.give_back(taken)
        return
    async with asked.taking:
        if not asked.has_room:
            taken = await room.take(size)
            asked.has_room = True
            # At once, where it was answered meanwhile: its tasks may go on when it has failed.
            asked.answered.add_done_callback(lambda _: room.give_back(taken))
    yield
