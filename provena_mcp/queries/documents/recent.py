"""The documents that a caller opened recently, newest first."""

from __future__ import annotations

from typing import Final

from provena_mcp.queries.cache import BoundedCache, Clock

_EACH: Final = 10
_CALLERS: Final = 500
_SECONDS: Final = 24 * 3600.0
_LONGEST: Final = 300


class RecentDocuments:
    """URIs of documents that were made or read, by caller; of this process, for a day."""

    def __init__(self, clock: Clock) -> None:
        """Nothing yet; ``clock`` gives monotonic seconds."""
        self._held = BoundedCache[str, tuple[str, ...]](entries=_CALLERS, seconds=_SECONDS, clock=clock)

    def add(self, caller: str, uri: str) -> None:
        """Put a document first; the one not used longest makes room. Overlong URIs are left out."""
        if len(uri) <= _LONGEST:
            others = (held for held in self.of(caller) if held != uri)
            self._held.put(caller, (uri, *others)[:_EACH])

    def of(self, caller: str) -> tuple[str, ...]:
        """The URIs of a caller."""
        return self._held.get(caller) or ()
