"""Few large answers in memory at once: while one is read, it takes many times its size.

A question takes its turn with the first large answer that it meets and keeps it to the end, since what was
made of that answer is as large. Whoever waits has not read more than the beginning of theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final

LARGE_BYTES: Final = 4 * 1024 * 1024
"""From this size on an answer is large: some 13,000 items of a lineage."""

_AT_ONCE: Final = 1


class LargeAnswers:
    """Turns for the questions put to one Provena."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def question(self) -> AsyncGenerator[None]:
        """A question, which may wait when it meets a large answer, until it is answered."""
        turn = _Turn(self._slots)
        before = _TURN.set(turn)
        try:
            yield
        finally:
            _TURN.reset(before)
            turn.give_back()


async def meet_large_answer(limit: asyncio.Timeout | None) -> None:
    """Wait until the question under way may read a large answer; what is part of none waits for nothing.

    The time that is waited does not count towards ``limit``, which the request has.
    """
    turn = _TURN.get()
    if turn is None or turn.is_taken:
        return
    ends = limit.when() if limit is not None else None
    if limit is None or ends is None:
        await turn.take()
        return
    clock = asyncio.get_running_loop().time
    since = clock()
    limit.reschedule(None)
    await turn.take()
    limit.reschedule(ends + clock() - since)


class _Turn:
    """That of one question, however many of its answers are large."""

    def __init__(self, slots: asyncio.Semaphore) -> None:
        self._slots = slots
        self._taking = asyncio.Lock()
        self.is_taken = False
        self._is_over = False

    async def take(self) -> None:
        async with self._taking:
            if self.is_taken or self._is_over:
                return
            await self._slots.acquire()
            self.is_taken = True
            if self._is_over:
                self.give_back()

    def give_back(self) -> None:
        """End the turn, also for what still waits for it: a question may fail while others of it run."""
        self._is_over = True
        if self.is_taken:
            self.is_taken = False
            self._slots.release()


_TURN: Final[ContextVar[_Turn | None]] = ContextVar("large_answer_turn", default=None)
