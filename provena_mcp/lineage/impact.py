"""What and who is touched when an item is wrong.

Being wrong passes on through what a run used and what it generated, from the item itself whatever
its kind. It does not pass through a person, organisation, study, model or template that the affected
runs happen to share with others: downstream of those lie unrelated runs (provena-http 5.5). Registration
(CREATE) passes nothing on, and a new version may be the correction: it is named, and followed only
when asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from provena_mcp.lineage.roles import role_of
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.wire.subtypes import registry_subtype

# An item whose kind the graph does not hold passes on: an impact must not miss anything in silence.
_PASSES_ON: Final = frozenset({"DATASET", "MODEL_RUN", ""})
_UNKNOWN: Final = Kind("", "")


@dataclass(frozen=True)
class Affected:
    """An affected item: hops from the start along what was followed, and the item it came through."""

    id: str
    subtype: str
    hop: int
    via: str


@dataclass(frozen=True)
class Touched:
    """A person, organisation or study that the item asked about or affected items name.

    ``roles`` counts those items by what the agent did for them ("runs" for a study); the nearest is
    at ``hop``.
    """

    id: str
    subtype: str
    hop: int
    roles: Mapping[str, int]


@dataclass(frozen=True)
class NewerVersion:
    """A version that replaces ``of``, the start or an affected item, and was not followed."""

    id: str
    of: str


@dataclass(frozen=True)
class Impact:
    """All that is affected, nearest first and then by id.

    ``followed`` and ``not_followed`` count links by what they say, such as "MODEL_RUN used DATASET";
    ``remakes_start`` holds affected items that the start itself was made from: a cycle.
    """

    starts: tuple[str, ...]
    affected: tuple[Affected, ...]
    newer_versions: tuple[NewerVersion, ...]
    followed: Mapping[str, int]
    not_followed: Mapping[str, int]
    remakes_start: tuple[str, ...]

    @property
    def hops(self) -> dict[str, int]:
        """Hops of the starts (none) and of every affected item."""
        return dict.fromkeys(self.starts, 0) | {item.id: item.hop for item in self.affected}

    @property
    def runs(self) -> dict[str, int]:
        """Of every affected item, the affected runs on the way it came through, itself among them."""
        counts: dict[str, int] = {}
        for item in self.affected:  # what it came through is nearer, and so stands before it
            counts[item.id] = counts.get(item.via, 0) + (item.subtype == "MODEL_RUN")
        return counts


def find_impact(
    graph: ProvenanceGraph, starts: Collection[str], depth: int, *, follow_versions: bool = False
) -> Impact:
    """What is affected within ``depth`` hops of ``starts``.

    Args:
        graph: Holds every link downstream of the starts within ``depth`` hops.
        starts: The item, or all its versions.
        depth: Hops.
        follow_versions: Whether new versions of affected items count as affected.
    """
    search = _Search(graph, starts, follow_versions=follow_versions)
    affected = search.run(depth)
    hops = dict.fromkeys(starts, 0) | {item.id: item.hop for item in affected}
    return Impact(
        starts=tuple(starts),
        affected=tuple(affected),
        newer_versions=tuple(_newer_versions(graph, hops)),
        followed=search.followed,
        not_followed=search.not_followed,
        remakes_start=tuple(sorted(search.remakers)),
    )


def find_touched(graph: ProvenanceGraph, impact: Impact) -> list[Touched]:
    """Agents and studies that the starts and the affected items name, the nearest and busiest first.

    ``graph`` holds the links from those items to agents and studies.
    """
    hops = impact.hops
    roles: dict[str, Counter[str]] = {}
    nearest: dict[str, int] = {}
    for source, relation, target in graph.links:
        kind = graph.nodes.get(target, _UNKNOWN)
        is_named = kind.category == "AGENT" or kind.subtype == "STUDY"
        if source not in hops or target in impact.starts or not is_named:
            continue
        source_type = registry_subtype(graph.nodes.get(source, _UNKNOWN).subtype)
        role = "runs" if kind.subtype == "STUDY" else role_of(source_type, relation, kind.subtype)
        roles.setdefault(target, Counter())[role] += 1
        nearest[target] = min(hops[source], nearest.get(target, hops[source]))
    found = [
        Touched(node, graph.nodes[node].subtype, nearest[node], counts) for node, counts in roles.items()
    ]
    return sorted(found, key=lambda item: (item.hop, -sum(item.roles.values()), item.id))


class _Search:
    """Searches from the starts, one hop at a time."""

    def __init__(self, graph: ProvenanceGraph, starts: Collection[str], *, follow_versions: bool) -> None:
        self._kinds = graph.nodes
        self._starts = frozenset(starts)
        self._follow_versions = follow_versions
        self._arriving: dict[str, list[Link]] = {}
        for link in graph.links:
            self._arriving.setdefault(link.target, []).append(link)
        self.followed: Counter[str] = Counter()
        self.not_followed: Counter[str] = Counter()
        self.remakers: set[str] = set()

    def run(self, depth: int) -> list[Affected]:
        """Every affected item, nearest first and then by id."""
        found: list[Affected] = []
        seen = set(self._starts)
        rim = sorted(self._starts)
        for hop in range(1, depth + 1):
            reached: dict[str, str] = {}
            for node in rim:
                for link in self._arriving.get(node, ()):
                    if not self._passes(link):
                        self.not_followed[self._says(link)] += 1
                        continue
                    self.followed[self._says(link)] += 1
                    if link.source in self._starts:
                        self._note_remaker(node)
                    elif link.source not in seen:
                        reached.setdefault(link.source, node)
            rim = sorted(reached)
            seen.update(rim)
            found.extend(Affected(node, self._subtype(node), hop, reached[node]) for node in rim)
            if not rim:
                break
        return found

    def _passes(self, link: Link) -> bool:
        """Whether what is wrong with a link's target is wrong with its source."""
        source, target = self._subtype(link.source), self._subtype(link.target)
        if source == "CREATE":
            return False
        if source == "VERSION":
            return self._follow_versions and self._kinds[link.target].category != "AGENT"
        return link.target in self._starts or target in _PASSES_ON or target == "VERSION"

    def _note_remaker(self, node: str) -> None:
        if self._subtype(node) != "VERSION":
            self.remakers.add(node)

    def _says(self, link: Link) -> str:
        return f"{self._subtype(link.source)} {link.relation} {self._subtype(link.target)}"

    def _subtype(self, node: str) -> str:
        return registry_subtype(self._kinds.get(node, _UNKNOWN).subtype)


def _newer_versions(graph: ProvenanceGraph, hops: Mapping[str, int]) -> Iterable[NewerVersion]:
    """Items that VERSION activities made of the start or of affected items, and that are not affected."""
    replaced_by: dict[str, list[str]] = {}
    for source, _, target in graph.links:
        is_version = graph.nodes.get(source, _UNKNOWN).subtype == "VERSION"
        if is_version and target in hops and graph.nodes[target].category != "AGENT":
            replaced_by.setdefault(source, []).append(target)
    found = {
        NewerVersion(link.source, old)
        for link in graph.links
        for old in replaced_by.get(link.target, ())
        if link.source not in hops
    }
    return sorted(found, key=lambda newer: (hops[newer.of], newer.of, newer.id))
