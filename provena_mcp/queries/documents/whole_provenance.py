"""Reads an item, the runs behind it and every item that they name: what crates and citations are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final, get_args

from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.errors import ArgumentError, WrongSubtypeError
from provena_mcp.queries.answers.common import kinds_of
from provena_mcp.queries.cache import together
from provena_mcp.queries.documents.kinds import SUBTYPE_OF, ProvenanceOf
from provena_mcp.queries.items.item_reader import ItemReader
from provena_mcp.queries.items.names import kinds_at_odds
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.neighbourhood import explore_whole, gather_neighbourhood
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.text import all_reasons
from provena_mcp.wire.items import DatasetItem, ModelRunItem, RegistryItem, WorkflowTemplateItem

_TOLD: Final = frozenset({"MODEL_RUN", "DATASET"})
_MOST_RUNS: Final = 200
_MOST_FETCHES: Final = 2_000
_AT_ONCE: Final = 4


def provenance_of(text: str) -> ProvenanceOf:
    """What an item is called in a URI.

    Raises:
        ArgumentError: There is nothing of the kind.
    """
    for known in get_args(ProvenanceOf):
        if known == text:
            return known
    kinds = ", ".join(SUBTYPE_OF)
    raise ArgumentError(f"{text[:40]!r} is not one of {kinds}.", parameter="kind", advice=f"Use {kinds}.")


async def gather_provenance(
    reader: Reader, cap: DepthCap, item_id: str, depth: int, kind: ProvenanceOf | None = None
) -> RegisteredProvenance:
    """A run, study or dataset, its lineage ``depth`` hops upstream, and the items that its records name.

    Raises:
        NotFoundError: No item has this id.
        WrongSubtypeError: It is none of these, or another than ``kind``.
        ProvenaError: The deployment failed.
    """
    about = await reader.client.registry.fetch(item_id)
    _check(about, kind)
    records = reader.items()
    await records.read([item_id])
    starts, because = [item_id], None
    if about.item_subtype == "STUDY":
        starts = await _runs_of(reader, item_id)
        if len(starts) > _MOST_RUNS:
            because = f"{len(starts) - _MOST_RUNS} of {len(starts)} runs of the study were not looked at"
    graph, unfinished = await _upstream(reader, cap, starts[:_MOST_RUNS], depth)
    told = {item_id, *await _read(records, graph, starts[:_MOST_RUNS])}
    outcomes = {handle: records.outcomes.get(handle) for handle in sorted(told)}
    items = {handle: item for handle, item in outcomes.items() if isinstance(item, RegistryItem)}
    odd = kinds_at_odds(kinds_of(graph), {handle: item.item_subtype for handle, item in items.items()})
    return RegisteredProvenance(
        about=about,
        items=items,
        depth=depth,
        not_read={
            handle: outcome.message if outcome else f"more than {_MOST_FETCHES} items were named"
            for handle, outcome in outcomes.items()
            if not isinstance(outcome, RegistryItem)
        },
        incomplete_because=all_reasons(because, unfinished, odd),
    )


def _check(about: RegistryItem, kind: ProvenanceOf | None) -> None:
    known = {subtype: name for name, subtype in SUBTYPE_OF.items()}
    found = known.get(about.item_subtype)
    if about.is_seed or found is None or kind not in (None, found):
        what = "only a reserved id" if about.is_seed else f"of subtype {about.item_subtype}"
        raise WrongSubtypeError(
            f"{about.id!r} is {what}, not {'a ' + kind if kind else 'a run, study or dataset'}.",
            advice=f"Ask for a {found} instead." if found else "explore_downstream finds what came of it.",
        )


async def _runs_of(reader: Reader, study: str) -> list[str]:
    graph = await explore_whole(reader.client.prov, "downstream", study, 1)
    return sorted(link.source for link in graph.links if graph.nodes[link.source].subtype == "MODEL_RUN")


async def _upstream(
    reader: Reader, cap: DepthCap, starts: list[str], depth: int
) -> tuple[ProvenanceGraph, str | None]:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(start: str) -> tuple[ProvenanceGraph, str | None]:
        async with slots:
            found = await gather_neighbourhood(reader.client.prov, cap, start, "upstream", depth)
            return found.graph, found.incomplete_because

    answers = await together(*map(one, starts))
    reasons = dict.fromkeys(reason for _, reason in answers)
    return ProvenanceGraph().merged(graph for graph, _ in answers), all_reasons(*reasons)


async def _read(records: ItemReader, graph: ProvenanceGraph, starts: list[str]) -> set[str]:
    """Read the runs and datasets of a graph and, link by link, what they name; returns the handles of all."""
    wanted = dict.fromkeys(starts, "MODEL_RUN")
    wanted |= {node: kind.subtype for node, kind in graph.nodes.items() if kind.subtype in _TOLD}
    told: dict[str, str] = {}
    # A run names a template, which names a model; a dataset names an organisation.
    while wanted:
        await records.read_many(wanted, most_fetches=max(_MOST_FETCHES - len(told), 0))
        told |= wanted
        items = [item for handle in wanted if (item := records.item(handle)) is not None]
        named = dict(link for item in items for link in _named(item))
        wanted = {handle: subtype for handle, subtype in named.items() if handle and handle not in told}
    return {*told}


def _named(item: RegistryItem) -> Iterator[tuple[str, str]]:
    """The handles that an item names and that are told with it, each with its subtype."""
    if isinstance(item, ModelRunItem):
        record = item.record
        yield record.workflow_template_id, "MODEL_RUN_WORKFLOW_TEMPLATE"
        yield record.associations.modeller_id, "PERSON"
        yield record.associations.requesting_organisation_id or "", "ORGANISATION"
        yield record.study_id or "", "STUDY"
        for use in (*record.inputs, *record.outputs):
            yield use.dataset_id, "DATASET"
            yield use.dataset_template_id, "DATASET_TEMPLATE"
    elif isinstance(item, WorkflowTemplateItem):
        yield item.software_id, "MODEL"
    elif isinstance(item, DatasetItem):
        who = item.collection_format.associations
        yield who.organisation_id or "", "ORGANISATION"
        yield item.collection_format.dataset_info.publisher_id or "", "ORGANISATION"
        yield who.data_custodian_id or "", "PERSON"
