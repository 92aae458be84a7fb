"""Whether a mirror may answer, and how old what it answers is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from provena_mcp.errors import ProvenaError
from provena_mcp.mirror.ledger import check_origin, gone_since
from provena_mcp.mirror.mirror import Mirror
from provena_mcp.queries.cache import give_up
from provena_mcp.rules.items.events import Gone

logger = logging.getLogger(__name__)

_HOUR: Final = 3_600.0
# How long a call waits for a mirror that is being refreshed before it answers from what there is.
_PATIENCE_SECONDS: Final = 15.0
# A refresh that failed is not tried again at once: the network may be away for long.
_PAUSE_SECONDS: Final = 60.0
_UNITS: Final = ((86_400.0, "day"), (_HOUR, "hour"), (60.0, "minute"))


class Standing:
    """One mirror as those who answer from it see it."""

    def __init__(
        self,
        mirror: Mirror,
        *,
        max_age_hours: float,
        subject: Callable[[], str | None],
        stored_subject: Callable[[], Awaitable[str | None]],
    ) -> None:
        """Judge ``mirror``.

        Args:
            mirror: The mirror.
            max_age_hours: Up to which age it is fresh enough.
            subject: Whose token was used last, if one was.
            stored_subject: Whose login is kept on this machine, as far as it says.
        """
        self._mirror = mirror
        self._max_age = max_age_hours * _HOUR
        self._subject = subject
        self._stored_subject = stored_subject
        self._refresh: Callable[[], Awaitable[object]] | None = None
        self._asked: str | None = None
        self._has_asked = False
        self._refreshing: asyncio.Task[None] | None = None
        self._tried_at = float("-inf")

    def refresh_with(self, pull: Callable[[], Awaitable[object]]) -> None:
        """Have a mirror that is too old pulled before it answers, instead of only saying so."""
        self._refresh = pull

    async def check(self) -> None:
        """Return when the mirror may answer.

        Raises:
            StoreError: It cannot be read, is not complete, is of another deployment, or somebody else's.
        """
        known = self._mirror.ledger()
        if known.origin.subject is not None and not self._has_asked:
            self._asked, self._has_asked = await self._stored_subject(), True
        check_origin(known.origin, self._mirror.source, self._subject() or self._asked, None)
        if self._refresh is not None and self._is_old(known.as_of):
            await self._refreshed(self._refresh)

    def age(self) -> str:
        """How old what is answered is, and what to do if that is too old.

        Raises:
            StoreError: The mirror cannot be read.
        """
        as_of = self._mirror.ledger().as_of or 0.0
        old = self._mirror.clock() - as_of
        if old < 0:
            return "unknown: this machine's clock has gone back"
        said = _in_words(old)
        if old <= self._max_age:
            return said
        return f"{said}, more than the {_in_words(self._max_age)} that is set: `fresh` asks the deployment"

    def version(self) -> int:
        """Another value whenever the mirror holds something else.

        Raises:
            StoreError: The mirror cannot be read.
        """
        return self._mirror.ledger().changes

    def gone_since(self, since: float) -> tuple[Gone, ...]:
        """What was noticed since then to be gone from the deployment.

        Raises:
            StoreError: The mirror cannot be read.
        """
        with self._mirror.opened().read() as connection:
            return gone_since(connection, since)

    async def close(self) -> None:
        """Give up a refresh under way; another goes on from there."""
        if self._refreshing is not None:
            await give_up([self._refreshing])

    def _is_old(self, as_of: float | None) -> bool:
        return not 0 <= self._mirror.clock() - (as_of or 0.0) <= self._max_age

    async def _refreshed(self, refresh: Callable[[], Awaitable[object]]) -> None:
        now = asyncio.get_running_loop().time()
        if self._refreshing is None or self._refreshing.done():
            if now - self._tried_at < _PAUSE_SECONDS:
                return
            self._tried_at = now
            self._refreshing = asyncio.create_task(_quietly(refresh))
        await asyncio.wait({self._refreshing}, timeout=_PATIENCE_SECONDS)


async def _quietly(refresh: Callable[[], Awaitable[object]]) -> None:
    try:
        await refresh()
    except ProvenaError as error:
        logger.warning("The mirror was not refreshed. %s %s", error.message, error.advice)


def _in_words(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
