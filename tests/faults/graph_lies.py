"""Questions about the sample world that rest on lineage answers, and how those are spoilt."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

DATASET, BATHYMETRY, MAP = "sample/1000120", "sample/1000013", "sample/1000041"
RUN, STUDY = "sample/1000119", "sample/1000077"

Json = dict[str, Any]

CALLS = [
    ("explore_upstream", {"starting_id": DATASET, "depth": 30}),
    ("get_contributing_datasets", {"starting_id": DATASET, "depth": 30}),
    ("get_effected_agents", {"starting_id": BATHYMETRY, "depth": 30}),
    ("find_lineage_path", {"from_id": DATASET, "to_id": BATHYMETRY}),
    ("find_lineage_path", {"from_id": RUN, "to_id": MAP}),
    ("analyse_impact", {"item_id": BATHYMETRY, "depth": 20}),
    ("audit_reproducibility", {"item_id": RUN}),
    ("audit_reproducibility", {"item_id": STUDY}),
    ("compare_model_runs", {"run_ids": [RUN, "sample/1000122"], "scope": "lineage"}),
]


def graphs(lie: Callable[[Json], None]) -> Callable[[Any], Any]:
    """Changes each graph that is answered."""

    def change(body: Any) -> Any:
        if isinstance(body, dict) and isinstance(body.get("graph"), dict) and body["graph"].get("nodes"):
            body = copy.deepcopy(body)
            lie(body["graph"])
            body["record_count"] = len(body["graph"]["nodes"])
        return body

    return change


def without(graph: Json, is_lost: Callable[[Json, Json], bool]) -> None:
    """Take the links between such items out of a graph, and whatever only those led to."""
    nodes = {node["id"]: node for node in graph["nodes"]}
    reached = set(nodes) - {link["target"] for link in graph["links"]}
    kept = [link for link in graph["links"] if not is_lost(nodes[link["source"]], nodes[link["target"]])]
    while more := {link["target"] for link in kept if link["source"] in reached} - reached:
        reached |= more
    graph["links"] = [link for link in kept if link["source"] in reached]
    graph["nodes"] = [node for node in graph["nodes"] if node["id"] in reached]
