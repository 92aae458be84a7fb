"""Room for large answers: few of them are in memory at once, each until its question is answered.

What is made of a large answer is as large as itself, and lives as long as the question it was asked for. So
an answer that shows to be large waits for room with no more than its beginning read. A question that has room
does not wait again: what else it asks is let in at once, since it could not end without that. Whoever waits
holds neither room nor a slot, only a connection and the beginning of an answer; so nobody else is held up,
and two questions never wait for each other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final


@dataclass(eq=False)
class _Turn:
    """Somebody who waits for ``least`` bytes and would have up to ``size``; ``taken`` is what they got."""

    least: int
    size: int
    come: asyncio.Future[None]
    taken: int = 0


class Room:
    """So many bytes, had in the order in which they are asked for."""

    def __init__(self, most: int) -> None:
        """Give out ``most`` bytes at once; what needs more has all of them for itself."""
        self._most = most
        self._taken = 0
        self._waiting: deque[_Turn] = deque()

    async def take(self, size: int | None) -> int:
        """Wait until there is room for ``size``; how much was taken, which ``give_back`` gives back.

        Who does not know the size waits for half of the room and takes all that is free.
        """
        most = self._most if size is None else min(size, self._most)
        least = (self._most + 1) // 2 if size is None else most
        turn = _Turn(least, most, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        self._let_in()
        try:
            await turn.come
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
                self._let_in()
            else:
                self.give_back(turn.taken)
            raise
        return turn.taken

    def give_back(self, size: int) -> None:
        """Let others have what ``take`` gave; less than nothing is what was needed beyond it."""
        self._taken -= size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._taken + self._waiting[0].least <= self._most:
            turn = self._waiting.popleft()
            turn.taken = min(turn.size, self._most - self._taken)
            self._taken += turn.taken
            # Of who has just gone away nobody is told; they give it back themselves.
            if not turn.come.done():
                turn.come.set_result(None)


@dataclass(eq=False)
class Question:
    """Whatever is asked for one answer; its room is given back when ``answered`` is done.

    Until then it has ``taken`` of it: exactly what was ``read``, as soon as nothing more is ``under_way``.
    """

    answered: asyncio.Future[None]
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)
    taken: int = 0
    read: int = 0
    under_way: int = 0

    def keep(self, size: int, room: Room) -> None:
        """Have ``size`` of ``room``, without waiting where that is more than was taken."""
        beyond, self.taken = self.taken - size, size
        room.give_back(beyond)


@dataclass
class Reading:
    """A large answer as it is read; ``size`` is told when all of it is there."""

    size: int = 0


UNDER_WAY: Final[ContextVar[Question | None]] = ContextVar("question_under_way", default=None)


@asynccontextmanager
async def room_for(room: Room, size: int | None) -> AsyncGenerator[Reading]:
    """Wait for room to read a large answer of ``size``, if that is known.

    The question under way, if any, keeps as much as was read.
    """
    reading = Reading()
    asked = UNDER_WAY.get()
    if asked is None or asked.answered.done():
        taken = await room.take(size)
        try:
            yield reading
        finally:
            room.give_back(taken)
        return
    async with asked.taking:
        if not asked.taken:
            asked.taken = await room.take(size)
            # At once, where it was answered meanwhile: its tasks may go on when it has failed.
            asked.answered.add_done_callback(lambda _: asked.keep(0, room))
    asked.under_way += 1
    try:
        yield reading
    finally:
        asked.under_way -= 1
        asked.read += reading.size
        if not asked.under_way and not asked.answered.done():
            asked.keep(asked.read, room)
