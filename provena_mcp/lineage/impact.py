"""Works out what and who is affected if an item is wrong.

Being wrong passes on through what a run used and what it generated, from the item itself whatever
its kind. It does not pass through a person, organisation, study, model or template that the affected
runs happen to share with others: downstream of those lie unrelated runs (provena-http 5.5). Registration
(CREATE) passes nothing on, and a new version may be the correction: it is named, and followed only
when asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import compress
from typing import Final, NamedTuple

from provena_mcp.lineage.roles import role_of
from provena_mcp.rules.graph import Kind, ProvenanceGraph
from provena_mcp.rules.large_values import kept_property, without_collections
from provena_mcp.rules.links_by_kind import is_version, links_from, links_to

# An item whose kind the graph does not hold passes on: an impact must not miss anything in silence.
_PASSES_ON: Final = frozenset({"DATASET", "MODEL_RUN", ""})


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

    @kept_property
    def hops(self) -> Mapping[str, int]:
        """Hops of the starts (none) and of every affected item."""
        return dict.fromkeys(self.starts, 0) | {item.id: item.hop for item in self.affected}

    @kept_property
    def runs(self) -> Mapping[str, int]:
        """Of every affected item, the affected runs on the way it came through, itself among them."""
        counts: dict[str, int] = {}
        for item in self.affected:  # what it came through is nearer, and so stands before it
            counts[item.id] = counts.get(item.via, 0) + (item.subtype == "MODEL_RUN")
        return counts


@without_collections()
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
        followed=_counted_in_words(search.followed),
        not_followed=_counted_in_words(search.not_followed),
        remakes_start=tuple(sorted(search.remakers)),
    )


def names_whom(kind: Kind) -> bool:
    """Whether an item of this kind is whom or what others name: an agent or a study."""
    return kind.category == "AGENT" or kind.subtype == "STUDY"


@without_collections()
def find_touched(graph: ProvenanceGraph, impact: Impact) -> list[Touched]:
    """Agents and studies that the starts and the affected items name, the nearest and busiest first.

    ``graph`` holds the links from those items to agents and studies.
    """
    columns, hop_of = graph.columns, impact.hops
    hops = [hop_of.get(item, -1) for item in columns.ids]
    word_of = {kind: kind.registry_subtype for kind in set(columns.kinds)}
    words = list(map(word_of.__getitem__, columns.kinds))
    is_named = [
        names_whom(kind) and item not in impact.starts
        for item, kind in zip(columns.ids, columns.kinds, strict=True)
    ]
    roles: dict[int, Counter[str]] = {}
    nearest: dict[int, int] = {}
    links = zip(columns.sources, columns.relations, columns.targets, strict=True)
    for source, relation, target in compress(links, map(is_named.__getitem__, columns.targets)):
        hop = hops[source]
        if hop < 0:
            continue
        subtype = columns.kinds[target].subtype
        role = "runs" if subtype == "STUDY" else role_of(words[source], relation, subtype)
        counts = roles.get(target)
        if counts is None:
            counts = roles[target] = Counter()
        counts[role] += 1
        nearest[target] = min(hop, nearest.get(target, hop))
    found = [
        Touched(columns.ids[node], columns.kinds[node].subtype, nearest[node], counts)
        for node, counts in roles.items()
    ]
    return sorted(found, key=lambda item: (item.hop, -sum(item.roles.values()), item.id))


class _Said(NamedTuple):
    """What a link says, in the registry's words."""

    source: str
    relation: str
    target: str


class _Search:
    """Searches from the starts, one hop at a time."""

    def __init__(self, graph: ProvenanceGraph, starts: Collection[str], *, follow_versions: bool) -> None:
        self._columns = columns = graph.columns
        self._starts = {graph.numbers[start] for start in starts if start in graph.numbers}
        self._follow_versions = follow_versions
        word_of = {kind: kind.registry_subtype for kind in set(columns.kinds)}
        self._subtypes = list(map(word_of.__getitem__, columns.kinds))
        self._arriving: list[list[int]] = [[] for _ in columns.ids]
        for link, target in enumerate(columns.targets):
            self._arriving[target].append(link)
        self.followed: Counter[_Said] = Counter()
        self.not_followed: Counter[_Said] = Counter()
        self.remakers: set[str] = set()

    def run(self, depth: int) -> list[Affected]:
        """Every affected item, nearest first and then by id."""
        ids = self._columns.ids
        found: list[Affected] = []
        seen = set(self._starts)
        rim = sorted(self._starts, key=ids.__getitem__)
        for hop in range(1, depth + 1):
            reached: dict[int, int] = {}
            for node in rim:
                for source in self._passing_to(node):
                    if source not in seen:
                        reached.setdefault(source, node)
            rim = sorted(reached, key=ids.__getitem__)
            seen.update(rim)
            found.extend(Affected(ids[node], self._subtypes[node], hop, ids[reached[node]]) for node in rim)
            if not rim:
                break
        return found

    def _passing_to(self, node: int) -> Iterator[int]:
        """The items that are wrong if this one is; every link is counted by what it says."""
        columns, subtypes, target = self._columns, self._subtypes, self._subtypes[node]
        passes_on = node in self._starts or target in _PASSES_ON or target == "VERSION"
        replaced = self._follow_versions and columns.kinds[node].category != "AGENT"
        for link in self._arriving[node]:
            source = columns.sources[link]
            subtype = subtypes[source]
            passes = replaced if subtype == "VERSION" else passes_on and subtype != "CREATE"
            said = _Said(subtype, columns.relations[link], target)
            if not passes:
                self.not_followed[said] += 1
                continue
            self.followed[said] += 1
            if source in self._starts and target != "VERSION":
                self.remakers.add(columns.ids[node])
            yield source


def _counted_in_words(links: Mapping[_Said, int]) -> dict[str, int]:
    return {" ".join(said): count for said, count in links.items()}


def _newer_versions(graph: ProvenanceGraph, hops: Mapping[str, int]) -> Iterable[NewerVersion]:
    """Items that VERSION activities made of the start or of affected items, and that are not affected."""
    replaced_by: dict[str, list[str]] = {}
    for version, _, old in links_from(graph, is_version):
        if old in hops and graph.nodes[old].category != "AGENT":
            replaced_by.setdefault(version, []).append(old)
    found = {
        NewerVersion(new, old)
        for new, _, version in links_to(graph, is_version)
        for old in replaced_by.get(version, ())
        if new not in hops
    }
    return sorted(found, key=lambda newer: (hops[newer.of], newer.of, newer.id))
