"""Full-text search over registry items (provena-http 7.7), forgiving about how words are written."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Mapping
from difflib import SequenceMatcher
from heapq import nlargest
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
_MOST_ALIKE: Final = 3
_ALIKE: Final = 0.75
# Of letters, as in "ation"; a shorter stem is not compared without one.
_LONGEST_ENDING: Final = 4
# What contains a word, and what is of a length that leaves it alike.
_NEAR: Final = """instr(term, ?) OR (
    term NOT GLOB '*[0-9][0-9][0-9]*' AND length(term) BETWEEN ? AND ?)"""
# Nobody means one number by another, and most of what the index holds are the numbers of ids.
_NUMBER: Final = re.compile("[0-9]{3}")
_PARTS: Final = re.compile("[0-9]+|[^0-9]+")

# What a match weighs: in the item's own id most, then in its name, then in its text. Ranked before an item
# is looked at: a common word has as many matches as there are items.
_SEARCH: Final = """
    SELECT item.id, found.score FROM (
        SELECT rowid AS key, -bm25(item_text, 20.0, 5.0, 1.0) AS score FROM item_text
        WHERE item_text MATCH :match {within} ORDER BY score DESC, rowid LIMIT :limit
    ) AS found JOIN item ON item.key = found.key ORDER BY score DESC, item.id
"""
# One set of keys, out of an index, which each match is looked up in; without "+" each key would be searched.
_WITHIN_SUBTYPE: Final = "AND +rowid IN (SELECT key FROM item WHERE subtype = :subtype)"
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
    terms = {word: _terms(connection, word) for word in words}
    spellings = _spellings(connection, [word for word in words if not terms[word] and word not in known])
    wanted = [term for word in words for term in terms[word] or spellings.get(word, ())]
    wanted += [f'"{fold(phrase)}"' for phrases in alike.values() for phrase in phrases]
    if not wanted:
        return ()
    sql = _SEARCH.format(within=_WITHIN_SUBTYPE if subtype else "")
    asked = {"match": " OR ".join(dict.fromkeys(wanted)), "subtype": subtype, "limit": limit}
    return tuple(Hit(item_id, score) for item_id, score in connection.execute(sql, asked))


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


def _terms(connection: sqlite3.Connection, word: str) -> tuple[str, ...]:
    """How the index is asked for ``word`` and, unless it is short, what it begins; empty if none has it."""
    # A word is letters, digits and blanks only, and quoted: nothing in it can be FTS5 syntax.
    if len(word) < _SHORTEST_PREFIX or " " in word:
        return (f'"{word}"',)
    term = f'"{word}"*'
    found = connection.execute("SELECT 1 FROM item_text WHERE item_text MATCH ? LIMIT 1", (term,)).fetchone()
    return (f'"{word}"', term) if found else ()


def _spellings(connection: sqlite3.Connection, words: list[str]) -> dict[str, list[str]]:
    """What to ask the index for in place of each of ``words``, which it does not hold.

    That is what contains the word, the shortest first, else what it may be a misspelling of; of one with a
    number, its parts in a row. The index is walked once for all: most of a second where there are a million
    items.
    """
    if not words:
        return {}
    near = " OR ".join([_NEAR] * len(words))
    bounds = [bound for word in words for bound in (word, *_lengths(word))]
    terms = [term for (term,) in connection.execute(f"SELECT term FROM item_word WHERE {near}", bounds)]  # noqa: S608 - only fixed text is repeated
    return {word: [form for term in _closest(word, terms) for form in _forms(term)] for word in words}


def _forms(term: str) -> tuple[str, ...]:
    """How the index is asked for one of its terms, a stem, as it stems what it is asked for."""
    # "databas", of "database", would become "databa", and "committe" "committ".
    return (f'"{term}"', f'"{term}e"') if term.endswith(("s", "e")) else (f'"{term}"',)


def _lengths(word: str) -> tuple[float, float]:
    """How short and how long a word may be that is alike; nothing is like a number."""
    if _NUMBER.search(word):
        return 0, 0
    return len(word) * _ALIKE / (2 - _ALIKE), len(word) * (2 - _ALIKE) / _ALIKE


def _closest(word: str, terms: list[str]) -> list[str]:
    containing = sorted((term for term in terms if word in term), key=len)
    if containing:
        return containing[:_MOST_SPELLINGS]
    if _NUMBER.search(word):
        # "200m" may be written "200 m".
        parts = _PARTS.findall(word)
        return [" ".join(parts)] if len(parts) > 1 else []
    likeness = ((_likeness(word, term), term) for term in terms)
    return [term for ratio, term in nlargest(_MOST_ALIKE, likeness) if ratio >= _ALIKE]


def _likeness(word: str, term: str) -> float:
    """Twice the letters in common of all letters, of the word as it is or without the ending a stem lacks."""
    has_ending = 0 < len(word) - len(term) <= _LONGEST_ENDING <= len(term)
    return max(_ratio(form, term) for form in ({word, word[: len(term)]} if has_ending else {word}))


def _ratio(one: str, other: str) -> float:
    # A letter that only one of the two has is not in common: what cannot be alike is not compared.
    if len(set(one).symmetric_difference(other)) > (1 - _ALIKE) * (len(one) + len(other)):
        return 0.0
    return SequenceMatcher(None, one, other).ratio()
