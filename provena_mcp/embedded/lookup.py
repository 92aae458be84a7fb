"""Looking references up in the store, for the rules that judge records, CSVs and reports."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable

from provena_mcp.embedded import items
from provena_mcp.rules.large_values import remembered
from provena_mcp.rules.records.references import Found, Known, Outcome, Reference, Refused
from provena_mcp.rules.records.refusals import unknown_reason
from provena_mcp.wire.items import RegistryItem, parse_item


def look_up(connection: sqlite3.Connection, references: Callable[[Known], frozenset[Reference]]) -> Known:
    """Everything that ``references`` wants, until it wants nothing more."""
    known: dict[str, Outcome] = {}
    while wanted := references(known):
        known.update(_outcomes(connection, {reference.id for reference in wanted}))
    return known


def _outcomes(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Outcome]:
    texts = items.fetch_texts(connection, ids)
    return {
        item_id: Found(_parsed(texts[item_id]))
        if item_id in texts
        else Refused("unknown", unknown_reason(item_id))
        for item_id in ids
    }


@remembered(256, longest=50_000)
def _parsed(text: str) -> RegistryItem:
    # The runs of a batch refer to the same few items.
    return parse_item(json.loads(text))
