"""Words that the index holds, close to one that it does not."""

from __future__ import annotations

import sqlite3
from difflib import get_close_matches
from typing import Final

from provena_mcp.embedded.best_matches import is_found

_MOST_CONTAINING: Final = 20
_MOST_ALIKE: Final = 3
# Some that no item holds any longer may be among these.
_TRIED: Final = 10
_ALIKE: Final = 0.75
# Nobody means one number by another, and there are as many as there are items.
_NUMBER: Final = "*[0-9][0-9][0-9]*"


def spellings(connection: sqlite3.Connection, word: str) -> list[str]:
    """Words that contain ``word``, the shortest first; else those that it may be a misspelling of."""
    containing = connection.execute(
        "SELECT term FROM word WHERE instr(term, ?) > 0 ORDER BY length(term), term LIMIT ?",
        (word, _MOST_CONTAINING),
    )
    held = [term for (term,) in containing if is_found(connection, f'"{term}"')]
    return held or _alike(connection, word)


def _alike(connection: sqlite3.Connection, word: str) -> list[str]:
    """The closest words by ``difflib``'s ratio, twice the letters in common of all letters.

    So neither the lengths may differ by more than that leaves, nor the letters that only one of the two has.
    """
    shortest, longest = _ALIKE / (2 - _ALIKE) * len(word), (2 - _ALIKE) / _ALIKE * len(word)
    rows = connection.execute(
        "SELECT term FROM word WHERE length(term) BETWEEN ? AND ? AND term NOT GLOB ? AND ? NOT GLOB ?",
        (shortest, longest, _NUMBER, word, _NUMBER),
    )
    letters = set(word)
    alike = [term for (term,) in rows if len(letters ^ set(term)) <= (1 - _ALIKE) * (len(word) + len(term))]
    closest = get_close_matches(word, alike, n=_TRIED, cutoff=_ALIKE)
    return [term for term in closest if is_found(connection, f'"{term}"')][:_MOST_ALIKE]
