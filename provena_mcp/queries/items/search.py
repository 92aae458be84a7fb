"""Searches the registry: reads, filters and explains hits, and distinguishes those that share a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from provena_mcp.errors import ArgumentError
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.filters import ItemFilter, ItemFilters, make_filter
from provena_mcp.queries.items.item_reader import NOTHING, unreadable_because
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.items.rows import (
    Namesakes,
    Row,
    licence_name,
    namesakes,
    organisation_names,
    row_fields,
)
from provena_mcp.queries.items.search_matches import places_of
from provena_mcp.rules.budgets import take_within
from provena_mcp.rules.cursors import decode_cursor, encode_cursor
from provena_mcp.rules.search_words import synonyms_of, words_of
from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.registry import SearchHit
from provena_mcp.wire.subtypes import ItemSubtype

# Questions are sentences at most; a longer text would not fit into an address.
_LONGEST_QUERY: Final = 2_000
# The service ranks no more than this many, silently (provena-http 7.7).
_MOST_HITS: Final = 50
_DIGITS: Final = 2


class FoundRow(Row):
    """One item that matched a search."""

    organisation: str | None = None
    licence: str | None = None
    matched: dict[str, tuple[str, ...]] = Field(
        description="Where the words stand; not_found: words it has not as written."
    )
    score: float


class SearchItemsResult(Brief):
    """What a search found, best first."""

    items: tuple[FoundRow, ...]
    complete: bool = Field(description="Whether these are all hits; else go on with cursor, or see note.")
    among: Literal["hits"] = Field(default="hits", description="Unlike a list: filters see ranked hits only.")
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
class _Hit:
    """A hit that could be read; ``rank`` counts from 0."""

    rank: int
    score: float
    item: RegistryItem


@dataclass(frozen=True)
class _Read:
    """Hits with their items, best first, and why others could not be read."""

    found: tuple[_Hit, ...]
    unreadable: dict[str, str]


async def search_items(reader: Reader, question: SearchQuestion, max_tokens: int) -> SearchItemsResult:
    """A page of the best matches of a free-text search, as many as ``max_tokens`` hold.

    The search service answers ids and scores only and does not look at permissions (provena-http 7.7),
    so hits are read: those of this page, or all of them where filters decide what is on it.

    Raises:
        ArgumentError: The query is blank or too long, or a filter cannot be meant.
        CursorError: The cursor belongs to another search.
    """
    query = _checked(question.query)
    start = _start(question)
    item_filter = await make_filter(reader, question.filters, question.subtype)
    hits = _worth_reading(await _ranked(reader, query, question.subtype))
    ranks = range(len(hits)) if item_filter.predicates else range(len(hits))[start : start + question.limit]
    read = await _read(reader, hits, ranks)
    left_out: Counter[str] = Counter()
    kept = [hit for hit in read.found if item_filter.keeps(hit.item, left_out)]
    organisations = await organisation_names(reader, [hit.item for hit in kept])
    rows = _rows(question, [hit for hit in kept if hit.rank >= start], organisations, max_tokens)
    following = _following(kept, rows, ranks, len(hits))
    is_capped = len(hits) >= _MOST_HITS
    return SearchItemsResult(
        items=rows,
        complete=following is None and not is_capped and item_filter.unsure is None,
        hits=len(hits),
        scanned=len(ranks),
        left_out=dict(left_out) or None,
        cursor=None if following is None else encode_cursor(question.key(), following),
        same_name=namesakes([hit.item for hit in kept], organisations),
        note=_note(item_filter, rows, is_capped=is_capped and following is None),
        unreadable=read.unreadable or None,
    )


def _checked(query: str) -> str:
    if not query.strip():
        raise ArgumentError(
            "query is blank.",
            parameter="query",
            advice="Give a few words of a name or topic, or use list_items to filter without words.",
        )
    if len(query) > _LONGEST_QUERY:
        raise ArgumentError(
            f"query has {len(query):,} characters; at most {_LONGEST_QUERY:,} are searched for.",
            parameter="query",
            advice="Give the few words that matter.",
        )
    return query.strip()


async def _ranked(reader: Reader, query: str, subtype: ItemSubtype | None) -> Sequence[SearchHit]:
    """The hits; where there are none, those of what means the same."""
    search = reader.client.search
    hits = await search.search(query, subtype, _MOST_HITS)
    if hits:
        return hits
    phrases = [phrase for _, alike in synonyms_of(words_of(query)) for phrase in alike]
    return await search.search(" ".join(phrases), subtype, _MOST_HITS) if phrases else ()


_NOTE_ON_THE_CAP: Final = (
    "The search service ranks 50 items at most and there may be more: add words, or use list_items with the "
    "same filters."
)


def _note(item_filter: ItemFilter, rows: Sequence[FoundRow], *, is_capped: bool) -> str | None:
    if item_filter.doubt and not rows:
        return item_filter.doubt
    return " ".join(filter(None, (item_filter.unsure, _NOTE_ON_THE_CAP if is_capped else None))) or None


def _worth_reading(hits: Sequence[SearchHit]) -> Sequence[SearchHit]:
    """The hits without those that share only what nearly every item has, such as the prefix of an id."""
    return [hit for hit in hits if round(hit.score, _DIGITS)] or hits


def _start(question: SearchQuestion) -> int:
    if question.cursor is None:
        return 0
    position = decode_cursor(question.key(), question.cursor)
    return position if isinstance(position, int) else 0


async def _read(reader: Reader, hits: Sequence[SearchHit], ranks: range) -> _Read:
    outcomes = await reader.items(NOTHING).read(hits[rank].id for rank in ranks)
    found: list[_Hit] = []
    unreadable: dict[str, str] = {}
    for rank in ranks:
        outcome = outcomes[hits[rank].id]
        if isinstance(outcome, RegistryItem):
            found.append(_Hit(rank, hits[rank].score, outcome))
        else:
            unreadable[hits[rank].id] = unreadable_because(outcome)
    return _Read(tuple(found), unreadable)


def _rows(
    question: SearchQuestion, hits: Sequence[_Hit], organisations: Mapping[str, str], max_tokens: int
) -> tuple[FoundRow, ...]:
    """The first hits as rows, as many as asked for and as fit the budget; at least one."""
    words = words_of(question.query)
    rows = [
        FoundRow(
            **row_fields(hit.item),
            organisation=organisations.get(hit.item.id),
            licence=licence_name(hit.item),
            matched=places_of(words, hit.item),
            score=round(hit.score, _DIGITS),
        )
        for hit in hits[: question.limit]
    ]
    return take_within(rows, max_tokens)


def _following(kept: Sequence[_Hit], rows: Sequence[FoundRow], ranks: range, hits: int) -> int | None:
    """The rank at which the next page starts: the first hit kept but not shown, or the first not read."""
    shown = {row.id for row in rows}
    last = max((hit.rank for hit in kept if hit.item.id in shown), default=-1)
    after = [hit.rank for hit in kept if hit.rank > last]
    if rows and after:
        return after[0]
    return ranks.stop if ranks.stop < hits else None
