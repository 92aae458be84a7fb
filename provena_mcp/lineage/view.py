"""A lineage in one stable order, with everything that is counted over the whole of it.

The order is: the start; what a special query asks for, of contributing agents those who ran something
before those who only registered items; everything else. Within each part the nearest come first, then by
type, then by id. An item's ref is its position, so refs stay the same on every page, and what was asked
for is on the first pages however many items lie between.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from provena_mcp.lineage.lineage import (
    Lineage,
    Makers,
    fewest_runs,
    find_makers,
    in_order,
    type_order,
    type_word,
)
from provena_mcp.lineage.roles import Part, role_of, role_order
from provena_mcp.rules.cycles import cyclic_groups
from provena_mcp.rules.graph import Direction, Kind, ProvenanceGraph
from provena_mcp.rules.large_values import kept_property
from provena_mcp.rules.trails import DIRECTION_OF
from provena_mcp.wire.lineage import LineageQuery

Arc = tuple[str, int, int]
"""A link: its relation, the ref of its source and that of its target."""


@dataclass(frozen=True)
class LineageView:
    """A lineage answer; ``ids``, ``types`` and ``hops`` are indexed by ref.

    ``types`` are the registry's words. Refs 1 to ``answers`` are what a special query asks for. ``counts``
    are those of items by hop and type.
    """

    lineage: Lineage
    ids: tuple[str, ...]
    types: tuple[str, ...]
    hops: tuple[int, ...]
    answers: int
    counts: Mapping[tuple[int, str], int]

    @property
    def graph(self) -> ProvenanceGraph:
        """Its nodes and links."""
        return self.lineage.graph

    @property
    def query(self) -> LineageQuery:
        """What was asked."""
        return self.lineage.query

    @property
    def depth(self) -> int:
        """Hops asked for."""
        return self.lineage.depth

    @property
    def start(self) -> str:
        """The id the question started from."""
        return self.lineage.start

    @property
    def direction(self) -> Direction:
        """Along the links, or against them."""
        return DIRECTION_OF[self.query]

    @property
    def is_special(self) -> bool:
        """Whether the query asks for datasets or agents only."""
        return self.query != self.direction

    @kept_property
    def refs(self) -> Mapping[str, int]:
        """The ref of every id."""
        return dict(zip(self.ids, range(len(self.ids)), strict=True))

    def arcs(self, refs: Sequence[int]) -> Mapping[int, Sequence[Arc]]:
        """The links between each of some items and those before it, in a stable order.

        Those of several items cost as much as those of one.
        """
        found: dict[int, list[Arc]] = {ref: [] for ref in refs}
        (_, _, sources, relations, targets), ref_of = self.graph.columns, self._ref_of
        # What leads on from an item beyond these is none of theirs; of a long lineage that is nearly all.
        for link in self.graph.links_on(self.ids[: max(refs, default=-1) + 1], self.direction):
            arc = relations[link], ref_of[sources[link]], ref_of[targets[link]]
            later = arc[1] if arc[1] > arc[2] else arc[2]
            if later in found:
                found[later].append(arc)
        for arcs in found.values():
            arcs.sort()
        return found

    @kept_property
    def by_type(self) -> Mapping[str, int]:
        """Items of each type, the usual types first."""
        counts = Counter[str]()
        for (_, subtype), count in self.counts.items():
            counts[subtype] += count
        return {subtype: counts[subtype] for subtype in sorted(counts, key=type_order)}

    @kept_property
    def by_hop(self) -> Mapping[int, int]:
        """Items at each hop, nearest first."""
        counts = Counter[int]()
        for (hop, _), count in self.counts.items():
            counts[hop] += count
        return dict(sorted(counts.items()))

    @kept_property
    def roots(self) -> tuple[int, ...]:
        """Refs of items that depend on nothing else here, datasets before others."""
        return self._ending("upstream", self.graph.columns.sources)

    @kept_property
    def leaves(self) -> tuple[int, ...]:
        """Refs of items that nothing else here depends on, datasets before others."""
        return self._ending("downstream", self.graph.columns.targets)

    @kept_property
    def cycles(self) -> tuple[tuple[int, ...], ...]:
        """Groups of refs that all depend on each other."""
        groups = cyclic_groups(self.graph)
        return tuple(sorted(tuple(sorted(self.refs[node] for node in group)) for group in groups))

    @kept_property
    def digest(self) -> str:
        """A short fingerprint of the whole answer, the same in every process."""
        _, _, sources, relations, targets = self.graph.columns
        size, ref_of = len(self.ids), self._ref_of
        # A link is one number, since those sort fast; no lineage that fits into memory exceeds 64 bits.
        of_source = [ref * size for ref in ref_of]
        of_relation = {relation: place * size**2 for place, relation in enumerate(sorted(set(relations)))}
        links = [
            of_relation[relation] + of_source[source] + ref_of[target]
            for source, relation, target in zip(sources, relations, targets, strict=True)
        ]
        links.sort()
        said = hashlib.blake2b("\n".join((*self.ids, *self.types, *of_relation)).encode(), digest_size=6)
        said.update(array("Q", links).tobytes())
        return said.hexdigest()

    def arcs_at(self, refs: Iterable[int]) -> Mapping[int, list[Arc]]:
        """All links of some items, by ref: those of several items cost as much as those of one."""
        missing = {ref: list[Arc]() for ref in refs if ref not in self._arcs_at}
        if missing:
            (_, _, sources, relations, targets), ref_of = self.graph.columns, self._ref_of
            items = [self.ids[ref] for ref in missing]
            for link in {*self.graph.links_on(items, "upstream"), *self.graph.links_on(items, "downstream")}:
                arc = relations[link], ref_of[sources[link]], ref_of[targets[link]]
                for end in missing.keys() & arc[1:]:
                    missing[end].append(arc)
            self._arcs_at.update(missing)
        return self._arcs_at

    def via(self, ref: int) -> int | None:
        """The ref of the item before one, on a shortest way from the start."""
        near = self.hops[ref] - 1
        others = (source + target - ref for _, source, target in self.arcs_at((ref,))[ref])
        return min((other for other in others if self.hops[other] == near), default=None)

    def roles(self, ref: int) -> Mapping[str, int]:
        """What an agent did, for how many items: in runs first, then the most."""
        counts = Counter(
            role_of(self.types[source], relation, self.types[ref])
            for relation, source, target in self.arcs_at((ref,))[ref]
            if target == ref
        )
        return dict(sorted(counts.items(), key=role_order))

    @property
    def around(self) -> ProvenanceGraph | None:
        """All within reach, whatever is asked for, as far as it was read."""
        return self.lineage.around if self.is_special else self.graph

    def makers(self, ids: Iterable[str]) -> Makers | None:
        """How those of ``ids`` that are datasets came to be, where the question leads there."""
        if self.around is None or self.query not in ("upstream", "contributing_datasets"):
            return None
        return find_makers(self.around, ids, is_complete=self.lineage.incomplete_because is None)

    def runs(self, refs: Iterable[int]) -> Mapping[int, int]:
        """Of items, the fewest runs on a shortest way to each."""
        wanted = list(refs)
        within = max((self.hops[ref] for ref in wanted), default=0)
        runs = fewest_runs(self.graph, self.start, self.direction, within)
        return {ref: runs[self.ids[ref]] for ref in wanted}

    def part(self, ref: int) -> Part | None:
        """What an agent behind the start did at best."""
        if self.query != "contributing_agents":
            return None
        return self.lineage.parts[self.graph.numbers[self.ids[ref]]]

    @kept_property
    def _ref_of(self) -> Sequence[int]:
        """The ref of every node of the graph, by its number there."""
        return list(map(self.refs.__getitem__, self.graph.columns.ids))

    @kept_property
    def _arcs_at(self) -> dict[int, list[Arc]]:
        """All links of the items that were asked about."""
        return {}

    def _ending(self, direction: Direction, near: Iterable[int]) -> tuple[int, ...]:
        """Refs of items that lead nowhere in a direction, while ``near`` do; the usual types first."""
        walk = self.graph.walk(self.start, self.direction)
        if -1 in walk.hops:
            nodes: Iterable[int] = set(range(len(walk.hops))).difference(near)
        elif direction == self.direction:
            nodes = [node for node, ahead in enumerate(self.graph.ways(direction)) if not ahead]
        else:
            # Whatever else a walk has reached, something leads to it.
            nodes = [node for level in walk.levels[:1] for node in level if node not in walk.nearer]
        by_type: defaultdict[str, list[int]] = defaultdict(list)
        for ref in sorted(map(self._ref_of.__getitem__, nodes)):
            by_type[self.types[ref]].append(ref)
        return tuple(chain.from_iterable(by_type[subtype] for subtype in sorted(by_type, key=type_order)))


def view_lineage(lineage: Lineage, *, start_type: str = "") -> LineageView:
    """Order the lineage found for a question; ``start_type`` is for a graph that lacks the start."""
    start, graph = lineage.start, lineage.graph
    number = graph.numbers.get(start)
    types = [type_word(Kind("", start_type) if number is None else graph.columns.kinds[number])]
    ids, hops, answers = [start], [0], 0
    # Without any link the start is not in the graph.
    counts = Counter({(0, types[0]): int(number is not None)})
    for place, group in in_order(lineage):
        group = sorted(group)
        ids += group
        types += [place.type] * len(group)
        hops += [place.hop] * len(group)
        answers += len(group) if place.is_asked_for else 0
        counts[place.hop, place.type] += len(group)
    return LineageView(lineage, tuple(ids), tuple(types), tuple(hops), answers, +counts)
