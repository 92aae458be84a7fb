"""Use case: can this run or study be repeated, and is it still current?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence, Sized
from contextlib import asynccontextmanager
from typing import Final

from provena_mcp.lineage.audit.audit import RunAudit, audit_run, merge_findings
from provena_mcp.lineage.audit.evidence import RunEvidence
from provena_mcp.lineage.audit.findings import Finding, verdict
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.queries.answers.audit_answer import AuditAnswer, Audited, AuditReproducibilityResult
from provena_mcp.queries.answers.audit_contacts import whom_to_ask
from provena_mcp.queries.answers.common import kinds_of, read_run_or_study
from provena_mcp.queries.answers.makers import read_makers
from provena_mcp.queries.cache import give_up, together
from provena_mcp.queries.items.item_reader import ALL, ItemReader
from provena_mcp.queries.items.names import kinds_at_odds
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap, Explorer, in_thread
from provena_mcp.queries.lineage.neighbourhood import CheckedExplorer, doubt_of, gather_neighbourhood
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.links_by_kind import links_to
from provena_mcp.rules.records.references import references
from provena_mcp.rules.text import all_reasons
from provena_mcp.wire.items import ModelRunItem, ModelRunRecord, RegistryItem, StudyItem

# Datasets further upstream that are read, the nearest first; the audit says how many were not.
_MOST_DATASETS: Final = 60
_MOST_MAKERS: Final = 40
_MOST_OUTPUTS: Final = 12
_DATASET_PAGES: Final = 2
_INPUT_PAGES: Final = 15


async def gather_evidence(
    reader: Reader, records: ItemReader, run: ModelRunItem, lineage: Awaitable[Lineage], now: float
) -> RunEvidence:
    """Everything the audit of ``run`` needs, as far as ``lineage`` was followed upstream.

    Raises:
        ProvenaError: The deployment failed to answer a lineage query, or for one of the items.
    """
    prov = CheckedExplorer(reader.client.prov)
    upstream, remade, _ = await together(
        _read_lineage(records, run.record, lineage),
        _remade(prov, run),
        _read_references(records, run.record),
    )
    await records.read_newer_versions(records.outcomes)
    await records.read_older_versions({dataset.dataset_id for dataset in run.record.inputs})
    read = {
        item.id: item.item_subtype for item in records.outcomes.values() if isinstance(item, RegistryItem)
    }
    odd = kinds_at_odds(kinds_of(upstream.graph), read)
    reasons = (upstream.incomplete_because, prov.incomplete_because, records.incomplete_because, odd)
    because = all_reasons(*reasons)
    return RunEvidence(run, records.known, upstream.graph, remade, now, because)


async def _read_lineage(records: ItemReader, record: ModelRunRecord, lineage: Awaitable[Lineage]) -> Lineage:
    """The lineage of a run, once the runs that made its inputs are read and the nearest further datasets."""
    found = await lineage
    inputs = {dataset.dataset_id for dataset in record.inputs}
    # What the record names is read meanwhile.
    named = inputs | {dataset.dataset_id for dataset in record.outputs}
    nearest = (item_id for item_id in _nearest_datasets(found.graph, found.start) if item_id not in named)
    await together(
        records.read(_makers(found.graph, inputs)),
        records.read_many(
            dict.fromkeys(nearest, "DATASET"), most_pages=_DATASET_PAGES, most_fetches=_MOST_DATASETS
        ),
    )
    return found


async def _read_references(records: ItemReader, record: ModelRunRecord) -> None:
    inputs = (dataset.dataset_id for dataset in record.inputs)
    await records.read_many(dict.fromkeys(inputs, "DATASET"), most_pages=_INPUT_PAGES, most_fetches=0)
    # A workflow template names further items, so a second and a third look may be needed.
    while wanted := references(record, records.known):
        await records.read(sorted(reference.id for reference in wanted))


async def _remade(prov: Explorer, run: ModelRunItem) -> dict[str, tuple[str, ...]]:
    """Outputs of ``run`` that other runs made too."""
    outputs = list(dict.fromkeys(dataset.dataset_id for dataset in run.record.outputs))[:_MOST_OUTPUTS]
    makers = await read_makers(prov, outputs)
    others = {output: tuple(maker for maker in made if maker != run.id) for output, made in makers.items()}
    return {output: made for output, made in others.items() if made}


def _makers(graph: ProvenanceGraph, datasets: set[str]) -> list[str]:
    """Runs that generated any of ``datasets``."""
    links = links_to(graph, lambda kind: kind.subtype == "MODEL_RUN")
    made = {link.target for link in links if link.source in datasets and link.relation == "wasGeneratedBy"}
    return sorted(made)[:_MOST_MAKERS]


def _nearest_datasets(graph: ProvenanceGraph, run_id: str) -> Iterable[str]:
    columns = graph.columns
    found: list[str] = []
    for level in graph.walk(run_id, "upstream").levels:
        if len(found) < _MOST_DATASETS:
            datasets = (node for node in level if columns.kinds[node].subtype == "DATASET")
            found += sorted(columns.ids[node] for node in datasets)
    return found[:_MOST_DATASETS]


_DEPTH: Final = 20
# Each run of a study is followed less far, and only so many runs are looked at.
_STUDY_DEPTH: Final = 10
_MOST_RUNS: Final = 40
_AT_ONCE: Final = 4


async def audit(
    reader: Reader, cap: DepthCap, item_id: str, now: Callable[[], float], max_tokens: int
) -> AuditReproducibilityResult:
    """Go through the checklist for a run, or for every run of a study.

    Raises:
        ArgumentError: The id is no handle.
        NotFoundError: No item has it.
        WrongSubtypeError: It is neither a run nor a study; the advice names the call for it.
    """
    handle = parse_handle(item_id, "item_id")
    async with _lineage_ahead(reader, cap, handle) as ahead:
        item = await read_run_or_study(reader, handle)
        if isinstance(item, StudyItem):
            audited = await _audit_study(reader, cap, item, now())
        else:
            lineage = ahead or gather_neighbourhood(reader.client.prov, cap, item.id, "upstream", _DEPTH)
            audited = await _audit_run(reader, item, lineage, now())
    return await AuditAnswer(reader, item, audited).result(max_tokens)


@asynccontextmanager
async def _lineage_ahead(
    reader: Reader, cap: DepthCap, item_id: str
) -> AsyncGenerator[asyncio.Task[Lineage] | None]:
    """The lineage of what is known to be a run, asked for before the run is read; given up at the end."""
    known = reader.names.known(reader.caller, (item_id,)).get(item_id)
    if known is None or known.subtype != "MODEL_RUN":
        yield None
        return
    lineage = asyncio.create_task(gather_neighbourhood(reader.client.prov, cap, item_id, "upstream", _DEPTH))
    try:
        yield lineage
    finally:
        await give_up([lineage])


async def _audit_run(reader: Reader, run: ModelRunItem, lineage: Awaitable[Lineage], now: float) -> Audited:
    records = reader.items(ALL)
    evidence = await gather_evidence(reader, records, run, lineage, now)
    one = await in_thread(audit_run, evidence)
    records.take({run.id: run})
    found = [(finding, ()) for finding in one.findings]
    ask = whom_to_ask(one.findings, [run.id], records) if found else []
    return Audited(found, [one], 1, evidence.incomplete_because, ask)


async def _audit_study(reader: Reader, cap: DepthCap, study: StudyItem, now: float) -> Audited:
    graph = await reader.client.prov.explore("downstream", study.id, 1)
    ids = sorted(link.source for link in graph.links if graph.nodes[link.source].subtype == "MODEL_RUN")
    doubt = await doubt_of(graph, "downstream", study.id, 1)
    if not ids:
        return Audited([(Finding("study_without_runs", {study.id: ""}), ())], [], 0, doubt)
    records = reader.items(ALL)
    await records.read_many(dict.fromkeys(ids[:_MOST_RUNS], "MODEL_RUN"), most_fetches=_MOST_RUNS)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def audited(run: ModelRunItem) -> tuple[RunAudit, str | None]:
        async with slots:
            lineage = gather_neighbourhood(reader.client.prov, cap, run.id, "upstream", _STUDY_DEPTH)
            evidence = await gather_evidence(reader, records, run, lineage, now)
            return await in_thread(audit_run, evidence), evidence.incomplete_because

    runs = [item for run_id in ids[:_MOST_RUNS] if isinstance(item := records.item(run_id), ModelRunItem)]
    outcomes = await together(*(audited(run) for run in runs))
    audits = [one for one, _ in outcomes]
    reasons = [because for _, because in outcomes if because is not None]
    found = merge_findings(audits)
    worst = sorted(audits, key=lambda one: verdict(one.findings) != "not_repeatable")
    ask = whom_to_ask(
        (finding for finding, _ in found), (one.run_id for one in worst if one.findings), records
    )
    return Audited(found, audits, len(ids), _not_all(ids, runs, reasons, doubt), ask)


def _not_all(ids: Sized, runs: Sized, reasons: Sequence[str], doubt: str | None) -> str | None:
    """Why the audit of a study is not of everything; what several runs lack is told of the first."""
    unseen = f"{len(ids) - len(runs)} of {len(ids)} runs were not looked at" if len(runs) < len(ids) else None
    lacking = f"{len(reasons)} of {len(runs)} runs: {reasons[0]}" if reasons else None
    return all_reasons(doubt, unseen, lacking)
