"""A small cache with a bound and an age limit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

Clock = Callable[[], float]


class BoundedCache(Generic[KeyT, ValueT]):
    """Keeps the most recently used entries, none longer than ``seconds``."""

    def __init__(self, *, entries: int, seconds: float, clock: Clock) -> None:
        """Hold at most ``entries``, each for ``seconds`` by ``clock`` (monotonic seconds)."""
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
        self._held[key] = (self._clock() + self._seconds, value)
        self._held.move_to_end(key)
        if len(self._held) > self._entries:
            self._held.popitem(last=False)

    def discard(self, key: KeyT) -> None:
        """Forget ``key``."""
        self._held.pop(key, None)

    def __len__(self) -> int:
        return len(self._held)
