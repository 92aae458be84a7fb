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
from functools import partial
from typing import Final

# Of the slots of a client, 16 unless it serves many users, those that the requests of one question may have.
_TURNS: Final = 12


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

    async def take(self, size: int | None) -> tuple[int, bool]:
        """Wait until there is room for ``size``.

        How much was taken, which ``give_back`` gives back, and whether it was waited for. Who does not know
        the size waits for half of the room and takes all that is free.
        """
        most = self._most if size is None else min(size, self._most)
        least = (self._most + 1) // 2 if size is None else most
        turn = _Turn(least, most, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        self._let_in()
        has_waited = not turn.come.done()
        try:
            await turn.come
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
                self._let_in()
            else:
                self.give_back(turn.taken)
            raise
        return turn.taken, has_waited

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
class RoomHolder:
    """Whatever is asked for one answer; its room is given back when ``answered`` is done.

    Until then it has ``taken`` of it: exactly what was ``read``, as soon as nothing more is ``under_way``.
    Its requests take ``turns``, so that one that needs a hundred names leaves slots to others.
    """

    answered: asyncio.Future[None]
    turns: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, _TURNS))
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)
    taken: int = 0
    read: int = 0
    under_way: int = 0
    room: Room | None = None

    async def take(self, room: Room, size: int | None) -> bool:
        """Take ``size`` of ``room``, unless it has some already; whether it was waited for."""
        has_to_wait = self.taking.locked()
        async with self.taking:
            if self.taken:
                return has_to_wait
            self.taken, has_waited = await room.take(size)
            if self.room is None:
                # At once, where it was answered meanwhile: its tasks may go on when it has failed.
                self.answered.add_done_callback(lambda _: self.keep(0))
            self.room = room
            if self.answered.done():
                self.keep(0)
            return has_waited

    def leave(self) -> None:
        """Let others have its room while it waits for a person or a job.

        What it still needs of what it has read is little; another large answer waits for room anew.
        """
        if not self.under_way:
            self.read = 0
            self.keep(0)

    def keep(self, size: int) -> None:
        """Have ``size``, without waiting where that is more than was taken."""
        if self.room is not None:
            beyond, self.taken = self.taken - size, size
            self.room.give_back(beyond)


@dataclass
class Reading:
    """A large answer as it is read; ``size`` is told when all of it is there.

    ``has_waited`` tells whether there was no room at once; a ``lapsed`` one is to be asked for again.
    """

    has_waited: bool = False
    size: int = 0
    lapsed: bool = False


UNDER_WAY: Final[ContextVar[RoomHolder | None]] = ContextVar("question_under_way", default=None)


@asynccontextmanager
async def room_for(room: Room, size: int | None) -> AsyncGenerator[Reading]:
    """Wait for room to read a large answer of ``size``, if that is known.

    The question under way, if any, keeps as much as was read.
    """
    asked = UNDER_WAY.get()
    if asked is None or asked.answered.done():
        taken, has_waited = await room.take(size)
        try:
            yield Reading(has_waited)
        finally:
            room.give_back(taken)
        return
    reading = Reading(await asked.take(room, size))
    asked.under_way += 1
    try:
        yield reading
    finally:
        asked.under_way -= 1
        asked.read += reading.size
        # The repeat of one that lapsed is not to wait again.
        if not asked.under_way and not asked.answered.done() and not reading.lapsed:
            asked.keep(asked.read)
