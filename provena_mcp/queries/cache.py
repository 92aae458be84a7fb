"""What spares Provena needless requests: a cache with a bound and an age limit, and asking ``together``."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Generic, TypeVar, overload

import anyio

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")
Answer = TypeVar("Answer")
First = TypeVar("First")
Second = TypeVar("Second")
Third = TypeVar("Third")

Clock = Callable[[], float]


class BoundedCache(Generic[KeyT, ValueT]):
    """Keeps the most recently used entries, none longer than ``seconds``."""

    def __init__(
        self,
        *,
        entries: int,
        seconds: float,
        clock: Clock,
        weigh: Callable[[ValueT], int] | None = None,
        most_weight: int = 0,
    ) -> None:
        """Hold at most ``entries``, each for ``seconds`` by ``clock`` (monotonic seconds).

        With ``weigh``, all together weigh at most ``most_weight``; what alone weighs more is not kept, and
        what is too old goes as soon as something else comes.
        """
        self._weigh = weigh
        self._most_weight = most_weight
        self._held: OrderedDict[KeyT, tuple[float, ValueT]] = OrderedDict()
        self._entries = entries
        self._seconds = seconds
        self._clock = clock

    def get(self, key: KeyT) -> ValueT | None:
        """The value kept for ``key``, unless it is too old."""
        found = self._held.get(key)
        if found is None:
            return None
        expires, value = found
        if expires <= self._clock():
            del self._held[key]
            return None
        self._held.move_to_end(key)
        return value

    def put(self, key: KeyT, value: ValueT) -> None:
        """Keep ``value``, dropping the least recently used entry when full."""
        if self._weigh is not None:
            self._drop_expired()
        self._held[key] = (self._clock() + self._seconds, value)
        self._held.move_to_end(key)
        if self._weigh is not None and self._weigh(value) > self._most_weight:
            del self._held[key]
        while len(self._held) > self._entries or self._is_too_heavy():
            self._held.popitem(last=False)

    def _drop_expired(self) -> None:
        now = self._clock()
        for key in [key for key, (expires, _) in self._held.items() if expires <= now]:
            del self._held[key]

    def _is_too_heavy(self) -> bool:
        if self._weigh is None:
            return False
        return sum(self._weigh(value) for _, value in self._held.values()) > self._most_weight

    def discard(self, key: KeyT) -> None:
        """Forget ``key``."""
        self._held.pop(key, None)

    def __len__(self) -> int:
        return len(self._held)


@overload
async def together(first: Awaitable[First], second: Awaitable[Second], /) -> tuple[First, Second]: ...


@overload
async def together(
    first: Awaitable[First], second: Awaitable[Second], third: Awaitable[Third], /
) -> tuple[First, Second, Third]: ...


@overload
async def together(*asked: Awaitable[Answer]) -> tuple[Answer, ...]: ...


async def together(*asked: Awaitable[Any]) -> tuple[Any, ...]:
    """The answers to all that is ``asked`` at once, in its order; not for writes, which must not be cut off.

    As soon as one fails the others are given up, so that nothing more is sent or held for what cannot be
    answered, and when they have ended its error is raised. Who is cancelled gives up all of them.

    ``asyncio.gather`` lets the others run on. In Python before 3.13 a ``TaskGroup`` that fails leaves its
    caller counted as cancelled, and a deadline that passes later is taken for somebody else's cancelling.
    """
    if len(asked) < 2:
        return tuple([await each for each in asked])
    tasks = [asyncio.ensure_future(each) for each in asked]
    error: BaseException | None = None
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        error = next(filter(None, map(_failure, tasks)), None)
    finally:
        await give_up(tasks)
    if error is None:
        return tuple([task.result() for task in tasks])
    try:
        raise error
    finally:
        # This frame is part of what it raises, and must not keep that alive.
        del asked, tasks, error


def _failure(task: asyncio.Future[Any]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None


async def give_up(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancel those that are under way, each once, so that its own tidying up is not cut off, and wait.

    Also where the caller is cancelled meanwhile; what fails so is told to nobody.
    """
    if under_way := [task for task in tasks if not task.done()]:
        for task in under_way:
            task.cancel()
        # A deadline cancels whoever waits again and again.
        with anyio.CancelScope(shield=True):
            await asyncio.wait(under_way)
    for task in tasks:
        _failure(task)  # is taken note of, or asyncio reports that nobody did
