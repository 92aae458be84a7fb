"""What was found for a lineage question: one value from gathering the links to the page that shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from provena_mcp.lineage.traversal import hops_along
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.trails import DIRECTION_OF
from provena_mcp.wire.lineage import LineageQuery

_NAMED: Final = 3


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
    """

    graph: ProvenanceGraph
    query: LineageQuery
    start: str
    depth: int
    incomplete_because: str | None = None
    goes_deeper: bool = False
    queries: tuple[Query, ...] = ()

    def hops(self) -> dict[str, int]:
        """Hops from the start to every item that is reached, nearest first.

        In effected_agents an agent is one hop further than the nearest item that names it.
        """
        ahead = self.graph.ahead(DIRECTION_OF[self.query])
        hops = hops_along(ahead, (self.start,), len(self.graph.nodes))
        if self.query == "effected_agents":
            naming = sorted(
                (hops[source], target) for source, _, target in self.graph.links if source in hops
            )
            for hop, target in naming:
                hops.setdefault(target, hop + 1)
        return hops

    def joined(self) -> Lineage:
        """Only what links join to the start; what else a service answers, or contradicts, is said.

        Nobody knows how far away items are that nothing joins to it, nor what else their links lack.
        """
        strays = self.graph.nodes.keys() - self.hops().keys()
        strays.discard(self.start)
        if self.graph.contradictions:
            named = ", ".join(self.graph.contradictions[:_NAMED])
            reason = f"the service gave {_items(len(self.graph.contradictions))} two kinds: {named}"
            known = replace(self.graph, contradictions=())
            return replace(self, graph=known, incomplete_because=self._because(reason)).joined()
        if not strays:
            return self
        nodes = {node: kind for node, kind in self.graph.nodes.items() if node not in strays}
        links = tuple(
            link for link in self.graph.links if link.source not in strays and link.target not in strays
        )
        reason = f"the service answered {_items(len(strays))} that no link joins to {self.start!r}"
        return replace(self, graph=ProvenanceGraph(nodes, links), incomplete_because=self._because(reason))

    def _because(self, *reasons: str) -> str | None:
        return "; ".join(filter(None, (self.incomplete_because, *reasons))) or None


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count} items"
