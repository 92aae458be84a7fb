"""Diagrams of answers: how two items are related, and what is touched if one is wrong."""

from __future__ import annotations

from typing import Final

from provena_mcp.errors import NotFoundError
from provena_mcp.lineage.clustered_diagram import ClusteredDiagram, draw_clusters
from provena_mcp.queries.answers.impact_evidence import gather_evidence, studies_of
from provena_mcp.queries.answers.path_search import find_relation
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap

USUAL_HOPS: Final = "20"


async def path_diagram(reader: Reader, cap: DepthCap, from_id: str, to_id: str, max_hops: int) -> str:
    """All items on the shortest paths between two items, those of the first path before the others.

    Raises:
        NotFoundError: No item has one of the ids, or there is no path that short.
    """
    relation = await find_relation(reader.client.prov, cap, from_id, to_id, max_hops, show=1)
    if not relation.paths:
        raise NotFoundError(
            f"No path within {relation.within} hops leads from {from_id!r} to {to_id!r}.",
            advice="find_lineage_path says what they have in common.",
        )
    paths = relation.paths[0]
    items = (*paths.paths[0], *(item for level in paths.levels for item in level))
    kinds = relation.graph.nodes
    runs = {item for item in items if kinds[item].subtype == "MODEL_RUN"}
    studies, _ = await studies_of(reader, reader.client.prov, runs)
    diagram = draw_clusters(relation.graph.merged([studies]), items, (from_id, to_id))
    return await _named(reader, diagram)


async def impact_diagram(reader: Reader, cap: DepthCap, item_id: str, depth: int) -> str:
    """An item and what is affected if it is wrong, nearest first.

    Raises:
        NotFoundError: No item has this id.
    """
    evidence = await gather_evidence(reader, cap, [item_id], depth, follow_versions=False)
    affected = [item.id for item in evidence.impact.affected]
    return await _named(reader, draw_clusters(evidence.graph, affected, [item_id]))


async def _named(reader: Reader, diagram: ClusteredDiagram) -> str:
    named = await reader.names.of_ids(reader.caller, diagram.shown)
    return diagram.text(named.names)
