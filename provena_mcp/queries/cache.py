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
