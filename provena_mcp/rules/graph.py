"""A provenance graph: typed nodes and PROV links, each pointing from effect to cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Direction = Literal["upstream", "downstream"]


class Kind(NamedTuple):
    """What a node is; both parts are empty where the graph store holds no value."""

    category: str
    subtype: str


class Link(NamedTuple):
    """``source`` depends on ``target``: a run *used* a dataset, a dataset *wasGeneratedBy* a run."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True)
class ProvenanceGraph:
    """Nodes by id, and links; every link's two ends are nodes."""

    nodes: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    links: tuple[Link, ...] = ()

    def merged(self, others: Iterable[ProvenanceGraph]) -> ProvenanceGraph:
        """This graph and others as one; of two links between one pair the first stays (contract 5.5)."""
        nodes = dict(self.nodes)
        links = {(link.source, link.target): link for link in self.links}
        for other in others:
            for node_id, kind in other.nodes.items():
                nodes.setdefault(node_id, kind)
            for link in other.links:
                links.setdefault((link.source, link.target), link)
        return ProvenanceGraph(nodes, tuple(links.values()))
