"""The special queries: which part of what is around an item leads to the datasets or agents asked for.

The plain neighbourhood has to be read in any case: a special answer alone cannot tell whether the lineage
goes on, who made a dataset and which datasets no run made. All that a special query returns of it lies on
its trails, so its route is asked only where they cannot be decided here: in a tangle of cycles, and for
effected_agents, whose last link leads out of the neighbourhood.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from provena_mcp.errors import DepthLimitError, UpstreamError
from provena_mcp.lineage.lineage import Lineage, Query
from provena_mcp.queries.cache import together
from provena_mcp.queries.lineage.frontier import DepthCap, Explorer, in_thread, worked_out
from provena_mcp.queries.lineage.neighbourhood import CheckedExplorer, gather_neighbourhood
from provena_mcp.rules.acyclic_trails import part_on_trails
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.trails import DIRECTION_OF, links_on_trails
from provena_mcp.wire.lineage import Contradiction, LineageQuery


async def gather_special(
    prov: Explorer, cap: DepthCap, query: LineageQuery, start: str, depth: int
) -> Lineage:
    """The links that answer a special query from ``start`` within ``depth`` hops (provena-http 5.5).

    Raises:
        NotFoundError: No item has the id ``start``.
        ProvenaError: The deployment failed.
    """
    around = gather_neighbourhood(prov, cap, start, DIRECTION_OF[query], depth, query=query)
    if query == "effected_agents":
        if not cap.is_known or depth <= cap.hops:
            return await _agents_beside(prov, cap, around, start, depth)
        found = await around
        checked = CheckedExplorer(prov)
        agents = await agents_along(checked, found.queries, depth)
        along = await _within_tangles(prov, query, found, found.graph.merged(agents))
        return along.doubted(checked.incomplete_because)
    found = await around
    items = len(found.graph.columns.ids)
    part = await worked_out(lambda: part_on_trails(found.graph, start, query, depth), items)
    if part is None:
        return await _within_tangles(prov, query, found, found.graph)
    return _of(found, query, part)


async def agents_along(prov: Explorer, queries: tuple[Query, ...], depth: int) -> tuple[ProvenanceGraph, ...]:
    """Agents hang upstream of what lies downstream: each query of the walk is asked for them too."""
    return await together(
        *(prov.explore("effected_agents", query.start, min(query.depth, depth)) for query in queries)
    )


async def _agents_beside(
    prov: Explorer, cap: DepthCap, around: Awaitable[Lineage], start: str, depth: int
) -> Lineage:
    """The service's own answer, read at once with what lies around."""

    async def answer() -> ProvenanceGraph | None:
        try:
            return await prov.explore("effected_agents", start, depth)
        except DepthLimitError as refusal:
            if refusal.limit >= depth:
                raise
            cap.learn(refusal.limit)
            return None

    agents, found = await together(answer(), around)
    if agents is None:
        return await gather_special(prov, cap, "effected_agents", start, depth)
    return await _compared(_of(found, "effected_agents", agents).joined())


async def _within_tangles(
    prov: Explorer, query: LineageQuery, found: Lineage, graph: ProvenanceGraph
) -> Lineage:
    """The links of ``graph`` that lie on trails; what cannot be decided here is left to the service."""
    trails = await in_thread(links_on_trails, graph, found.start, query, found.depth)
    if not trails.exact and found.queries[0].depth >= found.depth:
        # Where the service fails, what was found stands, with the reason that it may be too much.
        with suppress(UpstreamError):
            answer = await prov.explore(query, found.start, found.depth)
            return await _compared(_of(found, query, answer).joined())
    ends = {end for link in trails.links for end in (link.source, link.target)}
    nodes = {node: kind for node, kind in graph.nodes.items() if node in ends}
    because = found.incomplete_because
    if not trails.exact and because is None:
        because = "a tangle of cycles was too large to resolve exactly; some links may lie on no single trail"
    along = _of(found, query, ProvenanceGraph(nodes, trails.links, graph.contradictions))
    return await _compared(replace(along, incomplete_because=because).joined())


async def _compared(special: Lineage) -> Lineage:
    """A special answer; what it says otherwise than the answers around it is told."""
    around = special.around
    if around is None or not special.is_consistent:
        return special
    items = len(around.columns.ids)
    contradictions = await worked_out(lambda: tuple(_contradicting(special, around)), items)
    if not contradictions:
        return special
    return replace(special, graph=ProvenanceGraph.of_columns(special.graph.columns, contradictions)).joined()


def _contradicting(special: Lineage, around: ProvenanceGraph) -> Iterator[Contradiction]:
    """Items of other kinds or on one side only, links of that sort, and runs that nobody carried out.

    A special answer holds what it asks for wherever that lies around, links that lie around, all of those to
    whatever names an agent, and beyond them only those of effected_agents to the agents (provena-http 5.5).
    """
    graph = special.graph
    for item, kind in graph.nodes.items():
        if kind.contradicts(around.nodes.get(item, kind)):
            yield Contradiction("kinds", item)
    for item, kind in around.nodes.items():
        # The start is asked for only where a cycle leads back to it.
        if kind.is_asked_for(special.query) and item not in graph.nodes and item != special.start:
            yield Contradiction("left out", item)
    given, known = _pairs(graph), _pairs(around)
    is_of_agents = special.query == "effected_agents"
    agents = {item for item, kind in graph.nodes.items() if kind.category == "AGENT"}
    naming: set[str] = set()
    for source, target in sorted(given - known):
        if is_of_agents and target in agents and (source in around.nodes or source == special.start):
            naming.add(source)
        else:
            yield _disputed(source, target)
    for source, target in sorted(known - given):
        if source in naming:
            yield _disputed(source, target)
    if is_of_agents:
        yield from _nobody(around, graph, given | known)


def _nobody(
    around: ProvenanceGraph, graph: ProvenanceGraph, pairs: Iterable[tuple[str, str]]
) -> Iterator[Contradiction]:
    """Runs around that lead to no person in either answer: each has its modeller (provena-http 5.2)."""
    nodes = {**graph.nodes, **around.nodes}
    people = {item for item, kind in nodes.items() if kind.subtype == "PERSON"}
    naming = {source for source, target in pairs if target in people}
    for item, kind in around.nodes.items():
        if kind.subtype == "MODEL_RUN" and item not in naming:
            yield Contradiction("nobody", item)


def _disputed(source: str, target: str) -> Contradiction:
    return Contradiction("disputed", f"{source} to {target}")


def _pairs(graph: ProvenanceGraph) -> set[tuple[str, str]]:
    ids, _, sources, _, targets = graph.columns
    name = ids.__getitem__
    return set(zip(map(name, sources), map(name, targets), strict=True))


def _of(around: Lineage, query: LineageQuery, graph: ProvenanceGraph) -> Lineage:
    return replace(around, graph=graph, query=query, around=around.graph)
