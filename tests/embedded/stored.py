"""All that a store holds in its graph."""

from __future__ import annotations

from provena_mcp.embedded.graph_walk import explore
from provena_mcp.embedded.store import Store
from provena_mcp.rules.graph import Kind, Link


def whole_graph(store: Store) -> tuple[dict[str, Kind], set[Link]]:
    """Everything in the graph, told through explorations from every item."""
    nodes: dict[str, Kind] = {}
    links: set[Link] = set()
    with store.read() as connection:
        for (node,) in connection.execute("SELECT id FROM node").fetchall():
            found = explore(connection, node, "upstream", 1)
            nodes.update(found.nodes)
            links.update(found.links)
    return nodes, links
