"""Gathers what an impact answer rests on: everything downstream, its agents, studies and release states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provena_mcp.lineage.impact import Impact, Touched, find_impact, find_touched
from provena_mcp.queries.answers.common import kinds_of
from provena_mcp.queries.answers.links_ahead import read_links_ahead
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.items.study_filter import ask_each, listed_studies
from provena_mcp.queries.lineage.frontier import DepthCap, Explorer, in_thread, worked_out
from provena_mcp.queries.lineage.neighbourhood import CheckedExplorer, gather_neighbourhood
from provena_mcp.queries.lineage.special_answer import agents_along
from provena_mcp.rules.graph import Link, ProvenanceGraph
from provena_mcp.rules.large_values import kept_property

# One upstream query tells a run's study; from this many runs on, asking each study for its runs may be
# cheaper, and beyond the second bound it is the only way that ends soon.
_FEW_RUNS: Final = 24
_RUNS_TO_ASK: Final = 300
_STUDIES_TO_ASK: Final = 100


@dataclass(frozen=True)
class ImpactEvidence:
    """An impact and whom it touches, with the graphs they were found in.

    Attributes:
        downstream: All downstream of the starts.
        naming: The links to agents and studies from the starts and what is affected.
        makers: The runs that made a dataset, of as many affected ones as was read.
    """

    downstream: ProvenanceGraph
    naming: ProvenanceGraph
    impact: Impact
    touched: tuple[Touched, ...]
    makers: Mapping[str, tuple[str, ...]]
    incomplete_because: tuple[str, ...]

    @kept_property
    def graph(self) -> ProvenanceGraph:
        """Both graphs as one."""
        return self.downstream.merged([self.naming])

    @kept_property
    def kinds(self) -> Mapping[str, str]:
        """The registry subtype of each item; empty where the graph holds none."""
        naming = kinds_of(self.naming)
        return naming | {
            item: kind for item, kind in kinds_of(self.downstream).items() if kind or item not in naming
        }


async def gather_evidence(
    reader: Reader, cap: DepthCap, starts: Sequence[str], depth: int, *, follow_versions: bool
) -> ImpactEvidence:
    """What is affected within ``depth`` hops of ``starts``, and who and which studies are touched.

    Raises:
        NotFoundError: No item has one of the ids.
        ProvenaError: The deployment failed.
    """
    prov = CheckedExplorer(reader.client.prov)
    found = await together(*(gather_neighbourhood(prov, cap, start, "downstream", depth) for start in starts))
    first, *others = (part.graph for part in found)
    items = sum(len(part.graph.columns.ids) for part in found)
    downstream = await worked_out(lambda: first.merged(others), items) if others else first
    impact = await in_thread(find_impact, downstream, starts, depth, follow_versions=follow_versions)
    hops = impact.hops
    ahead = await read_links_ahead(prov, cap, downstream, hops)
    parts, unasked = [ahead.naming], list[str]()
    left = await worked_out(lambda: [item for item in hops if item not in ahead.known], items)
    if left:
        queries = tuple(query for part in found for query in part.queries)
        runs = await worked_out(lambda: [item for item in left if _is_run(downstream, item)], items)
        agents, (studies, unasked) = await together(
            agents_along(prov, queries, depth), studies_of(reader, prov, runs)
        )
        parts += [*agents, studies]
    naming = await worked_out(lambda: parts[0].merged(parts[1:]), items)
    touched = await in_thread(find_touched, naming, impact)
    reasons = [part.incomplete_because for part in found if part.incomplete_because is not None]
    told = "; ".join(reasons)
    doubts = [doubt for doubt in prov.doubts if doubt not in told]
    because = tuple(dict.fromkeys([*reasons, *unasked, *doubts]))
    return ImpactEvidence(downstream, naming, impact, tuple(touched), ahead.makers, because)


def _is_run(graph: ProvenanceGraph, node: str) -> bool:
    return node in graph.numbers and graph.nodes[node].subtype == "MODEL_RUN"


async def studies_of(
    reader: Reader, prov: Explorer, runs: Collection[str]
) -> tuple[ProvenanceGraph, list[str]]:
    """Links from ``runs`` to their studies, and why they may not be all."""
    if len(runs) <= _FEW_RUNS:
        return await _ask_runs(prov, runs), []
    studies, nameless = await listed_studies(reader, _STUDIES_TO_ASK)
    are_all = len(studies) <= _STUDIES_TO_ASK and not nameless
    studies = studies[:_STUDIES_TO_ASK]
    if len(runs) <= (len(studies) if are_all else _RUNS_TO_ASK):
        return await _ask_runs(prov, runs), []
    answers, failed = await ask_each(studies, lambda study: prov.explore("downstream", study, 1))
    unasked = [] if are_all else [f"only {len(studies)} studies were asked for their runs"]
    return _study_links(answers, set(runs)), [*unasked, failed] if failed else unasked


async def _ask_runs(prov: Explorer, runs: Collection[str]) -> ProvenanceGraph:
    answers = await together(*(prov.explore("upstream", run, 1) for run in runs))
    return _study_links(answers, set(runs))


def _study_links(answers: Iterable[ProvenanceGraph], runs: Collection[str]) -> ProvenanceGraph:
    """The part of ``answers`` that joins ``runs`` to studies."""
    nodes = {node: kind for answer in answers for node, kind in answer.nodes.items()}
    links: dict[Link, None] = {}
    for answer in answers:
        for link in answer.links:
            if link.source in runs and nodes[link.target].subtype == "STUDY":
                links[link] = None
    ends = {end for link in links for end in (link.source, link.target)}
    return ProvenanceGraph({node: nodes[node] for node in ends}, tuple(links))
