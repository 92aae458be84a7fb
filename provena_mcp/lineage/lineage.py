"""What was found for a lineage question: one value from gathering the links to the page that shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from provena_mcp.lineage.roles import Part, parts_of_agents
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.text import plural
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

    @cached_property
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

    @cached_property
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
