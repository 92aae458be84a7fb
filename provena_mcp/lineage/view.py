"""A lineage answer in one stable order, with all that is true of the whole of it.

The order is: the start; what a special query asks for; everything else. Within each part the nearest
come first, then by type, then by id. An item's ref is its position, so refs stay the same on every
page, and what was asked for is on the first pages however many items lie between.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final, NamedTuple

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.roles import role_of
from provena_mcp.lineage.traversal import cyclic_groups
from provena_mcp.rules.graph import Direction, Link, ProvenanceGraph
from provena_mcp.rules.trails import DIRECTION_OF, is_asked_for
from provena_mcp.wire.lineage import LineageQuery
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


class Arc(NamedTuple):
    """A link between refs."""

    relation: str
    source: int
    target: int


@dataclass(frozen=True)
class LineageView:
    """A lineage answer; ``ids``, ``types`` and ``hops`` are indexed by ref.

    ``types`` are the registry's words. Refs 1 to ``answers`` are what a special query asks for.
    """

    lineage: Lineage
    ids: tuple[str, ...]
    types: tuple[str, ...]
    hops: tuple[int, ...]
    answers: int

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

    @cached_property
    def refs(self) -> Mapping[str, int]:
        """The ref of every id."""
        return {node: ref for ref, node in enumerate(self.ids)}

    def arcs(self, ref: int) -> list[Arc]:
        """The links between an item and those before it, in a stable order."""
        if ref not in self._decoded:
            self._decoded[ref] = self._decode(ref)
        return self._decoded[ref]

    def _decode(self, ref: int) -> list[Arc]:
        codes, size = self._codes, len(self.ids)
        first, last = (bisect_left(codes, bound * self._per_ref) for bound in (ref, ref + 1))
        arcs: list[Arc] = []
        for code in codes[first:last]:
            rest, target = divmod(code % self._per_ref, size)
            relation, source = divmod(rest, size)
            arcs.append(Arc(self._relations[relation], source, target))
        return arcs

    @cached_property
    def by_type(self) -> Mapping[str, int]:
        """Items of each type, the usual types first."""
        counts = Counter(self.types[self._first :])
        return {subtype: counts[subtype] for subtype in sorted(counts, key=type_order)}

    @cached_property
    def by_hop(self) -> Mapping[int, int]:
        """Items at each hop, nearest first."""
        return dict(sorted(Counter(self.hops[self._first :]).items()))

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """Refs of items that depend on nothing else here, datasets before others."""
        return self._without(self.graph.ahead("upstream"))

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Refs of items that nothing else here depends on, datasets before others."""
        return self._without(chain.from_iterable(self.graph.ahead("upstream").values()))

    @cached_property
    def cycles(self) -> tuple[tuple[int, ...], ...]:
        """Groups of refs that all depend on each other."""
        groups = cyclic_groups(self.graph.ahead("upstream"))
        return tuple(sorted(tuple(sorted(self.refs[node] for node in group)) for group in groups))

    @cached_property
    def digest(self) -> str:
        """A short fingerprint of the whole answer, the same in every process."""
        said = "\n".join((*self.ids, *self.types, *self._relations, *map(str, self._codes)))
        return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()

    def via(self, ref: int) -> int | None:
        """The ref of the item before one asked for, on a shortest way from the start."""
        near = self.hops[ref] - 1
        links = self._links_asked_for[ref]
        others = (self.refs[link.source] + self.refs[link.target] - ref for link in links)
        return min((other for other in others if self.hops[other] == near), default=None)

    @cached_property
    def roles(self) -> Mapping[int, Mapping[str, int]]:
        """What each agent asked for did, with the number of items it did it for, most first."""
        found: dict[int, dict[str, int]] = {}
        for ref, links in self._links_asked_for.items():
            counts = Counter(
                role_of(self.types[self.refs[link.source]], link.relation, self.types[ref])
                for link in links
                if link.target == self.ids[ref]
            )
            found[ref] = dict(sorted(counts.items(), key=lambda role: (-role[1], role[0])))
        return found

    @cached_property
    def _links_asked_for(self) -> Mapping[int, list[Link]]:
        """The links of each item asked for."""
        found: dict[int, list[Link]] = {ref: [] for ref in range(1, self.answers + 1)}
        for link in self.graph.links:
            for end in (self.refs[link.source], self.refs[link.target]):
                if 0 < end <= self.answers:
                    found[end].append(link)
        return found

    @cached_property
    def _decoded(self) -> dict[int, list[Arc]]:
        """Links that have been asked for, by the later of their items."""
        return {}

    @cached_property
    def _relations(self) -> tuple[str, ...]:
        return tuple(sorted({relation for _, relation, _ in self.graph.links}))

    @cached_property
    def _per_ref(self) -> int:
        return len(self._relations) * len(self.ids) ** 2

    @cached_property
    def _codes(self) -> list[int]:
        """Every link as one number, sorted: later item, relation, source, target.

        Tens of thousands of numbers are sorted, searched and digested in milliseconds.
        """
        refs, size, per_ref = self.refs, len(self.ids), self._per_ref
        base = {relation: number * size * size for number, relation in enumerate(self._relations)}
        codes: list[int] = []
        for source, relation, target in self.graph.links:
            near, far = refs[source], refs[target]
            later = near if near > far else far
            codes.append(later * per_ref + base[relation] + near * size + far)
        codes.sort()
        return codes

    @property
    def _first(self) -> int:
        """The first ref in the graph: without any link the start is not."""
        return 0 if self.start in self.graph.nodes else 1

    def _without(self, ends: Iterable[str]) -> tuple[int, ...]:
        refs = [self.refs[node] for node in self.graph.nodes.keys() - set(ends)]
        ranks = {subtype: type_order(subtype) for subtype in set(self.types)}
        return tuple(sorted(refs, key=lambda ref: (ranks[self.types[ref]], ref)))


def view_lineage(lineage: Lineage, *, start_type: str = "") -> LineageView:
    """Order the lineage found for a question; ``start_type`` is for a graph that lacks the start."""
    graph, query, start = lineage.graph, lineage.query, lineage.start
    hops = lineage.hops()
    # Only a graph that was not gathered for the question holds items that nothing joins to its start.
    beyond = max(hops.values()) + 1
    hops |= {node: beyond for node in graph.nodes if node not in hops}
    types = {node: _word(kind.subtype) for node, kind in graph.nodes.items()}
    types.setdefault(start, _word(start_type))
    asked_for = {node for node, kind in graph.nodes.items() if node != start and is_asked_for(kind, query)}
    ranks = {subtype: type_order(subtype) for subtype in set(types.values())}
    order = sorted(
        types,
        key=lambda node: (node != start, node not in asked_for, hops[node], ranks[types[node]], node),
    )
    return LineageView(
        lineage=lineage,
        ids=tuple(order),
        types=tuple(types[node] for node in order),
        hops=tuple(hops[node] for node in order),
        answers=len(asked_for),
    )


def _word(graph_subtype: str) -> str:
    return registry_subtype(graph_subtype) or UNKNOWN


def type_order(subtype: str) -> tuple[int, str]:
    """Sorts types: what people ask about first, then by name."""
    return _RANK.get(subtype, len(_RANK)), subtype
