"""The best matches of a search, without scoring all that match.

To score an item takes twenty times as long as to count it. Phrases are rare or common: an item that holds
none but the common ones can be told to be none of the best by how much they weigh at most.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

# What a match weighs: in the item's own id most, then in its name, then in its text; what kind of item it is
# says nothing of how well it matches.
_SCORED: Final = """
    SELECT found.score, found.key, item.id FROM (
        SELECT rowid AS key, -bm25(item_text, 20.0, 5.0, 1.0, 0.0) AS score FROM item_text
        WHERE item_text MATCH ? ORDER BY score DESC, rowid LIMIT ?
    ) AS found JOIN item ON item.key = found.key
"""
# As FTS5 scores: a phrase adds less than its rarity times k1 + 1, and is as good as never rare where half of
# all items hold it.
_MOST_OF_RARITY: Final = 2.2
_LEAST_RARITY: Final = 1e-6
# The first try has so many times as many matches as are wanted; what matches half as much is not left out.
_TRIED: Final = 20
_WORTH_LEAVING: Final = 2


class Match(NamedTuple):
    """An item that matches, and how well."""

    score: float
    key: int
    id: str


def is_found(connection: sqlite3.Connection, phrase: str) -> bool:
    """Whether any item holds a phrase, in FTS5's syntax."""
    found = connection.execute("SELECT 1 FROM item_text WHERE item_text MATCH ? LIMIT 1", (phrase,))
    return found.fetchone() is not None


def best_matches(
    connection: sqlite3.Connection, phrases: Sequence[str], among: str | None, limit: int
) -> list[Match]:
    """The ``limit`` items that best match any of ``phrases``, best first; ``among`` is one that all hold.

    The rarest phrases are tried first: the last of the best tells which phrases are too common to matter.
    """
    counts = {phrase: _count(connection, phrase) for phrase in phrases}
    rarest = sorted(phrases, key=counts.__getitem__)
    items = connection.execute("SELECT count(*) FROM item_text_docsize").fetchone()[0]
    matching = list(accumulate(counts[phrase] for phrase in rarest))
    # What all phrases from each on add to a score at most.
    added = [0.0, *accumulate(_most_added(counts[phrase], items) for phrase in reversed(rarest))][::-1]
    taken = next((place for place, count in enumerate(matching, 1) if count >= _TRIED * limit), len(rarest))
    while True:
        if _WORTH_LEAVING * matching[taken - 1] >= matching[-1]:
            taken = len(rarest)
        best = _best(connection, rarest[:taken], rarest[taken:], among, limit)
        least = best[-1].score if len(best) == limit else 0.0
        needed = next(place for place, most in enumerate(added) if most <= least)
        if needed <= taken:
            return sorted(best, key=lambda match: (-match.score, match.id))
        taken = needed


def _count(connection: sqlite3.Connection, phrase: str) -> int:
    asked = "SELECT count(*) FROM item_text WHERE item_text MATCH ?"
    return connection.execute(asked, (phrase,)).fetchone()[0]


def _most_added(count: int, items: int) -> float:
    """What a phrase that ``count`` of ``items`` hold adds to the score of any at most."""
    rarity = math.log((items - count + 0.5) / (count + 0.5))
    return _MOST_OF_RARITY * max(rarity, _LEAST_RARITY)


def _best(
    connection: sqlite3.Connection, some: Sequence[str], others: Sequence[str], among: str | None, limit: int
) -> list[Match]:
    """The best of the items that match any of ``some``, scored by ``others`` too."""
    match = f"({' OR '.join(some)})"
    if among:
        match = f"({among} AND {match})"
    if not others:
        return _scored(connection, match, limit)
    # What matches one of the others as well, and what does not: each phrase is named once, and counts once.
    beside = f"({' OR '.join(others)})"
    parts = (f"{match} AND {beside}", f"{match} NOT {beside}")
    both = [found for part in parts for found in _scored(connection, part, limit)]
    return sorted(both, key=lambda found: (-found.score, found.key))[:limit]


def _scored(connection: sqlite3.Connection, match: str, limit: int) -> list[Match]:
    rows = connection.execute(_SCORED, (match, limit))
    return sorted((Match(*row) for row in rows), key=lambda match: (-match.score, match.key))
