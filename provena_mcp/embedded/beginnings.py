"""Items whose id or name begins with a text, for completion while it is typed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

# Ranges, so that the indexes on ids and names are used; the newest first.
_BY_ID: Final = """SELECT id, display_name FROM item
    WHERE id >= :typed AND id < :typed || char(1114111)
        AND subtype IN (SELECT value FROM json_each(:subtypes))
    ORDER BY updated DESC, id LIMIT :most"""
_BY_NAME: Final = """SELECT id, display_name FROM item
    WHERE display_name >= :typed AND display_name < :typed || char(1114111)
        AND subtype IN (SELECT value FROM json_each(:subtypes))
    ORDER BY updated DESC, id LIMIT :most"""


def beginning_with(
    connection: sqlite3.Connection, typed: str, subtypes: Sequence[str], most: int
) -> list[tuple[str, str]]:
    """At most ``most`` ids with names: those whose id begins with ``typed``, then those whose name does."""
    values = {"typed": typed, "subtypes": json.dumps(subtypes), "most": most}
    found = [row for statement in (_BY_ID, _BY_NAME) for row in connection.execute(statement, values)]
    return list({item_id: name or "" for item_id, name in found}.items())[:most]
