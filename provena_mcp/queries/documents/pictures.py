"""What a picture is drawn of: a lineage, shortest paths between two items, or an impact, with its facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from provena_mcp.errors import ArgumentError, NotFoundError
from provena_mcp.lineage.paths import Meeting
from provena_mcp.lineage.picture.scene import MOST_ITEMS, Facts, Picture, Sketch, draw
from provena_mcp.queries.answers.impact_evidence import gather_evidence
from provena_mcp.queries.answers.path_search import find_relation
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.lineage_page import gather_lineage
from provena_mcp.rules.graph import Kind, ProvenanceGraph
from provena_mcp.rules.text import all_reasons
from provena_mcp.rules.trails import DIRECTION_OF
from provena_mcp.wire.lineage import LineageQuery

USUAL_DEPTH: Final = 10
_PATHS: Final = 20

_TITLES: Final[Mapping[LineageQuery, str]] = {
    "upstream": "What led to {}",
    "downstream": "What came of {}",
    "contributing_datasets": "Datasets that contributed to {}",
    "effected_datasets": "Datasets affected by {}",
    "contributing_agents": "People and organisations behind {}",
    "effected_agents": "People and organisations affected by {}",
}


async def lineage_picture(
    reader: Reader, cap: DepthCap, query: LineageQuery, item_id: str, depth: int
) -> Picture:
    """The picture of a lineage query, ``depth`` hops from the item.

    Raises:
        NotFoundError: No item has this id.
        ProvenaError: The deployment failed.
    """
    found = await gather_lineage(reader.client.prov, cap, query, item_id, depth)
    walked = found.graph.walk(item_id, DIRECTION_OF[query]).hops
    hops = {node: hop for node, hop in zip(found.graph.columns.ids, walked, strict=True) if hop >= 0}
    # Agents of a downstream answer hang on the other side of it: a column beyond the last.
    furthest = max(hops.values(), default=0)
    # The graph may hold nothing at all of an item, not even itself.
    column_of = {item_id: 0, **{node: hops.get(node, furthest + 1) for node in found.graph.nodes}}
    headings = [*_hop_headings(furthest), "people and organisations"][: max(column_of.values()) + 1]
    sketch = Sketch("lineage", found.graph, (item_id,), column_of, tuple(headings), found.incomplete_because)
    return await _drawn(reader, sketch, _TITLES[query])


async def path_picture(reader: Reader, cap: DepthCap, from_id: str, to_id: str, max_hops: int) -> Picture:
    """The picture of the shortest paths between two items, or else of their ways to the nearest they share.

    Raises:
        NotFoundError: No item has one of the ids, or nothing that near connects them.
        ArgumentError: Both ids name the same item.
        ProvenaError: The deployment failed.
    """
    if from_id == to_id:
        raise ArgumentError("A path needs two different items.", parameter="to")
    relation = await find_relation(reader.client.prov, cap, from_id, to_id, max_hops, show=_PATHS)
    if not (relation.paths or relation.meetings):
        raise NotFoundError(
            f"Within {relation.within} hops nothing connects {from_id!r} and {to_id!r}; they share nothing.",
            advice="find_lineage_path says how far was looked.",
        )
    named = await reader.names.of_ids(reader.caller, [to_id])
    other = named.names.get(to_id) or to_id
    if relation.paths:
        levels = relation.paths[0].levels
        headings = ("from", *_hop_headings(len(levels) - 1)[1:-1], "to")
        title = f"How {{}} and {other} are related"
    else:
        levels, headings = _over(relation.meetings[0])
        shared = "came from" if relation.meetings[0].direction == "upstream" else "led to"
        title = f"What {{}} and {other} both {shared}"
    column_of = {item: column for column, level in enumerate(levels) for item in level}
    sketch = Sketch("path", relation.graph, (from_id, to_id), column_of, headings, relation.doubts)
    return await _drawn(reader, sketch, title)


async def impact_picture(reader: Reader, cap: DepthCap, item_id: str, depth: int) -> Picture:
    """The picture of what is affected if an item is wrong, and of the people and studies that are.

    Raises:
        NotFoundError: No item has this id.
        ProvenaError: The deployment failed.
    """
    evidence = await gather_evidence(reader, cap, [item_id], depth, follow_versions=False)
    column_of = {item_id: 0, **{item.id: item.hop for item in evidence.impact.affected}}
    last = max(column_of.values())
    column_of |= {touched.id: last + 1 for touched in evidence.touched if touched.id not in column_of}
    headings = [*_hop_headings(last), "people and studies"][: max(column_of.values()) + 1]
    because = all_reasons(*evidence.incomplete_because)
    sketch = Sketch("impact", evidence.graph, (item_id,), column_of, tuple(headings), because)
    return await _drawn(reader, sketch, "What is affected if {} is wrong")


def _over(meeting: Meeting) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """The columns of two legs, from the one item over the meeting point to the other, and their headings."""
    out, back = meeting.leg_from, meeting.leg_to[-2::-1]
    headings = [*_hop_headings(len(out) - 1), *reversed(_hop_headings(len(back))[:-1])]
    headings[0], headings[len(out) - 1], headings[-1] = "from", "meeting point", "to"
    return [(item,) for item in (*out, *back)], tuple(headings)


def _hop_headings(last: int) -> list[str]:
    return ["start", *(f"{hop} hop{'s' if hop > 1 else ''}" for hop in range(1, last + 1))]


async def _drawn(reader: Reader, sketch: Sketch, title: str) -> Picture:
    sketch = await _with_starts(reader, sketch)
    kinds = {item: sketch.graph.nodes[item].registry_subtype for item in sketch.shown(MOST_ITEMS)}
    found = await reader.names.of(reader.caller, kinds)
    because = all_reasons(sketch.incomplete_because, found.doubt_of(kinds))
    sketch = replace(sketch, incomplete_because=because)
    facts = {item: Facts(named.name or None, named.version, named.day) for item, named in found.named.items()}
    start = sketch.starts[0]
    return draw(sketch, facts, title.format(facts.get(start, Facts()).name or start))


async def _with_starts(reader: Reader, sketch: Sketch) -> Sketch:
    """The sketch with its starts in its graph: of an item without links the graph holds nothing at all."""
    missing = [start for start in sketch.starts if start not in sketch.graph.nodes]
    if not missing:
        return sketch
    found = await reader.names.of_ids(reader.caller, missing)
    kinds = {item: Kind("", found.named[item].subtype if item in found.named else "") for item in missing}
    return replace(sketch, graph=ProvenanceGraph({**sketch.graph.nodes, **kinds}, sketch.graph.links))
