"""Which items a close-out report names, and in which order (provena-http 9.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.records.references import Known, Reference, Refused, missing, resolve
from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.subtypes import ItemSubtype

TITLE: Final = "Model Run Study Close Out Report"
TEAM_PLACEHOLDER: Final = "<enter your team name here>"
HANDLE_URL: Final = "http://hdl.handle.net/"
REPORTED_SUBTYPES: Final[tuple[ItemSubtype, ...]] = ("MODEL_RUN", "STUDY")
DOWNSTREAM_DEPTH: Final = 1
"""Hops a run's outputs, and a study's runs, are looked for; only the upstream depth is asked for."""

_CONSULTED: Final = frozenset({"DATASET", "MODEL"})
_RUN: Final = frozenset({"MODEL_RUN"})
_DATASET: Final = frozenset({"DATASET"})


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """An item as a report names it."""

    id: str
    subtype: str
    name: str

    @property
    def label(self) -> str:
        """The subtype in words: ``Model Run``."""
        return " ".join(word.capitalize() for word in self.subtype.split("_"))

    @property
    def url(self) -> str:
        """Where the item's handle resolves."""
        return f"{HANDLE_URL}{self.id}"


@dataclass(frozen=True, slots=True)
class ReportContent:
    """What a report says: its subject and three sections, each item once per section."""

    title: str
    subject: ReportEntry
    inputs: tuple[ReportEntry, ...]
    model_runs: tuple[ReportEntry, ...]
    outputs: tuple[ReportEntry, ...]

    @property
    def heading(self) -> str:
        """The heading before the subject's name."""
        return f"Report for {self.subject.label}: "


@dataclass(frozen=True, slots=True)
class RunSurroundings:
    """A run's upstream graph to the ``depth`` asked for (1 to 3), and its downstream graph of one hop."""

    run_id: str
    depth: int
    upstream: ProvenanceGraph
    downstream: ProvenanceGraph


@dataclass(frozen=True, slots=True)
class ReportedIds:
    """The ids a report names, section by section."""

    inputs: tuple[str, ...]
    model_runs: tuple[str, ...]
    outputs: tuple[str, ...]

    def all(self) -> frozenset[str]:
        """Every id to look up for its name."""
        return frozenset((*self.inputs, *self.model_runs, *self.outputs))


def subject_references(item_id: str, item_subtype: str, known: Known) -> frozenset[Reference]:
    """What must be looked up before a report's subject can be judged; empty when ``known`` suffices."""
    subtype = _reported(item_subtype)
    return missing((Reference(item_id, subtype, "subject"),) if subtype else (), known)


def report_subject(item_id: str, item_subtype: str, known: Known) -> RegistryItem | str:
    """The run or study a report is about, or the info of the job that fails for it (provena-http 9.3).

    Raises:
        KeyError: ``subject_references`` is not empty.
    """
    subtype = _reported(item_subtype)
    if subtype is None:
        supported = ",".join(f"ItemSubType.{each}" for each in REPORTED_SUBTYPES)
        received = f"Received subtype {item_subtype}, supported: {supported}"
        return failed_report(f"Unsupported item subtype for validation. {received}")
    found = resolve(item_id, subtype, known)
    if isinstance(found, Refused):
        return failed_report(f"Validation error with provided {subtype}: {found.service_text}")
    return found


def runs_of_study(study_id: str, downstream: ProvenanceGraph) -> tuple[str, ...]:
    """The runs a study's report covers, in order, from the study's downstream graph of one hop."""
    return _kept(study_id, downstream, DOWNSTREAM_DEPTH, _RUN, upstream=False)


def reported_ids(runs: Iterable[RunSurroundings]) -> ReportedIds:
    """The ids a report on these runs names: one run for a run's report, all of a study's for a study's.

    First seen stays first; a dataset may be input and output.
    """
    inputs: dict[str, None] = {}
    model_runs: dict[str, None] = {}
    outputs: dict[str, None] = {}
    for run in runs:
        for node_id in _kept(run.run_id, run.upstream, run.depth, _CONSULTED | _RUN, upstream=True):
            section = model_runs if run.upstream.nodes[node_id].subtype in _RUN else inputs
            section.setdefault(node_id)
        after = _kept(run.run_id, run.downstream, DOWNSTREAM_DEPTH, _DATASET, upstream=False)
        outputs.update(dict.fromkeys(after))
    return ReportedIds(tuple(inputs), tuple(model_runs), tuple(outputs))


def report_content(
    subject: RegistryItem, reported: ReportedIds, items: Mapping[str, RegistryItem]
) -> ReportContent:
    """The report on ``subject`` with the names of ``items``.

    Raises:
        KeyError: An item of ``reported`` is not among ``items``; without its name there is no report.
    """

    def entries(ids: Iterable[str]) -> tuple[ReportEntry, ...]:
        return tuple(_entry(items[item_id]) for item_id in ids)

    return ReportContent(
        title=TITLE,
        subject=_entry(subject),
        inputs=entries(reported.inputs),
        model_runs=entries(reported.model_runs),
        outputs=entries(reported.outputs),
    )


def _entry(item: RegistryItem) -> ReportEntry:
    return ReportEntry(item.id, item.item_subtype, item.display_name or "")


def _reported(item_subtype: str) -> ItemSubtype | None:
    return next((subtype for subtype in REPORTED_SUBTYPES if subtype == item_subtype), None)


def failed_report(text: str) -> str:
    """The info of a report's job that fails for the reason ``text``."""
    return f"Job failed, err: An error occurred while attempting to generate report. Error: {text}.."


def _kept(
    start: str, graph: ProvenanceGraph, depth: int, subtypes: frozenset[str], *, upstream: bool
) -> tuple[str, ...]:
    order = _walk(start, _neighbours(graph, upstream=upstream), depth)
    return tuple(
        node_id for node_id in order if node_id in graph.nodes and graph.nodes[node_id].subtype in subtypes
    )


def _neighbours(graph: ProvenanceGraph, *, upstream: bool) -> Mapping[str, set[str]]:
    neighbours: dict[str, set[str]] = {}
    for source, _, target in graph.links:
        here, there = (source, target) if upstream else (target, source)
        neighbours.setdefault(here, set()).add(there)
    return neighbours


def _walk(start: str, neighbours: Mapping[str, set[str]], depth: int) -> Iterable[str]:
    """Nodes within ``depth`` hops in the order the recorded reports list them.

    One hop comes oldest first; more come depth first, the latest neighbour first.
    """
    if depth == 1:
        return [start, *sorted(neighbours.get(start, ()), key=_age)]
    seen: dict[str, None] = {}
    expanded: dict[str, int] = {}

    def visit(node_id: str, hops: int) -> None:
        seen.setdefault(node_id)
        if expanded.get(node_id, 0) >= hops:
            return
        expanded[node_id] = hops
        for neighbour in sorted(neighbours.get(node_id, ()), key=_age, reverse=True):
            visit(neighbour, hops - 1)

    visit(start, depth)
    return seen


def _age(node_id: str) -> tuple[int, str]:
    # Handles are minted with ascending numbers.
    return len(node_id), node_id
