"""Full-text search over registry items (provena-http 7.7), forgiving about how words are written."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import JsonValue

from provena_mcp.embedded.best_matches import best_matches, is_found
from provena_mcp.embedded.spelling import spellings
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
_WORD: Final = re.compile(r"[^\W_]{3,}")
# No letter of any language, so no word of a text or a query begins with it.
_MARK: Final = "\ue000"
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
    rows = [
        (
            keys[item_id],
            fold(item_id),
            _folded(raw.get("display_name")),
            fold(" ".join(_texts(raw, []))),
            _subtype_word(str(raw["item_subtype"])),
        )
        for item_id, raw in items.items()
        if raw.get("record_type") != "SEED_ITEM"
    ]
    connection.executemany(
        "INSERT INTO item_text (rowid, id, name, body, subtype) VALUES (?, ?, ?, ?, ?)", rows
    )
    connection.execute(
        "INSERT OR IGNORE INTO word SELECT value FROM json_each(?)",
        (json.dumps(list(_words(text for row in rows for text in row[1:4]))),),
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
    """Let an item, still there, be found no more, and keep no word that was its alone."""
    row = connection.execute(
        "SELECT rowid, id, name, body FROM item_text WHERE rowid = (SELECT key FROM item WHERE id = ?)",
        (item_id,),
    ).fetchone()
    if row is None:
        return
    key, *texts = row
    connection.execute("DELETE FROM item_text WHERE rowid = ?", (key,))
    alone = [word for word in _words(texts) if not is_found(connection, f'"{word}"')]
    connection.executemany("DELETE FROM word WHERE term = ?", ((word,) for word in alone))


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
    among = f'subtype : "{_subtype_word(subtype)}"' if subtype else None
    matches = best_matches(connection, list(dict.fromkeys(wanted)), among, limit)
    return tuple(Hit(match.id, match.score) for match in matches)


def _subtype_word(subtype: str) -> str:
    """The word that the index holds for items of a subtype."""
    return _MARK + subtype.replace("_", "").lower()


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


def _words(texts: Iterable[str | None]) -> set[str]:
    """The words of folded texts that are worth a prefix."""
    return {word for text in texts if text for word in _WORD.findall(text)}


def _terms(connection: sqlite3.Connection, word: str, *, has_synonym: bool) -> tuple[str, ...]:
    # A word is letters, digits and blanks only, and quoted: nothing in it can be FTS5 syntax.
    if len(word) < _SHORTEST_PREFIX or " " in word:
        return (f'"{word}"',)
    term = f'"{word}"*'
    if is_found(connection, term):
        return (f'"{word}"', term)
    return () if has_synonym else tuple(f'"{spelling}"' for spelling in spellings(connection, word))
