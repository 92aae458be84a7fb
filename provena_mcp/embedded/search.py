"""Full-text search over registry items (provena-http 7.7), forgiving about how words are written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import JsonValue

from provena_mcp.rules.search_words import fold, synonyms_of, words_of

if TYPE_CHECKING:
    from provena_mcp.wire.items import JsonObject

# What no one searches by: identity, administration, machine text, personal addresses.
_UNSEARCHED: Final = frozenset(
    {
        "id",
        "item_category",
        "item_subtype",
        "record_type",
        "record_status",
        "owner_username",
        "display_name",
        "email",
        "point_of_contact",
        "history",
        "prov_serialisation",
        "workflow_links",
        "versioning_info",
        "universal_partition_key",
        "release_history",
        "release_status",
        "release_approver",
        "approvals",
        "s3",
        "spatial_info",
        "dataset_type",
        "license",
    }
)
_REFERENCES: Final = ("_id", "_uri", "_url", "uri", "usage_type")
_MOST_WORDS: Final = 32
_SHORTEST_PREFIX: Final = 3
_MOST_SPELLINGS: Final = 20
_ALIKE: Final = 0.75

# What a match weighs: in the item's own id most, then in its name, then in its text. Ranked before an item
# is looked at: a common word has as many matches as there are items.
_SEARCH: Final = """
    SELECT item.id, found.score, item.subtype FROM (
        SELECT rowid AS key, -bm25(item_text, 20.0, 5.0, 1.0) AS score FROM item_text
        WHERE item_text MATCH :match ORDER BY score DESC, rowid LIMIT :limit
    ) AS found JOIN item ON item.key = found.key ORDER BY score DESC, item.id
"""
_SEARCH_SUBTYPE: Final = """
    SELECT item.id, found.score, item.subtype FROM (
        SELECT item_text.rowid AS key, -bm25(item_text, 20.0, 5.0, 1.0) AS score
        FROM item_text JOIN item ON item.key = item_text.rowid
        WHERE item_text MATCH :match AND item.subtype = :subtype
        ORDER BY score DESC, item_text.rowid LIMIT :limit
    ) AS found JOIN item ON item.key = found.key ORDER BY score DESC, item.id
"""
# Of a subtype that is not rare the best are among so many times as many of the best of all.
_AHEAD: Final = 8
_REINDEXED: Final = 500


class Hit(NamedTuple):
    """An item that matched, and how well."""

    id: str
    score: float


def index(
    connection: sqlite3.Connection, items: Mapping[str, JsonObject], indexed: Collection[str] = ()
) -> None:
    """Make the words of these items, already put, findable; those of ``indexed`` may be with other words."""
    keys: dict[str, int] = dict(
        connection.execute(
            "SELECT item.id, item.key FROM json_each(?) AS wanted CROSS JOIN item ON item.id = wanted.value",
            (json.dumps(list(items)),),
        )
    )
    connection.executemany("DELETE FROM item_text WHERE rowid = ?", ((keys[known],) for known in indexed))
    connection.executemany(
        "INSERT INTO item_text (rowid, id, name, body) VALUES (?, ?, ?, ?)",
        (
            (keys[item_id], fold(item_id), _folded(raw.get("display_name")), fold(" ".join(_texts(raw, []))))
            for item_id, raw in items.items()
            if raw.get("record_type") != "SEED_ITEM"
        ),
    )


def index_again(connection: sqlite3.Connection) -> None:
    """Make the words of every item findable, where the index is empty."""
    place = -1
    while True:
        rows = connection.execute(
            "SELECT key, id, raw FROM item WHERE key > ? ORDER BY key LIMIT ?", (place, _REINDEXED)
        ).fetchall()
        if not rows:
            return
        index(connection, {item_id: json.loads(raw) for _, item_id, raw in rows})
        place = rows[-1][0]


def forget(connection: sqlite3.Connection, item_id: str) -> None:
    """Let an item, still there, be found no more."""
    connection.execute("DELETE FROM item_text WHERE rowid = (SELECT key FROM item WHERE id = ?)", (item_id,))


def search(connection: sqlite3.Connection, query: str, subtype: str | None, limit: int) -> tuple[Hit, ...]:
    """The items that match any word of ``query`` or what means the same, best first.

    A word matches words it begins. One that no item has and that has no synonym is tried inside longer
    words, then as a misspelling.
    """
    words = words_of(query)[:_MOST_WORDS]
    alike = dict(synonyms_of(words))
    known = {word for phrase in alike for word in phrase}
    wanted = [term for word in words for term in _terms(connection, word, has_synonym=word in known)]
    wanted += [f'"{fold(phrase)}"' for phrases in alike.values() for phrase in phrases]
    if not wanted:
        return ()
    asked = {"match": " OR ".join(dict.fromkeys(wanted)), "subtype": subtype, "limit": limit}
    return tuple(Hit(item_id, score) for item_id, score, _ in _ranked(connection, asked, subtype, limit))


def _ranked(
    connection: sqlite3.Connection, asked: dict[str, str | int | None], subtype: str | None, limit: int
) -> list[tuple[str, float, str]]:
    if subtype is None:
        return connection.execute(_SEARCH, asked).fetchall()
    best = connection.execute(_SEARCH, {**asked, "limit": limit * _AHEAD}).fetchall()
    kept = [row for row in best if row[2] == subtype][:limit]
    if len(kept) == limit or len(best) < limit * _AHEAD:
        return kept
    return connection.execute(_SEARCH_SUBTYPE, asked).fetchall()


def _folded(value: JsonValue) -> str | None:
    return fold(value) if isinstance(value, str) else None


def _texts(value: JsonValue, found: list[str]) -> list[str]:
    """``found`` with the texts in a value added; a generator per level takes three times as long."""
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, list):
        for entry in value:
            _texts(entry, found)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if not entry or key in _UNSEARCHED or key.endswith(_REFERENCES):
                continue
            if isinstance(entry, str):
                found.append(entry)
            else:
                _texts(entry, found)
    return found


def _terms(connection: sqlite3.Connection, word: str, *, has_synonym: bool) -> tuple[str, ...]:
    # A word is letters, digits and blanks only, and quoted: nothing in it can be FTS5 syntax.
    if len(word) < _SHORTEST_PREFIX or " " in word:
        return (f'"{word}"',)
    term = f'"{word}"*'
    if connection.execute("SELECT 1 FROM item_text WHERE item_text MATCH ? LIMIT 1", (term,)).fetchone():
        return (f'"{word}"', term)
    return () if has_synonym else tuple(f'"{spelling}"' for spelling in _spellings(connection, word))


def _spellings(connection: sqlite3.Connection, word: str) -> list[str]:
    containing = connection.execute(
        "SELECT term FROM item_word WHERE instr(term, ?) > 0 ORDER BY length(term) LIMIT ?",
        (word, _MOST_SPELLINGS),
    ).fetchall()
    if containing:
        return [term for (term,) in containing]
    vocabulary = [term for (term,) in connection.execute("SELECT term FROM item_word")]
    return get_close_matches(word, vocabulary, n=3, cutoff=_ALIKE)
