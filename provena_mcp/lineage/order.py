"""The order in which a lineage is shown: what is asked for, then all else, each from near to far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.roles import PARTS
from provena_mcp.rules.trails import is_asked_for
from provena_mcp.wire.subtypes import registry_subtype

UNKNOWN: Final = "UNKNOWN"

# What people ask about first; CREATE activities, a third of all items, come last.
_TYPES: Final = (
    "DATASET",
    "MODEL_RUN",
    "STUDY",
    "PERSON",
    "ORGANISATION",
    "MODEL",
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "DATASET_TEMPLATE",
    "VERSION",
    "CREATE",
)
_RANK: Final = {subtype: rank for rank, subtype in enumerate(_TYPES)}


class Place(NamedTuple):
    """What items that stand together have in common."""

    is_asked_for: bool
    hop: int
    type: str


def in_order(lineage: Lineage) -> Iterable[tuple[Place, list[str]]]:
    """The items other than the start by what they have in common, as they are shown."""
    groups = _nearest_first(lineage)
    return _by_part(lineage, groups) if lineage.query == "contributing_agents" else groups


def _nearest_first(lineage: Lineage) -> Iterable[tuple[Place, list[str]]]:
    columns, hops = lineage.graph.columns, lineage.hops
    # Only a graph that was not gathered for the question holds items that nothing joins to its start.
    beyond = max(hops, default=0) + 1
    if -1 in hops:
        hops = [beyond if hop < 0 else hop for hop in hops]
    type_of = {kind: type_word(kind.subtype) for kind in set(columns.kinds)}
    types = sorted(set(type_of.values()), key=type_order)
    rank = {subtype: place for place, subtype in enumerate(types)}
    # A place is one number, since there are few of them and many items: first part, then hop, then type.
    per_hop, per_part = len(types), len(types) * (beyond + 1)
    base = {
        kind: rank[subtype] + (0 if is_asked_for(kind, lineage.query) else per_part)
        for kind, subtype in type_of.items()
    }
    groups: defaultdict[int, list[str]] = defaultdict(list)
    for node_id, kind, hop in zip(columns.ids, columns.kinds, hops, strict=True):
        groups[base[kind] + hop * per_hop].append(node_id)
    if lineage.start in lineage.graph.numbers:
        groups[base[lineage.graph.nodes[lineage.start]]].remove(lineage.start)
    for place in sorted(groups):
        part, rest = divmod(place, per_part)
        hop, of_type = divmod(rest, per_hop)
        yield Place(not part, hop, types[of_type]), groups[place]


def _by_part(
    lineage: Lineage, groups: Iterable[tuple[Place, list[str]]]
) -> Iterable[tuple[Place, list[str]]]:
    """The same groups, of agents those who did the work before those who only registered items."""
    number, parts = lineage.graph.numbers, lineage.parts
    every = list(groups)
    for part in PARTS:
        for place, ids in every:
            theirs = [item for item in ids if place.is_asked_for and parts[number[item]] == part]
            if theirs:
                yield place, theirs
    yield from ((place, ids) for place, ids in every if not place.is_asked_for)


def type_word(graph_subtype: str) -> str:
    """The registry's word for a type; UNKNOWN where the graph holds none."""
    return registry_subtype(graph_subtype) or UNKNOWN


def type_order(subtype: str) -> tuple[int, str]:
    """Sorts types: what people ask about first, then by name."""
    return _RANK.get(subtype, len(_RANK)), subtype
