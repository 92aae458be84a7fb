"""The stored provenance graph: what each record asserts, and what its withdrawal would change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Final, get_args

from provena_mcp.rules.graph import Kind, ProvenanceGraph
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.lineage import KnownRelation

# All that the store can hold.
RELATIONS: Final[tuple[KnownRelation, ...]] = get_args(KnownRelation)
# Who keeps the graph in memory follows changes as long as these are kept, and gives up at larger ones.
_CHANGES_KEPT: Final = 1_000
_MOST_NAMED: Final = 1_000
_POSITION: Final = {name: position for position, name in enumerate(RELATIONS)}


def lodge(connection: sqlite3.Connection, records: Iterable[tuple[str, ProvenanceGraph]]) -> None:
    """Make each record assert exactly its graph, in the order given; an empty graph withdraws it.

    New elements are added first, then what a record no longer asserts is let go, and goes when no
    other record asserts it (provena-http 5.1, 5.7). A node's kind is what was asserted last; of several
    relations between one pair the first stays visible. Unlike prov-api, an update neither makes a
    second node of an id that exists nor leaves nodes behind that nothing asserts (provena-http B6, B7).

    Args:
        connection: In a write transaction.
        records: Record ids, each among the nodes of its graph, with what they assert.
    """
    graphs = dict(records)
    kinds: dict[str, Kind] = {}
    for graph in graphs.values():
        kinds.update(graph.nodes)
    kept = _kept_nodes(connection, graphs.keys() | kinds.keys())
    key_of = {node: key for node, (key, _) in kept.items()}
    # What was in no graph asserts nothing yet.
    had_nodes, had_links = _asserted(connection, [key_of[record] for record in graphs if record in key_of])
    key_of |= _put_nodes(connection, kinds, kept)
    nodes = {(key_of[record], key_of[node]) for record, graph in graphs.items() for node in graph.nodes}
    links = dict.fromkeys(
        (key_of[record], key_of[source], key_of[target], _POSITION[relation])
        for record, graph in graphs.items()
        for source, relation, target in graph.links
    )
    connection.executemany("INSERT INTO node_record VALUES (?, ?)", nodes - had_nodes)
    added = [link for link in links if link not in had_links]
    connection.executemany("INSERT INTO link_record VALUES (?, ?, ?, ?)", added)
    connection.executemany("INSERT OR IGNORE INTO link VALUES (?, ?, ?)", (link[1:] for link in added))
    gone_nodes, gone_links = had_nodes - nodes, had_links - links.keys()
    if gone_nodes or gone_links:
        _withdraw(connection, gone_nodes, gone_links)
    ends = chain.from_iterable(link[1:3] for link in gone_links)
    _note_change(connection, {*key_of.values(), *ends, *(node for _, node in gone_nodes)})


def _note_change(connection: sqlite3.Connection, nodes: Collection[int] | None) -> None:
    """Count a change of the graph, with the nodes whose links or kind may differ; none for any number."""
    named = json.dumps(list(nodes)) if nodes is not None and len(nodes) <= _MOST_NAMED else None
    version = connection.execute("INSERT INTO graph_change (nodes) VALUES (?)", (named,)).lastrowid or 0
    if version % _CHANGES_KEPT == 0:
        connection.execute("DELETE FROM graph_change WHERE version <= ?", (version - _CHANGES_KEPT,))


def clear(connection: sqlite3.Connection) -> None:
    """Empty the graph; the registry keeps its items."""
    for table in ("link", "link_record", "node_record", "node"):
        # Fixed names.
        connection.execute(" ".join(("DELETE FROM", table)))
    _note_change(connection, None)


def _kept_nodes(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, tuple[int, Kind]]:
    """Those of these nodes that are in the graph: the key and kind of each."""
    found = connection.execute(
        "SELECT node.id, node.key, category, subtype FROM json_each(?) AS wanted "
        "CROSS JOIN node ON node.id = wanted.value",
        (json.dumps(list(ids)),),
    )
    return {node: (key, Kind(category, subtype)) for node, key, category, subtype in found}


def _put_nodes(
    connection: sqlite3.Connection, kinds: Mapping[str, Kind], kept: Mapping[str, tuple[int, Kind]]
) -> dict[str, int]:
    """Insert the nodes that are not in the graph, give the others their kinds; the keys of the new ones."""
    changed = [
        (*kind, kept[node][0]) for node, kind in kinds.items() if node in kept and kept[node][1] != kind
    ]
    connection.executemany("UPDATE node SET category = ?, subtype = ? WHERE key = ?", changed)
    new = [node for node in kinds if node not in kept]
    if not new:
        return {}
    # As AUTOINCREMENT counts on: no key is given twice.
    (last,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'node'"
    ).fetchone()
    key_of = dict(zip(new, count(last + 1)))
    connection.executemany(
        "INSERT INTO node (key, id, category, subtype) VALUES (?, ?, ?, ?)",
        ((key, node, *kinds[node]) for node, key in key_of.items()),
    )
    return key_of


def _withdraw(
    connection: sqlite3.Connection, nodes: set[tuple[int, int]], links: set[tuple[int, int, int, int]]
) -> None:
    connection.executemany(
        "DELETE FROM link_record WHERE (record, source, target, relation) = (?, ?, ?, ?)", links
    )
    pairs = {(source, target) for _, source, target, _ in links}
    connection.executemany("DELETE FROM link WHERE source = ? AND target = ?", pairs)
    connection.executemany(
        """INSERT INTO link SELECT source, target, relation FROM link_record
        WHERE source = ? AND target = ? ORDER BY relation, record LIMIT 1""",
        pairs,
    )
    connection.executemany("DELETE FROM node_record WHERE record = ? AND node = ?", nodes)
    connection.executemany(
        "DELETE FROM node WHERE key = ? AND NOT EXISTS (SELECT 1 FROM node_record WHERE node = key)",
        {(node,) for _, node in nodes},
    )


def _asserted(
    connection: sqlite3.Connection, records: Sequence[int]
) -> tuple[set[tuple[int, int]], set[tuple[int, int, int, int]]]:
    if not records:
        return set(), set()
    wanted = (json.dumps(records),)
    nodes = connection.execute(
        "SELECT record, node FROM json_each(?) AS wanted CROSS JOIN node_record ON record = wanted.value",
        wanted,
    )
    links = connection.execute(
        "SELECT record, source, target, relation FROM json_each(?) AS wanted "
        "CROSS JOIN link_record ON record = wanted.value",
        wanted,
    )
    return set(nodes), set(links)


_NODES_OF_RECORD: Final = """
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
    for node_id, asserting in connection.execute(_NODES_OF_RECORD, (record_id,)).fetchall():
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
