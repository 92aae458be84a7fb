"""Ids that fit what a person has typed so far, by the start of the id or of words of the name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from provena_mcp.errors import ProvenaError
from provena_mcp.queries.cache import BoundedCache, Clock, together
from provena_mcp.queries.items.names import Named
from provena_mcp.queries.items.reader import Reader
from provena_mcp.wire.registry import ListFilter, ListRequest
from provena_mcp.wire.subtypes import ItemSubtype

MOST_IDS: Final = 100
_PAGE_SIZE: Final = 100
_MAX_PAGES: Final = 5
_SECONDS: Final = 60.0
_QUIET_SECONDS: Final = 0.15
_MOST_HITS: Final = 50

Kinds = tuple[ItemSubtype, ...]


@dataclass(frozen=True)
class Suggested:
    """At most 100 ids, best first; ``total`` is how many fit, where that is known."""

    ids: tuple[str, ...] = ()
    total: int | None = None
    has_more: bool = False


@dataclass(frozen=True)
class _Recent:
    """The items of one subtype that changed last: id -> folded name, newest first."""

    names: dict[str, str]
    complete: bool


class Suggestions:
    """Suggests ids while somebody types: waits for a pause, remembers what it has read.

    A completion is asked for at every keystroke. The items that changed last are read once a minute
    and searched here; only where there are more than those does a keystroke reach the search service.
    """

    def __init__(self, *, clock: Clock, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Measure age by ``clock`` (monotonic seconds) and wait with ``sleep``."""
        self._recent: BoundedCache[tuple[str, ItemSubtype], _Recent] = BoundedCache(
            entries=200, seconds=_SECONDS, clock=clock
        )
        self._answers: BoundedCache[tuple[str, Kinds, str], Suggested] = BoundedCache(
            entries=1000, seconds=_SECONDS, clock=clock
        )
        self._last_typed: BoundedCache[tuple[str, str], object] = BoundedCache(
            entries=1000, seconds=_SECONDS, clock=clock
        )
        self._sleep = sleep

    async def ids(self, reader: Reader, field: str, kinds: Kinds, typed: str) -> Suggested:
        """Ids of items of ``kinds`` for what has been ``typed`` into ``field``.

        What is overtaken by the next keystroke in the same field is answered with nothing.

        Raises:
            ProvenaError: Provena could not be asked.
        """
        key = (reader.caller, kinds, typed.strip().casefold())
        known = self._answers.get(key)
        if known is not None:
            return known
        place, keystroke = (reader.caller, field), object()
        self._last_typed.put(place, keystroke)
        await self._sleep(_QUIET_SECONDS)
        if self._last_typed.get(place) is not keystroke:
            return Suggested(has_more=True)
        found = await self._find(reader, kinds, key[2])
        self._answers.put(key, found)
        return found

    async def _find(self, reader: Reader, kinds: Kinds, typed: str) -> Suggested:
        recent = await together(*(self._recently_changed(reader, kind) for kind in kinds))
        names = {item_id: name for part in recent for item_id, name in part.names.items()}
        fits = _best_first(names, typed)
        if all(part.complete for part in recent):
            return Suggested(tuple(fits[:MOST_IDS]), len(fits), len(fits) > MOST_IDS)
        if typed:
            fits = list(dict.fromkeys((*fits, *await _searched(reader, kinds, typed))))
        return Suggested(tuple(fits[:MOST_IDS]), has_more=True)

    async def _recently_changed(self, reader: Reader, kind: ItemSubtype) -> _Recent:
        known = self._recent.get((reader.caller, kind))
        if known is not None:
            return known
        names: dict[str, str] = {}
        walk = reader.client.registry.walk(ListRequest(filter_by=ListFilter(item_subtype=kind)))
        unread = 0
        for _ in range(_MAX_PAGES):
            if (page := await walk.next_page(_PAGE_SIZE)) is None:
                break
            for item in page.items:
                names[item.id] = reader.names.remember(reader.caller, item).name.casefold()
            unread += len(page.unparsable)
        found = _Recent(names, complete=walk.place is None and not unread)
        self._recent.put((reader.caller, kind), found)
        return found


async def _searched(reader: Reader, kinds: Kinds, typed: str) -> list[str]:
    """What the search service finds among items not read here, and the id itself if it is one."""
    only = kinds[0] if len(kinds) == 1 else None
    hits = await reader.client.search.search(typed, only, _MOST_HITS)
    ids = [hit.id for hit in hits]
    if "/" in typed and typed not in ids and await _exists(reader, typed):
        ids.insert(0, typed)
    found = await reader.names.of_ids(reader.caller, ids)
    return [item_id for item_id in ids if _is_one_of(kinds, found.named.get(item_id))]


async def _exists(reader: Reader, item_id: str) -> bool:
    try:
        reader.names.remember(reader.caller, await reader.client.registry.fetch(item_id))
    except ProvenaError:
        return False
    return True


def _is_one_of(kinds: Kinds, named: Named | None) -> bool:
    return named is not None and named.subtype in kinds


def _best_first(names: dict[str, str], typed: str) -> list[str]:
    """Ids that begin so, then names that begin so, then names whose words begin so."""
    if not typed:
        return list(names)
    words = typed.split()
    ranked = [
        (rank, item_id)
        for item_id, name in names.items()
        if (rank := _rank(item_id.casefold(), name, typed, words)) is not None
    ]
    return [item_id for _, item_id in sorted(ranked, key=lambda entry: entry[0])]


def _rank(item_id: str, name: str, typed: str, words: list[str]) -> int | None:
    if item_id.startswith(typed) or item_id.partition("/")[2].startswith(typed):
        return 0
    if name.startswith(typed):
        return 1
    return 2 if _each_begins_a_word(words, name.replace("-", " ").split()) else None


def _each_begins_a_word(wanted: Iterable[str], words: list[str]) -> bool:
    return all(any(word.startswith(part) for word in words) for part in wanted)
