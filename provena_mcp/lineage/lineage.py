"""``Lineage``: the nodes and links found for a question, handed from gathering to viewing; their order.

Items that were asked for come first, then all others; within each, the nearest first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from provena_mcp.lineage.flaws import reasons
from provena_mcp.lineage.roles import PARTS, Part, parts_of_agents
from provena_mcp.rules.graph import Direction, Kind, ProvenanceGraph
from provena_mcp.rules.large_values import kept_property
from provena_mcp.rules.text import all_reasons, plural
from provena_mcp.rules.trails import DIRECTION_OF
from provena_mcp.wire.lineage import LineageQuery

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
        if contradictions := self.graph.contradictions:
            known = ProvenanceGraph.of_columns(self.graph.columns)
            because = self._because(*reasons(contradictions))
            return replace(self, graph=known, incomplete_because=because, is_consistent=False).joined()
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
        return all_reasons(self.incomplete_because, *reasons)


class GroupKey(NamedTuple):
    """What items that stand together have in common."""

    is_asked_for: bool
    hop: int
    type: str


def in_order(lineage: Lineage) -> Iterable[tuple[GroupKey, list[str]]]:
    """The items other than the start by what they have in common, as they are shown."""
    groups = _nearest_first(lineage)
    return _by_part(lineage, groups) if lineage.query == "contributing_agents" else groups


def _nearest_first(lineage: Lineage) -> Iterable[tuple[GroupKey, list[str]]]:
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
    if (number := lineage.graph.numbers.get(lineage.start)) is not None:
        groups[base[columns.kinds[number]]].remove(lineage.start)
    for place in sorted(groups):
        part, rest = divmod(place, per_part)
        hop, of_type = divmod(rest, per_hop)
        yield GroupKey(not part, hop, types[of_type]), groups[place]


def _by_part(
    lineage: Lineage, groups: Iterable[tuple[GroupKey, list[str]]]
) -> Iterable[tuple[GroupKey, list[str]]]:
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


Origin = Literal["registered", "new_version"]

_MOST_MAKERS: Final = 6


@dataclass(frozen=True)
class Makers:
    """How some datasets of an upstream lineage came to be, by id.

    Attributes:
        runs: The runs that made a dataset.
        versions: Datasets that were registered as new versions.
        known: Datasets whose makers are known, none of them among those beyond what was followed.
    """

    runs: Mapping[str, Sequence[str]]
    versions: frozenset[str]
    known: frozenset[str]

    def several(self, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Those of ``ids`` that several runs made, and the first of those runs."""
        runs = {item: self.runs.get(item, ()) for item in ids}
        return {item: tuple(sorted(made)[:_MOST_MAKERS]) for item, made in runs.items() if len(made) > 1}

    def none(self, ids: Iterable[str]) -> dict[Origin, tuple[str, ...]]:
        """Those of ``ids`` that no recorded run made, as far as that is known, by what they are instead."""
        found: dict[Origin, list[str]] = {}
        for item in ids:
            if item in self.known and item not in self.runs:
                found.setdefault("new_version" if item in self.versions else "registered", []).append(item)
        return {origin: tuple(items) for origin, items in found.items()}


def find_makers(graph: ProvenanceGraph, items: Iterable[str], *, is_complete: bool) -> Makers:
    """The makers of those of ``items`` that are datasets, in a graph that was followed upstream.

    Of an incomplete lineage an item that leads nowhere may only not have been followed.
    """
    (ids, kinds, sources, relations, targets), number = graph.columns, graph.numbers
    wanted = [item for item in items if item in number and kinds[number[item]].subtype == "DATASET"]
    runs: dict[str, list[str]] = {}
    versions: set[str] = set()
    for link in graph.links_on(wanted, "upstream"):
        if relations[link] == "wasGeneratedBy":
            dataset, maker = ids[sources[link]], targets[link]
            if kinds[maker].subtype == "MODEL_RUN":
                runs.setdefault(dataset, []).append(ids[maker])
            elif kinds[maker].subtype == "VERSION":
                versions.add(dataset)
    ways = graph.ways("upstream")
    known = frozenset(item for item in wanted if is_complete or ways[number[item]])
    return Makers(runs, frozenset(versions), known)


def fewest_runs(
    graph: ProvenanceGraph, start: str, direction: Direction, within: int | None = None
) -> dict[str, int]:
    """The fewest runs on a shortest way from the start to each item that is reached, both ends counted.

    With ``within``, only to items at most so many hops away.
    """
    columns, ways = graph.columns, graph.ways(direction)
    hops, levels, _ = graph.walk(start, direction)
    levels = levels if within is None else levels[: within + 1]
    is_run = [kind.subtype == "MODEL_RUN" for kind in columns.kinds]
    runs: dict[int, int] = {node: int(is_run[node]) for level in levels[:1] for node in level}
    for hop, level in enumerate(levels[:-1], start=1):
        for node in level:
            for other in ways[node]:
                if hops[other] == hop:
                    runs[other] = min(runs.get(other, len(hops)), runs[node] + is_run[other])
    return {columns.ids[node]: runs[node] for level in levels for node in level}


def near_by_type(graph: ProvenanceGraph, start: str, direction: Direction) -> dict[str, int]:
    """Items one link away from the start, by type."""
    number = graph.numbers.get(start)
    near = () if number is None else set(graph.ways(direction)[number])
    counts = Counter(graph.columns.kinds[node].registry_subtype for node in near)
    return dict(sorted(counts.items()))
