"""The stored graph as plain arrays in memory, for processes that walk it often.

Arrays of a whole graph take seconds to fill, so that is done, in a thread, once SQL has handed over as many
links as the graph has: who asks little never pays for them, and nobody twice what was needed.

Every transaction that changes the graph counts that in the store and names the nodes it touched. A walk looks
at the count in its own transaction, and reads by SQL what was touched since the arrays were filled.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, islice, repeat
from typing import Final

from provena_mcp.embedded.graph_walk import (
    DOWNSTREAM,
    TO_AGENTS,
    UPSTREAM,
    Links,
    named,
    read_nodes,
    resolved,
)
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError
from provena_mcp.rules.graph import Direction, Kind, ProvenanceGraph

logger = logging.getLogger(__name__)

# Nodes whose links are read at a time: short enough for other threads to get their turn.
_CHUNK: Final = 10_000
# About how many links a node brings along.
_LINKS_A_NODE: Final = 8

_WHERE: Final = "SELECT (SELECT max(version) FROM graph_change), (SELECT key FROM node WHERE id = ?)"
_LATER: Final = "SELECT nodes FROM graph_change WHERE version > ?"
_CHUNK_OF_NODES: Final = "SELECT key, id, category, subtype FROM node WHERE key BETWEEN ? AND ?"
_CHUNK_OF_LINKS: Final[dict[Direction, str]] = {
    "upstream": """SELECT json_group_array(source), json_group_array(target), json_group_array(relation)
        FROM (SELECT * FROM link WHERE source BETWEEN ? AND ? ORDER BY source, target)""",
    "downstream": """SELECT json_group_array(target), json_group_array(source), json_group_array(relation)
        FROM (SELECT * FROM link INDEXED BY link_by_target WHERE target BETWEEN ? AND ? ORDER BY target)""",
}


class StoppedError(Exception):
    """The arrays are not wanted any more."""


@dataclass(frozen=True, slots=True)
class _Side:
    """The links of each node in one direction: those of node n lie at ``begins[n]`` to ``begins[n + 1]``."""

    begins: array[int]
    far: array[int]
    relations: bytearray


@dataclass(frozen=True, slots=True)
class _Arrays:
    """A graph as of one version: by node key, its id, its kind and its links in both directions."""

    ids: list[str]
    kinds: list[Kind]
    kind_of: array[int]
    sides: dict[Direction, _Side]


@dataclass(frozen=True, slots=True)
class _Known:
    """Arrays, the version of the graph that was last looked at, and the nodes touched up to it."""

    arrays: _Arrays
    version: int
    touched: frozenset[int] = frozenset()


class Adjacency:
    """Finds neighbourhoods in a store's graph, as ``graph_walk.neighbourhood`` does."""

    def __init__(self, store: Store) -> None:
        """Begin with no arrays."""
        self._store = store
        self._known: _Known | None = None
        self._handed_over = 0
        self._filling: threading.Thread | None = None
        self._closed = threading.Event()

    def close(self) -> None:
        """Fill no more arrays; what was begun has ended then."""
        self._closed.set()
        self.wait()

    def wait(self) -> None:
        """Return when no arrays are being filled."""
        if self._filling is not None:
            self._filling.join()

    def fill(self) -> None:
        """Fill the arrays from the store as it is now.

        Raises:
            StoreError: It cannot be read.
            StoppedError: This was closed meanwhile.
        """
        with self._store.read() as connection:
            (version,) = connection.execute("SELECT max(version) FROM graph_change").fetchone()
            arrays = _filled(connection, self._closed)
        self._known = _Known(arrays, version)
        self._handed_over = 0

    def neighbourhood(
        self,
        connection: sqlite3.Connection,
        start: str,
        direction: Direction,
        depth: int,
        *,
        with_agents: bool = False,
    ) -> ProvenanceGraph:
        """Every link within ``depth`` hops of ``start`` in one direction, and the items they join."""
        version, key = connection.execute(_WHERE, (start,)).fetchone()
        if key is None:
            return ProvenanceGraph()
        known = self._known
        if known is not None and known.version != version:
            known = self._up_to(connection, known, version)
        links = Links()
        seen = _walk(connection, known, links, key, direction, depth)
        if with_agents:
            _, agents = links.fetch(connection, TO_AGENTS, seen)
            seen = seen.union(agents)
        if not links.sources:
            return ProvenanceGraph()
        if links.handed_over:
            self._note(connection, links.handed_over)
        return resolved(connection, links, seen) if known is None else _named(connection, known, links, seen)

    def _up_to(self, connection: sqlite3.Connection, known: _Known, version: int) -> _Known | None:
        """What is known of this version; nothing if it is an old one, or too much has happened since."""
        if known.version > version:
            return None
        touched: list[str | None] = [row[0] for row in connection.execute(_LATER, (known.version,))]
        # Versions have no gaps, but the oldest are let go.
        is_lost = len(touched) < version - known.version or None in touched
        keys: Iterator[int] = chain.from_iterable(map(json.loads, filter(None, touched)))
        new = None if is_lost else _Known(known.arrays, version, known.touched.union(keys))
        if self._known is known:
            self._known = new
        return new

    def _note(self, connection: sqlite3.Connection, handed_over: int) -> None:
        """Count links that SQL handed over, and fill the arrays when there were as many as in the graph."""
        self._handed_over += handed_over
        if self._filling is not None and self._filling.is_alive():
            return
        (nodes,) = connection.execute("SELECT max(key) FROM node").fetchone()
        if self._handed_over >= nodes * _LINKS_A_NODE and not self._closed.is_set():
            self._filling = threading.Thread(target=self._fill_quietly, name="adjacency", daemon=True)
            self._filling.start()

    def _fill_quietly(self) -> None:
        try:
            self.fill()
        except StoppedError:
            return
        except StoreError as error:
            logger.warning("The graph is walked by SQL. %s %s", error.message, error.advice)
            self._handed_over = 0


def _walk(
    connection: sqlite3.Connection, known: _Known | None, links: Links, key: int, way: Direction, depth: int
) -> set[int]:
    """Collect the links within ``depth`` hops; the nodes that were met."""
    is_up = way == "upstream"
    nears, fars = (links.sources, links.targets) if is_up else (links.targets, links.sources)
    seen = {key}
    rim: set[int] = seen
    for _ in range(depth):
        first = len(fars)
        by_sql = rim if known is None else known.touched & rim
        if known is not None:
            side = known.arrays.sides[way]
            begins, far, relations = side.begins, side.far, side.relations
            for node in rim - by_sql if by_sql else rim:
                begin, end = begins[node], begins[node + 1]
                if begin < end:
                    fars += far[begin:end]
                    links.relations += relations[begin:end]
                    nears += repeat(node, end - begin)
        if by_sql:
            links.fetch(connection, UPSTREAM if is_up else DOWNSTREAM, by_sql)
        rim = set(islice(fars, first, None)) - seen
        if not rim:
            break
        seen |= rim
    return seen


def _named(connection: sqlite3.Connection, known: _Known, links: Links, keys: set[int]) -> ProvenanceGraph:
    ids, kinds, kind_of = known.arrays.ids, known.arrays.kinds, known.arrays.kind_of
    touched = keys & known.touched
    if not touched:
        return named(links, ids.__getitem__, ((ids[key], kinds[kind_of[key]]) for key in keys))
    found, late_ids, late_kinds = read_nodes(connection, touched)
    late = dict(zip(found, late_ids, strict=True))

    def id_of(key: int) -> str:
        return late[key] if key in late else ids[key]

    nodes = ((ids[key], kinds[kind_of[key]]) for key in keys - touched)
    return named(links, id_of, chain(nodes, zip(late_ids, late_kinds, strict=True)))


def _filled(connection: sqlite3.Connection, stop: threading.Event) -> _Arrays:
    """The whole graph as the connection's transaction sees it."""
    size = (connection.execute("SELECT max(key) FROM node").fetchone()[0] or 0) + 1
    ids, kind_of = [""] * size, array("H", bytes(2 * size))
    kinds: dict[Kind, int] = {}
    for chunk in _chunks(size, stop):
        for key, node_id, category, subtype in connection.execute(_CHUNK_OF_NODES, chunk):
            ids[key] = node_id
            kind_of[key] = kinds.setdefault(Kind(category, subtype), len(kinds))
    sides: dict[Direction, _Side] = {}
    for direction, statement in _CHUNK_OF_LINKS.items():
        counts, far, relations = [0] * size, array("q"), bytearray()
        for chunk in _chunks(size, stop):
            nears, fars, of_relations = map(json.loads, connection.execute(statement, chunk).fetchone())
            for near in nears:
                counts[near] += 1
            far.extend(fars)
            relations.extend(of_relations)
        sides[direction] = _Side(array("q", accumulate(counts, initial=0)), far, relations)
    return _Arrays(ids, list(kinds), kind_of, sides)


def _chunks(size: int, stop: threading.Event) -> Iterator[tuple[int, int]]:
    for begin in range(0, size, _CHUNK):
        if stop.is_set():
            raise StoppedError
        yield begin, begin + _CHUNK - 1
