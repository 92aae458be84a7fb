"""A provenance graph: typed nodes and PROV links, each pointing from effect to cause.

A graph can be read in two forms, and either is derived from the other on first use: nodes and links by id,
which is how the rules read; and columns of numbers, which keep questions about 10,000 items fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Final, Literal, NamedTuple

from provena_mcp.rules.large_values import kept_property
from provena_mcp.wire.lineage import Contradiction, LineageQuery
from provena_mcp.wire.subtypes import REGISTRY_WORD

Direction = Literal["upstream", "downstream"]
OPPOSITE: Final[Mapping[Direction, Direction]] = {"upstream": "downstream", "downstream": "upstream"}


class Kind(NamedTuple):
    """What a node is; both parts are empty where the graph store holds no value."""

    category: str
    subtype: str

    @property
    def registry_subtype(self) -> str:
        """The subtype in the registry's words."""
        return REGISTRY_WORD.get(self.subtype, self.subtype)

    def contradicts(self, other: Kind) -> bool:
        """Whether no item can be of both; it can where they are two words for one, or one is not known."""
        is_same = (self.category, self.registry_subtype) == (other.category, other.registry_subtype)
        return not is_same and UNKNOWN not in (self, other)

    def is_asked_for(self, query: LineageQuery) -> bool:
        """Whether a special query asks for items of this kind; a plain exploration asks for none."""
        if query.endswith("_datasets"):
            return self.category == "ENTITY" and self.subtype == "DATASET"
        return query.endswith("_agents") and self.category == "AGENT"


UNKNOWN: Final = Kind("", "")


class Link(NamedTuple):
    """``source`` depends on ``target``: a run *used* a dataset, a dataset *wasGeneratedBy* a run."""

    source: str
    relation: str
    target: str


class Columns(NamedTuple):
    """A graph by number: node ``n`` is ``ids[n]``, link ``k`` leads from ``sources[k]`` to ``targets[k]``."""

    ids: Sequence[str]
    kinds: Sequence[Kind]
    sources: Sequence[int]
    relations: Sequence[str]
    targets: Sequence[int]


class Walk(NamedTuple):
    """What a walk from one node reaches.

    Attributes:
        hops: Of every node; -1 where it is not reached.
        levels: The nodes at each hop, in no order that may be relied on.
        nearer: Nodes to which a link leads from a node that is no nearer; every cycle passes one of them.
    """

    hops: list[int]
    levels: list[list[int]]
    nearer: set[int]


class ProvenanceGraph:
    """Nodes by id, and links, each once; every link's two ends are nodes. It never changes.

    ``contradictions`` are what the service said of it that cannot be so; of two kinds the first one stands.
    ``tangled`` is what ``rules/cycles.py`` has found out of it, if it was asked.
    """

    contradictions: tuple[Contradiction, ...]
    tangled: Sequence[int] | None = None

    def __init__(
        self,
        nodes: Mapping[str, Kind] | None = None,
        links: tuple[Link, ...] = (),
        contradictions: tuple[Contradiction, ...] = (),
    ) -> None:
        """A graph of these nodes and links."""
        self.nodes = nodes if nodes is not None else {}
        self.links = links
        self.contradictions = contradictions

    @classmethod
    def of_columns(
        cls,
        columns: Columns,
        contradictions: tuple[Contradiction, ...] = (),
        numbers: Mapping[str, int] | None = None,
    ) -> ProvenanceGraph:
        """The graph that ``columns`` hold; ``numbers`` is the number of every id, where that is known."""
        graph = cls.__new__(cls)
        graph.columns = columns
        graph.contradictions = contradictions
        if numbers is not None:
            graph.numbers = numbers
        return graph

    @kept_property
    def nodes(self) -> Mapping[str, Kind]:
        """Kinds by id."""
        return dict(zip(self.columns.ids, self.columns.kinds, strict=True))

    @kept_property
    def links(self) -> tuple[Link, ...]:
        """Every link, in the order it was given in."""
        name = self.columns.ids.__getitem__
        ends = map(name, self.columns.sources), map(name, self.columns.targets)
        return tuple(map(Link, ends[0], self.columns.relations, ends[1]))

    @kept_property
    def columns(self) -> Columns:
        """The same by number, in the same order."""
        ids = list(self.nodes)
        number = dict(zip(ids, range(len(ids)), strict=True)).__getitem__
        return Columns(
            ids,
            list(self.nodes.values()),
            [number(link.source) for link in self.links],
            [link.relation for link in self.links],
            [number(link.target) for link in self.links],
        )

    @kept_property
    def numbers(self) -> Mapping[str, int]:
        """The number of every id."""
        return dict(zip(self.columns.ids, range(len(self.columns.ids)), strict=True))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProvenanceGraph):
            return NotImplemented
        theirs = other.nodes, other.links, other.contradictions
        return (self.nodes, self.links, self.contradictions) == theirs

    __hash__ = None  # pyright: ignore[reportAssignmentType]  as equal graphs may hold their nodes in other orders

    def __repr__(self) -> str:
        return f"ProvenanceGraph({self.nodes!r}, {self.links!r}, {self.contradictions!r})"

    def ends(self, direction: Direction) -> tuple[Sequence[int], Sequence[int]]:
        """Of every link the end that is met first in ``direction``, and the other."""
        _, _, sources, _, targets = self.columns
        return (sources, targets) if direction == "upstream" else (targets, sources)

    def links_on(self, items: Iterable[str], direction: Direction) -> list[int]:
        """The links that lead on from some items in ``direction``, by number; what is no node has none."""
        chosen = [False] * len(self.columns.ids)
        for item in items:
            if item in self.numbers:
                chosen[self.numbers[item]] = True
        near, _ = self.ends(direction)
        return list(compress(range(len(near)), map(chosen.__getitem__, near)))

    def ways(self, direction: Direction) -> Sequence[Sequence[int]]:
        """From each node, the nodes one link away in ``direction``, once for every link."""
        if direction not in self._ways:
            # Most items lead nowhere: they share one value.
            ways: list[list[int]] = [[]] * len(self.columns.ids)
            near, far = self.ends(direction)
            for node in set(near):
                ways[node] = []
            for node, other in zip(near, far, strict=True):
                ways[node].append(other)
            self._ways[direction] = ways
        return self._ways[direction]

    def walk(self, start: str, direction: Direction) -> Walk:
        """What is reached from ``start``; kept, since gathering, joining and viewing a lineage ask for it."""
        if (start, direction) not in self._walks:
            self._walks[start, direction] = self._walked(self.numbers.get(start), direction)
        return self._walks[start, direction]

    def keep_walk(self, start: str, direction: Direction, walk: Walk) -> None:
        """Take over a walk that is known, so that it is not done."""
        self._walks[start, direction] = walk

    def _walked(self, start: int | None, direction: Direction) -> Walk:
        hops = [-1] * len(self.columns.ids)
        nearer: set[int] = set()
        if start is None:
            return Walk(hops, [], nearer)
        ways = self.ways(direction)
        hops[start] = 0
        levels = [[start]]
        while levels[-1]:
            reached: list[int] = []
            hop = len(levels)
            for node in levels[-1]:
                for other in ways[node]:
                    known = hops[other]
                    if known < 0:
                        hops[other] = hop
                        reached.append(other)
                    elif known < hop:
                        nearer.add(other)
            levels.append(reached)
        levels.pop()
        return Walk(hops, levels, nearer)

    def walk_everywhere(self) -> tuple[Direction, Walk] | None:
        """A walk that was asked for and that reaches every node, and which way it went."""
        return next(((way, walk) for (_, way), walk in self._walks.items() if -1 not in walk.hops), None)

    def part(self, nodes: Sequence[int], links: Iterable[int] | None = None) -> ProvenanceGraph:
        """Only these nodes, and of the links between them only these; in the order they have here."""
        columns = self.columns
        place = [-1] * len(columns.ids)
        for new, old in enumerate(nodes):
            place[old] = new
        kept = [
            link
            for link in (range(len(columns.sources)) if links is None else links)
            if place[columns.sources[link]] >= 0 and place[columns.targets[link]] >= 0
        ]
        part = Columns(
            [columns.ids[node] for node in nodes],
            [columns.kinds[node] for node in nodes],
            [place[columns.sources[link]] for link in kept],
            [columns.relations[link] for link in kept],
            [place[columns.targets[link]] for link in kept],
        )
        return ProvenanceGraph.of_columns(part, self.contradictions)

    def of_links(self, chosen: Sequence[bool]) -> ProvenanceGraph:
        """Only the links that are chosen, and the nodes at their ends; in the order they have here."""
        ids, kinds, sources, relations, targets = self.columns
        sources, targets = list(compress(sources, chosen)), list(compress(targets, chosen))
        nodes = sorted({*sources, *targets})
        place = dict(zip(nodes, range(len(nodes)), strict=True)).__getitem__
        part = Columns(
            list(map(ids.__getitem__, nodes)),
            list(map(kinds.__getitem__, nodes)),
            list(map(place, sources)),
            list(compress(relations, chosen)),
            list(map(place, targets)),
        )
        return ProvenanceGraph.of_columns(part, self.contradictions)

    def merged(self, others: Iterable[ProvenanceGraph]) -> ProvenanceGraph:
        """This graph and others as one, its nodes keeping their numbers.

        Of two links between one pair the first stays (provena-http 5.5).
        """
        parts = [part for part in (self, *others) if part.columns.ids]
        if len(parts) == 1:
            return parts[0]
        ids: list[str] = []
        kinds: list[Kind] = []
        numbers: dict[str, int] = {}
        contradictions = {each: None for part in parts for each in part.contradictions}
        for part in parts:
            for node, kind in zip(part.columns.ids, part.columns.kinds, strict=True):
                number = numbers.setdefault(node, len(ids))
                if number == len(ids):
                    ids.append(node)
                    kinds.append(kind)
                elif kinds[number] != kind:
                    if kinds[number] == UNKNOWN:
                        kinds[number] = kind
                    elif kinds[number].contradicts(kind):
                        contradictions[Contradiction("kinds", node)] = None
        links: dict[int, str] = {}
        size = len(ids)
        for part in parts:
            place = list(map(numbers.__getitem__, part.columns.ids))
            _, _, sources, relations, targets = part.columns
            for source, relation, target in zip(sources, relations, targets, strict=True):
                links.setdefault(place[source] * size + place[target], relation)
        columns = Columns(
            ids,
            kinds,
            [pair // size for pair in links],
            list(links.values()),
            [pair % size for pair in links],
        )
        return ProvenanceGraph.of_columns(columns, tuple(contradictions), numbers)

    @kept_property
    def _ways(self) -> dict[Direction, Sequence[Sequence[int]]]:
        return {}

    @kept_property
    def _walks(self) -> dict[tuple[str, Direction], Walk]:
        return {}
