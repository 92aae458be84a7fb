"""A provenance graph: typed nodes and PROV links, each pointing from effect to cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, NamedTuple

Direction = Literal["upstream", "downstream"]


class Kind(NamedTuple):
    """What a node is; both parts are empty where the graph store holds no value."""

    category: str
    subtype: str


UNKNOWN: Final = Kind("", "")


class Link(NamedTuple):
    """``source`` depends on ``target``: a run *used* a dataset, a dataset *wasGeneratedBy* a run."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True)
class ProvenanceGraph:
    """Nodes by id, and links, each once; every link's two ends are nodes.

    ``contradictions`` are the ids of nodes that whoever answered gave two kinds; the first one stands.
    """

    nodes: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    links: tuple[Link, ...] = ()
    contradictions: tuple[str, ...] = ()

    def ahead(self, direction: Direction) -> Mapping[str, list[str]]:
        """From each item that leads on, the items one link away in ``direction``, each once."""
        return self._causes if direction == "upstream" else self._effects

    @cached_property
    def _causes(self) -> Mapping[str, list[str]]:
        return _each_once((source, target) for source, _, target in self.links)

    @cached_property
    def _effects(self) -> Mapping[str, list[str]]:
        return _each_once((target, source) for source, _, target in self.links)

    def merged(self, others: Iterable[ProvenanceGraph]) -> ProvenanceGraph:
        """This graph and others as one; of two links between one pair the first stays (provena-http 5.5)."""
        nodes = dict(self.nodes)
        links = {(link.source, link.target): link for link in self.links}
        contradictions = dict.fromkeys(self.contradictions)
        for other in others:
            contradictions |= dict.fromkeys(other.contradictions)
            for node_id, kind in other.nodes.items():
                known = nodes.setdefault(node_id, kind)
                if known != kind and kind != UNKNOWN:
                    if known == UNKNOWN:
                        nodes[node_id] = kind
                    else:
                        contradictions[node_id] = None
            for link in other.links:
                links.setdefault((link.source, link.target), link)
        return ProvenanceGraph(nodes, tuple(links.values()), tuple(contradictions))


def _each_once(steps: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for near, far in steps:
        found[near].append(far)
    return {near: list(dict.fromkeys(others)) for near, others in found.items()}
