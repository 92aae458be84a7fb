"""Looking references up in the store, for the rules that judge records, CSVs and reports."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from provena_mcp.embedded import items
from provena_mcp.rules.references import Found, Known, Outcome, Reference, Refused
from provena_mcp.rules.refusals import unknown_reason
from provena_mcp.wire.items import parse_item


def look_up(connection: sqlite3.Connection, references: Callable[[Known], frozenset[Reference]]) -> Known:
    """Everything that ``references`` wants, until it wants nothing more."""
    known: dict[str, Outcome] = {}
    while wanted := references(known):
        known.update({reference.id: _outcome(connection, reference.id) for reference in wanted})
    return known


def _outcome(connection: sqlite3.Connection, item_id: str) -> Outcome:
    raw = items.fetch_raw(connection, item_id)
    return Refused("unknown", unknown_reason(item_id)) if raw is None else Found(parse_item(raw))
