"""A whole lineage graph as node-link JSON, the form Provena itself answers with, plus names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired

from typing_extensions import TypedDict

from provena_mcp.lineage.summary import Labels
from provena_mcp.rules.graph import Kind, ProvenanceGraph
from provena_mcp.wire.lineage import WireLink


class NamedNode(TypedDict):
    """A node; what is not known of it is absent."""

    id: str
    item_category: NotRequired[str]
    item_subtype: NotRequired[str]
    name: NotRequired[str]


class Completeness(TypedDict):
    """Whether the graph is all there is, and why it is not."""

    complete: bool
    incomplete_because: NotRequired[str]


class NodeLinkGraph(TypedDict):
    """A graph as networkx reads it with ``edges="links"``."""

    directed: bool
    multigraph: bool
    graph: Completeness
    nodes: list[NamedNode]
    links: list[WireLink]


def node_link(
    graph: ProvenanceGraph, names: Mapping[str, str], incomplete_because: str | None = None
) -> NodeLinkGraph:
    """``graph`` in the order of its ids, with the names that are known; links point from effect to cause."""
    labels = Labels(names)
    whole: Completeness = {"complete": incomplete_because is None}
    if incomplete_because is not None:
        whole["incomplete_because"] = incomplete_because
    return {
        "directed": True,
        "multigraph": False,
        "graph": whole,
        "nodes": [_node(item_id, graph.nodes[item_id], labels) for item_id in sorted(graph.nodes)],
        "links": [
            {"type": relation, "source": source, "target": target}
            for source, relation, target in sorted(graph.links)
        ],
    }


def _node(item_id: str, kind: Kind, labels: Labels) -> NamedNode:
    node: NamedNode = {"id": item_id}
    if kind.category:
        node["item_category"] = kind.category
    if kind.subtype:
        node["item_subtype"] = kind.registry_subtype
    if name := labels.name(item_id):
        node["name"] = name
    return node
