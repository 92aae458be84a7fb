"""``Lineage``: the nodes and links found for a question, handed from gathering to viewing; their order.

Items that were asked for come first, then all others; within each, the nearest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from provena_mcp.lineage.roles import PARTS, Part, parts_of_agents
from provena_mcp.rules.graph import Kind, ProvenanceGraph
from provena_mcp.rules.large_values import kept_property
from provena_mcp.rules.text import plural
from provena_mcp.rules.trails import DIRECTION_OF
from provena_mcp.wire.lineage import LineageQuery

_NAMED: Final = 3

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


@dataclass(frozen=True, slots=True)
class Query:
    """One query that a lineage was gathered with: where it started and how deep it went."""

    start: str
    depth: int


@dataclass(frozen=True)
class Lineage:
    """The nodes and links that answer a question.

    Attributes:
        graph: Without any link it may lack the start.
        query: What was asked, of the item ``start``.
        depth: Hops asked for.
        incomplete_because: Why there is more than ``graph`` holds, if there is.
        goes_deeper: Whether a greater depth would show more.
        queries: What the service was asked for it.
        around: Of a special query, the plain neighbourhood that was read beside it.
        is_consistent: Whether the service answered nothing that contradicts itself or hangs on nothing.
    """

    graph: ProvenanceGraph
    query: LineageQuery
    start: str
    depth: int
    incomplete_because: str | None = None
    goes_deeper: bool = False
    queries: tuple[Query, ...] = ()
    around: ProvenanceGraph | None = None
    is_consistent: bool = True

    @kept_property
    def hops(self) -> Sequence[int]:
        """Hops from the start to every item, by number; -1 where nothing joins it to the start.

        In effected_agents an agent is one hop further than the nearest item that names it.
        """
        reached = self.graph.walk(self.start, DIRECTION_OF[self.query]).hops
        if self.query != "effected_agents":
            return reached
        columns = self.graph.columns
        hops = list(reached)
        naming = sorted(
            (reached[source], target)
            for source, target in zip(columns.sources, columns.targets, strict=True)
            if reached[source] >= 0
        )
        for hop, target in naming:
            if hops[target] < 0:
                hops[target] = hop + 1
        return hops

    @kept_property
    def parts(self) -> Mapping[int, Part]:
        """What each agent, by number, did at best."""
        return parts_of_agents(self.graph)

    def joined(self) -> Lineage:
        """Only what links join to the start; what else a service answers, or contradicts, is said.

        Nobody knows how far away items are that nothing joins to it, nor what else their links lack.
        """
        contradictions = self.graph.contradictions
        if contradictions:
            named = ", ".join(contradictions[:_NAMED])
            reason = f"the service gave {plural(len(contradictions), 'item')} two kinds: {named}"
            known = ProvenanceGraph.of_columns(self.graph.columns)
            return replace(
                self, graph=known, incomplete_because=self._because(reason), is_consistent=False
            ).joined()
        if -1 not in self.hops:
            return self
        kept = [node for node, hop in enumerate(self.hops) if hop >= 0]
        strays = plural(len(self.hops) - len(kept), "item")
        reason = f"the service answered {strays} that no link joins to {self.start!r}"
        return replace(
            self,
            graph=self.graph.part(kept),
            incomplete_because=self._because(reason),
            is_consistent=False,
        )

    def doubted(self, reason: str | None) -> Lineage:
        """Called incomplete for ``reason`` too, if there is one: what a single answer of many lacked."""
        if reason is None or not self.is_consistent:
            return self
        return replace(self, incomplete_because=self._because(reason), is_consistent=False)

    def _because(self, *reasons: str) -> str | None:
        return "; ".join(filter(None, (self.incomplete_because, *reasons))) or None


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
    type_of = {kind: type_word(kind) for kind in set(columns.kinds)}
    types = sorted(set(type_of.values()), key=type_order)
    rank = {subtype: place for place, subtype in enumerate(types)}
    # A place is one number, since there are few of them and many items: first part, then hop, then type.
    per_hop, per_part = len(types), len(types) * (beyond + 1)
    base = {
        kind: rank[subtype] + (0 if kind.is_asked_for(lineage.query) else per_part)
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


def type_word(kind: Kind) -> str:
    """The registry's word for a type; UNKNOWN where the graph holds none."""
    return kind.registry_subtype or UNKNOWN


def type_order(subtype: str) -> tuple[int, str]:
    """Sorts types: what people ask about first, then by name."""
    return _RANK.get(subtype, len(_RANK)), subtype
