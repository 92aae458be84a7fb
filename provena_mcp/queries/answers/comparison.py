"""Use case: where do model runs differ, in their records or in all that led to them?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from provena_mcp.errors import ArgumentError
from provena_mcp.lineage.comparison import (
    Aspect,
    Version,
    aspects_of_lineages,
    aspects_of_records,
    compare,
    version_chains,
)
from provena_mcp.queries.answers.common import kinds_of, read_run
from provena_mcp.queries.answers.comparison_answer import Compared, tell_comparison
from provena_mcp.queries.answers.comparison_result import CompareModelRunsResult, Scope
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.item_reader import ALL, ItemReader
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap, in_thread
from provena_mcp.queries.lineage.neighbourhood import gather_neighbourhood
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import all_reasons
from provena_mcp.wire.items import ModelRunItem, WorkflowTemplateItem

MOST_RUNS: Final = 5
_LABELS: Final = "ABCDE"
_LINEAGE_DEPTH: Final = 20


async def compare_runs(
    reader: Reader, cap: DepthCap, run_ids: Sequence[str], scope: Scope, max_tokens: int
) -> CompareModelRunsResult:
    """Where two to five runs differ.

    Raises:
        ArgumentError: Too few or too many ids, one twice, or one that is no handle.
        NotFoundError: No item has one of the ids.
        WrongSubtypeError: One of them is no model run.
    """
    ids = _distinct(run_ids)
    found = await together(*(read_run(reader, run_id) for run_id in ids))
    runs = dict(zip(_LABELS, found, strict=False))
    compared = await (_records(reader, runs) if scope == "record" else _lineages(reader, cap, runs))
    return await tell_comparison(reader, runs, compared, scope, max_tokens)


def _distinct(run_ids: Sequence[str]) -> list[str]:
    ids = [parse_handle(run_id, "run_ids") for run_id in run_ids]
    twice = next((run_id for place, run_id in enumerate(ids) if run_id in ids[:place]), None)
    if twice is not None:
        raise ArgumentError(
            f"run_ids names {twice!r} twice.", parameter="run_ids", advice="Give two to five different runs."
        )
    if not 2 <= len(ids) <= MOST_RUNS:
        raise ArgumentError(
            f"run_ids takes 2 to {MOST_RUNS} runs, not {len(ids)}.",
            parameter="run_ids",
            advice="explore_downstream from a study, model or dataset finds its runs.",
        )
    return ids


async def _records(reader: Reader, runs: Mapping[str, ModelRunItem]) -> Compared:
    """Compare the records; datasets that differ are looked up to recognise versions of one thing."""
    records = reader.items(ALL)
    templates = {run.record.workflow_template_id for run in runs.values()}
    await records.read(sorted(templates))
    models = {
        template: item.software_id
        for template in templates
        if isinstance(item := records.item(template), WorkflowTemplateItem)
    }
    aspects = aspects_of_records({label: run.record for label, run in runs.items()}, models)
    differing = [
        item
        for difference in compare(aspects, list(runs), {}).differences
        if difference.aspect.field in ("inputs", "outputs")
        for ids in difference.values.values()
        for item in ids
    ]
    await records.read(differing)
    await records.read_older_versions(differing)
    versions = version_chains(_previous(records))
    return Compared(compare(aspects, list(runs), versions), _numbers(versions))


async def _lineages(reader: Reader, cap: DepthCap, runs: Mapping[str, ModelRunItem]) -> Compared:
    """Compare all that lies upstream of the runs, within twenty hops."""
    prov = reader.client.prov
    found = await together(
        *(gather_neighbourhood(prov, cap, run.id, "upstream", _LINEAGE_DEPTH) for run in runs.values())
    )
    lineages = {label: part.graph for label, part in zip(runs, found, strict=True)}
    starts = {label: run.id for label, run in runs.items()}
    aspects, versions = await in_thread(aspects_of_lineages, lineages, starts)
    reasons = dict.fromkeys(part.incomplete_because for part in found)
    return Compared(
        compare(aspects, list(runs), versions),
        _numbers(versions),
        _sizes(aspects),
        all_reasons(*reasons),
        {item: subtype for graph in lineages.values() for item, subtype in kinds_of(graph).items()},
        tuple(label for label, graph in lineages.items() if not set(graph.columns.ids) - {starts[label]}),
    )


def _previous(records: ItemReader) -> dict[str, str]:
    previous: dict[str, str] = {}
    for item_id in records.outcomes:
        item = records.item(item_id)
        place = item.versioning_info if item else None
        if place is not None and place.previous_version:
            previous[item_id] = place.previous_version
    return previous


def _numbers(versions: Mapping[str, Version]) -> dict[str, int]:
    return {item: version.place + 1 for item, version in versions.items()}


def _sizes(aspects: Iterable[Aspect]) -> dict[str, dict[str, int]]:
    """How many items of each kind led to each run."""
    sizes: dict[str, dict[str, int]] = {}
    for aspect in aspects:
        for label, items in aspect.values.items():
            counts = sizes.setdefault(label, {})
            counts[aspect.field] = counts.get(aspect.field, 0) + len(items)
    return sizes
