"""The PROV-JSON of an asserted graph, as stored with a run (contract 5.6)."""

from __future__ import annotations

import json
from typing import Final

from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.wire.items import JsonObject

NAMESPACE: Final = "http://hdl.handle.net/"

# W3C PROV-JSON's names for the two ends of each relation, source first.
_ENDS: Final[dict[str, tuple[str, str]]] = {
    "used": ("prov:activity", "prov:entity"),
    "wasGeneratedBy": ("prov:entity", "prov:activity"),
    "wasAttributedTo": ("prov:entity", "prov:agent"),
    "wasAssociatedWith": ("prov:activity", "prov:agent"),
    "wasInformedBy": ("prov:informed", "prov:informant"),
    "hadMember": ("prov:collection", "prov:entity"),
    "wasInfluencedBy": ("prov:influencee", "prov:influencer"),
}


def prov_json(graph: ProvenanceGraph) -> str:
    """The PROV-JSON string of a graph that a run, creation or versioning asserts.

    Raises:
        KeyError: A relation that Provena does not produce (contract 5.2).
    """
    document: dict[str, JsonObject] = {"prefix": {"default": NAMESPACE}}
    for node_id, kind in graph.nodes.items():
        described: JsonObject = {"id": node_id, "item_category": kind.category, "item_subtype": kind.subtype}
        document.setdefault(kind.category.lower(), {})[node_id] = described
    for number, link in enumerate(graph.links, start=1):
        source_end, target_end = _ENDS[link.relation]
        ends: JsonObject = {source_end: link.source, target_end: link.target}
        document.setdefault(link.relation, {})[f"_:id{number}"] = ends
    return json.dumps(document)
