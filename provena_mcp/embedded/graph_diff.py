"""What withdrawing a record's contribution changes in the graph (contract 2.8)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from provena_mcp.embedded.graph import RELATIONS
from provena_mcp.wire.items import JsonObject

_NODES: Final = """
    SELECT node.id, (SELECT count(*) FROM node_record AS sharing WHERE sharing.node = node.key)
    FROM node AS record
    JOIN node_record ON node_record.record = record.key
    JOIN node ON node.key = node_record.node
    WHERE record.id = ?
"""
_LINKS: Final = """
    SELECT link_record.source, link_record.target, link_record.relation
    FROM node AS record
    JOIN link_record ON link_record.record = record.key
    WHERE record.id = ?
"""
_NODE: Final = """
    SELECT node.id, node.category, node.subtype,
        (SELECT group_concat(record.id)
        FROM node_record JOIN node AS record ON record.key = node_record.record
        WHERE node_record.node = node.key)
    FROM node WHERE node.key = ?
"""
_LINK_RECORDS: Final = """
    SELECT record.id FROM link_record JOIN node AS record ON record.key = link_record.record
    WHERE link_record.source = ? AND link_record.target = ? AND link_record.relation = ?
"""


def withdrawal(connection: sqlite3.Connection, record_id: str) -> list[JsonObject]:
    """The actions that take ``record_id`` out of the graph: on nodes first, then on links."""
    return [*_on_nodes(connection, record_id), *_on_links(connection, record_id)]


def _on_nodes(connection: sqlite3.Connection, record_id: str) -> Iterator[JsonObject]:
    for node_id, asserting in connection.execute(_NODES, (record_id,)).fetchall():
        if asserting > 1:
            yield {
                "action_type": "REMOVE_RECORD_ID_FROM_NODE",
                "node_id": node_id,
                "record_id": record_id,
            }
        else:
            yield {"action_type": "REMOVE_NODE", "node_id": node_id}


def _on_links(connection: sqlite3.Connection, record_id: str) -> Iterator[JsonObject]:
    for source, target, relation in connection.execute(_LINKS, (record_id,)).fetchall():
        records: list[str] = [row[0] for row in connection.execute(_LINK_RECORDS, (source, target, relation))]
        link: JsonObject = {
            "source": _node(connection, source),
            "target": _node(connection, target),
            "relation": RELATIONS[relation],
            "props": {"record_ids": ",".join(records)},
        }
        if len(records) > 1:
            yield {"action_type": "REMOVE_RECORD_ID_FROM_LINK", "link": link, "record_id": record_id}
        else:
            yield {"action_type": "REMOVE_LINK", "link": link}


def _node(connection: sqlite3.Connection, key: int) -> JsonObject:
    node_id, category, subtype, records = connection.execute(_NODE, (key,)).fetchone()
    return {"id": node_id, "props": {"record_ids": records}, "subtype": subtype, "category": category}
