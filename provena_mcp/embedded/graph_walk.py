"""Walking the stored provenance graph by SQL: the neighbourhood of an item, and what lineage queries answer.

A level is one statement, which hands over each column as one JSON array: decoding a column is some five
times faster than fetching as many rows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final, Protocol

from provena_mcp.embedded.graph import RELATIONS
from provena_mcp.rules.graph import Direction, Kind, Link, ProvenanceGraph
from provena_mcp.rules.trails import DIRECTION_OF, links_on_trails
from provena_mcp.wire.lineage import LineageQuery

UPSTREAM: Final = """
    SELECT json_group_array(link.source), json_group_array(link.target), json_group_array(link.relation)
    FROM json_each(?) AS rim CROSS JOIN link ON link.source = rim.value
"""
DOWNSTREAM: Final = """
    SELECT json_group_array(link.source), json_group_array(link.target), json_group_array(link.relation)
    FROM json_each(?) AS rim CROSS JOIN link INDEXED BY link_by_target ON link.target = rim.value
"""
TO_AGENTS: Final = """
    SELECT json_group_array(link.source), json_group_array(link.target), json_group_array(link.relation)
    FROM json_each(?) AS rim CROSS JOIN link ON link.source = rim.value
    CROSS JOIN node ON node.key = link.target WHERE node.category = 'AGENT'
"""
NODES: Final = """
    SELECT json_group_array(node.key), json_group_array(node.id),
           json_group_array(node.category), json_group_array(node.subtype)
    FROM json_each(?) AS wanted CROSS JOIN node ON node.key = wanted.value
"""


class NeighbourhoodWalk(Protocol):
    """A way to find the neighbourhood of an item."""

    def __call__(
        self,
        connection: sqlite3.Connection,
        start: str,
        direction: Direction,
        depth: int,
        *,
        with_agents: bool = False,
    ) -> ProvenanceGraph:
        """What ``neighbourhood`` finds."""
        ...


class Links:
    """Links as parallel columns of node and relation keys; ``handed_over`` counts those that SQL gave."""

    def __init__(self) -> None:
        """Begin with none."""
        self.handed_over = 0
        self.sources: list[int] = []
        self.targets: list[int] = []
        self.relations: list[int] = []

    def fetch(
        self, connection: sqlite3.Connection, statement: str, keys: Iterable[int]
    ) -> tuple[list[int], ...]:
        """Add the links that a statement finds for these nodes; their sources and targets."""
        row = connection.execute(statement, (json.dumps(list(keys)),)).fetchone()
        sources, targets, relations = map(json.loads, row)
        self.sources += sources
        self.targets += targets
        self.relations += relations
        self.handed_over += len(relations)
        return sources, targets


def explore(
    connection: sqlite3.Connection,
    start: str,
    query: LineageQuery,
    depth: int,
    walk: NeighbourhoodWalk | None = None,
) -> ProvenanceGraph:
    """What a lineage query answers: the links on its trails and the items they join (provena-http 5.5).

    Empty where there is no link, ``start`` included. ``walk`` is another way than ``neighbourhood``.
    """
    direction = DIRECTION_OF[query]
    walk = walk or neighbourhood
    found = walk(connection, start, direction, depth, with_agents=query == "effected_agents")
    if query == direction:
        return found
    links = links_on_trails(found, start, query, depth).links
    ends = chain.from_iterable((link.source, link.target) for link in links)
    return ProvenanceGraph({end: found.nodes[end] for end in ends}, links)


def neighbourhood(
    connection: sqlite3.Connection,
    start: str,
    direction: Direction,
    depth: int,
    *,
    with_agents: bool = False,
) -> ProvenanceGraph:
    """Every link within ``depth`` hops of ``start`` in one direction, and the items they join.

    ``with_agents`` adds the links from each of these items to agents, which effected_agents asks for.
    Empty where no link is found, ``start`` included (provena-http 5.5).
    """
    key = key_of(connection, start)
    if key is None:
        return ProvenanceGraph()
    links = Links()
    statement, far = (UPSTREAM, 1) if direction == "upstream" else (DOWNSTREAM, 0)
    seen = {key}
    rim = seen
    for _ in range(depth):
        rim = set(links.fetch(connection, statement, rim)[far]) - seen
        if not rim:
            break
        seen |= rim
    if with_agents:
        _, agents = links.fetch(connection, TO_AGENTS, seen)
        seen = seen.union(agents)
    return resolved(connection, links, seen) if links.sources else ProvenanceGraph()


def resolved(connection: sqlite3.Connection, links: Links, keys: Iterable[int]) -> ProvenanceGraph:
    """Links and the nodes with these keys under their ids."""
    found, ids, kinds = read_nodes(connection, keys)
    return named(links, dict(zip(found, ids, strict=True)).__getitem__, zip(ids, kinds, strict=True))


def read_nodes(
    connection: sqlite3.Connection, keys: Iterable[int]
) -> tuple[list[int], list[str], list[Kind]]:
    """The keys, ids and kinds of the nodes with these keys."""
    row = connection.execute(NODES, (json.dumps(list(keys)),)).fetchone()
    found, ids, categories, subtypes = map(json.loads, row)
    pairs = list(zip(categories, subtypes, strict=True))
    kinds = {pair: Kind(*pair) for pair in set(pairs)}
    return found, ids, list(map(kinds.__getitem__, pairs))


def named(links: Links, id_of: Callable[[int], str], nodes: Iterable[tuple[str, Kind]]) -> ProvenanceGraph:
    """Nodes, and links under the ids of their ends."""
    relations = map(RELATIONS.__getitem__, links.relations)
    triples = zip(map(id_of, links.sources), relations, map(id_of, links.targets), strict=True)
    return ProvenanceGraph(dict(nodes), tuple(map(Link._make, triples)))


def key_of(connection: sqlite3.Connection, node_id: str) -> int | None:
    """The key of the node with this id, if there is one."""
    row = connection.execute("SELECT key FROM node WHERE id = ?", (node_id,)).fetchone()
    return None if row is None else row[0]
