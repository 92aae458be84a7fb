"""A store for short-lived values of each caller: a protocol, and the store in memory that is the default."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from provena_mcp.errors import ArgumentError

ENTRIES_PER_OWNER: Final = 500
BYTES_PER_OWNER: Final = 32 * 1024 * 1024
BYTES_IN_ALL: Final = 256 * 1024 * 1024

# What an entry costs beside its value, so that many small ones are bounded too.
_OVERHEAD: Final = 256


def check_size(value: bytes, most: int = BYTES_PER_OWNER) -> None:
    """Refuse what is larger than ``most`` bytes.

    Raises:
        ArgumentError: It is.
    """
    if len(value) > most:
        raise ArgumentError(
            f"This is too large to be kept: {len(value):,} bytes, where {most:,} are allowed.",
            advice="Split it into smaller parts.",
        )


class KeyValueStore(Protocol):
    """A store of bytes by owner and key; replicas that must know each other's references share one.

    Values may vanish early, never come back changed, and are seen by their owner only.
    """

    async def get(self, owner: str, key: str) -> bytes | None:
        """The value, unless it has expired or was never there."""
        ...

    async def put(self, owner: str, key: str, value: bytes, seconds: float) -> None:
        """Keep ``value`` for ``seconds``, in place of what was there.

        Raises:
            ArgumentError: It is larger than the store keeps for one owner.
        """
        ...

    async def add(
        self, owner: str, key: str, value: bytes, seconds: float, *, beside: str | None = None
    ) -> bool:
        """Keep ``value`` unless there is one; whether it was kept. Of two at once exactly one succeeds.

        Where the owner has nothing (any more) under the key ``beside``, it is not kept either.
        """
        ...

    async def remove(self, owner: str, key: str) -> None:
        """Forget a value, if it is there."""
        ...


@dataclass
class _OwnedValues:
    """The values of one owner, oldest first."""

    held: OrderedDict[str, tuple[float, bytes]] = field(default_factory=OrderedDict[str, tuple[float, bytes]])
    size: int = 0

    def take(self, key: str) -> int:
        found = self.held.pop(key, None)
        freed = _cost(found[1]) if found else 0
        self.size -= freed
        return freed


class InProcessStore:
    """Keeps values in memory, for one process.

    Each owner has a bound of their own, so that nobody's values push out another's; beyond it the
    oldest go first, and beyond ``in_all`` those of whoever has kept nothing for longest.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        entries: int = ENTRIES_PER_OWNER,
        size: int = BYTES_PER_OWNER,
        in_all: int = BYTES_IN_ALL,
    ) -> None:
        """Bound each owner to ``entries`` and ``size`` bytes; ``clock`` gives monotonic seconds."""
        self._clock = clock
        self._entries = entries
        self._size = size
        self._in_all = in_all
        self._owners: OrderedDict[str, _OwnedValues] = OrderedDict()
        self._used = 0

    async def get(self, owner: str, key: str) -> bytes | None:
        """The value, unless it has expired or was never there."""
        return self._find(owner, key)

    async def put(self, owner: str, key: str, value: bytes, seconds: float) -> None:
        """Keep ``value`` for ``seconds``, in place of what was there.

        Raises:
            ArgumentError: It is larger than is kept for one owner.
        """
        self._keep(owner, key, value, seconds)

    async def add(
        self, owner: str, key: str, value: bytes, seconds: float, *, beside: str | None = None
    ) -> bool:
        """Keep ``value`` unless there is one, or nothing under ``beside``; whether it was kept."""
        if self._find(owner, key) is not None or (beside is not None and self._find(owner, beside) is None):
            return False
        self._keep(owner, key, value, seconds)
        return True

    async def remove(self, owner: str, key: str) -> None:
        """Forget a value, if it is there."""
        if owned := self._owners.get(owner):
            self._used -= owned.take(key)

    def _find(self, owner: str, key: str) -> bytes | None:
        owned = self._owners.get(owner)
        found = owned.held.get(key) if owned else None
        if owned is None or found is None:
            return None
        expires, value = found
        if expires <= self._clock():
            self._used -= owned.take(key)
            return None
        return value

    def _keep(self, owner: str, key: str, value: bytes, seconds: float) -> None:
        check_size(value, self._size - _OVERHEAD)
        cost = _cost(value)
        owned = self._owners.setdefault(owner, _OwnedValues())
        self._owners.move_to_end(owner)
        self._used -= owned.take(key)
        while owned.held and (len(owned.held) >= self._entries or owned.size + cost > self._size):
            self._used -= owned.take(next(iter(owned.held)))
        owned.held[key] = (self._clock() + seconds, value)
        owned.size += cost
        self._used += cost
        while self._used > self._in_all and len(self._owners) > 1:
            self._used -= self._owners.popitem(last=False)[1].size


def _cost(value: bytes) -> int:
    return len(value) + _OVERHEAD
