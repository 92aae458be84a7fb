"""Which items a search of many words finds where most match, and which words it takes for misspelt."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from provena_mcp.embedded.items import delete_item
from provena_mcp.embedded.search import Hit, search
from provena_mcp.embedded.store import Store
from tests.worlds.small import dataset, model

Load = Callable[..., Any]
WORDS = [
    f"{a}{b}" for a in ("cor", "ree", "sal", "tid", "win", "sed") for b in ("al", "ef", "in", "es", "ow")
]


def _world(rng: random.Random) -> list[dict[str, Any]]:
    """Datasets and models whose words are in some, in many and in most of them."""

    def text(most: int) -> str:
        return " ".join(WORDS[int(len(WORDS) * rng.random() ** 3)] for _ in range(rng.randint(1, most)))

    return [
        *(dataset(f"w/d{number}", display_name=f"{text(4)} simulated") for number in range(1_200)),
        *(model(f"w/m{number}", display_name=text(3), description=text(9)) for number in range(300)),
    ]


def _all_scored(connection: sqlite3.Connection, phrases: list[str], subtype: str | None) -> list[Hit]:
    """Every match, scored by FTS5 alone."""
    rows = connection.execute(
        """SELECT item.id, -bm25(item_text, 20.0, 5.0, 1.0, 0.0) AS score, item.subtype
        FROM item_text JOIN item ON item.key = item_text.rowid WHERE item_text MATCH ?
        ORDER BY score DESC""",
        (" OR ".join(phrases),),
    )
    return [Hit(item_id, score) for item_id, score, kind in rows if subtype in (None, kind)]


@pytest.mark.parametrize("seed", range(20))
def test_the_best_are_those_of_all_that_match_however_common_words_are(
    load: Load, store: Store, seed: int
) -> None:
    rng = random.Random(seed)
    load(_world(rng))
    for subtype in (None, "MODEL", "DATASET", "STUDY"):
        words = [*rng.sample(WORDS, rng.randint(1, 5)), *rng.choice([[], ["simulated"]])]
        limit = rng.choice([1, 3, 10])
        with store.read() as connection:
            phrases = [phrase for word in words for phrase in (f'"{word}"', f'"{word}"*')]
            expected = _all_scored(connection, phrases, subtype)
            found = search(connection, " ".join(words), subtype, limit)
        scores = {hit.id: hit.score for hit in expected}
        assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected[:limit]])
        assert [hit.score for hit in found] == pytest.approx([scores[hit.id] for hit in found])


def test_no_number_is_taken_for_another_but_a_part_of_one_is_found(load: Load, store: Store) -> None:
    load([dataset(f"w/{number}", display_name="Tides") for number in (1000041, 1000042)])
    with store.read() as connection:
        other, part = (search(connection, query, None, 9) for query in ("1000047", "00041"))
    assert (other, [hit.id for hit in part]) == ((), ["w/1000041"])


def test_a_word_that_no_item_holds_any_longer_is_not_suggested_nor_kept(load: Load, store: Store) -> None:
    load([dataset("w/a", display_name="Lagoon tides"), dataset("w/b", display_name="Tides of a legoon")])
    with store.write() as connection:
        delete_item(connection, "w/b")
    load([dataset("w/c", display_name="Lagoom")])
    load([dataset("w/c", display_name="Tide gauge")])
    with store.read() as connection:
        found = [hit.id for hit in search(connection, "lagoox", None, 9)]
        kept = {term for (term,) in connection.execute("SELECT term FROM word")}
    assert (found, "legoon" in kept, "tides" in kept) == (["w/a"], False, True)


def test_an_index_that_does_not_say_what_kind_an_item_is_is_made_anew(load: Load, store: Store) -> None:
    load([dataset("w/a", display_name="Reef"), model("w/b", display_name="Reef")])
    with store.write() as connection:
        connection.execute("DROP TABLE item_text")
        connection.execute("DROP TABLE word")
        connection.execute("CREATE VIRTUAL TABLE item_text USING fts5 (id, name, body)")
        connection.execute("CREATE VIRTUAL TABLE item_word USING fts5vocab (item_text, 'row')")
        connection.execute("PRAGMA user_version = 6")
    store.close()
    again = Store(store.path)
    with again.read() as connection:
        found = [[hit.id for hit in search(connection, query, "MODEL", 9)] for query in ("reef", "reex")]
    again.close()
    assert found == [["w/b"], ["w/b"]]
