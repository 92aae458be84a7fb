"""Searches the registry: hits read, filtered, explained, and told apart where they share a name."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from provena_mcp.errors import ArgumentError, ProvenaError
from provena_mcp.queries.briefs.models import Brief
from provena_mcp.queries.filters import ItemFilters, make_sieve
from provena_mcp.queries.items import Reader
from provena_mcp.queries.matching import places_of, words_of
from provena_mcp.queries.names import unreadable_because
from provena_mcp.queries.rows import (
    Namesakes,
    Row,
    licence_name,
    namesakes,
    organisation_names,
    row_fields,
)
from provena_mcp.rules.cursors import decode_cursor, encode_cursor
from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.registry import SearchHit
from provena_mcp.wire.subtypes import ItemSubtype

# The service ranks no more than this many, silently (contract 7.7).
_MOST_HITS: Final = 50


class FoundRow(Row):
    """One item that matched a search."""

    organisation: str | None = None
    licence: str | None = None
    matched: dict[str, tuple[str, ...]] = Field(
        description="Where the words stand; not_found: words it has not as written."
    )
    score: float


class FoundItems(Brief):
    """What a search found, best first."""

    items: tuple[FoundRow, ...]
    complete: bool = Field(description="Whether these are all; else go on with cursor, or see note.")
    hits: int = Field(description="Items the search service ranked, at most 50.")
    scanned: int = Field(description="Hits read for this answer.")
    left_out: dict[str, int] | None = Field(default=None, description="Hits dropped, by filter.")
    cursor: str | None = None
    same_name: tuple[Namesakes, ...] | None = Field(
        default=None, description="Items that share a name, and what differs."
    )
    note: str | None = None
    unreadable: dict[str, str] | None = Field(
        default=None, description="Matches that may not be read, and why."
    )


@dataclass(frozen=True)
class SearchQuestion:
    """What to search for; ``limit`` items a page."""

    query: str
    subtype: ItemSubtype | None
    filters: ItemFilters
    limit: int
    cursor: str | None = None

    def key(self) -> str:
        """The question a cursor belongs to."""
        return f"search:{self.filters.digest(self.query, self.subtype)}"


@dataclass(frozen=True)
class _Read:
    """Hits with their items, best first."""

    found: Sequence[tuple[SearchHit, RegistryItem]]
    unreadable: dict[str, str]


async def search_items(reader: Reader, question: SearchQuestion) -> FoundItems:
    """A page of the best matches of a free-text search.

    The search service answers ids and scores only and does not look at permissions (contract 7.7),
    so hits are read: those of this page, or all of them where filters decide what is on it.

    Raises:
        ArgumentError: The query is blank, or a filter cannot be meant.
        CursorError: The cursor belongs to another search.
    """
    if not question.query.strip():
        raise ArgumentError(
            "query is blank.",
            parameter="query",
            advice="Give a few words of a name or topic, or use list_items to filter without words.",
        )
    start = _start(question)
    sieve = await make_sieve(reader, question.filters)
    hits = await reader.client.search.search(question.query.strip(), question.subtype, _MOST_HITS)
    end = start + question.limit
    to_read = hits if sieve.tests else hits[start:end]
    read = await _read(reader, to_read)
    left_out: Counter[str] = Counter()
    kept = {item.id for item in sieve.sift((item for _, item in read.found), left_out)}
    matching = [(hit, item) for hit, item in read.found if item.id in kept]
    page = matching[start:end] if sieve.tests else matching
    more = end < (len(matching) if sieve.tests else len(hits))
    organisations = await organisation_names(reader, [item for _, item in matching])
    words = words_of(question.query)
    capped = len(hits) >= _MOST_HITS
    return FoundItems(
        items=tuple(_row(hit, item, words, organisations.get(item.id)) for hit, item in page),
        complete=not more and not capped,
        hits=len(hits),
        scanned=len(to_read),
        left_out=dict(left_out) or None,
        cursor=encode_cursor(question.key(), end) if more else None,
        same_name=namesakes([item for _, item in matching], organisations),
        note=_NOTE_ON_THE_CAP if capped and not more else None,
        unreadable=read.unreadable or None,
    )


_NOTE_ON_THE_CAP: Final = (
    "The search service ranks 50 items at most and there may be more: add words, or use list_items with the "
    "same filters."
)


def _start(question: SearchQuestion) -> int:
    if question.cursor is None:
        return 0
    position = decode_cursor(question.key(), question.cursor)
    return position if isinstance(position, int) else 0


async def _read(reader: Reader, hits: Sequence[SearchHit]) -> _Read:
    outcomes = await asyncio.gather(
        *(reader.client.registry.fetch(hit.id) for hit in hits), return_exceptions=True
    )
    found: list[tuple[SearchHit, RegistryItem]] = []
    unreadable: dict[str, str] = {}
    for hit, outcome in zip(hits, outcomes, strict=True):
        if isinstance(outcome, RegistryItem):
            reader.names.remember(reader.caller, outcome)
            found.append((hit, outcome))
        elif isinstance(outcome, ProvenaError):
            unreadable[hit.id] = unreadable_because(outcome)
        else:
            raise outcome
    return _Read(found, unreadable)


def _row(hit: SearchHit, item: RegistryItem, words: tuple[str, ...], organisation: str | None) -> FoundRow:
    return FoundRow(
        **row_fields(item),
        organisation=organisation,
        licence=licence_name(item),
        matched=places_of(words, item),
        score=round(hit.score, 2),
    )
